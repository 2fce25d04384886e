#include "host/cgroup_place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "host/proc_file.h"

/* The controllers as v1 names them; the v2 tree has an empty name in /proc/PID/cgroup. */
static const char *const names[XPF_CGROUP_CONTROLLERS] = {"memory", "cpu",  "cpuacct",
                                                          "blkio",  "pids", ""};

struct search {
  struct xpf_cgroup_place *places;
  int rank[XPF_CGROUP_CONTROLLERS];
  struct {
    int version; /* 0: the process is in no cgroup of this controller */
    char path[XPF_CGROUP_PATH_MAX];
  } member[XPF_CGROUP_CONTROLLERS];
  char prefix[XPF_CGROUP_PATH_MAX]; /* what stands before the mount points of the file being read */
  bool own_mounts;                  /* they are the process's own, so they show its cgroup */
  char dir[XPF_CGROUP_PATH_MAX];
};

/* Is name one of the comma separated words? */
static bool has_word(const char *words, const char *name) {
  size_t size = strlen(name);
  for (const char *word = words; word; word = strchr(word, ',')) {
    word += *word == ',';
    if (strncmp(word, name, size) == 0 && (word[size] == ',' || word[size] == '\0'))
      return true;
  }
  return false;
}

static void join(struct search *search, enum xpf_cgroup_controller i, int version,
                 const char *path) {
  size_t size = strlen(path);
  if (size >= sizeof search->member[i].path)
    return;
  memcpy(search->member[i].path, path, size + 1);
  search->member[i].version = version;
}

/* "4:memory:/path" (v1), "3:cpu,cpuacct:/path", "0::/path" (v2); the path may hold colons. */
static void read_membership(struct search *search, const char *file) {
  struct xpf_proc_lines lines;
  if (xpf_proc_lines_open(&lines, AT_FDCWD, file))
    return;
  for (char *line; (line = xpf_proc_lines_next(&lines));) {
    char *words = strchr(line, ':'), *path = words ? strchr(words + 1, ':') : NULL;
    if (!path || path[1] != '/')
      continue;
    *path++ = '\0';
    if (strcmp(++words, "") == 0)
      join(search, XPF_CGROUP_UNIFIED, 2, path);
    else
      for (int i = 0; i < XPF_CGROUP_UNIFIED; i++)
        if (has_word(words, names[i]))
          join(search, i, 1, path);
  }
  xpf_proc_lines_close(&lines);
  for (int i = 0; i < XPF_CGROUP_UNIFIED; i++) /* what no v1 tree has belongs to v2 */
    if (!search->member[i].version && search->member[XPF_CGROUP_UNIFIED].version)
      join(search, i, 2, search->member[XPF_CGROUP_UNIFIED].path);
}

struct mount {
  char *root, *point, *options;
  int version;
};

/* Turns the kernel's \040 and the like back, in place. */
static void unescape(char *text) {
  char *out = text;
  for (; *text; text++) {
    if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' &&
        text[3] >= '0' && text[3] <= '7') {
      *out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
      text += 3;
    } else {
      *out++ = *text;
    }
  }
  *out = '\0';
}

/* "36 35 98:0 <root> <point> <options> [<tag>…] - <type> <source> <super options>" */
static bool parse_mount(char *line, struct mount *out) {
  char *separator = strstr(line, " - "), *save = NULL;
  if (!separator)
    return false;
  *separator = '\0';
  char *type = separator + 3;
  if (xpf_proc_after(type, "cgroup2 "))
    out->version = 2;
  else if (xpf_proc_after(type, "cgroup "))
    out->version = 1;
  else
    return false;
  out->options = strrchr(type, ' ') + 1;
  if (!strtok_r(line, " ", &save) || !strtok_r(NULL, " ", &save) || !strtok_r(NULL, " ", &save))
    return false;
  out->root = strtok_r(NULL, " ", &save);
  out->point = strtok_r(NULL, " ", &save);
  if (!out->root || !out->point)
    return false;
  unescape(out->root);
  unescape(out->point);
  return true;
}

/* ".." as a component: outside of this reader's cgroup namespace, its name unknown. */
static bool leads_outside(const char *path) {
  size_t size = strlen(path);
  return strstr(path, "/../") || (size >= 3 && strcmp(path + size - 3, "/..") == 0);
}

/* The cgroup below the mount point, or NULL when the mount does not show it. */
static const char *below(const char *path, const char *root) {
  size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);
  if (strncmp(path, root, size) != 0 || (path[size] != '/' && path[size] != '\0'))
    return NULL;
  const char *rest = path + size;
  return leads_outside(rest) ? NULL : strcmp(rest, "/") == 0 ? "" : rest;
}

/* rank 2: the mount shows the cgroup. Rank 1: its root is another path, as in a container that sees
 * its cgroup as "/" or by a name of the host: what is mounted there is what the process was given.
 */
static void consider(struct search *search, int i, const struct mount *mount) {
  const char *path = search->member[i].path, *rest = below(path, mount->root);
  int rank = rest ? 2 : 1;
  if (!rest) {
    if (!search->own_mounts || leads_outside(path) || leads_outside(mount->root))
      return;
    rest = "";
  }
  if (rank <= search->rank[i])
    return;
  int size =
      snprintf(search->dir, sizeof search->dir, "%s%s%s", search->prefix, mount->point, rest);
  if (size < 0 || (size_t)size >= sizeof search->dir)
    return;
  if (access(search->dir, F_OK) && (errno == ENOENT || errno == ENOTDIR))
    return;
  struct xpf_cgroup_place *place = &search->places[i];
  search->rank[i] = rank;
  place->version = mount->version;
  place->mount_length = (size_t)size - strlen(rest);
  memcpy(place->dir, search->dir, (size_t)size + 1);
}

static void read_mounts(struct search *search, const char *file) {
  struct xpf_proc_lines lines;
  struct mount mount;
  if (xpf_proc_lines_open(&lines, AT_FDCWD, file))
    return;
  for (char *line; (line = xpf_proc_lines_next(&lines));) {
    if (!parse_mount(line, &mount))
      continue;
    for (int i = 0; i < XPF_CGROUP_CONTROLLERS; i++)
      if (search->member[i].version == mount.version &&
          (mount.version == 2 || has_word(mount.options, names[i])))
        consider(search, i, &mount);
  }
  xpf_proc_lines_close(&lines);
}

int xpf_cgroup_places_find(struct xpf_cgroup_place *places, pid_t pid, const char *root) {
  char file[XPF_CGROUP_PATH_MAX], process[16] = "self";
  struct search *search = calloc(1, sizeof *search);
  if (!search)
    return -ENOMEM;
  search->places = places;
  memset(places, 0, XPF_CGROUP_CONTROLLERS * sizeof *places);
  bool self = pid == 0 || pid == getpid();
  if (!self)
    snprintf(process, sizeof process, "%d", (int)pid);
  snprintf(file, sizeof file, "%s/proc/%s/cgroup", root, process);
  read_membership(search, file);
  /* Our own mounts first: both files name cgroups as this reader sees them, and the files of
   * another mount namespace, behind /proc/PID/root, may be kept from us. */
  search->own_mounts = self;
  snprintf(search->prefix, sizeof search->prefix, "%s", root);
  snprintf(file, sizeof file, "%s/proc/self/mountinfo", root);
  read_mounts(search, file);
  if (!self) {
    search->own_mounts = true;
    snprintf(search->prefix, sizeof search->prefix, "%s/proc/%s/root", root, process);
    snprintf(file, sizeof file, "%s/proc/%s/mountinfo", root, process);
    read_mounts(search, file);
  }
  free(search);
  return 0;
}
