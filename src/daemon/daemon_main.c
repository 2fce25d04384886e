/* xprofd: the daemon of a host. Finds every Node.js process, adds the host's figures, keeps a
 * history, serves it. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "daemon/daemon.h"
#include "daemon/field_page.h"
#include "daemon/setting_page.h"
#include "xpf_version.h"

extern char **environ;

struct process {
  struct xpf_daemon daemon;
  struct xpf_settings settings;
  uv_signal_t term, interrupt, hangup;
  bool had_terminal;
};

static int check(const struct xpf_settings *settings) {
  static const char *const ORIGINS[] = {"default", "file", "environment", "argument"};
  for (int id = 0; id < XPF_SETTING_COUNT; id++)
    printf("%s = %s   # %s\n", xpf_setting_table[id].name, settings->text[id],
           ORIGINS[settings->origin[id]]);
  return 0;
}

static void on_signal(uv_signal_t *signal, int number) {
  (void)number;
  struct process *process = signal->data;
  uv_close((uv_handle_t *)&process->term, NULL);
  uv_close((uv_handle_t *)&process->interrupt, NULL);
  uv_close((uv_handle_t *)&process->hangup, NULL);
  xpf_daemon_stop(&process->daemon);
}

/* Files are read anew; but who was started in a terminal ends with it. */
static void on_hangup(uv_signal_t *signal, int number) {
  struct process *process = signal->data;
  if (process->had_terminal && !isatty(STDIN_FILENO))
    on_signal(signal, number);
  else
    xpf_daemon_reload(&process->daemon);
}

static int run(struct process *process) {
  char why[1024] = "";
  uv_loop_t *loop = uv_default_loop();
  signal(SIGPIPE, SIG_IGN);
  int error = xpf_daemon_start(&process->daemon, loop, &process->settings, why, sizeof why);
  if (error) {
    fprintf(stderr, "xprofd: %s\n", why);
  } else {
    uv_signal_init(loop, &process->term);
    uv_signal_init(loop, &process->interrupt);
    uv_signal_init(loop, &process->hangup);
    process->term.data = process->interrupt.data = process->hangup.data = process;
    process->had_terminal = isatty(STDIN_FILENO);
    uv_signal_start(&process->term, on_signal, SIGTERM);
    uv_signal_start(&process->interrupt, on_signal, SIGINT);
    uv_signal_start(&process->hangup, on_hangup, SIGHUP);
    printf("xprofd %s, pid %d\n", XPF_VERSION, (int)getpid());
    fflush(stdout);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  uv_loop_close(loop);
  xpf_daemon_free(&process->daemon);
  return error ? 1 : 0;
}

int main(int argc, char **argv) {
  static struct process process;
  char why[1024] = "";
  int error = xpf_settings_read(&process.settings, argc - 1, argv + 1, environ, why, sizeof why);
  int status = 0;
  if (error) {
    fprintf(stderr, "xprofd: %s\n", why);
    status = 2;
  } else if (process.settings.wants_help) {
    xpf_setting_page_help(stdout);
  } else if (process.settings.wants_version) {
    printf("xprofd %s\n", XPF_VERSION);
  } else if (process.settings.wants_fields) {
    xpf_field_page_print(stdout);
  } else if (process.settings.wants_manual) {
    xpf_setting_page_manual(stdout);
  } else if (process.settings.wants_sample) {
    xpf_setting_page_sample(stdout);
  } else if (process.settings.wants_check) {
    status = check(&process.settings);
  } else {
    status = run(&process);
  }
  xpf_settings_free(&process.settings);
  return status;
}
