/* Where convert and diff put what they make of profiles. */
#ifndef XPF_CTL_PROFILE_OUTPUT_H
#define XPF_CTL_PROFILE_OUTPUT_H
#include "format/format_table.h"
#include "verdict.h"

/* Before work is begun: the path ("-": standard output) can be written, and is none of the inputs,
 * whatever their names are. 0 or an exit status. */
int xpf_profile_output_check(const char *path, const char *const *inputs, size_t inputs_count,
                             struct xpf_verdict *verdict);
/* The sentence about -errno of an output. Returns its exit status. */
int xpf_profile_output_fail(const char *path, int error, struct xpf_verdict *verdict);
/* The profile of that input does not fit into the format. Returns the exit status. */
int xpf_profile_output_unfit(const struct xpf_format *format, const struct xpf_profile *profile,
                             const char *input, struct xpf_verdict *verdict);
#endif
