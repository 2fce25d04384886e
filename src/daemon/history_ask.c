#include "daemon/history_ask.h"

#include <errno.h>
#include <stdlib.h>

bool xpf_history_ask_begin(struct xpf_history_ask *ask, struct xpf_exchange *exchange) {
  ask->daemon = xpf_exchange_daemon(exchange);
  ask->exchange = exchange;
  if (ask->daemon->store)
    return true;
  xpf_exchange_reply_error(exchange, 404, NULL,
                           "no history is kept: xprofd was started with --store none");
  return false;
}

static void on_left(void *arg) {
  struct xpf_history_ask *ask = arg;
  ask->exchange = NULL;
  if (ask->daemon->store) /* else it is closing, and cancels by itself */
    ask->daemon->store_engine->cancel(ask->daemon->store, ask);
}

void xpf_history_ask_wait(struct xpf_history_ask *ask) {
  xpf_exchange_on_left(ask->exchange, on_left, ask);
}

bool xpf_history_ask_number(struct xpf_exchange *exchange, const char *name, int64_t standard,
                            int64_t min, int64_t max, int64_t *out) {
  const char *text = xpf_exchange_param(exchange, name);
  char *end;
  *out = standard;
  if (!text || !text[0])
    return true;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno == 0 && *end == '\0' && value >= min && value <= max) {
    *out = value;
    return true;
  }
  xpf_exchange_reply_error(exchange, 400, name, "%s: `%.80s` is no whole number from %lld to %lld",
                           name, text, (long long)min, (long long)max);
  return false;
}

bool xpf_history_ask_range(struct xpf_exchange *exchange, int64_t length_ms, int64_t *from_ms,
                           int64_t *to_ms) {
  const int64_t most_ms = 253402300799999; /* the year 9999 */
  int64_t now_ms = xpf_world_now_ms();
  if (!xpf_history_ask_number(exchange, "from", -length_ms, -most_ms, most_ms, from_ms) ||
      !xpf_history_ask_number(exchange, "to", 0, -most_ms, most_ms, to_ms))
    return false;
  if (*from_ms <= 0)
    *from_ms += now_ms;
  if (*to_ms <= 0)
    *to_ms += now_ms;
  if (*from_ms < 0)
    *from_ms = 0;
  if (*from_ms < *to_ms)
    return true;
  xpf_exchange_reply_error(exchange, 400, "from", "from: must be before `to`");
  return false;
}

void xpf_history_ask_fail(struct xpf_exchange *exchange, int error) {
  switch (error) {
  case -E2BIG:
    xpf_exchange_reply_error(exchange, 400, "step",
                             "step: that would be too many values; give a larger step, a shorter "
                             "range, or fewer keys and fields");
    break;
  case -ENOENT:
    xpf_exchange_reply_error(exchange, 400, "kind",
                             "kind: there is none of that name with these fields, now or in the "
                             "history; /api/kinds lists those there are");
    break;
  case -EBUSY:
    xpf_exchange_reply_error(exchange, 503, NULL, "too many ask the history; try again");
    break;
  case -ETIMEDOUT:
    xpf_exchange_reply_error(exchange, 504, NULL,
                             "the history took too long; ask for a shorter range or fewer keys");
    break;
  case -ECANCELED:
    xpf_exchange_reply_error(exchange, 503, NULL, "xprofd is ending");
    break;
  default:
    xpf_exchange_reply_error(exchange, 503, NULL, "the history cannot be read; see /healthz");
  }
}

void xpf_history_ask_reply(struct xpf_exchange *exchange, struct xpf_memory_sink *sink) {
  if (sink->sink.error) {
    xpf_memory_sink_free(sink);
    xpf_history_ask_fail(exchange, -E2BIG);
    return;
  }
  xpf_exchange_reply_take(exchange, 200, "application/json; charset=utf-8", sink->data, sink->size);
}
