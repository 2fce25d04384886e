#include "daemon/rpc_lep.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rpc.h"
#include "format/json.h"

/* A process may have the marker in its name: the client would stop there. */
#define DEFUSED "lepd-endstring"

static void write_text(struct xpf_json *json, const char *text, const char *marker) {
  size_t length = strlen(text), room = length + strlen(marker) + 1;
  for (const char *at = text; (at = strstr(at, XPF_RPC_LEP_MARKER)); at++)
    room++; /* DEFUSED is longer by one */
  char *copy = malloc(room), *to = copy;
  if (!copy) {
    json->sink->error = -1;
    return;
  }
  for (const char *found; (found = strstr(text, XPF_RPC_LEP_MARKER));
       text = found + strlen(XPF_RPC_LEP_MARKER)) {
    memcpy(to, text, (size_t)(found - text));
    to += found - text;
    memcpy(to, DEFUSED, strlen(DEFUSED));
    to += strlen(DEFUSED);
  }
  strcpy(to, text);
  strcat(to, marker);
  xpf_json_string(json, copy);
  free(copy);
}

static void write_end(struct xpf_sink *sink, const cJSON *id) {
  cJSON *copy = id ? cJSON_Duplicate(id, true) : NULL;
  if (copy && cJSON_IsNumber(copy) && copy->valuestring)
    copy->type = cJSON_Raw; /* the number as the client wrote it */
  char *text = copy ? cJSON_PrintUnformatted(copy) : NULL;
  if (text) {
    xpf_sink_text(sink, ",\n\t\"id\":\t");
    xpf_sink_text(sink, text);
  }
  cJSON_free(text);
  cJSON_Delete(copy);
  xpf_sink_text(sink, "\n}\n");
}

/* From the marker to the end in one block of the client's reads. */
static size_t blanks_for(size_t before, size_t marker_to_end) {
  size_t at = before % XPF_LEP_READ_BYTES;
  bool fits = at + marker_to_end <= XPF_LEP_READ_BYTES || marker_to_end > XPF_LEP_READ_BYTES;
  return fits ? 0 : XPF_LEP_READ_BYTES - at;
}

static char *assemble(const char *head, const struct xpf_memory_sink *body,
                      const struct xpf_memory_sink *tail) {
  size_t from_marker = strlen(XPF_RPC_LEP_MARKER) + 1 + tail->size;
  size_t before = strlen(head) + body->size - strlen(XPF_RPC_LEP_MARKER) - 1;
  size_t blanks = blanks_for(before, from_marker);
  char *text = malloc(strlen(head) + blanks + body->size + tail->size + 1);
  if (!text)
    return NULL;
  char *at = stpcpy(text, head);
  memset(at, ' ', blanks);
  at = stpcpy(at + blanks, body->data);
  stpcpy(at, tail->data);
  return text;
}

static char *compose(const char *head, const char *text, const char *before_end, const cJSON *id) {
  struct xpf_memory_sink body, tail;
  struct xpf_json json;
  xpf_memory_sink_init(&body, 6 * XPF_RPC_ANSWER_MAX);
  xpf_memory_sink_init(&tail, 4096);
  xpf_json_init(&json, &body.sink, false);
  write_text(&json, text, XPF_RPC_LEP_MARKER);
  xpf_sink_text(&tail.sink, before_end);
  write_end(&tail.sink, id);
  char *line = body.sink.error || tail.sink.error ? NULL : assemble(head, &body, &tail);
  xpf_memory_sink_free(&body);
  xpf_memory_sink_free(&tail);
  return line;
}

char *xpf_lep_result(const cJSON *id, const char *text) {
  return compose("{\n\t\"result\":\t", text, "", id);
}

char *xpf_lep_error(const cJSON *id, const struct xpf_fault *fault) {
  char head[96];
  snprintf(head, sizeof head, "{\n\t\"error\":\t{\n\t\t\"code\":\t%d,\n\t\t\"message\":\t",
           fault->code);
  return compose(head, fault->message, "\n\t}", id);
}
