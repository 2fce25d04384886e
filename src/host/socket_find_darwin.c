#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include "host/os.h"
#include "host/socket_dir.h"
#include "xpf_protocol.h"

/* 1 found, 0 not there, or -EACCES. The directory must belong to owner: anybody may create names
 * there. */
static int try_root(const char *root, uid_t owner, pid_t pid, struct xpf_socket_place *out) {
  struct stat entry;
  snprintf(out->path, sizeof out->path, "%s/" XPF_RUNTIME_DIR_FORMAT, root, (unsigned)owner);
  if (lstat(out->path, &entry) || !S_ISDIR(entry.st_mode) || entry.st_uid != owner)
    return 0;
  snprintf(out->path, sizeof out->path, "%s/" XPF_RUNTIME_DIR_FORMAT "/" XPF_SOCKET_FORMAT, root,
           (unsigned)owner, (int)pid);
  if (lstat(out->path, &entry))
    return errno == EACCES ? -EACCES : 0;
  return S_ISSOCK(entry.st_mode) && entry.st_uid == owner;
}

int xpf_socket_find(pid_t pid, struct xpf_socket_place *out) {
  static const char *const roots[] = XPF_RUNTIME_ROOTS;
  struct xpf_os_identity identity;
  int result = -ENOENT;
  int error = xpf_os_identity(pid, &identity);
  if (error && error != -EACCES)
    return error;
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
    int found = try_root(roots[i], identity.euid, pid, out);
    if (found == 1)
      return 0;
    if (found < 0)
      result = found;
  }
  out->path[0] = '\0';
  return result;
}
