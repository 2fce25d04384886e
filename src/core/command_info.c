#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "core/command_list.h"
#include "core/core.h"
#include "core/metric_format.h"
#include "core/server.h"
#include "core/thread.h"
#include "host/os.h"
#include "wire/reply.h"
#include "xpf_bridge.h"
#include "xpf_protocol.h"
#include "xpf_version.h"

#define METRICS_WAIT_MS 50 /* a blocked thread answers with its last figures and their age */

static void add_version(cJSON *result) {
  cJSON_AddStringToObject(result, "version", XPF_VERSION);
  cJSON_AddNumberToObject(result, "protocol", XPF_PROTOCOL_VERSION);
}

int xpf_command_check_version(struct xpf_command_call *call, const struct xpf_command *command) {
  (void)command;
  call->result = cJSON_CreateObject();
  add_version(call->result);
  return 0;
}

static void add_environment(void *arg, struct xpf_thread *thread) {
  cJSON *environment = cJSON_CreateObject();
  uint64_t uptime_s = (uv_hrtime() - xpf_thread_attached_ns(thread)) / 1000000000;
  cJSON_AddBoolToObject(environment, "is_main_thread", xpf_thread_is_main(thread));
  cJSON_AddNumberToObject(environment, "thread_id", xpf_thread_id(thread));
  cJSON_AddNumberToObject(environment, "uptime", (double)uptime_s);
  cJSON_AddNumberToObject(environment, "loop_blocked_ms",
                          (double)(xpf_thread_blocked_ns(thread) / 1000000));
  cJSON_AddItemToArray(arg, environment);
}

int xpf_command_list_environments(struct xpf_command_call *call,
                                  const struct xpf_command *command) {
  (void)command;
  call->result = cJSON_CreateObject();
  xpf_threads_each(add_environment, cJSON_AddArrayToObject(call->result, "environments"));
  return 0;
}

static void add_text(cJSON *object, const char *key, const char *text) {
  cJSON_AddStringToObject(object, key, text);
}

int xpf_command_process_info(struct xpf_command_call *call, const struct xpf_command *command) {
  (void)command;
  static struct xpf_os_identity identity; /* 12 KB; the core thread is the only caller */
  struct xpf_config config;
  char title[256] = "";
  cJSON *info = cJSON_CreateObject();
  xpf_core_config(&config);
  uv_get_process_title(title, sizeof title);
  cJSON_AddNumberToObject(info, "pid", getpid());
  cJSON_AddNumberToObject(info, "ppid", getppid());
  cJSON_AddNumberToObject(info, "uid", getuid());
  add_text(info, "title", title);
  add_text(info, "script", xpf_process_facts.script);
  add_text(info, "node_version", xpf_process_facts.node_version);
  add_text(info, "v8_version", xpf_bridge_v8_version());
  add_text(info, "log_dir", config.log_dir);
  add_version(info);
  if (xpf_os_identity(getpid(), &identity) == 0) {
    add_text(info, "cwd", identity.cwd);
    add_text(info, "exec_path", identity.exe);
    add_text(info, "argv", identity.command_line);
    cJSON_AddNumberToObject(info, "uptime", (double)(uint64_t)identity.started_s_ago);
  }
  call->result = info;
  return 0;
}

static cJSON *text_result(const struct xpf_metrics *metrics) {
  char *text = xpf_core_prometheus(metrics);
  cJSON *result = text ? cJSON_CreateObject() : NULL;
  cJSON_AddStringToObject(result, "text", text);
  free(text);
  return result;
}

struct metrics_wish {
  bool prometheus, histograms;
};

/* Negative with the fault filled. */
static int metrics_result(const struct metrics_wish *wish, cJSON **result,
                          struct xpf_fault *fault) {
  struct xpf_metrics metrics;
  int err = xpf_core_metrics(&metrics);
  if (err) {
    xpf_fault_set(fault, XPF_RPC_REFUSED, "",
                  err == -ESRCH ? "the sampler does not run (start() was not called)"
                                : "out of memory");
    return err;
  }
  *result = wish->prometheus ? text_result(&metrics) : xpf_metric_cjson(&metrics);
  if (wish->histograms && !wish->prometheus)
    xpf_metric_cjson_histograms(*result, &metrics);
  xpf_metrics_free(&metrics);
  return 0;
}

/* A request that waits until the threads have read their figures. */
struct metrics_waiter {
  uint64_t client_id;
  cJSON *id;
  struct metrics_wish wish;
};

static void answer_metrics(void *arg) {
  struct metrics_waiter *waiter = arg;
  struct xpf_fault fault;
  cJSON *result = NULL;
  int err = metrics_result(&waiter->wish, &result, &fault);
  xpf_server_work_end(waiter->client_id);
  xpf_server_send(waiter->client_id, err ? xpf_reply_error(waiter->id, &fault, NULL)
                                         : xpf_reply_result(waiter->id, result));
  cJSON_Delete(waiter->id);
  free(waiter);
}

/* False when the answer must be given at once: nobody to wait for it, no memory, or a round of
 * readings is under way already. */
static bool wait_for_figures(const struct xpf_command_call *call, const struct metrics_wish *wish) {
  struct metrics_waiter *waiter = call->id ? calloc(1, sizeof *waiter) : NULL;
  if (!waiter)
    return false;
  *waiter = (struct metrics_waiter){call->client_id, cJSON_Duplicate(call->id, true), *wish};
  if (waiter->id && xpf_threads_refresh(METRICS_WAIT_MS, answer_metrics, waiter) == 0) {
    xpf_server_work_begin(call->client_id);
    return true;
  }
  cJSON_Delete(waiter->id);
  free(waiter);
  return false;
}

int xpf_command_metrics(struct xpf_command_call *call, const struct xpf_command *command) {
  (void)command;
  const char *format = "json";
  int err = xpf_param_string(call->params, "format", 32, &format, &call->fault);
  if (err)
    return err;
  struct metrics_wish wish = {.prometheus = strcmp(format, "prometheus") == 0};
  if (!wish.prometheus && strcmp(format, "json") != 0) {
    xpf_fault_set(&call->fault, XPF_RPC_PARAMS, "format", "format must be json or prometheus");
    return -EINVAL;
  }
  err = xpf_param_bool(call->params, "histograms", &wish.histograms, &call->fault);
  if (err)
    return err;
  if (wait_for_figures(call, &wish)) {
    call->is_deferred = true;
    return 0;
  }
  return metrics_result(&wish, &call->result, &call->fault);
}
