/* All processes with xprofiler, asked again and again by one thread that never waits for one of
 * them: each tick it looks who is there, asks everybody who has no question open, and takes the
 * answers as they come. Somebody else shows what it finds, under the lock. */
#ifndef XPF_CTL_BOARD_H
#define XPF_CTL_BOARD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "board_history.h"
#include "board_reading.h"
#include "verdict.h"

enum xpf_board_state {
  XPF_BOARD_NEW,     /* found, nothing heard yet */
  XPF_BOARD_OK,      /* answers */
  XPF_BOARD_BLOCKED, /* answers, but an event loop has been in one turn for a second or more */
  XPF_BOARD_STOPPED, /* by a signal or a debugger */
  XPF_BOARD_SILENT,  /* no answer */
  XPF_BOARD_REFUSED, /* not ours, or not our protocol: see `reason` */
  XPF_BOARD_GONE,    /* ended; shown for a moment */
};

struct xpf_board_thread {
  unsigned thread_id;
  double blocked_ms;
  struct xpf_board_values values;
  struct xpf_board_history *history; /* NULL when out of memory */
};

struct xpf_board_process {
  pid_t pid;
  enum xpf_board_state state;
  double state_s; /* how long blocked, stopped, silent, gone */
  char name[256]; /* title or script; before the first answer what the system knows */
  char node_version[32], version[32], log_dir[256];
  char reason[256];
  struct xpf_board_values values;
  struct xpf_board_history history;
  struct xpf_board_thread *threads; /* main first */
  size_t threads_count;
};

struct xpf_board;

/* pid 0: all. 0 or -ENOMEM. */
int xpf_board_new(struct xpf_board **out, pid_t pid, double interval_s);
void xpf_board_free(struct xpf_board *board);

/* One tick by the caller's own thread: at most until everybody has answered or limit_ms are over.
 * 0 or negative errno when /proc cannot be read. */
int xpf_board_tick(struct xpf_board *board, int limit_ms);

/* Ticks for ever in a thread of its own; a byte arrives on _fd when there is news. 0 or -errno. */
int xpf_board_begin(struct xpf_board *board);
int xpf_board_fd(const struct xpf_board *board);
void xpf_board_set_interval(struct xpf_board *board, double interval_s);

void xpf_board_lock(struct xpf_board *board);
void xpf_board_unlock(struct xpf_board *board);
/* Under the lock (or without _begin): all processes, by pid. */
struct xpf_board_process **xpf_board_processes(struct xpf_board *board, size_t *count);
#endif
