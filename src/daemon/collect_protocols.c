/* IP, TCP and UDP of the host, as /proc/net/snmp, netstat and snmp6 count them. */
#include <stdbool.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/net_counter_list.h"
#include "daemon/reading.h"
#include "host/net_text.h"

#define FIELD(key, group, name, type, unit, help)                                                  \
  {#key, "node_netstat_" #group "_" #name, NULL, XPF_FIELD_##type, unit, help, #group " " #name},

static const struct xpf_field IP_FIELDS[] = {XPF_NET_IP_COUNTERS(FIELD)};
static const struct xpf_field UDP_FIELDS[] = {XPF_NET_UDP_COUNTERS(FIELD)};
static const struct xpf_field TCP_FIELDS[] = {
    XPF_NET_TCP_COUNTERS(FIELD)
    /* of two readings, or in another unit */
    {"pressure_time", "xprofd_host_tcp_memory_pressure_seconds_total", NULL, XPF_FIELD_COUNTER,
     "seconds", "time TCP was over the pressure mark of its memory",
     "TcpExt TCPMemoryPressuresChrono"},
    {"retransmit_ratio", "xprofd_host_tcp_retransmit_ratio", NULL, XPF_FIELD_GAUGE, "ratio",
     "of the segments sent in the last second, those sent again", "RetransSegs / OutSegs"},
};

static const struct xpf_kind IP = {
    .name = "host_ip",
    .help = "IP and ICMP, version 4 and 6",
    .fields = IP_FIELDS,
    .fields_count = XPF_ROWS(IP_FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind TCP = {
    .name = "host_tcp",
    .help = "TCP, over IPv4 and IPv6",
    .fields = TCP_FIELDS,
    .fields_count = XPF_ROWS(TCP_FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind UDP = {
    .name = "host_udp",
    .help = "UDP",
    .fields = UDP_FIELDS,
    .fields_count = XPF_ROWS(UDP_FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&IP, &TCP, &UDP, NULL};

struct protocols {
  struct xpf_reading reading; /* first */
  struct xpf_row *rows[XPF_ROWS(KINDS) - 1];
  unsigned next[XPF_ROWS(KINDS) - 1]; /* where the next name likely is */
};

static void *protocols_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, 1, sizeof(struct protocols), error);
}

/* "Tcp RetransSegs" is source: group and name. snmp6 writes both in one word. */
static bool is_it(const char *source, const char *group, const char *name) {
  size_t size = strcspn(source, " ");
  const char *own = source + size + (source[size] == ' ');
  if (group[0] != '\0')
    return strlen(group) == size && strncmp(source, group, size) == 0 && strcmp(own, name) == 0;
  return strncmp(source, name, size) == 0 && strcmp(own, name + size) == 0;
}

static void found(void *arg, const char *group, const char *name, double value) {
  struct protocols *protocols = arg;
  for (unsigned k = 0; KINDS[k]; k++) {
    unsigned count = KINDS[k]->fields_count;
    for (unsigned tried = 0; protocols->rows[k] && tried < count; tried++) {
      unsigned field = (protocols->next[k] + tried) % count;
      if (!is_it(KINDS[k]->fields[field].source, group, name))
        continue;
      bool is_ms = strcmp(KINDS[k]->fields[field].unit, "seconds") == 0;
      xpf_row_set(protocols->rows[k], field, is_ms ? value / 1000 : value);
      protocols->next[k] = field + 1;
      return;
    }
  }
}

/* Marks what the file would have told. */
static void fail(struct protocols *protocols, const char *const *groups, int error) {
  for (unsigned k = 0; KINDS[k]; k++)
    for (unsigned f = 0; protocols->rows[k] && f < KINDS[k]->fields_count; f++)
      for (const char *const *group = groups; *group; group++) {
        const char *source = KINDS[k]->fields[f].source;
        size_t size = strlen(*group);
        if (strncmp(source, *group, size) == 0 && source[size] == ' ')
          xpf_row_mark(protocols->rows[k], f, xpf_quality_of_error(error));
      }
}

static unsigned field_of(const char *key) {
  unsigned field = 0;
  while (strcmp(TCP_FIELDS[field].key, key) != 0)
    field++;
  return field;
}

static void set_ratio(struct xpf_row *row) {
  double again = xpf_row_growth(row, field_of("retransmits"));
  double sent = xpf_row_growth(row, field_of("out_segments"));
  double ratio = sent > 0 ? again / sent : again > 0 ? 1 : again; /* NaN stays */
  xpf_row_set(row, field_of("retransmit_ratio"), ratio > 1 ? 1 : ratio);
}

static int protocols_gather(void *arg) {
  static const struct {
    const char *file;
    void (*each)(char *text, xpf_net_found found, void *arg);
    const char *groups[5];
  } FILES[] = {
      {"net/snmp", xpf_net_counters_each, {"Ip", "Icmp", "Tcp", "Udp", NULL}},
      {"net/netstat", xpf_net_counters_each, {"IpExt", "TcpExt", NULL}},
      {"net/snmp6", xpf_net_pairs_each, {"Ip6", "Icmp6", "Udp6", NULL}},
  };
  struct protocols *protocols = arg;
  struct xpf_reading *reading = &protocols->reading;
  int first_error = 0;
  xpf_reading_begin(reading);
  for (unsigned k = 0; KINDS[k]; k++)
    protocols->rows[k] = xpf_sheet_row(reading->sheets[k], "", NULL);
  for (unsigned i = 0; i < XPF_ROWS(FILES); i++) {
    int error = xpf_proc_text_read(&reading->text, reading->proc, FILES[i].file);
    if (error) {
      fail(protocols, FILES[i].groups, error);
      first_error = first_error ? first_error : i < 2 ? error : 0; /* IPv6 may be off */
    } else {
      FILES[i].each(reading->text.text, found, protocols);
    }
  }
  if (protocols->rows[1])
    set_ratio(protocols->rows[1]);
  return first_error;
}

const struct xpf_collector xpf_collector_protocols = {
    .name = "protocols",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = protocols_new,
    .gather = protocols_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
