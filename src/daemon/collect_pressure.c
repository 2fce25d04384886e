/* Pressure (PSI): how much time tasks lose as they wait for a CPU, memory or a disk. */
#include <stdio.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/cgroup.h"

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"cpu_some", "node_pressure_cpu_waiting_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time in which at least one task waited for a CPU", "/proc/pressure/cpu some total"},
    {"cpu_some_avg10", "xprofd_host_pressure_ratio", "resource=\"cpu\",share=\"some\",window=\"10s\"", XPF_FIELD_GAUGE, "ratio", "share of time in which tasks waited, mean of a window; cpu, some tasks, last 10 s", "/proc/pressure/cpu some"},
    {"cpu_some_avg60", "xprofd_host_pressure_ratio", "resource=\"cpu\",share=\"some\",window=\"60s\"", XPF_FIELD_GAUGE, "ratio", "the same; cpu, some tasks, last 60 s", "/proc/pressure/cpu some"},
    {"cpu_some_avg300", "xprofd_host_pressure_ratio", "resource=\"cpu\",share=\"some\",window=\"300s\"", XPF_FIELD_GAUGE, "ratio", "the same; cpu, some tasks, last 300 s", "/proc/pressure/cpu some"},
    {"cpu_full", "node_pressure_cpu_stalled_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time in which all tasks that had work waited for a CPU", "/proc/pressure/cpu full total"},
    {"cpu_full_avg10", "xprofd_host_pressure_ratio", "resource=\"cpu\",share=\"full\",window=\"10s\"", XPF_FIELD_GAUGE, "ratio", "the same; cpu, all tasks, last 10 s", "/proc/pressure/cpu full"},
    {"cpu_full_avg60", "xprofd_host_pressure_ratio", "resource=\"cpu\",share=\"full\",window=\"60s\"", XPF_FIELD_GAUGE, "ratio", "the same; cpu, all tasks, last 60 s", "/proc/pressure/cpu full"},
    {"cpu_full_avg300", "xprofd_host_pressure_ratio", "resource=\"cpu\",share=\"full\",window=\"300s\"", XPF_FIELD_GAUGE, "ratio", "the same; cpu, all tasks, last 300 s", "/proc/pressure/cpu full"},
    {"memory_some", "node_pressure_memory_waiting_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time in which at least one task waited for memory", "/proc/pressure/memory some total"},
    {"memory_some_avg10", "xprofd_host_pressure_ratio", "resource=\"memory\",share=\"some\",window=\"10s\"", XPF_FIELD_GAUGE, "ratio", "the same; memory, some tasks, last 10 s", "/proc/pressure/memory some"},
    {"memory_some_avg60", "xprofd_host_pressure_ratio", "resource=\"memory\",share=\"some\",window=\"60s\"", XPF_FIELD_GAUGE, "ratio", "the same; memory, some tasks, last 60 s", "/proc/pressure/memory some"},
    {"memory_some_avg300", "xprofd_host_pressure_ratio", "resource=\"memory\",share=\"some\",window=\"300s\"", XPF_FIELD_GAUGE, "ratio", "the same; memory, some tasks, last 300 s", "/proc/pressure/memory some"},
    {"memory_full", "node_pressure_memory_stalled_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time in which all tasks that had work waited for memory", "/proc/pressure/memory full total"},
    {"memory_full_avg10", "xprofd_host_pressure_ratio", "resource=\"memory\",share=\"full\",window=\"10s\"", XPF_FIELD_GAUGE, "ratio", "the same; memory, all tasks, last 10 s", "/proc/pressure/memory full"},
    {"memory_full_avg60", "xprofd_host_pressure_ratio", "resource=\"memory\",share=\"full\",window=\"60s\"", XPF_FIELD_GAUGE, "ratio", "the same; memory, all tasks, last 60 s", "/proc/pressure/memory full"},
    {"memory_full_avg300", "xprofd_host_pressure_ratio", "resource=\"memory\",share=\"full\",window=\"300s\"", XPF_FIELD_GAUGE, "ratio", "the same; memory, all tasks, last 300 s", "/proc/pressure/memory full"},
    {"io_some", "node_pressure_io_waiting_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time in which at least one task waited for a disk", "/proc/pressure/io some total"},
    {"io_some_avg10", "xprofd_host_pressure_ratio", "resource=\"io\",share=\"some\",window=\"10s\"", XPF_FIELD_GAUGE, "ratio", "the same; io, some tasks, last 10 s", "/proc/pressure/io some"},
    {"io_some_avg60", "xprofd_host_pressure_ratio", "resource=\"io\",share=\"some\",window=\"60s\"", XPF_FIELD_GAUGE, "ratio", "the same; io, some tasks, last 60 s", "/proc/pressure/io some"},
    {"io_some_avg300", "xprofd_host_pressure_ratio", "resource=\"io\",share=\"some\",window=\"300s\"", XPF_FIELD_GAUGE, "ratio", "the same; io, some tasks, last 300 s", "/proc/pressure/io some"},
    {"io_full", "node_pressure_io_stalled_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time in which all tasks that had work waited for a disk", "/proc/pressure/io full total"},
    {"io_full_avg10", "xprofd_host_pressure_ratio", "resource=\"io\",share=\"full\",window=\"10s\"", XPF_FIELD_GAUGE, "ratio", "the same; io, all tasks, last 10 s", "/proc/pressure/io full"},
    {"io_full_avg60", "xprofd_host_pressure_ratio", "resource=\"io\",share=\"full\",window=\"60s\"", XPF_FIELD_GAUGE, "ratio", "the same; io, all tasks, last 60 s", "/proc/pressure/io full"},
    {"io_full_avg300", "xprofd_host_pressure_ratio", "resource=\"io\",share=\"full\",window=\"300s\"", XPF_FIELD_GAUGE, "ratio", "the same; io, all tasks, last 300 s", "/proc/pressure/io full"},
    {"irq_full", "node_pressure_irq_stalled_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time in which all tasks that had work waited for interrupts to end", "/proc/pressure/irq full total"},
    {"irq_full_avg10", "xprofd_host_pressure_ratio", "resource=\"irq\",share=\"full\",window=\"10s\"", XPF_FIELD_GAUGE, "ratio", "the same; irq, all tasks, last 10 s", "/proc/pressure/irq full"},
    {"irq_full_avg60", "xprofd_host_pressure_ratio", "resource=\"irq\",share=\"full\",window=\"60s\"", XPF_FIELD_GAUGE, "ratio", "the same; irq, all tasks, last 60 s", "/proc/pressure/irq full"},
    {"irq_full_avg300", "xprofd_host_pressure_ratio", "resource=\"irq\",share=\"full\",window=\"300s\"", XPF_FIELD_GAUGE, "ratio", "the same; irq, all tasks, last 300 s", "/proc/pressure/irq full"},
};
/* clang-format on */
enum { TOTAL, AVG10, AVG60, AVG300, EACH }; /* of some, and again of full */

/* Where the fields of a resource begin. */
static const struct {
  const char *name;
  unsigned some, full;
} RESOURCES[] = {{"cpu", 0, EACH},
                 {"memory", 2 * EACH, 3 * EACH},
                 {"io", 4 * EACH, 5 * EACH},
                 {"irq", 6 * EACH, 6 * EACH}};

static const struct xpf_kind KIND = {
    .name = "host_pressure",
    .help = "time that tasks lose as they wait for what the host is short of",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

static void *pressure_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, 1, sizeof(struct xpf_reading), error);
}

static void set(struct xpf_row *row, unsigned first, uint64_t total_us, double avg10, double avg60,
                double avg300) {
  xpf_row_set(row, first + TOTAL, (double)total_us / 1e6);
  xpf_row_set(row, first + AVG10, avg10 / 100);
  xpf_row_set(row, first + AVG60, avg60 / 100);
  xpf_row_set(row, first + AVG300, avg300 / 100);
}

static void mark(struct xpf_row *row, unsigned first, unsigned end, int error) {
  for (unsigned field = first; field < end; field++)
    xpf_row_mark(row, field, xpf_quality_of_error(error));
}

/* A kernel without pressure, or one started with psi=0, has no such file or does not let it be
 * opened: that is no failure, the values are absent. */
static int pressure_gather(void *arg) {
  struct xpf_reading *reading = arg;
  xpf_reading_begin(reading);
  struct xpf_row *row = xpf_sheet_row(reading->sheets[0], "", NULL);
  for (unsigned i = 0; row && i < XPF_ROWS(RESOURCES); i++) {
    char name[32];
    struct xpf_pressure p;
    unsigned some = RESOURCES[i].some, full = RESOURCES[i].full;
    snprintf(name, sizeof name, "pressure/%s", RESOURCES[i].name);
    int error = xpf_proc_text_read(&reading->text, reading->proc, name);
    if (!error)
      error = xpf_pressure_parse(reading->text.text, &p);
    if (error) {
      mark(row, some, full + EACH, error);
      continue;
    }
    if (p.has_some && some != full)
      set(row, some, p.some_total_us, p.some_avg10, p.some_avg60, p.some_avg300);
    if (p.has_full)
      set(row, full, p.full_total_us, p.full_avg10, p.full_avg60, p.full_avg300);
  }
  return 0;
}

const struct xpf_collector xpf_collector_pressure = {
    .name = "pressure",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = pressure_new,
    .gather = pressure_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
