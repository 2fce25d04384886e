#include "core/fatal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "core/core_file.h"
#include "core/diag.h"
#include "core/job.h"
#include "core/outfile.h"

#define FLUSH_MS 2000
#define WAIT_S   10

static void say(const char *location, const char *message) {
  char text[1024];
  int size = snprintf(text, sizeof text, "xprofiler: %s %s\n", location, message);
  if (size > (int)sizeof text - 1)
    size = (int)sizeof text - 1;
  if (size > 0 && write(STDERR_FILENO, text, (size_t)size) < 0)
    return; /* a closed stderr is no reason to do less */
}

static void write_report(struct xpf_thread *thread, const struct xpf_config *config,
                         const char *location, const char *message) {
  char name[256];
  struct xpf_outfile file;
  uint32_t id = xpf_thread_id(thread);
  xpf_job_next_name(name, sizeof name, "fatal-error", "diag");
  xpf_core_log(XPF_LOG_INFO, "fatal_error", id, "dump report to %s/%s.", config->log_dir, name);
  struct xpf_diag_js *js = xpf_diag_js_collect(thread, false);
  struct xpf_diag diag = {.thread = thread,
                          .location = location,
                          .message = message,
                          .js = js,
                          .why_no_js = "out of memory"};
  int err = xpf_outfile_open(&file, config->log_dir, name);
  if (!err) {
    err = xpf_diag_write(&diag, &file.sink);
    if (err)
      xpf_outfile_abort(&file);
    else
      err = xpf_outfile_commit(&file, NULL);
  }
  xpf_diag_js_free(js);
  if (err)
    xpf_core_log(XPF_LOG_ERROR, "fatal_error", id, "the report could not be written: %s.",
                 strerror(-err));
  else
    xpf_core_log(XPF_LOG_INFO, "fatal_error", id, "report dumped.");
}

static void write_core(struct xpf_thread *thread, const struct xpf_config *config) {
  char name[256];
  struct xpf_fault fault;
  uint32_t id = xpf_thread_id(thread);
  xpf_job_next_name(name, sizeof name, "fatal-error", "core");
  xpf_core_log(XPF_LOG_INFO, "fatal_error", id, "dump core to %s/%s.", config->log_dir, name);
  if (xpf_core_file_write(config->log_dir, name, SIGABRT, &fault) != 0)
    xpf_core_log(XPF_LOG_ERROR, "fatal_error", id, "%s", fault.message);
  else
    xpf_core_log(XPF_LOG_INFO, "fatal_error", id, "core dumped.");
}

static void on_fatal(void *arg, const char *location, const char *message) {
  struct xpf_thread *thread = arg;
  struct xpf_config config;
  static bool entered; /* a second fatal error inside this one must only die */
  if (__atomic_exchange_n(&entered, true, __ATOMIC_RELAXED))
    return;
  location = location ? location : "unknown location";
  message = message ? message : "";
  xpf_core_config(&config);
  say(location, message);
  if (config.enable_fatal_error_report)
    write_report(thread, &config, location, message);
  xpf_thread_items_fatal(thread, "fatal error");
  xpf_jobs_wait_thread(xpf_thread_id(thread), WAIT_S);
  if (config.enable_fatal_error_coredump)
    write_core(thread, &config);
  xpf_core_flush(FLUSH_MS);
}

int xpf_fatal_watch(struct xpf_thread *thread) {
  return xpf_bridge_fatal_watch(xpf_thread_bridge(thread), on_fatal, thread);
}
