/* What is special about each command that makes a file. */
#ifndef XPF_CTL_JOB_KIND_H
#define XPF_CTL_JOB_KIND_H
#include "text.h"

enum xpf_job_role {
  XPF_JOB_START, /* of a profile: runs until it is stopped; Ctrl-C stops it */
  XPF_JOB_STOP,
  XPF_JOB_DUMP, /* one file at once; Ctrl-C cancels it */
};

struct xpf_job_kind {
  enum xpf_job_role role;
  const char *stop;            /* of a start: the command that ends it */
  const char *sampling;        /* "CPU" in "CPU sampling has started" */
  const char *label, *profile; /* "CPU" and "cpu" profiling; NULL for dumps and traces */
  enum xpf_text_id file, soon; /* of what has no label */
  enum xpf_text_id started;    /* of a start without a label */
};

extern const struct xpf_job_kind xpf_job_kind_start_cpu, xpf_job_kind_stop_cpu;
extern const struct xpf_job_kind xpf_job_kind_start_heap, xpf_job_kind_stop_heap;
extern const struct xpf_job_kind xpf_job_kind_start_gc, xpf_job_kind_stop_gc;
extern const struct xpf_job_kind xpf_job_kind_start_trace, xpf_job_kind_stop_trace;
extern const struct xpf_job_kind xpf_job_kind_heapdump, xpf_job_kind_report, xpf_job_kind_core;
#endif
