#include "core/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cpu_series.h"
#include "core/metric_format.h"
#include "core/task_cpu.h"
#include "core/thread.h"
#include "host/cgroup.h"
#include "host/os.h"

#define SECOND_NS          1000000000ull
#define MS_NS              1000000ull
#define REFRESH_TIMEOUT_MS 100
#define REFRESH_RETRY_MS   20 /* another refresh is under way: it ends within its own timeout */
#define REFRESH_RETRIES    10
/* Clients that watch a process ask each second and subtract: what they get must be of this moment.
 * Many that ask at once share a reading. */
#define READING_MAX_AGE_NS (SECOND_NS / 10)
#define TASKS_MAX          512
#define LINE_MAX_BYTES     (64 * 1024)

struct settings {
  uint64_t interval_ns;
  double patch_timeout_s;
  bool uv_handles;
  enum xpf_log_format format;
};

struct views {
  struct xpf_thread_view *items;
  uint32_t count, capacity;
  bool with_cpu, for_record, failed;
};

struct xpf_sampler {
  uv_loop_t *loop;
  uv_timer_t second_timer, record_timer;
  int open_timers;
  struct xpf_log *log;
  uint64_t second_due_ns, record_due_ns; /* absolute, CLOCK_MONOTONIC */
  unsigned refresh_tries;
  void (*done)(void *arg);
  void *done_arg;

  pthread_mutex_t lock; /* everything below */
  struct settings settings;
  struct xpf_cpu_series cpu;
  struct xpf_cgroup *cgroup;
  struct xpf_task_cpu tasks;
  struct xpf_process_reading reading;  /* the newest */
  struct xpf_process_reading recorded; /* what the last record saw */
  struct views previous;               /* the same for threads */
};

/* The record that waits for a refresh. Its callback may come late or, when the core stops, never:
 * it carries this number instead of a pointer, and finds nothing after a close. [core] */
static struct {
  struct xpf_sampler *sampler;
  uintptr_t number;
} waiting;

static uint64_t since(uint64_t now, uint64_t before) {
  return now > before ? now - before : 0;
}

static void sample_cpu(struct xpf_sampler *sampler, uint64_t now_ns) {
  uint64_t cpu_ns = xpf_os_cpu_ns();
  pthread_mutex_lock(&sampler->lock);
  xpf_cpu_series_add(&sampler->cpu, cpu_ns, now_ns);
  pthread_mutex_unlock(&sampler->lock);
}

/* ---- readings ---- */

static void read_cpu(struct xpf_thread_view *view) {
  struct xpf_os_task task;
  view->has_cpu = xpf_os_task(0, view->tid, &task) == 0;
  if (!view->has_cpu)
    return;
  view->run_queue_wait_ns = task.run_queue_wait_ns;
  /* the clock of the thread knows more than the ticks of /proc */
  if (xpf_os_thread_cpu_ns(view->tid, &view->cpu_ns) != 0)
    view->cpu_ns = task.cpu_user_ns + task.cpu_system_ns;
}

static void add_view(void *arg, struct xpf_thread *thread) {
  struct views *views = arg;
  if (views->count == views->capacity) {
    uint32_t capacity = views->capacity ? views->capacity * 2 : 4;
    struct xpf_thread_view *items = realloc(views->items, capacity * sizeof *items);
    if (!items) {
      views->failed = true;
      return;
    }
    views->items = items;
    views->capacity = capacity;
  }
  struct xpf_thread_view *view = &views->items[views->count++];
  xpf_thread_view(thread, view);
  if (views->with_cpu)
    read_cpu(view);
  if (views->for_record)
    xpf_thread_reset_longest(thread);
}

static int take_views(struct views *views, bool with_cpu, bool for_record) {
  memset(views, 0, sizeof *views);
  views->with_cpu = with_cpu;
  views->for_record = for_record;
  xpf_threads_each(add_view, views);
  if (!views->failed)
    return 0;
  free(views->items);
  memset(views, 0, sizeof *views);
  return -ENOMEM;
}

/* Under the lock. CPU of each class; on failure the sums stay as they were. */
static void look_at_tasks(struct xpf_sampler *sampler, const struct views *views) {
  struct xpf_os_task *tasks = malloc(TASKS_MAX * sizeof *tasks);
  struct xpf_task_js *js = malloc((views->count + 1) * sizeof *js);
  int count = tasks && js ? xpf_os_tasks(0, tasks, TASKS_MAX, false) : -ENOMEM;
  if (count > TASKS_MAX)
    count = TASKS_MAX;
  for (uint32_t i = 0; count >= 0 && i < views->count; i++)
    js[i] = (struct xpf_task_js){views->items[i].tid, views->items[i].is_main};
  for (int i = 0; i < count; i++) {
    uint64_t cpu_ns; /* the clock of the thread knows more than the ticks of /proc */
    if (xpf_os_thread_cpu_ns(tasks[i].tid, &cpu_ns) != 0)
      continue;
    tasks[i].cpu_user_ns = cpu_ns;
    tasks[i].cpu_system_ns = 0;
  }
  if (count >= 0)
    xpf_task_cpu_look(&sampler->tasks, getpid(), tasks, (uint32_t)count, js, views->count,
                      xpf_os_cpu_ns());
  sampler->reading.has_wait = count > 0;
  memcpy(sampler->reading.class_cpu_ns, sampler->tasks.class_ns,
         sizeof sampler->reading.class_cpu_ns);
  free(tasks);
  free(js);
}

/* Under the lock. */
static void read_process(struct xpf_sampler *sampler, const struct views *views, uint64_t now_ns) {
  struct xpf_process_reading *reading = &sampler->reading;
  memset(reading, 0, sizeof *reading);
  reading->at_ns = now_ns;
  xpf_os_process(0, &reading->os); /* what failed stays unset in `known` */
  reading->has_host = xpf_os_host(&reading->host) == 0;
  if (!sampler->cgroup && xpf_cgroup_open(&sampler->cgroup, getpid(), "") != 0)
    sampler->cgroup = NULL;
  if (sampler->cgroup)
    xpf_cgroup_read(sampler->cgroup, &reading->cgroup);
  look_at_tasks(sampler, views);
  reading->run_queue_wait_ns = sampler->tasks.run_queue_wait_ns;
  reading->js_threads = views->count;
}

/* A thread can end and another one attach: the time of attaching tells them apart. */
static const struct xpf_thread_view *previous_view(const struct xpf_sampler *sampler,
                                                   const struct xpf_thread_view *view) {
  for (uint32_t i = 0; i < sampler->previous.count; i++) {
    const struct xpf_thread_view *before = &sampler->previous.items[i];
    if (before->thread_id == view->thread_id && before->attached_ns == view->attached_ns)
      return before;
  }
  return NULL;
}

/* Under the lock. */
static int make_metrics(struct xpf_sampler *sampler, const struct views *views,
                        struct xpf_metrics *out) {
  double cpu[XPF_CPU_WINDOWS_COUNT];
  xpf_cpu_series_means(&sampler->cpu, cpu);
  memset(out, 0, sizeof *out);
  out->threads = calloc(views->count + 1, sizeof out->threads[0]);
  if (!out->threads)
    return -ENOMEM;
  xpf_process_metrics_read(&out->process, uv_hrtime(), &sampler->reading, &sampler->recorded, cpu);
  int err = 0;
  for (; !err && out->count < views->count; out->count += err == 0) {
    const struct xpf_thread_view *view = &views->items[out->count];
    err = xpf_thread_metrics_read(&out->threads[out->count], view, previous_view(sampler, view),
                                  sampler->reading.os.rss_bytes, sampler->settings.patch_timeout_s);
  }
  if (err)
    xpf_metrics_free(out);
  return err;
}

void xpf_metrics_free(struct xpf_metrics *metrics) {
  for (uint32_t i = 0; i < metrics->count; i++)
    free(metrics->threads[i].statuses);
  free(metrics->threads);
  memset(metrics, 0, sizeof *metrics);
}

int xpf_sampler_metrics(struct xpf_sampler *sampler, struct xpf_metrics *out) {
  struct views views;
  int err = take_views(&views, true, false);
  if (err)
    return err;
  pthread_mutex_lock(&sampler->lock);
  uint64_t now_ns = uv_hrtime();
  if (since(now_ns, sampler->reading.at_ns) > READING_MAX_AGE_NS)
    read_process(sampler, &views, now_ns);
  err = make_metrics(sampler, &views, out);
  pthread_mutex_unlock(&sampler->lock);
  free(views.items);
  return err;
}

/* ---- the record ---- */

static void write_line(struct xpf_sampler *sampler, const struct settings *settings,
                       const struct xpf_metric_line *line) {
  struct xpf_memory_sink sink;
  const char *name = xpf_components[line->component].name;
  uint32_t thread_id = line->thread ? line->thread->thread_id : 0;
  bool json = settings->format == XPF_FORMAT_JSON;
  xpf_memory_sink_init(&sink, LINE_MAX_BYTES);
  int err = json ? xpf_metric_json_body(&sink.sink, line) : xpf_metric_text(&sink.sink, line);
  if (!err && sink.size > 0 && json)
    xpf_log_write_json(sampler->log, XPF_LOG_INFO, name, thread_id, sink.data);
  else if (!err && sink.size > 0)
    xpf_log_write(sampler->log, XPF_LOG_INFO, name, thread_id, sink.data);
  xpf_memory_sink_free(&sink);
}

static void write_components(struct xpf_sampler *sampler, const struct settings *settings,
                             const struct xpf_metrics *metrics,
                             const struct xpf_thread_metrics *thread) {
  bool alinode = settings->format == XPF_FORMAT_ALINODE;
  enum xpf_metric_scope scope = thread ? XPF_SCOPE_THREAD : XPF_SCOPE_PROCESS;
  for (int i = 0; i < XPF_COMPONENTS_COUNT; i++) {
    struct xpf_metric_line line = {(enum xpf_component)i, &metrics->process, thread,
                                   settings->uv_handles};
    if (xpf_components[i].scope == scope && xpf_components[i].is_alinode == alinode)
      write_line(sampler, settings, &line);
  }
}

static void write_record(struct xpf_sampler *sampler) {
  struct views views;
  struct xpf_metrics metrics;
  if (take_views(&views, true, true) != 0)
    return;
  pthread_mutex_lock(&sampler->lock);
  struct settings settings = sampler->settings;
  read_process(sampler, &views, uv_hrtime());
  int err = make_metrics(sampler, &views, &metrics);
  sampler->recorded = sampler->reading;
  free(sampler->previous.items);
  sampler->previous = views;
  pthread_mutex_unlock(&sampler->lock);
  if (err)
    return;
  write_components(sampler, &settings, &metrics, NULL);
  for (uint32_t i = 0; i < metrics.count; i++)
    if (settings.format != XPF_FORMAT_ALINODE || metrics.threads[i].is_main)
      write_components(sampler, &settings, &metrics, &metrics.threads[i]);
  xpf_metrics_free(&metrics);
}

/* ---- timers ---- */

static void on_second(uv_timer_t *timer);
static void on_record(uv_timer_t *timer);

/* The first multiple of the period that lies ahead: deadlines do not drift, and what was slept
 * through (a stopped process) is skipped. */
static uint64_t next_due(uint64_t due_ns, uint64_t period_ns, uint64_t now_ns) {
  due_ns += period_ns;
  if (due_ns <= now_ns)
    due_ns += (now_ns - due_ns) / period_ns * period_ns + period_ns;
  return due_ns;
}

static void arm(uv_timer_t *timer, uv_timer_cb fn, uint64_t due_ns) {
  uv_update_time(timer->loop);
  uv_timer_start(timer, fn, (since(due_ns, uv_hrtime()) + MS_NS - 1) / MS_NS, 0);
}

/* libuv counts whole milliseconds and may be up to two early. */
static bool is_due(uint64_t due_ns, uint64_t now_ns) {
  return now_ns + 2 * MS_NS >= due_ns;
}

static void take_second(struct xpf_sampler *sampler, uint64_t now_ns) {
  if (!is_due(sampler->second_due_ns, now_ns))
    return;
  sample_cpu(sampler, now_ns);
  sampler->second_due_ns = next_due(sampler->second_due_ns, SECOND_NS, now_ns);
}

static void on_second(uv_timer_t *timer) {
  struct xpf_sampler *sampler = timer->data;
  take_second(sampler, uv_hrtime());
  arm(timer, on_second, sampler->second_due_ns);
}

static void on_refreshed(void *number) {
  struct xpf_sampler *sampler = waiting.sampler;
  if (!sampler || (uintptr_t)number != waiting.number)
    return;
  waiting.sampler = NULL;
  write_record(sampler);
}

static void ask_for_record(struct xpf_sampler *sampler) {
  waiting.number++;
  waiting.sampler = sampler;
  int err = xpf_threads_refresh(REFRESH_TIMEOUT_MS, on_refreshed, (void *)waiting.number);
  if (err == 0)
    return;
  waiting.sampler = NULL;
  if (err == -EBUSY && sampler->refresh_tries++ < REFRESH_RETRIES) {
    uv_update_time(sampler->loop);
    uv_timer_start(&sampler->record_timer, on_record, REFRESH_RETRY_MS, 0);
    return;
  }
  write_record(sampler);
}

static void on_record(uv_timer_t *timer) {
  struct xpf_sampler *sampler = timer->data;
  uint64_t now_ns = uv_hrtime();
  if (sampler->refresh_tries == 0 && !is_due(sampler->record_due_ns, now_ns)) {
    arm(timer, on_record, sampler->record_due_ns);
    return;
  }
  take_second(sampler, now_ns); /* both timers are due together: cpu_now belongs to this second */
  ask_for_record(sampler);
  if (uv_is_active((uv_handle_t *)timer))
    return; /* tries again soon */
  sampler->refresh_tries = 0;
  sampler->record_due_ns =
      next_due(sampler->record_due_ns, sampler->settings.interval_ns, now_ns + 2 * MS_NS);
  arm(timer, on_record, sampler->record_due_ns);
}

/* ---- life ---- */

static struct settings settings_of(const struct xpf_config *config) {
  struct settings settings = {
      .interval_ns = (uint64_t)(config->log_interval * 1e9),
      .patch_timeout_s = config->patch_http_timeout,
      .uv_handles = config->enable_log_uv_handles,
      .format = XPF_FORMAT_XPROFILER,
  };
  if (settings.interval_ns < SECOND_NS)
    settings.interval_ns = SECOND_NS;
  if (config->log_format_alinode || strcmp(config->log_format, "alinode") == 0)
    settings.format = XPF_FORMAT_ALINODE;
  else if (strcmp(config->log_format, "json") == 0)
    settings.format = XPF_FORMAT_JSON;
  return settings;
}

/* What the first record's intervals and percentages count from, and no more: an application pays
 * for this when it starts. */
static void read_baseline(struct xpf_sampler *sampler) {
  struct views views = {0};
  uint64_t now_ns = uv_hrtime();
  xpf_cpu_series_begin(&sampler->cpu, xpf_os_cpu_ns(), now_ns);
  sampler->second_due_ns = now_ns + SECOND_NS;
  sampler->record_due_ns = now_ns + sampler->settings.interval_ns;
  take_views(&views, false, false);
  look_at_tasks(sampler, &views);
  sampler->recorded = sampler->reading;
  sampler->recorded.at_ns = now_ns; /* `reading` keeps 0: nobody gets it for a complete one */
  free(views.items);
}

int xpf_sampler_new(struct xpf_sampler **out, uv_loop_t *loop, struct xpf_log *log,
                    const struct xpf_config *config) {
  struct xpf_sampler *sampler = calloc(1, sizeof *sampler);
  if (!sampler)
    return -ENOMEM;
  int err = pthread_mutex_init(&sampler->lock, NULL);
  if (err) {
    free(sampler);
    return -err;
  }
  sampler->loop = loop;
  sampler->log = log;
  sampler->settings = settings_of(config);
  sampler->tasks.libuv_names_threads = uv_version() >= 0x013200; /* 1.50 */
  read_baseline(sampler);
  uv_timer_init(loop, &sampler->second_timer);
  uv_timer_init(loop, &sampler->record_timer);
  sampler->open_timers = 2;
  sampler->second_timer.data = sampler;
  sampler->record_timer.data = sampler;
  arm(&sampler->second_timer, on_second, sampler->second_due_ns);
  arm(&sampler->record_timer, on_record, sampler->record_due_ns);
  *out = sampler;
  return 0;
}

void xpf_sampler_configure(struct xpf_sampler *sampler, const struct xpf_config *config) {
  struct settings settings = settings_of(config);
  pthread_mutex_lock(&sampler->lock);
  bool changed = settings.interval_ns != sampler->settings.interval_ns;
  sampler->settings = settings;
  pthread_mutex_unlock(&sampler->lock);
  if (!changed)
    return;
  sampler->refresh_tries = 0;
  sampler->record_due_ns = uv_hrtime() + settings.interval_ns;
  arm(&sampler->record_timer, on_record, sampler->record_due_ns);
}

static void on_closed(uv_handle_t *handle) {
  struct xpf_sampler *sampler = handle->data;
  if (--sampler->open_timers > 0)
    return;
  void (*done)(void *arg) = sampler->done;
  void *arg = sampler->done_arg;
  if (sampler->cgroup)
    xpf_cgroup_close(sampler->cgroup);
  xpf_task_cpu_free(&sampler->tasks);
  free(sampler->previous.items);
  pthread_mutex_destroy(&sampler->lock);
  free(sampler);
  if (done)
    done(arg);
}

void xpf_sampler_close(struct xpf_sampler *sampler, void (*done)(void *arg), void *arg) {
  if (waiting.sampler == sampler)
    waiting.sampler = NULL;
  sampler->done = done;
  sampler->done_arg = arg;
  uv_close((uv_handle_t *)&sampler->second_timer, on_closed);
  uv_close((uv_handle_t *)&sampler->record_timer, on_closed);
}
