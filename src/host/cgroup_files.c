#include "host/cgroup_files.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "host/proc_file.h"

size_t xpf_cgroup_leaf(const struct xpf_cgroup_place *place) {
  return strlen(place->dir);
}

size_t xpf_cgroup_parent(const struct xpf_cgroup_place *place, size_t length) {
  if (length <= place->mount_length)
    return 0;
  while (place->dir[length - 1] != '/') /* there is one: what follows the mount begins with it */
    length--;
  return length - 1;
}

struct path {
  char text[XPF_CGROUP_PATH_MAX + 64];
};

static const char *path_of(struct path *path, const struct xpf_cgroup_place *place, size_t length,
                           const char *file) {
  snprintf(path->text, sizeof path->text, "%.*s/%s", (int)length, place->dir, file);
  return path->text;
}

/* 0 or more: XPF_OK. */
static enum xpf_known known_of(ssize_t error) {
  return error >= 0 ? XPF_OK : error == -EACCES || error == -EPERM ? XPF_DENIED : XPF_ABSENT;
}

size_t xpf_cgroup_nearest(const struct xpf_cgroup_place *place, const char *file) {
  struct path path;
  size_t at = place->version ? xpf_cgroup_leaf(place) : 0;
  while (at && access(path_of(&path, place, at, file), F_OK) != 0 && errno == ENOENT)
    at = xpf_cgroup_parent(place, at);
  return at;
}

enum xpf_known xpf_cgroup_text(const struct xpf_cgroup_place *place, size_t length,
                               const char *file, char *text, size_t size) {
  struct path path;
  return known_of(xpf_proc_file_read(AT_FDCWD, path_of(&path, place, length, file), text, size));
}

enum xpf_known xpf_cgroup_number(const struct xpf_cgroup_place *place, size_t length,
                                 const char *file, uint64_t *out) {
  char text[64];
  enum xpf_known status = xpf_cgroup_text(place, length, file, text, sizeof text);
  if (status != XPF_OK)
    return status;
  if (xpf_proc_after(text, "max") || text[0] == '-')
    *out = UINT64_MAX;
  else if (!xpf_proc_number(text, out))
    return XPF_ABSENT;
  return XPF_OK;
}

enum xpf_known xpf_cgroup_keys(const struct xpf_cgroup_place *place, size_t length,
                               const char *file, const struct xpf_proc_key *keys, unsigned count,
                               uint64_t *found) {
  struct path path;
  return known_of(
      xpf_proc_keys_read(AT_FDCWD, path_of(&path, place, length, file), keys, count, found));
}

enum xpf_known xpf_cgroup_lines(const struct xpf_cgroup_place *place, size_t length,
                                const char *file, void (*fn)(void *arg, char *line), void *arg) {
  struct path path;
  struct xpf_proc_lines lines;
  int error = xpf_proc_lines_open(&lines, AT_FDCWD, path_of(&path, place, length, file));
  if (error)
    return known_of(error);
  for (char *line; (line = xpf_proc_lines_next(&lines));)
    fn(arg, line);
  xpf_proc_lines_close(&lines);
  return known_of(lines.error);
}
