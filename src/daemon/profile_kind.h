/* What can be taken of a process through xprofd: one row each. Pure data. */
#ifndef XPF_DAEMON_PROFILE_KIND_H
#define XPF_DAEMON_PROFILE_KIND_H
#include <stdbool.h>

struct xpf_take_kind {
  const char *name;         /* of the API and of xprofctl's command */
  const char *extension;    /* of its file, without a dot */
  const char *content_type; /* of its file */
  bool is_timed;            /* runs for a number of seconds */
  const char *formats;      /* what it can be turned into: names of xprofctl convert, by blanks */
};

/* NULL when there is none of that name. */
const struct xpf_take_kind *xpf_take_kind_find(const char *name);
extern const struct xpf_take_kind xpf_take_kinds[];
extern const unsigned xpf_take_kinds_count;

/* A format a profile can be shown in. */
struct xpf_take_format {
  const char *name;      /* of the API; "html" is the flame graph */
  const char *extension; /* by which xprofctl convert knows it */
  const char *content_type;
  bool is_page; /* a browser shows it itself */
};
/* Its place among all formats, as a bit. */
unsigned xpf_take_format_bit(const struct xpf_take_format *format);
/* NULL when the kind has no such format. */
const struct xpf_take_format *xpf_take_format_find(const struct xpf_take_kind *kind,
                                                   const char *name);
#endif
