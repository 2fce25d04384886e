/* Makes a running Node process that never loaded xprofiler load it, through Node's own inspector.
 * The target is signalled only after it is seen that it survives the signal; an inspector that was
 * opened for this is closed again, one that was open already stays open. */
#ifndef XPF_CTL_ATTACH_H
#define XPF_CTL_ATTACH_H
#include <stdbool.h>
#include <sys/types.h>
#include <cjson/cJSON.h>
#include "verdict.h"

#define XPF_ATTACH_TIMEOUT_MS 15000

struct xpf_attach_options {
  unsigned port;       /* of the target's inspector; 0: found by itself */
  const char *package; /* directory of the package as the target sees it; NULL: that of xprofctl */
  const char *log_dir; /* NULL: as the target's environment says */
  int timeout_ms;      /* for all of it; 0: XPF_ATTACH_TIMEOUT_MS */
  bool asks;           /* a person is asked on the terminal before anything is done */
  bool shows_steps;    /* one line for each on standard error */
};

struct xpf_attach_result {
  bool was_there;                   /* it ran xprofiler already, nothing was done */
  bool inspector_was_open;          /* and is open as before */
  char version[32];                 /* of the xprofiler in the target */
  char node_version[32];            /* "v20.11.0"; "" when it was there already */
  unsigned port;                    /* of the inspector that was used */
  unsigned workers, workers_missed; /* loaded into that many; did not answer in time, or refused */
  double took_ms;
};

/* 0, or an exit status and *verdict. */
int xpf_attach(pid_t pid, const struct xpf_attach_options *options,
               struct xpf_attach_result *result, struct xpf_verdict *verdict);
#endif
