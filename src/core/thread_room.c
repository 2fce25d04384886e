#include "core/thread_room.h"

#include <pthread.h>
#include <signal.h>
#include <uv.h>

#include "xpf_protocol.h"

static void do_nothing(void *arg) {
  (void)arg;
}

/* By libuv, for a stack of the size that the threads of Node have. */
static int try_thread(void) {
  uv_thread_t thread;
  sigset_t all, before;
  sigfillset(&all); /* a handler of the application must not run on it */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int err = uv_thread_create(&thread, do_nothing, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!err)
    uv_thread_join(&thread);
  return err;
}

int xpf_thread_room_check(const char *what, struct xpf_fault *fault) {
  int err = try_thread();
  if (err)
    xpf_fault_set(
        fault, XPF_RPC_REFUSED, "",
        "%s needs a thread, and the system gives this process no more: %s (see ulimit -u, "
        "and pids.max of its cgroup)",
        what, uv_strerror(err));
  return err;
}
