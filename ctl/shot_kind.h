/* The one-shot commands: what each asks of the target, one row each. A new one is a row here, a row
 * in command_table.c and its words. */
#ifndef XPF_CTL_SHOT_KIND_H
#define XPF_CTL_SHOT_KIND_H
#include <stdio.h>
#include <cjson/cJSON.h>
#include "format/profile.h"
#include "format/source.h"
#include "live_line.h"
#include "text.h"

struct xpf_shot_kind {
  const char *start;      /* the method; with a stop it runs for a time, else it makes its file */
  const char *stop;       /* NULL for a dump */
  double default_ms;      /* how long without -t; 0 for a dump */
  const char *flag;       /* a parameter that is always true, or NULL */
  enum xpf_text_id title; /* "CPU profile" */
  enum xpf_live_part live;
  const char *extension; /* of the file, without a point; also the name of its format */
  unsigned formats;      /* XPF_KIND_BIT() of the profile that the file holds, 0 when it is none */
  /* Of a profile, or of the file itself; NULL when there is no summary. */
  cJSON *(*summarize_profile)(const struct xpf_profile *profile);
  cJSON *(*summarize_file)(struct xpf_source *source);
  void (*print)(FILE *out, const cJSON *summary, unsigned columns);
};

extern const struct xpf_shot_kind xpf_shot_kind_cpu, xpf_shot_kind_heap, xpf_shot_kind_alloc,
    xpf_shot_kind_gc, xpf_shot_kind_trace, xpf_shot_kind_snapshot, xpf_shot_kind_report;
#endif
