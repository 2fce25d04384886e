/* The threads of this process as /proc/self/task shows them, read with system calls alone: no
 * allocation, no lock, so also while other threads are stopped. [any] */
#ifndef XPF_HOST_FREEZE_TASK_LINUX_H
#define XPF_HOST_FREEZE_TASK_LINUX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct xpf_freeze_task {
  char name[32];
  char state;               /* R S D T Z X, '?' */
  uint64_t blocked_signals; /* bit n-1 = signal n */
  uint64_t pending_signals; /* its own and the process's */
};

struct xpf_freeze_place {
  int64_t syscall; /* -1 = running or unknown */
  uint64_t pc, sp; /* 0 = unknown */
  char wait_channel[64];
};

/* A directory descriptor (CLOEXEC) for the functions below, or -errno. */
int xpf_freeze_tasks_open(void);
/* All thread ids: returns how many there are, fills at most max. -errno. */
int xpf_freeze_tasks_list(int tasks_fd, pid_t *out, uint32_t max);
/* -ENOENT / -ESRCH when the thread ended. */
int xpf_freeze_task_read(int tasks_fd, pid_t tid, struct xpf_freeze_task *out);
/* What the kernel knows of a thread that does not run; fields stay unknown when denied. */
void xpf_freeze_task_place(int tasks_fd, pid_t tid, struct xpf_freeze_place *out);

/* The whole of a small file into text (ended by NUL). Returns its length or -errno. */
ssize_t xpf_freeze_read_file(int dir_fd, const char *path, char *text, size_t size);
#endif
