/* The inside of struct xpf_thread, for the thread_*.c files only.
 *
 * Locks: `xpf_thread_lock` guards the registry, `alive`, the task queue and `borrowed` of all
 * threads; it is held for a few instructions, also around uv_async_send and RequestInterrupt,
 * because the end of a thread takes it: whoever holds it knows the isolate lives. `data_lock` of a
 * thread guards the figures the JS thread leaves for others. Never both at once. */
#ifndef XPF_CORE_THREAD_STATE_H
#define XPF_CORE_THREAD_STATE_H
#include <pthread.h>
#include "core/gc_watch.h"
#include "core/loop_watch.h"
#include "core/thread.h"

#define XPF_CLAIMS_MAX 16

/* libuv handles live until their close callbacks, so they have their own memory. */
struct xpf_thread_handles {
  uv_async_t async;
  struct xpf_loop_watch watch;
  unsigned open;
  struct xpf_thread *thread; /* NULL once the thread has ended */
  void (*closed)(void *arg);
  void *closed_arg;
};

struct xpf_thread {
  struct xpf_thread *next;
  unsigned refs;
  struct xpf_thread_options options;
  const void *isolate_key;
  pid_t tid;
  uint64_t attached_ns;
  bool is_started, alive, ended, draining, in_interrupt;
  struct xpf_bridge *bridge;
  struct xpf_thread_handles *handles;
  bool interrupt_pending;      /* under xpf_thread_lock */
  uint64_t interrupts_from_ns; /* [js] before, an interrupt does nothing */
  struct xpf_stall *stall;     /* atomic pointer, made by the JS thread */
  unsigned holds;              /* [js] of the loop */
  struct xpf_task *tasks, **tasks_tail;
  unsigned borrowed;
  struct xpf_thread_item *items;
  char *claims[XPF_CLAIMS_MAX];
  struct xpf_gc_watch gc;
  struct xpf_http_details *http_details; /* [js] */

  pthread_mutex_t data_lock;
  struct xpf_heap heap;
  struct xpf_uv_counts uv;
  uint64_t heap_at_ns, array_buffers_bytes;
  struct xpf_http_counters *http;
  uint64_t (*memory_reader)(void *arg);
  void *memory_reader_arg;

  struct xpf_task refresh_task;
  uint64_t
      refresh_round; /* the round refresh_task was posted for; 0 = not posted. Under the lock */
};

extern pthread_mutex_t xpf_thread_lock;
extern struct xpf_thread *xpf_thread_first; /* under the lock */

/* stall.c */
void xpf_stall_free(struct xpf_stall *stall);
/* thread_work.c */
void xpf_thread_on_async(uv_async_t *handle);
void xpf_thread_cancel_all(struct xpf_thread *thread, const char *reason); /* [js] */
#endif
