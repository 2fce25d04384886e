#include "daemon/rpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rpc_lep.h"
#include "wire/document.h"
#include "wire/reply.h"
#include "xpf_protocol.h"

struct entry {                /* one request of the text */
  struct xpf_rpc_asker asker; /* first */
  struct xpf_rpc_exchange *exchange;
  struct xpf_request request;
  char *reply; /* a line; NULL: none yet, or none at all */
  size_t reply_size;
};

struct xpf_rpc_exchange {
  xpf_rpc_answered answered;
  void *arg;
  bool is_batch, is_lep, is_starting;
  unsigned count, waiting;
  struct entry entries[];
};

bool xpf_rpc_exchange_is_lep(const struct xpf_rpc_exchange *exchange) {
  return exchange->is_lep;
}

char *xpf_rpc_refusal(int code, const char *sentence) {
  struct xpf_fault fault;
  xpf_fault_set(&fault, code, "", "%s", sentence);
  return xpf_reply_error(NULL, &fault, NULL);
}

static void exchange_free(struct xpf_rpc_exchange *exchange) {
  for (unsigned i = 0; i < exchange->count; i++) {
    xpf_request_free(&exchange->entries[i].request);
    free(exchange->entries[i].reply);
  }
  free(exchange);
}

/* ---- answers ---- */

/* "[a,b]\n"; *size 0 and NULL when nothing is to be said (only notifications). */
static char *join(struct xpf_rpc_exchange *exchange, size_t *size) {
  size_t total = 3;
  for (unsigned i = 0; i < exchange->count; i++)
    total += exchange->entries[i].reply_size + 1;
  char *text = malloc(total), *at = text;
  if (!text)
    return NULL;
  for (unsigned i = 0; i < exchange->count; i++) {
    const struct entry *entry = &exchange->entries[i];
    if (!entry->reply)
      continue;
    *at = at == text ? '[' : ',';
    at++;
    memcpy(at, entry->reply, entry->reply_size - 1);
    at += entry->reply_size - 1;
  }
  if (at == text) {
    free(text);
    return NULL;
  }
  memcpy(at, "]\n", 2);
  *size = (size_t)(at + 2 - text);
  return text;
}

static void deliver(struct xpf_rpc_exchange *exchange) {
  char *text = NULL;
  size_t size = 0;
  if (exchange->is_batch) {
    text = join(exchange, &size);
  } else {
    text = exchange->entries[0].reply;
    size = exchange->entries[0].reply_size;
    exchange->entries[0].reply = NULL;
  }
  xpf_rpc_answered answered = exchange->answered;
  void *arg = exchange->arg;
  exchange_free(exchange);
  answered(arg, text, size);
}

static void set_reply(struct entry *entry, char *take_line) {
  entry->reply = take_line;
  entry->reply_size = take_line ? strlen(take_line) : 0;
}

static void reply_fault(struct entry *entry, const struct xpf_fault *fault, const char *quality) {
  if (entry->exchange->is_lep) {
    set_reply(entry, xpf_lep_error(entry->request.id, fault));
    return;
  }
  cJSON *data = quality ? cJSON_CreateObject() : NULL;
  if (data)
    cJSON_AddStringToObject(data, "quality", quality);
  set_reply(entry, xpf_reply_error(entry->request.id, fault, data));
}

/* The text of an answer as a JSON string; NULL: no memory. */
static cJSON *raw_result(const struct xpf_rpc_call *call) {
  if (!call->is_raw)
    return cJSON_CreateRaw(call->out.size ? call->out.data : "null");
  struct xpf_memory_sink sink;
  struct xpf_json json;
  xpf_memory_sink_init(&sink, 6 * XPF_RPC_ANSWER_MAX);
  xpf_json_init(&json, &sink.sink, false);
  xpf_json_string(&json, call->out.data);
  cJSON *result = sink.sink.error ? NULL : cJSON_CreateRaw(sink.data);
  xpf_memory_sink_free(&sink);
  return result;
}

static void reply_call(struct entry *entry, const struct xpf_rpc_call *call) {
  if (entry->exchange->is_lep) {
    set_reply(entry, xpf_lep_result(entry->request.id, call->out.data));
    return;
  }
  cJSON *result = raw_result(call);
  if (result)
    set_reply(entry, xpf_reply_result(entry->request.id, result));
}

static void on_answered(struct xpf_rpc_asker *asker, const struct xpf_rpc_call *call,
                        const struct xpf_fault *fault) {
  struct entry *entry = (struct entry *)asker;
  struct xpf_rpc_exchange *exchange = entry->exchange;
  if (fault)
    reply_fault(entry, fault, call ? call->quality : NULL);
  else
    reply_call(entry, call);
  if (!entry->reply)
    set_reply(entry, xpf_rpc_refusal(XPF_RPC_INTERNAL, "Out of memory."));
  exchange->waiting--;
  if (exchange->waiting == 0 && !exchange->is_starting)
    deliver(exchange);
}

/* ---- requests ---- */

static bool read_raw(const struct entry *entry, bool *is_raw, struct xpf_fault *fault) {
  *is_raw = entry->exchange->is_lep;
  return *is_raw || xpf_param_bool(entry->request.params, "raw", is_raw, fault) == 0;
}

static bool is_listed(const char *names, const char *name) {
  size_t size = strlen(name);
  for (const char *at = names; *at; at += strcspn(at, ", "), at += strspn(at, ", "))
    if (strcspn(at, ", ") == size && memcmp(at, name, size) == 0)
      return true;
  return false;
}

/* A parameter that is not taken would make another question of what was meant. LEP's never reach
 * this: theirs were dropped. */
static bool check_names(const struct xpf_request *request, const struct xpf_rpc_method *method,
                        struct xpf_fault *fault) {
  const cJSON *param;
  cJSON_ArrayForEach(param, request->params) {
    if (strcmp(param->string, "raw") == 0 || is_listed(method->params, param->string))
      continue;
    xpf_fault_set(fault, XPF_RPC_PARAMS, param->string,
                  "%s has no parameter \"%.80s\"; it takes %s%sraw.", method->name, param->string,
                  method->params, method->params[0] ? ", " : "");
    return false;
  }
  return true;
}

static void ask(struct entry *entry, struct xpf_rpc_jobs *jobs,
                const struct xpf_rpc_origin *origin) {
  const struct xpf_request *request = &entry->request;
  const struct xpf_rpc_method *method = xpf_rpc_method_find(request->method);
  struct xpf_fault fault = {0};
  bool is_raw;
  if (!method)
    xpf_fault_set(&fault, XPF_RPC_METHOD, "method",
                  "There is no method \"%s\"; ListAllMethod lists them.", request->method);
  else if (method->access > origin->access)
    xpf_fault_set(&fault, XPF_RPC_REFUSED, "method",
                  "denied: %s is only for the user that runs xprofd, root, or who shows the token.",
                  method->name);
  else if (check_names(request, method, &fault) && read_raw(entry, &is_raw, &fault)) {
    entry->exchange->waiting++;
    xpf_rpc_jobs_ask(jobs, method, entry->exchange->is_lep ? NULL : request->params, is_raw,
                     &entry->asker);
    return;
  }
  reply_fault(entry, &fault, fault.code == XPF_RPC_REFUSED ? "denied" : NULL);
}

/* LEP took params of any kind and never looked at them; by position there are none here. */
static void drop_params(cJSON *root, bool is_lep) {
  const cJSON *params = cJSON_GetObjectItemCaseSensitive(root, "params");
  if (params && (is_lep || (cJSON_IsArray(params) && !params->child)))
    cJSON_DeleteItemFromObjectCaseSensitive(root, "params");
}

static void take_one(struct entry *entry, struct xpf_document *document, struct xpf_rpc_jobs *jobs,
                     const struct xpf_rpc_origin *origin) {
  cJSON *root = document->root;
  bool has_version = cJSON_GetObjectItemCaseSensitive(root, "jsonrpc") != NULL;
  struct xpf_rpc_exchange *exchange = entry->exchange;
  exchange->is_lep =
      origin->takes_lep && !exchange->is_batch && cJSON_IsObject(root) && !has_version;
  drop_params(root, exchange->is_lep);
  struct xpf_fault fault;
  if (xpf_request_take(&entry->request, document, &fault) != 0) {
    reply_fault(entry, &fault, NULL);
  } else if (!has_version && !exchange->is_lep) {
    xpf_fault_set(&fault, XPF_RPC_INVALID, "jsonrpc", "The request has no \"jsonrpc\": \"2.0\".");
    reply_fault(entry, &fault, NULL);
  } else if (entry->request.id || exchange->is_lep) {
    ask(entry, jobs, origin);
  } /* else a notification: there is nothing that it could change, and no reply */
}

static void take_batch(struct xpf_rpc_exchange *exchange, cJSON *array, struct xpf_rpc_jobs *jobs,
                       const struct xpf_rpc_origin *origin) {
  for (unsigned i = 0; i < exchange->count; i++) {
    struct xpf_document part = {.root = cJSON_DetachItemFromArray(array, 0)};
    take_one(&exchange->entries[i], &part, jobs, origin);
  }
}

static struct xpf_rpc_exchange *exchange_new(unsigned count, xpf_rpc_answered answered, void *arg) {
  struct xpf_rpc_exchange *exchange =
      calloc(1, sizeof *exchange + count * sizeof exchange->entries[0]);
  if (!exchange)
    return NULL;
  exchange->count = count;
  exchange->answered = answered;
  exchange->arg = arg;
  exchange->is_starting = true;
  for (unsigned i = 0; i < count; i++) {
    exchange->entries[i].exchange = exchange;
    exchange->entries[i].asker.answered = on_answered;
  }
  return exchange;
}

static void refuse(xpf_rpc_answered answered, void *arg, int code, const char *sentence) {
  char *line = xpf_rpc_refusal(code, sentence);
  answered(arg, line, line ? strlen(line) : 0);
}

/* The tree; NULL when it was answered already. */
static cJSON *read_tree(struct xpf_document *document, const char *text, size_t size,
                        xpf_rpc_answered answered, void *arg) {
  char sentence[256];
  int error = xpf_document_parse(document, text, size, XPF_REQUEST_VALUES_MAX);
  if (error == -ENOMEM) {
    refuse(answered, arg, XPF_RPC_INTERNAL, "Out of memory.");
    return NULL;
  }
  if (error) {
    snprintf(sentence, sizeof sentence, "The request cannot be read: at byte %zu there is %.150s.",
             document->offset + 1, document->wrong);
    refuse(answered, arg, XPF_RPC_PARSE, sentence);
    return NULL;
  }
  int count = cJSON_IsArray(document->root) ? cJSON_GetArraySize(document->root) : 1;
  if (count >= 1 && count <= XPF_RPC_BATCH_MAX)
    return document->root;
  snprintf(sentence, sizeof sentence, "A batch must have 1 to %d requests.", XPF_RPC_BATCH_MAX);
  refuse(answered, arg, XPF_RPC_INVALID, sentence);
  cJSON_Delete(document->root);
  return NULL;
}

struct xpf_rpc_exchange *xpf_rpc_take(struct xpf_rpc_jobs *jobs, const char *text, size_t size,
                                      const struct xpf_rpc_origin *origin,
                                      xpf_rpc_answered answered, void *arg) {
  struct xpf_document document;
  cJSON *root = read_tree(&document, text, size, answered, arg);
  if (!root)
    return NULL;
  bool is_batch = cJSON_IsArray(root);
  struct xpf_rpc_exchange *exchange =
      exchange_new(is_batch ? (unsigned)cJSON_GetArraySize(root) : 1, answered, arg);
  if (!exchange) {
    cJSON_Delete(root);
    answered(arg, NULL, 0);
    return NULL;
  }
  exchange->is_batch = is_batch;
  if (is_batch) {
    take_batch(exchange, root, jobs, origin);
    cJSON_Delete(root);
  } else {
    take_one(&exchange->entries[0], &document, jobs, origin);
  }
  exchange->is_starting = false;
  if (exchange->waiting > 0)
    return exchange;
  deliver(exchange);
  return NULL;
}

void xpf_rpc_exchange_leave(struct xpf_rpc_exchange *exchange) {
  for (unsigned i = 0; i < exchange->count; i++)
    xpf_rpc_asker_leave(&exchange->entries[i].asker);
  exchange_free(exchange);
}
