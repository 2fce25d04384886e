/* Interrupts by source, all CPUs together. With hundreds of CPUs the file has megabytes and takes
 * the kernel a while: it is read less often than the rest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/proc_file.h"

#define PERIOD_MS   5000
#define SOURCES_MAX 256 /* the most frequent ones; the rest is summed up */

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"count", "xprofd_host_interrupts_total", NULL, XPF_FIELD_COUNTER, "", "interrupts of a source on all CPUs; `other` is the sum of those beyond the 256 most frequent", "/proc/interrupts"},
};
/* clang-format on */
static const char *const INFO[] = {"source", NULL};

static const struct xpf_kind KIND = {
    .name = "host_interrupt",
    .help = "one source of interrupts",
    .labels = {"irq"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .info_family = "xprofd_host_interrupt_info",
    .stale_after_ms = PERIOD_MS * 7 / 2,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

struct source {
  const char *name;
  char *about;
  double count;
};

struct state {
  struct xpf_reading reading; /* first */
  struct source *sources;
  size_t count, capacity;
  double least; /* a source that is new needs as many to have a row of its own */
  bool is_full; /* from then on new sources are part of `other`, which must not shrink */
};

static void *interrupts_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, SOURCES_MAX + 1, sizeof(struct state), error);
}

static bool add(struct state *state, const struct source *source) {
  if (state->count == state->capacity) {
    size_t capacity = state->capacity ? state->capacity * 2 : 64;
    struct source *larger = realloc(state->sources, capacity * sizeof *larger);
    if (!larger)
      return false;
    state->sources = larger;
    state->capacity = capacity;
  }
  state->sources[state->count++] = *source;
  return true;
}

/* " 24:   1   0  IO-APIC   5-edge      ACPI:Ged": as many numbers as there are CPUs, at most. */
static bool read_line(char *line, size_t cpus, struct source *out) {
  char *name = line + strspn(line, " ");
  char *end = strchr(name, ':');
  uint64_t number;
  if (!end || end == name)
    return false;
  *end = '\0';
  *out = (struct source){.name = name, .about = end + 1};
  for (size_t cpu = 0; cpu < cpus && xpf_proc_number(out->about, &number); cpu++) {
    out->count += (double)number;
    out->about += strspn(out->about, " ");
    out->about += strspn(out->about, "0123456789");
  }
  return true;
}

/* One blank where there are many. */
static char *tidy(char *text) {
  char *to = text, *at = text;
  for (char *word; (word = xpf_proc_text_word(&at));) {
    size_t size = strlen(word);
    if (to > text)
      *to++ = ' ';
    memmove(to, word, size);
    to += size;
  }
  *to = '\0';
  return text;
}

static int read_sources(struct state *state) {
  char *at = state->reading.text.text;
  char *line = xpf_proc_text_line(&at);
  size_t cpus = 0;
  state->count = 0;
  while (line && xpf_proc_text_word(&line))
    cpus++;
  while ((line = xpf_proc_text_line(&at))) {
    struct source source;
    if (read_line(line, cpus, &source) && !add(state, &source))
      return -ENOMEM;
  }
  return 0;
}

static int by_count(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* How many interrupts the last of the most frequent sources has. */
static double find_least(const struct state *state) {
  double least = 1;
  if (state->count <= SOURCES_MAX)
    return least;
  double *counts = calloc(state->count, sizeof *counts);
  if (!counts)
    return least;
  for (size_t i = 0; i < state->count; i++)
    counts[i] = state->sources[i].count;
  qsort(counts, state->count, sizeof *counts, by_count);
  if (counts[SOURCES_MAX - 1] > least)
    least = counts[SOURCES_MAX - 1];
  free(counts);
  return least;
}

static void write_rows(struct state *state) {
  struct xpf_sheet *sheet = state->reading.sheets[0];
  double other = 0;
  for (size_t i = 0; i < state->count; i++) {
    struct source *source = &state->sources[i];
    bool is_known = xpf_sheet_find(sheet, source->name) != NULL;
    bool is_wanted = is_known || (!state->is_full && source->count >= state->least);
    struct xpf_row *row = is_wanted ? xpf_sheet_row(sheet, source->name, NULL) : NULL;
    if (!row) {
      other += source->count;
      continue;
    }
    xpf_row_set(row, 0, source->count);
    xpf_row_set_info(row, 0, tidy(source->about));
  }
  state->least = 1;
  if (other > 0 || state->is_full) {
    state->is_full = true;
    struct xpf_row *row = xpf_sheet_row(sheet, "other", NULL);
    if (row)
      xpf_row_set(row, 0, other);
  }
}

static int interrupts_gather(void *arg) {
  struct state *state = arg;
  xpf_reading_begin(&state->reading);
  int error = xpf_reading_file(&state->reading, "interrupts", 0, 0);
  if (!error)
    error = read_sources(state);
  if (error) {
    xpf_sheet_fail(state->reading.sheets[0], error);
    return error;
  }
  if (state->least == 0)
    state->least = find_least(state);
  write_rows(state);
  return 0;
}

static void interrupts_free(void *arg) {
  struct state *state = arg;
  free(state->sources);
  xpf_reading_free(state);
}

const struct xpf_collector xpf_collector_interrupts = {
    .name = "interrupts",
    .period_ms = PERIOD_MS,
    .kinds = KINDS,
    .new = interrupts_new,
    .gather = interrupts_gather,
    .publish = xpf_reading_publish,
    .free = interrupts_free,
};
