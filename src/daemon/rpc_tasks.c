#include "daemon/rpc_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/rpc_looks.h"
#include "host/proc_keys.h"
#include "host/proc_text.h"
#include "host/task_scan.h"
#include "host/user_names.h"
#include "wire/utf8.h"
#include "xpf_protocol.h"

#define COMMAND_SIZE 1024

/* A process as it is now, with what it did between the looks. */
struct row {
  const struct xpf_scanned_task *task;
  double cpu, io_wait;              /* shares of the time; 1: one whole CPU */
  double read_bytes, written_bytes; /* per second; NaN: not known */
  double rank;
};

struct table {
  struct row *rows;
  size_t count;
  struct xpf_user_names users;
};

struct scans {
  struct xpf_task_scan at[2];
};

void xpf_rpc_tasks_free(struct xpf_rpc_call *call) {
  struct scans *scans = call->state;
  xpf_task_scan_free(&scans->at[0]);
  xpf_task_scan_free(&scans->at[1]);
  free(scans);
  call->state = NULL;
}

static void fail_memory(struct xpf_rpc_call *call) {
  xpf_rpc_fail(call, XPF_RPC_INTERNAL, NULL, "Out of memory.");
}

/* False when there is nothing to answer yet, or it failed. */
static bool look(struct xpf_rpc_call *call, unsigned wanted) {
  struct scans *scans = call->state ? call->state : (call->state = calloc(1, sizeof *scans));
  if (!scans) {
    fail_memory(call);
    return false;
  }
  int error = xpf_task_scan(&scans->at[call->round], call->proc, wanted);
  if (error)
    xpf_rpc_fail_read(call, "/proc", error);
  return !error && call->round == 1;
}

static size_t limit_of(struct xpf_rpc_call *call, size_t standard) {
  long long limit = (long long)standard;
  xpf_param_int(call->params, "limit", 1, XPF_TASK_SCAN_MAX, &limit, &call->fault);
  return (size_t)limit;
}

static double grown(uint64_t before, uint64_t now, double seconds) {
  return now >= before ? (double)(now - before) / seconds : 0;
}

static void fill_row(struct row *row, const struct xpf_scanned_task *before, double seconds) {
  const struct xpf_scanned_task *now = row->task;
  row->cpu = before ? fmax(0, now->cpu_seconds - before->cpu_seconds) / seconds : NAN;
  row->io_wait = before ? fmax(0, now->io_delay_seconds - before->io_delay_seconds) / seconds : NAN;
  bool has_io = before && !before->io_error && !now->io_error;
  row->read_bytes = has_io ? grown(before->read_bytes, now->read_bytes, seconds) : NAN;
  row->written_bytes = has_io ? grown(before->written_bytes, now->written_bytes, seconds) : NAN;
}

static int by_rank(const void *a, const void *b) {
  const struct row *left = a, *right = b;
  if (left->rank != right->rank)
    return left->rank < right->rank ? 1 : -1;
  return (left->task->pid > right->task->pid) - (left->task->pid < right->task->pid);
}

/* All rows; those that rank highest first, at most limit of them. */
static bool make_table(struct xpf_rpc_call *call, struct table *table,
                       const struct xpf_task_scan *before, const struct xpf_task_scan *now,
                       double (*rank)(const struct row *row), size_t limit) {
  *table = (struct table){.rows = calloc(now->count + 1, sizeof *table->rows)};
  if (!table->rows) {
    fail_memory(call);
    return false;
  }
  for (size_t i = 0; i < now->count; i++) {
    struct row *row = &table->rows[i];
    row->task = &now->tasks[i];
    if (before)
      fill_row(row, xpf_task_scan_find(before, row->task), xpf_rpc_seconds(call));
    row->rank = rank(row);
    if (isnan(row->rank))
      row->rank = -1;
  }
  qsort(table->rows, now->count, sizeof *table->rows, by_rank);
  table->count = now->count < limit ? now->count : limit;
  xpf_user_names_read(&table->users, "/etc/passwd");
  return true;
}

static void table_free(struct table *table) {
  free(table->rows);
  xpf_user_names_free(&table->users);
}

static double or_zero(double number) {
  return isnan(number) ? 0 : number;
}

/* ---- members that all have ---- */

static void begin_rows(struct xpf_rpc_call *call, const char *source) {
  xpf_rpc_json_begin(call, source);
  xpf_json_key(&call->json, "processes");
  xpf_json_array_begin(&call->json);
}

static void end_rows(struct xpf_rpc_call *call) {
  xpf_json_array_end(&call->json);
  xpf_rpc_json_end(call);
}

static void begin_row(struct xpf_rpc_call *call, const struct table *table,
                      const struct xpf_scanned_task *task) {
  char number[16], command[COMMAND_SIZE], state[2] = {task->state, '\0'};
  xpf_task_command(call->proc, task, command, sizeof command);
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_number(call, "pid", task->pid);
  xpf_rpc_key_number(call, "uid", task->uid);
  xpf_rpc_key_text(call, "user", xpf_user_name_of(&table->users, task->uid, number));
  xpf_rpc_key_text(call, "state", state);
  xpf_rpc_key_text(call, "name", task->name);
  xpf_rpc_key_text(call, "command", command);
}

/* Says why numbers of the row are null. */
static void key_quality(struct xpf_rpc_call *call, int error) {
  bool is_denied = error == -EACCES || error == -EPERM;
  xpf_rpc_key_text(call, "quality", !error ? "ok" : is_denied ? "denied" : "absent");
}

static void print_command(struct xpf_rpc_call *call, const struct xpf_scanned_task *task) {
  char command[COMMAND_SIZE];
  xpf_task_command(call->proc, task, command, sizeof command);
  command[xpf_utf8_cut(command, strlen(command), 256)] = '\0';
  xpf_rpc_print(call, "%s\n", command);
}

/* ---- top ---- */

static double cpu_rank(const struct row *row) {
  return row->cpu;
}

static double memory_total(const struct xpf_rpc_call *call) {
  uint64_t kb = 0, found;
  const struct xpf_proc_key key = {"MemTotal", &kb};
  char path[512];
  snprintf(path, sizeof path, "%.400s/meminfo", call->proc);
  xpf_proc_keys_read(AT_FDCWD, path, &key, 1, &found);
  return kb ? (double)kb * 1024 : NAN;
}

static void print_top_row(struct xpf_rpc_call *call, const struct table *table,
                          const struct row *row, double total) {
  const struct xpf_scanned_task *task = row->task;
  char number[16], time[32];
  unsigned long long s = (unsigned long long)task->cpu_seconds;
  snprintf(time, sizeof time, "%02llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
  xpf_rpc_print(call, "%5d %-8s %3d %3d %6llu %5llu %c %4.1f %4.1f %8s ", (int)task->pid,
                xpf_user_name_of(&table->users, task->uid, number), 39 - task->priority, task->nice,
                (unsigned long long)task->size_bytes / 1024,
                (unsigned long long)task->rss_bytes / 1024, task->state, 100 * or_zero(row->cpu),
                100 * or_zero((double)task->rss_bytes / total), time);
  print_command(call, task);
}

static void write_top_row(struct xpf_rpc_call *call, const struct table *table,
                          const struct row *row, double total) {
  const struct xpf_scanned_task *task = row->task;
  begin_row(call, table, task);
  xpf_rpc_key_number(call, "priority", task->priority);
  xpf_rpc_key_number(call, "nice", task->nice);
  xpf_rpc_key_number(call, "size_bytes", (double)task->size_bytes);
  xpf_rpc_key_number(call, "rss_bytes", (double)task->rss_bytes);
  xpf_rpc_key_number(call, "cpu", row->cpu);
  xpf_rpc_key_number(call, "memory", (double)task->rss_bytes / total);
  xpf_rpc_key_number(call, "cpu_seconds_total", task->cpu_seconds);
  xpf_json_object_end(&call->json);
}

void xpf_rpc_top(struct xpf_rpc_call *call) {
  size_t limit = limit_of(call, XPF_TASK_SCAN_MAX);
  struct table table;
  if (call->fault.code || !look(call, 0))
    return;
  struct scans *scans = call->state;
  if (!make_table(call, &table, &scans->at[0], &scans->at[1], cpu_rank, limit))
    return;
  double total = memory_total(call);
  if (call->is_raw)
    xpf_rpc_print(call, "  PID USER     PRI  NI    VSZ   RSS S %%CPU %%MEM     TIME CMD\n");
  else
    begin_rows(call, "/proc/PID/stat");
  for (size_t i = 0; i < table.count; i++)
    if (call->is_raw)
      print_top_row(call, &table, &table.rows[i], total);
    else
      write_top_row(call, &table, &table.rows[i], total);
  if (!call->is_raw)
    end_rows(call);
  table_free(&table);
}

/* ---- io ---- */

static double io_rank(const struct row *row) {
  return row->read_bytes + row->written_bytes;
}

/* "12.50 K/s", as iotop prints and LEP's client looks for it. */
static void human(char out[24], double bytes) {
  static const char UNITS[] = "BKMG";
  unsigned unit = 0;
  bytes = or_zero(bytes);
  while (bytes >= 1024 && UNITS[unit + 1]) {
    bytes /= 1024;
    unit++;
  }
  snprintf(out, 24, "%.2f %c/s", bytes, UNITS[unit]);
}

/* "be/4"; without a class of its own it follows from nice. */
static void io_priority(const struct xpf_scanned_task *task, char out[16]) {
  static const char *const CLASSES[] = {"be", "rt", "be", "id"};
  long told = syscall(SYS_ioprio_get, 1 /* a process */, task->pid);
  unsigned class = told < 0 ? 0 : (unsigned)told >> 13 & 3;
  unsigned level = class ? (unsigned)told & 7 : (unsigned)(task->nice + 20) / 5 & 7;
  if (class == 3)
    snprintf(out, 16, "idle");
  else
    snprintf(out, 16, "%s/%u", CLASSES[class], level);
}

static void print_io_row(struct xpf_rpc_call *call, const struct table *table,
                         const struct row *row) {
  char priority[16], number[16], read[24], written[24];
  io_priority(row->task, priority);
  human(read, row->read_bytes);
  human(written, row->written_bytes);
  xpf_rpc_print(call, "%5d %4s %-8s %11s %11s %6.2f %% %6.2f %% ", (int)row->task->pid, priority,
                xpf_user_name_of(&table->users, row->task->uid, number), read, written, 0.0,
                fmin(99.99, 100 * or_zero(row->io_wait)));
  print_command(call, row->task);
}

static void write_io_row(struct xpf_rpc_call *call, const struct table *table,
                         const struct row *row, bool has_delays) {
  char priority[16];
  io_priority(row->task, priority);
  begin_row(call, table, row->task);
  key_quality(call, row->task->io_error);
  xpf_rpc_key_text(call, "io_priority", priority);
  xpf_rpc_key_number(call, "read_bytes_per_second", row->read_bytes);
  xpf_rpc_key_number(call, "written_bytes_per_second", row->written_bytes);
  xpf_rpc_key_number(call, "io_wait", has_delays ? row->io_wait : NAN);
  xpf_json_object_end(&call->json);
}

static void print_io_head(struct xpf_rpc_call *call, const struct xpf_task_scan *before,
                          const struct xpf_task_scan *now) {
  double read = 0, written = 0;
  char read_text[24], written_text[24];
  for (size_t i = 0; i < now->count; i++) {
    struct row row = {.task = &now->tasks[i]};
    fill_row(&row, xpf_task_scan_find(before, row.task), xpf_rpc_seconds(call));
    read += or_zero(row.read_bytes);
    written += or_zero(row.written_bytes);
  }
  human(read_text, read);
  human(written_text, written);
  xpf_rpc_print(call,
                "Total DISK READ: %s | Total DISK WRITE: %s\n"
                "  TID PRIO USER       DISK READ  DISK WRITE   SWAPIN       IO    COMMAND\n",
                read_text, written_text);
}

/* Since Linux 5.14 the kernel counts delays only when it was told to. */
static bool counts_delays(const struct xpf_rpc_call *call) {
  struct xpf_proc_text text = {0};
  bool is_off = xpf_proc_text_read(&text, call->proc, "sys/kernel/task_delayacct") == 0 &&
                text.text[0] == '0';
  xpf_proc_text_free(&text);
  return !is_off;
}

/* When not one process of another user shows its io, the first lines would say that all is idle. */
static bool sees_none(const struct xpf_task_scan *scan) {
  for (size_t i = 0; i < scan->count; i++)
    if (!scan->tasks[i].io_error)
      return false;
  return true;
}

void xpf_rpc_iotop(struct xpf_rpc_call *call) {
  size_t limit = limit_of(call, 50);
  struct table table;
  if (call->fault.code || !look(call, XPF_SCAN_IO))
    return;
  struct scans *scans = call->state;
  if (sees_none(&scans->at[1])) {
    xpf_rpc_fail_read(call, "/proc/PID/io", -EACCES);
    return;
  }
  if (!make_table(call, &table, &scans->at[0], &scans->at[1], io_rank, limit))
    return;
  bool has_delays = counts_delays(call);
  if (call->is_raw)
    print_io_head(call, &scans->at[0], &scans->at[1]);
  else
    begin_rows(call, "/proc/PID/io, /proc/PID/stat");
  for (size_t i = 0; i < table.count; i++)
    if (call->is_raw)
      print_io_row(call, &table, &table.rows[i]);
    else
      write_io_row(call, &table, &table.rows[i], has_delays);
  if (!call->is_raw)
    end_rows(call);
  table_free(&table);
}

/* ---- procrank ---- */

static double share_rank(const struct row *row) {
  return row->task->share_error ? -1 : (double)row->task->pss_bytes;
}

static unsigned long long kb(uint64_t bytes) {
  return (unsigned long long)bytes / 1024;
}

static void print_rank_end(struct xpf_rpc_call *call, const struct xpf_task_scan *scan) {
  uint64_t pss = 0, uss = 0;
  for (size_t i = 0; i < scan->count; i++) {
    pss += scan->tasks[i].share_error ? 0 : scan->tasks[i].pss_bytes;
    uss += scan->tasks[i].share_error ? 0 : scan->tasks[i].uss_bytes;
  }
  uint64_t v[6] = {0}, found;
  const struct xpf_proc_key keys[] = {{"MemTotal", &v[0]}, {"MemFree", &v[1]}, {"Buffers", &v[2]},
                                      {"Cached", &v[3]},   {"Shmem", &v[4]},   {"Slab", &v[5]}};
  char path[512];
  snprintf(path, sizeof path, "%.400s/meminfo", call->proc);
  xpf_proc_keys_read(AT_FDCWD, path, keys, 6, &found);
  xpf_rpc_print(call,
                "                           ------  ------  ------\n"
                "                          %6lluK %6lluK  TOTAL\n\n"
                "RAM: %lluK total, %lluK free, %lluK buffers, %lluK cached, %lluK shmem, %lluK "
                "slab\n",
                kb(pss), kb(uss), (unsigned long long)v[0], (unsigned long long)v[1],
                (unsigned long long)v[2], (unsigned long long)v[3], (unsigned long long)v[4],
                (unsigned long long)v[5]);
}

static void print_rank_row(struct xpf_rpc_call *call, const struct row *row) {
  const struct xpf_scanned_task *task = row->task;
  if (task->share_error)
    return;
  xpf_rpc_print(call, "%5d %7lluK %7lluK %7lluK %7lluK  ", (int)task->pid, kb(task->size_bytes),
                kb(task->rss_bytes), kb(task->pss_bytes), kb(task->uss_bytes));
  print_command(call, task);
}

static void write_rank_row(struct xpf_rpc_call *call, const struct table *table,
                           const struct row *row) {
  const struct xpf_scanned_task *task = row->task;
  bool is_known = !task->share_error;
  begin_row(call, table, task);
  key_quality(call, task->share_error);
  xpf_rpc_key_number(call, "size_bytes", (double)task->size_bytes);
  xpf_rpc_key_number(call, "rss_bytes", (double)task->rss_bytes);
  xpf_rpc_key_number(call, "pss_bytes", is_known ? (double)task->pss_bytes : NAN);
  xpf_rpc_key_number(call, "uss_bytes", is_known ? (double)task->uss_bytes : NAN);
  xpf_rpc_key_number(call, "swap_bytes", is_known ? (double)task->swap_bytes : NAN);
  xpf_json_object_end(&call->json);
}

void xpf_rpc_procrank(struct xpf_rpc_call *call) {
  size_t limit = limit_of(call, 51);
  struct xpf_task_scan scan;
  struct table table;
  int error = call->fault.code ? 0 : xpf_task_scan(&scan, call->proc, XPF_SCAN_SHARES);
  if (call->fault.code)
    return;
  if (error) {
    xpf_rpc_fail_read(call, "/proc", error);
  } else if (make_table(call, &table, NULL, &scan, share_rank, limit)) {
    if (call->is_raw)
      xpf_rpc_print(call, "  PID      Vss      Rss      Pss      Uss  cmdline\n");
    else
      begin_rows(call, "/proc/PID/smaps_rollup, /proc/PID/stat");
    for (size_t i = 0; i < table.count; i++)
      if (call->is_raw)
        print_rank_row(call, &table.rows[i]);
      else
        write_rank_row(call, &table, &table.rows[i]);
    if (call->is_raw)
      print_rank_end(call, &scan);
    else
      end_rows(call);
    table_free(&table);
  }
  xpf_task_scan_free(&scan);
}
