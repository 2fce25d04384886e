#include "host/process_signal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "host/os.h"
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"

static bool has_signal(const char *hex, int signal) {
  while (*hex == '\t' || *hex == ' ')
    hex++;
  return (strtoull(hex, NULL, 16) >> (signal - 1) & 1) != 0;
}

int xpf_signal_state(pid_t pid, int signal, struct xpf_signal_state *out) {
  struct xpf_proc_lines lines;
  bool some = false;
  int process = xpf_proc_dir_open(pid);

  *out = (struct xpf_signal_state){0};
  if (process < 0)
    return process;
  int error = xpf_proc_lines_open(&lines, process, "status");
  close(process);
  if (error != 0)
    return error == -ENOENT ? -ESRCH : error;
  for (char *line; (line = xpf_proc_lines_next(&lines)) != NULL; some = true) {
    const char *value;
    if ((value = xpf_proc_after(line, "SigBlk:")) != NULL)
      out->is_blocked = has_signal(value, signal);
    else if ((value = xpf_proc_after(line, "SigIgn:")) != NULL)
      out->is_ignored = has_signal(value, signal);
    else if ((value = xpf_proc_after(line, "SigCgt:")) != NULL)
      out->is_caught = has_signal(value, signal);
  }
  xpf_proc_lines_close(&lines);
  return some ? 0 : -ESRCH;
}

static int send_through(int hold, pid_t pid, int signal) {
#if defined(SYS_pidfd_send_signal)
  if (hold >= 0)
    return syscall(SYS_pidfd_send_signal, hold, signal, NULL, 0) == 0 ? 0 : -errno;
#endif
  (void)hold;
  return kill(pid, signal) == 0 ? 0 : -errno;
}

int xpf_signal_send_caught(pid_t pid, uint64_t start_ticks, int signal) {
  struct xpf_os_identity *identity = malloc(sizeof *identity);
  struct xpf_signal_state state;
  int hold = -1;

  if (identity == NULL)
    return -ENOMEM;
#if defined(SYS_pidfd_open)
  /* Kernels before 5.3 have none; then the pid is all there is. */
  hold = (int)syscall(SYS_pidfd_open, pid, 0);
#endif
  int error = xpf_os_identity(pid, identity);
  if (error == -EACCES)
    error = 0; /* a link of its directory; the start time is there */
  if (error == 0 && identity->start_ticks != start_ticks)
    error = -ESRCH;
  free(identity);
  if (error == 0)
    error = xpf_signal_state(pid, signal, &state);
  if (error == 0)
    error = state.is_caught ? send_through(hold, pid, signal) : -EBUSY;
  if (hold >= 0)
    close(hold);
  return error;
}
