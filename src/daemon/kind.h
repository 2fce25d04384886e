/* What kinds of things the daemon knows, and which values each has. A kind is a constant table in
 * the file of the collector that fills it; /metrics, the JSON of the API, the history and the
 * console are all made from these tables and nothing else. Pure data. */
#ifndef XPF_DAEMON_KIND_H
#define XPF_DAEMON_KIND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xpf_field_type {
  XPF_FIELD_GAUGE,   /* a state: may go up and down */
  XPF_FIELD_COUNTER, /* only grows until what it counts begins anew; shown as a rate */
};

/* How far a value can be trusted. Anything but OK and STALE has no number. */
enum xpf_quality {
  XPF_QUALITY_OK,
  XPF_QUALITY_STALE,  /* was right, but is older than its collector promises */
  XPF_QUALITY_ABSENT, /* this system does not have it (or does not yet tell) */
  XPF_QUALITY_DENIED, /* the system has it, and does not let us see it */
};

struct xpf_field {
  const char *key; /* unique in its kind: JSON, history, console. [a-z0-9_]+ */
  /* The whole Prometheus name; NULL: not in /metrics. Names of node_exporter's that count without
   * "_total" at their end (node_vmstat_pgfault) are there as node_exporter has them: untyped. */
  const char *family;
  const char *labels; /* constant labels of this member of the family: mode="user"; or NULL */
  enum xpf_field_type type;
  const char *unit; /* a base unit: "seconds", "bytes", "ratio", "celsius"; "" for a number */
  const char *help; /* one sentence without a full stop; the first of a family is the family's */
  const char *source;
};

#define XPF_LABELS_MAX 8
struct xpf_kind {
  const char *name; /* "host_cpu" */
  const char *help;
  const char *labels[XPF_LABELS_MAX + 1]; /* names of its labels, ended by NULL */
  const struct xpf_field *fields;
  unsigned fields_count;
  /* Texts about an entity that are no numbers (name, version): keys, ended by NULL. With a family
   * they are in /metrics too, as labels of a gauge that is 1. */
  const char *const *info;
  const char *info_family;
  const char *access;      /* who may read it: "any user" when NULL */
  unsigned stale_after_ms; /* values older than this are STALE */
  bool is_transient;       /* the history does not keep it */
};

/* For tables: the number of rows. */
#define XPF_ROWS(table) ((unsigned)(sizeof(table) / sizeof((table)[0])))
#endif
