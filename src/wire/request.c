#include "wire/request.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/document.h"
#include "wire/utf8.h"
#include "xpf_protocol.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

static void copy_cut(char *to, size_t capacity, const char *from) {
  size_t length = strlen(from);
  length = xpf_utf8_cut(from, length, capacity - 1);
  memcpy(to, from, length);
  to[length] = '\0';
}

void xpf_fault_set(struct xpf_fault *fault, int code, const char *field, const char *format, ...) {
  if (fault == NULL)
    return;
  fault->code = code;
  copy_cut(fault->field, sizeof fault->field, field ? field : "");
  va_list args;
  va_start(args, format);
  int length = vsnprintf(fault->message, sizeof fault->message, format, args);
  va_end(args);
  if (length < 0)
    fault->message[0] = '\0';
  if (length < (int)sizeof fault->message)
    return;
  /* A character that vsnprintf cut in two must go; it begins at most three bytes before the end. */
  size_t size = strlen(fault->message);
  size_t from = size < 3 ? 0 : xpf_utf8_cut(fault->message, size, size - 3);
  fault->message[from + xpf_utf8_check(fault->message + from, size - from)] = '\0';
}

/* ---- one line to a request ---- */

enum member { MEMBER_JSONRPC, MEMBER_ID, MEMBER_METHOD, MEMBER_PARAMS, MEMBERS };

static const char *const member_names[MEMBERS] = {"jsonrpc", "id", "method", "params"};

static int invalid(struct xpf_fault *fault, const char *field, const char *sentence) {
  xpf_fault_set(fault, XPF_RPC_INVALID, field, "%s", sentence);
  return -EINVAL;
}

/* The four members that count, and the first one that is there twice (or MEMBERS). */
static enum member find_members(cJSON *root, cJSON *found[MEMBERS]) {
  enum member twice = MEMBERS;
  for (cJSON *item = root->child; item != NULL; item = item->next) {
    for (enum member m = 0; m < MEMBERS; m++) {
      if (strcmp(item->string, member_names[m]) != 0)
        continue;
      if (found[m] != NULL && twice == MEMBERS)
        twice = m;
      if (found[m] == NULL)
        found[m] = item;
    }
  }
  return twice;
}

static int check_id(cJSON *id, const struct xpf_document *document, struct xpf_fault *fault) {
  if (cJSON_IsString(id)) {
    if (strlen(id->valuestring) > XPF_REQUEST_ID_MAX_BYTES)
      return invalid(fault, "id", "The id is too long.");
    return 0;
  }
  if (cJSON_IsNumber(id) && isfinite(id->valuedouble)) {
    if (document->id != NULL) {
      id->valuestring = strndup(document->id, document->id_size);
      if (id->valuestring == NULL) {
        xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "Out of memory.");
        return -ENOMEM;
      }
    }
    return 0;
  }
  if (cJSON_IsNull(id))
    return 0;
  return invalid(fault, "id", "The id must be a string, a finite number or null.");
}

static int check_params(const cJSON *params, struct xpf_fault *fault) {
  if (!cJSON_IsObject(params))
    return invalid(fault, "params", "params must be an object: parameters are given by name.");
  const cJSON *param;
  cJSON_ArrayForEach(param, params) {
    if (!xpf_document_is_finite(param)) {
      xpf_fault_set(fault, XPF_RPC_PARAMS, param->string, "A number in %s is too large.",
                    param->string);
      return -ERANGE;
    }
  }
  return 0;
}

static int read_members(struct xpf_request *request, const struct xpf_document *document,
                        struct xpf_fault *fault) {
  cJSON *found[MEMBERS] = {NULL};
  enum member twice = find_members(request->root, found);
  /* The id first: the error about anything else carries it, unless it is the id that is unclear. */
  if (found[MEMBER_ID] != NULL && twice != MEMBER_ID) {
    int rc = check_id(found[MEMBER_ID], document, fault);
    if (rc != 0)
      return rc;
    request->id = found[MEMBER_ID];
  }
  if (twice != MEMBERS) {
    xpf_fault_set(fault, XPF_RPC_INVALID, member_names[twice], "%s is given twice.",
                  member_names[twice]);
    return -EINVAL;
  }
  const cJSON *jsonrpc = found[MEMBER_JSONRPC];
  if (jsonrpc && (!cJSON_IsString(jsonrpc) || strcmp(jsonrpc->valuestring, "2.0") != 0))
    return invalid(fault, "jsonrpc", "jsonrpc must be \"2.0\".");
  const cJSON *method = found[MEMBER_METHOD];
  if (method == NULL)
    return invalid(fault, "method", "The request has no method.");
  if (!cJSON_IsString(method))
    return invalid(fault, "method", "The method must be a string.");
  request->method = method->valuestring;
  if (found[MEMBER_PARAMS] == NULL)
    return 0;
  int rc = check_params(found[MEMBER_PARAMS], fault);
  if (rc == 0)
    request->params = found[MEMBER_PARAMS];
  return rc;
}

static int take_tree(struct xpf_request *request, const struct xpf_document *document,
                     struct xpf_fault *fault) {
  request->root = document->root;
  if (!cJSON_IsObject(request->root))
    return invalid(fault, "", "A request must be a JSON object.");
  return read_members(request, document, fault);
}

int xpf_request_parse(struct xpf_request *request, const char *line, size_t size,
                      struct xpf_fault *fault) {
  *request = (struct xpf_request){0};
  struct xpf_document document;
  int rc = xpf_document_parse(&document, line, size, XPF_REQUEST_VALUES_MAX);
  if (rc != 0) {
    xpf_fault_set(fault, rc == -ENOMEM ? XPF_RPC_INTERNAL : XPF_RPC_PARSE, "",
                  "The line cannot be read: at byte %zu there is %s.", document.offset + 1,
                  document.wrong);
    return rc;
  }
  if (cJSON_IsArray(document.root)) {
    request->root = document.root;
    return invalid(fault, "", "Batches are not supported: send one request a line.");
  }
  return take_tree(request, &document, fault);
}

int xpf_request_take(struct xpf_request *request, const struct xpf_document *take_document,
                     struct xpf_fault *fault) {
  *request = (struct xpf_request){0};
  return take_tree(request, take_document, fault);
}

void xpf_request_free(struct xpf_request *request) {
  cJSON_Delete(request->root);
  *request = (struct xpf_request){0};
}

/* ---- typed readers of params ---- */

/* 1: *item is the parameter; 0: absent or null; negative: given twice. */
static int find_param(const cJSON *params, const char *name, const cJSON **item,
                      struct xpf_fault *fault) {
  *item = NULL;
  const cJSON *param;
  cJSON_ArrayForEach(param, params) {
    if (strcmp(param->string, name) != 0)
      continue;
    if (*item != NULL) {
      xpf_fault_set(fault, XPF_RPC_PARAMS, name, "%s is given twice.", name);
      return -EINVAL;
    }
    *item = param;
  }
  return *item != NULL && !cJSON_IsNull(*item);
}

int xpf_param_bool(const cJSON *params, const char *name, bool *out, struct xpf_fault *fault) {
  const cJSON *item;
  int rc = find_param(params, name, &item, fault);
  if (rc <= 0)
    return rc;
  if (!cJSON_IsBool(item)) {
    xpf_fault_set(fault, XPF_RPC_PARAMS, name, "%s must be true or false.", name);
    return -EINVAL;
  }
  *out = cJSON_IsTrue(item);
  return 0;
}

static int refuse_int(struct xpf_fault *fault, int error, const char *name, long long min,
                      long long max) {
  if (min > -EXACT_MAX && max < EXACT_MAX)
    xpf_fault_set(fault, XPF_RPC_PARAMS, name, "%s must be a whole number from %lld to %lld.", name,
                  min, max);
  else if (min > -EXACT_MAX)
    xpf_fault_set(fault, XPF_RPC_PARAMS, name, "%s must be a whole number, %lld or more.", name,
                  min);
  else
    xpf_fault_set(fault, XPF_RPC_PARAMS, name, "%s must be a whole number.", name);
  return error;
}

int xpf_param_int(const cJSON *params, const char *name, long long min, long long max,
                  long long *out, struct xpf_fault *fault) {
  const cJSON *item;
  int rc = find_param(params, name, &item, fault);
  if (rc <= 0)
    return rc;
  double value = item->valuedouble;
  if (!cJSON_IsNumber(item))
    return refuse_int(fault, -EINVAL, name, min, max);
  if (!(fabs(value) <= EXACT_MAX) || (long long)value < min || (long long)value > max)
    return refuse_int(fault, -ERANGE, name, min, max);
  if ((double)(long long)value != value)
    return refuse_int(fault, -EINVAL, name, min, max);
  *out = (long long)value;
  return 0;
}

int xpf_param_string(const cJSON *params, const char *name, size_t max_bytes, const char **out,
                     struct xpf_fault *fault) {
  const cJSON *item;
  int rc = find_param(params, name, &item, fault);
  if (rc <= 0)
    return rc;
  if (!cJSON_IsString(item)) {
    xpf_fault_set(fault, XPF_RPC_PARAMS, name, "%s must be a string.", name);
    return -EINVAL;
  }
  if (strlen(item->valuestring) > max_bytes) {
    xpf_fault_set(fault, XPF_RPC_PARAMS, name, "%s must be a string of at most %zu bytes.", name,
                  max_bytes);
    return -ERANGE;
  }
  *out = item->valuestring;
  return 0;
}

/* "3" to 3; negative when it is not decimal digits or too large. */
static long long thread_id_of(const char *text) {
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 10 || text[digits] != '\0')
    return -1;
  return strtoll(text, NULL, 10);
}

int xpf_param_thread_id(const cJSON *params, unsigned *out, struct xpf_fault *fault) {
  static const char name[] = "thread_id";
  const cJSON *item;
  int rc = find_param(params, name, &item, fault);
  if (rc <= 0)
    return rc;
  long long value = -1;
  if (cJSON_IsString(item))
    value = thread_id_of(item->valuestring);
  else if ((rc = xpf_param_int(params, name, 0, UINT_MAX, &value, fault)) != 0)
    return rc;
  if (value < 0 || value > UINT_MAX)
    return refuse_int(fault, -EINVAL, name, 0, UINT_MAX);
  *out = (unsigned)value;
  return 0;
}
