#include "core/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/command_list.h"
#include "core/server.h"
#include "core/thread.h"
#include "wire/reply.h"
#include "xpf_protocol.h"

struct xpf_process_facts xpf_process_facts;

static const struct xpf_command *find(const char *name) {
  for (const struct xpf_command *command = xpf_commands; command->name; command++)
    if (strcmp(command->name, name) == 0)
      return command;
  return NULL;
}

static void answer_fault(uint64_t client_id, const cJSON *id, const struct xpf_fault *fault) {
  xpf_server_send(client_id, xpf_reply_error(id, fault, NULL));
}

void xpf_command_refuse(uint64_t client_id, const struct xpf_fault *fault) {
  answer_fault(client_id, NULL, fault);
}

static void run(struct xpf_command_call *call, const char *method) {
  const struct xpf_command *command = find(method);
  if (!command) {
    xpf_fault_set(&call->fault, XPF_RPC_METHOD, "method", "not support command: %s", method);
    if (call->id)
      answer_fault(call->client_id, call->id, &call->fault);
    return;
  }
  int err = command->run(call, command);
  if (call->is_deferred)
    return;
  if (call->id && err)
    answer_fault(call->client_id, call->id, &call->fault);
  else if (call->id) {
    xpf_server_send(call->client_id, xpf_reply_result(call->id, call->result));
    call->result = NULL;
  }
  cJSON_Delete(call->result);
}

void xpf_command_dispatch(uint64_t client_id, const char *line, size_t size) {
  struct xpf_request request;
  struct xpf_command_call call = {.client_id = client_id};
  if (xpf_request_parse(&request, line, size, &call.fault) != 0) {
    answer_fault(client_id, request.id, &call.fault);
  } else if (xpf_server_work_count(client_id) >= XPF_REQUESTS_MAX &&
             strcmp(request.method, "cancel") != 0) { /* cancel is the way out */
    xpf_fault_set(&call.fault, XPF_RPC_BUSY, "", "%d requests of this connection wait already",
                  XPF_REQUESTS_MAX);
    answer_fault(client_id, request.id, &call.fault);
  } else {
    call.id = request.id;
    call.params = request.params;
    run(&call, request.method);
  }
  xpf_request_free(&request);
}

struct xpf_thread *xpf_command_thread(struct xpf_command_call *call) {
  unsigned thread_id = 0;
  if (xpf_param_thread_id(call->params, &thread_id, &call->fault) != 0)
    return NULL;
  struct xpf_thread *thread = xpf_thread_find(thread_id);
  if (!thread)
    xpf_fault_set(&call->fault, XPF_RPC_THREAD, "thread_id", "Thread not found: %f",
                  (double)thread_id);
  return thread;
}
