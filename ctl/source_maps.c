#include "source_maps.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file_source.h"
#include "format/frame_class.h"
#include "format/source_map.h"
#include "host/process_files.h"

#define SCRIPT_MAX_BYTES (256 << 20)
#define MAP_MAX_BYTES    (512 << 20)
#define URL_MAX_BYTES    4096

/* ---- sources of maps --------------------------------------------------------------------- */

static int base64_value(unsigned char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  if (c == '+' || c == '-')
    return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

static int hex_value(unsigned char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Both return the number of bytes; `out` has room for `size`. */
static size_t base64_decode(const char *text, size_t size, char *out) {
  size_t used = 0;
  unsigned bits = 0, value = 0;
  for (size_t i = 0; i < size; i++) {
    int digit = base64_value((unsigned char)text[i]);
    if (digit < 0)
      continue;
    value = value << 6 | (unsigned)digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[used++] = (char)(value >> bits & 0xff);
    }
  }
  return used;
}

static size_t percent_decode(const char *text, size_t size, char *out) {
  size_t used = 0;
  for (size_t i = 0; i < size; i++) {
    int high = text[i] == '%' && i + 2 < size ? hex_value((unsigned char)text[i + 1]) : -1;
    int low = high >= 0 ? hex_value((unsigned char)text[i + 2]) : -1;
    out[used++] = low >= 0 ? (char)(high * 16 + low) : text[i];
    i += low >= 0 ? 2 : 0;
  }
  return used;
}

/* "data:application/json;charset=utf-8;base64,…" */
static struct xpf_source_map *map_inline(const char *url, size_t size) {
  const char *comma = memchr(url, ',', size);
  if (comma == NULL)
    return NULL;
  size_t head = (size_t)(comma - url), rest = size - head - 1;
  bool is_base64 = head >= 7 && memcmp(comma - 7, ";base64", 7) == 0;
  char *data = malloc(rest + 1);
  struct xpf_memory_source *memory = malloc(sizeof *memory);
  struct xpf_source_map *map = NULL;
  if (data != NULL && memory != NULL) {
    struct xpf_read_error error = {0};
    size_t used =
        is_base64 ? base64_decode(comma + 1, rest, data) : percent_decode(comma + 1, rest, data);
    xpf_memory_source_init(memory, data, used);
    if (xpf_source_map_read(&memory->source, &map, &error) != 0)
      map = NULL;
  }
  free(memory);
  free(data);
  return map;
}

/* ---- paths ------------------------------------------------------------------------------- */

static void folder_of(const char *path, char *out, size_t size) {
  const char *slash = strrchr(path, '/');
  snprintf(out, size, "%.*s", slash != NULL ? (int)(slash - path) : 0, path);
}

/* Takes "." and ".." out of an absolute path, in place. */
static void path_clean(char *path) {
  char *out = path;
  for (const char *at = path; *at != '\0';) {
    size_t size = strcspn(at + 1, "/");
    bool is_here = size == 0 || (size == 1 && at[1] == '.');
    bool is_up = size == 2 && at[1] == '.' && at[2] == '.';
    if (is_up) {
      while (out > path && *--out != '/')
        ;
    } else if (!is_here) {
      memmove(out, at, size + 1);
      out += size + 1;
    }
    at += size + 1;
  }
  *out = '\0';
}

/* The source of a map as the url of a frame: beside the map when it is a path. */
static const char *source_url(void *arg, const char *source, char *buffer, size_t size) {
  const char *folder = arg;
  if (strncmp(source, "file://", 7) == 0)
    return xpf_frame_path(source, buffer, size);
  if (strstr(source, "://") != NULL || strncmp(source, "node:", 5) == 0) {
    snprintf(buffer, size, "%s", source);
    return buffer;
  }
  bool is_absolute = *source == '/';
  snprintf(buffer, size, "%s%s%s", is_absolute ? "" : folder, is_absolute ? "" : "/", source);
  path_clean(buffer);
  return buffer;
}

/* ---- files ------------------------------------------------------------------------------- */

/* As the process sees it: a container has other files by the same names. */
static int open_theirs(const struct xpf_process_files *files, const char *path) {
  const char *slash = strrchr(path, '/');
  char folder[PATH_MAX];
  if (slash == NULL || (size_t)(slash - path) + 2 > sizeof folder)
    return -1;
  snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
  int dir = xpf_process_files_dir(files, folder);
  if (dir < 0)
    return -1;
  int fd = openat(dir, slash + 1, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  close(dir);
  return fd;
}

/* A descriptor and the size of what it reads, or -1. */
static int file_open(const struct xpf_process_files *files, const char *path, size_t max,
                     size_t *size) {
  struct stat st;
  int fd = files != NULL ? open_theirs(files, path) : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return -1;
  /* A pipe or a device that happens to have the name would never end. */
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size <= max) {
    *size = (size_t)st.st_size;
    return fd;
  }
  close(fd);
  return -1;
}

static struct xpf_source_map *map_of_file(const struct xpf_process_files *files, const char *path) {
  struct xpf_read_error error = {0};
  struct xpf_source_map *map = NULL;
  size_t size;
  int fd = file_open(files, path, MAP_MAX_BYTES, &size);
  struct xpf_file_source *file = fd >= 0 ? malloc(sizeof *file) : NULL;
  if (file != NULL) {
    xpf_file_source_init(file, fd);
    if (xpf_source_map_read(&file->source, &map, &error) != 0)
      map = NULL;
  }
  free(file);
  if (fd >= 0)
    close(fd);
  return map;
}

/* ---- scripts ----------------------------------------------------------------------------- */

/* What stands behind the last "//# sourceMappingURL=" of a script; NULL when there is none. */
static const char *map_url_find(const char *script, size_t size, size_t *url_size) {
  static const char word[] = "sourceMappingURL=";
  const size_t word_size = sizeof word - 1;
  for (size_t at = size >= word_size ? size - word_size + 1 : 0; at-- > 4;) {
    if (script[at] != 's' || memcmp(script + at, word, word_size) != 0)
      continue;
    const char *before = script + at - 4;
    if (memcmp(before, "//# ", 4) != 0 && memcmp(before, "//@ ", 4) != 0)
      continue;
    const char *url = script + at + word_size;
    const char *end = url;
    while (end < script + size && strchr(" \t\r\n'\"", *end) == NULL)
      end++;
    *url_size = (size_t)(end - url);
    return url;
  }
  return NULL;
}

/* `folder` becomes the one that the map's sources are relative to. */
static struct xpf_source_map *map_of_script(const struct xpf_process_files *files, const char *path,
                                            const char *script, size_t size, char *folder,
                                            size_t folder_size) {
  size_t url_size;
  const char *url = map_url_find(script, size, &url_size);
  char relative[URL_MAX_BYTES], full[2 * URL_MAX_BYTES];
  folder_of(path, folder, folder_size);
  if (url == NULL)
    return NULL;
  if (url_size > 5 && memcmp(url, "data:", 5) == 0)
    return map_inline(url, url_size);
  if (url_size == 0 || url_size >= sizeof relative)
    return NULL;
  relative[percent_decode(url, url_size, relative)] = '\0';
  if (strstr(relative, "://") != NULL && strncmp(relative, "file://", 7) != 0)
    return NULL; /* nothing is fetched */
  source_url(folder, relative, full, sizeof full);
  folder_of(full, folder, folder_size);
  return map_of_file(files, full);
}

static struct xpf_source_map *map_find(const struct xpf_process_files *files, const char *path,
                                       char *folder, size_t folder_size) {
  struct xpf_source_map *map = NULL;
  size_t size;
  int fd = file_open(files, path, SCRIPT_MAX_BYTES, &size);
  if (fd < 0)
    return NULL;
  char *script = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (script != MAP_FAILED) {
    map = map_of_script(files, path, script, size, folder, folder_size);
    munmap(script, size);
  }
  close(fd);
  return map;
}

static void script_apply(struct xpf_profile *profile, const struct xpf_process_files *files,
                         uint32_t url) {
  char path[PATH_MAX], folder[2 * URL_MAX_BYTES];
  xpf_frame_path(xpf_profile_string(profile, url), path, sizeof path);
  if (*path != '/')
    return;
  struct xpf_source_map *map = map_find(files, path, folder, sizeof folder);
  if (map == NULL)
    return;
  xpf_source_map_apply(map, profile, url, source_url, folder);
  xpf_source_map_free(map);
}

void xpf_source_maps_apply(struct xpf_profile *profile, const struct xpf_process_files *files) {
  struct xpf_id_table seen = {0};
  /* Nodes that were moved have urls of sources: those are seen as well, so that a map is applied
   * once and never to its own result. */
  uint32_t count = profile->nodes_count;
  uint32_t *urls = malloc((size_t)count * sizeof *urls + 1), urls_count = 0;
  for (uint32_t i = 0; urls != NULL && i < count; i++)
    if (xpf_id_table_add(&seen, profile->nodes[i].url, 0) == 0)
      urls[urls_count++] = profile->nodes[i].url;
  for (uint32_t i = 0; i < urls_count; i++)
    script_apply(profile, files, urls[i]);
  xpf_id_table_free(&seen);
  free(urls);
}
