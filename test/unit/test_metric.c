// clang-format off
// links: src/core/metric.c src/core/metric_read.c src/core/histogram.c src/core/task_cpu.c src/core/cpu_series.c -lm
// clang-format on
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cpu_series.h"
#include "core/metric.h"
#include "core/task_cpu.h"

#define MS 1000000ull
#define S  1000000000ull

/* ---- the lists ---- */

static void assert_order(enum xpf_component component, const char *const *keys, size_t wanted) {
  size_t count, at = 0;
  const struct xpf_metric *list = xpf_metric_list(xpf_components[component].scope, &count);
  for (size_t i = 0; i < count && at < wanted; i++)
    if (list[i].component == component && list[i].where != XPF_METRIC_METRICS)
      assert_string_equal(list[i].key, keys[at++]);
  assert_int_equal(at, wanted);
}

static void known_keys_come_first_in_their_order(void **state) {
  (void)state;
#define ORDER(component, ...)                                                                      \
  {                                                                                                \
    static const char *const keys[] = {__VA_ARGS__};                                               \
    assert_order(XPF_COMPONENT_##component, keys, sizeof keys / sizeof keys[0]);                   \
  }
  ORDER(CPU, "cpu_now", "cpu_15", "cpu_30", "cpu_60", "cpu_180", "cpu_300", "cpu_600")
  ORDER(MEMORY, "rss", "heap_used", "heap_available", "heap_total", "heap_limit",
        "heap_executeable", "total_physical_size", "malloced_memory",
        "amount_of_external_allocated_memory", "new_space_size", "new_space_used",
        "new_space_available", "new_space_committed", "old_space_size", "old_space_used",
        "old_space_available", "old_space_committed", "code_space_size", "code_space_used",
        "code_space_available", "code_space_committed", "map_space_size", "map_space_used",
        "map_space_available", "map_space_committed", "lo_space_size", "lo_space_used",
        "lo_space_available", "lo_space_committed", "read_only_space_size", "read_only_space_used",
        "read_only_space_available", "read_only_space_committed", "new_lo_space_size",
        "new_lo_space_used", "new_lo_space_available", "new_lo_space_committed",
        "code_lo_space_size", "code_lo_space_used", "code_lo_space_available",
        "code_lo_space_committed")
  ORDER(GC, "uptime", "total_gc_times", "total_gc_duration", "total_scavange_duration",
        "total_marksweep_duration", "total_incremental_marking_duration",
        "gc_time_during_last_record", "scavange_duration_last_record",
        "marksweep_duration_last_record", "incremental_marking_duration_last_record")
  ORDER(UV, "active_handles", "active_file_handles", "active_and_ref_file_handles",
        "active_tcp_handles", "active_and_ref_tcp_handles", "active_udp_handles",
        "active_and_ref_udp_handles", "active_timer_handles", "active_and_ref_timer_handles")
  ORDER(HTTP, "live_http_request", "http_response_close", "http_response_sent",
        "http_request_timeout", "http_patch_timeout", "http_rt")
}

static void check_prometheus(const struct xpf_metric *metric) {
  const char *name = metric->prometheus;
  size_t size = strlen(name);
  bool total = size > 6 && strcmp(name + size - 6, "_total") == 0;
  assert_int_equal(total, metric->kind == XPF_METRIC_COUNTER);
  assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), size);
  bool seconds = metric->unit == XPF_UNIT_MS || metric->unit == XPF_UNIT_SECONDS;
  assert_int_equal(seconds, strstr(name, "_seconds") != NULL);
  assert_int_equal(metric->unit == XPF_UNIT_BYTES, strstr(name, "_bytes") != NULL);
  assert_int_equal(metric->unit == XPF_UNIT_PERCENT, strstr(name, "_ratio") != NULL);
}

static void prometheus_names_follow_the_rules(void **state) {
  (void)state;
  for (int scope = XPF_SCOPE_PROCESS; scope <= XPF_SCOPE_THREAD; scope++) {
    size_t count;
    const struct xpf_metric *list = xpf_metric_list((enum xpf_metric_scope)scope, &count);
    for (size_t i = 0; i < count; i++) {
      assert_null(strpbrk(list[i].help, "\n\\|"));
      assert_true(strlen(list[i].help) > 0);
      if (!list[i].prometheus)
        continue;
      check_prometheus(&list[i]);
      for (size_t j = 0; j < i; j++) { /* one family: one type; and no sample twice */
        if (!list[j].prometheus || strcmp(list[j].prometheus, list[i].prometheus) != 0)
          continue;
        assert_int_equal(list[i].kind == XPF_METRIC_COUNTER, list[j].kind == XPF_METRIC_COUNTER);
        assert_non_null(list[i].labels);
        assert_non_null(list[j].labels);
        assert_string_not_equal(list[i].labels, list[j].labels);
      }
    }
  }
}

static void families_are_either_of_the_process_or_of_threads(void **state) {
  (void)state;
  size_t processes, threads;
  const struct xpf_metric *process = xpf_metric_list(XPF_SCOPE_PROCESS, &processes);
  const struct xpf_metric *thread = xpf_metric_list(XPF_SCOPE_THREAD, &threads);
  for (size_t i = 0; i < processes; i++)
    for (size_t j = 0; j < threads; j++)
      if (process[i].prometheus && thread[j].prometheus)
        assert_string_not_equal(process[i].prometheus, thread[j].prometheus);
  for (size_t i = 0; i < processes; i++)
    assert_int_equal(xpf_components[process[i].component].scope, XPF_SCOPE_PROCESS);
  for (size_t j = 0; j < threads; j++)
    assert_int_equal(xpf_components[thread[j].component].scope, XPF_SCOPE_THREAD);
}

/* ---- readers ---- */

static struct xpf_thread_view *new_view(void) {
  struct xpf_thread_view *view = calloc(1, sizeof *view);
  assert_non_null(view);
  view->attached_ns = 10 * S;
  view->now_ns = 70 * S;
  view->heap_at_ns = 70 * S;
  return view;
}

static struct xpf_thread_metrics read_thread(const struct xpf_thread_view *now,
                                             const struct xpf_thread_view *before) {
  struct xpf_thread_metrics out;
  assert_int_equal(xpf_thread_metrics_read(&out, now, before, 1000, 0.5), 0);
  return out;
}

/* Every double of the struct is written: no reader is forgotten. */
static void every_metric_has_a_reader(void **state) {
  (void)state;
  struct xpf_thread_view *view = new_view();
  struct xpf_thread_metrics thread;
  struct xpf_process_metrics process;
  struct xpf_process_reading reading = {.at_ns = S};
  double cpu[XPF_CPU_WINDOWS_COUNT] = {0};
  memset(&thread, 0xa5, sizeof thread);
  memset(&process, 0xa5, sizeof process);
  assert_int_equal(xpf_thread_metrics_read(&thread, view, NULL, 0, 1), 0);
  xpf_process_metrics_read(&process, S, &reading, &reading, cpu);
  double untouched;
  memset(&untouched, 0xa5, sizeof untouched);
  for (int scope = XPF_SCOPE_PROCESS; scope <= XPF_SCOPE_THREAD; scope++) {
    size_t count;
    const struct xpf_metric *list = xpf_metric_list((enum xpf_metric_scope)scope, &count);
    const void *base = scope == XPF_SCOPE_PROCESS ? (const void *)&process : (const void *)&thread;
    for (size_t i = 0; i < count; i++) {
      double value = xpf_metric_value(&list[i], base);
      if (memcmp(&value, &untouched, sizeof value) == 0)
        fail_msg("%s is not read", list[i].key);
    }
  }
  free(view);
}

static void gc_time_is_summed_in_nanoseconds(void **state) {
  (void)state;
  struct xpf_thread_view *now = new_view(), *before = new_view();
  before->gc.count[XPF_GC_SCAVENGE] = 10;
  before->gc.spent_ns[XPF_GC_SCAVENGE] = 1 * MS;
  now->gc.count[XPF_GC_SCAVENGE] = 1010; /* 1000 collections of 0.9 ms: not 0 */
  now->gc.spent_ns[XPF_GC_SCAVENGE] = 901 * MS;
  now->gc.longest_ns[XPF_GC_SCAVENGE] = 2 * MS;
  now->gc.count[XPF_GC_MARKSWEEP] = 1;
  now->gc.spent_ns[XPF_GC_MARKSWEEP] = 40 * MS;
  now->gc.spent_ns[XPF_GC_INCREMENTAL] = 5 * MS;
  now->gc.spent_ns[XPF_GC_WEAK_CALLBACKS] = 1 * MS;
  struct xpf_thread_metrics m = read_thread(now, before);
  assert_true(m.uptime == 60);
  assert_true(m.total_gc_times == 1011);
  assert_true(m.total_gc_duration == 947);
  assert_true(m.total_scavange_duration == 901);
  assert_true(m.gc_time_during_last_record == 946);
  assert_true(m.scavange_duration_last_record == 900);
  assert_true(m.marksweep_duration_last_record == 40);
  assert_true(m.incremental_marking_duration_last_record == 5);
  assert_true(m.scavenge_times_last_record == 1000);
  assert_true(m.total_scavenge_times == 1010);
  assert_true(m.scavenge_longest_last_record == 2);
  m = read_thread(now, NULL); /* the first record: since the thread attached */
  assert_true(m.gc_time_during_last_record == 947);
  free(now);
  free(before);
}

static void heap_figures_carry_their_age(void **state) {
  (void)state;
  struct xpf_thread_view *view = new_view();
  view->heap.used_bytes = 5;
  view->heap.limit_bytes = 9;
  view->heap.spaces_count = 2;
  strcpy(view->heap.spaces[0].name, "large_object_space");
  view->heap.spaces[0].size_bytes = 77;
  strcpy(view->heap.spaces[1].name, "trusted_space");
  view->heap_at_ns = 68 * S;
  view->loop_blocked_ns = 2500 * MS;
  struct xpf_thread_metrics m = read_thread(view, NULL);
  assert_true(m.rss == 1000);
  assert_true(m.heap_used == 5);
  assert_true(m.heap_limit == 9);
  assert_true(m.lo_space_size == 77);
  assert_true(m.map_space_size == 0); /* this V8 has none */
  assert_int_equal(m.spaces_count, 2);
  assert_true(m.sample_age_ms == 2000);
  assert_true(m.loop_blocked_ms == 2500);
  assert_true(m.http_patch_timeout == 0.5);
  view->heap_at_ns = 0; /* never read: unknown, not zero */
  m = read_thread(view, NULL);
  assert_true(isnan(m.heap_used));
  assert_true(isnan(m.active_handles));
  assert_int_equal(m.spaces_count, 0);
  assert_true(m.sample_age_ms == 60000);
  free(view);
}

static void what_a_thread_used_and_waited_for(void **state) {
  (void)state;
  struct xpf_thread_view *view = new_view();
  struct xpf_thread_metrics m = read_thread(view, NULL);
  assert_true(isnan(m.thread_cpu_ms) && isnan(m.thread_run_queue_wait_ms));
  view->has_cpu = true;
  view->cpu_ns = 1500 * MS;
  view->run_queue_wait_ns = 20 * MS;
  view->loop_idle_ns = 30 * S;
  m = read_thread(view, NULL);
  assert_true(m.thread_cpu_ms == 1500 && m.thread_run_queue_wait_ms == 20);
  assert_true(m.loop_idle_total_ms == 30000);
  free(view);
}

static void http_counts_since_the_last_record_over_a_wrap(void **state) {
  (void)state;
  struct xpf_thread_view *now = new_view(), *before = new_view();
  now->has_http = before->has_http = true;
  before->http.server.started = UINT32_MAX - 1;
  before->http.server.sent = UINT32_MAX;
  before->http.server.status[200] = 5;
  before->http.server.status[404] = 1;
  before->http.server.duration_us_high = 1;
  before->http.server.duration_us_low = UINT32_MAX;
  now->http.server.started = 8; /* 10 more */
  now->http.server.sent = 3;    /* 4 more */
  now->http.server.closed = 2;
  now->http.server.timeouts = 1;
  now->http.server.in_flight = 6;
  now->http.server.status[200] = 8;
  now->http.server.status[404] = 1;
  now->http.server.status[500] = 1;
  now->http.server.duration_us_high = 2;
  now->http.server.duration_us_low = 9999; /* 10000 µs more */
  now->http.client.errors = 3;
  struct xpf_thread_metrics m = read_thread(now, before);
  assert_true(m.live_http_request == 10);
  assert_true(m.http_response_sent == 4);
  assert_true(m.http_response_close == 2);
  assert_true(m.http_request_timeout == 1);
  assert_true(m.http_in_flight == 6);
  assert_true(m.http_rt == 2.5);
  assert_true(m.client_request_error == 3);
  assert_int_equal(m.statuses_count, 3);
  assert_int_equal(m.statuses[0].code, 200);
  assert_int_equal(m.statuses[0].interval, 3);
  assert_int_equal(m.statuses[0].total, 8);
  assert_int_equal(m.statuses[1].interval, 0);
  assert_int_equal(m.statuses[2].code, 500);
  free(m.statuses);
  now->http.server.duration_us_high = 1; /* read between the two halves */
  m = read_thread(now, before);
  assert_true(m.http_rt == 2.5);
  free(m.statuses);
  free(now);
  free(before);
}

static void without_http_all_counts_are_zero(void **state) {
  (void)state;
  struct xpf_thread_view *view = new_view();
  struct xpf_thread_metrics m = read_thread(view, NULL);
  assert_true(m.live_http_request == 0);
  assert_true(m.http_rt == 0);
  assert_true(m.http_p99_ms == 0);
  assert_null(m.statuses);
  free(view);
}

static void loop_figures_are_of_the_interval(void **state) {
  (void)state;
  struct xpf_thread_view *now = new_view(), *before = new_view();
  before->now_ns = 60 * S;
  before->loop_idle_ns = 40 * S;
  now->loop_idle_ns = 47500 * MS; /* idle 7.5 of 10 s */
  for (int i = 0; i < 100; i++)
    xpf_histogram_add(&before->loop_delay, 1000000);
  now->loop_delay = before->loop_delay;
  for (int i = 0; i < 98; i++)
    xpf_histogram_add(&now->loop_delay, 1000);
  xpf_histogram_add(&now->loop_delay, 50000);
  xpf_histogram_add(&now->loop_delay, 50000);
  now->loop_delay_max_ns = 50 * MS;
  now->loop_turns = 200;
  struct xpf_thread_metrics m = read_thread(now, before);
  assert_true(m.loop_utilization == 25);
  assert_true(m.loop_delay_p50_ms >= 1 && m.loop_delay_p50_ms < 1.07);
  assert_true(m.loop_delay_p99_ms == 50); /* never above the longest */
  assert_true(m.loop_delay_max_ms == 50);
  assert_true(m.loop_turns == 200);
  now->loop_blocked_ns = 3 * S; /* the present turn is the longest */
  m = read_thread(now, before);
  assert_true(m.loop_delay_max_ms == 3000);
  now->loop_idle_ns = 0; /* the loop has ended */
  m = read_thread(now, before);
  assert_true(m.loop_utilization <= 100);
  free(now);
  free(before);
}

static void unknown_process_figures_are_not_zero(void **state) {
  (void)state;
  struct xpf_process_metrics m;
  struct xpf_process_reading before = {.at_ns = 10 * S}, now = {.at_ns = 20 * S};
  double cpu[XPF_CPU_WINDOWS_COUNT] = {12.5, NAN, NAN, NAN, NAN, NAN, 3};
  now.class_cpu_ns[XPF_TASK_js_main] = 5 * S;
  now.os.known = XPF_KNOWN_MEMORY | XPF_KNOWN_FDS;
  now.os.rss_bytes = 123;
  now.os.open_fds = 20;
  now.os.fd_limit = UINT64_MAX;
  now.cgroup.version = 2;
  now.cgroup.memory = XPF_OK;
  now.cgroup.memory_used_bytes = 50;
  now.cgroup.memory_limit_bytes = UINT64_MAX;
  now.cgroup.cpu = XPF_DENIED;
  now.cgroup.io_pressure.status = XPF_OK;
  now.cgroup.io_pressure.some_avg10 = 1.5;
  now.cgroup.io_pressure.some_total_us = 2000;
  xpf_process_metrics_read(&m, 20500 * MS, &now, &before, cpu);
  assert_true(m.cpu_now == 12.5);
  assert_true(m.cpu_600 == 3);
  assert_true(m.rss == 123);
  assert_true(m.open_fds == 20);
  assert_true(isnan(m.fd_limit));
  assert_true(isnan(m.minor_faults));
  assert_true(isnan(m.run_queue_wait_ms));
  assert_true(m.cgroup_memory_used == 50);
  assert_true(isnan(m.cgroup_memory_limit));
  assert_true(isnan(m.cgroup_cpu_throttled_ms));
  assert_true(m.cgroup_io_some_avg10 == 1.5);
  assert_true(m.cgroup_io_some_ms == 2);
  assert_true(isnan(m.cgroup_cpu_some_avg10));
  assert_true(isnan(m.host_cpus));
  assert_true(m.cpu_js_main_ms == 5000);
  assert_true(m.cpu_js_main_percent == 50);
  assert_true(m.interval_ms == 10500);
  xpf_process_metrics_read(&m, 20500 * MS, &now, &now, cpu);
  assert_true(isnan(m.cpu_js_main_percent)); /* nothing measured since the record */
}

/* ---- CPU series ---- */

static void windows_are_means_of_what_exists(void **state) {
  (void)state;
  struct xpf_cpu_series *series = malloc(sizeof *series);
  double cpu[XPF_CPU_WINDOWS_COUNT];
  uint64_t cpu_ns = 5 * S, now_ns = 100 * S;
  xpf_cpu_series_begin(series, cpu_ns, now_ns);
  xpf_cpu_series_means(series, cpu);
  assert_true(isnan(cpu[0]));
  for (int second = 1; second <= 20; second++) {
    cpu_ns += (second <= 10 ? 105 : 205) * MS;
    now_ns += S;
    xpf_cpu_series_add(series, cpu_ns, now_ns);
  }
  xpf_cpu_series_means(series, cpu);
  assert_float_equal(cpu[XPF_CPU_WINDOW_now], 20.5, 1e-4);
  assert_float_equal(cpu[XPF_CPU_WINDOW_15], (10 * 20.5 + 5 * 10.5) / 15, 1e-4);
  assert_float_equal(cpu[XPF_CPU_WINDOW_600], 15.5, 1e-4);
  for (int second = 0; second < 700; second++)
    xpf_cpu_series_add(series, cpu_ns += S, now_ns += S);
  xpf_cpu_series_means(series, cpu);
  assert_float_equal(cpu[XPF_CPU_WINDOW_600], 100, 1e-4);
  xpf_cpu_series_add(series, cpu_ns += S, now_ns += 4 * S); /* late: over the time that passed */
  xpf_cpu_series_means(series, cpu);
  assert_float_equal(cpu[XPF_CPU_WINDOW_now], 25, 1e-4);
  free(series);
}

/* ---- classes of threads ---- */

static void task(struct xpf_os_task *out, pid_t tid, const char *name, uint64_t cpu_ns) {
  memset(out, 0, sizeof *out);
  out->tid = tid;
  strncpy(out->name, name, sizeof out->name - 1);
  out->cpu_user_ns = cpu_ns;
}

static void node_20_threads_are_told_apart(void **state) {
  (void)state;
  struct xpf_task_cpu cpu = {0};
  struct xpf_os_task tasks[16];
  struct xpf_task_js js[] = {{100, true}, {110, false}};
  for (int i = 0; i < 7; i++) /* main, delayed tasks, 4 workers, signals */
    task(&tasks[i], 100 + i, "node", S);
  task(&tasks[7], 107, "xprofiler", S);
  assert_int_equal(xpf_task_cpu_look(&cpu, 100, tasks, 8, js, 1, 8 * S), 0);
  assert_int_equal(cpu.class_ns[XPF_TASK_js_main], S);
  assert_int_equal(cpu.class_ns[XPF_TASK_v8], 6 * S);
  assert_int_equal(cpu.class_ns[XPF_TASK_xprofiler], S);
  assert_int_equal(cpu.class_ns[XPF_TASK_other], 0);
  task(&tasks[8], 108, "node", 2 * S); /* pool threads begin later */
  task(&tasks[9], 110, "node", 3 * S);
  tasks[1].cpu_user_ns = 2 * S;
  assert_int_equal(xpf_task_cpu_look(&cpu, 100, tasks, 10, js, 2, 14 * S), 0);
  assert_int_equal(cpu.class_ns[XPF_TASK_v8], 7 * S);
  assert_int_equal(cpu.class_ns[XPF_TASK_libuv], 2 * S);
  assert_int_equal(cpu.class_ns[XPF_TASK_js_workers], 3 * S);
  assert_int_equal(xpf_task_cpu_look(&cpu, 100, tasks, 9, js, 1, 15 * S), 0);
  assert_int_equal(cpu.class_ns[XPF_TASK_js_workers], 3 * S); /* ended: never steps back */
  assert_int_equal(cpu.class_ns[XPF_TASK_libuv], 2 * S);
  assert_int_equal(cpu.class_ns[XPF_TASK_other], S); /* what it used before it ended */
  xpf_task_cpu_free(&cpu);
}

static void newer_nodes_name_their_threads(void **state) {
  (void)state;
  static const char *const names[] = {"node-MainThread", "DelayedTaskSche", "node-V8Worker",
                                      "SignalInspector", "WorkerThread",    "libuv-worker",
                                      "tokio-runtime-w", "xprofiler"};
  struct xpf_task_cpu cpu = {.libuv_names_threads = true};
  struct xpf_os_task tasks[8];
  struct xpf_task_js js = {100, true};
  for (int i = 0; i < 8; i++)
    task(&tasks[i], 100 + i, names[i], (uint64_t)(1 << i) * MS);
  assert_int_equal(xpf_task_cpu_look(&cpu, 100, tasks, 8, &js, 1, 300 * MS), 0);
  assert_int_equal(cpu.class_ns[XPF_TASK_js_main], 1 * MS);
  assert_int_equal(cpu.class_ns[XPF_TASK_v8], 6 * MS);
  assert_int_equal(cpu.class_ns[XPF_TASK_js_workers], 16 * MS);
  assert_int_equal(cpu.class_ns[XPF_TASK_libuv], 32 * MS);
  assert_int_equal(cpu.class_ns[XPF_TASK_xprofiler], 128 * MS);
  assert_int_equal(cpu.class_ns[XPF_TASK_other], 300 * MS - 183 * MS);
  xpf_task_cpu_free(&cpu);
}

static void a_reused_thread_id_counts_from_zero(void **state) {
  (void)state;
  struct xpf_task_cpu cpu = {0};
  struct xpf_os_task tasks[1];
  task(tasks, 100, "libuv-worker", 10 * S);
  tasks[0].run_queue_wait_ns = 5 * S;
  xpf_task_cpu_look(&cpu, 1, tasks, 1, NULL, 0, 10 * S);
  task(tasks, 100, "libuv-worker", 1 * S);
  tasks[0].run_queue_wait_ns = 2 * S;
  xpf_task_cpu_look(&cpu, 1, tasks, 1, NULL, 0, 11 * S);
  assert_int_equal(cpu.class_ns[XPF_TASK_libuv], 11 * S);
  assert_int_equal(cpu.run_queue_wait_ns, 7 * S);
  xpf_task_cpu_free(&cpu);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_keys_come_first_in_their_order),
      cmocka_unit_test(prometheus_names_follow_the_rules),
      cmocka_unit_test(families_are_either_of_the_process_or_of_threads),
      cmocka_unit_test(every_metric_has_a_reader),
      cmocka_unit_test(gc_time_is_summed_in_nanoseconds),
      cmocka_unit_test(heap_figures_carry_their_age),
      cmocka_unit_test(what_a_thread_used_and_waited_for),
      cmocka_unit_test(http_counts_since_the_last_record_over_a_wrap),
      cmocka_unit_test(without_http_all_counts_are_zero),
      cmocka_unit_test(loop_figures_are_of_the_interval),
      cmocka_unit_test(unknown_process_figures_are_not_zero),
      cmocka_unit_test(windows_are_means_of_what_exists),
      cmocka_unit_test(node_20_threads_are_told_apart),
      cmocka_unit_test(newer_nodes_name_their_threads),
      cmocka_unit_test(a_reused_thread_id_counts_from_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
