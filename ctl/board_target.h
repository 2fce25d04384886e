/* One process of the live view and the connection to it. Never waits. Used by the thread of
 * board.c only; `shown` is what others see, and is changed under its lock alone. */
#ifndef XPF_CTL_BOARD_TARGET_H
#define XPF_CTL_BOARD_TARGET_H
#include "board.h"
#include "wire/client.h"

struct xpf_board_target {
  struct xpf_board_process shown; /* first: board.c gives it out */
  struct xpf_client *client;
  bool is_client_used; /* it has brought an answer */
  uint64_t start_ticks;
  uint64_t found_ns, asked_ns, answered_ns, gone_ns; /* asked_ns 0: no question is open */
  bool asks_info, has_info;
  int error; /* why there is no connection; 0 before the first attempt */
  char failure[256];
  char name[256], node_version[32], version[32], log_dir[256]; /* to be shown */
  struct xpf_board_reading now, before;
  bool has_reading, is_fresh;
};

/* Whether this process listens at its place: a cheap look. */
bool xpf_board_target_is_there(pid_t pid);
struct xpf_board_target *xpf_board_target_new(pid_t pid);
void xpf_board_target_free(struct xpf_board_target *target);
/* Connects if need be, and asks unless an answer is still to come. */
void xpf_board_target_ask(struct xpf_board_target *target);
/* To be polled, or -1. */
int xpf_board_target_fd(const struct xpf_board_target *target);
/* Takes what has arrived. True when there is a new reading. */
bool xpf_board_target_take(struct xpf_board_target *target);
/* Worth waiting for: asked in this tick, and not known to be silent. */
bool xpf_board_target_is_awaited(const struct xpf_board_target *target);
/* Copies what is known to `shown`; the caller holds the lock. is_late: this tick was shown before.
 */
void xpf_board_target_show(struct xpf_board_target *target, bool is_late);
/* It was never more than a socket that somebody left behind. */
bool xpf_board_target_is_noise(const struct xpf_board_target *target);
#endif
