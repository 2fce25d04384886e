/* Node's trace events, which only JavaScript can ask for: lib/trace.js as the core sees it. It
 * works on the main thread, for all threads of the process. [js, main thread] */
#ifndef XPF_CORE_TRACER_H
#define XPF_CORE_TRACER_H
#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "core/trace_stream.h"
#include "wire/request.h"

struct xpf_tracer_options {
  struct xpf_trace_stream *stream;              /* where events go; referenced until the end */
  const char *categories;                       /* with commas; NULL = lib/trace.js chooses */
  void (*worked)(void *arg, uint64_t spent_ns); /* time was taken from the JS thread */
  void (*drained)(void *arg);                   /* after _stop gave 1: the last event is out */
  void *arg;
};

/* Not in an interrupt. Negative with the fault filled: not possible, or somebody traces already. */
int xpf_tracer_start(const struct xpf_tracer_options *options, struct xpf_fault *fault);
/* Not in an interrupt. 0: complete; 1: the events that were collected last are on their way,
 * `drained` will be called unless the thread ends before. */
int xpf_tracer_stop(void);
/* The thread ends or is dead: no JavaScript any more, `drained` is not called. Without a start
 * nothing happens. */
void xpf_tracer_abandon(void);
/* Not in an interrupt. [{"name":…,"is_default":…}]; NULL with the fault filled. */
cJSON *xpf_tracer_categories(struct xpf_fault *fault);
#endif
