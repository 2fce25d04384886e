/* What the routes that ask the history have in common: parameters, waiting, errors. [loop] */
#ifndef XPF_DAEMON_HISTORY_ASK_H
#define XPF_DAEMON_HISTORY_ASK_H
#include <stdbool.h>
#include <stdint.h>
#include "daemon/daemon.h"
#include "daemon/route.h"
#include "format/sink.h"

/* One request; the first member of what is given to the engine as `arg`. */
struct xpf_history_ask {
  struct xpf_daemon *daemon;
  struct xpf_exchange *exchange; /* NULL: its client left */
};
/* Those that give a bool have answered the exchange when it is false. */
bool xpf_history_ask_begin(struct xpf_history_ask *ask, struct xpf_exchange *exchange);
/* After the engine took it: a client that leaves cancels it. */
void xpf_history_ask_wait(struct xpf_history_ask *ask);
/* A parameter that is a whole number. */
bool xpf_history_ask_number(struct xpf_exchange *exchange, const char *name, int64_t standard,
                            int64_t min, int64_t max, int64_t *out);
/* `from` and `to`: Unix time in ms, 0 or less is from now. */
bool xpf_history_ask_range(struct xpf_exchange *exchange, int64_t length_ms, int64_t *from_ms,
                           int64_t *to_ms);
/* Answers with what the engine's error means. */
void xpf_history_ask_fail(struct xpf_exchange *exchange, int error);
/* Answers with the JSON that was written. */
void xpf_history_ask_reply(struct xpf_exchange *exchange, struct xpf_memory_sink *sink);
#endif
