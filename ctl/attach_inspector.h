/* The inspector of the process that is attached to: found when it is open, opened with SIGUSR1 when
 * it is not, closed again when it was opened by us. */
#ifndef XPF_CTL_ATTACH_INSPECTOR_H
#define XPF_CTL_ATTACH_INSPECTOR_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "host/tcp_listener.h"
#include "inspect_options.h"
#include "inspector_client.h"
#include "verdict.h"

#define XPF_ATTACH_LISTENERS_MAX 64

struct xpf_attach_inspector {
  pid_t pid;
  uint64_t start_ticks, deadline_ns;
  int timeout_ms;
  struct xpf_inspect_options words;                         /* what the target was started with */
  struct xpf_tcp_listener before[XPF_ATTACH_LISTENERS_MAX]; /* before the signal */
  int before_count;
  struct xpf_tcp_listener place;
  bool is_ours; /* opened by us: to be closed */
  struct xpf_inspector *session;
};

/* Reads what the target was started with, and refuses what cannot work. pid, start_ticks,
 * deadline_ns and timeout_ms are set. 0, or an exit status and *verdict; like the following. */
int xpf_attach_inspector_check(struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict);
/* Looks for an open inspector, at `port` when that is not 0: *found. */
int xpf_attach_inspector_find(struct xpf_attach_inspector *inspector, unsigned port, bool *found,
                              struct xpf_verdict *verdict);
/* Whether SIGUSR1 would do: waits a moment for a process that is just starting. */
int xpf_attach_inspector_can_open(struct xpf_attach_inspector *inspector,
                                  struct xpf_verdict *verdict);
/* Signals the target and waits for its inspector. When none appears in time, a child process stays
 * behind for a while that closes it should it still open. */
int xpf_attach_inspector_open(struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict);
/* Begins the session. */
int xpf_attach_inspector_begin(struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict);
/* Ends the session and closes the inspector when it is ours. False when it is still open; then a
 * child process goes on trying. */
bool xpf_attach_inspector_end(struct xpf_attach_inspector *inspector);
/* Parameters of Runtime.evaluate that call `body`, a function of `load` (a require that works in
 * every kind of main module) and of `argument`, JSON. NULL when out of memory. */
cJSON *xpf_attach_evaluate(const char *body, const cJSON *argument);
void xpf_attach_pause_ms(int ms);
#endif
