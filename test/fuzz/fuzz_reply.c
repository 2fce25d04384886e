// links: src/wire/client.c src/wire/frame.c src/wire/reply.c src/wire/request.c
// links: src/wire/document.c src/wire/utf8.c ctl/print.c ctl/text.c src/target/reply_field.c
// links: ctl/process_figures.c -lcjson -lm
/* A process that answers anything at all to a client. The call ends, with a result or an error;
 * what a command line prints of it has no control characters (escape sequences). */
#include <sys/socket.h>

#include "../../ctl/print.h"
#include "../../ctl/process_figures.h"
#include "../../src/target/reply_field.h"
#include "fuzz.h"
#include "wire/client.h"

static bool is_control(const char *at) {
  unsigned char c = (unsigned char)*at, next = (unsigned char)at[1];
  return (c < 0x20 && c != '\n') || c == 0x7f || (c == 0xc2 && next >= 0x80 && next <= 0x9f);
}

static void print_number(FILE *out, double number) {
  char buffer[64];
  require(strlen(xpf_print_bytes(number, buffer, sizeof buffer)) < sizeof buffer);
  require(strlen(xpf_print_duration(number, buffer, sizeof buffer)) < sizeof buffer);
  xpf_print_line(out, "%s", buffer);
}

static void print_item(FILE *out, const cJSON *item) {
  const cJSON *child;
  if (item->string != NULL)
    xpf_print_line(out, "%s: %s", item->string,
                   cJSON_IsString(item) ? item->valuestring : "something");
  if (cJSON_IsString(item)) {
    xpf_print_text(out, item->valuestring);
    xpf_print_width(item->valuestring);
  }
  if (cJSON_IsNumber(item))
    print_number(out, item->valuedouble);
  cJSON_ArrayForEach(child, item) print_item(out, child);
}

static void read_figures(const cJSON *result) {
  struct xpf_process_row row = {.info = cJSON_Duplicate(result, true)};
  struct xpf_process_figures figures;
  row.metrics = cJSON_Duplicate(result, true);
  xpf_process_figures_read(&figures, &row);
  require(!(figures.threads < 0));
  require(xpf_reply_field_text(result, "filepath", "") != NULL);
  cJSON_Delete(row.info);
  cJSON_Delete(row.metrics);
}

static void print_clean(const cJSON *value, const char *message) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  require(out != NULL);
  if (value != NULL)
    print_item(out, value);
  xpf_print_line(out, "%s", message);
  require(fclose(out) == 0);
  for (size_t i = 0; i < size; i++)
    require(text[i] == '\t' || !is_control(text + i));
  free(text);
}

static void on_progress(void *arg, const cJSON *params) {
  ++*(size_t *)arg;
  print_clean(params, "");
}

static void call(struct xpf_client *client) {
  struct xpf_fault fault = {0};
  cJSON *result = NULL;
  size_t progresses = 0;
  int status =
      xpf_client_call(client, "metrics", NULL, 1000, on_progress, &progresses, &result, &fault);
  require(status <= 0 && (status == 0) == (result != NULL));
  if (result != NULL)
    read_figures(result);
  print_clean(result, fault.message);
  cJSON_Delete(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_client *client;
  int pair[2];
  if (size > 60000) /* what a socket takes at once */
    return 0;
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  require(xpf_client_adopt(&client, pair[0]) == 0);
  require(size == 0 || send(pair[1], data, size, MSG_NOSIGNAL) == (ssize_t)size);
  require(shutdown(pair[1], SHUT_WR) == 0);
  call(client);
  call(client);
  xpf_client_close(client);
  close(pair[1]);
  return 0;
}
