/* Every reachable process with xprofiler and what it says about itself. */
#ifndef XPF_CTL_PROCESS_LIST_H
#define XPF_CTL_PROCESS_LIST_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <cjson/cJSON.h>
#include "verdict.h"

struct xpf_process_row {
  pid_t pid;
  bool is_plain;          /* Node.js without xprofiler: nothing was asked */
  char command_line[256]; /* as the operating system knows it */
  cJSON *info, *metrics;  /* its replies; NULL when it gave none */
  int status;             /* 0, or an exit status and *verdict */
  struct xpf_verdict verdict;
};

struct xpf_process_list {
  struct xpf_process_row *rows; /* by pid */
  size_t count;
};

/* Finds them and asks all at the same time, each at most timeout_ms. Processes that end meanwhile
 * are left out. with_plain: also processes of Node.js that do not run xprofiler. 0 or negative
 * errno; free in both cases. */
int xpf_process_list_read(struct xpf_process_list *out, int timeout_ms, bool with_plain);
void xpf_process_list_free(struct xpf_process_list *list);
#endif
