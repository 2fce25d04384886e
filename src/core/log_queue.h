/* Log lines from any thread on their way to the core thread. Bounded in lines and bytes: the oldest
 * give way to new ones and are counted. */
#ifndef XPF_CORE_LOG_QUEUE_H
#define XPF_CORE_LOG_QUEUE_H
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "core/log.h"

#define XPF_LOG_QUEUE_MAX_LINES 4096
#define XPF_LOG_QUEUE_MAX_BYTES (8 * 1024 * 1024)

struct xpf_log_queued {
  struct xpf_log_queued *next;
  enum xpf_log_level level;
  uint32_t thread_id;
  struct timespec at; /* CLOCK_REALTIME */
  size_t bytes;
  const char *text; /* behind the component, in the same allocation */
  char component[];
};

struct xpf_log_queue {
  pthread_mutex_t lock;
  struct xpf_log_queued *first, **last;
  size_t count, bytes;
  uint64_t lost;
};

int xpf_log_queue_init(struct xpf_log_queue *queue);
void xpf_log_queue_destroy(struct xpf_log_queue *queue);
/* [any] Copies; components and texts beyond the two limits are cut. */
void xpf_log_queue_push(struct xpf_log_queue *queue, enum xpf_log_level level,
                        const char *component, size_t component_max, uint32_t thread_id,
                        const char *text, size_t text_max);
/* [any] Everything, oldest first; *lost lines gave way since the last call. Free with _free_lines.
 */
struct xpf_log_queued *xpf_log_queue_take(struct xpf_log_queue *queue, uint64_t *lost);
void xpf_log_queue_free_lines(struct xpf_log_queued *lines);
#endif
