/* The commands: one table, one row each. A command runs on the core thread and either fills
 * its result at once or passes the caller on to a job, which answers later. */
#ifndef XPF_CORE_COMMAND_H
#define XPF_CORE_COMMAND_H
#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "wire/request.h"

struct xpf_command_call {
  uint64_t client_id;
  const cJSON *id;     /* of the request, NULL for a notification */
  const cJSON *params; /* object or NULL */
  cJSON *result;       /* out: owned by the dispatcher afterwards */
  bool is_deferred;    /* out: a job answers */
  struct xpf_fault fault;
};

struct xpf_command {
  const char *name;
  /* 0, or negative with call->fault filled. */
  int (*run)(struct xpf_command_call *call, const struct xpf_command *command);
  const void *argument; /* e.g. the job type */
};

/* One line from a client: parses, finds, runs, answers. [core] */
void xpf_command_dispatch(uint64_t client_id, const char *line, size_t size);
/* An error that belongs to no request (over-long line …). [core] */
void xpf_command_refuse(uint64_t client_id, const struct xpf_fault *fault);
/* The JS thread a command names by thread_id, referenced; NULL with the fault filled. */
struct xpf_thread *xpf_command_thread(struct xpf_command_call *call);

/* The commands that need a word about the process; filled once by the entry. [any] */
struct xpf_process_facts {
  char script[1024], node_version[64], root[1024];
};
extern struct xpf_process_facts xpf_process_facts;
#endif
