/* The processes of the whole host that use most CPU, memory and storage: the rows of a table, which
 * come and go. What decides about it is read of all of them, the rest only of those in the table.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/printable.h"
#include "host/proc_file.h"
#include "host/proc_keys.h"
#include "host/proc_stat_linux.h"
#include "host/process_scan_linux.h"
#include "host/user_name.h"

#define PERIOD_MS     3000
#define TOP           25 /* of each of the three orders */
#define ROWS_MAX      (3 * TOP)
#define STALE_MS      60000
#define COST_FACTOR   50             /* at most 1 / 50 of a CPU goes into it */
#define SHARES_NS     10000000u      /* of each reading for PSS and USS, the oldest first */
#define SHARES_AGE_NS 30000000000ull /* which are not read before they are as old */

enum {
  CPU,
  CPU_USER,
  CPU_SYSTEM,
  RSS,
  VSIZE,
  PSS,
  USS,
  READ_BYTES,
  WRITE_BYTES,
  MAJOR_FAULTS,
  THREADS,
  PRIORITY,
  NICE,
  STARTED
};

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"cpu", NULL, NULL, XPF_FIELD_GAUGE, "ratio", "CPU use since the reading before; 1 is one CPU", "growth of CPU time / time between"},
    {"cpu_user", NULL, NULL, XPF_FIELD_COUNTER, "seconds", "CPU time in the program", "/proc/PID/stat"},
    {"cpu_system", NULL, NULL, XPF_FIELD_COUNTER, "seconds", "CPU time in the kernel", "/proc/PID/stat"},
    {"rss", NULL, NULL, XPF_FIELD_GAUGE, "bytes", "memory in RAM, shared memory counted as a whole", "/proc/PID/stat"},
    {"vsize", NULL, NULL, XPF_FIELD_GAUGE, "bytes", "address space", "/proc/PID/stat"},
    {"pss", NULL, NULL, XPF_FIELD_GAUGE, "bytes", "its share of memory in RAM; half a minute old or more", "/proc/PID/smaps_rollup Pss"},
    {"uss", NULL, NULL, XPF_FIELD_GAUGE, "bytes", "what would be free if it ended", "/proc/PID/smaps_rollup Private_*"},
    {"read_bytes", NULL, NULL, XPF_FIELD_COUNTER, "bytes", "bytes that storage had to read for it", "/proc/PID/io read_bytes"},
    {"write_bytes", NULL, NULL, XPF_FIELD_COUNTER, "bytes", "bytes it made dirty, to be written to storage", "/proc/PID/io write_bytes"},
    {"major_faults", NULL, NULL, XPF_FIELD_COUNTER, "", "page faults that had to wait for storage", "/proc/PID/stat"},
    {"threads", NULL, NULL, XPF_FIELD_GAUGE, "", "threads", "/proc/PID/stat"},
    {"priority", NULL, NULL, XPF_FIELD_GAUGE, "", "priority as the kernel has it", "/proc/PID/stat"},
    {"nice", NULL, NULL, XPF_FIELD_GAUGE, "", "nice value", "/proc/PID/stat"},
    {"started", NULL, NULL, XPF_FIELD_GAUGE, "seconds", "when it was started, since the start of the system", "/proc/PID/stat"},
};
/* clang-format on */

enum { INFO_COMMAND, INFO_USER, INFO_STATE };
static const char *const INFO[] = {"command", "user", "state", NULL};

static const struct xpf_kind KIND = {
    .name = "host_process",
    .help =
        "the processes of the host that use most: 25 by CPU, 25 by memory, 25 by bytes of storage",
    .labels = {"pid", "name"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .access = "any user; pss, uss and bytes of storage only for the process's own user and root",
    .stale_after_ms = STALE_MS,
    .is_transient = true,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

struct share { /* of a row of the table */
  char key[48];
  uint64_t read_ns;
  double pss, uss;
  int error;
};

struct state {
  struct xpf_reading reading; /* first */
  struct xpf_process_scan scan;
  const struct xpf_process_sample *top[ROWS_MAX];
  size_t top_count;
  struct share shares[ROWS_MAX], old_shares[ROWS_MAX];
  size_t old_count;
  uint64_t next_ns; /* not before */
  bool is_skipped;
};

static void *top_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, ROWS_MAX, sizeof(struct state), error);
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t now_ns(void) {
  return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t ticks_of(const struct xpf_process_sample *sample) {
  return sample->grown_ticks;
}

static uint64_t rss_of(const struct xpf_process_sample *sample) {
  return sample->rss_bytes;
}

static uint64_t io_of(const struct xpf_process_sample *sample) {
  return sample->grown_io_bytes;
}

/* The TOP highest into list, in order; returns how many. Those with 0 are none. */
static size_t find_top(const struct xpf_process_samples *samples,
                       const struct xpf_process_sample **list,
                       uint64_t (*value)(const struct xpf_process_sample *)) {
  size_t count = 0;
  for (size_t i = 0; i < samples->count; i++) {
    const struct xpf_process_sample *sample = &samples->list[i];
    uint64_t own = value(sample);
    if (own == 0 || (count == TOP && own <= value(list[TOP - 1])))
      continue;
    size_t at = count < TOP ? count++ : TOP - 1;
    for (; at > 0 && value(list[at - 1]) < own; at--)
      list[at] = list[at - 1];
    list[at] = sample;
  }
  return count;
}

/* Those of an order that are not in the table yet. */
static void add_top(struct state *state, uint64_t (*value)(const struct xpf_process_sample *)) {
  const struct xpf_process_sample *list[TOP];
  size_t before = state->top_count, count = find_top(&state->scan.now, list, value);
  for (size_t i = 0; i < count; i++) {
    size_t at = 0;
    while (at < before && state->top[at] != list[i])
      at++;
    if (at == before)
      state->top[state->top_count++] = list[i];
  }
}

static void choose(struct state *state) {
  state->top_count = 0;
  add_top(state, ticks_of);
  add_top(state, rss_of);
  add_top(state, io_of);
}

/* The arguments joined by blanks; a thread of the kernel has none. */
static void set_command(struct xpf_row *row, int dir, const char *name) {
  char text[1024], command[1024];
  ssize_t size = xpf_proc_file_read(dir, "cmdline", text, sizeof text);
  while (size > 0 && text[size - 1] == '\0')
    size--;
  for (ssize_t i = 0; i < size; i++)
    if (text[i] == '\0')
      text[i] = ' ';
  if (size > 0)
    xpf_printable_copy(command, sizeof command, text, (size_t)size);
  else
    snprintf(command, sizeof command, "[%s]", name);
  xpf_row_set_info(row, INFO_COMMAND, command);
}

static void set_words(struct xpf_row *row, int dir, const struct xpf_process_sample *sample) {
  struct stat stat;
  char user[64], state[2] = {sample->state, '\0'};
  set_command(row, dir, sample->name);
  xpf_row_set_info(row, INFO_STATE, state);
  if (fstat(dir, &stat) == 0 && !row->info[INFO_USER]) {
    xpf_user_name(stat.st_uid, user, sizeof user);
    xpf_row_set_info(row, INFO_USER, user);
  }
}

static void set_io(struct xpf_row *row, const struct xpf_process_sample *sample) {
  xpf_row_set(row, READ_BYTES, (double)sample->read_bytes);
  xpf_row_set(row, WRITE_BYTES, (double)sample->write_bytes);
  for (unsigned field = READ_BYTES; sample->io_error && field <= WRITE_BYTES; field++)
    xpf_row_mark(row, field, xpf_quality_of_error(sample->io_error));
}

static void set_numbers(struct state *state, struct xpf_row *row,
                        const struct xpf_process_sample *sample) {
  double tick = (double)xpf_proc_tick_ns() / 1e9;
  double seconds = xpf_sheet_seconds(state->reading.sheets[0]);
  xpf_row_set(row, CPU, seconds > 0 ? (double)sample->grown_ticks * tick / seconds : NAN);
  xpf_row_set(row, CPU_USER, (double)sample->user_ticks * tick);
  xpf_row_set(row, CPU_SYSTEM, (double)sample->system_ticks * tick);
  xpf_row_set(row, RSS, (double)sample->rss_bytes);
  xpf_row_set(row, VSIZE, (double)sample->vsize_bytes);
  xpf_row_set(row, MAJOR_FAULTS, (double)sample->major_faults);
  xpf_row_set(row, THREADS, (double)sample->threads);
  xpf_row_set(row, PRIORITY, sample->priority);
  xpf_row_set(row, NICE, sample->nice);
  xpf_row_set(row, STARTED, (double)sample->start_ticks * tick);
}

static int open_process(const struct state *state, const struct xpf_process_sample *sample) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%d", state->reading.proc, (int)sample->pid);
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void read_share(struct state *state, struct share *share, size_t index) {
  uint64_t pss = 0, clean = 0, dirty = 0, huge = 0, found = 0;
  const struct xpf_proc_key keys[] = {{"Pss", &pss},
                                      {"Private_Clean", &clean},
                                      {"Private_Dirty", &dirty},
                                      {"Private_Hugetlb", &huge}};
  char path[4096];
  snprintf(path, sizeof path, "%s/%d/smaps_rollup", state->reading.proc,
           (int)state->top[index]->pid);
  share->error = xpf_proc_keys_read(AT_FDCWD, path, keys, XPF_ROWS(keys), &found);
  bool is_known = !share->error && found & 1; /* a thread of the kernel has no memory */
  share->pss = is_known ? (double)pss * 1024 : NAN;
  share->uss = is_known ? (double)(clean + dirty + huge) * 1024 : NAN;
  share->read_ns = now_ns();
}

/* The shares of those that were in the table before; then the oldest are read anew, while there is
 * time. A large process takes the kernel tens of ms. */
static void read_shares(struct state *state) {
  for (size_t i = 0; i < state->top_count; i++) {
    struct share *share = &state->shares[i];
    memset(share, 0, sizeof *share);
    share->pss = share->uss = NAN;
    snprintf(share->key, sizeof share->key, "%d.%llu", (int)state->top[i]->pid,
             (unsigned long long)state->top[i]->start_ticks);
    for (size_t old = 0; old < state->old_count; old++)
      if (strcmp(state->old_shares[old].key, share->key) == 0)
        *share = state->old_shares[old];
  }
  uint64_t begin_ns = now_ns();
  for (size_t tries = 0; tries < state->top_count && now_ns() - begin_ns < SHARES_NS; tries++) {
    size_t oldest = 0;
    for (size_t i = 1; i < state->top_count; i++)
      if (state->shares[i].read_ns < state->shares[oldest].read_ns)
        oldest = i;
    if (begin_ns - state->shares[oldest].read_ns < SHARES_AGE_NS)
      break;
    read_share(state, &state->shares[oldest], oldest);
  }
  memcpy(state->old_shares, state->shares, sizeof state->old_shares);
  state->old_count = state->top_count;
}

static void write_rows(struct state *state) {
  for (size_t i = 0; i < state->top_count; i++) {
    const struct xpf_process_sample *sample = state->top[i];
    const struct share *share = &state->shares[i];
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)sample->pid);
    int dir = open_process(state, sample);
    struct xpf_row *row = dir >= 0 ? xpf_sheet_row(state->reading.sheets[0], share->key,
                                                   (const char *const[]){pid, sample->name})
                                   : NULL;
    if (row) {
      set_numbers(state, row, sample);
      set_words(row, dir, sample);
      set_io(row, sample);
      xpf_row_set(row, PSS, share->pss);
      xpf_row_set(row, USS, share->uss);
      for (unsigned field = PSS; share->error && field <= USS; field++)
        xpf_row_mark(row, field, xpf_quality_of_error(share->error));
    }
    if (dir >= 0)
      close(dir);
  }
}

static int top_gather(void *arg) {
  struct state *state = arg;
  uint64_t begin_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  state->is_skipped = now_ns() < state->next_ns;
  if (state->is_skipped)
    return 0;
  int proc = open(state->reading.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int error = proc < 0 ? -errno : 0;
  xpf_reading_begin(&state->reading);
  if (!error)
    error = xpf_process_scan_read(&state->scan, proc);
  if (proc >= 0)
    close(proc);
  if (error) {
    xpf_sheet_fail(state->reading.sheets[0], error);
    return error;
  }
  choose(state);
  read_shares(state);
  write_rows(state);
  uint64_t cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns;
  state->next_ns = now_ns() + cost_ns * COST_FACTOR;
  return 0;
}

static void top_publish(void *arg, struct xpf_world *world, int64_t now_ms) {
  struct state *state = arg;
  if (!state->is_skipped)
    xpf_reading_publish(state, world, now_ms);
}

static void top_free(void *arg) {
  struct state *state = arg;
  xpf_process_scan_free(&state->scan);
  xpf_reading_free(state);
}

const struct xpf_collector xpf_collector_top = {
    .name = "top",
    .period_ms = PERIOD_MS,
    .kinds = KINDS,
    .new = top_new,
    .gather = top_gather,
    .publish = top_publish,
    .free = top_free,
};
