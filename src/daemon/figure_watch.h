/* Events that figures tell: a blocked event loop, a heap near its limit, … Each is said once when
 * it begins; a blocked loop also when it ends. Pure. */
#ifndef XPF_DAEMON_FIGURE_WATCH_H
#define XPF_DAEMON_FIGURE_WATCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was said about one thread or process. Begins as zeros. */
struct xpf_figure_watch {
  bool is_blocked, is_near_heap_limit, is_gc_busy, is_near_fd_limit, is_near_memory_limit;
  bool has_before, has_gc, has_oom_kills;
  double blocked_s;      /* the longest seen of the present block */
  double longest_turn_s; /* said, or seen at first, of the present interval */
  double gc_s, gc_share; /* time in GC at the last look; share of the time, smoothed */
  int64_t at_ms;
  double oom_kills;
};

/* text: a sentence that begins with `who`. */
typedef void (*xpf_figure_event)(void *arg, const char *name, const char *text);

/* values: by enum xpf_thread_field or xpf_node_field. who: "main thread of shop (pid 12)". */
void xpf_figure_watch_thread(struct xpf_figure_watch *watch, const double *values, const char *who,
                             int64_t now_ms, xpf_figure_event event, void *arg);
void xpf_figure_watch_node(struct xpf_figure_watch *watch, const double *values, const char *who,
                           xpf_figure_event event, void *arg);
#endif
