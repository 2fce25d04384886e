#include "board_reading.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "target/reply_field.h"

#define UNKNOWN     ((double)NAN)
#define THREADS_MAX 10000
#define BUCKETS_MAX 4096

/* ---- an answer ---- */

static int read_buckets(struct xpf_board_buckets *out, const cJSON *list) {
  const cJSON *pair;
  int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;

  *out = (struct xpf_board_buckets){.is_known = cJSON_IsArray(list)};
  if (count == 0)
    return 0;
  if (count > BUCKETS_MAX)
    return -EPROTO;
  out->items = calloc((size_t)count, sizeof *out->items);
  if (out->items == NULL)
    return -ENOMEM;
  cJSON_ArrayForEach(pair, list) {
    const cJSON *limit = pair->child, *times = limit != NULL ? limit->next : NULL;
    double limit_us = cJSON_IsNumber(limit) ? limit->valuedouble : -1;
    double counted = cJSON_IsNumber(times) ? times->valuedouble : -1;
    bool ascends = out->count == 0 || limit_us > out->items[out->count - 1].limit_us;
    if (limit_us < 0 || limit_us > UINT32_MAX || counted < 0 || counted > UINT32_MAX || !ascends)
      return -EPROTO;
    out->items[out->count++] = (struct xpf_board_bucket){(uint32_t)limit_us, (uint32_t)counted};
  }
  return 0;
}

static int read_thread(struct xpf_board_thread_reading *out, const cJSON *object) {
#define THREAD_READ(key) out->key = xpf_reply_field_number(object, #key, UNKNOWN);
  XPF_BOARD_THREAD_KEYS(THREAD_READ)
#undef THREAD_READ
  if (!(out->thread_id >= 0))
    return -EPROTO;
  out->is_main = out->thread_id == 0;
  int error = read_buckets(&out->loop_delay,
                           cJSON_GetObjectItemCaseSensitive(object, "loop_delay_histogram"));
  if (error != 0)
    return error;
  return read_buckets(&out->http_duration,
                      cJSON_GetObjectItemCaseSensitive(object, "http_duration_histogram"));
}

static int by_id(const void *a, const void *b) {
  const struct xpf_board_thread_reading *left = a, *right = b;
  return (left->thread_id > right->thread_id) - (left->thread_id < right->thread_id);
}

int xpf_board_reading_parse(struct xpf_board_reading *out, const cJSON *result, uint64_t at_ns) {
  const cJSON *process = cJSON_GetObjectItemCaseSensitive(result, "process");
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(result, "threads"), *thread;
  int count = cJSON_IsArray(threads) ? cJSON_GetArraySize(threads) : -1;

  *out = (struct xpf_board_reading){.at_ns = at_ns};
  if (!cJSON_IsObject(process) || count < 0 || count > THREADS_MAX)
    return -EPROTO;
#define PROCESS_READ(key) out->key = xpf_reply_field_number(process, #key, UNKNOWN);
  XPF_BOARD_PROCESS_KEYS(PROCESS_READ)
#undef PROCESS_READ
#define CPU_ADD(key) out->cpu_ms += xpf_reply_field_number(process, #key, UNKNOWN);
  XPF_BOARD_CPU_KEYS(CPU_ADD)
#undef CPU_ADD
  out->threads = calloc((size_t)count + 1, sizeof *out->threads);
  if (out->threads == NULL)
    return -ENOMEM;
  cJSON_ArrayForEach(thread, threads) {
    int error = read_thread(&out->threads[out->threads_count++], thread);
    if (error != 0)
      return error;
  }
  qsort(out->threads, out->threads_count, sizeof *out->threads, by_id);
  return 0;
}

void xpf_board_reading_free(struct xpf_board_reading *reading) {
  for (size_t i = 0; i < reading->threads_count; i++) {
    free(reading->threads[i].loop_delay.items);
    free(reading->threads[i].http_duration.items);
  }
  free(reading->threads);
  *reading = (struct xpf_board_reading){0};
}

/* ---- between two answers ---- */

/* Buckets of `now` less those of `before`; counters wrap at 2^32. */
static uint32_t since(const struct xpf_board_bucket *bucket, const struct xpf_board_buckets *before,
                      size_t *at) {
  while (before != NULL && *at < before->count && before->items[*at].limit_us < bucket->limit_us)
    (*at)++;
  bool is_there =
      before != NULL && *at < before->count && before->items[*at].limit_us == bucket->limit_us;
  return bucket->count - (is_there ? before->items[*at].count : 0);
}

double xpf_board_buckets_quantile_ms(const struct xpf_board_buckets *now,
                                     const struct xpf_board_buckets *before, double part) {
  double total = 0, seen = 0;
  size_t at = 0;

  for (size_t i = 0; i < now->count; i++)
    total += since(&now->items[i], before, &at);
  if (total == 0)
    return UNKNOWN;
  at = 0;
  for (size_t i = 0; i < now->count; i++) {
    seen += since(&now->items[i], before, &at);
    if (seen >= part * total)
      return now->items[i].limit_us / 1e3;
  }
  return now->items[now->count - 1].limit_us / 1e3;
}

/* What a counter grew by in a ms, NaN when it began anew. */
static double rate(double now, double before, double elapsed_ms) {
  return elapsed_ms > 0 && now >= before ? (now - before) / elapsed_ms : UNKNOWN;
}

static double elapsed_ms(const struct xpf_board_reading *now,
                         const struct xpf_board_reading *before) {
  return before != NULL && now->at_ns > before->at_ns ? (double)(now->at_ns - before->at_ns) / 1e6
                                                      : 0;
}

/* A thread may have ended and another one got its id. */
static const struct xpf_board_thread_reading *
same_thread(const struct xpf_board_thread_reading *now, const struct xpf_board_reading *before) {
  for (size_t i = 0; before != NULL && i < before->threads_count; i++) {
    const struct xpf_board_thread_reading *old = &before->threads[i];
    if (old->thread_id == now->thread_id)
      return old->tid == now->tid && !(old->uptime > now->uptime) ? old : NULL;
  }
  return NULL;
}

static void put_rates(double *of, const struct xpf_board_thread_reading *now,
                      const struct xpf_board_thread_reading *old, double ms) {
  double idle = rate(now->loop_idle_total_ms, old->loop_idle_total_ms, ms);
  of[XPF_BOARD_CPU] = 100 * rate(now->thread_cpu_ms, old->thread_cpu_ms, ms);
  of[XPF_BOARD_GC] = 100 * rate(now->total_gc_duration, old->total_gc_duration, ms);
  of[XPF_BOARD_ELU] = fmax(0, 100 * (1 - idle));
  if (isnan(idle))
    of[XPF_BOARD_ELU] = now->loop_utilization;
  of[XPF_BOARD_RATE] = 1e3 * rate(now->http_responses_total, old->http_responses_total, ms);
  of[XPF_BOARD_WAIT] = 100 * rate(now->thread_run_queue_wait_ms, old->thread_run_queue_wait_ms, ms);
  of[XPF_BOARD_DELAY] = now->loop_delay_p99_ms;
  if (now->loop_delay.is_known)
    of[XPF_BOARD_DELAY] = xpf_board_buckets_quantile_ms(&now->loop_delay, &old->loop_delay, 0.99);
  of[XPF_BOARD_LATENCY] = now->http_p99_ms > 0 ? now->http_p99_ms : UNKNOWN;
  if (now->http_duration.is_known)
    of[XPF_BOARD_LATENCY] =
        xpf_board_buckets_quantile_ms(&now->http_duration, &old->http_duration, 0.99);
}

void xpf_board_thread_values(struct xpf_board_values *out, const struct xpf_board_reading *now,
                             size_t thread, const struct xpf_board_reading *before) {
  const struct xpf_board_thread_reading *me = &now->threads[thread], *old = same_thread(me, before);
  double ms = elapsed_ms(now, before);
  double *of = out->of;

  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
    of[i] = UNKNOWN;
  of[XPF_BOARD_HEAP] = me->heap_used;
  of[XPF_BOARD_LIMIT] = me->heap_limit;
  of[XPF_BOARD_FULL] = me->heap_limit > 0 ? 100 * me->heap_used / me->heap_limit : UNKNOWN;
  of[XPF_BOARD_HANDLES] = me->active_handles;
  of[XPF_BOARD_UPTIME] = me->uptime;
  if (old != NULL && ms > 0) {
    put_rates(of, me, old, ms);
  } else {
    of[XPF_BOARD_DELAY] = me->loop_delay_p99_ms;
    of[XPF_BOARD_ELU] = me->loop_utilization;
    of[XPF_BOARD_LATENCY] = me->http_p99_ms > 0 ? me->http_p99_ms : UNKNOWN;
    of[XPF_BOARD_GC] = now->interval_ms > 0
                           ? fmin(100, 100 * me->gc_time_during_last_record / now->interval_ms)
                           : UNKNOWN;
  }
  /* The turn that goes on now is no member of the histogram yet. */
  of[XPF_BOARD_DELAY] = fmax(of[XPF_BOARD_DELAY], me->loop_blocked_ms);
}

void xpf_board_process_values(struct xpf_board_values *out, const struct xpf_board_reading *now,
                              const struct xpf_board_reading *before,
                              const struct xpf_board_values *threads) {
  static const enum xpf_board_figure_id sums[] = {XPF_BOARD_HEAP, XPF_BOARD_RATE,
                                                  XPF_BOARD_HANDLES};
  static const enum xpf_board_figure_id worst[] = {XPF_BOARD_FULL,    XPF_BOARD_GC,
                                                   XPF_BOARD_DELAY,   XPF_BOARD_ELU,
                                                   XPF_BOARD_LATENCY, XPF_BOARD_UPTIME};
  double ms = elapsed_ms(now, before);
  double *of = out->of;

  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
    of[i] = UNKNOWN;
  for (size_t t = 0; t < now->threads_count; t++) {
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
      double value = threads[t].of[sums[i]];
      if (!isnan(value))
        of[sums[i]] = isnan(of[sums[i]]) ? value : of[sums[i]] + value;
    }
    for (size_t i = 0; i < sizeof worst / sizeof *worst; i++)
      of[worst[i]] = fmax(of[worst[i]], threads[t].of[worst[i]]); /* NaN gives way */
  }
  of[XPF_BOARD_LIMIT] = now->threads_count > 0 ? threads[0].of[XPF_BOARD_LIMIT] : UNKNOWN;
  of[XPF_BOARD_RSS] = now->rss;
  of[XPF_BOARD_CPU] = now->cpu_now;
  if (ms <= 0)
    return;
  double cpu = 100 * rate(now->cpu_ms, before->cpu_ms, ms);
  if (!isnan(cpu))
    of[XPF_BOARD_CPU] = cpu;
  of[XPF_BOARD_WAIT] = 100 * rate(now->run_queue_wait_ms, before->run_queue_wait_ms, ms);
  of[XPF_BOARD_THROTTLED] =
      100 * rate(now->cgroup_cpu_throttled_ms, before->cgroup_cpu_throttled_ms, ms);
}
