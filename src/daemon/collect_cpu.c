/* Processor time by state, as a whole and of each CPU, and the rest of /proc/stat. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/proc_file.h"
#include "host/proc_stat_linux.h"

#define CPUS_MAX 8192
/* Idle and iowait of one CPU are estimates of another one: they may go back by a little. */
#define SLACK_SECONDS 3

/* In the order of the kernel's columns. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, BUSY, CPUS };
#define STATES (GUEST_NICE + 1)

/* clang-format off */
#define STATE_FIELDS(time, guest_time, busy)                                                       \
    {"user", time, "mode=\"user\"", XPF_FIELD_COUNTER, "seconds", "time spent in a state, added up since the start; in programs, guests included", "/proc/stat"}, \
    {"nice", time, "mode=\"nice\"", XPF_FIELD_COUNTER, "seconds", "the same: in programs of low priority", "/proc/stat"}, \
    {"system", time, "mode=\"system\"", XPF_FIELD_COUNTER, "seconds", "the same: in the kernel", "/proc/stat"}, \
    {"idle", time, "mode=\"idle\"", XPF_FIELD_COUNTER, "seconds", "the same: nothing to do", "/proc/stat"}, \
    {"iowait", time, "mode=\"iowait\"", XPF_FIELD_COUNTER, "seconds", "the same: nothing to do but to wait for a disk", "/proc/stat"}, \
    {"irq", time, "mode=\"irq\"", XPF_FIELD_COUNTER, "seconds", "the same: in interrupts", "/proc/stat"}, \
    {"softirq", time, "mode=\"softirq\"", XPF_FIELD_COUNTER, "seconds", "the same: in softirqs", "/proc/stat"}, \
    {"steal", time, "mode=\"steal\"", XPF_FIELD_COUNTER, "seconds", "the same: ready to run while the hypervisor ran others", "/proc/stat"}, \
    {"guest", guest_time, "mode=\"user\"", XPF_FIELD_COUNTER, "seconds", "time spent to run guests of this host, part of user and nice; user", "/proc/stat"}, \
    {"guest_nice", guest_time, "mode=\"nice\"", XPF_FIELD_COUNTER, "seconds", "the same: nice", "/proc/stat"}, \
    {"busy", busy, NULL, XPF_FIELD_GAUGE, "ratio", "share of time neither idle nor iowait since the reading before", "1 - growth of (idle + iowait) / growth of the first eight states"}
static const struct xpf_field TOTAL_FIELDS[] = {
    STATE_FIELDS("xprofd_host_cpu_seconds_total", "xprofd_host_cpu_guest_seconds_total", "xprofd_host_cpu_busy_ratio"),
    {"cpus", "xprofd_host_cpus", NULL, XPF_FIELD_GAUGE, "", "CPUs that are online", "/proc/stat"},
};
static const struct xpf_field CPU_FIELDS[] = {
    STATE_FIELDS("node_cpu_seconds_total", "node_cpu_guest_seconds_total", "xprofd_cpu_busy_ratio"),
};

enum { INTERRUPTS, SOFTIRQS, SWITCHES, FORKS, RUNNING, BLOCKED, BOOT, UPTIME };
static const struct xpf_field SYSTEM_FIELDS[] = {
    {"interrupts", "node_intr_total", NULL, XPF_FIELD_COUNTER, "", "interrupts served", "/proc/stat intr"},
    {"softirqs", "xprofd_host_softirqs_total", NULL, XPF_FIELD_COUNTER, "", "softirqs served", "/proc/stat softirq"},
    {"context_switches", "node_context_switches_total", NULL, XPF_FIELD_COUNTER, "", "changes from one task to another on a CPU", "/proc/stat ctxt"},
    {"forks", "node_forks_total", NULL, XPF_FIELD_COUNTER, "", "processes and threads begun", "/proc/stat processes"},
    {"running", "node_procs_running", NULL, XPF_FIELD_GAUGE, "", "tasks that run or are ready to", "/proc/stat procs_running"},
    {"blocked", "node_procs_blocked", NULL, XPF_FIELD_GAUGE, "", "tasks that wait for a disk", "/proc/stat procs_blocked"},
    {"boot_time", "node_boot_time_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "when the system was started, Unix time", "/proc/stat btime"},
    {"uptime", "xprofd_host_uptime_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "time since the system was started, sleep included", "/proc/uptime"},
};
/* clang-format on */

static const struct {
  const char *key;
  unsigned field;
} LINES[] = {
    {"intr ", INTERRUPTS}, {"softirq ", SOFTIRQS},      {"ctxt ", SWITCHES},
    {"processes ", FORKS}, {"procs_running ", RUNNING}, {"procs_blocked ", BLOCKED},
    {"btime ", BOOT},
};

static const struct xpf_kind TOTAL = {
    .name = "host_cpu_total",
    .help = "time of all CPUs together by what they did",
    .fields = TOTAL_FIELDS,
    .fields_count = XPF_ROWS(TOTAL_FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind EACH = {
    .name = "host_cpu",
    .help = "time of one CPU by what it did",
    .labels = {"cpu"},
    .fields = CPU_FIELDS,
    .fields_count = XPF_ROWS(CPU_FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind SYSTEM_KIND = {
    .name = "host_system",
    .help = "tasks, interrupts and the start of the host",
    .fields = SYSTEM_FIELDS,
    .fields_count = XPF_ROWS(SYSTEM_FIELDS),
    .stale_after_ms = 3500,
};
enum { SHEET_TOTAL, SHEET_EACH, SHEET_SYSTEM };
static const struct xpf_kind *const KINDS[] = {&TOTAL, &EACH, &SYSTEM_KIND, NULL};

static void *cpu_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, CPUS_MAX, sizeof(struct xpf_reading), error);
}

static void set_busy(struct xpf_row *row) {
  double all = 0;
  for (unsigned state = USER; state <= STEAL; state++) {
    double growth = xpf_row_growth(row, state);
    if (!isnan(growth) || state <= IDLE) /* old kernels have fewer states */
      all += growth;
  }
  double idle = xpf_row_growth(row, IDLE), iowait = xpf_row_growth(row, IOWAIT);
  idle += isnan(iowait) ? 0 : iowait;
  if (all > 0) /* also not NaN */
    xpf_row_set(row, BUSY, fmax(0, 1 - idle / all));
}

/* Behind "cpu" or "cpu7". */
static void read_states(struct xpf_row *row, char *at, double tick_seconds) {
  char *word;
  uint64_t ticks;
  for (unsigned state = 0; row && state < STATES && (word = xpf_proc_text_word(&at)); state++)
    if (xpf_proc_number(word, &ticks))
      xpf_row_set_growing(row, state, (double)ticks * tick_seconds, SLACK_SECONDS);
  if (row)
    set_busy(row);
}

static void read_line(struct xpf_row *row, const char *line) {
  for (unsigned i = 0; row && i < XPF_ROWS(LINES); i++) {
    const char *value = xpf_proc_after(line, LINES[i].key);
    uint64_t number;
    if (value && xpf_proc_number(value, &number))
      xpf_row_set(row, LINES[i].field, (double)number);
  }
}

static void read_stat(struct xpf_reading *reading) {
  double tick_seconds = (double)xpf_proc_tick_ns() / 1e9;
  struct xpf_row *total = xpf_sheet_row(reading->sheets[SHEET_TOTAL], "", NULL);
  struct xpf_row *system = xpf_sheet_row(reading->sheets[SHEET_SYSTEM], "", NULL);
  char *at = reading->text.text;
  unsigned cpus = 0;
  for (char *line; (line = xpf_proc_text_line(&at));) {
    if (!xpf_proc_after(line, "cpu")) {
      read_line(system, line);
      continue;
    }
    char *name = xpf_proc_text_word(&line) + strlen("cpu");
    if (*name)
      read_states(xpf_sheet_row(reading->sheets[SHEET_EACH], name, NULL), line, tick_seconds);
    else
      read_states(total, line, tick_seconds);
    cpus += *name != '\0';
  }
  if (total && cpus > 0)
    xpf_row_set(total, CPUS, cpus);
}

static int cpu_gather(void *arg) {
  struct xpf_reading *reading = arg;
  xpf_reading_begin(reading);
  int error = xpf_reading_file(reading, "stat", SHEET_TOTAL, SHEET_SYSTEM);
  if (error)
    return error;
  read_stat(reading);
  struct xpf_row *system = xpf_sheet_row(reading->sheets[SHEET_SYSTEM], "", NULL);
  double uptime;
  if (system && xpf_proc_text_read(&reading->text, reading->proc, "uptime") == 0 &&
      sscanf(reading->text.text, "%lf", &uptime) == 1)
    xpf_row_set(system, UPTIME, uptime);
  return 0;
}

const struct xpf_collector xpf_collector_cpu = {
    .name = "cpu",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = cpu_new,
    .gather = cpu_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
