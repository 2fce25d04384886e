/* list_trace_categories: asks the JS thread, answers when it has answered. */
#include <errno.h>
#include <stdlib.h>

#include "core/command_list.h"
#include "core/core.h"
#include "core/server.h"
#include "core/thread.h"
#include "core/tracer.h"
#include "wire/reply.h"
#include "xpf_protocol.h"

struct question {
  struct xpf_task task;
  struct xpf_call answered;
  uint64_t client_id;
  cJSON *id, *categories;
  struct xpf_fault fault;
};

static void on_answered(struct xpf_call *call) {
  struct question *question =
      (struct question *)((char *)call - offsetof(struct question, answered));
  if (question->id && question->categories) {
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "categories", question->categories);
    question->categories = NULL;
    xpf_server_send(question->client_id, xpf_reply_result(question->id, result));
  } else if (question->id) {
    xpf_server_send(question->client_id, xpf_reply_error(question->id, &question->fault, NULL));
  }
  xpf_server_work_end(question->client_id);
  cJSON_Delete(question->categories);
  cJSON_Delete(question->id);
  free(question);
}

static void run(struct xpf_task *task, struct xpf_thread *thread) {
  struct question *question = (struct question *)task;
  (void)thread;
  question->categories = xpf_tracer_categories(&question->fault);
  xpf_core_post(&question->answered);
}

static void cancel(struct xpf_task *task, const char *reason) {
  struct question *question = (struct question *)task;
  xpf_fault_set(&question->fault, XPF_RPC_THREAD, "", "the main thread ended (%s)", reason);
  xpf_core_post(&question->answered);
}

int xpf_command_list_trace_categories(struct xpf_command_call *call,
                                      const struct xpf_command *command) {
  (void)command;
  struct question *question = calloc(1, sizeof *question);
  struct xpf_thread *thread = question ? xpf_thread_find(0) : NULL;
  if (!thread) {
    xpf_fault_set(&call->fault, question ? XPF_RPC_THREAD : XPF_RPC_INTERNAL, "",
                  question ? "the main thread has no xprofiler, or has ended" : "out of memory");
    free(question);
    return -ESRCH;
  }
  question->task = (struct xpf_task){.run = run, .cancel = cancel, .needs_loop = true};
  question->answered.run = on_answered;
  question->client_id = call->client_id;
  question->id = call->id ? cJSON_Duplicate(call->id, true) : NULL;
  if (call->id && !question->id) { /* its answer would find nobody */
    xpf_fault_set(&call->fault, XPF_RPC_INTERNAL, "", "out of memory");
    xpf_thread_unref(thread);
    free(question);
    return -ENOMEM;
  }
  call->is_deferred = true;
  xpf_server_work_begin(call->client_id);
  if (xpf_thread_post(thread, &question->task) != 0)
    cancel(&question->task, "exit");
  xpf_thread_unref(thread);
  return 0;
}
