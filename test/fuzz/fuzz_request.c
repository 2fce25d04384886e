// links: src/wire/request.c src/wire/document.c src/wire/reply.c src/wire/utf8.c -lcjson
/* Whatever a line is: a request or a fault with a sentence; every reply to it is one line of JSON
 * that can be read again; no string was cut short. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/document.h"
#include "wire/reply.h"
#include "wire/request.h"
#include "wire/utf8.h"
#include "xpf_protocol.h"

static void require(bool good) {
  if (!good)
    __builtin_trap();
}

static void check_fault(const struct xpf_fault *fault) {
  require(fault->code < 0);
  require(fault->message[0] != '\0');
  require(xpf_utf8_check(fault->message, strlen(fault->message)) == strlen(fault->message));
  require(xpf_utf8_check(fault->field, strlen(fault->field)) == strlen(fault->field));
}

static void check_line(char *take_line) {
  struct xpf_document document;
  require(take_line != NULL);
  size_t size = strlen(take_line);
  require(size > 0 && strchr(take_line, '\n') == take_line + size - 1);
  require(xpf_document_parse(&document, take_line, size, SIZE_MAX) == 0);
  require(cJSON_HasObjectItem(document.root, "jsonrpc"));
  cJSON_Delete(document.root);
  free(take_line);
}

/* The id comes back as it went, byte for byte when it is a number. */
static void check_id(const cJSON *id) {
  char *line = xpf_reply_result(id, NULL);
  struct xpf_document document;
  require(line != NULL);
  require(xpf_document_parse(&document, line, strlen(line), SIZE_MAX) == 0);
  const cJSON *back = cJSON_GetObjectItemCaseSensitive(document.root, "id");
  if (cJSON_IsString(id))
    require(strcmp(back->valuestring, id->valuestring) == 0);
  if (cJSON_IsNumber(id) && id->valuestring != NULL)
    require(document.id_size == strlen(id->valuestring) &&
            memcmp(document.id, id->valuestring, document.id_size) == 0);
  cJSON_Delete(document.root);
  free(line);
}

static void read_params(const cJSON *params) {
  const cJSON *param;
  cJSON_ArrayForEach(param, params) {
    struct xpf_fault fault = {0};
    bool flag;
    long long number = 7;
    const char *text = "";
    if (xpf_param_bool(params, param->string, &flag, &fault) != 0)
      check_fault(&fault);
    if (xpf_param_int(params, param->string, -5, 1000000, &number, &fault) != 0)
      check_fault(&fault);
    require(number >= -5 && number <= 1000000);
    if (xpf_param_int(params, param->string, LLONG_MIN, LLONG_MAX, &number, &fault) != 0)
      check_fault(&fault);
    if (xpf_param_string(params, param->string, 20, &text, &fault) != 0)
      check_fault(&fault);
    require(strlen(text) <= 20);
  }
  struct xpf_fault fault = {0};
  unsigned thread_id;
  if (xpf_param_thread_id(params, &thread_id, &fault) != 0)
    check_fault(&fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_request request;
  struct xpf_fault fault = {0};
  int rc = xpf_request_parse(&request, (const char *)data, size, &fault);
  /* What the strict check lets through, cJSON must be able to read. */
  require(rc != -ENOMEM);
  if (rc != 0) {
    check_fault(&fault);
    check_line(xpf_reply_error(request.id, &fault, NULL));
  } else {
    require(request.method != NULL && fault.code == 0);
    require(memchr(data, '\0', size) == NULL);
    read_params(request.params);
    check_line(xpf_request_line(1, request.method, cJSON_Duplicate(request.params, true)));
  }
  if (request.id != NULL)
    check_id(request.id);
  xpf_request_free(&request);
  return 0;
}
