#include "daemon/collector.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
  uv_work_t work; /* first */
  struct xpf_collecting *all;
  const struct xpf_collector *collector;
  void *state;
  int64_t due_ms;
  int error, told_error;
  bool is_out;
};

struct xpf_collecting {
  struct xpf_collector_context context;
  uv_loop_t *loop;
  struct run *runs;
  unsigned count, out;
  bool is_stopping;
  void (*closed)(void *arg);
  void *closed_arg;
};

static void tell(struct run *run, int error) {
  if (error == run->told_error)
    return;
  run->told_error = error;
  if (error == 0)
    return; /* it works again: the values say so */
  char text[256];
  snprintf(text, sizeof text, "the collector %s cannot read: %s", run->collector->name,
           strerror(-error));
  xpf_world_event(run->all->context.world, "collector_failed", NULL, text);
}

static void free_all(struct xpf_collecting *all) {
  for (unsigned i = 0; i < all->count; i++)
    if (all->runs[i].state)
      all->runs[i].collector->free(all->runs[i].state);
  void (*closed)(void *) = all->closed;
  void *arg = all->closed_arg;
  free(all->runs);
  free(all);
  if (closed)
    closed(arg);
}

int xpf_collecting_start(struct xpf_collecting **out, uv_loop_t *loop,
                         const struct xpf_collector_context *context) {
  struct xpf_collecting *all = calloc(1, sizeof *all);
  unsigned count = 0;
  while (xpf_collectors[count])
    count++;
  if (!all || !(all->runs = calloc(count + 1, sizeof *all->runs))) {
    free(all);
    return -ENOMEM;
  }
  all->context = *context;
  all->loop = loop;
  all->count = count;
  for (unsigned i = 0; i < count; i++) {
    struct run *run = &all->runs[i];
    run->all = all;
    run->collector = xpf_collectors[i];
    for (const struct xpf_kind *const *kind = run->collector->kinds; kind && *kind; kind++)
      xpf_world_add_kind(context->world, *kind);
    int error = 0;
    run->state = run->collector->new (context, &error);
    if (!run->state)
      tell(run, error ? error : -ENOMEM);
  }
  *out = all;
  return 0;
}

static void gather(uv_work_t *work) {
  struct run *run = (struct run *)work;
  run->error = run->collector->gather(run->state);
}

static void gathered(uv_work_t *work, int status) {
  struct run *run = (struct run *)work;
  struct xpf_collecting *all = run->all;
  run->is_out = false;
  all->out--;
  if (!all->is_stopping && status == 0) {
    run->collector->publish(run->state, all->context.world, xpf_world_now_ms());
    tell(run, run->error);
  }
  if (all->is_stopping && all->out == 0)
    free_all(all);
}

void xpf_collecting_tick(struct xpf_collecting *all, int64_t now_ms) {
  for (unsigned i = 0; i < all->count; i++) {
    struct run *run = &all->runs[i];
    int64_t period_ms = run->collector->period_ms;
    /* Due in more than a period: the clock was set back. */
    bool is_later = now_ms < run->due_ms && run->due_ms - now_ms <= period_ms;
    if (!run->state || run->is_out || is_later)
      continue;
    run->due_ms = now_ms - now_ms % period_ms + period_ms;
    if (uv_queue_work(all->loop, &run->work, gather, gathered) == 0) {
      run->is_out = true;
      all->out++;
    }
  }
}

void xpf_collecting_stop(struct xpf_collecting *all, void (*closed)(void *arg), void *arg) {
  all->is_stopping = true;
  all->closed = closed;
  all->closed_arg = arg;
  for (unsigned i = 0; i < all->count; i++)
    if (all->runs[i].is_out)
      uv_cancel((uv_req_t *)&all->runs[i].work); /* one that has begun goes on */
  if (all->out == 0)
    free_all(all);
}
