#include "core/log_retention.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROFILE_MIN_AGE_S 3600
#define SECONDS_A_DAY     86400

/* ---- names ---- */

static const char *skip(const char *text, const char *word) {
  size_t size = strlen(word);
  return text && strncmp(text, word, size) == 0 ? text + size : NULL;
}

static const char *skip_digits(const char *text, size_t min, size_t max) {
  size_t count = 0;
  while (text && count <= max && text[count] >= '0' && text[count] <= '9')
    count++;
  return text && count >= min && count <= max ? text + count : NULL;
}

int xpf_log_name_day(const char *name) {
  static const char *const stems[] = {"xprofiler-error-", "xprofiler-debug-", "xprofiler-",
                                      "node-error-",      "node-debug-",      "node-"};
  for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++) {
    const char *digits = skip(name, stems[i]);
    const char *end = skip(skip_digits(digits, 8, 8), ".log");
    if (end && *end == '\0')
      return atoi(digits);
  }
  return 0;
}

static bool is_one_of(const char *word, const char *words) {
  size_t size = strlen(word);
  for (const char *at = words; *at; at += strspn(at, " ")) {
    size_t length = strcspn(at, " ");
    if (length == size && memcmp(at, word, size) == 0)
      return true;
    at += length;
  }
  return false;
}

bool xpf_log_is_profile_name(const char *name) {
  static const struct {
    const char *kind, *extensions; /* separated by blanks */
  } kinds[] = {
      {"x-cpuprofile-", ".cpuprofile .pb.gz .folded .html .speedscope.json .trace.json"},
      {"x-heapprofile-", ".heapprofile .pb.gz .folded .html .speedscope.json"},
      {"x-gcprofile-", ".gcprofile"},
      {"x-heapdump-", ".heapsnapshot"},
      {"x-diagreport-", ".diag"},
      {"x-coredump-", ".core"},
      {"x-trace-", ".trace.json"},
      {"x-fatal-error-", ".diag .core .heapprofile"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const char *rest = skip(skip_digits(skip(name, kinds[i].kind), 1, 10), "-");
    rest = skip(skip_digits(rest, 8, 8), "-");
    rest = skip_digits(rest, 1, 10);
    if (rest && *rest && is_one_of(rest, kinds[i].extensions))
      return true;
  }
  return false;
}

/* ---- files ---- */

struct found {
  char name[80];
  uint64_t bytes;
  int64_t age_key; /* smaller is older: the day of a log, mtime of a profile */
  bool is_log, may_go;
};

struct found_list {
  struct found *items;
  size_t count, capacity;
};

static struct found *append_found(struct found_list *list) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 64;
    struct found *items = realloc(list->items, capacity * sizeof *items);
    if (!items)
      return NULL;
    list->items = items;
    list->capacity = capacity;
  }
  return &list->items[list->count++];
}

static int local_day(time_t at) {
  struct tm tm;
  if (!localtime_r(&at, &tm))
    return 0;
  return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

/* Days between two YYYYMMDD. */
static double days_between(int from, int to) {
  struct tm a = {
      .tm_year = from / 10000 - 1900, .tm_mon = from / 100 % 100 - 1, .tm_mday = from % 100};
  struct tm b = {.tm_year = to / 10000 - 1900, .tm_mon = to / 100 % 100 - 1, .tm_mday = to % 100};
  return difftime(timegm(&b), timegm(&a)) / SECONDS_A_DAY;
}

static int look_at(struct found_list *list, int dir_fd, const char *name, time_t now) {
  int day = xpf_log_name_day(name);
  struct stat stat;
  if ((day == 0 && !xpf_log_is_profile_name(name)) || strlen(name) >= sizeof list->items->name)
    return 0;
  if (fstatat(dir_fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(stat.st_mode) ||
      stat.st_uid != geteuid())
    return 0;
  struct found *found = append_found(list);
  if (!found)
    return -ENOMEM;
  memcpy(found->name, name, strlen(name) + 1);
  /* core files have holes */
  found->bytes = day ? (uint64_t)stat.st_size : (uint64_t)stat.st_blocks * 512;
  found->is_log = day != 0;
  found->age_key = day ? day : (int64_t)stat.st_mtime;
  found->may_go = day ? day < local_day(now) : stat.st_mtime + PROFILE_MIN_AGE_S < now;
  return 0;
}

static int list_files(struct found_list *list, const char *path, time_t now) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  int err = dir ? 0 : -errno;
  if (!dir) {
    if (fd >= 0)
      close(fd);
    return err;
  }
  struct dirent *entry;
  /* cppcheck-suppress readdirCalled ; one stream, one thread */
  while (!err && (entry = readdir(dir)))
    err = look_at(list, fd, entry->d_name, now);
  closedir(dir);
  return err;
}

static int by_age(const void *a, const void *b) {
  const struct found *x = a, *y = b;
  if (x->age_key != y->age_key)
    return x->age_key < y->age_key ? -1 : 1;
  return strcmp(x->name, y->name);
}

/* Oldest first until the rest of this kind fits. */
static int delete_beyond(const struct found_list *list, int dir_fd, bool logs, double max_mb,
                         double max_age_days, int today) {
  double total = 0, max = max_mb * 1024 * 1024;
  int deleted = 0;
  for (size_t i = 0; i < list->count; i++)
    if (list->items[i].is_log == logs)
      total += (double)list->items[i].bytes;
  for (size_t i = 0; i < list->count; i++) {
    const struct found *found = &list->items[i];
    if (found->is_log != logs || !found->may_go)
      continue;
    bool old = logs && days_between((int)found->age_key, today) > max_age_days;
    if (!old && total <= max)
      continue;
    if (unlinkat(dir_fd, found->name, 0) == 0) {
      total -= (double)found->bytes;
      deleted++;
    }
  }
  return deleted;
}

int xpf_log_retention(const char *dir, const struct xpf_log_limits *limits, time_t now) {
  struct found_list list = {0};
  int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int result = dir_fd < 0 ? -errno : list_files(&list, dir, now);
  if (result == 0 && list.count > 0) {
    qsort(list.items, list.count, sizeof list.items[0], by_age);
    result = delete_beyond(&list, dir_fd, true, limits->max_total_mb, limits->max_age_days,
                           local_day(now));
    result += delete_beyond(&list, dir_fd, false, limits->profile_max_total_mb, 0, 0);
  }
  free(list.items);
  if (dir_fd >= 0)
    close(dir_fd);
  return result;
}
