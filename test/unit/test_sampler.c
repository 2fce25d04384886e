// clang-format off
// links: src/core/new_file.c src/core/standard_fds.c
// links: src/core/sampler.c src/core/task_cpu.c src/core/cpu_series.c src/core/metric.c src/core/metric_read.c
// links: src/core/metric_format.c src/core/histogram.c src/core/config.c src/core/log.c src/core/log_queue.c
// links: src/core/log_files.c src/core/log_retention.c src/format/sink.c src/format/json.c
// links: src/wire/request.c src/wire/document.c src/wire/utf8.c src/host/ -lcjson -luv -lm
// clang-format on
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/config.h"
#include "core/log.h"
#include "core/metric_format.h"
#include "core/sampler.h"
#include "core/thread.h"
#include "host/os.h"

/* ---- JS threads, faked ---- */

struct xpf_thread {
  struct xpf_thread_view view;
  int resets;
};

static struct xpf_thread worker, main_thread;
static bool has_worker;

enum refresh_mode { ANSWER_NOW, ANSWER_LATER, BUSY, NEVER };
static struct {
  enum refresh_mode mode;
  int calls;
  unsigned timeout_ms;
  void (*done)(void *arg);
  void *arg;
  uv_timer_t timer;
} refresh;

void xpf_threads_each(void (*fn)(void *arg, struct xpf_thread *thread), void *arg) {
  if (has_worker)
    fn(arg, &worker);
  fn(arg, &main_thread);
}

void xpf_thread_view(struct xpf_thread *thread, struct xpf_thread_view *out) {
  *out = thread->view;
  out->now_ns = uv_hrtime();
}

void xpf_thread_reset_longest(struct xpf_thread *thread) {
  thread->resets++;
}

static void answer_later(uv_timer_t *timer) {
  (void)timer;
  refresh.done(refresh.arg);
}

int xpf_threads_refresh(unsigned timeout_ms, void (*done)(void *arg), void *arg) {
  refresh.calls++;
  refresh.timeout_ms = timeout_ms;
  if (refresh.mode == BUSY)
    return UV_EBUSY;
  refresh.done = done;
  refresh.arg = arg;
  if (refresh.mode == ANSWER_NOW)
    done(arg);
  if (refresh.mode == ANSWER_LATER)
    uv_timer_start(&refresh.timer, answer_later, timeout_ms, 0);
  return 0;
}

/* ---- one sampler in one directory ---- */

static char dir[64];
static uv_loop_t loop;
static struct xpf_log *log_of_test;
static struct xpf_sampler *sampler;
static struct xpf_config config;
static bool closed;

static int remove_entry(const char *path, const struct stat *entry, int type, struct FTW *at) {
  (void)entry, (void)type, (void)at;
  return remove(path);
}

static int setup(void **state) {
  (void)state;
  strcpy(dir, "/tmp/xpf-test-sampler-XXXXXX");
  memset(&worker, 0, sizeof worker);
  memset(&main_thread, 0, sizeof main_thread);
  memset(&refresh, 0, sizeof refresh);
  worker.view.thread_id = 3;
  main_thread.view.is_main = true;
  main_thread.view.tid = xpf_os_tid();
  worker.view.attached_ns = main_thread.view.attached_ns = uv_hrtime();
  worker.view.heap_at_ns = main_thread.view.heap_at_ns = uv_hrtime();
  main_thread.view.heap.used_bytes = 4711;
  has_worker = true;
  sampler = NULL;
  closed = false;
  uv_loop_init(&loop);
  uv_timer_init(&loop, &refresh.timer);
  xpf_config_init(&config);
  config.log_interval = 1;
  return mkdtemp(dir) ? 0 : -1;
}

static void on_closed(void *arg) {
  (void)arg;
  closed = true;
}

static int teardown(void **state) {
  (void)state;
  if (sampler)
    xpf_sampler_close(sampler, on_closed, NULL);
  uv_close((uv_handle_t *)&refresh.timer, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  int err = uv_loop_close(&loop) != 0 || (sampler && !closed);
  xpf_log_free(log_of_test);
  log_of_test = NULL;
  nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  return err;
}

static void start(enum xpf_log_format format) {
  struct xpf_log_options options = {
      .format = format, .level = 1, .max_age_days = 30, .max_total_mb = 1024};
  snprintf(options.dir, sizeof options.dir, "%s", dir);
  if (format == XPF_FORMAT_ALINODE)
    config.log_format_alinode = true;
  if (format == XPF_FORMAT_JSON)
    strcpy(config.log_format, "json");
  assert_int_equal(xpf_log_new(&log_of_test, &options), 0);
  assert_int_equal(xpf_sampler_new(&sampler, &loop, log_of_test, &config), 0);
}

static void stop_loop(uv_timer_t *timer) {
  uv_stop(timer->loop);
}

static void run_for(unsigned ms) {
  uv_timer_t timer;
  uv_timer_init(&loop, &timer);
  uv_update_time(&loop);
  uv_timer_start(&timer, stop_loop, ms, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_close((uv_handle_t *)&timer, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
}

static char *log_text(const char *stem) {
  static char text[1 << 18];
  char path[160];
  time_t now = time(NULL);
  struct tm tm;
  localtime_r(&now, &tm);
  snprintf(path, sizeof path, "%s/%s-%04d%02d%02d.log", dir, stem, tm.tm_year + 1900, tm.tm_mon + 1,
           tm.tm_mday);
  int fd = open(path, O_RDONLY);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  text[size > 0 ? size : 0] = '\0';
  if (fd >= 0)
    close(fd);
  return text;
}

static int count_of(const char *text, const char *word) {
  int count = 0;
  while ((text = strstr(text, word))) {
    count++;
    text++;
  }
  return count;
}

/* ---- records ---- */

static void workers_come_before_the_main_thread(void **state) {
  (void)state;
  start(XPF_FORMAT_XPROFILER);
  run_for(1100);
  const char *text = log_text("xprofiler");
  static const char *const order[] = {"[cpu] ", "[process] ", "[cgroup] ", "[host] ", "[memory] ",
                                      "[gc] ",  "[uv] ",      "[http] ",   "[loop] ", "[memory] ",
                                      "[gc] ",  "[uv] ",      "[http] ",   "[loop] "};
  for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
    const char *line = strstr(text, order[i]);
    assert_non_null(line);
    char tid[32];
    snprintf(tid, sizeof tid, "[%d] [%d] ", (int)getpid(), i >= 4 && i < 9 ? 3 : 0);
    assert_ptr_equal(strstr(line, tid), line + strlen(order[i]));
    text = strchr(line, '\n') + 1;
  }
  assert_string_equal(text, ""); /* and nothing more */
  assert_int_equal(refresh.timeout_ms, 100);
  assert_int_equal(main_thread.resets, 1);
  assert_int_equal(worker.resets, 1);
}

static void alinode_records_are_of_the_main_thread_only(void **state) {
  (void)state;
  start(XPF_FORMAT_ALINODE);
  run_for(1100);
  const char *text = log_text("node");
  assert_int_equal(count_of(text, "\n"), 5);
  assert_true(strstr(text, "[other] ") < strstr(text, "[heap] "));
  assert_true(strstr(text, "[heap] ") < strstr(text, "[gc] "));
  assert_true(strstr(text, "[gc] ") < strstr(text, "[timer] "));
  assert_true(strstr(text, "[timer] ") < strstr(text, "[http] "));
  assert_non_null(strstr(text, " heap_used: 4711, "));
}

static void json_records_are_objects(void **state) {
  (void)state;
  has_worker = false;
  start(XPF_FORMAT_JSON);
  run_for(1100);
  char *text = log_text("xprofiler");
  assert_int_equal(count_of(text, "\n"), 9);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    cJSON *json = cJSON_Parse(line);
    assert_non_null(json);
    const cJSON *component = cJSON_GetObjectItemCaseSensitive(json, "component");
    if (strcmp(component->valuestring, "memory") == 0)
      assert_int_equal(cJSON_GetObjectItemCaseSensitive(json, "heap_used")->valueint, 4711);
    cJSON_Delete(json);
  }
}

/* The loop is kept busy from 0.95 to 1.06 s after each record: a timer that counted from its last
 * run would be 60 ms later each time. The machine may be busy too, so the best of the later records
 * decides. */
static void the_period_does_not_drift(void **state) {
  (void)state;
  double best_ms = 1e9;
  int seen = 0;
  bool slept = false;
  uint64_t begin = uv_hrtime(), last = begin;
  start(XPF_FORMAT_XPROFILER);
  while (seen < 5 && uv_hrtime() - begin < 8000000000ull) {
    run_for(5);
    if (!slept && uv_hrtime() - last > 950000000) {
      usleep(110000);
      slept = true;
    }
    if (refresh.calls == seen)
      continue;
    seen = refresh.calls;
    slept = false;
    last = uv_hrtime();
    double late_ms = (double)(int64_t)(last - begin) / 1e6 - seen * 1000.0;
    assert_true(late_ms > -5);
    if (seen >= 3 && late_ms < best_ms)
      best_ms = late_ms;
  }
  assert_int_equal(seen, 5);
  assert_true(best_ms < 100); /* 180 and more if it added up */
}

/* What is tried again needs as many turns of the loop, each as late as the machine is busy. */
static void run_until_a_record(void) {
  for (int i = 0; i < 500 && count_of(log_text("xprofiler"), "[cpu] ") == 0; i++)
    run_for(10);
}

static void a_blocked_thread_delays_the_record_by_the_timeout_only(void **state) {
  (void)state;
  refresh.mode = ANSWER_LATER;
  uint64_t begin = uv_hrtime();
  start(XPF_FORMAT_XPROFILER);
  run_for(1050);
  if (uv_hrtime() - begin < 1090000000) /* else the machine was busier than the timeout is long */
    assert_string_equal(log_text("xprofiler"), "");
  run_until_a_record();
  assert_int_equal(count_of(log_text("xprofiler"), "[cpu] "), 1);
}

static void a_refresh_under_way_is_waited_for(void **state) {
  (void)state;
  refresh.mode = BUSY;
  uint64_t begin = uv_hrtime();
  start(XPF_FORMAT_XPROFILER);
  for (int i = 0; i < 500 && refresh.calls < 2; i++)
    run_for(10);
  assert_true(refresh.calls >= 2);
  assert_string_equal(log_text("xprofiler"), "");
  refresh.mode = ANSWER_NOW;
  run_until_a_record();
  assert_int_equal(count_of(log_text("xprofiler"), "[cpu] "), 1);
  uint64_t ms = (uv_hrtime() - begin) / 1000000;
  if (ms >= 1990) /* the next one was due before this one was there */
    return;
  run_for((unsigned)(2090 - ms)); /* and the next one is on time */
  assert_int_equal(count_of(log_text("xprofiler"), "[cpu] "), 2);
}

static void a_refresh_that_stays_busy_does_not_stop_the_log(void **state) {
  (void)state;
  refresh.mode = BUSY;
  start(XPF_FORMAT_XPROFILER);
  run_until_a_record();
  assert_int_equal(count_of(log_text("xprofiler"), "[cpu] "), 1);
}

static void an_answer_after_the_close_is_ignored(void **state) {
  (void)state;
  refresh.mode = NEVER;
  start(XPF_FORMAT_XPROFILER);
  run_for(1050);
  assert_non_null(refresh.done);
  xpf_sampler_close(sampler, on_closed, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
  assert_true(closed);
  sampler = NULL;
  refresh.done(refresh.arg);
  assert_string_equal(log_text("xprofiler"), "");
}

static void the_interval_can_be_changed(void **state) {
  (void)state;
  config.log_interval = 60;
  start(XPF_FORMAT_XPROFILER);
  run_for(300);
  config.log_interval = 1;
  config.enable_log_uv_handles = false;
  xpf_sampler_configure(sampler, &config);
  run_for(1100);
  const char *text = log_text("xprofiler");
  assert_int_equal(count_of(text, "[cpu] "), 1);
  assert_int_equal(count_of(text, "active_tcp_handles"), 0);
}

/* ---- metrics on demand ---- */

static struct xpf_metrics metrics(void) {
  struct xpf_metrics out;
  assert_int_equal(xpf_sampler_metrics(sampler, &out), 0);
  return out;
}

static void asking_does_not_disturb_the_record(void **state) {
  (void)state;
  has_worker = false;
  start(XPF_FORMAT_XPROFILER);
  main_thread.view.gc.spent_ns[XPF_GC_SCAVENGE] = 30000000;
  for (int i = 0; i < 3; i++) {
    struct xpf_metrics m = metrics();
    assert_int_equal(m.count, 1);
    assert_true(m.threads[0].gc_time_during_last_record == 30);
    xpf_metrics_free(&m);
  }
  assert_int_equal(main_thread.resets, 0);
  run_for(1100);
  assert_non_null(strstr(log_text("xprofiler"), "gc_time_during_last_record: 30, "));
  main_thread.view.gc.spent_ns[XPF_GC_SCAVENGE] = 42000000;
  struct xpf_metrics m = metrics();
  assert_true(m.threads[0].gc_time_during_last_record == 12); /* since that record */
  assert_true(m.threads[0].total_gc_duration == 42);
  xpf_metrics_free(&m);
  main_thread.view.attached_ns++; /* another thread with the same id */
  m = metrics();
  assert_true(m.threads[0].gc_time_during_last_record == 42);
  xpf_metrics_free(&m);
}

/* Uses that much CPU time, however busy the machine is. */
static void spin(unsigned ms) {
  uint64_t end = xpf_os_cpu_ns() + ms * 1000000ull;
  while (xpf_os_cpu_ns() < end)
    ;
}

static void figures_of_the_process_are_real(void **state) {
  (void)state;
  start(XPF_FORMAT_XPROFILER);
  spin(300);
  run_for(1150);
  struct xpf_metrics m = metrics();
  assert_int_equal(m.count, 2);
  assert_true(m.process.cpu_600 > 1 &&
              m.process.cpu_600 < 60); /* 0.3 of 1 s, or of more when busy */
  assert_true(m.process.rss > 1e6);
  assert_true(m.threads[1].rss == m.process.rss);
  assert_true(m.process.open_fds >= 3);
  assert_true(m.process.js_threads == 2);
  assert_true(m.process.os_threads >= 1);
  assert_true(m.process.cpu_js_main_ms >= 250);
  assert_true(m.process.host_cpus >= 1);
  assert_true(m.process.cpu_user_ms + m.process.cpu_system_ms >= 250);
  xpf_metrics_free(&m);
}

static void figures_are_at_most_a_second_old(void **state) {
  (void)state;
  int fds[8];
  config.log_interval = 60;
  start(XPF_FORMAT_XPROFILER);
  struct xpf_metrics before = metrics();
  for (int i = 0; i < 8; i++)
    fds[i] = open("/dev/null", O_RDONLY);
  run_for(1100);
  struct xpf_metrics after = metrics();
  assert_true(after.process.open_fds == before.process.open_fds + 8);
  assert_true(after.process.interval_ms >= 1000);
  for (int i = 0; i < 8; i++)
    close(fds[i]);
  xpf_metrics_free(&before);
  xpf_metrics_free(&after);
}

static void ask_often(void *arg) {
  for (int i = 0; i < 200; i++) {
    struct xpf_metrics m;
    if (xpf_sampler_metrics(sampler, &m) == 0)
      xpf_metrics_free(&m);
    else
      *(bool *)arg = true;
    usleep(1000);
  }
}

static void many_threads_may_ask_at_once(void **state) {
  (void)state;
  uv_thread_t threads[3];
  bool failed = false;
  start(XPF_FORMAT_XPROFILER);
  for (int i = 0; i < 3; i++)
    uv_thread_create(&threads[i], ask_often, &failed);
  run_for(1100);
  for (int i = 0; i < 3; i++)
    uv_thread_join(&threads[i]);
  assert_false(failed);
  assert_int_equal(count_of(log_text("xprofiler"), "[cpu] "), 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(workers_come_before_the_main_thread),
      TEST(alinode_records_are_of_the_main_thread_only),
      TEST(json_records_are_objects),
      TEST(the_period_does_not_drift),
      TEST(a_blocked_thread_delays_the_record_by_the_timeout_only),
      TEST(a_refresh_under_way_is_waited_for),
      TEST(a_refresh_that_stays_busy_does_not_stop_the_log),
      TEST(an_answer_after_the_close_is_ignored),
      TEST(the_interval_can_be_changed),
      TEST(asking_does_not_disturb_the_record),
      TEST(figures_of_the_process_are_real),
      TEST(figures_are_at_most_a_second_old),
      TEST(many_threads_may_ask_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
