/* A question to the SQLite engine, on its way from the loop to the reader's thread and back. Owns
 * copies of all that was asked and all that is answered. */
#ifndef XPF_DAEMON_STORE_REQUEST_H
#define XPF_DAEMON_STORE_REQUEST_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "daemon/store.h"

enum xpf_request_type {
  XPF_REQUEST_SERIES,
  XPF_REQUEST_EVENTS,
  XPF_REQUEST_ENTITIES,
  XPF_REQUEST_KINDS
};

struct xpf_store_request {
  struct xpf_store_request *next;
  enum xpf_request_type type;
  void *arg;
  atomic_bool is_canceled;
  uint64_t deadline_ns; /* set when it begins */
  int error;

  char *kind, *key; /* key: of EVENTS; either may be NULL there */
  int64_t from_ms, to_ms;
  size_t limit;

  char **keys, **fields; /* of SERIES; each list ended by NULL */
  unsigned *field_ids;
  bool *is_counter; /* one a field */
  int64_t step_ms, hold_ms;
  bool as_rates;
  bool is_past; /* is_counter and hold_ms are what the history says */
  void (*prepare)(void *arg, const struct xpf_store_answer *answer);
  struct xpf_store_answer answer;
  double *numbers; /* of all its columns */

  struct xpf_store_event *events;
  struct xpf_store_entity *entities;
  struct xpf_store_past_kind *kinds;
  size_t count;

  xpf_store_answered answered;
  xpf_store_events_answered events_answered;
  xpf_store_entities_answered entities_answered;
  xpf_store_kinds_answered kinds_answered;
};
/* 0, -ENOMEM, -EINVAL, -E2BIG. */
int xpf_store_request_series(struct xpf_store_request **out, const struct xpf_store_query *query);
/* kind and key may be NULL. NULL: no memory. */
struct xpf_store_request *xpf_store_request_new(enum xpf_request_type type, const char *kind,
                                                const char *key);
void xpf_store_request_free(struct xpf_store_request *request);
/* Calls back. */
void xpf_store_request_deliver(const struct xpf_store_request *request);
#endif
