#include "core/log_queue.h"

#include <stdlib.h>
#include <string.h>

int xpf_log_queue_init(struct xpf_log_queue *queue) {
  memset(queue, 0, sizeof *queue);
  queue->last = &queue->first;
  return -pthread_mutex_init(&queue->lock, NULL);
}

void xpf_log_queue_destroy(struct xpf_log_queue *queue) {
  xpf_log_queue_free_lines(queue->first);
  pthread_mutex_destroy(&queue->lock);
}

static struct xpf_log_queued *line_new(enum xpf_log_level level, const char *component,
                                       size_t component_max, uint32_t thread_id, const char *text,
                                       size_t text_max) {
  size_t component_size = strnlen(component, component_max);
  size_t text_size = strnlen(text, text_max + 1);
  size_t bytes = sizeof(struct xpf_log_queued) + component_size + text_size + 2;
  struct xpf_log_queued *line = malloc(bytes);
  if (!line)
    return NULL;
  line->next = NULL;
  line->level = level;
  line->thread_id = thread_id;
  line->bytes = bytes;
  clock_gettime(CLOCK_REALTIME, &line->at);
  memcpy(line->component, component, component_size);
  line->component[component_size] = '\0';
  char *copy = line->component + component_size + 1;
  memcpy(copy, text, text_size);
  copy[text_size] = '\0';
  line->text = copy;
  return line;
}

/* Under the lock. Takes the oldest lines out until one more of `bytes` fits. */
static struct xpf_log_queued *make_room(struct xpf_log_queue *queue, size_t bytes) {
  struct xpf_log_queued *dropped = NULL;
  while (queue->first && (queue->count >= XPF_LOG_QUEUE_MAX_LINES ||
                          queue->bytes + bytes > XPF_LOG_QUEUE_MAX_BYTES)) {
    struct xpf_log_queued *oldest = queue->first;
    queue->first = oldest->next;
    queue->count--;
    queue->bytes -= oldest->bytes;
    queue->lost++;
    oldest->next = dropped;
    dropped = oldest;
  }
  if (!queue->first)
    queue->last = &queue->first;
  return dropped;
}

void xpf_log_queue_free_lines(struct xpf_log_queued *line) {
  while (line) {
    struct xpf_log_queued *next = line->next;
    free(line);
    line = next;
  }
}

void xpf_log_queue_push(struct xpf_log_queue *queue, enum xpf_log_level level,
                        const char *component, size_t component_max, uint32_t thread_id,
                        const char *text, size_t text_max) {
  struct xpf_log_queued *line =
      line_new(level, component, component_max, thread_id, text, text_max);
  pthread_mutex_lock(&queue->lock);
  struct xpf_log_queued *dropped = line ? make_room(queue, line->bytes) : NULL;
  if (line) {
    *queue->last = line;
    queue->last = &line->next;
    queue->count++;
    queue->bytes += line->bytes;
  } else {
    queue->lost++;
  }
  pthread_mutex_unlock(&queue->lock);
  xpf_log_queue_free_lines(dropped);
}

struct xpf_log_queued *xpf_log_queue_take(struct xpf_log_queue *queue, uint64_t *lost) {
  pthread_mutex_lock(&queue->lock);
  struct xpf_log_queued *lines = queue->first;
  *lost = queue->lost;
  queue->first = NULL;
  queue->last = &queue->first;
  queue->count = 0;
  queue->bytes = 0;
  queue->lost = 0;
  pthread_mutex_unlock(&queue->lock);
  return lines;
}
