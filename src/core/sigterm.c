#include "core/sigterm.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "core/core.h"
#include "core/job.h"

#define LIMIT_MS 5000 /* of Kubernetes' 30 s */

static unsigned armed;
static bool installed, async_ready;
static struct sigaction before;
static volatile sig_atomic_t received;
static uv_async_t async;

static void on_signal(int number) {
  int before_errno = errno; /* of the call that was interrupted */
  (void)number;
  received = 1;
  uv_async_send(&async); /* async-signal-safe by libuv's documentation */
  errno = before_errno;
}

static bool is_ours(void) {
  struct sigaction now;
  return sigaction(SIGTERM, NULL, &now) == 0 && now.sa_handler == on_signal;
}

static void restore(void) {
  if (installed && is_ours())
    sigaction(SIGTERM, &before, NULL);
  installed = false;
}

static void die_as_asked(void *arg) {
  (void)arg;
  restore();
  received = 0;
  kill(getpid(), SIGTERM);
}

static void on_async(uv_async_t *handle) {
  (void)handle;
  if (received)
    xpf_jobs_end_all("SIGTERM", LIMIT_MS, die_as_asked, NULL);
}

static void on_async_closed(uv_handle_t *handle) {
  (void)handle;
}

/* The default, or Node's own: it resets the terminal and raises the signal again (SA_RESETHAND); a
 * process.on('SIGTERM') goes through libuv, whose handler has no such flag. */
static bool app_has_none(const struct sigaction *action) {
  if (action->sa_handler == SIG_DFL)
    return true;
  if (action->sa_handler == SIG_IGN || !(action->sa_flags & SA_RESETHAND))
    return false;
  Dl_info handler, executable;
  return dladdr((void *)action->sa_handler, &handler) != 0 &&
         dladdr((void *)uv_version_string, &executable) != 0 &&
         handler.dli_fbase == executable.dli_fbase;
}

static void install(void) {
  struct sigaction now, ours;
  if (sigaction(SIGTERM, NULL, &now) != 0 || !app_has_none(&now))
    return;
  memset(&ours, 0, sizeof ours);
  ours.sa_handler = on_signal;
  ours.sa_flags = SA_RESTART;
  sigfillset(&ours.sa_mask);
  if (sigaction(SIGTERM, &ours, &before) != 0)
    return;
  installed = true;
  /* The app set a handler while we looked at the old one. */
  if (before.sa_handler != now.sa_handler)
    restore();
}

void xpf_sigterm_arm(void) {
  if (armed++ > 0)
    return;
  if (!async_ready)
    async_ready = uv_async_init(xpf_core_loop(), &async, on_async) == 0;
  if (async_ready)
    install();
}

void xpf_sigterm_disarm(void) {
  /* A signal that came meanwhile is passed on by die_as_asked. */
  if (armed > 0 && --armed == 0 && !received)
    restore();
}

void xpf_sigterm_close(void) {
  restore();
  armed = 0;
  if (async_ready)
    uv_close((uv_handle_t *)&async, on_async_closed);
  async_ready = false;
}
