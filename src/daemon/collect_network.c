/* Network devices of the host. */
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/net_text.h"
#include "host/proc_file.h"

#define DEVICES_MAX 256
/* What a device is hardly changes: it is read in every tenth reading, and of a new one at once. */
#define LOOK_EVERY 10

#define COUNTED(side, name, unit, help)                                                            \
  {#side "_" #name, "node_network_" #side "_" #name "_total", NULL, XPF_FIELD_COUNTER, unit, help, \
   "/proc/net/dev"},

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    /* as the columns of the file */
    COUNTED(receive, bytes, "bytes", "bytes received")
    COUNTED(receive, packets, "", "packets received")
    COUNTED(receive, errs, "", "packets received with errors")
    COUNTED(receive, drop, "", "packets received and dropped: no room, or nobody wants them")
    COUNTED(receive, fifo, "", "receive buffer overruns")
    COUNTED(receive, frame, "", "framing errors")
    COUNTED(receive, compressed, "", "compressed packets received")
    COUNTED(receive, multicast, "", "multicast packets received")
    COUNTED(transmit, bytes, "bytes", "bytes sent")
    COUNTED(transmit, packets, "", "packets sent")
    COUNTED(transmit, errs, "", "packets not sent because of errors")
    COUNTED(transmit, drop, "", "packets dropped before they were sent")
    COUNTED(transmit, fifo, "", "send buffer overruns")
    COUNTED(transmit, colls, "", "collisions")
    COUNTED(transmit, carrier, "", "times that the carrier was lost")
    COUNTED(transmit, compressed, "", "compressed packets sent")
    {"up", "node_network_up", NULL, XPF_FIELD_GAUGE, "", "whether it is in operation (operstate is up)", "/sys/class/net/*/operstate"},
    {"carrier", "node_network_carrier", NULL, XPF_FIELD_GAUGE, "", "whether there is a carrier", "/sys/class/net/*/carrier"},
    {"carrier_changes", "node_network_carrier_changes_total", NULL, XPF_FIELD_COUNTER, "", "times that the carrier came or went", "/sys/class/net/*/carrier_changes"},
    {"mtu", "node_network_mtu_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "largest packet", "/sys/class/net/*/mtu"},
    {"speed", "node_network_speed_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "bytes a second that it can do; absent for those that are not real", "/sys/class/net/*/speed"},
    {"transmit_queue_length", "node_network_transmit_queue_length", NULL, XPF_FIELD_GAUGE, "", "packets that may wait to be sent", "/sys/class/net/*/tx_queue_len"},
    {"use", "xprofd_network_use_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of its speed, what the busier direction used in the last second", "/proc/net/dev, speed"},
};
/* clang-format on */
enum { RECEIVE, TRANSMIT = XPF_NET_DEVICE_COLUMNS };
enum { UP = 2 * XPF_NET_DEVICE_COLUMNS, CARRIER, CARRIER_CHANGES, MTU, SPEED, QUEUE_LENGTH, USE };
enum { STATE, DUPLEX, ADDRESS };

static const char *const INFO[] = {"operstate", "duplex", "address", NULL};
static const struct xpf_kind KIND = {
    .name = "host_network",
    .help = "network devices, at most 256",
    .labels = {"device"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .info_family = "xprofd_network_info",
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

struct network {
  struct xpf_reading reading; /* first */
  unsigned turn;
};

static void *network_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, DEVICES_MAX, sizeof(struct network), error);
}

/* One line of a file of the device, without its newline; 0 or -errno. */
static int read_attribute(const struct xpf_reading *reading, const char *device, const char *name,
                          char *text, size_t size) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/class/net/%s/%s", reading->sys, device, name);
  ssize_t got = xpf_proc_file_read(AT_FDCWD, path, text, size);
  text[strcspn(text, "\n")] = '\0';
  return got < 0 ? (int)got : 0;
}

static void set_number(const struct xpf_reading *reading, struct xpf_row *row, unsigned field,
                       const char *name, double factor) {
  char text[64];
  uint64_t number;
  int error = read_attribute(reading, row->key, name, text, sizeof text);
  if (error)
    xpf_row_mark(row, field, xpf_quality_of_error(error)); /* EINVAL: it is down, or not real */
  else if (xpf_proc_number(text, &number))                 /* speed is -1 when not known */
    xpf_row_set(row, field, (double)number * factor);
}

static void set_info(const struct xpf_reading *reading, struct xpf_row *row, unsigned index) {
  char text[128];
  int error = read_attribute(reading, row->key, INFO[index], text, sizeof text);
  xpf_row_set_info(row, index, error || text[0] == '\0' ? NULL : text);
}

static void look_at(const struct xpf_reading *reading, struct xpf_row *row) {
  set_number(reading, row, CARRIER, "carrier", 1);
  set_number(reading, row, CARRIER_CHANGES, "carrier_changes", 1);
  set_number(reading, row, MTU, "mtu", 1);
  set_number(reading, row, SPEED, "speed", 1e6 / 8);
  set_number(reading, row, QUEUE_LENGTH, "tx_queue_len", 1);
  set_info(reading, row, STATE);
  set_info(reading, row, DUPLEX);
  set_info(reading, row, ADDRESS);
  if (row->info[STATE])
    xpf_row_set(row, UP, strcmp(row->info[STATE], "up") == 0);
}

static void keep(struct xpf_row *row) {
  for (unsigned field = UP; field <= QUEUE_LENGTH; field++)
    xpf_row_set(row, field, row->before[field]);
}

static void set_use(struct xpf_row *row, double seconds) {
  double in = xpf_row_growth(row, RECEIVE), out = xpf_row_growth(row, TRANSMIT);
  double ratio = (in > out ? in : out) / seconds / row->values[SPEED];
  xpf_row_set(row, USE, ratio > 1 ? 1 : ratio);
}

static int network_gather(void *arg) {
  struct network *network = arg;
  struct xpf_reading *reading = &network->reading;
  struct xpf_sheet *sheet = reading->sheets[0];
  struct xpf_net_device device;
  xpf_reading_begin(reading);
  int error = xpf_reading_file(reading, "net/dev", 0, 0);
  if (error)
    return error;
  bool is_look_due = network->turn++ % LOOK_EVERY == 0;
  char *at = reading->text.text;
  for (char *line; (line = xpf_proc_text_line(&at));) {
    if (xpf_net_device_parse(line, &device) != 0)
      continue;
    struct xpf_row *row = xpf_sheet_row(sheet, device.name, NULL);
    if (!row)
      continue;
    bool is_new = isnan(row->before[RECEIVE]);
    for (unsigned i = 0; i < XPF_NET_DEVICE_COLUMNS; i++) {
      xpf_row_set(row, RECEIVE + i, (double)device.receive[i]);
      xpf_row_set(row, TRANSMIT + i, (double)device.transmit[i]);
    }
    if (is_new || is_look_due)
      look_at(reading, row);
    else
      keep(row);
    set_use(row, xpf_sheet_seconds(sheet));
  }
  return 0;
}

const struct xpf_collector xpf_collector_network = {
    .name = "network",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = network_new,
    .gather = network_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
