#include "attach_closer.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "host/os.h"

#define STEP_MS  200
#define CLOSE_MS 5000

/* No terminal, no pipe that somebody reads to its end, no directory that keeps a disk busy. */
static void detach(void) {
  sigset_t none;
  int null = open("/dev/null", O_RDWR);

  setsid();
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int fd = 0; fd <= 2 && null >= 0; fd++)
    dup2(null, fd);
  if (null > 2)
    close(null);
  if (chdir("/") != 0)
    _exit(0);
}

static bool is_same_process(const struct xpf_attach_inspector *inspector) {
  struct xpf_os_identity identity;
  if (!xpf_os_is_alive(inspector->pid))
    return false;
  xpf_os_identity(inspector->pid, &identity);
  return identity.start_ticks == inspector->start_ticks;
}

static bool try_to_close(struct xpf_attach_inspector *inspector) {
  inspector->deadline_ns = xpf_os_now_ns() + (uint64_t)CLOSE_MS * 1000000;
  if (!xpf_attach_inspector_appeared(inspector))
    return false;
  if (xpf_inspector_open(&inspector->session, inspector->pid, &inspector->place,
                         inspector->deadline_ns) != 0)
    return false;
  bool is_closed = xpf_attach_inspector_close(inspector, inspector->deadline_ns);
  xpf_inspector_free(inspector->session);
  inspector->session = NULL;
  return is_closed;
}

static void stay(struct xpf_attach_inspector *inspector) {
  uint64_t end_ns = xpf_os_now_ns() + (uint64_t)XPF_ATTACH_CLOSER_MINUTES * 60 * 1000000000;

  if (inspector->session != NULL)
    xpf_inspector_wait(inspector->session, NULL, end_ns);
  else
    while (xpf_os_now_ns() < end_ns && is_same_process(inspector) && !try_to_close(inspector))
      xpf_attach_pause_ms(STEP_MS);
}

void xpf_attach_closer_leave(struct xpf_attach_inspector *inspector) {
  if (fork() != 0)
    return; /* or it failed; then the caller's sentence is all that can be done */
  detach();
  stay(inspector);
  _exit(0);
}
