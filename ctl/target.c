#include "target.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "host/os.h"
#include "target/node_process.h"

/* How long a process whose connection broke is given to be seen as ended. */
#define ENDING_MS      300
#define ENDING_STEP_MS 10

/* The kernel closes the sockets of a dying process shortly before the process is seen to be dead.
 */
static bool is_ending(pid_t pid) {
  for (int waited = 0; waited < ENDING_MS; waited += ENDING_STEP_MS) {
    if (!xpf_os_is_alive(pid))
      return true;
    nanosleep(&(struct timespec){.tv_nsec = ENDING_STEP_MS * 1000000L}, NULL);
  }
  return !xpf_os_is_alive(pid);
}

static int say_foreign(struct xpf_verdict *verdict, pid_t pid, uid_t uid) {
  struct passwd entry, *user = NULL;
  char name[128], names[1024];
  if (getpwuid_r(uid, &entry, names, sizeof names, &user) == 0 && user != NULL)
    snprintf(name, sizeof name, "%.100s (uid %u)", user->pw_name, (unsigned)uid);
  else
    snprintf(name, sizeof name, "uid %u", (unsigned)uid);
  return xpf_verdict_set(verdict, XPF_REASON_NOT_PERMITTED, XPF_TEXT_FOREIGN, (int)pid, name);
}

static int say_not_started(struct xpf_verdict *verdict, const struct xpf_os_identity *identity,
                           pid_t pid) {
  struct xpf_node_binary node;
  char command[128];
  int error = xpf_node_process_look(pid, &node);
  snprintf(command, sizeof command, "%.120s",
           *identity->command_line != '\0' ? identity->command_line : identity->comm);
  /* -ENOENT: a thread of the kernel. */
  if (error == -ENOENT || (error == 0 && !node.is_node))
    return xpf_verdict_set(verdict, XPF_REASON_NOT_NODE, XPF_TEXT_NOT_NODE, (int)pid, command);
  xpf_verdict_set(verdict, XPF_REASON_NOT_STARTED, XPF_TEXT_NOT_STARTED, (int)pid, command);
  if (error == 0)
    xpf_verdict_hint(verdict, XPF_TEXT_NOT_STARTED_HINT, (int)pid);
  return verdict->status;
}

static int say_unreachable(struct xpf_verdict *verdict, const struct xpf_os_identity *identity,
                           pid_t pid, int error, int timeout_ms) {
  switch (error) {
  case -ESRCH:
    return xpf_verdict_set(verdict, XPF_REASON_NO_PROCESS, XPF_TEXT_NO_PROCESS, (int)pid);
  case -ENOENT:
  case -ECONNREFUSED: /* a socket that an earlier process with this pid left behind */
    if (is_ending(pid))
      return xpf_verdict_set(verdict, XPF_REASON_NO_PROCESS, XPF_TEXT_NO_PROCESS, (int)pid);
    return say_not_started(verdict, identity, pid);
  case -EACCES:
  case -EPERM:
    if (geteuid() != 0 && identity->euid != geteuid())
      return say_foreign(verdict, pid, identity->euid);
    return xpf_verdict_set(verdict, XPF_REASON_NOT_PERMITTED, XPF_TEXT_DENIED, (int)pid,
                           strerror(-error));
  case -ETIMEDOUT:
  case -EAGAIN: /* its queue of connections is full */
    xpf_verdict_set(verdict, XPF_REASON_TIMEOUT, XPF_TEXT_TIMEOUT, (int)pid, timeout_ms / 1e3);
    xpf_verdict_hint(verdict, XPF_TEXT_TIMEOUT_HINT);
    return verdict->status;
  default:
    return xpf_verdict_set(verdict, XPF_REASON_UNREACHABLE, XPF_TEXT_UNREACHABLE, (int)pid,
                           strerror(-error));
  }
}

int xpf_target_open(struct xpf_client **out, pid_t pid, int timeout_ms,
                    struct xpf_verdict *verdict) {
  struct xpf_os_identity identity = {0};
  struct xpf_target_peer peer = {0};
  int error = xpf_target_connect(out, pid, timeout_ms, &identity, &peer);

  if (error == 0)
    return 0;
  if (error == XPF_TARGET_IMPOSTOR)
    return xpf_verdict_set(verdict, XPF_REASON_NOT_PERMITTED, XPF_TEXT_IMPOSTOR, (int)pid,
                           (int)peer.pid, (unsigned)peer.uid);
  return say_unreachable(verdict, &identity, pid, error, timeout_ms);
}

int xpf_target_explain(struct xpf_verdict *verdict, pid_t pid, int error, int timeout_ms,
                       const struct xpf_fault *fault) {
  switch (error) {
  case XPF_CLIENT_FAULT:
    return xpf_verdict_from_fault(verdict, fault, pid);
  case -ETIMEDOUT:
    xpf_verdict_set(verdict, XPF_REASON_TIMEOUT, XPF_TEXT_TIMEOUT, (int)pid, timeout_ms / 1e3);
    xpf_verdict_hint(verdict, XPF_TEXT_TIMEOUT_HINT);
    return verdict->status;
  case -ECONNRESET:
  case -EPIPE:
    if (is_ending(pid))
      return xpf_verdict_set(verdict, XPF_REASON_DIED, XPF_TEXT_DIED, (int)pid);
    return xpf_verdict_set(verdict, XPF_REASON_CLOSED, XPF_TEXT_CLOSED, (int)pid);
  case -EPROTO:
    return xpf_verdict_set(verdict, XPF_REASON_PROTOCOL, XPF_TEXT_GARBAGE, (int)pid);
  case -ENOMEM:
    return xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  default:
    return xpf_verdict_set(verdict, XPF_REASON_UNREACHABLE, XPF_TEXT_UNREACHABLE, (int)pid,
                           strerror(-error));
  }
}
