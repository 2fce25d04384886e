#include "live.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "target/reply_field.h"

/* Shorter turns are no stall. */
#define STALL_MS 10
/* Counters of whole milliseconds say little about less. */
#define CPU_WINDOW_MS 400

struct xpf_turns {
  size_t count;
  struct {
    double limit_us, times;
  } buckets[];
};

static const cJSON *find_thread(const cJSON *metrics, unsigned thread_id) {
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(metrics, "threads"), *item;
  cJSON_ArrayForEach(item, threads) {
    if (xpf_reply_field_number(item, "thread_id", -1) == thread_id)
      return item;
  }
  return NULL;
}

static struct xpf_turns *read_turns(const cJSON *thread) {
  const cJSON *histogram = cJSON_GetObjectItemCaseSensitive(thread, "loop_delay_histogram"), *pair;
  int size = cJSON_GetArraySize(histogram);
  if (!cJSON_IsArray(histogram))
    return NULL;
  struct xpf_turns *turns = malloc(sizeof *turns + (size_t)size * sizeof *turns->buckets);
  if (turns == NULL)
    return NULL;
  turns->count = 0;
  cJSON_ArrayForEach(pair, histogram) {
    const cJSON *limit = cJSON_GetArrayItem(pair, 0), *times = cJSON_GetArrayItem(pair, 1);
    if (!cJSON_IsNumber(limit) || !cJSON_IsNumber(times))
      continue;
    turns->buckets[turns->count].limit_us = limit->valuedouble;
    turns->buckets[turns->count++].times = times->valuedouble;
  }
  return turns;
}

static double times_of(const struct xpf_turns *turns, double limit_us) {
  for (size_t i = 0; i < turns->count; i++)
    if (turns->buckets[i].limit_us == limit_us)
      return turns->buckets[i].times;
  return 0;
}

static void add_stall(struct xpf_live *live, double ms, double at_ms) {
  size_t at = live->stalls_count;
  while (at > 0 && live->stalls[at - 1].ms < ms)
    at--;
  if (at == XPF_STALLS_MAX)
    return;
  if (live->stalls_count < XPF_STALLS_MAX)
    live->stalls_count++;
  memmove(&live->stalls[at + 1], &live->stalls[at],
          (live->stalls_count - at - 1) * sizeof *live->stalls);
  live->stalls[at] = (struct xpf_stall){ms, at_ms};
}

/* The turns that are in the histogram now and were not before have ended in between. */
static void find_stalls(struct xpf_live *live, const struct xpf_turns *now, double at_ms) {
  for (size_t i = 0; i < now->count; i++) {
    double ms = now->buckets[i].limit_us / 1e3;
    double added = now->buckets[i].times - times_of(live->turns, now->buckets[i].limit_us);
    for (int n = 0; ms >= STALL_MS && n < added && n < XPF_STALLS_MAX; n++)
      add_stall(live, ms, at_ms);
  }
}

/* Of a target that has no histograms: its longest turn has become longer. */
static void take_longest(struct xpf_live *live, const cJSON *thread, double at_ms) {
  double longest_ms = xpf_reply_field_number(thread, "loop_delay_max_ms", 0);
  /* The present turn is part of it and may go on. */
  bool has_ended = longest_ms > live->blocked_ms;
  if (live->is_known && has_ended && longest_ms > live->longest_ms && longest_ms >= STALL_MS)
    add_stall(live, longest_ms, at_ms);
  if (has_ended)
    live->longest_ms = longest_ms;
}

static void take_turns(struct xpf_live *live, const cJSON *thread, double at_ms) {
  struct xpf_turns *now = read_turns(thread);
  if (now == NULL) {
    take_longest(live, thread, at_ms);
    return;
  }
  if (live->turns != NULL)
    find_stalls(live, now, at_ms);
  free(live->turns);
  live->turns = now;
}

/* NaN where a target does not tell. */
static void take_cpu(struct xpf_live *live, const cJSON *process, const cJSON *thread,
                     double at_ms) {
  double unknown = (double)NAN;
  struct xpf_live_cpu *cpu = &live->last_cpu;

  cpu->thread = xpf_reply_field_number(thread, "thread_cpu_ms", unknown);
  cpu->waited = xpf_reply_field_number(thread, "thread_run_queue_wait_ms", unknown);
  cpu->scripts = xpf_reply_field_number(process, "cpu_js_main_ms", unknown) +
                 xpf_reply_field_number(process, "cpu_js_workers_ms", unknown) - cpu->thread;
  cpu->helpers = xpf_reply_field_number(process, "cpu_libuv_ms", unknown) +
                 xpf_reply_field_number(process, "cpu_v8_ms", unknown);
  cpu->others = xpf_reply_field_number(process, "cpu_xprofiler_ms", unknown) +
                xpf_reply_field_number(process, "cpu_other_ms", unknown);
  live->last_cpu_at_ms = at_ms;
  if (live->is_known)
    return;
  live->first_cpu = *cpu;
  live->first_cpu_at_ms = at_ms;
}

bool xpf_live_cpu_used(const struct xpf_live *live, struct xpf_live_cpu *percent) {
  const struct xpf_live_cpu *first = &live->first_cpu, *last = &live->last_cpu;
  double window_ms = live->last_cpu_at_ms - live->first_cpu_at_ms;

  if (window_ms < CPU_WINDOW_MS)
    return false;
  percent->thread = (last->thread - first->thread) * 100 / window_ms;
  percent->waited = (last->waited - first->waited) * 100 / window_ms;
  percent->scripts = fmax((last->scripts - first->scripts) * 100 / window_ms, 0);
  percent->helpers = fmax((last->helpers - first->helpers) * 100 / window_ms, 0);
  percent->others = fmax((last->others - first->others) * 100 / window_ms, 0);
  return isfinite(percent->thread + last->scripts + last->helpers + last->others);
}

void xpf_live_take(struct xpf_live *live, const cJSON *metrics, unsigned thread_id, double at_ms) {
  const cJSON *process = cJSON_GetObjectItemCaseSensitive(metrics, "process");
  const cJSON *thread = find_thread(metrics, thread_id);

  live->rss_bytes = xpf_reply_field_number(process, "rss", (double)NAN);
  live->rss_peak_bytes = fmax(live->rss_peak_bytes, live->rss_bytes);
  live->cpu_percent = xpf_reply_field_number(process, "cpu_now", (double)NAN);
  live->heap_used_bytes = xpf_reply_field_number(thread, "heap_used", (double)NAN);
  live->heap_limit_bytes = xpf_reply_field_number(thread, "heap_limit", (double)NAN);
  live->blocked_ms = xpf_reply_field_number(thread, "loop_blocked_ms", 0);
  double collections = xpf_reply_field_number(thread, "total_gc_times", 0);
  double gc_ms = xpf_reply_field_number(thread, "total_gc_duration", 0);
  if (!live->is_known) {
    live->first_collections = collections;
    live->first_gc_ms = gc_ms;
  }
  live->collections = collections - live->first_collections;
  live->gc_ms = gc_ms - live->first_gc_ms;
  take_turns(live, thread, at_ms);
  take_cpu(live, process, thread, at_ms);
  live->is_known = true;
}

cJSON *xpf_live_stalls(const struct xpf_live *live) {
  cJSON *array = cJSON_CreateArray();
  for (size_t i = 0; i < live->stalls_count; i++) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "ms", live->stalls[i].ms);
    cJSON_AddNumberToObject(item, "at_ms", round(live->stalls[i].at_ms));
    cJSON_AddItemToArray(array, item);
  }
  return array;
}

void xpf_live_free(struct xpf_live *live) {
  free(live->turns);
  live->turns = NULL;
}
