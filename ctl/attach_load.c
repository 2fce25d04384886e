#include "attach_load.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/os.h"
#include "reply_field.h"
#include "text.h"

#define WORKERS_MAX 256
#define WORKERS_MS  3000
#define EVALUATE    "Runtime.evaluate"

static cJSON *make_params(const char *package, const char *log_dir) {
  char file[4200];
  cJSON *argument = cJSON_CreateObject();
  cJSON *config = cJSON_AddObjectToObject(argument, "config");

  snprintf(file, sizeof file, "%s/lib/attach.js", package);
  cJSON_AddStringToObject(argument, "file", file);
  if (log_dir != NULL)
    cJSON_AddStringToObject(config, "log_dir", log_dir);
  cJSON *params = xpf_attach_evaluate("return load(argument.file)(argument.config)", argument);
  cJSON_Delete(argument);
  return params;
}

/* What lib/attach.js gave back; without it, *message says what stood in its place. */
static cJSON *read_result(const cJSON *result, char *message, size_t size) {
  const cJSON *value =
      cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(result, "result"), "value");
  const cJSON *exception = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(result, "exceptionDetails"), "exception");

  snprintf(message, size, "%s",
           xpf_reply_field_text(exception, "description",
                                xpf_reply_field_text(exception, "value", "?")));
  message[strcspn(message, "\r\n")] = '\0'; /* the stack follows */
  return exception == NULL && cJSON_IsString(value) ? cJSON_Parse(value->valuestring) : NULL;
}

static int say_failed(const struct xpf_attach_inspector *inspector, int error,
                      struct xpf_verdict *verdict) {
  int pid = (int)inspector->pid;

  if (error == -ETIMEDOUT) {
    xpf_verdict_set(verdict, XPF_REASON_TIMEOUT, XPF_TEXT_ATTACH_TIMEOUT, pid,
                    inspector->timeout_ms / 1e3);
    xpf_verdict_hint(verdict, XPF_TEXT_TIMEOUT_HINT);
    return verdict->status;
  }
  if (!xpf_os_is_alive(inspector->pid))
    return xpf_verdict_set(verdict, XPF_REASON_DIED, XPF_TEXT_DIED, pid);
  return xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_SESSION, pid,
                         (unsigned)inspector->place.port, strerror(-error));
}

int xpf_attach_load_main(struct xpf_attach_inspector *inspector, const char *package,
                         const char *log_dir, struct xpf_attach_result *result,
                         struct xpf_verdict *verdict) {
  char message[512];
  cJSON *reply;
  int error = xpf_inspector_call(inspector->session, EVALUATE, make_params(package, log_dir),
                                 inspector->deadline_ns, &reply);
  if (error != 0)
    return say_failed(inspector, error, verdict);
  cJSON *answer = read_result(reply, message, sizeof message);
  int status = 0;
  if (answer == NULL && inspector->words.is_waiting) {
    status = xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_WAITING,
                             (int)inspector->pid);
    xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_WAITING_HINT);
  } else if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok")))
    status = xpf_verdict_set(verdict, XPF_REASON_LOADING, XPF_TEXT_ATTACH_REFUSED,
                             (int)inspector->pid, xpf_reply_field_text(answer, "message", message));
  snprintf(result->node_version, sizeof result->node_version, "%s",
           xpf_reply_field_text(answer, "node_version", ""));
  cJSON_Delete(answer);
  cJSON_Delete(reply);
  return status;
}

struct workers {
  char *sessions[WORKERS_MAX];
  unsigned count, answered, loaded;
  bool is_done;
};

static void take_answer(struct workers *workers, const char *text) {
  cJSON *message = cJSON_Parse(text), *answer = NULL;
  char unused[64];

  if (cJSON_GetObjectItemCaseSensitive(message, "id") != NULL) {
    answer =
        read_result(cJSON_GetObjectItemCaseSensitive(message, "result"), unused, sizeof unused);
    workers->answered++;
    workers->loaded += cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok"));
  }
  workers->is_done = workers->answered >= workers->count;
  cJSON_Delete(answer);
  cJSON_Delete(message);
}

static void take_event(void *arg, const char *method, const cJSON *params) {
  struct workers *workers = arg;
  const char *session = xpf_reply_field_text(params, "sessionId", NULL);

  if (session != NULL && strcmp(method, "NodeWorker.attachedToWorker") == 0 &&
      workers->count < WORKERS_MAX) {
    char *copy = strdup(session);
    if (copy != NULL)
      workers->sessions[workers->count++] = copy;
  } else if (strcmp(method, "NodeWorker.receivedMessageFromWorker") == 0) {
    take_answer(workers, xpf_reply_field_text(params, "message", "{}"));
  } else if (strcmp(method, "NodeWorker.detachedFromWorker") == 0) {
    workers->answered++; /* it ended meanwhile */
    workers->is_done = workers->answered >= workers->count;
  }
}

static int ask_worker(struct xpf_inspector *session, const char *worker, const char *package,
                      uint64_t deadline_ns) {
  cJSON *inner = cJSON_CreateObject(), *params = cJSON_CreateObject();

  cJSON_AddNumberToObject(inner, "id", 1);
  cJSON_AddStringToObject(inner, "method", EVALUATE);
  cJSON_AddItemToObject(inner, "params", make_params(package, NULL));
  char *text = cJSON_PrintUnformatted(inner);
  cJSON_Delete(inner);
  cJSON_AddStringToObject(params, "sessionId", worker);
  cJSON_AddStringToObject(params, "message", text != NULL ? text : "{}");
  cJSON_free(text);
  return xpf_inspector_send(session, "NodeWorker.sendMessageToWorker", params, deadline_ns);
}

void xpf_attach_load_workers(struct xpf_attach_inspector *inspector, const char *package,
                             struct xpf_attach_result *result) {
  struct xpf_inspector *session = inspector->session;
  struct workers workers = {0};
  uint64_t deadline_ns = xpf_os_now_ns() + (uint64_t)WORKERS_MS * 1000000;
  cJSON *params = cJSON_CreateObject(), *reply = NULL;

  xpf_inspector_on_event(session, take_event, &workers);
  cJSON_AddFalseToObject(params, "waitForDebuggerOnStart");
  /* The workers that there are have been told when the reply comes. */
  int error = xpf_inspector_call(session, "NodeWorker.enable", params, deadline_ns, &reply);
  cJSON_Delete(reply);
  for (unsigned i = 0; error == 0 && i < workers.count; i++)
    error = ask_worker(session, workers.sessions[i], package, deadline_ns);
  if (error == 0 && workers.count > 0 && !workers.is_done)
    xpf_inspector_wait(session, &workers.is_done, deadline_ns);
  if (error == 0) {
    xpf_inspector_call(session, "NodeWorker.disable", cJSON_CreateObject(),
                       xpf_os_now_ns() + (uint64_t)WORKERS_MS * 1000000, &reply);
    cJSON_Delete(reply);
  }
  xpf_inspector_on_event(session, NULL, NULL);
  result->workers = workers.loaded;
  result->workers_missed = workers.count - workers.loaded;
  for (unsigned i = 0; i < workers.count; i++)
    free(workers.sessions[i]);
}
