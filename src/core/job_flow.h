/* What the job_*.c files share: the list of jobs and the steps between states. All [core] unless
 * marked. */
#ifndef XPF_CORE_JOB_FLOW_H
#define XPF_CORE_JOB_FLOW_H
#include "core/job.h"

extern struct xpf_job *xpf_jobs; /* in the order of acceptance */

void xpf_job_set_steps(struct xpf_job *job);
void xpf_job_list_add(struct xpf_job *job);
struct xpf_job *xpf_job_find(const struct xpf_job_type *type, uint32_t thread_id,
                             enum xpf_job_state from, enum xpf_job_state to);
void xpf_job_unref(struct xpf_job *job); /* [any] */
/* Keeps the first fault. [any, whoever owns the step] */
void xpf_job_fail(struct xpf_job *job, int code, const char *message);
void xpf_job_post_end(struct xpf_job *job);
void xpf_job_start_writing(struct xpf_job *job);
/* It ends before anything was begun that needs a release. */
void xpf_job_finish_early(struct xpf_job *job);
void xpf_job_tick_start(void);

/* job_write.c */
void xpf_job_write(void *job); /* [writer] the body of a writer thread */
bool xpf_job_file_exists(const char *dir, const char *name);
#endif
