/* Child processes of unit tests: child_start returns when the body has called child_ready; the
 * child dies with its parent, and after 30 s at the latest. Bodies use no cmocka: they end with
 * _exit(code). */
#ifndef XPF_TEST_CHILD_H
#define XPF_TEST_CHILD_H
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int child_pipe[2];

static inline void child_ready(void) {
  if (write(child_pipe[1], "r", 1) != 1)
    _exit(99);
}

/* The code the child ended with, or minus the signal. */
static inline int child_reap(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid)
    return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Returns the pid also when the child has ended without being ready (*was_ready false). */
static inline pid_t child_start_maybe(void (*body)(void), bool *was_ready) {
  char byte;
  if (pipe2(child_pipe, O_CLOEXEC))
    return -1;
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(30);
    body();
    _exit(0);
  }
  close(child_pipe[1]);
  *was_ready = read(child_pipe[0], &byte, 1) == 1;
  close(child_pipe[0]);
  return pid;
}

static inline pid_t child_start(void (*body)(void)) {
  bool was_ready = false;
  pid_t pid = child_start_maybe(body, &was_ready);
  assert_true(pid > 0);
  if (!was_ready)
    fail_msg("the child ended with %d", child_reap(pid));
  return pid;
}

static inline void child_stop(pid_t pid) {
  kill(pid, SIGKILL);
  child_reap(pid);
}

static inline void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}
#endif
