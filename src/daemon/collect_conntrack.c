/* The kernel's table of connections (netfilter). A host that does not use it has none. */
#include <errno.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/net_text.h"

#define STAT "/proc/net/stat/nf_conntrack "
/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"entries", "node_nf_conntrack_entries", NULL, XPF_FIELD_GAUGE, "", "connections in the table", "/proc/sys/net/netfilter/nf_conntrack_count"},
    {"limit", "node_nf_conntrack_entries_limit", NULL, XPF_FIELD_GAUGE, "", "how many it takes: packets of further ones are dropped", "/proc/sys/net/netfilter/nf_conntrack_max"},
    {"use", "xprofd_conntrack_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of its limit, how full it is", "count / max"},
    {"found", "xprofd_conntrack_found_total", NULL, XPF_FIELD_COUNTER, "", "packets whose connection was found at a second look", STAT "found"},
    {"invalid", "xprofd_conntrack_invalid_total", NULL, XPF_FIELD_COUNTER, "", "packets that belong to no connection and begin none", STAT "invalid"},
    {"insert", "xprofd_conntrack_insert_total", NULL, XPF_FIELD_COUNTER, "", "connections put in (not counted by newer kernels)", STAT "insert"},
    {"insert_failed", "xprofd_conntrack_insert_failed_total", NULL, XPF_FIELD_COUNTER, "", "connections that could not be put in: another one was there", STAT "insert_failed"},
    {"drop", "xprofd_conntrack_drop_total", NULL, XPF_FIELD_COUNTER, "", "packets dropped as there was no room or memory", STAT "drop"},
    {"early_drop", "xprofd_conntrack_early_drop_total", NULL, XPF_FIELD_COUNTER, "", "connections thrown out to make room", STAT "early_drop"},
    {"icmp_error", "xprofd_conntrack_icmp_error_total", NULL, XPF_FIELD_COUNTER, "", "ICMP errors that belong to nothing", STAT "icmp_error"},
    {"search_restart", "xprofd_conntrack_search_restart_total", NULL, XPF_FIELD_COUNTER, "", "look-ups begun anew as the table changed", STAT "search_restart"},
    {"clash_resolved", "xprofd_conntrack_clash_resolved_total", NULL, XPF_FIELD_COUNTER, "", "connections put in twice at once, made one", STAT "clashres"},
    {"chain_too_long", "xprofd_conntrack_chain_too_long_total", NULL, XPF_FIELD_COUNTER, "", "connections not put in as their chain was too long", STAT "chainlength"},
};
/* clang-format on */
enum { ENTRIES, LIMIT, USE, FIRST_STAT };

static const struct xpf_kind KIND = {
    .name = "host_conntrack",
    .help = "the table of connections of netfilter",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

static void *conntrack_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, 1, sizeof(struct xpf_reading), error);
}

static void found(void *arg, const char *group, const char *name, double value) {
  struct xpf_row *row = arg;
  (void)group;
  for (unsigned i = FIRST_STAT; i < XPF_ROWS(FIELDS); i++)
    if (strcmp(FIELDS[i].source + strlen(STAT), name) == 0)
      xpf_row_set(row, i, value);
}

static int conntrack_gather(void *arg) {
  struct xpf_reading *reading = arg;
  xpf_reading_begin(reading);
  struct xpf_row *row = xpf_sheet_row(reading->sheets[0], "", NULL);
  if (!row)
    return -ENOMEM;
  int error =
      xpf_reading_number(reading, row, ENTRIES, "sys/net/netfilter/nf_conntrack_count", 0, 1);
  xpf_reading_number(reading, row, LIMIT, "sys/net/netfilter/nf_conntrack_max", 0, 1);
  xpf_row_set(row, USE, row->values[ENTRIES] / row->values[LIMIT]);
  int stat_error = xpf_proc_text_read(&reading->text, reading->proc, "net/stat/nf_conntrack");
  for (unsigned i = FIRST_STAT; stat_error && i < XPF_ROWS(FIELDS); i++)
    xpf_row_mark(row, i, xpf_quality_of_error(stat_error));
  if (!stat_error)
    xpf_net_columns_each(reading->text.text, found, row);
  return error == -ENOENT ? 0 : error; /* not in use here: nothing to tell of */
}

const struct xpf_collector xpf_collector_conntrack = {
    .name = "conntrack",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = conntrack_new,
    .gather = conntrack_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
