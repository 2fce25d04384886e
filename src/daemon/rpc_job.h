/* Runs methods: what reads files goes to the pool (few at a time, the rest waits in a queue of
 * bounded length), equal questions that wait share one run, each has a deadline, and a run that
 * nobody waits for any more is ended. All on the loop's thread. */
#ifndef XPF_DAEMON_RPC_JOB_H
#define XPF_DAEMON_RPC_JOB_H
#include "daemon/rpc_method.h"

#define XPF_RPC_JOBS_MAX    256 /* that wait or run */
#define XPF_RPC_ON_POOL_MAX 2   /* libuv's pool has four threads; the collectors need the others */
#define XPF_RPC_DEADLINE_MS 60000

struct xpf_rpc_jobs;
struct xpf_rpc_job;

/* Who waits for an answer; embedded in the memory of whoever asks. */
struct xpf_rpc_asker {
  struct xpf_rpc_job *job; /* NULL when it does not wait */
  struct xpf_rpc_asker *next;
  /* Exactly once unless left before. call is NULL when there is only a fault. Must not leave other
   * askers or end the jobs. */
  void (*answered)(struct xpf_rpc_asker *asker, const struct xpf_rpc_call *call,
                   const struct xpf_fault *fault);
};

int xpf_rpc_jobs_new(struct xpf_rpc_jobs **out, struct xpf_daemon *daemon);
/* answered may run within the call. params is copied. */
void xpf_rpc_jobs_ask(struct xpf_rpc_jobs *jobs, const struct xpf_rpc_method *method,
                      const cJSON *params, bool is_raw, struct xpf_rpc_asker *asker);
void xpf_rpc_asker_leave(struct xpf_rpc_asker *asker);
void xpf_rpc_jobs_tick(struct xpf_rpc_jobs *jobs, int64_t now_ms);
/* Who still waits is told so. closed is called once nothing runs. */
void xpf_rpc_jobs_close(struct xpf_rpc_jobs *jobs, void (*closed)(void *arg), void *arg);
#endif
