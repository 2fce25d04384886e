/* One JS thread (an isolate: the main thread or a worker) as the core sees it, from attach to end.
 *
 * The JS thread owns it; the core thread looks through this interface. The end of a thread is a
 * normal event: under `lock` it leaves the registry, so that nobody interrupts or wakes a dead
 * isolate; then its work is finished or cancelled with a reason; then its memory goes with its last
 * reference. See xpf_bridge.h for [js] and [any]; [core] = the core thread. */
#ifndef XPF_CORE_THREAD_H
#define XPF_CORE_THREAD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>
#include "core/histogram.h"
#include "core/http_counters.h"
#include "xpf_bridge.h"

struct xpf_thread;

/* GC since the thread attached; written inside the collector, read anywhere. */
struct xpf_gc_totals {
  uint64_t count[XPF_GC_KINDS];
  uint64_t spent_ns[XPF_GC_KINDS];
  uint64_t longest_ns[XPF_GC_KINDS]; /* since the last xpf_thread_reset_longest() */
};

#define XPF_UV_TYPES(X) X(file) X(tcp) X(udp) X(timer)
struct xpf_uv_counts {
  uint64_t active_handles; /* libuv: active and referenced, all types */
  uint64_t requests;       /* active requests */
#define XPF_UV_FIELDS(type) uint64_t active_##type, active_and_ref_##type;
  XPF_UV_TYPES(XPF_UV_FIELDS)
#undef XPF_UV_FIELDS
};

/* A copy of everything known about a thread; all counters cumulative. About 12 KB. */
struct xpf_thread_view {
  uint32_t thread_id;
  bool is_main, is_started; /* started: start() was called in it */
  pid_t tid;                /* kernel thread id */
  uint64_t attached_ns, now_ns;
  uint64_t heap_at_ns; /* when heap, uv and array_buffers were read on the thread; 0 = never */
  struct xpf_heap heap;
  uint64_t array_buffers_bytes;
  struct xpf_uv_counts uv;
  struct xpf_gc_totals gc;
  bool has_cpu; /* the two below; filled by the sampler */
  uint64_t cpu_ns, run_queue_wait_ns;
  uint64_t loop_idle_ns; /* uv_metrics_idle_time */
  uint64_t loop_turns;
  uint64_t loop_blocked_ns;        /* age of the present turn of the loop; 0 while it polls */
  uint64_t loop_delay_max_ns;      /* since the last xpf_thread_reset_longest() */
  struct xpf_histogram loop_delay; /* µs, one value a turn: time between two polls */
  bool has_http;
  struct xpf_http_counters http;
};

/* ---- attach and end ---------------------------------------------------------------------------
 */

struct xpf_thread_options {
  uint32_t thread_id; /* worker_threads.threadId */
  bool is_main;
  uv_loop_t *loop;
};

/* [js] Finds the thread of the current isolate or makes it known: opens the bridge, watches GC and
 * the loop. *is_new tells which. -ENOMEM or the bridge's error; then nothing is left behind. */
int xpf_thread_attach(const struct xpf_thread_options *options, struct xpf_thread **out,
                      bool *is_new);
/* [js] The thread of the current isolate, or NULL. Not referenced. */
struct xpf_thread *xpf_thread_current(void);
/* [js] Once; later calls do nothing. Leaves the registry, waits for borrowed V8 data, runs or
 * cancels what is queued, finishes running jobs (on_end, see below), closes the bridge. With
 * handles_closed set, the loop still runs: handles are closed and handles_closed(arg) is called
 * after the last close callback; without, the process is ending and they are left alone. */
void xpf_thread_end(struct xpf_thread *thread, const char *reason,
                    void (*handles_closed)(void *arg), void *arg);
struct xpf_thread *xpf_thread_ref(struct xpf_thread *thread); /* [any] */
void xpf_thread_unref(struct xpf_thread *thread);             /* [any] */
/* [any] A referenced live thread by id, or NULL. */
struct xpf_thread *xpf_thread_find(uint32_t thread_id);
/* [any] Live threads. */
unsigned xpf_threads_count(void);

uint32_t xpf_thread_id(const struct xpf_thread *thread);
bool xpf_thread_is_main(const struct xpf_thread *thread);
pid_t xpf_thread_tid(const struct xpf_thread *thread);
struct xpf_bridge *xpf_thread_bridge(struct xpf_thread *thread); /* [js] */
uv_loop_t *xpf_thread_loop(struct xpf_thread *thread);           /* [js] */
uint64_t xpf_thread_attached_ns(const struct xpf_thread *thread);
/* [any] How long the loop has been in its present turn, ns; 0 while it polls or when it ended. */
uint64_t xpf_thread_blocked_ns(struct xpf_thread *thread);
/* [any] The present turn of the loop; false when the thread has ended. */
struct xpf_thread_turn {
  uint64_t number, blocked_ns;
};
bool xpf_thread_turn(struct xpf_thread *thread, struct xpf_thread_turn *out);
void xpf_thread_mark_started(struct xpf_thread *thread); /* [js] */
/* [js] Counted: while held, the wake-up handle keeps the event loop from ending. */
void xpf_thread_hold_loop(struct xpf_thread *thread, bool hold);

/* ---- work on the JS thread ---------------------------------------------------------------------
 */

/* One piece of work, embedded in its owner, who keeps it alive until run or cancel was called:
 * exactly one of the two, once, on the JS thread. */
struct xpf_task {
  struct xpf_task *next;
  void (*run)(struct xpf_task *task, struct xpf_thread *thread);
  void (*cancel)(struct xpf_task *task, const char *reason); /* the thread ended before it began */
  bool needs_loop; /* runs JavaScript: waits for the event loop, never runs in an interrupt */
};

/* [any] Appends and wakes the thread by interrupt and by its loop; runs in the order posted, but
 * those that need the loop may be overtaken by others while the thread is in an interrupt. -ESRCH
 * when the thread has ended: then neither run nor cancel is called. */
int xpf_thread_post(struct xpf_thread *thread, struct xpf_task *task);
/* [any] Once more by interrupt, for a thread that is slow to do what is queued. */
void xpf_thread_urge(struct xpf_thread *thread);
/* [any] Takes a task back that has not begun. True: it will not be called. */
bool xpf_thread_take_back(struct xpf_thread *thread, struct xpf_task *task);

/* Something that must end with the thread (a running profile, an undeleted snapshot). */
struct xpf_thread_item {
  struct xpf_thread_item *next;
  void (*on_end)(struct xpf_thread_item *item, struct xpf_thread *thread, const char *reason);
  bool survives_fatal; /* on_end also works inside V8's fatal error handler */
  bool is_profile;     /* what it has is written when it ends */
};
/* [js] Ends the profiles, which would be lost if the process died now; the thread goes on. */
void xpf_thread_items_save(struct xpf_thread *thread, const char *reason);
/* [js] In V8's fatal error handler: cancels what is queued, ends the items that survive it. */
void xpf_thread_items_fatal(struct xpf_thread *thread, const char *reason);
void xpf_thread_item_add(struct xpf_thread *thread, struct xpf_thread_item *item);    /* [js] */
void xpf_thread_item_remove(struct xpf_thread *thread, struct xpf_thread_item *item); /* [js] */
/* Another thread reads V8 data of this isolate: the end of the thread waits for the return.
 * _borrow [js]; _return [any]. */
void xpf_thread_borrow(struct xpf_thread *thread);
void xpf_thread_return(struct xpf_thread *thread);

/* ---- GC ----------------------------------------------------------------------------------------
 */

#define XPF_GC_RECENT 32
struct xpf_gc_recent {
  enum xpf_gc_kind kind;
  uint64_t start_ns, end_ns;
};
/* [js] The last collections, oldest first. Returns how many. */
uint32_t xpf_thread_gc_recent(struct xpf_thread *thread, struct xpf_gc_recent *out, uint32_t max);
/* [js] At most one listener; called inside the collector at the begin and the end of each outermost
 * GC. */
int xpf_thread_gc_listen(struct xpf_thread *thread,
                         void (*fn)(void *arg, const struct xpf_gc_mark *mark), void *arg);
void xpf_thread_gc_unlisten(struct xpf_thread *thread);
/* [js, any when the thread does not run] */
void xpf_thread_gc_totals(struct xpf_thread *thread, struct xpf_gc_totals *out);

/* ---- HTTP and memory ---------------------------------------------------------------------------
 */

/* [js] The counters JS writes; the memory must stay until xpf_thread_end. NULL until set. */
void xpf_thread_http_set(struct xpf_thread *thread, struct xpf_http_counters *counters);
struct xpf_http_counters *xpf_thread_http(struct xpf_thread *thread); /* [js] */
/* [js] Where requests are noted while a CPU profile wants them (http_details.h); NULL = nowhere.
 * Also tells JS, through the counters' `profiling`. */
struct xpf_http_details;
void xpf_thread_http_details_set(struct xpf_thread *thread, struct xpf_http_details *details);
struct xpf_http_details *xpf_thread_http_details(struct xpf_thread *thread); /* [js] */
/* [js] fn gives the array-buffer bytes; it may run JS, so it is never called from an interrupt. */
void xpf_thread_memory_reader_set(struct xpf_thread *thread, uint64_t (*fn)(void *arg), void *arg);
/* [js] True exactly once per isolate and name. */
bool xpf_thread_claim(struct xpf_thread *thread, const char *name);

/* ---- views -------------------------------------------------------------------------------------
 */

/* [any] Calls fn for each live thread, workers first (ascending id), main last, under no lock: each
 * is referenced while fn runs. */
void xpf_threads_each(void (*fn)(void *arg, struct xpf_thread *thread), void *arg);
/* [any] A view. */
void xpf_thread_view(struct xpf_thread *thread, struct xpf_thread_view *out);
/* [js] Reads the heap and uv figures of this thread now. */
void xpf_thread_figures_now(struct xpf_thread *thread);
/* [any] After a log record took the longest pauses. */
void xpf_thread_reset_longest(struct xpf_thread *thread);
/* [core] Asks every thread to read heap and uv figures now; done(arg) runs on the core thread when
 * all answered or after timeout_ms, exactly once. One at a time (-EBUSY). */
int xpf_threads_refresh(unsigned timeout_ms, void (*done)(void *arg), void *arg);
/* [core] Before the core loop closes: a round in work is dropped, its done is not called. */
void xpf_threads_refresh_close(void);
#endif
