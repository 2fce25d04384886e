#include "daemon/rpc_perf_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc_text.h"

static char *trimmed(char *text) {
  text += strspn(text, " \t");
  size_t size = strlen(text);
  while (size > 0 && isspace((unsigned char)text[size - 1]))
    text[--size] = '\0';
  return text;
}

/* Columns are parted by two blanks or more: commands may hold one. */
static char *next_column(char **at) {
  char *column = *at + strspn(*at, " ");
  if (*column == '\0')
    return NULL;
  char *end = strstr(column, "  ");
  *at = end ? end + 2 : column + strlen(column);
  if (end)
    *end = '\0';
  return trimmed(column);
}

void xpf_rpc_parse_perf_report(struct xpf_rpc_call *call, char *text) {
  xpf_json_key(&call->json, "rows");
  xpf_json_array_begin(&call->json);
  for (char *line; (line = xpf_proc_text_line(&text));) {
    char *overhead = *line == '#' ? NULL : next_column(&line);
    if (!overhead || !strchr(overhead, '%'))
      continue;
    const char *command = next_column(&line), *object = next_column(&line);
    xpf_json_object_begin(&call->json);
    xpf_rpc_key_number(call, "overhead", strtod(overhead, NULL) / 100);
    xpf_rpc_key_text(call, "command", command);
    xpf_rpc_key_text(call, "object", object);
    xpf_rpc_key_text(call, "symbol", trimmed(line));
    xpf_json_object_end(&call->json);
  }
  xpf_json_array_end(&call->json);
}

/* "  ffffffff81000abc native_safe_halt+0xe ([kernel.kallsyms])" */
static void frame(struct xpf_rpc_call *call, char *line) {
  char *address = xpf_proc_text_word(&line);
  if (!address)
    return;
  char *symbol = trimmed(line);
  char *open = strrchr(symbol, '(');
  size_t size = strlen(symbol);
  if (open && open > symbol && size > 0 && symbol[size - 1] == ')') {
    symbol[size - 1] = '\0';
    open[-1] = '\0';
    open++;
  }
  char *offset = strstr(symbol, "+0x");
  if (offset)
    *offset = '\0';
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_text(call, "address", address);
  xpf_rpc_key_text(call, "symbol", symbol);
  xpf_rpc_key_text(call, "object", open ? open : "");
  xpf_json_object_end(&call->json);
}

/* "node with blanks  4711 [000] 12345.678901:   10101010 cpu-clock:" */
static void head(struct xpf_rpc_call *call, char *line) {
  char *bracket = strstr(line, " [");
  char *pid = bracket;
  while (pid && pid > line && isdigit((unsigned char)pid[-1]))
    pid--;
  double at = bracket && strchr(bracket, ']') ? strtod(strchr(bracket, ']') + 1, NULL) : 0;
  long cpu = bracket ? strtol(bracket + 2, NULL, 10) : -1;
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_number(call, "pid", pid ? (double)strtol(pid, NULL, 10) : -1);
  xpf_rpc_key_number(call, "cpu", (double)cpu);
  xpf_rpc_key_number(call, "boot_seconds", at);
  if (pid)
    *pid = '\0';
  xpf_rpc_key_text(call, "command", trimmed(line));
  xpf_json_key(&call->json, "frames");
  xpf_json_array_begin(&call->json);
}

void xpf_rpc_parse_perf_script(struct xpf_rpc_call *call, char *text) {
  bool is_open = false;
  xpf_json_key(&call->json, "samples");
  xpf_json_array_begin(&call->json);
  for (char *line; (line = xpf_proc_text_line(&text));) {
    bool is_blank = line[strspn(line, " \t")] == '\0';
    bool is_head = !is_blank && !is_open;
    if (is_blank && is_open) {
      xpf_json_array_end(&call->json);
      xpf_json_object_end(&call->json);
      is_open = false;
    } else if (is_head) {
      head(call, line);
      is_open = true;
    } else if (!is_blank) {
      frame(call, line);
    }
  }
  if (is_open) {
    xpf_json_array_end(&call->json);
    xpf_json_object_end(&call->json);
  }
  xpf_json_array_end(&call->json);
}
