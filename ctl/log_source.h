/* The newest dated log in a directory, read from its end on, and followed: into the file of the
 * next day, and when it was moved away or cut. One thread at a time. */
#ifndef XPF_CTL_LOG_SOURCE_H
#define XPF_CTL_LOG_SOURCE_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct xpf_log_source {
  int dir;          /* owned */
  const char *stem; /* "xprofiler", "node-error", … */
  int fd;           /* -1: there is none yet */
  char name[64];
  dev_t device;
  ino_t inode;
  char *held; /* the beginning of a line whose end is not written yet */
  size_t held_size, held_capacity;
};

typedef void (*xpf_log_source_line)(void *arg, char *line, size_t size);

/* Takes the descriptor. 0 or negative errno; -ENOENT: no such log yet (_follow finds it later). */
int xpf_log_source_open(struct xpf_log_source *source, int take_dir, const char *stem);
void xpf_log_source_close(struct xpf_log_source *source);
/* Calls fn for the last `count` lines that `wants` says yes to, oldest first; what follows is left
 * to _follow. At most the last 64 MiB are searched. 0 or negative errno. */
int xpf_log_source_tail(struct xpf_log_source *source, size_t count,
                        bool (*wants)(void *arg, char *line, size_t size), xpf_log_source_line fn,
                        void *arg);
/* Calls fn for every whole line written since. 0 or negative errno. */
int xpf_log_source_follow(struct xpf_log_source *source, xpf_log_source_line fn, void *arg);
/* YYYYMMDD of "<stem>-YYYYMMDD.log", 0 when it is something else. Pure. */
int xpf_log_source_day(const char *name, const char *stem);
#endif
