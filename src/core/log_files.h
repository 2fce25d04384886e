/* The dated files of the log in one directory, and the links to today's. One file a level; appended
 * to by many processes at once (one writev a line, O_APPEND). [core] */
#ifndef XPF_CORE_LOG_FILES_H
#define XPF_CORE_LOG_FILES_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "core/log.h"

#define XPF_LOG_LEVELS 3

struct xpf_log_file {
  int fd; /* -1 when closed */
  dev_t device;
  ino_t inode;
  char name[48];
  bool torn;         /* the last line stopped in the middle (full disk) */
  int error;         /* why it is not open, or why the last write failed */
  uint64_t retry_ns; /* CLOCK_MONOTONIC; no attempt before */
};

struct xpf_log_files {
  char dir[1024];
  enum xpf_log_format format;
  int day; /* YYYYMMDD of the names, 0 = none yet */
  bool over_quota;
  unsigned links_refused; /* bit 0 xprofiler.log, bit 1 error.log: there, but not a link of ours */
  struct xpf_log_file files[XPF_LOG_LEVELS];
};

void xpf_log_files_init(struct xpf_log_files *files, const char *dir, enum xpf_log_format format);
void xpf_log_files_close(struct xpf_log_files *files);
/* One whole line with its '\n', to the file of the day (YYYYMMDD, local). 0 or -errno: the line is
 * lost, and nothing is tried again for a second. */
int xpf_log_files_append(struct xpf_log_files *files, enum xpf_log_level level, int day,
                         const char *line, size_t size);
/* Once a second: closes what was moved or deleted and makes it anew where a link points to it. Sets
 * over_quota when the open files are together above max_bytes. */
void xpf_log_files_check(struct xpf_log_files *files, uint64_t max_bytes);
/* Points xprofiler.log and error.log to the files of the day, which are made when missing; anything
 * there that is not a link of ours is left alone and noted in links_refused. */
void xpf_log_files_link(struct xpf_log_files *files, int day);
#endif
