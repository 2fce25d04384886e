/* What the `metrics` replies of a process tell about one thread while a one-shot command works on
 * it. Pure; one thread at a time. */
#ifndef XPF_CTL_LIVE_H
#define XPF_CTL_LIVE_H
#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>

#define XPF_STALLS_MAX 5

/* One turn of the event loop that was long. */
struct xpf_stall {
  double ms;
  double at_ms; /* when it was seen to have ended, since the command began */
};

struct xpf_turns; /* the histogram of the last reply */

/* CPU time by whose it was. Of the replies in ms, of a window in percent of one core. */
struct xpf_live_cpu {
  double thread;  /* the thread itself */
  double waited;  /* it was ready, and no core was free; NaN when not known */
  double scripts; /* other JavaScript threads */
  double helpers; /* libuv's pool, V8's threads: older versions of Node.js do not tell them apart */
  double others;
};

struct xpf_live {
  bool is_known; /* a reply was read */
  double rss_bytes, rss_peak_bytes, cpu_percent, heap_used_bytes, heap_limit_bytes;
  double blocked_ms;         /* age of the present turn of the event loop */
  double collections, gc_ms; /* since the first reply */
  double first_collections, first_gc_ms;
  struct xpf_stall stalls[XPF_STALLS_MAX]; /* the longest of the window, longest first */
  size_t stalls_count;
  double longest_ms; /* turn of the last reply, when that has no histogram */
  struct xpf_live_cpu first_cpu, last_cpu;
  double first_cpu_at_ms, last_cpu_at_ms;
  struct xpf_turns *turns;
};

/* Takes a reply to `metrics` with `histograms`. at_ms: since the command began. */
void xpf_live_take(struct xpf_live *live, const cJSON *metrics, unsigned thread_id, double at_ms);
/* The CPU used between the first reply and the last one. False when they are too near to each other
 * or do not tell. */
bool xpf_live_cpu_used(const struct xpf_live *live, struct xpf_live_cpu *percent);
/* [{"ms":…,"at_ms":…}]; NULL when out of memory. */
cJSON *xpf_live_stalls(const struct xpf_live *live);
void xpf_live_free(struct xpf_live *live);
#endif
