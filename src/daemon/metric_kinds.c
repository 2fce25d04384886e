#include "daemon/metric_kinds.h"

#include <stdio.h>
#include <string.h>

enum unit {
#define UNIT_ENUM(id, name, factor) UNIT_##id,
  XPF_UNITS(UNIT_ENUM)
};
enum kind { KIND_GAUGE, KIND_COUNTER, KIND_INTERVAL };

static const double unit_factors[] = {
#define UNIT_FACTOR(id, name, factor) factor,
    XPF_UNITS(UNIT_FACTOR)};
/* In the order of XPF_UNITS. */
static const char *const unit_names[] = {"", "bytes", "seconds", "seconds", "ratio", ""};
_Static_assert(XPF_ROWS(unit_names) == XPF_ROWS(unit_factors), "a name for each unit");

struct row {
  const char *key, *prometheus, *labels, *help, *source;
  enum unit unit;
  enum kind kind;
};

#define ROW(component, key, format, unit, kind, where, prometheus, labels, help, source)           \
  {#key, prometheus, labels, help, source, UNIT_##unit, KIND_##kind},
#define MORE_SPACE_ROW(s, name)                                                                    \
  {#s "_space_size", NULL, NULL, "V8 space " name ": reserved", "", UNIT_BYTES, KIND_GAUGE},       \
      {#s "_space_used", NULL, NULL, "the same: used", "", UNIT_BYTES, KIND_GAUGE},                \
      {#s "_space_available", NULL, NULL, "the same: free", "", UNIT_BYTES, KIND_GAUGE},           \
      {#s "_space_committed",                                                                      \
       NULL,                                                                                       \
       NULL,                                                                                       \
       "the same: in physical memory",                                                             \
       "",                                                                                         \
       UNIT_BYTES,                                                                                 \
       KIND_GAUGE},
#define CLASS_ROW(digit)                                                                           \
  {"http_responses_" #digit "xx",                                                                  \
   "http_responses_by_class_total",                                                                \
   "class=\"" #digit "xx\"",                                                                       \
   "responses finished, by class of status; " #digit "xx",                                         \
   "http_status_total",                                                                            \
   UNIT_COUNT,                                                                                     \
   KIND_COUNTER},

static const struct row node_rows[] = {XPF_PROCESS_METRICS(ROW)};
static const struct row thread_rows[] = {XPF_THREAD_METRICS(ROW) XPF_MORE_SPACES(MORE_SPACE_ROW)
                                             XPF_STATUS_CLASSES(CLASS_ROW)};
_Static_assert(XPF_ROWS(node_rows) == XPF_NODE_FIELDS, "a row for each field");
_Static_assert(XPF_ROWS(thread_rows) == XPF_THREAD_FIELDS, "a row for each field");

#define KEY(component, key, ...) #key,
const char *const xpf_node_keys[XPF_NODE_FIELDS] = {XPF_PROCESS_METRICS(KEY)};
const char *const xpf_thread_keys[XPF_THREAD_LISTED] = {XPF_THREAD_METRICS(KEY)};
double xpf_node_factors[XPF_NODE_FIELDS], xpf_thread_factors[XPF_THREAD_FIELDS];

/* Texts that are made of those of a row. */
struct texts {
  char key[64], family[64], labels[48], help[160];
};
static struct texts node_texts[XPF_NODE_FIELDS], thread_texts[XPF_THREAD_FIELDS];
static struct xpf_field node_fields[XPF_NODE_FIELDS], thread_fields[XPF_THREAD_FIELDS];

/* The end of a key that names a unit, replaced by the base unit. */
static void make_key(char *out, size_t size, const char *key) {
  static const struct {
    const char *unit, *base;
  } ENDS[] = {{"_ms", "_seconds"}, {"_percent", "_ratio"}};
  size_t length = strlen(key);
  for (unsigned i = 0; i < XPF_ROWS(ENDS); i++) {
    size_t end = strlen(ENDS[i].unit);
    if (length > end && strcmp(key + length - end, ENDS[i].unit) == 0) {
      snprintf(out, size, "%.*s%s", (int)(length - end), key, ENDS[i].base);
      return;
    }
  }
  snprintf(out, size, "%s", key);
}

static const struct {
  const char *key, *name;
} SPACES[] = {
#define SPACE(s, name) {#s "_space_", name},
    XPF_LOG_SPACES(SPACE) XPF_MORE_SPACES(SPACE)};

/* The core writes V8's spaces into its own Prometheus text by another way than the list; the
 * families and their labels are the same. */
static bool make_space_family(struct texts *out, const char *key) {
  for (unsigned i = 0; i < XPF_ROWS(SPACES); i++) {
    size_t length = strlen(SPACES[i].key);
    if (strncmp(key, SPACES[i].key, length) != 0)
      continue;
    snprintf(out->family, sizeof out->family, "xprofiler_heap_space_%s_bytes", key + length);
    snprintf(out->labels, sizeof out->labels, "space=\"%s\"", SPACES[i].name);
    return true;
  }
  return false;
}

static bool is_first_of_family(const struct row *rows, unsigned index) {
  for (unsigned i = 0; i < index; i++)
    if (rows[i].prometheus && strcmp(rows[i].prometheus, rows[index].prometheus) == 0)
      return false;
  return true;
}

/* The words behind ';' are about one member of the family; the first of a family has the help of
 * all. */
static void make_help(struct texts *out, const struct row *rows, unsigned index) {
  const struct row *row = &rows[index];
  size_t length = strlen(row->help);
  if (row->prometheus && row->labels && is_first_of_family(rows, index))
    length = strcspn(row->help, ";");
  snprintf(out->help, sizeof out->help, "%.*s", (int)length, row->help);
}

static void make_fields(const struct row *rows, unsigned count, struct texts *texts,
                        struct xpf_field *fields, double *factors) {
  for (unsigned i = 0; i < count; i++) {
    const struct row *row = &rows[i];
    struct texts *text = &texts[i];
    make_key(text->key, sizeof text->key, row->key);
    make_help(text, rows, i);
    if (row->prometheus) {
      snprintf(text->family, sizeof text->family, "xprofiler_%s", row->prometheus);
      snprintf(text->labels, sizeof text->labels, "%s", row->labels ? row->labels : "");
    }
    bool has_family = row->prometheus || make_space_family(text, row->key);
    fields[i] = (struct xpf_field){
        .key = text->key,
        .family = has_family ? text->family : NULL,
        .labels = text->labels[0] ? text->labels : NULL,
        .type = row->kind == KIND_COUNTER ? XPF_FIELD_COUNTER : XPF_FIELD_GAUGE,
        .unit = unit_names[row->unit],
        .help = text->help,
        .source = row->source,
    };
    factors[i] = unit_factors[row->unit];
  }
}

const struct xpf_kind xpf_kind_node = {
    .name = "node",
    .help = "a Node.js process as its own core sees it",
    .labels = {"pid", "name"},
    .fields = node_fields,
    .access = "whoever may connect to its core: the user that runs it, and root",
    .fields_count = XPF_NODE_FIELDS,
    .stale_after_ms = 3500,
};

const struct xpf_kind xpf_kind_thread = {
    .name = "thread",
    .help = "a JavaScript thread of a Node.js process",
    .labels = {"pid", "name", "thread_id"},
    .fields = thread_fields,
    .access = "whoever may connect to its core: the user that runs it, and root",
    .fields_count = XPF_THREAD_FIELDS,
    .stale_after_ms = 3500,
};

void xpf_metric_kinds_init(void) {
  if (node_fields[0].key)
    return;
  make_fields(node_rows, XPF_NODE_FIELDS, node_texts, node_fields, xpf_node_factors);
  make_fields(thread_rows, XPF_THREAD_FIELDS, thread_texts, thread_fields, xpf_thread_factors);
}
