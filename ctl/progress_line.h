/* The line on the terminal that shows how far a job is. Nothing is shown when standard error is
 * none. */
#ifndef XPF_CTL_PROGRESS_LINE_H
#define XPF_CTL_PROGRESS_LINE_H
#include <stdbool.h>
#include <cjson/cJSON.h>

struct xpf_progress_line {
  bool is_terminal;
  bool is_shown;
  char filepath[4096]; /* the last one named, "" before */
};

void xpf_progress_line_init(struct xpf_progress_line *line);
/* An xpf_client_progress; arg is the line. */
void xpf_progress_line_update(void *arg, const cJSON *params);
void xpf_progress_line_clear(struct xpf_progress_line *line);
/* "running" in the chosen language. */
const char *xpf_progress_state(const char *state);
#endif
