/* What the file of a one-shot command says in short. Made once from what was read, as an object:
 * --json shows it as it is, and the text for the terminal is drawn from it. Pure. */
#ifndef XPF_CTL_SUMMARY_H
#define XPF_CTL_SUMMARY_H
#include <stdio.h>
#include <cjson/cJSON.h>
#include "format/profile.h"
#include "format/source.h"

/* Functions and collections that the lists show at most. */
#define XPF_SUMMARY_ROWS 15

/* From a profile; NULL when out of memory. */
cJSON *xpf_summary_cpu(const struct xpf_profile *profile);
cJSON *xpf_summary_heap(const struct xpf_profile *profile);
cJSON *xpf_summary_gc(const struct xpf_profile *profile);
/* From a .heapsnapshot, read as a stream, and from a .diag; NULL when it cannot be read. */
cJSON *xpf_summary_snapshot(struct xpf_source *source);
cJSON *xpf_summary_report(struct xpf_source *source);

/* Text of at most `columns` a line, colours where out is a terminal that has them. */
void xpf_summary_cpu_print(FILE *out, const cJSON *summary, unsigned columns);
void xpf_summary_heap_print(FILE *out, const cJSON *summary, unsigned columns);
void xpf_summary_gc_print(FILE *out, const cJSON *summary, unsigned columns);
void xpf_summary_snapshot_print(FILE *out, const cJSON *summary, unsigned columns);
void xpf_summary_report_print(FILE *out, const cJSON *summary, unsigned columns);
#endif
