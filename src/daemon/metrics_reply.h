/* The reply to `metrics` as numbers in base units, by the fields of metric_kinds.h. 200 processes
 * give 5 MB of it a second, which a tree of values would cost a tenth of a core: so it is read in
 * one pass, without memory of its own but for the threads. Pure; call xpf_metric_kinds_init before;
 * fuzzed. */
#ifndef XPF_DAEMON_METRICS_REPLY_H
#define XPF_DAEMON_METRICS_REPLY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "daemon/metric_kinds.h"

/* More threads of one process are not looked at. */
#define XPF_REPLY_THREADS_MAX 1024

struct xpf_reply_thread {
  uint32_t thread_id;
  bool is_main;
  double values[XPF_THREAD_FIELDS]; /* NaN: not told */
};

struct xpf_metrics_reply {
  long long id;
  bool is_error;
  char message[256]; /* of an error, as the target gave it: any bytes */
  double node[XPF_NODE_FIELDS];
  struct xpf_reply_thread *threads; /* kept for the next one; xpf_metrics_reply_free */
  uint32_t threads_count, threads_capacity;
};

/* line ends with a NUL at size. 0: a reply, with figures or an error; 1: something else, such as a
 * notification; -EPROTO: not of our protocol; -ENOMEM. */
int xpf_metrics_reply_parse(struct xpf_metrics_reply *out, const char *line, size_t size);
void xpf_metrics_reply_free(struct xpf_metrics_reply *reply);
#endif
