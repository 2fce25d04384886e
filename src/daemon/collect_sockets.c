/* Sockets of the host against the limits that the kernel sets them. */
#include <string.h>
#include <unistd.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/net_text.h"

#define V4 "/proc/net/sockstat "
#define V6 "/proc/net/sockstat6 "
/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"used", "node_sockstat_sockets_used", NULL, XPF_FIELD_GAUGE, "", "sockets of all families", V4 "sockets used"},
    {"tcp", "node_sockstat_TCP_inuse", NULL, XPF_FIELD_GAUGE, "", "TCP sockets over IPv4", V4 "TCP inuse"},
    {"tcp_orphans", "node_sockstat_TCP_orphan", NULL, XPF_FIELD_GAUGE, "", "TCP sockets that no process has any more", V4 "TCP orphan"},
    {"tcp_time_waits", "node_sockstat_TCP_tw", NULL, XPF_FIELD_GAUGE, "", "connections in TIME_WAIT", V4 "TCP tw"},
    {"tcp_allocated", "node_sockstat_TCP_alloc", NULL, XPF_FIELD_GAUGE, "", "TCP sockets that exist, in any state", V4 "TCP alloc"},
    {"tcp_pages", "node_sockstat_TCP_mem", NULL, XPF_FIELD_GAUGE, "", "pages in the buffers of TCP", V4 "TCP mem"},
    {"udp", "node_sockstat_UDP_inuse", NULL, XPF_FIELD_GAUGE, "", "UDP sockets over IPv4", V4 "UDP inuse"},
    {"udp_pages", "node_sockstat_UDP_mem", NULL, XPF_FIELD_GAUGE, "", "pages in the buffers of UDP", V4 "UDP mem"},
    {"udplite", "node_sockstat_UDPLITE_inuse", NULL, XPF_FIELD_GAUGE, "", "UDP-Lite sockets over IPv4", V4 "UDPLITE inuse"},
    {"raw", "node_sockstat_RAW_inuse", NULL, XPF_FIELD_GAUGE, "", "raw sockets over IPv4", V4 "RAW inuse"},
    {"fragments", "node_sockstat_FRAG_inuse", NULL, XPF_FIELD_GAUGE, "", "IPv4 packets that wait for their other pieces", V4 "FRAG inuse"},
    {"fragment_memory", "node_sockstat_FRAG_memory", NULL, XPF_FIELD_GAUGE, "bytes", "memory of these", V4 "FRAG memory"},
    {"tcp6", "node_sockstat_TCP6_inuse", NULL, XPF_FIELD_GAUGE, "", "TCP sockets over IPv6", V6 "TCP6 inuse"},
    {"udp6", "node_sockstat_UDP6_inuse", NULL, XPF_FIELD_GAUGE, "", "UDP sockets over IPv6", V6 "UDP6 inuse"},
    {"udplite6", "node_sockstat_UDPLITE6_inuse", NULL, XPF_FIELD_GAUGE, "", "UDP-Lite sockets over IPv6", V6 "UDPLITE6 inuse"},
    {"raw6", "node_sockstat_RAW6_inuse", NULL, XPF_FIELD_GAUGE, "", "raw sockets over IPv6", V6 "RAW6 inuse"},
    {"fragments6", "node_sockstat_FRAG6_inuse", NULL, XPF_FIELD_GAUGE, "", "IPv6 packets that wait for their other pieces", V6 "FRAG6 inuse"},
    {"fragment_memory6", "node_sockstat_FRAG6_memory", NULL, XPF_FIELD_GAUGE, "bytes", "memory of these", V6 "FRAG6 memory"},
    {"tcp_memory", "node_sockstat_TCP_mem_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory in the buffers of TCP", "pages"},
    {"udp_memory", "node_sockstat_UDP_mem_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory in the buffers of UDP", "pages"},
    {"tcp_memory_pressure", "xprofd_host_tcp_memory_pressure_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "from here on TCP saves memory", "/proc/sys/net/ipv4/tcp_mem"},
    {"tcp_memory_limit", "xprofd_host_tcp_memory_limit_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "from here on TCP gets none", "/proc/sys/net/ipv4/tcp_mem"},
    {"udp_memory_limit", "xprofd_host_udp_memory_limit_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "from here on UDP gets none", "/proc/sys/net/ipv4/udp_mem"},
    {"tcp_orphans_limit", "xprofd_host_tcp_orphans_limit", NULL, XPF_FIELD_GAUGE, "", "TCP sockets without a process beyond this are reset", "/proc/sys/net/ipv4/tcp_max_orphans"},
    {"tcp_time_waits_limit", "xprofd_host_tcp_time_waits_limit", NULL, XPF_FIELD_GAUGE, "", "connections in TIME_WAIT beyond this are closed at once", "/proc/sys/net/ipv4/tcp_max_tw_buckets"},
    {"somaxconn", "xprofd_host_accept_queue_limit", NULL, XPF_FIELD_GAUGE, "", "how long an accept queue may be at most, whatever listen() asked for", "/proc/sys/net/core/somaxconn"},
    {"tcp_memory_use", "xprofd_host_tcp_memory_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of its limit, the memory that TCP uses", "mem / tcp_mem"},
    {"udp_memory_use", "xprofd_host_udp_memory_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of its limit, the memory that UDP uses", "mem / udp_mem"},
    {"tcp_orphans_use", "xprofd_host_tcp_orphans_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of the limit, the TCP sockets without a process", "orphan / tcp_max_orphans"},
    {"tcp_time_waits_use", "xprofd_host_tcp_time_waits_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of the limit, the connections in TIME_WAIT", "tw / tcp_max_tw_buckets"},
};
/* clang-format on */
enum {
  TCP_ORPHANS = 2,
  TCP_TIME_WAITS,
  TCP_PAGES = 5,
  UDP_PAGES = 7,
  TCP_MEMORY = 18,
  UDP_MEMORY,
  TCP_MEMORY_PRESSURE,
  TCP_MEMORY_LIMIT,
  UDP_MEMORY_LIMIT,
  TCP_ORPHANS_LIMIT,
  TCP_TIME_WAITS_LIMIT,
  ACCEPT_QUEUE_LIMIT,
  TCP_MEMORY_USE,
  UDP_MEMORY_USE,
  TCP_ORPHANS_USE,
  TCP_TIME_WAITS_USE,
};

static const struct xpf_kind KIND = {
    .name = "host_sockets",
    .help = "sockets, and how near they are to their limits",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

static void *sockets_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, 1, sizeof(struct xpf_reading), error);
}

/* source ends with group and name, as in the file. */
static void found(void *arg, const char *group, const char *name, double value) {
  struct xpf_row *row = arg;
  for (unsigned i = 0; i < TCP_MEMORY; i++) {
    const char *wanted = strchr(FIELDS[i].source, ' ') + 1;
    size_t size = strlen(group);
    if (strncmp(wanted, group, size) == 0 && wanted[size] == ' ' &&
        strcmp(wanted + size + 1, name) == 0)
      xpf_row_set(row, i, value);
  }
}

static void set_use(struct xpf_row *row, unsigned field, unsigned of, unsigned limit) {
  xpf_row_set(row, field, row->values[of] / row->values[limit]); /* no limit: no number */
}

static void read_limits(struct xpf_reading *reading, struct xpf_row *row) {
  double page = (double)sysconf(_SC_PAGESIZE);
  xpf_row_set(row, TCP_MEMORY, row->values[TCP_PAGES] * page);
  xpf_row_set(row, UDP_MEMORY, row->values[UDP_PAGES] * page);
  xpf_reading_number(reading, row, TCP_MEMORY_PRESSURE, "sys/net/ipv4/tcp_mem", 1, page);
  xpf_reading_number(reading, row, TCP_MEMORY_LIMIT, "sys/net/ipv4/tcp_mem", 2, page);
  xpf_reading_number(reading, row, UDP_MEMORY_LIMIT, "sys/net/ipv4/udp_mem", 2, page);
  xpf_reading_number(reading, row, TCP_ORPHANS_LIMIT, "sys/net/ipv4/tcp_max_orphans", 0, 1);
  xpf_reading_number(reading, row, TCP_TIME_WAITS_LIMIT, "sys/net/ipv4/tcp_max_tw_buckets", 0, 1);
  xpf_reading_number(reading, row, ACCEPT_QUEUE_LIMIT, "sys/net/core/somaxconn", 0, 1);
  set_use(row, TCP_MEMORY_USE, TCP_MEMORY, TCP_MEMORY_LIMIT);
  set_use(row, UDP_MEMORY_USE, UDP_MEMORY, UDP_MEMORY_LIMIT);
  set_use(row, TCP_ORPHANS_USE, TCP_ORPHANS, TCP_ORPHANS_LIMIT);
  set_use(row, TCP_TIME_WAITS_USE, TCP_TIME_WAITS, TCP_TIME_WAITS_LIMIT);
}

static int sockets_gather(void *arg) {
  struct xpf_reading *reading = arg;
  xpf_reading_begin(reading);
  int error = xpf_reading_file(reading, "net/sockstat", 0, 0);
  struct xpf_row *row = error ? NULL : xpf_sheet_row(reading->sheets[0], "", NULL);
  if (!row)
    return error;
  xpf_net_pairs_each(reading->text.text, found, row);
  if (xpf_proc_text_read(&reading->text, reading->proc, "net/sockstat6") == 0) /* IPv6 may be off */
    xpf_net_pairs_each(reading->text.text, found, row);
  read_limits(reading, row);
  return 0;
}

const struct xpf_collector xpf_collector_sockets = {
    .name = "sockets",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = sockets_new,
    .gather = sockets_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
