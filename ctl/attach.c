#include "attach.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "attach_inspector.h"
#include "attach_load.h"
#include "attach_package.h"
#include "host/os.h"
#include "host/socket_dir.h"
#include "target/node_binary.h"
#include "print.h"
#include "target/reply_field.h"
#include "target.h"
#include "text.h"

#define VERIFY_MS 3000

struct attachment {
  const struct xpf_attach_options *options;
  struct xpf_attach_result *result;
  struct xpf_verdict *verdict;
  struct xpf_os_identity identity;
  struct xpf_node_binary node;
  struct xpf_attach_inspector inspector;
  char package[4096];
  sigset_t mask; /* to be restored */
};

static void step(const struct attachment *attachment, enum xpf_text_id id, ...) {
  va_list args;
  char text[512];

  if (!attachment->options->shows_steps)
    return;
  va_start(args, id);
  vsnprintf(text, sizeof text, xpf_text(id), args);
  va_end(args);
  xpf_print_line(stderr, "  %s", text);
}

/* 0 and the version when the process answers as xprofiler. */
static int ask_version(pid_t pid, int timeout_ms, char *version, size_t size,
                       struct xpf_verdict *verdict) {
  struct xpf_client *client;
  struct xpf_fault fault = {0};
  cJSON *result = NULL;

  int status = xpf_target_open(&client, pid, timeout_ms, verdict);
  if (status != 0)
    return status;
  int error =
      xpf_client_call(client, "check_version", NULL, timeout_ms, NULL, NULL, &result, &fault);
  if (error != 0)
    status = xpf_target_explain(verdict, pid, error, timeout_ms, &fault);
  snprintf(version, size, "%s", xpf_reply_field_text(result, "version", "?"));
  cJSON_Delete(result);
  xpf_client_close(client);
  return status;
}

/* 1: it is there; 0: it is not, go on; negative: an exit status, negated. */
static int look_for_xprofiler(struct attachment *attachment) {
  struct xpf_socket_place place;
  struct xpf_verdict *verdict = attachment->verdict;
  pid_t pid = attachment->inspector.pid;
  char *version = attachment->result->version;

  if (xpf_socket_find(pid, &place) == -ENOENT)
    return 0;
  int status = ask_version(pid, VERIFY_MS, version, sizeof attachment->result->version, verdict);
  if (status == 0)
    return 1;
  *version = '\0';
  return strcmp(verdict->reason, "not_started") == 0 ? 0 : -status;
}

static int say_not_node(const struct attachment *attachment) {
  const struct xpf_os_identity *identity = &attachment->identity;
  char name[128];
  snprintf(name, sizeof name, "%.120s",
           *identity->command_line != '\0' ? identity->command_line : identity->comm);
  return xpf_verdict_set(attachment->verdict, XPF_REASON_NOT_NODE, XPF_TEXT_NOT_NODE,
                         (int)attachment->inspector.pid, name);
}

static int check_program(struct attachment *attachment) {
  struct xpf_verdict *verdict = attachment->verdict;
  const struct xpf_node_binary *node = &attachment->node;
  pid_t pid = attachment->inspector.pid;
  struct xpf_os_task task;

  int error = xpf_node_binary_of(pid, &attachment->node);
  if (error == -EACCES || error == -EPERM)
    return xpf_verdict_set(verdict, XPF_REASON_NOT_PERMITTED, XPF_TEXT_ATTACH_EXE, (int)pid,
                           strerror(-error));
  if (error != 0 || !node->is_node)
    return say_not_node(attachment);
  if (*xpf_node_machine() != '\0' && strcmp(node->machine, xpf_node_machine()) != 0)
    return xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_MACHINE, (int)pid,
                           node->machine, xpf_node_machine());
  if (xpf_os_task(pid, pid, &task) == 0 && task.state == 'T') {
    xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_STOPPED, (int)pid);
    xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_STOPPED_HINT, (int)pid);
    return verdict->status;
  }
  return 0;
}

/* All that can be known without touching the target. */
static int check(struct attachment *attachment) {
  struct xpf_attach_inspector *inspector = &attachment->inspector;
  const struct xpf_attach_options *options = attachment->options;

  xpf_os_identity(inspector->pid, &attachment->identity);
  inspector->start_ticks = attachment->identity.start_ticks;
  int status = check_program(attachment);
  if (status == 0)
    status = xpf_attach_inspector_check(inspector, attachment->verdict);
  if (status == 0)
    status = xpf_attach_package_find(inspector->pid, attachment->identity.euid, options->package,
                                     &attachment->node, attachment->package,
                                     sizeof attachment->package, attachment->verdict);
  return status;
}

static bool agrees(const struct attachment *attachment) {
  char answer[64];

  if (!attachment->options->asks)
    return true;
  fprintf(stderr, xpf_text(XPF_TEXT_ATTACH_ASK), (int)attachment->inspector.pid,
          attachment->inspector.words.port);
  fflush(stderr);
  if (fgets(answer, sizeof answer, stdin) == NULL)
    return false;
  return *answer == '\n' || *answer == 'y' || *answer == 'Y';
}

/* From here until the inspector is closed again Ctrl-C waits: it would leave the door open. */
static void hold_signals(struct attachment *attachment) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, &attachment->mask);
}

static int open_inspector(struct attachment *attachment) {
  struct xpf_attach_inspector *inspector = &attachment->inspector;
  struct xpf_verdict *verdict = attachment->verdict;
  bool is_open = false;

  int status = xpf_attach_inspector_find(inspector, attachment->options->port, &is_open, verdict);
  if (status == 0 && !is_open)
    status = xpf_attach_inspector_can_open(inspector, verdict);
  if (status == 0 && !agrees(attachment))
    status = xpf_verdict_set(verdict, XPF_REASON_DECLINED, XPF_TEXT_ATTACH_DECLINED);
  if (status != 0)
    return status;
  hold_signals(attachment);
  if (!is_open) {
    step(attachment, XPF_TEXT_ATTACH_STEP_SIGNAL);
    status = xpf_attach_inspector_open(inspector, verdict);
  }
  if (status == 0)
    step(attachment, inspector->is_ours ? XPF_TEXT_ATTACH_STEP_OPENED : XPF_TEXT_ATTACH_STEP_USE,
         (unsigned)inspector->place.port);
  return status == 0 ? xpf_attach_inspector_begin(inspector, verdict) : status;
}

static int load(struct attachment *attachment) {
  struct xpf_attach_inspector *inspector = &attachment->inspector;
  struct xpf_attach_result *result = attachment->result;

  step(attachment, XPF_TEXT_ATTACH_STEP_LOAD, attachment->package);
  int status = xpf_attach_load_main(inspector, attachment->package, attachment->options->log_dir,
                                    result, attachment->verdict);
  if (status == 0)
    xpf_attach_load_workers(inspector, attachment->package, result);
  if (inspector->is_ours)
    step(attachment, XPF_TEXT_ATTACH_STEP_CLOSE);
  if (!xpf_attach_inspector_end(inspector) && status == 0) {
    status = xpf_verdict_set(attachment->verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_STILL_OPEN,
                             (int)inspector->pid, (unsigned)inspector->place.port);
    xpf_verdict_hint(attachment->verdict, XPF_TEXT_ATTACH_STILL_OPEN_HINT);
  }
  return status;
}

static int run(struct attachment *attachment) {
  struct xpf_attach_inspector *inspector = &attachment->inspector;
  struct xpf_attach_result *result = attachment->result;

  int there = look_for_xprofiler(attachment);
  if (there != 0) {
    result->was_there = there > 0;
    return there > 0 ? 0 : -there;
  }
  sigprocmask(SIG_SETMASK, NULL, &attachment->mask);
  int status = check(attachment);
  if (status == 0)
    status = open_inspector(attachment);
  if (status == 0)
    status = load(attachment);
  result->port = inspector->place.port;
  result->inspector_was_open = !inspector->is_ours;
  sigprocmask(SIG_SETMASK, &attachment->mask, NULL); /* a Ctrl-C of meanwhile ends us here */
  if (status != 0)
    return status;
  step(attachment, XPF_TEXT_ATTACH_STEP_VERIFY);
  return ask_version(inspector->pid, VERIFY_MS, result->version, sizeof result->version,
                     attachment->verdict);
}

int xpf_attach(pid_t pid, const struct xpf_attach_options *options,
               struct xpf_attach_result *result, struct xpf_verdict *verdict) {
  struct attachment *attachment = calloc(1, sizeof *attachment);
  uint64_t begin_ns = xpf_os_now_ns();
  int timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : XPF_ATTACH_TIMEOUT_MS;

  *result = (struct xpf_attach_result){0};
  if (attachment == NULL)
    return xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  attachment->options = options;
  attachment->result = result;
  attachment->verdict = verdict;
  attachment->inspector.pid = pid;
  attachment->inspector.timeout_ms = timeout_ms;
  attachment->inspector.deadline_ns = begin_ns + (uint64_t)timeout_ms * 1000000;
  int status = run(attachment);
  result->took_ms = (double)(xpf_os_now_ns() - begin_ns) / 1e6;
  free(attachment);
  return status;
}
