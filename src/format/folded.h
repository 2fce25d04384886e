/* Folded stacks: "outer;inner;leaf 12", one a line, as flamegraph.pl and speedscope read them. A
 * frame is "name (path:line:column)", or only the name when it has no place. In a name or path ';'
 * is written as U+037E, which looks the same, and line breaks as U+240A and U+240D; reading turns
 * them back. */
#ifndef XPF_FORMAT_FOLDED_H
#define XPF_FORMAT_FOLDED_H
#include <stdbool.h>
#include <stddef.h>
#include "format/profile.h"
#include "format/read_error.h"
#include "format/sink.h"
#include "format/source.h"

/* The default value of each node that has one. 0, -EINVAL without values, or the sink's error. */
int xpf_folded_write(const struct xpf_profile *profile, struct xpf_sink *sink);
/* A profile of XPF_PROFILE_OTHER with samples/count. Numbers with a fraction are cut. 0: *out is
 * the caller's; else negative, *error (zeroed by the caller) says why and where. */
int xpf_folded_read(struct xpf_source *source, struct xpf_profile **out,
                    struct xpf_read_error *error);
bool xpf_folded_detect(const unsigned char *head, size_t size);
#endif
