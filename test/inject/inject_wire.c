// links: src/wire/ -lcjson
/* Requests, replies and lines while one allocation fails: an error or a whole result, never half of
 * one, nothing lost. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"
#include "wire/frame.h"
#include "wire/reply.h"
#include "wire/request.h"

static void need(bool good, const char *what) {
  if (good)
    return;
  printf("%s\n", what);
  exit(1);
}

static void request(void) {
  static const char line[] =
      "{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"method\":\"start\",\"params\":{\"thread_id\":\"3\","
      "\"profiling_time\":9007199254740991,\"name\":\"x\"}}";
  struct xpf_request request;
  struct xpf_fault fault = {0};
  const char *name = "";
  char copy[sizeof line];

  memcpy(copy, line, sizeof line);
  int error = xpf_request_parse(&request, copy, sizeof line - 1, &fault);
  if (error == 0) {
    need(strcmp(request.method, "start") == 0, "another method");
    need(xpf_param_string(request.params, "name", 10, &name, &fault) == 0 && *name == 'x',
         "a name");
    char *reply = xpf_reply_result(request.id, cJSON_CreateObject());
    need(reply == NULL ||
             strcmp(reply, "{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"result\":{}}\n") == 0,
         "half a reply");
    free(reply);
  } else {
    need(fault.message[0] != '\0', "an error without words");
    free(xpf_reply_error(request.id, &fault, NULL));
  }
  xpf_request_free(&request);
}

static void error_reply(void) {
  struct xpf_fault fault;
  xpf_fault_set(&fault, -32602, "name", "wrong %s", "name");
  cJSON *id = cJSON_CreateNumber(7);
  char *line = xpf_reply_error(id, &fault, NULL);
  need(line == NULL || strstr(line, "\"field\":\"name\"") != NULL, "an error without its field");
  free(line);
  cJSON_Delete(id);
  free(xpf_request_line(5, "metrics", cJSON_CreateObject()));
}

static void lines(void) {
  struct xpf_frame frame;
  char *line, text[3000];
  size_t size, count = 0;

  memset(text, 'a', sizeof text);
  for (size_t i = 99; i < sizeof text; i += 100)
    text[i] = '\n';
  xpf_frame_init(&frame, 1000);
  int first = xpf_frame_feed(&frame, text, 1500),
      second = xpf_frame_feed(&frame, text + 1500, 1500);
  while (xpf_frame_next(&frame, &line, &size) == XPF_FRAME_LINE) {
    need(size == 99, "a line of another length");
    count++;
  }
  need(count == (first == 0 ? 15u : 0u) + (second == 0 ? 15u : 0u), "lines were lost");
  xpf_frame_free(&frame);
}

int main(void) {
  static void (*const scenarios[])(void) = {request, error_reply, lines};
  unsigned faults = 0;

  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    for (unsigned number = 1;; number++, faults++) {
      xpf_inject_arm(XPF_INJECT_MEMORY, number);
      scenarios[i]();
      bool has_hit = atomic_load(&xpf_inject->hits) > 0;
      xpf_inject_arm(XPF_INJECT_NONE, 0);
      if (!has_hit)
        break;
      scenarios[i]();
    }
  }
  printf("%u faults\n", faults);
  return 0;
}
