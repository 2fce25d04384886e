/* Disks and their partitions. A sector of /proc/diskstats has 512 bytes, whatever the disk's have.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/proc_file.h"

#define DEVICES_MAX     512
#define SECTOR_BYTES    512.0
#define READINGS_OF_SYS 60 /* what hardly changes is read again after so many */

/* The fields that are columns of the file stand first, in the order of the columns. */
enum {
  READS,
  READS_MERGED,
  READ_BYTES,
  READ_TIME,
  WRITES,
  WRITES_MERGED,
  WRITTEN_BYTES,
  WRITE_TIME,
  IO_NOW,
  IO_TIME,
  IO_TIME_WEIGHTED,
  DISCARDS,
  DISCARDS_MERGED,
  DISCARDED_SECTORS,
  DISCARD_TIME,
  FLUSHES,
  FLUSH_TIME,
  COLUMNS,
  AWAIT = COLUMNS,
  READ_AWAIT,
  WRITE_AWAIT,
  QUEUE,
  UTILIZATION,
  SIZE,
  BLOCK_SIZE,
  ROTATIONAL,
};

/* clang-format off */
#define STATS "/proc/diskstats"
static const struct xpf_field DISK_FIELDS[] = {
    {"reads", "node_disk_reads_completed_total", NULL, XPF_FIELD_COUNTER, "", "reads completed", STATS " field 1"},
    {"reads_merged", "node_disk_reads_merged_total", NULL, XPF_FIELD_COUNTER, "", "reads that became part of another one", STATS " field 2"},
    {"read_bytes", "node_disk_read_bytes_total", NULL, XPF_FIELD_COUNTER, "bytes", "bytes read", STATS " field 3, sectors of 512 bytes"},
    {"read_time", "node_disk_read_time_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time that all reads took together", STATS " field 4"},
    {"writes", "node_disk_writes_completed_total", NULL, XPF_FIELD_COUNTER, "", "writes completed", STATS " field 5"},
    {"writes_merged", "node_disk_writes_merged_total", NULL, XPF_FIELD_COUNTER, "", "writes that became part of another one", STATS " field 6"},
    {"written_bytes", "node_disk_written_bytes_total", NULL, XPF_FIELD_COUNTER, "bytes", "bytes written", STATS " field 7, sectors of 512 bytes"},
    {"write_time", "node_disk_write_time_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time that all writes took together", STATS " field 8"},
    {"io_now", "node_disk_io_now", NULL, XPF_FIELD_GAUGE, "", "requests under way", STATS " field 9"},
    {"io_time", "node_disk_io_time_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time with at least one request under way", STATS " field 10"},
    {"io_time_weighted", "node_disk_io_time_weighted_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "the same, each moment times the requests under way", STATS " field 11"},
    {"discards", "node_disk_discards_completed_total", NULL, XPF_FIELD_COUNTER, "", "discards (TRIM) completed", STATS " field 12, Linux 4.18"},
    {"discards_merged", "node_disk_discards_merged_total", NULL, XPF_FIELD_COUNTER, "", "discards that became part of another one", STATS " field 13"},
    {"discarded_sectors", "node_disk_discarded_sectors_total", NULL, XPF_FIELD_COUNTER, "", "sectors of 512 bytes discarded", STATS " field 14"},
    {"discard_time", "node_disk_discard_time_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time that all discards took together", STATS " field 15"},
    {"flushes", "node_disk_flush_requests_total", NULL, XPF_FIELD_COUNTER, "", "flushes of the disk's cache completed", STATS " field 16, Linux 5.5"},
    {"flush_time", "node_disk_flush_requests_time_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time that all flushes took together", STATS " field 17"},
    {"await", "xprofd_disk_await_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "mean time of a read or write, queue included, since the reading before; 0 without any", "growth of (read_time + write_time) / growth of (reads + writes)"},
    {"read_await", "xprofd_disk_read_await_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "the same, reads", "growth of read_time / growth of reads"},
    {"write_await", "xprofd_disk_write_await_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "the same, writes", "growth of write_time / growth of writes"},
    {"queue", "xprofd_disk_queue", NULL, XPF_FIELD_GAUGE, "", "mean number of requests under way since the reading before", "growth of io_time_weighted / time between"},
    {"utilization", "xprofd_disk_utilization_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "share of time with a request under way; disks that do many at a time (NVMe, RAID) can do more at 1", "growth of io_time / time between, at most 1"},
    {"size", "xprofd_disk_size_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "how much it holds", "/sys/class/block/DISK/size, sectors of 512 bytes"},
    {"block_size", "xprofd_disk_block_size_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the smallest unit it reads and writes", "/sys/class/block/DISK/queue/logical_block_size"},
    {"rotational", "xprofd_disk_rotational", NULL, XPF_FIELD_GAUGE, "", "1 for a disk that turns", "/sys/class/block/DISK/queue/rotational"},
};

enum { PART_READS, PART_READ_BYTES, PART_READ_TIME, PART_WRITES, PART_WRITTEN_BYTES, PART_WRITE_TIME, PART_IO_NOW, PART_SIZE };
static const struct xpf_field PARTITION_FIELDS[] = {
    {"reads", "xprofd_partition_reads_completed_total", NULL, XPF_FIELD_COUNTER, "", "reads of a partition completed", STATS " field 1"},
    {"read_bytes", "xprofd_partition_read_bytes_total", NULL, XPF_FIELD_COUNTER, "bytes", "bytes read", STATS " field 3, sectors of 512 bytes"},
    {"read_time", "xprofd_partition_read_time_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time that all reads took together", STATS " field 4"},
    {"writes", "xprofd_partition_writes_completed_total", NULL, XPF_FIELD_COUNTER, "", "writes of a partition completed", STATS " field 5"},
    {"written_bytes", "xprofd_partition_written_bytes_total", NULL, XPF_FIELD_COUNTER, "bytes", "bytes written", STATS " field 7, sectors of 512 bytes"},
    {"write_time", "xprofd_partition_write_time_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time that all writes took together", STATS " field 8"},
    {"io_now", "xprofd_partition_io_now", NULL, XPF_FIELD_GAUGE, "", "requests under way", STATS " field 9"},
    {"size", "xprofd_partition_size_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "how much it holds", "/sys/class/block/PARTITION/size"},
};
/* clang-format on */

static const struct {
  unsigned field, column;
} PARTITION_COLUMNS[] = {
    {PART_READS, READS},   {PART_READ_BYTES, READ_BYTES},       {PART_READ_TIME, READ_TIME},
    {PART_WRITES, WRITES}, {PART_WRITTEN_BYTES, WRITTEN_BYTES}, {PART_WRITE_TIME, WRITE_TIME},
    {PART_IO_NOW, IO_NOW},
};

enum { INFO_MODEL, INFO_NAME };
static const char *const DISK_INFO[] = {"model", "name", NULL};

static const struct xpf_kind DISK = {
    .name = "host_disk",
    .help = "a whole disk, or what is made of disks (md, dm)",
    .labels = {"device"},
    .fields = DISK_FIELDS,
    .fields_count = XPF_ROWS(DISK_FIELDS),
    .info = DISK_INFO,
    .info_family = "xprofd_disk_info",
    .stale_after_ms = 3500,
};
static const struct xpf_kind PARTITION = {
    .name = "host_partition",
    .help = "a partition of a disk",
    .labels = {"device", "disk"},
    .fields = PARTITION_FIELDS,
    .fields_count = XPF_ROWS(PARTITION_FIELDS),
    .stale_after_ms = 3500,
};
enum { SHEET_DISK, SHEET_PARTITION };
static const struct xpf_kind *const KINDS[] = {&DISK, &PARTITION, NULL};

struct state {
  struct xpf_reading reading; /* first */
  struct xpf_proc_text attribute;
  unsigned readings;
};

static void *disks_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, DEVICES_MAX, sizeof(struct state), error);
}

static double unit_of(unsigned column) {
  if (column == READ_BYTES || column == WRITTEN_BYTES)
    return SECTOR_BYTES;
  bool is_ms = column != IO_NOW && strcmp(DISK_FIELDS[column].unit, "seconds") == 0;
  return is_ms ? 1e-3 : 1;
}

/* loop0, ram1, zram0, fd0: not disks. */
static bool is_left_out(const char *name) {
  static const char *const NAMES[] = {"loop", "ram", "zram", "fd"};
  size_t letters = strcspn(name, "0123456789");
  for (unsigned i = 0; i < XPF_ROWS(NAMES); i++)
    if (strlen(NAMES[i]) == letters && strncmp(name, NAMES[i], letters) == 0)
      return true;
  return false;
}

/* sda1 is a part of sda, nvme0n1p2 of nvme0n1: a disk's name that ends in a digit has a p behind
 * it. Returns the length of what would be the disk's name, 0 when there is none. */
static size_t disk_part_of(const char *name) {
  size_t size = strlen(name);
  while (size > 0 && name[size - 1] >= '0' && name[size - 1] <= '9')
    size--;
  if (size == 0 || name[size] == '\0')
    return 0;
  bool has_p = size > 1 && name[size - 1] == 'p' && name[size - 2] >= '0' && name[size - 2] <= '9';
  return has_p ? size - 1 : size;
}

/* One number of a file of the device's folder in /sys; NaN when there is none. */
static double read_number(struct state *state, const char *device, const char *file) {
  char name[256];
  uint64_t number;
  snprintf(name, sizeof name, "class/block/%.100s/%s", device, file);
  if (xpf_proc_text_read(&state->attribute, state->reading.sys, name) != 0 ||
      !xpf_proc_number(state->attribute.text, &number))
    return NAN;
  return (double)number;
}

static void read_text(struct state *state, struct xpf_row *row, unsigned info, const char *file) {
  char name[256];
  snprintf(name, sizeof name, "class/block/%.100s/%s", row->key, file);
  if (xpf_proc_text_read(&state->attribute, state->reading.sys, name) != 0)
    return;
  char *text = state->attribute.text;
  size_t size = strcspn(text, "\n");
  while (size > 0 && text[size - 1] == ' ')
    size--;
  text[size] = '\0';
  xpf_row_set_info(row, info, text);
}

static void read_sys(struct state *state, struct xpf_row *row) {
  bool is_due = state->readings % READINGS_OF_SYS == 0 || isnan(row->before[READS]);
  if (!is_due) {
    for (unsigned field = SIZE; field <= ROTATIONAL; field++)
      xpf_row_set(row, field, row->before[field]);
    return;
  }
  xpf_row_set(row, SIZE, read_number(state, row->key, "size") * SECTOR_BYTES);
  xpf_row_set(row, BLOCK_SIZE, read_number(state, row->key, "queue/logical_block_size"));
  xpf_row_set(row, ROTATIONAL, read_number(state, row->key, "queue/rotational"));
  read_text(state, row, INFO_MODEL, "device/model");
  read_text(state, row, INFO_NAME, "dm/name");
}

static double mean(double sum, double count) {
  return count > 0 ? sum / count : sum * 0; /* NaN stays so */
}

static void derive(struct xpf_row *row, double seconds) {
  double reads = xpf_row_growth(row, READS), writes = xpf_row_growth(row, WRITES);
  double read_time = xpf_row_growth(row, READ_TIME), write_time = xpf_row_growth(row, WRITE_TIME);
  xpf_row_set(row, AWAIT, mean(read_time + write_time, reads + writes));
  xpf_row_set(row, READ_AWAIT, mean(read_time, reads));
  xpf_row_set(row, WRITE_AWAIT, mean(write_time, writes));
  if (!(seconds > 0))
    return;
  double utilization = xpf_row_growth(row, IO_TIME) / seconds;
  xpf_row_set(row, QUEUE, xpf_row_growth(row, IO_TIME_WEIGHTED) / seconds);
  xpf_row_set(row, UTILIZATION, utilization > 1 ? 1 : utilization);
}

/* "254 0 vda 415634 35625 …": the device's name, and the numbers behind it. */
static char *read_line(char *line, double numbers[COLUMNS]) {
  char *name = NULL, *word;
  for (unsigned i = 0; i < 3; i++)
    if (!(name = xpf_proc_text_word(&line)))
      return NULL;
  for (unsigned i = 0; i < COLUMNS; i++) {
    uint64_t number;
    word = xpf_proc_text_word(&line);
    numbers[i] = word && xpf_proc_number(word, &number) ? (double)number * unit_of(i) : NAN;
  }
  return name;
}

static void write_disk(struct state *state, const char *name, const double numbers[COLUMNS]) {
  struct xpf_sheet *sheet = state->reading.sheets[SHEET_DISK];
  struct xpf_row *row = xpf_sheet_row(sheet, name, NULL);
  if (!row)
    return;
  for (unsigned i = 0; i < COLUMNS; i++)
    xpf_row_set(row, i, numbers[i]);
  derive(row, xpf_sheet_seconds(sheet));
  read_sys(state, row);
}

static void write_partition(struct state *state, const char *name, const char *disk,
                            const double numbers[COLUMNS]) {
  struct xpf_row *row = xpf_sheet_row(state->reading.sheets[SHEET_PARTITION], name,
                                      (const char *const[]){name, disk});
  if (!row)
    return;
  for (unsigned i = 0; i < XPF_ROWS(PARTITION_COLUMNS); i++)
    xpf_row_set(row, PARTITION_COLUMNS[i].field, numbers[PARTITION_COLUMNS[i].column]);
  bool is_due = state->readings % READINGS_OF_SYS == 0 || isnan(row->before[PART_READS]);
  xpf_row_set(row, PART_SIZE,
              is_due ? read_number(state, name, "size") * SECTOR_BYTES : row->before[PART_SIZE]);
}

static int disks_gather(void *arg) {
  struct state *state = arg;
  double numbers[COLUMNS];
  char disk[64];
  xpf_reading_begin(&state->reading);
  int error = xpf_reading_file(&state->reading, "diskstats", SHEET_DISK, SHEET_PARTITION);
  char *at = error ? NULL : state->reading.text.text;
  for (char *line; (line = xpf_proc_text_line(&at));) {
    const char *name = read_line(line, numbers);
    if (!name || is_left_out(name))
      continue;
    snprintf(disk, sizeof disk, "%.*s", (int)disk_part_of(name), name);
    /* Disks stand before their partitions. */
    struct xpf_row *whole =
        disk[0] ? xpf_sheet_find(state->reading.sheets[SHEET_DISK], disk) : NULL;
    if (whole && whole->is_told)
      write_partition(state, name, disk, numbers);
    else
      write_disk(state, name, numbers);
  }
  state->readings++;
  return error;
}

static void disks_free(void *arg) {
  struct state *state = arg;
  xpf_proc_text_free(&state->attribute);
  xpf_reading_free(state);
}

const struct xpf_collector xpf_collector_disks = {
    .name = "disks",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = disks_new,
    .gather = disks_gather,
    .publish = xpf_reading_publish,
    .free = disks_free,
};
