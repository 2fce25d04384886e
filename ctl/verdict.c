#include "verdict.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "print.h"
#include "xpf_version.h"
#include "xpf_protocol.h"

static const struct {
  const char *word;
  int status;
} reasons[] = {
#define REASON_ROW(id, word, status) {word, status},
    XPF_REASONS(REASON_ROW)
#undef REASON_ROW
};

static const struct {
  const char *name;
  int code;
} rpc_errors[] = {
#define RPC_ROW(name, code, meaning) {#name, code},
    XPF_RPC_ERRORS(RPC_ROW)
#undef RPC_ROW
};

int xpf_verdict_set_text(struct xpf_verdict *verdict, enum xpf_reason reason, const char *message) {
  *verdict = (struct xpf_verdict){.status = reasons[reason].status};
  verdict->code = verdict->status;
  snprintf(verdict->reason, sizeof verdict->reason, "%s", reasons[reason].word);
  snprintf(verdict->message, sizeof verdict->message, "%s", message);
  return verdict->status;
}

int xpf_verdict_set(struct xpf_verdict *verdict, enum xpf_reason reason, enum xpf_text_id id, ...) {
  char message[sizeof verdict->message];
  va_list args;

  va_start(args, id);
  vsnprintf(message, sizeof message, xpf_text(id), args);
  va_end(args);
  return xpf_verdict_set_text(verdict, reason, message);
}

void xpf_verdict_hint(struct xpf_verdict *verdict, enum xpf_text_id id, ...) {
  va_list args;
  va_start(args, id);
  vsnprintf(verdict->hint, sizeof verdict->hint, xpf_text(id), args);
  va_end(args);
}

/* XPF_RPC_REFUSED becomes "refused". */
static void name_code(int code, char *word, size_t size) {
  snprintf(word, size, "error");
  for (size_t i = 0; i < sizeof rpc_errors / sizeof *rpc_errors; i++)
    if (rpc_errors[i].code == code)
      snprintf(word, size, "%s", rpc_errors[i].name + strlen("XPF_RPC_"));
  for (char *at = word; *at != '\0'; at++)
    if (*at >= 'A' && *at <= 'Z')
      *at = (char)(*at - 'A' + 'a');
}

int xpf_verdict_from_fault(struct xpf_verdict *verdict, const struct xpf_fault *fault, pid_t pid) {
  *verdict = (struct xpf_verdict){.status = XPF_EXIT_FAILED, .code = fault->code};
  name_code(fault->code, verdict->reason, sizeof verdict->reason);
  snprintf(verdict->field, sizeof verdict->field, "%s", fault->field);
  snprintf(verdict->message, sizeof verdict->message, "%s", fault->message);
  if (fault->code == XPF_RPC_METHOD)
    xpf_verdict_hint(verdict, XPF_TEXT_HINT_METHOD, XPF_VERSION);
  else if (fault->code == XPF_RPC_BUSY)
    xpf_verdict_hint(verdict, XPF_TEXT_HINT_BUSY);
  else if (fault->code == XPF_RPC_THREAD)
    xpf_verdict_hint(verdict, XPF_TEXT_HINT_THREAD, (int)pid);
  else if (strstr(fault->message, "ENOSPC") != NULL ||
           strstr(fault->message, "No space left") != NULL ||
           strstr(fault->message, "no space left") != NULL)
    xpf_verdict_hint(verdict, XPF_TEXT_HINT_DISK_FULL);
  return verdict->status;
}

cJSON *xpf_verdict_json(const struct xpf_verdict *verdict) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddFalseToObject(object, "ok");
  cJSON_AddNumberToObject(object, "code", verdict->code);
  cJSON_AddStringToObject(object, "reason", verdict->reason);
  cJSON_AddStringToObject(object, "message", verdict->message);
  if (*verdict->field != '\0')
    cJSON_AddStringToObject(object, "field", verdict->field);
  if (*verdict->hint != '\0')
    cJSON_AddStringToObject(object, "hint", verdict->hint);
  return object;
}

void xpf_verdict_print(const struct xpf_verdict *verdict, bool json) {
  if (json) {
    cJSON *object = xpf_verdict_json(verdict);
    xpf_print_json(object);
    cJSON_Delete(object);
    return;
  }
  if (verdict->status == XPF_EXIT_USAGE)
    xpf_print_line(stderr, "xprofctl: %s", verdict->message);
  else
    xpf_print_line(stderr, xpf_text(XPF_TEXT_FAILED), verdict->message);
  if (*verdict->hint != '\0')
    xpf_print_line(stderr, "%s", verdict->hint);
}
