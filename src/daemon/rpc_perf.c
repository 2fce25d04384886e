#include "daemon/rpc_perf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/child.h"
#include "daemon/daemon.h"
#include "host/proc_text.h"
#include "xpf_protocol.h"

#define RECORD_DEADLINE_MS 20000
#define REPORT_DEADLINE_MS 40000
#define OUTPUT_MAX         (16 * 1024 * 1024)

struct run {
  struct xpf_rpc_call *call;
  struct xpf_child *child;
  const char *const *report; /* the second program */
  char dir[256], data[300], seconds[32];
  const char *argv[16];
  bool is_report, is_cancelled;
};

static void done(struct run *run) {
  struct xpf_rpc_call *call = run->call;
  unlink(run->data);
  char old[310];
  snprintf(old, sizeof old, "%s.old", run->data);
  unlink(old);
  if (run->dir[0])
    rmdir(run->dir);
  call->state = NULL;
  free(run);
  xpf_rpc_call_done(call);
}

/* perf's own words, one line of them. */
static void fail_child(struct run *run, const struct xpf_child_end *end) {
  struct xpf_rpc_call *call = run->call;
  char words[200] = "";
  size_t used = 0;
  for (const char *at = end->errors; *at && used < sizeof words - 1; at++) {
    bool is_blank = isspace((unsigned char)*at) || iscntrl((unsigned char)*at);
    if (is_blank && (used == 0 || words[used - 1] == ' '))
      continue;
    words[used++] = is_blank ? ' ' : *at;
  }
  words[used] = '\0';
  bool is_denied = strstr(end->errors, "ermission") || strstr(end->errors, "Access to perf") ||
                   strstr(end->errors, "perf_event_paranoid");
  if (end->is_late)
    xpf_rpc_fail(call, XPF_RPC_INTERNAL, "absent", "perf did not end in time and was ended.");
  else if (end->is_too_long)
    xpf_rpc_fail(call, XPF_RPC_REFUSED, "absent", "perf wrote more than %d bytes.", OUTPUT_MAX);
  else if (is_denied)
    xpf_rpc_fail(call, XPF_RPC_REFUSED, "denied",
                 "denied: perf may not sample all CPUs. Run xprofd as root, or set "
                 "kernel.perf_event_paranoid to -1. perf says: %s",
                 words);
  else
    xpf_rpc_fail(call, XPF_RPC_UNSUPPORTED, "absent", "perf failed: %s",
                 words[0] ? words : "it says nothing");
}

static void on_ended(void *arg, const struct xpf_child_end *end);

static void start_program(struct run *run, const char *const *argv, uint64_t deadline_ms) {
  static const char *const ENV[] = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LC_ALL=C",
      "HOME=/",
      "PERF_CONFIG=/dev/null",
      "DEBUGINFOD_URLS=",
      NULL};
  struct xpf_child_options options = {
      .argv = argv,
      .env = ENV,
      .cwd = run->dir,
      .output_max = OUTPUT_MAX,
      .deadline_ms = deadline_ms,
      .is_group = true, /* perf record has a child of its own */
      .ended = on_ended,
      .arg = run,
  };
  int error = xpf_child_start(&run->child, run->call->daemon->loop, &options);
  if (!error)
    return;
  if (error == -ENOENT)
    xpf_rpc_fail(run->call, XPF_RPC_UNSUPPORTED, "absent",
                 "absent: there is no perf; install it (Debian: linux-perf).");
  else
    xpf_rpc_fail(run->call, XPF_RPC_INTERNAL, "absent", "perf cannot be started: %s.",
                 strerror(-error));
  done(run);
}

static void on_ended(void *arg, const struct xpf_child_end *end) {
  struct run *run = arg;
  run->child = NULL;
  bool failed = end->status != 0 || end->is_late || end->is_too_long;
  if (failed && !run->is_cancelled)
    fail_child(run, end);
  if (failed || run->is_cancelled) {
    done(run);
    return;
  }
  if (!run->is_report) {
    run->is_report = true;
    start_program(run, run->report, REPORT_DEADLINE_MS);
    return;
  }
  struct xpf_rpc_call *call = run->call;
  call->at_ms = xpf_world_now_ms();
  if (call->is_raw) {
    xpf_sink_write(&call->out.sink, end->output, end->output_size);
  } else {
    xpf_rpc_json_begin(call, run->argv[0]);
    call->method->parse(call, (char *)(uintptr_t)end->output);
    xpf_rpc_json_end(call);
  }
  done(run);
}

/* perf.data may hold what other users' processes do: nobody else may read it. */
static int make_folder(struct run *run) {
  snprintf(run->dir, sizeof run->dir, "%.200s/perf-XXXXXX", run->call->daemon->data_dir);
  if (!mkdtemp(run->dir)) {
    int error = -errno;
    run->dir[0] = '\0';
    return error;
  }
  snprintf(run->data, sizeof run->data, "%s/perf.data", run->dir);
  return 0;
}

static void record(struct xpf_rpc_call *call, const char *event, const char *frequency,
                   bool has_stacks, const char *const *report) {
  struct run *run = calloc(1, sizeof *run);
  if (!run) {
    xpf_rpc_fail(call, XPF_RPC_INTERNAL, NULL, "Out of memory.");
    xpf_rpc_call_done(call);
    return;
  }
  run->call = call;
  run->report = report;
  call->state = run;
  int error = make_folder(run);
  if (error) {
    xpf_rpc_fail(call, XPF_RPC_IO, NULL, "No folder for perf in data_dir: %s.", strerror(-error));
    done(run);
    return;
  }
  snprintf(run->seconds, sizeof run->seconds, "%.3f", call->seconds);
  const char *argv[] = {"perf",
                        "record",
                        "-q",
                        "-a",
                        "-F",
                        frequency,
                        "-o",
                        "perf.data",
                        "-e",
                        event,
                        has_stacks ? "-g" : "--",
                        has_stacks ? "--" : "sleep",
                        has_stacks ? "sleep" : run->seconds,
                        has_stacks ? run->seconds : NULL,
                        NULL};
  memcpy(run->argv, argv, sizeof argv);
  start_program(run, run->argv, RECORD_DEADLINE_MS);
}

static const char *const REPORT[] = {"perf", "report", "--stdio", "-i", "perf.data", NULL};
static const char *const SCRIPT[] = {"perf", "script", "-i", "perf.data", NULL};

void xpf_rpc_perf_faults(struct xpf_rpc_call *call) {
  record(call, "faults", "999", false, REPORT);
}

void xpf_rpc_perf_cpu_clock(struct xpf_rpc_call *call) {
  record(call, "cpu-clock", "99", false, REPORT);
}

void xpf_rpc_perf_flame(struct xpf_rpc_call *call) {
  record(call, "cpu-clock", "99", true, SCRIPT);
}

void xpf_rpc_perf_cancel(struct xpf_rpc_call *call) {
  struct run *run = call->state;
  run->is_cancelled = true;
  if (run->child)
    xpf_child_stop(run->child);
}
