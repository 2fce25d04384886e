/* Packets on their way from the devices into the kernel, for each CPU. */
#include <stdio.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/net_text.h"

#define CPUS_MAX 1024
#define SOURCE   "/proc/net/softnet_stat"

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"processed", "node_softnet_processed_total", NULL, XPF_FIELD_COUNTER, "", "packets processed", SOURCE},
    {"dropped", "node_softnet_dropped_total", NULL, XPF_FIELD_COUNTER, "", "packets dropped: the queue of the CPU was full", SOURCE},
    {"squeezed", "node_softnet_times_squeezed_total", NULL, XPF_FIELD_COUNTER, "", "times that its turn ended with packets left over", SOURCE},
    {"received_rps", "node_softnet_received_rps_total", NULL, XPF_FIELD_COUNTER, "", "times that another CPU woke it up for packets", SOURCE},
    {"flow_limit", "node_softnet_flow_limit_count_total", NULL, XPF_FIELD_COUNTER, "", "packets dropped as one flow had too many of them", SOURCE},
    {"backlog", "xprofd_softnet_backlog", NULL, XPF_FIELD_GAUGE, "", "packets that wait", SOURCE},
};
/* clang-format on */
enum { PROCESSED, DROPPED, SQUEEZED, RECEIVED_RPS, FLOW_LIMIT, BACKLOG };

static const struct xpf_kind KIND = {
    .name = "host_softnet",
    .help = "packets on their way into the kernel, for each CPU",
    .labels = {"cpu"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

static void *softnet_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, CPUS_MAX, sizeof(struct xpf_reading), error);
}

static int softnet_gather(void *arg) {
  struct xpf_reading *reading = arg;
  struct xpf_net_softnet read;
  xpf_reading_begin(reading);
  int error = xpf_reading_file(reading, "net/softnet_stat", 0, 0), number = 0;
  if (error)
    return error;
  char *at = reading->text.text, cpu[16];
  for (char *line; (line = xpf_proc_text_line(&at)); number++) {
    if (xpf_net_softnet_parse(line, &read) != 0)
      continue;
    snprintf(cpu, sizeof cpu, "%d", read.cpu >= 0 ? read.cpu : number);
    struct xpf_row *row = xpf_sheet_row(reading->sheets[0], cpu, NULL);
    if (!row)
      break;
    xpf_row_set(row, PROCESSED, (double)read.processed);
    xpf_row_set(row, DROPPED, (double)read.dropped);
    xpf_row_set(row, SQUEEZED, (double)read.squeezed);
    xpf_row_set(row, RECEIVED_RPS, (double)read.received_rps);
    xpf_row_set(row, FLOW_LIMIT, (double)read.flow_limit);
    if (read.backlog != SIZE_MAX)
      xpf_row_set(row, BACKLOG, (double)read.backlog);
  }
  return 0;
}

const struct xpf_collector xpf_collector_softnet = {
    .name = "softnet",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = softnet_new,
    .gather = softnet_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
