/* Diagnostic reports: what the thread does, its heap, its handles, the process. */
#include <stdlib.h>
#include <string.h>
#include "format/sink.h"
#include "print.h"
#include "target/reply_field.h"
#include "style.h"
#include "summary.h"
#include "summary_row.h"
#include "text.h"

#define FRAMES_SHOWN     10
#define PLACE_BYTES      512
#define REPORT_MAX_BYTES ((size_t)64 << 20)

static const cJSON *member(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The frames under which this project itself is called for the report say nothing. */
static cJSON *make_stack(const cJSON *diag) {
  const cJSON *frames = member(diag, "jsStacks"), *frame;
  cJSON *stack = cJSON_CreateArray();

  cJSON_ArrayForEach(frame, frames) {
    if (cJSON_GetArraySize(stack) == FRAMES_SHOWN)
      break;
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "function", xpf_reply_field_text(frame, "functionName", "?"));
    cJSON_AddStringToObject(item, "file", xpf_reply_field_text(frame, "scriptName", ""));
    cJSON_AddNumberToObject(item, "line", xpf_reply_field_number(frame, "lineNumber", 0));
    cJSON_AddItemToArray(stack, item);
  }
  return stack;
}

static cJSON *count_handles(const cJSON *diag) {
  const cJSON *handles = member(diag, "libuvHandles"), *handle;
  cJSON *counts = cJSON_CreateObject();

  cJSON_ArrayForEach(handle, handles) {
    const char *type = xpf_reply_field_text(handle, "type", "unknown");
    if (xpf_reply_field_number(handle, "isActive", 0) != 1)
      continue;
    cJSON *count = cJSON_GetObjectItemCaseSensitive(counts, type);
    if (count != NULL)
      cJSON_SetNumberValue(count, count->valuedouble + 1);
    else
      cJSON_AddNumberToObject(counts, type, 1);
  }
  return counts;
}

static void copy_number(cJSON *to, const char *key, const cJSON *from, const char *name) {
  const cJSON *value = member(from, name);
  if (cJSON_IsNumber(value))
    cJSON_AddNumberToObject(to, key, value->valuedouble);
}

static cJSON *make(const cJSON *diag) {
  const cJSON *heap = member(diag, "heapStatistics"), *process = member(diag, "process");
  cJSON *summary = cJSON_CreateObject();

  cJSON_AddStringToObject(summary, "vm_state", xpf_reply_field_text(diag, "vmState", "unknown"));
  cJSON_AddStringToObject(summary, "node_version", xpf_reply_field_text(diag, "nodeVersion", ""));
  copy_number(summary, "loop_blocked_ms", diag, "loopBlockedMs");
  cJSON_AddItemToObject(summary, "stack", make_stack(diag));
  cJSON_AddNumberToObject(summary, "stack_frames", cJSON_GetArraySize(member(diag, "jsStacks")));
  copy_number(summary, "heap_used_bytes", heap, "heapTotalUsed");
  copy_number(summary, "heap_limit_bytes", heap, "heapLimit");
  copy_number(summary, "external_bytes", heap, "external");
  copy_number(summary, "detached_contexts", heap, "detachedContexts");
  copy_number(summary, "rss_bytes", process, "rss");
  copy_number(summary, "open_fds", process, "openFds");
  copy_number(summary, "fd_limit", process, "fdLimit");
  copy_number(summary, "threads", process, "threads");
  cJSON_AddItemToObject(summary, "active_handles", count_handles(diag));
  return summary;
}

/* A report is small; what is larger is none. */
static char *read_whole(struct xpf_source *source) {
  struct xpf_memory_sink text;
  size_t got;

  xpf_memory_sink_init(&text, REPORT_MAX_BYTES);
  while ((got = xpf_source_need(source, 1)) > 0) {
    if (xpf_sink_write(&text.sink, source->buffer + source->at, got) != 0)
      break;
    source->at += got;
  }
  if (text.sink.error == 0 && source->error == 0)
    return text.data;
  xpf_memory_sink_free(&text);
  return NULL;
}

cJSON *xpf_summary_report(struct xpf_source *source) {
  char *text = read_whole(source);
  cJSON *diag = text != NULL ? cJSON_Parse(text) : NULL;
  cJSON *summary = diag != NULL ? make(diag) : NULL;
  cJSON_Delete(diag);
  free(text);
  return summary;
}

/* ---- for the terminal ---- */

static void print_stack(FILE *out, const cJSON *summary, unsigned columns) {
  const cJSON *frame;
  char heading[128], place[PLACE_BYTES];
  double blocked_ms = xpf_reply_field_number(summary, "loop_blocked_ms", 0);
  double left = xpf_reply_field_number(summary, "stack_frames", 0);

  snprintf(heading, sizeof heading, xpf_text(XPF_TEXT_SUM_STACK),
           xpf_reply_field_text(summary, "vm_state", ""));
  xpf_summary_row_heading(out, heading);
  if (blocked_ms >= 1000)
    xpf_print_line(out, xpf_text(XPF_TEXT_SUM_STACK_BLOCKED), blocked_ms / 1e3);
  if (left == 0)
    xpf_print_line(out, "  %s", xpf_text(XPF_TEXT_SUM_STACK_NONE));
  cJSON_ArrayForEach(frame, member(summary, "stack")) {
    const char *function = xpf_reply_field_text(frame, "function", "");
    unsigned used = 4 + xpf_print_width(function);
    xpf_summary_row_place(frame, columns > used ? columns - used : 0, place, sizeof place);
    xpf_print_line(out, "  %s  %s", function, place);
    left--;
  }
  if (left > 0)
    xpf_print_line(out, xpf_text(XPF_TEXT_SUM_STACK_MORE), left);
}

static void print_memory(FILE *out, const cJSON *summary) {
  char used[32], limit[32], external[32], rss[32];
  double used_bytes = xpf_reply_field_number(summary, "heap_used_bytes", -1);

  if (used_bytes >= 0)
    xpf_print_line(out, xpf_text(XPF_TEXT_SUM_HEAP), xpf_print_bytes(used_bytes, used, sizeof used),
                   xpf_print_bytes(xpf_reply_field_number(summary, "heap_limit_bytes", 0), limit,
                                   sizeof limit),
                   xpf_print_bytes(xpf_reply_field_number(summary, "external_bytes", 0), external,
                                   sizeof external));
  xpf_print_line(out, xpf_text(XPF_TEXT_SUM_PROCESS),
                 xpf_print_bytes(xpf_reply_field_number(summary, "rss_bytes", 0), rss, sizeof rss),
                 xpf_reply_field_number(summary, "threads", 0),
                 xpf_reply_field_number(summary, "open_fds", 0),
                 xpf_reply_field_number(summary, "fd_limit", 0));
}

static void print_handles(FILE *out, const cJSON *summary) {
  const cJSON *handles = member(summary, "active_handles"), *count;
  char list[512] = "";
  size_t used = 0;

  cJSON_ArrayForEach(count, handles) {
    int size = snprintf(list + used, sizeof list - used, "%s%.0f %.40s", used > 0 ? ", " : "",
                        count->valuedouble, count->string);
    if (size < 0 || (size_t)size >= sizeof list - used)
      break;
    used += (size_t)size;
  }
  if (used > 0)
    xpf_print_line(out, xpf_text(XPF_TEXT_SUM_HANDLES), list);
}

void xpf_summary_report_print(FILE *out, const cJSON *summary, unsigned columns) {
  xpf_summary_row_heading(out, xpf_text(XPF_TEXT_SUM_FACTS));
  print_memory(out, summary);
  print_handles(out, summary);
  print_stack(out, summary, columns);
}
