/* Reads the files of a cgroup. A cgroup is a place and a length: as much of its directory as names
 * this cgroup or a parent. [any] */
#ifndef XPF_HOST_CGROUP_FILES_H
#define XPF_HOST_CGROUP_FILES_H
#include "host/cgroup.h"
#include "host/cgroup_place.h"
#include "host/proc_keys.h"

struct xpf_cgroup {
  struct xpf_cgroup_place places[XPF_CGROUP_CONTROLLERS];
};

size_t xpf_cgroup_leaf(const struct xpf_cgroup_place *place);
/* The length that names the parent; 0 above the mount. */
size_t xpf_cgroup_parent(const struct xpf_cgroup_place *place, size_t length);
/* The next cgroup up the tree that has this file: where a controller is not switched on (v2), what
 * happens counts for the next parent. 0: none. */
size_t xpf_cgroup_nearest(const struct xpf_cgroup_place *place, const char *file);

enum xpf_known xpf_cgroup_text(const struct xpf_cgroup_place *place, size_t length,
                               const char *file, char *text, size_t size);
/* One number; "max" and "-1" are UINT64_MAX. */
enum xpf_known xpf_cgroup_number(const struct xpf_cgroup_place *place, size_t length,
                                 const char *file, uint64_t *out);
/* Lines of "name number". *found is a bit for each key that was there. */
enum xpf_known xpf_cgroup_keys(const struct xpf_cgroup_place *place, size_t length,
                               const char *file, const struct xpf_proc_key *keys, unsigned count,
                               uint64_t *found);
/* Calls fn for each line until the file ends. */
enum xpf_known xpf_cgroup_lines(const struct xpf_cgroup_place *place, size_t length,
                                const char *file, void (*fn)(void *arg, char *line), void *arg);
#endif
