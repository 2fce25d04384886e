#include "core/metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- process ---- */

static double known(bool is_known, uint64_t value) {
  return is_known ? (double)value : NAN;
}

static double limit(bool is_known, uint64_t value) {
  return is_known && value != UINT64_MAX ? (double)value : NAN;
}

static double ms(uint64_t ns) {
  return (double)ns / 1e6;
}

static double known_ms(bool is_known, uint64_t ns) {
  return is_known ? ms(ns) : NAN;
}

/* Counters of what can end (threads, another copy of the clock) may step back: never negative. */
static uint64_t since(uint64_t now, uint64_t before) {
  return now > before ? now - before : 0;
}

static void read_os(struct xpf_process_metrics *out, const struct xpf_os_process *os) {
  bool memory = os->known & XPF_KNOWN_MEMORY, faults = os->known & XPF_KNOWN_FAULTS;
  bool switches = os->known & XPF_KNOWN_SWITCHES, fds = os->known & XPF_KNOWN_FDS;
  bool cpu = os->known & XPF_KNOWN_CPU;
  out->rss = known(memory, os->rss_bytes);
  out->rss_anon = known(memory, os->rss_anon_bytes);
  out->rss_file = known(memory, os->rss_file_bytes);
  out->rss_shmem = known(memory, os->rss_shmem_bytes);
  out->swap = known(memory, os->swap_bytes);
  out->vsize = known(os->vsize_bytes > 0, os->vsize_bytes);
  out->cpu_user_ms = known_ms(cpu, os->cpu_user_ns);
  out->cpu_system_ms = known_ms(cpu, os->cpu_system_ns);
  out->voluntary_switches = known(switches, os->voluntary_switches);
  out->involuntary_switches = known(switches, os->involuntary_switches);
  out->minor_faults = known(faults, os->minor_faults);
  out->major_faults = known(faults, os->major_faults);
  out->open_fds = known(fds, os->open_fds);
  out->fd_limit = limit(fds, os->fd_limit);
  out->os_threads = known(os->threads > 0, os->threads);
}

static void read_classes(struct xpf_process_metrics *out, const struct xpf_process_reading *now,
                         const struct xpf_process_reading *before) {
  double elapsed_ns = (double)since(now->at_ns, before->at_ns);
#define READ_CLASS(name)                                                                           \
  {                                                                                                \
    uint64_t ns = now->class_cpu_ns[XPF_TASK_##name];                                              \
    uint64_t used = since(ns, before->class_cpu_ns[XPF_TASK_##name]);                              \
    out->cpu_##name##_ms = ms(ns);                                                                 \
    out->cpu_##name##_percent = elapsed_ns > 0 ? 100 * (double)used / elapsed_ns : NAN;            \
  }
  XPF_TASK_CLASSES(READ_CLASS)
}

static void read_cgroup(struct xpf_process_metrics *out, const struct xpf_cgroup_figures *cgroup) {
  bool memory = cgroup->memory == XPF_OK, cpu = cgroup->cpu == XPF_OK;
  bool events = cgroup->events == XPF_OK;
  out->cgroup_version = cgroup->version;
  out->cgroup_memory_limit = limit(memory, cgroup->memory_limit_bytes);
  out->cgroup_memory_used = known(memory, cgroup->memory_used_bytes);
  out->cgroup_memory_working_set = known(memory, cgroup->memory_working_set_bytes);
  out->cgroup_cpu_limit = cpu && cgroup->cpu_limit > 0 ? cgroup->cpu_limit : NAN;
  out->cgroup_cpu_usage_ms = known_ms(cpu, cgroup->cpu_usage_ns);
  out->cgroup_cpu_periods = known(cpu, cgroup->periods);
  out->cgroup_cpu_throttled_periods = known(cpu, cgroup->throttled_periods);
  out->cgroup_cpu_throttled_ms = known_ms(cpu, cgroup->throttled_ns);
  out->cgroup_oom_events = known(events, cgroup->oom_events);
  out->cgroup_oom_kills = known(events, cgroup->oom_kills);
#define READ_PRESSURE(r)                                                                           \
  {                                                                                                \
    const struct xpf_pressure *p = &cgroup->r##_pressure;                                          \
    bool is_known = p->status == XPF_OK;                                                           \
    out->cgroup_##r##_some_avg10 = is_known ? p->some_avg10 : NAN;                                 \
    out->cgroup_##r##_some_avg60 = is_known ? p->some_avg60 : NAN;                                 \
    out->cgroup_##r##_full_avg10 = is_known ? p->full_avg10 : NAN;                                 \
    out->cgroup_##r##_full_avg60 = is_known ? p->full_avg60 : NAN;                                 \
    out->cgroup_##r##_some_ms = known_ms(is_known, p->some_total_us * 1000);                       \
    out->cgroup_##r##_full_ms = known_ms(is_known, p->full_total_us * 1000);                       \
  }
  READ_PRESSURE(cpu)
  READ_PRESSURE(memory)
  READ_PRESSURE(io)
}

void xpf_process_metrics_read(struct xpf_process_metrics *out, uint64_t now_ns,
                              const struct xpf_process_reading *now,
                              const struct xpf_process_reading *before,
                              const double cpu[XPF_CPU_WINDOWS_COUNT]) {
#define READ_WINDOW(name, seconds) out->cpu_##name = cpu[XPF_CPU_WINDOW_##name];
  XPF_CPU_WINDOWS(READ_WINDOW)
  read_os(out, &now->os);
  read_classes(out, now, before);
  out->run_queue_wait_ms = known_ms(now->has_wait, now->run_queue_wait_ns);
  out->js_threads = now->js_threads;
  out->interval_ms = ms(since(now_ns, before->at_ns));
  read_cgroup(out, &now->cgroup);
  out->host_cpus = known(now->has_host, now->host.cpus);
  out->host_load1 = now->has_host ? now->host.load1 : NAN;
  out->host_load5 = now->has_host ? now->host.load5 : NAN;
  out->host_load15 = now->has_host ? now->host.load15 : NAN;
  out->host_memory_total = known(now->has_host, now->host.memory_total_bytes);
  out->host_memory_available = known(now->has_host, now->host.memory_available_bytes);
}

/* ---- thread: memory and handles ---- */

static const struct xpf_heap_space *space_of(const struct xpf_heap *heap, const char *name) {
  static const struct xpf_heap_space none;
  for (uint32_t i = 0; i < heap->spaces_count && i < XPF_HEAP_SPACES_MAX; i++)
    if (strcmp(heap->spaces[i].name, name) == 0)
      return &heap->spaces[i];
  return &none;
}

static void read_spaces(struct xpf_thread_metrics *out, const struct xpf_heap *heap, bool is_read) {
#define READ_SPACE(short_name, name)                                                               \
  {                                                                                                \
    const struct xpf_heap_space *space = space_of(heap, name);                                     \
    out->short_name##_space_size = known(is_read, space->size_bytes);                              \
    out->short_name##_space_used = known(is_read, space->used_bytes);                              \
    out->short_name##_space_available = known(is_read, space->available_bytes);                    \
    out->short_name##_space_committed = known(is_read, space->physical_bytes);                     \
  }
  XPF_LOG_SPACES(READ_SPACE)
  out->spaces_count = 0;
  if (!is_read)
    return;
  out->spaces_count =
      heap->spaces_count < XPF_HEAP_SPACES_MAX ? heap->spaces_count : XPF_HEAP_SPACES_MAX;
  memcpy(out->spaces, heap->spaces, out->spaces_count * sizeof heap->spaces[0]);
}

static void read_memory(struct xpf_thread_metrics *out, const struct xpf_thread_view *now,
                        uint64_t rss_bytes) {
  const struct xpf_heap *heap = &now->heap;
  bool is_read = now->heap_at_ns != 0;
  out->rss = known(rss_bytes > 0, rss_bytes);
  out->heap_used = known(is_read, heap->used_bytes);
  out->heap_available = known(is_read, heap->available_bytes);
  out->heap_total = known(is_read, heap->total_bytes);
  out->heap_limit = known(is_read, heap->limit_bytes);
  out->heap_executeable = known(is_read, heap->executable_bytes);
  out->total_physical_size = known(is_read, heap->physical_bytes);
  out->malloced_memory = known(is_read, heap->malloced_bytes);
  out->amount_of_external_allocated_memory = known(is_read, heap->external_bytes);
  read_spaces(out, heap, is_read);
  out->array_buffers = known(is_read, now->array_buffers_bytes);
  out->peak_malloced_memory = known(is_read, heap->peak_malloced_bytes);
  out->number_of_native_contexts = known(is_read, heap->native_contexts);
  out->number_of_detached_contexts = known(is_read, heap->detached_contexts);
  out->total_global_handles_size = known(is_read, heap->global_handles_bytes);
  out->used_global_handles_size = known(is_read, heap->used_global_handles_bytes);
  out->sample_age_ms = ms(since(now->now_ns, is_read ? now->heap_at_ns : now->attached_ns));
  out->loop_blocked_ms = ms(now->loop_blocked_ns);
}

static void read_uv(struct xpf_thread_metrics *out, const struct xpf_thread_view *now) {
  bool is_read = now->heap_at_ns != 0;
  out->active_handles = known(is_read, now->uv.active_handles);
  out->active_requests = known(is_read, now->uv.requests);
#define READ_HANDLES(type)                                                                         \
  out->active_##type##_handles = known(is_read, now->uv.active_##type);                            \
  out->active_and_ref_##type##_handles = known(is_read, now->uv.active_and_ref_##type);
  XPF_UV_TYPES(READ_HANDLES)
}

/* ---- thread: GC and loop ---- */

/* Nanoseconds are summed here and rounded only when printed. */
static void read_gc(struct xpf_thread_metrics *out, const struct xpf_thread_view *now,
                    const struct xpf_thread_view *before) {
  const struct xpf_gc_totals *gc = &now->gc;
  uint64_t spent_ns[XPF_GC_KINDS], times[XPF_GC_KINDS], all_ns = 0, all = 0, all_interval_ns = 0;
  for (int kind = 0; kind < XPF_GC_KINDS; kind++) {
    spent_ns[kind] = since(gc->spent_ns[kind], before ? before->gc.spent_ns[kind] : 0);
    times[kind] = since(gc->count[kind], before ? before->gc.count[kind] : 0);
    all_ns += gc->spent_ns[kind];
    all += gc->count[kind];
    all_interval_ns += spent_ns[kind];
  }
  out->uptime = (double)(since(now->now_ns, now->attached_ns) / 1000000000);
  out->total_gc_times = (double)all;
  out->total_gc_duration = ms(all_ns);
  out->total_scavange_duration = ms(gc->spent_ns[XPF_GC_SCAVENGE]);
  out->total_marksweep_duration = ms(gc->spent_ns[XPF_GC_MARKSWEEP]);
  out->total_incremental_marking_duration = ms(gc->spent_ns[XPF_GC_INCREMENTAL]);
  out->total_minor_marksweep_duration = ms(gc->spent_ns[XPF_GC_MINOR_MARKSWEEP]);
  out->total_weak_callbacks_duration = ms(gc->spent_ns[XPF_GC_WEAK_CALLBACKS]);
  out->gc_time_during_last_record = ms(all_interval_ns);
  out->scavange_duration_last_record = ms(spent_ns[XPF_GC_SCAVENGE]);
  out->marksweep_duration_last_record = ms(spent_ns[XPF_GC_MARKSWEEP]);
  out->incremental_marking_duration_last_record = ms(spent_ns[XPF_GC_INCREMENTAL]);
#define READ_GC(name, kind)                                                                        \
  out->total_##name##_times = (double)gc->count[kind];                                             \
  out->name##_times_last_record = (double)times[kind];                                             \
  out->name##_longest_last_record = ms(gc->longest_ns[kind]);
  READ_GC(scavenge, XPF_GC_SCAVENGE)
  READ_GC(minor_marksweep, XPF_GC_MINOR_MARKSWEEP)
  READ_GC(marksweep, XPF_GC_MARKSWEEP)
  READ_GC(incremental_marking, XPF_GC_INCREMENTAL)
  READ_GC(weak_callbacks, XPF_GC_WEAK_CALLBACKS)
}

static double percentile_ms(const struct xpf_histogram *h, double percent) {
  return xpf_histogram_percentile_us(h, percent) / 1e3;
}

static double total_ms(const struct xpf_histogram *h) {
  return xpf_histogram_mean_us(h) * (double)xpf_histogram_count(h) / 1e3;
}

static double utilization(const struct xpf_thread_view *now, const struct xpf_thread_view *before,
                          double busy_ms) {
  double elapsed_ns = (double)since(now->now_ns, before ? before->now_ns : now->attached_ns);
  double idle_ns = (double)since(now->loop_idle_ns, before ? before->loop_idle_ns : 0);
  if (elapsed_ns <= 0)
    return 0;
  /* Attached long after the loop began: its idle time began earlier than our clock. */
  double busy_ns = idle_ns <= elapsed_ns ? elapsed_ns - idle_ns : busy_ms * 1e6;
  return fmin(100, 100 * busy_ns / elapsed_ns);
}

static void read_loop(struct xpf_thread_metrics *out, const struct xpf_thread_view *now,
                      const struct xpf_thread_view *before) {
  struct xpf_histogram delay = now->loop_delay;
  if (before)
    xpf_histogram_since(&now->loop_delay, &before->loop_delay, &delay);
  uint64_t longest_ns = now->loop_delay_max_ns;
  if (longest_ns < now->loop_blocked_ns)
    longest_ns = now->loop_blocked_ns;
  /* A bucket's limit may lie above the longest turn. */
  out->loop_delay_max_ms = ms(longest_ns);
  out->loop_delay_p50_ms = fmin(percentile_ms(&delay, 50), out->loop_delay_max_ms);
  out->loop_delay_p99_ms = fmin(percentile_ms(&delay, 99), out->loop_delay_max_ms);
  out->loop_delay_mean_ms = xpf_histogram_mean_us(&delay) / 1e3;
  out->loop_utilization = utilization(now, before, total_ms(&delay));
  out->loop_turns = (double)now->loop_turns;
  out->loop_busy_total_ms = total_ms(&now->loop_delay);
  out->loop_idle_total_ms = ms(now->loop_idle_ns);
  out->loop_delay = now->loop_delay;
  out->thread_cpu_ms = known_ms(now->has_cpu, now->cpu_ns);
  out->thread_run_queue_wait_ms = known_ms(now->has_cpu, now->run_queue_wait_ns);
}

/* ---- thread: HTTP ---- */

static uint64_t duration_us(const struct xpf_http_block *block) {
  return (uint64_t)block->duration_us_high << 32 | block->duration_us_low;
}

/* Interval figures of one block (server or client). Counters are 32 bit and wrap. */
struct http_interval {
  double started, sent, closed, timeouts, errors, mean_ms, p50_ms, p95_ms, p99_ms;
};

static void read_block(struct http_interval *out, const struct xpf_http_block *now,
                       const struct xpf_http_block *before) {
  struct xpf_histogram duration;
  xpf_histogram_since(&now->duration, &before->duration, &duration);
  out->started = (uint32_t)(now->started - before->started);
  out->sent = (uint32_t)(now->sent - before->sent);
  out->closed = (uint32_t)(now->closed - before->closed);
  out->timeouts = (uint32_t)(now->timeouts - before->timeouts);
  out->errors = (uint32_t)(now->errors - before->errors);
  uint64_t us = duration_us(now), us_before = duration_us(before);
  if (us < us_before)
    us += 1ull << 32; /* caught between the carry of the low half and the high half */
  out->mean_ms = out->sent > 0 ? (double)since(us, us_before) / 1e3 / out->sent : 0;
  out->p50_ms = percentile_ms(&duration, 50);
  out->p95_ms = percentile_ms(&duration, 95);
  out->p99_ms = percentile_ms(&duration, 99);
}

static void read_server(struct xpf_thread_metrics *out, const struct xpf_http_block *now,
                        const struct xpf_http_block *before) {
  struct http_interval interval;
  read_block(&interval, now, before);
  out->live_http_request = interval.started;
  out->http_response_close = interval.closed;
  out->http_response_sent = interval.sent;
  out->http_request_timeout = interval.timeouts;
  out->http_rt = interval.mean_ms;
  out->http_in_flight = now->in_flight;
  out->http_p50_ms = interval.p50_ms;
  out->http_p95_ms = interval.p95_ms;
  out->http_p99_ms = interval.p99_ms;
  out->http_requests_total = now->started;
  out->http_responses_total = now->sent;
  out->http_closed_total = now->closed;
  out->http_timeouts_total = now->timeouts;
  out->http_duration_total_ms = (double)duration_us(now) / 1e3;
  out->http_duration = now->duration;
}

static void read_client(struct xpf_thread_metrics *out, const struct xpf_http_block *now,
                        const struct xpf_http_block *before) {
  struct http_interval interval;
  read_block(&interval, now, before);
  out->client_request_started = interval.started;
  out->client_response_received = interval.sent;
  out->client_request_error = interval.errors;
  out->client_request_timeout = interval.timeouts;
  out->client_in_flight = now->in_flight;
  out->client_rt = interval.mean_ms;
  out->client_p50_ms = interval.p50_ms;
  out->client_p95_ms = interval.p95_ms;
  out->client_p99_ms = interval.p99_ms;
  out->client_requests_total = now->started;
  out->client_responses_total = now->sent;
  out->client_errors_total = now->errors;
  out->client_timeouts_total = now->timeouts;
  out->client_duration_total_ms = (double)duration_us(now) / 1e3;
}

static int read_statuses(struct xpf_thread_metrics *out, const struct xpf_http_block *now,
                         const struct xpf_http_block *before) {
  uint32_t seen = 0;
  for (uint32_t code = 0; code < XPF_HTTP_STATUS_MAX; code++)
    seen += now->status[code] != 0 || before->status[code] != 0;
  out->statuses = NULL;
  out->statuses_count = 0;
  if (seen == 0)
    return 0;
  out->statuses = malloc(seen * sizeof out->statuses[0]);
  if (!out->statuses)
    return -ENOMEM;
  for (uint32_t code = 0; code < XPF_HTTP_STATUS_MAX && out->statuses_count < seen; code++)
    if (now->status[code] != 0 || before->status[code] != 0)
      out->statuses[out->statuses_count++] = (struct xpf_status_count){
          .code = (uint16_t)code,
          .interval = now->status[code] - before->status[code],
          .total = now->status[code],
      };
  return 0;
}

int xpf_thread_metrics_read(struct xpf_thread_metrics *out, const struct xpf_thread_view *now,
                            const struct xpf_thread_view *before, uint64_t rss_bytes,
                            double patch_timeout_s) {
  static const struct xpf_http_counters no_http;
  const struct xpf_http_counters *http = now->has_http ? &now->http : &no_http;
  const struct xpf_http_counters *http_before =
      now->has_http && before && before->has_http ? &before->http : &no_http;
  out->thread_id = now->thread_id;
  out->is_main = now->is_main;
  out->is_started = now->is_started;
  out->tid = now->tid;
  read_memory(out, now, rss_bytes);
  read_uv(out, now);
  read_gc(out, now, before);
  read_loop(out, now, before);
  read_server(out, &http->server, &http_before->server);
  read_client(out, &http->client, &http_before->client);
  out->http_patch_timeout = patch_timeout_s;
  return read_statuses(out, &http->server, &http_before->server);
}
