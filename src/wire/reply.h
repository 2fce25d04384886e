/* Replies and notifications as one line each (with '\n'). The caller frees with free(). NULL when
 * out of memory. Pure. Ownership of cJSON arguments named `take_…` passes to the call, also on
 * failure. */
#ifndef XPF_WIRE_REPLY_H
#define XPF_WIRE_REPLY_H
#include <cjson/cJSON.h>
#include "wire/request.h"

/* {"jsonrpc":"2.0","id":id,"result":…}; a NULL result becomes {}. */
char *xpf_reply_result(const cJSON *id, cJSON *take_result);
/* {"jsonrpc":"2.0","id":id|null,"error":{"code":…,"message":…,"data":{"field":…,…}}} */
char *xpf_reply_error(const cJSON *id, const struct xpf_fault *fault, cJSON *take_data);
/* {"jsonrpc":"2.0","method":"progress","params":…} */
char *xpf_notification(const char *method, cJSON *take_params);
/* {"jsonrpc":"2.0","id":id,"method":…,"params":…}; for clients. */
char *xpf_request_line(long long id, const char *method, cJSON *take_params);
#endif
