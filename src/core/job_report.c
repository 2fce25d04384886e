#include <errno.h>
#include <stdio.h>

#include "core/diag.h"
#include "core/job.h"
#include "host/os.h"
#include "xpf_protocol.h"

/* A thread that has not answered by then is in native code: the report does without its JS part. */
#define JS_DEADLINE_MS 300

struct report_job {
  struct xpf_job job;
  struct xpf_diag_js *js;
};

static int begin(struct xpf_job *job, struct xpf_thread *thread, struct xpf_fault *fault) {
  struct report_job *self = (struct report_job *)job;
  self->js = xpf_diag_js_collect(thread, true);
  if (self->js)
    return 0;
  xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "out of memory");
  return -ENOMEM;
}

static void say_why(const struct xpf_job *job, char *out, size_t size) {
  struct xpf_os_task task;
  unsigned long long blocked_ms = xpf_thread_blocked_ns(job->thread) / 1000000;
  if (xpf_os_task(0, xpf_thread_tid(job->thread), &task) != 0)
    snprintf(out, size, "the thread did not answer within %d ms", JS_DEADLINE_MS);
  else
    snprintf(out, size,
             "the thread has been in native code for about %llu ms (kernel state %c%s%s); its "
             "native stack is in nativeStacks",
             blocked_ms, task.state, task.wait_channel[0] ? ", " : "", task.wait_channel);
}

static int write_file(struct xpf_job *job, struct xpf_sink *sink, struct xpf_fault *fault) {
  (void)fault;
  struct report_job *self = (struct report_job *)job;
  char why[256] = "";
  if (!self->js)
    say_why(job, why, sizeof why);
  struct xpf_diag diag = {.thread = job->thread,
                          .location = "Active Dump",
                          .message = "Active Dump",
                          .js = self->js,
                          .why_no_js = why,
                          .with_native_stacks = true};
  return xpf_diag_write(&diag, sink);
}

static void describe(const struct xpf_job *job, cJSON *result) {
  cJSON_AddBoolToObject(result, "js_available", !job->without_thread);
}

static void report_free(struct xpf_job *job) {
  xpf_diag_js_free(((struct report_job *)job)->js);
}

const struct xpf_job_type xpf_job_report = {
    .command = "diag_report",
    .action = "node_report",
    .kind = "diagreport",
    .extension = "diag",
    .size = sizeof(struct report_job),
    .needs_thread = true,
    .begin_deadline_ms = JS_DEADLINE_MS,
    .begin = begin,
    .write = write_file,
    .describe = describe,
    .free = report_free,
};
