/* Files of the kernel with a name and a number in each line: "oom_kill 2", "Pss:  3912 kB". No
 * allocation. [any] */
#ifndef XPF_HOST_PROC_KEYS_H
#define XPF_HOST_PROC_KEYS_H
#include <stdint.h>

struct xpf_proc_key {
  const char *name; /* without the colon */
  uint64_t *value;  /* the number as it stands there; untouched when it does not */
};

/* path relative to dir; at most 64 keys. Reads on until all are found. 0 and in *found a bit for
 * each key that was there; or -errno of opening or reading. */
int xpf_proc_keys_read(int dir, const char *path, const struct xpf_proc_key *keys, unsigned count,
                       uint64_t *found);
#endif
