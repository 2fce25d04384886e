/* Softirqs by type, on each CPU. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/proc_file.h"

#define CPUS_MAX 8192
#define SOURCE   "/proc/softirqs "

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"hi", "node_softirqs_functions_total", "type=\"HI\"", XPF_FIELD_COUNTER, "", "softirqs served by type; urgent tasklets", SOURCE "HI"},
    {"timer", "node_softirqs_functions_total", "type=\"TIMER\"", XPF_FIELD_COUNTER, "", "the same: timers", SOURCE "TIMER"},
    {"net_tx", "node_softirqs_functions_total", "type=\"NET_TX\"", XPF_FIELD_COUNTER, "", "the same: packets sent", SOURCE "NET_TX"},
    {"net_rx", "node_softirqs_functions_total", "type=\"NET_RX\"", XPF_FIELD_COUNTER, "", "the same: packets received", SOURCE "NET_RX"},
    {"block", "node_softirqs_functions_total", "type=\"BLOCK\"", XPF_FIELD_COUNTER, "", "the same: requests of block devices completed", SOURCE "BLOCK"},
    {"irq_poll", "node_softirqs_functions_total", "type=\"IRQ_POLL\"", XPF_FIELD_COUNTER, "", "the same: devices polled for completions", SOURCE "IRQ_POLL"},
    {"tasklet", "node_softirqs_functions_total", "type=\"TASKLET\"", XPF_FIELD_COUNTER, "", "the same: tasklets", SOURCE "TASKLET"},
    {"sched", "node_softirqs_functions_total", "type=\"SCHED\"", XPF_FIELD_COUNTER, "", "the same: load balancing between CPUs", SOURCE "SCHED"},
    {"hrtimer", "node_softirqs_functions_total", "type=\"HRTIMER\"", XPF_FIELD_COUNTER, "", "the same: timers of high resolution", SOURCE "HRTIMER"},
    {"rcu", "node_softirqs_functions_total", "type=\"RCU\"", XPF_FIELD_COUNTER, "", "the same: memory freed once nobody reads it", SOURCE "RCU"},
};
/* clang-format on */
#define TYPES XPF_ROWS(FIELDS)

static const struct xpf_kind KIND = {
    .name = "host_softirq",
    .help = "softirqs served by one CPU",
    .labels = {"cpu"},
    .fields = FIELDS,
    .fields_count = TYPES,
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

/* The file has a line for each type and a column for each CPU that could be there. */
struct column {
  const char *cpu;
  double counts[TYPES];
  bool has[TYPES], is_used;
};

struct state {
  struct xpf_reading reading; /* first */
  struct column *columns;
  size_t count, capacity;
};

static void *softirqs_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, CPUS_MAX, sizeof(struct state), error);
}

/* "   CPU0   CPU1 " */
static int read_head(struct state *state, char *line) {
  state->count = 0;
  for (char *word; line && (word = xpf_proc_text_word(&line));) {
    if (!xpf_proc_after(word, "CPU"))
      return -EPROTO;
    if (state->count == state->capacity) {
      size_t capacity = state->capacity ? state->capacity * 2 : 16;
      struct column *larger = realloc(state->columns, capacity * sizeof *larger);
      if (!larger)
        return -ENOMEM;
      state->columns = larger;
      state->capacity = capacity;
    }
    memset(&state->columns[state->count], 0, sizeof *state->columns);
    state->columns[state->count++].cpu = word + strlen("CPU");
  }
  return state->count > 0 ? 0 : -EPROTO;
}

/* "  NET_TX:   16   18" */
static void read_type(struct state *state, char *line) {
  char *name = xpf_proc_text_word(&line), *word;
  unsigned type = 0;
  size_t size = name ? strcspn(name, ":") : 0;
  while (type < TYPES && !(name && strncmp(FIELDS[type].source + strlen(SOURCE), name, size) == 0 &&
                           strlen(FIELDS[type].source + strlen(SOURCE)) == size))
    type++;
  for (size_t i = 0; type < TYPES && i < state->count && (word = xpf_proc_text_word(&line)); i++) {
    uint64_t number;
    if (!xpf_proc_number(word, &number))
      return;
    struct column *column = &state->columns[i];
    column->counts[type] = (double)number;
    column->has[type] = true;
    column->is_used = column->is_used || number > 0;
  }
}

static int softirqs_gather(void *arg) {
  struct state *state = arg;
  xpf_reading_begin(&state->reading);
  int error = xpf_reading_file(&state->reading, "softirqs", 0, 0);
  char *at = state->reading.text.text;
  if (!error)
    error = read_head(state, xpf_proc_text_line(&at));
  if (error) {
    xpf_sheet_fail(state->reading.sheets[0], error);
    return error;
  }
  for (char *line; (line = xpf_proc_text_line(&at));)
    read_type(state, line);
  for (size_t i = 0; i < state->count; i++) {
    const struct column *column = &state->columns[i];
    struct xpf_row *row =
        column->is_used ? xpf_sheet_row(state->reading.sheets[0], column->cpu, NULL) : NULL;
    for (unsigned type = 0; row && type < TYPES; type++)
      if (column->has[type])
        xpf_row_set(row, type, column->counts[type]);
  }
  return 0;
}

static void softirqs_free(void *arg) {
  struct state *state = arg;
  free(state->columns);
  xpf_reading_free(state);
}

const struct xpf_collector xpf_collector_softirqs = {
    .name = "softirqs",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = softirqs_new,
    .gather = softirqs_gather,
    .publish = xpf_reading_publish,
    .free = softirqs_free,
};
