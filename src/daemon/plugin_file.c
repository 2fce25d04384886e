#include "daemon/plugin_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "30s", "5m", "1h": seconds; 0: none of these. */
static unsigned long read_period(const char *part, size_t size) {
  if (size < 2 || size > 6 || !isdigit((unsigned char)part[0]))
    return 0;
  char *end = NULL;
  unsigned long number = strtoul(part, &end, 10);
  if (end != part + size - 1)
    return 0;
  switch (part[size - 1]) {
  case 's':
    return number;
  case 'm':
    return number * 60;
  case 'h':
    return number * 3600;
  default:
    return 0;
  }
}

static bool looks_like_period(const char *part, size_t size) {
  return size >= 2 && strspn(part, "0123456789") == size - 1 && strchr("smh", part[size - 1]);
}

void xpf_plugin_file_name(struct xpf_plugin_file *out, const char *file) {
  memset(out, 0, sizeof *out);
  snprintf(out->file, sizeof out->file, "%s", file);
  size_t size = strcspn(file, ".");
  bool is_name = size > 0 && size < sizeof out->name;
  for (size_t i = 0; i < size && is_name; i++)
    is_name = isalnum((unsigned char)file[i]) || file[i] == '_' || file[i] == '-';
  snprintf(out->name, sizeof out->name, "%.*s", (int)size, file);
  if (!is_name) {
    snprintf(out->refused, sizeof out->refused,
             "its name must be of letters, digits, `_` and `-`, at most 63, up to the first dot");
    for (char *at = out->name; *at; at++)
      if (!isprint((unsigned char)*at))
        *at = '?';
  }
  for (const char *part = file + size; *part == '.';) {
    part++;
    size = strcspn(part, ".");
    unsigned long period_s = read_period(part, size);
    if (period_s >= 1 && period_s <= XPF_PLUGIN_PERIOD_MAX_S)
      out->period_s = (unsigned)period_s;
    else if (looks_like_period(part, size))
      snprintf(out->refused, sizeof out->refused,
               "the period in its name must be from 1s to 24h: .30s, .5m, .1h");
    part += size;
  }
}

const char *xpf_plugin_file_distrust(const struct stat *state, uid_t own) {
  if (state->st_uid != 0 && state->st_uid != own)
    return "it belongs neither to root nor to the user that runs xprofd";
  if (state->st_mode & S_IWOTH)
    return "everybody may write to it; run: chmod o-w";
  if (state->st_mode & S_IWGRP)
    return "its group may write to it; run: chmod g-w";
  return "";
}

static void look_at(int dir, struct xpf_plugin_file *out) {
  struct stat state;
  if (fstatat(dir, out->file, &state, AT_SYMLINK_NOFOLLOW) != 0) {
    snprintf(out->refused, sizeof out->refused, "it cannot be looked at: %s", strerror(errno));
    return;
  }
  out->inode = state.st_ino;
  out->size = state.st_size;
  out->changed_ns = (int64_t)state.st_ctim.tv_sec * 1000000000 + state.st_ctim.tv_nsec;
  const char *distrust = xpf_plugin_file_distrust(&state, geteuid());
  if (out->refused[0])
    return;
  if (S_ISLNK(state.st_mode))
    distrust = "it is a symbolic link; put the file itself here";
  else if (!S_ISREG(state.st_mode))
    distrust = "it is no file";
  else if (!*distrust && faccessat(dir, out->file, X_OK, AT_EACCESS) != 0)
    distrust = "it is not executable; run: chmod u+x";
  snprintf(out->refused, sizeof out->refused, "%s", distrust);
}

static int by_file(const void *a, const void *b) {
  return strcmp(((const struct xpf_plugin_file *)a)->file,
                ((const struct xpf_plugin_file *)b)->file);
}

/* Of two files with one name the first is taken. */
static void refuse_twins(struct xpf_plugin_files *files) {
  for (size_t i = 0; i < files->count; i++)
    for (size_t j = 0; j < i; j++)
      if (!files->files[i].refused[0] && !files->files[j].refused[0] &&
          strcmp(files->files[i].name, files->files[j].name) == 0)
        snprintf(files->files[i].refused, sizeof files->files[i].refused,
                 "%.100s has the same name up to the first dot", files->files[j].file);
}

static bool is_plugin(int dir, const char *name) {
  struct stat state;
  if (name[0] == '.' || strlen(name) >= sizeof(((struct xpf_plugin_file *)0)->file))
    return false;
  return fstatat(dir, name, &state, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(state.st_mode);
}

static void read_entries(struct xpf_plugin_files *out, DIR *directory) {
  out->files = calloc(XPF_PLUGINS_MAX, sizeof *out->files);
  for (const struct dirent *entry; out->files && (entry = readdir(directory));) {
    if (!is_plugin(dirfd(directory), entry->d_name))
      continue;
    if (out->count == XPF_PLUGINS_MAX) {
      out->more++;
      continue;
    }
    struct xpf_plugin_file *file = &out->files[out->count++];
    xpf_plugin_file_name(file, entry->d_name);
    look_at(dirfd(directory), file);
  }
  if (out->count > 0)
    qsort(out->files, out->count, sizeof *out->files, by_file);
  refuse_twins(out);
}

void xpf_plugin_files_read(struct xpf_plugin_files *out, const char *dir) {
  memset(out, 0, sizeof *out);
  struct stat state;
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
  if (!directory || fstat(fd, &state) != 0) {
    snprintf(out->problem, sizeof out->problem, "plugin_dir %.250s cannot be read: %s", dir,
             strerror(errno));
    if (directory)
      closedir(directory);
    else if (fd >= 0)
      close(fd);
    return;
  }
  const char *distrust = xpf_plugin_file_distrust(&state, geteuid());
  if (*distrust)
    snprintf(out->problem, sizeof out->problem, "plugin_dir %.250s is not used: %s", dir, distrust);
  else
    read_entries(out, directory);
  closedir(directory);
}

void xpf_plugin_files_free(struct xpf_plugin_files *files) {
  free(files->files);
  memset(files, 0, sizeof *files);
}

bool xpf_plugin_file_is_same(const struct xpf_plugin_file *a, const struct xpf_plugin_file *b) {
  return strcmp(a->file, b->file) == 0 && a->inode == b->inode && a->size == b->size &&
         a->changed_ns == b->changed_ns && strcmp(a->refused, b->refused) == 0;
}
