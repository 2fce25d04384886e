#include "core/log.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/log_files.h"
#include "core/log_queue.h"
#include "core/log_retention.h"
#include "format/json.h"
#include "wire/utf8.h"
#include "xpf_version.h"

#define TEXT_MAX_BYTES      (64 * 1024)
#define COMPONENT_MAX_BYTES 64
#define PREFIX_MAX_BYTES    256
#define JSON_MAX_BYTES      (8 * TEXT_MAX_BYTES) /* every byte may become \u00XX */
#define RETENTION_PERIOD_S  3600

struct xpf_log {
  struct xpf_log_options options; /* core thread only; its level is that of the beginning */
  int level;                      /* atomic */
  struct xpf_log_files files;
  uint64_t lost[XPF_LOG_LEVELS]; /* lines since the file of this level failed */
  bool failing[XPF_LOG_LEVELS];
  unsigned links_reported;
  int links_day; /* the day the links were looked at last */
  bool stdout_torn;
  time_t last_check, last_retention;
  time_t second; /* that `tm` is the local time of */
  struct tm tm;

  struct xpf_log_queue queue;

  char line[PREFIX_MAX_BYTES + TEXT_MAX_BYTES + 2];
};

static const char *const level_names[XPF_LOG_LEVELS] = {"info", "error", "debug"};

/* ---- life ---- */

static void clean_options(struct xpf_log_options *options) {
  options->dir[sizeof options->dir - 1] = '\0';
}

int xpf_log_new(struct xpf_log **out, const struct xpf_log_options *options) {
  struct xpf_log *log = malloc(sizeof *log);
  if (!log)
    return -ENOMEM;
  memset(log, 0, offsetof(struct xpf_log, line)); /* the line's pages come when they are written */
  int err = xpf_log_queue_init(&log->queue);
  if (err) {
    free(log);
    return err;
  }
  log->options = *options;
  clean_options(&log->options);
  log->level = options->level;
  log->second = -1;
  xpf_log_files_init(&log->files, log->options.dir, options->format);
  *out = log;
  return 0;
}

void xpf_log_free(struct xpf_log *log) {
  if (!log)
    return;
  xpf_log_drain(log);
  xpf_log_files_close(&log->files);
  xpf_log_queue_destroy(&log->queue);
  free(log);
}

void xpf_log_configure(struct xpf_log *log, const struct xpf_log_options *options) {
  bool moved = strcmp(log->options.dir, options->dir) != 0;
  bool renamed = log->options.format != options->format;
  log->options = *options;
  clean_options(&log->options);
  log->last_retention = 0;
  if (!moved && !renamed)
    return;
  xpf_log_files_close(&log->files);
  xpf_log_files_init(&log->files, log->options.dir, options->format);
  log->links_reported = 0;
}

void xpf_log_set_level(struct xpf_log *log, int level) {
  __atomic_store_n(&log->level, level, __ATOMIC_RELAXED);
}

bool xpf_log_wants(const struct xpf_log *log, enum xpf_log_level level) {
  return (unsigned)level < XPF_LOG_LEVELS &&
         (int)level <= __atomic_load_n(&log->level, __ATOMIC_RELAXED);
}

/* ---- standard output and error ---- */

/* Never blocks: what does not fit now is dropped. Returns bytes written. The thread has SIGPIPE
 * blocked; sockets are asked not to raise it. */
static size_t put_now(int fd, const char *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    /* A pipe that polls writable takes PIPE_BUF bytes (4096) without blocking. */
    size_t step = size - done < 4096 ? size - done : 4096;
    ssize_t wrote = send(fd, data + done, step, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote < 0 && errno == ENOTSOCK) {
      if (poll(&poll_fd, 1, 0) != 1 || !(poll_fd.revents & POLLOUT))
        return done;
      wrote = write(fd, data + done, step);
    }
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0)
      return done;
    done += (size_t)wrote;
  }
  return done;
}

static void say_on_stderr(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say_on_stderr(const char *format, ...) {
  char text[1500];
  va_list args;
  va_start(args, format);
  int size = vsnprintf(text, sizeof text - 1, format, args);
  va_end(args);
  if (size < 0)
    return;
  size_t used = (size_t)size < sizeof text - 2 ? (size_t)size : sizeof text - 2;
  text[used++] = '\n';
  put_now(STDERR_FILENO, text, used);
}

static void put_on_stdout(struct xpf_log *log, const char *line, size_t size) {
  if (log->stdout_torn && put_now(STDOUT_FILENO, "\n", 1) == 1)
    log->stdout_torn = false;
  if (log->stdout_torn)
    return;
  size_t done = put_now(STDOUT_FILENO, line, size);
  log->stdout_torn = done > 0 && done < size;
}

/* ---- one line ---- */

static const struct tm *local_time(struct xpf_log *log, time_t second) {
  if (second != log->second) {
    if (!localtime_r(&second, &log->tm))
      memset(&log->tm, 0, sizeof log->tm);
    log->second = second;
  }
  return &log->tm;
}

static int day_of(const struct tm *tm) {
  return (tm->tm_year + 1900) * 10000 + (tm->tm_mon + 1) * 100 + tm->tm_mday;
}

/* One line of well-formed UTF-8 without control characters, at most max bytes. */
static size_t clean_text(char *out, size_t max, const char *text) {
  size_t size = strnlen(text, max + 1);
  if (size > max)
    size = xpf_utf8_cut(text, size, max);
  for (size_t i = 0; i < size; i++)
    out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
  for (size_t from = 0; from < size;) {
    from += xpf_utf8_check(out + from, size - from);
    if (from < size)
      out[from++] = '?';
  }
  out[size] = '\0';
  return size;
}

static void report_success(struct xpf_log *log, enum xpf_log_level level) {
  if (!log->failing[level])
    return;
  log->failing[level] = false;
  say_on_stderr("xprofiler: %s/%s can be written again, %llu log lines were lost", log->files.dir,
                log->files.files[level].name, (unsigned long long)log->lost[level]);
  log->lost[level] = 0;
}

static void report_failure(struct xpf_log *log, enum xpf_log_level level, int err) {
  log->lost[level]++;
  if (log->failing[level])
    return;
  log->failing[level] = true;
  say_on_stderr("xprofiler: cannot write %s/%s: %s; log lines are lost until this is over",
                log->files.dir, log->files.files[level].name,
                err == -EDQUOT ? "today's files exceed log_max_total_mb or the disk quota"
                               : strerror(-err));
}

static void put_line(struct xpf_log *log, enum xpf_log_level level, int day, const char *line,
                     size_t size) {
  if (log->options.to_stdout)
    put_on_stdout(log, line, size);
  int err = xpf_log_files_append(&log->files, level, day, line, size);
  if (err)
    report_failure(log, level, err);
  else
    report_success(log, level);
}

struct head {
  enum xpf_log_level level;
  const char *component;
  uint32_t thread_id;
  struct timespec at;
};

static void write_text(struct xpf_log *log, const struct head *head, const char *text) {
  const struct tm *tm = local_time(log, head->at.tv_sec);
  char component[COMPONENT_MAX_BYTES + 1], time_text[32];
  clean_text(component, COMPONENT_MAX_BYTES, head->component);
  strftime(time_text, sizeof time_text, "%Y-%m-%d %H:%M:%S", tm);
  int used;
  if (log->options.format == XPF_FORMAT_ALINODE)
    used = snprintf(log->line, PREFIX_MAX_BYTES, "[%s.%06ld] [%s] [%s] [%d] ", time_text,
                    head->at.tv_nsec / 1000, level_names[head->level], component, (int)getpid());
  else
    used =
        snprintf(log->line, PREFIX_MAX_BYTES, "[%s] [%s] [%s] [%d] [%u] [%s] ", time_text,
                 level_names[head->level], component, (int)getpid(), head->thread_id, XPF_VERSION);
  if (used < 0 || used >= PREFIX_MAX_BYTES)
    return;
  size_t size = (size_t)used + clean_text(log->line + used, TEXT_MAX_BYTES, text);
  log->line[size++] = '\n';
  put_line(log, head->level, day_of(tm), log->line, size);
}

static void json_head(struct xpf_log *log, struct xpf_json *json, const struct head *head) {
  const struct tm *tm = local_time(log, head->at.tv_sec);
  char component[COMPONENT_MAX_BYTES + 1], time_text[80], seconds[32];
  long minutes = tm->tm_gmtoff / 60;
  strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", tm);
  snprintf(time_text, sizeof time_text, "%s.%03ld%c%02ld:%02ld", seconds,
           head->at.tv_nsec / 1000000, minutes < 0 ? '-' : '+', labs(minutes) / 60,
           labs(minutes) % 60);
  clean_text(component, COMPONENT_MAX_BYTES, head->component);
  xpf_json_object_begin(json);
  xpf_json_key(json, "time");
  xpf_json_string(json, time_text);
  xpf_json_key(json, "level");
  xpf_json_string(json, level_names[head->level]);
  xpf_json_key(json, "component");
  xpf_json_string(json, component);
  xpf_json_key(json, "pid");
  xpf_json_int(json, getpid());
  xpf_json_key(json, "thread_id");
  xpf_json_uint(json, head->thread_id);
  xpf_json_key(json, "version");
  xpf_json_string(json, XPF_VERSION);
}

static void put_json(struct xpf_log *log, const struct head *head, struct xpf_json *json,
                     struct xpf_memory_sink *sink) {
  xpf_json_object_end(json);
  xpf_sink_text(&sink->sink, "\n");
  if (sink->sink.error == 0)
    put_line(log, head->level, day_of(local_time(log, head->at.tv_sec)), sink->data, sink->size);
  else
    report_failure(log, head->level, sink->sink.error);
  xpf_memory_sink_free(sink);
}

static void write_json_message(struct xpf_log *log, const struct head *head, const char *text) {
  struct xpf_memory_sink sink;
  struct xpf_json json;
  xpf_memory_sink_init(&sink, JSON_MAX_BYTES);
  xpf_json_init(&json, &sink.sink, false);
  json_head(log, &json, head);
  clean_text(log->line, TEXT_MAX_BYTES, text);
  xpf_json_key(&json, "message");
  xpf_json_string(&json, log->line);
  put_json(log, head, &json, &sink);
}

/* body: `"a":1,…` */
static void write_json_body(struct xpf_log *log, const struct head *head, const char *body) {
  struct xpf_memory_sink sink;
  struct xpf_json json;
  xpf_memory_sink_init(&sink, JSON_MAX_BYTES);
  xpf_json_init(&json, &sink.sink, false);
  json_head(log, &json, head);
  xpf_sink_text(&sink.sink, body[0] ? "," : "");
  xpf_sink_text(&sink.sink, body);
  put_json(log, head, &json, &sink);
}

static void write_message(struct xpf_log *log, const struct head *head, const char *text) {
  if (log->options.format == XPF_FORMAT_JSON)
    write_json_message(log, head, text);
  else
    write_text(log, head, text);
}

static struct head head_now(enum xpf_log_level level, const char *component, uint32_t thread_id) {
  struct head head = {.level = level, .component = component, .thread_id = thread_id};
  clock_gettime(CLOCK_REALTIME, &head.at);
  return head;
}

void xpf_log_write(struct xpf_log *log, enum xpf_log_level level, const char *component,
                   uint32_t thread_id, const char *text) {
  if (!xpf_log_wants(log, level))
    return;
  struct head head = head_now(level, component, thread_id);
  write_message(log, &head, text);
}

void xpf_log_write_json(struct xpf_log *log, enum xpf_log_level level, const char *component,
                        uint32_t thread_id, const char *object_body) {
  if (!xpf_log_wants(log, level))
    return;
  struct head head = head_now(level, component, thread_id);
  write_json_body(log, &head, object_body);
}

/* ---- queue ---- */

void xpf_log_post(struct xpf_log *log, enum xpf_log_level level, const char *component,
                  uint32_t thread_id, const char *text) {
  if (xpf_log_wants(log, level))
    xpf_log_queue_push(&log->queue, level, component, COMPONENT_MAX_BYTES, thread_id, text,
                       TEXT_MAX_BYTES);
}

int xpf_log_drain(struct xpf_log *log) {
  uint64_t lost;
  struct xpf_log_queued *lines = xpf_log_queue_take(&log->queue, &lost);
  int written = 0;
  if (lost > 0) {
    char text[80];
    snprintf(text, sizeof text, "%llu lines were lost: too many at once", (unsigned long long)lost);
    xpf_log_write(log, XPF_LOG_ERROR, "log", 0, text);
  }
  for (struct xpf_log_queued *line = lines; line; line = line->next) {
    struct head head = {line->level, line->component, line->thread_id, line->at};
    write_message(log, &head, line->text);
    written++;
  }
  xpf_log_queue_free_lines(lines);
  return written;
}

/* ---- upkeep ---- */

static void report_links(struct xpf_log *log) {
  static const char *const names[] = {"xprofiler.log", "error.log"};
  for (unsigned i = 0; i < 2; i++) {
    char text[1200];
    if ((log->files.links_refused & ~log->links_reported & 1u << i) == 0)
      continue;
    log->links_reported |= 1u << i;
    snprintf(text, sizeof text, "%s/%s is not a link of xprofiler and was left alone",
             log->files.dir, names[i]);
    xpf_log_write(log, XPF_LOG_ERROR, "log", 0, text);
  }
}

void xpf_log_maintain(struct xpf_log *log) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec == log->last_check)
    return;
  log->last_check = now.tv_sec;
  xpf_log_files_check(&log->files, (uint64_t)(log->options.max_total_mb * 1024 * 1024));
  int day = day_of(local_time(log, now.tv_sec));
  bool due = log->last_retention == 0 || now.tv_sec < log->last_retention ||
             now.tv_sec - log->last_retention >= RETENTION_PERIOD_S;
  if (due || day != log->links_day)
    xpf_log_files_link(&log->files, day);
  log->links_day = day;
  report_links(log);
  if (!due)
    return;
  log->last_retention = now.tv_sec;
  struct xpf_log_limits limits = {log->options.max_age_days, log->options.max_total_mb,
                                  log->options.profile_max_total_mb};
  xpf_log_retention(log->options.dir, &limits, now.tv_sec);
}
