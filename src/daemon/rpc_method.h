/* The methods of JSON-RPC. One method is one row of rpc_table.c; its function lies in a file of
 * its topic (rpc_files.c, rpc_cpu.c, …) and knows nothing of sockets or of who asked. */
#ifndef XPF_DAEMON_RPC_METHOD_H
#define XPF_DAEMON_RPC_METHOD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "daemon/route.h"
#include "format/json.h"
#include "wire/request.h"

struct xpf_daemon;
struct xpf_rpc_method;

/* No answer is longer. Files of the kernel are read whole (host/proc_text.h says up to where). */
#define XPF_RPC_ANSWER_MAX ((size_t)64 * 1024 * 1024)
/* Between the two looks of a method that measures rates. */
#define XPF_RPC_SECONDS_MIN 0.1
#define XPF_RPC_SECONDS_MAX 10.0

/* One run of a method, in memory of its own. */
struct xpf_rpc_call {
  const struct xpf_rpc_method *method;
  struct xpf_daemon *daemon;  /* not to be touched on the pool */
  const char *proc, *sys;     /* "/proc", "/sys" */
  const cJSON *params;        /* an object, or NULL */
  bool is_raw;                /* LEP's text is wanted, else JSON */
  double seconds;             /* between the two looks */
  unsigned round;             /* 0; 1 at the second look */
  int64_t at_ms;              /* of the last look: Unix time */
  uint64_t at_ns[2];          /* of both looks: monotonic */
  void *state;                /* the method's, from the first look to the second */
  struct xpf_memory_sink out; /* the text, or what json writes */
  struct xpf_json json;
  struct xpf_fault fault; /* code 0: it went well */
  const char *quality;    /* with a fault: "denied", "absent"; else NULL */
};

enum xpf_rpc_how {
  XPF_RPC_LOOP,  /* run answers at once, on the loop: it must not wait for anything */
  XPF_RPC_POOL,  /* run is called once on a thread of the pool */
  XPF_RPC_TWICE, /* … twice, call->seconds apart */
  XPF_RPC_LATER, /* run begins something on the loop; one such at a time */
};

struct xpf_rpc_method {
  const char *name;
  const char *params; /* what it takes besides `raw`, for a person: "seconds"; "" */
  const char *help;   /* what it answers */
  enum xpf_access access;
  enum xpf_rpc_how how;
  /* Writes the answer into call->json or, when call->is_raw, into call->out.sink; or fills
   * call->fault. For _LATER: xpf_rpc_call_done must be called, now or later, exactly once. */
  void (*run)(struct xpf_rpc_call *call);
  void (*cancel)(struct xpf_rpc_call *call);     /* _LATER: nobody waits any more; may be NULL */
  void (*free_state)(struct xpf_rpc_call *call); /* when state is set in the end; may be NULL */
  const char *path; /* the file of /proc it is made of: "meminfo"; or NULL */
  void (*parse)(struct xpf_rpc_call *call, char *text); /* of the file; writes members */
};
extern const struct xpf_rpc_method xpf_rpc_methods[];
extern const size_t xpf_rpc_methods_count;
const struct xpf_rpc_method *xpf_rpc_method_find(const char *name);

/* For methods. what could not be read, with -errno: the error says that it is denied or absent. */
void xpf_rpc_fail_read(struct xpf_rpc_call *call, const char *what, int error);
void xpf_rpc_fail(struct xpf_rpc_call *call, int code, const char *quality, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void xpf_rpc_print(struct xpf_rpc_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The frame of every JSON answer: {"at_ms": …, "source": …, "quality": "ok", then own members. */
void xpf_rpc_json_begin(struct xpf_rpc_call *call, const char *source);
void xpf_rpc_json_end(struct xpf_rpc_call *call);
void xpf_rpc_key_text(struct xpf_rpc_call *call, const char *key, const char *text);
void xpf_rpc_key_number(struct xpf_rpc_call *call, const char *key, double number); /* NaN: null */
/* For _LATER: the answer, or the fault, is complete. */
void xpf_rpc_call_done(struct xpf_rpc_call *call);
#endif
