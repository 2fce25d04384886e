/* Every file format of profiles: one table, one row each. Pure. [any] */
#ifndef XPF_FORMAT_FORMAT_TABLE_H
#define XPF_FORMAT_FORMAT_TABLE_H

#include <stdbool.h>
#include "format/profile.h"
#include "format/read_error.h"
#include "format/sink.h"
#include "format/source.h"

#define XPF_KIND_BIT(kind) (1u << XPF_PROFILE_##kind)
#define XPF_KINDS_ALL                                                                              \
  (XPF_KIND_BIT(CPU) | XPF_KIND_BIT(HEAP) | XPF_KIND_BIT(GC) | XPF_KIND_BIT(OTHER))

struct xpf_format {
  const char *name;       /* of --format */
  const char *extensions; /* separated by blanks, the usual one first */
  const char *about_en, *about_zh;
  /* True when a file that begins so may be one. NULL: never found by its content. */
  bool (*detect)(const unsigned char *head, size_t size);
  /* NULL: this format is only written. */
  int (*read)(struct xpf_source *source, struct xpf_profile **out, struct xpf_read_error *error);
  unsigned kinds; /* XPF_KIND_BIT()s that write takes */
  /* NULL: this format is only read. -EINVAL for a profile that it cannot hold. */
  int (*write)(const struct xpf_profile *profile, struct xpf_sink *sink);
  bool needs_time;   /* write needs samples in the order of time */
  bool is_one_value; /* only one value is written */
};

extern const struct xpf_format xpf_formats[];
extern const unsigned xpf_formats_count;

/* By name, or by an extension without its dot ("html"); NULL when there is none. */
const struct xpf_format *xpf_format_find(const char *name);
/* By the longest extension that fits ("a.pb.gz"), whatever its case; NULL when none does. */
const struct xpf_format *xpf_format_of_path(const char *path);
/* By the first bytes, unpacked; NULL when none fits. */
const struct xpf_format *xpf_format_detect(const unsigned char *head, size_t size);
/* True when the format can hold this profile. */
bool xpf_format_takes(const struct xpf_format *format, const struct xpf_profile *profile);

/* Writes. `value` is the one to show first, and the only one where a format has no more;
 * XPF_NO_INDEX leaves that to the profile, but for the samples of CPU profiles where there is only
 * one. 0, -EINVAL for a profile that the format cannot hold, -ENOMEM, or the sink's error. */
int xpf_format_write(const struct xpf_format *format, struct xpf_profile *profile, uint32_t value,
                     struct xpf_sink *sink);
/* Reads a profile of that format, or, with NULL, of the format its content says; gzip is unpacked.
 * 0: *out is the caller's; else negative, *error (zeroed by the caller) says why and where. */
int xpf_format_read(const struct xpf_format *format, struct xpf_source *source,
                    struct xpf_profile **out, struct xpf_read_error *error);
#endif
