/* One-shot work on threads of processes: all at the same time, each from its start to its complete
 * file, watched over a second connection. */
#ifndef XPF_CTL_SHOT_H
#define XPF_CTL_SHOT_H
#include <cjson/cJSON.h>
#include "host/process_files.h"
#include "live.h"
#include "shot_kind.h"
#include "shot_target.h"
#include "verdict.h"

enum xpf_shot_state {
  XPF_SHOT_CONNECTING,
  XPF_SHOT_PENDING, /* the thread is not free yet */
  XPF_SHOT_RUNNING,
  XPF_SHOT_WRITING,
  XPF_SHOT_ENDED,
};

struct xpf_shot {
  struct xpf_shot_target target;
  enum xpf_shot_state state;
  char reason[256]; /* of a pending one */
  double began_ms;  /* monotonic; 0 before it runs */
  double done;      /* 0 … 1 when the target tells */
  struct xpf_live live;
  struct xpf_process_files files;
  cJSON *result; /* when status is 0: as in protocol.md, Jobs */
  int status;    /* 0, or an exit status and *verdict */
  struct xpf_verdict verdict;
};

struct xpf_shots {
  const struct xpf_shot_kind *kind;
  const char *command; /* for the line on the terminal */
  const cJSON *params; /* of the start, without thread_id */
  double total_ms;     /* 0: no time */
  int timeout_ms;      /* 0: none */
  struct xpf_shot *items;
  size_t count;
};

/* Returns when all have ended. Draws the line when standard error is a terminal. Once in a run of
 * xprofctl. 0, or -ENOMEM when nothing could be begun. */
int xpf_shots_run(struct xpf_shots *shots);
void xpf_shots_free(struct xpf_shots *shots);
#endif
