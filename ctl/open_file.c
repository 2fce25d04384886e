#include "open_file.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __APPLE__
#define OPENER "open"
static bool has_desktop(void) {
  return true;
}
#else
#define OPENER "xdg-open"
static bool is_set(const char *name) {
  const char *value = getenv(name);
  return value != NULL && *value != '\0';
}

static bool has_desktop(void) {
  return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
}
#endif

/* In the child. The browser must not end with our terminal, nor write into it. */
static void run_opener(const char *path, int report) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  int null = open("/dev/null", O_RDWR);
  if (null >= 0) {
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
  }
  execlp(OPENER, OPENER, path, (char *)NULL);
  int error = errno == ENOENT ? ENOTSUP : errno;
  if (write(report, &error, sizeof error) < 0)
    _exit(126);
  _exit(127);
}

int xpf_open_file(const char *path) {
  int report[2], error = 0;

  if (!has_desktop())
    return -ENOTSUP;
  if (pipe(report) != 0)
    return -errno;
  /* It closes by itself when the program has been started. */
  fcntl(report[0], F_SETFD, FD_CLOEXEC);
  fcntl(report[1], F_SETFD, FD_CLOEXEC);
  pid_t child = fork();
  if (child == 0)
    run_opener(path, report[1]);
  close(report[1]);
  if (child < 0)
    error = errno;
  else if (read(report[0], &error, sizeof error) != (ssize_t)sizeof error)
    error = 0;
  close(report[0]);
  if (child > 0 && error != 0)
    waitpid(child, NULL, 0);
  return -error;
}
