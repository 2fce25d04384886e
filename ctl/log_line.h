/* One line of a log in any of its formats (docs/configuration.md, log_format), taken apart. Pure;
 * any bytes may come. */
#ifndef XPF_CTL_LOG_LINE_H
#define XPF_CTL_LOG_LINE_H
#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>

#define XPF_LOG_PAIRS_MAX 256

struct xpf_log_pair {
  const char *key, *value; /* value: a number as it stands in the line, or "null" */
  size_t key_size, value_size;
};

struct xpf_log_line {
  char time[40]; /* as it stands in the line */
  char level[16], component[64], version[32];
  long long pid, thread_id; /* -1: the line does not say */
  const char *message;      /* NULL when the line is a record of numbers */
  size_t message_size;
  struct xpf_log_pair pairs[XPF_LOG_PAIRS_MAX];
  size_t pairs_count;
  cJSON *root; /* of a JSON line: what the pointers point into */
};

/* text: without its newline; it must outlive the line. 0; -EINVAL when it is no line of a log (a
 * continuation of a message, say); -ENOMEM. Free in all cases. */
int xpf_log_line_parse(struct xpf_log_line *line, const char *text, size_t size);
void xpf_log_line_free(struct xpf_log_line *line);
/* The time of day in it, "13:04:05". */
const char *xpf_log_line_clock(const struct xpf_log_line *line, char out[16]);
#endif
