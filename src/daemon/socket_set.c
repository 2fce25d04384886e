#include "daemon/socket_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc_file.h"
#include "xpf_protocol.h"

#define SOCKETS_MAX 65536 /* more are somebody's joke */
#define DIR_BEGIN   (sizeof XPF_RUNTIME_DIR_FORMAT - sizeof "%u")

static int add(struct xpf_socket_set *set, pid_t pid) {
  if (set->count == set->capacity) {
    size_t capacity = set->capacity ? set->capacity * 2 : 64;
    pid_t *grown = realloc(set->pids, capacity * sizeof *grown);
    if (!grown)
      return -ENOMEM;
    set->pids = grown;
    set->capacity = capacity;
  }
  set->pids[set->count++] = pid;
  return 0;
}

static int read_dir(struct xpf_socket_set *set, const char *path) {
  int error = 0;
  DIR *list = opendir(path);
  if (!list)
    return 0; /* somebody else's */
  if (set->dirs_count < XPF_SOCKET_DIRS_MAX)
    snprintf(set->dirs[set->dirs_count++], sizeof set->dirs[0], "%s", path);
  for (struct dirent *entry; !error && (entry = readdir(list));) {
    uint64_t pid;
    const char *point = strchr(entry->d_name, '.');
    if (point && strcmp(point, ".sock") == 0 && xpf_proc_number(entry->d_name, &pid) &&
        pid <= INT32_MAX && set->count < SOCKETS_MAX)
      error = add(set, (pid_t)pid);
  }
  closedir(list);
  return error;
}

static int by_pid(const void *a, const void *b) {
  pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
  return (left > right) - (left < right);
}

int xpf_socket_set_read(struct xpf_socket_set *set) {
  static const char *const ROOTS[] = XPF_RUNTIME_ROOTS;
  int error = 0;
  set->count = set->dirs_count = 0;
  for (size_t i = 0; i < sizeof ROOTS / sizeof ROOTS[0]; i++) {
    DIR *root = opendir(ROOTS[i]);
    for (struct dirent *entry; root && !error && (entry = readdir(root));) {
      char path[64];
      if (strncmp(entry->d_name, XPF_RUNTIME_DIR_FORMAT, DIR_BEGIN) != 0 ||
          strlen(entry->d_name) > 32)
        continue;
      snprintf(path, sizeof path, "%s/%.32s", ROOTS[i], entry->d_name);
      error = read_dir(set, path);
    }
    if (root)
      closedir(root);
  }
  if (set->count > 0)
    qsort(set->pids, set->count, sizeof *set->pids, by_pid);
  return error;
}

bool xpf_socket_set_has(const struct xpf_socket_set *set, pid_t ns_pid) {
  return set->count > 0 && bsearch(&ns_pid, set->pids, set->count, sizeof *set->pids, by_pid);
}

void xpf_socket_set_free(struct xpf_socket_set *set) {
  free(set->pids);
  *set = (struct xpf_socket_set){0};
}
