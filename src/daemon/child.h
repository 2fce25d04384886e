/* A program that runs to its end: started without a shell, its output kept up to a bound, its time
 * bounded. Its standard input is /dev/null, signals are as in a fresh process, descriptors of ours
 * are closed. All on the loop's thread. */
#ifndef XPF_DAEMON_CHILD_H
#define XPF_DAEMON_CHILD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct xpf_child;

struct xpf_child_end {
  int status;                  /* of exit; -1 when a signal ended it */
  int signal;                  /* 0, or the signal */
  bool is_late;                /* it was ended because its time was over */
  bool is_too_long;            /* it was ended because it wrote more than output_max */
  const char *output, *errors; /* what it wrote, terminated; errors: the last few KiB */
  size_t output_size, errors_size;
};

struct xpf_child_options {
  const char *const *argv; /* ended by NULL; argv[0] is the file, looked for in PATH without '/' */
  const char *const *env;  /* ended by NULL; NULL: ours */
  const char *cwd;         /* NULL: ours */
  size_t output_max;
  uint64_t deadline_ms; /* then SIGTERM, and five seconds later SIGKILL; 0: it may run for ever */
  bool is_group;        /* a session and process group of its own, which ends as a whole with it */
  /* Takes the output as it comes, in place of its being kept; may be NULL. */
  void (*arrived)(void *arg, const char *data, size_t size);
  void (*ended)(void *arg, const struct xpf_child_end *end);
  void *arg;
};

/* 0: it runs, and `ended` is called once, after which the child is gone. Else -errno, and `ended`
 * is not called. */
int xpf_child_start(struct xpf_child **out, uv_loop_t *loop,
                    const struct xpf_child_options *options);
/* As if its time were over, but not late. */
void xpf_child_stop(struct xpf_child *child);
void xpf_child_signal(struct xpf_child *child, int signal);
#endif
