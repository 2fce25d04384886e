#include "core/log_dir.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "host/socket_dir.h"
#include "xpf_protocol.h"

bool xpf_log_dir_is_usable(const char *dir) {
  char path[PATH_MAX];
  int size = snprintf(path, sizeof path, "%s/", dir); /* with the slash only a directory exists */
  return size > 0 && (size_t)size < sizeof path && access(path, R_OK | W_OK) == 0;
}

/* False: the parent is no absolute path, or the name does not fit. */
static bool name_in(const char *parent, char *out, size_t size) {
  size_t length = strlen(parent);
  while (length > 1 && parent[length - 1] == '/')
    length--;
  if (parent[0] != '/' || length > INT_MAX)
    return false;
  int used = snprintf(out, size, "%.*s/" XPF_RUNTIME_DIR_FORMAT, length > 1 ? (int)length : 0,
                      parent, (unsigned)geteuid());
  return used > 0 && (size_t)used < size;
}

/* A link or a directory of somebody else in a place where all may write is a trap. */
static bool is_ours(const char *dir) {
  return xpf_private_dir_ensure(dir) == 0 && access(dir, R_OK | W_OK | X_OK) == 0;
}

/* A directory with a name nobody can have taken; the same one for the life of the process. */
static bool take_by_chance(const char *tmp, char *out, size_t size) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static char made[PATH_MAX];
  const char *parents[] = {tmp, "/tmp", "/var/tmp"};
  pthread_mutex_lock(&lock);
  bool found = made[0] != '\0' && is_ours(made);
  for (size_t i = 0; !found && i < sizeof parents / sizeof parents[0]; i++) {
    char name[PATH_MAX];
    if (!name_in(parents[i], name, sizeof name - 8))
      continue;
    snprintf(made, sizeof made, "%s", name);
    strcat(made, "-XXXXXX");
    found = mkdtemp(made) != NULL;
  }
  if (!found)
    made[0] = '\0';
  snprintf(out, size, "%s", made);
  pthread_mutex_unlock(&lock);
  return found;
}

void xpf_log_dir_default(const char *tmp, char *out, size_t size) {
  static const char *const others[] = XPF_RUNTIME_ROOTS;
  char home[PATH_MAX];
  size_t home_size = sizeof home;
  const char *first = tmp[0] == '/' ? tmp : "/tmp";
  if (name_in(first, out, size) && is_ours(out))
    return;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (name_in(others[i], out, size) && is_ours(out))
      return;
  if (uv_os_homedir(home, &home_size) == 0 && name_in(home, out, size) && is_ours(out))
    return;
  if (!take_by_chance(first, out, size) && !name_in(first, out, size))
    name_in("/tmp", out, size);
}
