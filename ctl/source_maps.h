/* Finds the source maps of a profile's scripts on this machine, and puts the profile's frames where
 * the sources are. */
#ifndef XPF_CTL_SOURCE_MAPS_H
#define XPF_CTL_SOURCE_MAPS_H
#include "format/profile.h"

struct xpf_process_files;

/* For every script with a path (file:// or absolute) that is here and names a map: a file beside
 * it, or inline. What is not found, too large or not valid is left as it is. files: of the process
 * whose scripts they are; NULL when that is not known: the paths are ours. */
void xpf_source_maps_apply(struct xpf_profile *profile, const struct xpf_process_files *files);
#endif
