#include "progress_line.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "print.h"
#include "target/reply_field.h"
#include "text.h"
#include "wire/utf8.h"

#define LINE_BYTES 76

void xpf_progress_line_init(struct xpf_progress_line *line) {
  *line = (struct xpf_progress_line){.is_terminal = isatty(STDERR_FILENO) == 1};
}

const char *xpf_progress_state(const char *state) {
  if (strcmp(state, "pending") == 0)
    return xpf_text(XPF_TEXT_STATE_PENDING);
  if (strcmp(state, "running") == 0)
    return xpf_text(XPF_TEXT_STATE_RUNNING);
  if (strcmp(state, "writing") == 0)
    return xpf_text(XPF_TEXT_STATE_WRITING);
  return state;
}

static void draw(const cJSON *params) {
  const cJSON *pending = cJSON_GetObjectItemCaseSensitive(params, "pending");
  const char *reason = xpf_reply_field_text(pending, "reason", "");
  double done = xpf_reply_field_number(params, "done", -1);
  double total = xpf_reply_field_number(params, "total", 0);
  char text[256], percent[16] = "", elapsed[64];

  if (done >= 0 && total > 0)
    snprintf(percent, sizeof percent, " %.0f%%", done * 100 / total);
  xpf_print_duration(xpf_reply_field_number(params, "elapsed_ms", 0) / 1e3, elapsed,
                     sizeof elapsed);
  snprintf(text, sizeof text, "%s  %s%s%s%.160s", elapsed,
           xpf_progress_state(xpf_reply_field_text(params, "state", "")), percent,
           *reason != '\0' ? ": " : "", reason);
  text[xpf_utf8_cut(text, strlen(text), LINE_BYTES)] = '\0';
  fputs("\r\033[K", stderr);
  for (char *at = text; *at != '\0'; at++)
    if ((unsigned char)*at < 0x20 || *at == 0x7f)
      *at = '?';
  xpf_print_text(stderr, text);
  fflush(stderr);
}

void xpf_progress_line_update(void *arg, const cJSON *params) {
  struct xpf_progress_line *line = arg;
  const char *filepath = xpf_reply_field_text(params, "filepath", NULL);
  if (filepath != NULL)
    snprintf(line->filepath, sizeof line->filepath, "%s", filepath);
  if (!line->is_terminal)
    return;
  draw(params);
  line->is_shown = true;
}

void xpf_progress_line_clear(struct xpf_progress_line *line) {
  if (line->is_shown) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
  }
  line->is_shown = false;
}
