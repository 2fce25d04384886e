/* Where the file of a one-shot command goes, and as what: -o, --format. */
#ifndef XPF_CTL_SHOT_OUTPUT_H
#define XPF_CTL_SHOT_OUTPUT_H
#include <stdbool.h>
#include <stddef.h>
#include "command_table.h"
#include "format/format_table.h"
#include "shot_kind.h"
#include "shot_target.h"
#include "verdict.h"

struct xpf_shot_output {
  const char *path;                /* -o, NULL without */
  const struct xpf_format *format; /* to convert to, NULL: the file as it is */
  const char *extension;           /* of the file as it is */
  bool is_stdout, is_directory;
  bool is_several;   /* names are made distinct */
  bool opens;        /* --open: shown on the desktop, a profile as a flame graph */
  bool keeps_places; /* --no-source-maps: in the summary and in what is converted */
};

/* Checks what can be checked before anything is begun. 0, or an exit status and *verdict. */
int xpf_shot_output_plan(struct xpf_shot_output *out, const struct xpf_invocation *invocation,
                         size_t targets, struct xpf_verdict *verdict);
/* "cpuprofile, pprof, …": what --format can be for this kind. Returns buffer. */
const char *xpf_shot_output_formats(const struct xpf_shot_kind *kind, char *buffer, size_t size);
/* The file stays where and as the target wrote it. */
bool xpf_shot_output_is_original(const struct xpf_shot_output *output);
/* The path for one target. original: the path that the target gave its file. Returns buffer. */
const char *xpf_shot_output_path(const struct xpf_shot_output *output,
                                 const struct xpf_shot_target *target, const char *original,
                                 char *buffer, size_t size);
#endif
