// links: src/daemon/metrics_reply.c src/daemon/metric_kinds.c
/* What a process answers that claims to be a core. It is taken or refused; figures are numbers or
 * unknown, never infinite. */
#include <errno.h>
#include <math.h>

#include "daemon/metrics_reply.h"
#include "fuzz.h"

static void check(const double *values, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    require(!isinf(values[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct xpf_metrics_reply reply;
  char *line = fuzz_text(data, size);
  xpf_metric_kinds_init();
  int status = xpf_metrics_reply_parse(&reply, line, size);
  require(status == 0 || status == 1 || status == -EPROTO);
  require(reply.threads_count <= XPF_REPLY_THREADS_MAX);
  require(strlen(reply.message) < sizeof reply.message);
  check(reply.node, XPF_NODE_FIELDS);
  for (uint32_t i = 0; i < reply.threads_count; i++)
    check(reply.threads[i].values, XPF_THREAD_FIELDS);
  free(line);
  return 0;
}
