/* The mounts of a process, from the text of its mountinfo. Pure; [any]. */
#ifndef XPF_HOST_MOUNT_TABLE_H
#define XPF_HOST_MOUNT_TABLE_H
#include <stdbool.h>
#include <stddef.h>

struct xpf_mount {
  const char *device;        /* "254:0": major and minor of the file system */
  const char *root;          /* which of its folders is mounted; "/": all of it */
  const char *mountpoint;    /* without escapes */
  const char *type, *source; /* "ext4", "/dev/vda1" */
  bool is_readonly;
};

/* Takes a line of mountinfo apart; the texts stay within it. false: it is none. */
bool xpf_mount_parse(char *line, struct xpf_mount *out);
/* A file system that stores something: no /proc, cgroup, container layers and the like. */
bool xpf_mount_is_storage(const struct xpf_mount *mount);
/* Somebody else answers for it (a server, a FUSE process), and may not do so for ever. */
bool xpf_mount_is_remote(const struct xpf_mount *mount);
#endif
