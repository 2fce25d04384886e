// links: ctl/log_line.c src/wire/document.c src/wire/utf8.c -lcjson
/* Any line of a log, or none: taken apart into pieces that lie within it. */
#include "../../ctl/log_line.h"
#include "fuzz.h"

static struct xpf_log_line line;

static void check_text(const char *text, size_t size) {
  require(memchr(text, '\0', size) != NULL);
}

static void check_pair(const struct xpf_log_pair *pair, const char *begin, const char *end) {
  require(pair->key_size > 0 && pair->value_size > 0);
  require(pair->value >= begin && pair->value + pair->value_size <= end);
  if (line.root == NULL)
    require(pair->key >= begin && pair->key + pair->key_size <= end);
  for (size_t i = 0; i < pair->value_size; i++)
    require(strchr("0123456789.nul", pair->value[i]) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size), clock[16];
  int error = xpf_log_line_parse(&line, text, size);
  require(error <= 0 && line.pairs_count <= XPF_LOG_PAIRS_MAX);
  if (error == 0) {
    check_text(line.time, sizeof line.time);
    check_text(line.level, sizeof line.level);
    check_text(line.component, sizeof line.component);
    check_text(line.version, sizeof line.version);
    check_text(xpf_log_line_clock(&line, clock), sizeof clock);
    require(line.pid >= 0 && line.thread_id >= -1);
    require(line.message == NULL || line.pairs_count == 0);
    for (size_t i = 0; i < line.pairs_count; i++)
      check_pair(&line.pairs[i], text, text + size);
  }
  xpf_log_line_free(&line);
  free(text);
  return 0;
}
