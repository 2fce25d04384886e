/* One line to one JSON-RPC 2.0 request. Pure. */
#ifndef XPF_WIRE_REQUEST_H
#define XPF_WIRE_REQUEST_H
#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>
#include "wire/document.h"

/* What was wrong, in words for a person; `field` is "" or the JSON path of the culprit. */
struct xpf_fault {
  int code; /* enum xpf_rpc_code */
  char field[64];
  char message[512];
};
/* Cuts what is too long at a whole character. fault may be NULL. */
void xpf_fault_set(struct xpf_fault *fault, int code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct xpf_request {
  cJSON *root; /* owns everything below */
  const char *method;
  const cJSON *params; /* an object, or NULL when absent */
  /* A string, a number or null; NULL (no item at all) for a notification, which gets no reply. A
   * number also has its text as it came in valuestring, since a double cannot carry every id;
   * cJSON_Duplicate keeps it and the functions of wire/reply.h print it. */
  const cJSON *id;
};

/* More values and keys than this in one request are refused, and so is a longer id. */
#define XPF_REQUEST_VALUES_MAX   10000
#define XPF_REQUEST_ID_MAX_BYTES 256

/* 0, or negative with *fault filled; request->id is kept when it could be read, so that the error
 * can carry it (call _free in both cases). Rejects: invalid UTF-8, not JSON, trailing text, not an
 * object, jsonrpc other than "2.0" (absent is allowed), method not a string, params not an object,
 * id not string / finite number / null, any of these four given twice, an escaped NUL anywhere, a
 * number too large for a double. Batch arrays are refused with a clear sentence. */
int xpf_request_parse(struct xpf_request *request, const char *line, size_t size,
                      struct xpf_fault *fault);
/* The same for what xpf_document_parse made already (the text it came from must still be there), or
 * for a part of it (then without document->id). The root passes to the request, also on failure. */
int xpf_request_take(struct xpf_request *request, const struct xpf_document *take_document,
                     struct xpf_fault *fault);
void xpf_request_free(struct xpf_request *request);

/* Typed readers of params. Absent or null: 0 and *out untouched. Wrong type or range: negative and
 * *fault filled with field (the parameter's name) and allowed range. A parameter given twice is
 * wrong. Whole numbers are taken up to 2^53, what a double carries exactly. *out of _string lives
 * as long as params. */
int xpf_param_bool(const cJSON *params, const char *name, bool *out, struct xpf_fault *fault);
int xpf_param_int(const cJSON *params, const char *name, long long min, long long max,
                  long long *out, struct xpf_fault *fault);
int xpf_param_string(const cJSON *params, const char *name, size_t max_bytes, const char **out,
                     struct xpf_fault *fault);
/* thread_id: a whole number, or the same as a string ("3"). */
int xpf_param_thread_id(const cJSON *params, unsigned *out, struct xpf_fault *fault);
#endif
