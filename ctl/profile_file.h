/* Profiles in files that the user named: read, in whatever format, with what its commands share. */
#ifndef XPF_CTL_PROFILE_FILE_H
#define XPF_CTL_PROFILE_FILE_H
#include <stdbool.h>
#include "command_table.h"
#include "format/format_table.h"
#include "verdict.h"

/* Reads the profile of a path ("-": standard input) as --from says, else by its content, and
 * applies source maps unless --no-source-maps. 0: *out is the caller's; else an exit status,
 * *verdict says why. */
int xpf_profile_file_read(const struct xpf_invocation *invocation, const char *path,
                          struct xpf_profile **out, struct xpf_verdict *verdict);
/* The value that --value names, or XPF_NO_INDEX when the option is not given. 0 or an exit status.
 */
int xpf_profile_file_value(const struct xpf_invocation *invocation,
                           const struct xpf_profile *profile, uint32_t *value,
                           struct xpf_verdict *verdict);
/* The format of an option, by name. *out stays when the option is not given. 0 or an exit status.
 */
int xpf_profile_file_format(const struct xpf_invocation *invocation, enum xpf_option_id option,
                            bool is_written, const struct xpf_format **out,
                            struct xpf_verdict *verdict);
/* What to call an input in a sentence: its path, "standard input" for "-". */
const char *xpf_profile_file_name(const char *path);
/* "samples, wall": the types of its values. Returns buffer. */
const char *xpf_profile_file_values(const struct xpf_profile *profile, char *buffer, size_t size);
/* "pprof, folded, …": the formats that are written (or read). Returns buffer. */
const char *xpf_profile_file_formats(bool is_written, char *buffer, size_t size);
/* "705 ms", "18.2 MiB", "12": a value in its unit. Returns buffer. */
const char *xpf_profile_file_amount(double value, const char *unit, char *buffer, size_t size);
/* Why a file could not be read, in the chosen language: "the file ends in the middle". Returns
 * buffer. */
const char *xpf_profile_file_reason(const struct xpf_read_error *error, char *buffer, size_t size);
#endif
