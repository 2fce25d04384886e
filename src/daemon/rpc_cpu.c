#include "daemon/rpc_cpu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rpc_looks.h"
#include "host/proc_file.h"
#include "host/proc_text.h"

/* ---- time by state ---- */

/* As in /proc/stat; user holds guest, nice holds guest_nice. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, STATES };
static const char *const STATE_KEYS[STATES] = {"user", "nice",    "system", "idle",  "iowait",
                                               "irq",  "softirq", "steal",  "guest", "guest_nice"};

static const struct xpf_rpc_look_file CPU_FILES[] = {
    {"stat", false, {.columns = STATES, .prefix = "cpu"}},
};

/* Shares 0 … 1 that sum to 1 over all states. */
static void read_shares(const struct xpf_rpc_call *call, size_t row, double shares[STATES]) {
  double total = 0;
  for (unsigned state = 0; state < STATES; state++) {
    shares[state] = xpf_rpc_looks_growth(call, 0, row, state);
    if (state <= STEAL && !isnan(shares[state]))
      total += shares[state];
  }
  if (!isnan(shares[GUEST]))
    shares[USER] = fmax(0, shares[USER] - shares[GUEST]);
  if (!isnan(shares[GUEST_NICE]))
    shares[NICE] = fmax(0, shares[NICE] - shares[GUEST_NICE]);
  for (unsigned state = 0; state < STATES; state++)
    shares[state] = total > 0 ? shares[state] / total : state == IDLE;
}

static const char *cpu_name(const struct xpf_rpc_call *call, size_t row) {
  const char *name = xpf_rpc_looks_now(call, 0)->rows[row].name + strlen("cpu");
  return *name ? name : "all";
}

static void print_shares(struct xpf_rpc_call *call) {
  static const unsigned ORDER[] = {USER,    NICE,  SYSTEM, IOWAIT,     IRQ,
                                   SOFTIRQ, STEAL, GUEST,  GUEST_NICE, IDLE};
  char before[16], now[16];
  xpf_rpc_clock(call, 0, before);
  xpf_rpc_clock(call, 1, now);
  xpf_rpc_print_banner(call);
  xpf_rpc_print(call,
                "%-11s  CPU    %%usr   %%nice    %%sys %%iowait    %%irq   %%soft  %%steal  "
                "%%guest  %%gnice   %%idle\n",
                before);
  for (size_t row = 0; row < xpf_rpc_looks_now(call, 0)->count; row++) {
    double shares[STATES];
    read_shares(call, row, shares);
    xpf_rpc_print(call, "%-11s %4s", now, cpu_name(call, row));
    for (unsigned i = 0; i < STATES; i++)
      xpf_rpc_print(call, "  %6.2f", isnan(shares[ORDER[i]]) ? 0 : 100 * shares[ORDER[i]]);
    xpf_rpc_print(call, "\n");
  }
}

void xpf_rpc_mpstat(struct xpf_rpc_call *call) {
  if (!xpf_rpc_look(call, CPU_FILES, 1))
    return;
  if (call->is_raw) {
    print_shares(call);
    return;
  }
  xpf_rpc_json_begin(call, "/proc/stat");
  xpf_json_key(&call->json, "cpus");
  xpf_json_array_begin(&call->json);
  for (size_t row = 0; row < xpf_rpc_looks_now(call, 0)->count; row++) {
    double shares[STATES];
    read_shares(call, row, shares);
    xpf_json_object_begin(&call->json);
    xpf_rpc_key_text(call, "cpu", cpu_name(call, row));
    for (unsigned state = 0; state < STATES; state++)
      xpf_rpc_key_number(call, STATE_KEYS[state], shares[state]);
    xpf_json_object_end(&call->json);
  }
  xpf_json_array_end(&call->json);
  xpf_rpc_json_end(call);
}

/* ---- interrupts ---- */

enum { INTERRUPTS, SOFTIRQS, TOTALS };
static const struct xpf_rpc_look_file INTERRUPT_FILES[] = {
    [INTERRUPTS] = {"interrupts", true, {0}},
    [SOFTIRQS] = {"softirqs", true, {0}},
    [TOTALS] = {"stat", false, {.columns = 1}},
};

static double rate_or_zero(const struct xpf_rpc_call *call, unsigned file, size_t row,
                           unsigned column) {
  double rate = xpf_rpc_looks_rate(call, file, row, column);
  return isnan(rate) ? 0 : rate;
}

static double total_of(const struct xpf_rpc_call *call, const char *name) {
  const struct xpf_proc_grid *grid = xpf_rpc_looks_now(call, TOTALS);
  for (size_t row = 0; row < grid->count; row++)
    if (strcmp(grid->rows[row].name, name) == 0)
      return xpf_rpc_looks_rate(call, TOTALS, row, 0);
  return NAN;
}

static double sum_of_cpu(const struct xpf_rpc_call *call, unsigned file, unsigned cpu) {
  double sum = 0;
  for (size_t row = 0; row < xpf_rpc_looks_now(call, file)->count; row++)
    sum += rate_or_zero(call, file, row, cpu);
  return sum;
}

/* One block of `mpstat -I`: a column for each interrupt, a line for each CPU. */
static void print_block(struct xpf_rpc_call *call, unsigned file) {
  const struct xpf_proc_grid *grid = xpf_rpc_looks_now(call, file);
  char before[16], now[16];
  xpf_rpc_clock(call, 0, before);
  xpf_rpc_clock(call, 1, now);
  xpf_rpc_print(call, "\n%-11s  CPU", before);
  for (size_t row = 0; row < grid->count; row++)
    xpf_rpc_print(call, " %8s/s", grid->rows[row].name);
  for (unsigned cpu = 0; cpu < grid->columns; cpu++) {
    xpf_rpc_print(call, "\n%-11s %4u", now, cpu);
    for (size_t row = 0; row < grid->count; row++)
      xpf_rpc_print(call, " %10.2f", rate_or_zero(call, file, row, cpu));
  }
  xpf_rpc_print(call, "\n");
}

/* Three blocks, parted by empty lines: sums, interrupts, softirqs. Clients count the empty lines.
 */
static void print_interrupts(struct xpf_rpc_call *call) {
  const struct xpf_proc_grid *grid = xpf_rpc_looks_now(call, INTERRUPTS);
  char before[16], now[16];
  xpf_rpc_clock(call, 0, before);
  xpf_rpc_clock(call, 1, now);
  xpf_rpc_print_banner(call);
  xpf_rpc_print(call, "%-11s  CPU    intr/s\n%-11s  all %9.2f\n", before, now,
                total_of(call, "intr"));
  for (unsigned cpu = 0; cpu < grid->columns; cpu++)
    xpf_rpc_print(call, "%-11s %4u %9.2f\n", now, cpu, sum_of_cpu(call, INTERRUPTS, cpu));
  print_block(call, INTERRUPTS);
  print_block(call, SOFTIRQS);
}

static void write_block(struct xpf_rpc_call *call, const char *key, unsigned file) {
  const struct xpf_proc_grid *grid = xpf_rpc_looks_now(call, file);
  xpf_json_key(&call->json, key);
  xpf_json_array_begin(&call->json);
  for (size_t row = 0; row < grid->count; row++) {
    double sum = 0;
    xpf_json_object_begin(&call->json);
    xpf_rpc_key_text(call, "name", grid->rows[row].name);
    xpf_rpc_key_text(call, "about", grid->rows[row].about);
    xpf_json_key(&call->json, "per_second_by_cpu");
    xpf_json_array_begin(&call->json);
    for (unsigned cpu = 0; cpu < grid->columns; cpu++) {
      double rate = rate_or_zero(call, file, row, cpu);
      xpf_json_double(&call->json, rate);
      sum += rate;
    }
    xpf_json_array_end(&call->json);
    xpf_rpc_key_number(call, "per_second", sum);
    xpf_json_object_end(&call->json);
  }
  xpf_json_array_end(&call->json);
}

void xpf_rpc_mpstat_interrupts(struct xpf_rpc_call *call) {
  if (!xpf_rpc_look(call, INTERRUPT_FILES, 3))
    return;
  if (call->is_raw) {
    print_interrupts(call);
    return;
  }
  xpf_rpc_json_begin(call, "/proc/interrupts, /proc/softirqs, /proc/stat");
  xpf_rpc_key_number(call, "interrupts_per_second", total_of(call, "intr"));
  xpf_rpc_key_number(call, "softirqs_per_second", total_of(call, "softirq"));
  write_block(call, "interrupts", INTERRUPTS);
  write_block(call, "softirqs", SOFTIRQS);
  xpf_rpc_json_end(call);
}

void xpf_rpc_irq_info(struct xpf_rpc_call *call) {
  /* The whole array, so that the place of the totals is the same. */
  if (!xpf_rpc_look(call, INTERRUPT_FILES, 3))
    return;
  double interrupts = total_of(call, "intr"), softirqs = total_of(call, "softirq");
  if (call->is_raw) {
    xpf_rpc_print(call, "irq:%.0f/s softirq:%.0f/s\n", interrupts, softirqs);
    return;
  }
  xpf_rpc_json_begin(call, "/proc/stat");
  xpf_rpc_key_number(call, "interrupts_per_second", interrupts);
  xpf_rpc_key_number(call, "softirqs_per_second", softirqs);
  xpf_rpc_json_end(call);
}

/* ---- what they are ---- */

/* The value of the first line that begins with one of the keys; "" */
static const char *first_value(char *text, const char *const *keys) {
  for (char *line; (line = xpf_proc_text_line(&text));)
    for (unsigned i = 0; keys[i]; i++) {
      const char *value = xpf_proc_after(line, keys[i]);
      if (value && (*value == ' ' || *value == '\t' || *value == ':'))
        return value + strspn(value, " \t:");
    }
  return "";
}

void xpf_rpc_cpu_info(struct xpf_rpc_call *call) {
  static const char *const VENDOR[] = {"vendor_id", "CPU implementer", "Hardware", NULL};
  static const char *const MODEL[] = {"model name", "CPU part", "cpu model", NULL};
  struct xpf_proc_text file = {0}, again = {0};
  int error = xpf_proc_text_read(&file, call->proc, "stat");
  unsigned cpus = 0;
  char *at = file.text;
  for (char *line; !error && (line = xpf_proc_text_line(&at));)
    cpus += strncmp(line, "cpu", 3) == 0 && line[3] >= '0' && line[3] <= '9';
  if (!error)
    error = xpf_proc_text_read(&file, call->proc, "cpuinfo");
  if (!error)
    error = xpf_proc_text_read(&again, call->proc, "cpuinfo");
  if (error) {
    xpf_rpc_fail_read(call, "/proc/cpuinfo", error);
  } else if (call->is_raw) {
    xpf_rpc_print(call, "cpunr: %u\ncpu_name: %s\n", cpus, first_value(file.text, VENDOR));
  } else {
    xpf_rpc_json_begin(call, "/proc/stat, /proc/cpuinfo");
    xpf_rpc_key_number(call, "cpus", cpus);
    xpf_rpc_key_text(call, "vendor", first_value(file.text, VENDOR));
    xpf_rpc_key_text(call, "model", first_value(again.text, MODEL));
    xpf_rpc_json_end(call);
  }
  xpf_proc_text_free(&file);
  xpf_proc_text_free(&again);
}
