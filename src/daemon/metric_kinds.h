/* The kinds `node` (a process as its own core sees it) and `thread` (a JS thread of it): their
 * fields are the metrics of xpf_metrics.h in that order, in base units; behind those of a thread
 * stand some that a reply has outside of the list. A key that names a unit names the base unit here
 * (cpu_user_ms is cpu_user_seconds). */
#ifndef XPF_DAEMON_METRIC_KINDS_H
#define XPF_DAEMON_METRIC_KINDS_H
#include "daemon/kind.h"
#include "xpf_metrics.h"

/* Spaces of V8 that have no keys in the list of metrics; S(short name, V8's name). */
#define XPF_MORE_SPACES(S) S(trusted, "trusted_space") S(trusted_lo, "trusted_large_object_space")

/* Responses of HTTP servers by the first digit of their status. */
#define XPF_STATUS_CLASSES(C) C(1) C(2) C(3) C(4) C(5)

enum xpf_node_field {
#define XPF_NODE_FIELD(component, key, ...) XPF_NODE_##key,
  XPF_PROCESS_METRICS(XPF_NODE_FIELD)
#undef XPF_NODE_FIELD
      XPF_NODE_FIELDS
};

enum xpf_thread_field {
#define XPF_THREAD_FIELD(component, key, ...) XPF_THREAD_##key,
  XPF_THREAD_METRICS(XPF_THREAD_FIELD)
#undef XPF_THREAD_FIELD
#define XPF_SPACE_FIELDS(s, name)                                                                  \
  XPF_THREAD_##s##_space_size, XPF_THREAD_##s##_space_used, XPF_THREAD_##s##_space_available,      \
      XPF_THREAD_##s##_space_committed,
      XPF_MORE_SPACES(XPF_SPACE_FIELDS)
#undef XPF_SPACE_FIELDS
#define XPF_CLASS_FIELD(digit) XPF_THREAD_http_responses_##digit##xx,
          XPF_STATUS_CLASSES(XPF_CLASS_FIELD)
#undef XPF_CLASS_FIELD
              XPF_THREAD_FIELDS,
  /* how many of them are in the list of metrics */
  XPF_THREAD_LISTED = XPF_THREAD_trusted_space_size
};

/* Complete after the first call of _init, which may be called any number of times. [loop] */
extern const struct xpf_kind xpf_kind_node, xpf_kind_thread;
void xpf_metric_kinds_init(void);

/* By field: the metric's key in a reply, and what its number there is multiplied with. [any] */
extern const char *const xpf_node_keys[XPF_NODE_FIELDS];
extern const char *const xpf_thread_keys[XPF_THREAD_LISTED];
extern double xpf_node_factors[XPF_NODE_FIELDS];
extern double xpf_thread_factors[XPF_THREAD_FIELDS];
#endif
