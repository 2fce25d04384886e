/* How an invocation ended, when it did not end well: the exit status, a word for scripts, a
 * sentence for a person. Printed in one place. */
#ifndef XPF_CTL_VERDICT_H
#define XPF_CTL_VERDICT_H
#include <stdbool.h>
#include <sys/types.h>
#include <cjson/cJSON.h>
#include "text.h"
#include "wire/request.h"

#define XPF_EXIT_DONE   0
#define XPF_EXIT_FAILED 1 /* refused by the target, or it failed */
#define XPF_EXIT_USAGE  2
#define XPF_EXIT_TARGET 3 /* no such target */

/* Our own reasons: X(ID, word of --json, exit status). Those of the target are the words of
 * XPF_RPC_ERRORS in lower case. */
#define XPF_REASONS(X)                                                                             \
  X(USAGE, "usage", XPF_EXIT_USAGE)                                                                \
  X(NO_PROCESS, "no_process", XPF_EXIT_TARGET)                                                     \
  X(NOT_STARTED, "not_started", XPF_EXIT_TARGET)                                                   \
  X(NOT_PERMITTED, "not_permitted", XPF_EXIT_TARGET)                                               \
  X(DIED, "died", XPF_EXIT_TARGET)                                                                 \
  X(TIMEOUT, "timeout", XPF_EXIT_FAILED)                                                           \
  X(CLOSED, "closed", XPF_EXIT_FAILED)                                                             \
  X(PROTOCOL, "protocol", XPF_EXIT_FAILED)                                                         \
  X(UNREACHABLE, "unreachable", XPF_EXIT_FAILED)                                                   \
  X(NOT_NODE, "not_node", XPF_EXIT_TARGET)                                                         \
  X(UNSUITED, "unsuited", XPF_EXIT_FAILED)                                                         \
  X(INSPECTOR, "inspector", XPF_EXIT_FAILED)                                                       \
  X(LOADING, "loading", XPF_EXIT_FAILED)                                                           \
  X(DECLINED, "declined", XPF_EXIT_FAILED)                                                         \
  X(NOTHING, "nothing", XPF_EXIT_FAILED)                                                           \
  X(PARTLY, "partly", XPF_EXIT_FAILED)                                                             \
  X(LOCAL, "local", XPF_EXIT_FAILED)

enum xpf_reason {
#define XPF_REASON_ENUM(id, word, status) XPF_REASON_##id,
  XPF_REASONS(XPF_REASON_ENUM)
#undef XPF_REASON_ENUM
};

struct xpf_verdict {
  int status;      /* XPF_EXIT_… */
  int code;        /* JSON-RPC's when the target said no (negative), else the exit status */
  char reason[24]; /* a word */
  char field[64];  /* the parameter to blame, or "" */
  char message[1024];
  char hint[512]; /* what to do about it, or "" */
};

/* Fills it and returns its exit status. */
int xpf_verdict_set(struct xpf_verdict *verdict, enum xpf_reason reason, enum xpf_text_id id, ...);
/* The same with a sentence that is made already. */
int xpf_verdict_set_text(struct xpf_verdict *verdict, enum xpf_reason reason, const char *message);
void xpf_verdict_hint(struct xpf_verdict *verdict, enum xpf_text_id id, ...);
/* The target answered with an error. */
int xpf_verdict_from_fault(struct xpf_verdict *verdict, const struct xpf_fault *fault, pid_t pid);
/* {"ok":false,"code":…,"reason":…,"message":…}. NULL when out of memory. */
cJSON *xpf_verdict_json(const struct xpf_verdict *verdict);
/* To standard output as JSON, else to standard error as one sentence (and the hint). */
void xpf_verdict_print(const struct xpf_verdict *verdict, bool json);
#endif
