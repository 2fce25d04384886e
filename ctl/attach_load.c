#include "attach_load.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/os.h"
#include "target/reply_field.h"
#include "text.h"

#define WORKERS_MAX 256
#define WORKERS_MS  3000
#define EARLY_MS    50
#define EVALUATE    "Runtime.evaluate"

/* A module that is loaded before Node has set its loaders up ends the thread with an internal
 * assertion. In the main thread Node notes when that is done; only later can the application have
 * replaced `performance`. */
#define MAIN_BEGUN                                                                                 \
  "const timing=performance.nodeTiming;const begun=!timing||timing.bootstrapComplete>0;"
/* A worker puts the name of its script there just before it runs it. */
#define WORKER_BEGUN                                                                               \
  "const name=process.argv[1];const begun=name==='[worker eval]'||typeof name==='string'"          \
  "&&name[0]==='/'&&decodeURI(argument.url)==='file://'+name;"
#define LOAD                                                                                       \
  "return begun?load(argument.file)(argument.config):JSON.stringify({ok:false,is_early:true})"

/* url: of the script of a worker, NULL for the main thread. */
static cJSON *make_params(const char *package, const char *log_dir, const char *url) {
  char file[4200];
  cJSON *argument = cJSON_CreateObject();
  cJSON *config = cJSON_AddObjectToObject(argument, "config");

  snprintf(file, sizeof file, "%s/lib/attach.js", package);
  cJSON_AddStringToObject(argument, "file", file);
  if (url != NULL)
    cJSON_AddStringToObject(argument, "url", url);
  if (log_dir != NULL)
    cJSON_AddStringToObject(config, "log_dir", log_dir);
  cJSON *params = xpf_attach_evaluate(url != NULL ? WORKER_BEGUN LOAD : MAIN_BEGUN LOAD, argument);
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

static bool is_true(const cJSON *answer, const char *key) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, key));
}

static int say_waiting(const struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict) {
  xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_WAITING, (int)inspector->pid);
  xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_WAITING_HINT);
  return verdict->status;
}

/* 0, EARLY, or an exit status and *verdict. */
#define EARLY (-1)
static int try_to_load(struct xpf_attach_inspector *inspector, cJSON *params,
                       struct xpf_attach_result *result, struct xpf_verdict *verdict) {
  char message[512];
  cJSON *reply;
  int status = 0;
  int error =
      xpf_inspector_call(inspector->session, EVALUATE, params, inspector->deadline_ns, &reply);
  if (error != 0)
    return say_failed(inspector, error, verdict);
  cJSON *answer = read_result(reply, message, sizeof message);
  if (is_true(answer, "is_early"))
    status = inspector->words.is_waiting ? say_waiting(inspector, verdict) : EARLY;
  else if (answer == NULL && inspector->words.is_waiting)
    status = say_waiting(inspector, verdict);
  else if (!is_true(answer, "ok"))
    status = xpf_verdict_set(verdict, XPF_REASON_LOADING, XPF_TEXT_ATTACH_REFUSED,
                             (int)inspector->pid, xpf_reply_field_text(answer, "message", message));
  snprintf(result->node_version, sizeof result->node_version, "%s",
           xpf_reply_field_text(answer, "node_version", ""));
  cJSON_Delete(answer);
  cJSON_Delete(reply);
  return status;
}

int xpf_attach_load_main(struct xpf_attach_inspector *inspector, const char *package,
                         const char *log_dir, struct xpf_attach_result *result,
                         struct xpf_verdict *verdict) {
  int status;
  while ((status = try_to_load(inspector, make_params(package, log_dir, NULL), result, verdict)) ==
         EARLY) {
    if (xpf_os_now_ns() >= inspector->deadline_ns)
      return say_failed(inspector, -ETIMEDOUT, verdict);
    xpf_attach_pause_ms(EARLY_MS);
  }
  return status;
}

struct worker {
  char *session, *url;
  bool is_asked, is_over; /* is_over: loaded, refused or ended */
  bool is_loaded, is_ended;
};

struct workers {
  struct worker items[WORKERS_MAX];
  unsigned count;
  bool is_done; /* nobody is asked at the moment */
};

static struct worker *find(struct workers *workers, const char *session) {
  for (unsigned i = 0; i < workers->count; i++)
    if (strcmp(workers->items[i].session, session) == 0)
      return &workers->items[i];
  return NULL;
}

static void add(struct workers *workers, const char *session, const char *url) {
  struct worker worker = {.session = strdup(session), .url = strdup(url)};

  if (workers->count < WORKERS_MAX && worker.session != NULL && worker.url != NULL) {
    workers->items[workers->count++] = worker;
  } else {
    free(worker.session);
    free(worker.url);
  }
}

static void take_answer(struct worker *worker, const char *text) {
  cJSON *message = cJSON_Parse(text), *answer;
  char unused[64];

  if (cJSON_GetObjectItemCaseSensitive(message, "id") != NULL) {
    answer =
        read_result(cJSON_GetObjectItemCaseSensitive(message, "result"), unused, sizeof unused);
    worker->is_asked = false;
    worker->is_over = !is_true(answer, "is_early");
    worker->is_loaded = is_true(answer, "ok");
    cJSON_Delete(answer);
  }
  cJSON_Delete(message);
}

static void end_worker(struct worker *worker) {
  worker->is_asked = false;
  worker->is_over = worker->is_ended = true;
}

static void take_event(void *arg, const char *method, const cJSON *params) {
  struct workers *workers = arg;
  const char *session = xpf_reply_field_text(params, "sessionId", "");
  const cJSON *info = cJSON_GetObjectItemCaseSensitive(params, "workerInfo");
  struct worker *worker = find(workers, session);

  if (strcmp(method, "NodeWorker.attachedToWorker") == 0 && worker == NULL)
    add(workers, session, xpf_reply_field_text(info, "url", ""));
  else if (strcmp(method, "NodeWorker.receivedMessageFromWorker") == 0 && worker != NULL)
    take_answer(worker, xpf_reply_field_text(params, "message", "{}"));
  else if (strcmp(method, "NodeWorker.detachedFromWorker") == 0 && worker != NULL)
    end_worker(worker);
  workers->is_done = true;
  for (unsigned i = 0; i < workers->count; i++)
    workers->is_done &= !workers->items[i].is_asked;
}

static int ask_worker(struct xpf_inspector *session, struct worker *worker, const char *package,
                      uint64_t deadline_ns) {
  cJSON *inner = cJSON_CreateObject(), *params = cJSON_CreateObject();

  cJSON_AddNumberToObject(inner, "id", 1);
  cJSON_AddStringToObject(inner, "method", EVALUATE);
  cJSON_AddItemToObject(inner, "params", make_params(package, NULL, worker->url));
  char *text = cJSON_PrintUnformatted(inner);
  cJSON_Delete(inner);
  cJSON_AddStringToObject(params, "sessionId", worker->session);
  cJSON_AddStringToObject(params, "message", text != NULL ? text : "{}");
  cJSON_free(text);
  worker->is_asked = true;
  return xpf_inspector_send(session, "NodeWorker.sendMessageToWorker", params, deadline_ns);
}

/* Asks those that are not done, and waits for their answers. 0 when some were too early and are to
 * be asked again; negative when it is over. */
static int ask_round(struct xpf_inspector *session, struct workers *workers, const char *package,
                     uint64_t deadline_ns) {
  int error = 0;
  bool has_asked = false;

  for (unsigned i = 0; error == 0 && i < workers->count; i++) {
    struct worker *worker = &workers->items[i];
    if (worker->is_over)
      continue;
    error = ask_worker(session, worker, package, deadline_ns);
    has_asked = true;
    workers->is_done = false;
  }
  if (error == 0 && has_asked)
    error = xpf_inspector_wait(session, &workers->is_done, deadline_ns);
  return error != 0 || has_asked ? error : -ENOENT;
}

void xpf_attach_load_workers(struct xpf_attach_inspector *inspector, const char *package,
                             struct xpf_attach_result *result) {
  struct xpf_inspector *session = inspector->session;
  struct workers *workers = calloc(1, sizeof *workers);
  uint64_t deadline_ns = xpf_os_now_ns() + (uint64_t)WORKERS_MS * 1000000;
  cJSON *params = cJSON_CreateObject(), *reply = NULL;

  if (workers == NULL) {
    cJSON_Delete(params);
    return;
  }
  xpf_inspector_on_event(session, take_event, workers);
  cJSON_AddFalseToObject(params, "waitForDebuggerOnStart");
  /* The workers that there are have been told when the reply comes. */
  int error = xpf_inspector_call(session, "NodeWorker.enable", params, deadline_ns, &reply);
  bool is_enabled = error == 0;
  cJSON_Delete(reply);
  while (error == 0 && (error = ask_round(session, workers, package, deadline_ns)) == 0)
    xpf_attach_pause_ms(EARLY_MS);
  if (is_enabled) {
    xpf_inspector_call(session, "NodeWorker.disable", cJSON_CreateObject(),
                       xpf_os_now_ns() + (uint64_t)WORKERS_MS * 1000000, &reply);
    cJSON_Delete(reply);
  }
  xpf_inspector_on_event(session, NULL, NULL);
  for (unsigned i = 0; i < workers->count; i++) {
    struct worker *worker = &workers->items[i];
    result->workers += worker->is_loaded;
    result->workers_missed += !worker->is_loaded && !worker->is_ended;
    free(worker->session);
    free(worker->url);
  }
  free(workers);
}
