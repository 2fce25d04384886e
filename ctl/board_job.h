/* Profiles and snapshots that are started from the live view: each runs in a thread of its own with
 * a connection of its own, and leaves a note on how far it is. Under no lock of the view. */
#ifndef XPF_CTL_BOARD_JOB_H
#define XPF_CTL_BOARD_JOB_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum xpf_board_job_id {
  XPF_BOARD_JOB_CPU,
  XPF_BOARD_JOB_ALLOC,
  XPF_BOARD_JOB_GC,
  XPF_BOARD_JOB_SNAPSHOT,
  XPF_BOARD_JOB_REPORT,
};

enum xpf_board_job_state { XPF_BOARD_JOB_WORKING, XPF_BOARD_JOB_DONE, XPF_BOARD_JOB_FAILED };

struct xpf_board_note {
  enum xpf_board_job_state state;
  double age_s; /* since it ended; 0 while it works */
  char text[1024];
};

struct xpf_board_jobs;
/* *fd becomes readable when there is a new note. 0 or negative errno. */
int xpf_board_jobs_new(struct xpf_board_jobs **out, int *fd);
/* Does not wait for what still runs: it goes on in the targets. */
void xpf_board_jobs_free(struct xpf_board_jobs *jobs);
/* Starts it, or stops it when this one of this thread runs already. 0; -EBUSY: too many at once. */
int xpf_board_jobs_toggle(struct xpf_board_jobs *jobs, enum xpf_board_job_id id, pid_t pid,
                          unsigned thread_id);
/* The newest notes, the newest last; those that ended are kept for a while. Returns how many. */
size_t xpf_board_jobs_notes(struct xpf_board_jobs *jobs, struct xpf_board_note *out, size_t max);
#endif
