/* What methods write their answers with. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/rpc_method.h"
#include "xpf_protocol.h"

void xpf_rpc_fail(struct xpf_rpc_call *call, int code, const char *quality, const char *format,
                  ...) {
  char sentence[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  call->quality = quality;
  xpf_fault_set(&call->fault, code, "", "%s", sentence);
}

void xpf_rpc_fail_read(struct xpf_rpc_call *call, const char *what, int error) {
  if (error == -EACCES || error == -EPERM)
    xpf_rpc_fail(call, XPF_RPC_REFUSED, "denied",
                 "denied: %s is not readable for the user that runs xprofd.", what);
  else if (error == -ENOENT || error == -ENOTDIR)
    xpf_rpc_fail(call, XPF_RPC_UNSUPPORTED, "absent", "absent: this system has no %s.", what);
  else
    xpf_rpc_fail(call, XPF_RPC_INTERNAL, "absent", "%s cannot be read: %s.", what,
                 strerror(-error));
}

void xpf_rpc_print(struct xpf_rpc_call *call, const char *format, ...) {
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (size > 0)
    xpf_sink_write(&call->out.sink, text,
                   (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

void xpf_rpc_json_begin(struct xpf_rpc_call *call, const char *source) {
  xpf_json_object_begin(&call->json);
  xpf_json_key(&call->json, "at_ms");
  xpf_json_int(&call->json, call->at_ms);
  xpf_rpc_key_text(call, "source", source);
  xpf_rpc_key_text(call, "quality", "ok");
  if (call->method->how == XPF_RPC_TWICE)
    xpf_rpc_key_number(call, "period_seconds", (double)(call->at_ns[1] - call->at_ns[0]) / 1e9);
}

void xpf_rpc_json_end(struct xpf_rpc_call *call) {
  xpf_json_object_end(&call->json);
}

void xpf_rpc_key_text(struct xpf_rpc_call *call, const char *key, const char *text) {
  xpf_json_key(&call->json, key);
  xpf_json_string(&call->json, text);
}

void xpf_rpc_key_number(struct xpf_rpc_call *call, const char *key, double number) {
  xpf_json_key(&call->json, key);
  if (!isfinite(number))
    xpf_json_string(&call->json, NULL);
  else if (number == floor(number) && fabs(number) < 9e15)
    xpf_json_int(&call->json, (int64_t)number);
  else
    xpf_json_double(&call->json, number);
}
