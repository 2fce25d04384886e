#include "host/process_scan_linux.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/proc_keys.h"
#include "host/proc_stat_linux.h"

/* Fields by their number in proc(5); the state, the first behind the name, is the third. */
enum { FIELD_STATE = 3, FIELD_PRIORITY = 18, FIELD_NICE = 19, FIELD_VSIZE = 23, FIELD_RSS = 24 };

int xpf_process_sample_parse(const char *text, struct xpf_process_sample *out) {
  struct xpf_proc_stat stat;
  memset(out, 0, sizeof *out);
  int error = xpf_proc_stat_parse(text, &stat);
  if (error)
    return error;
  out->state = stat.state;
  memcpy(out->name, stat.comm, sizeof out->name - 1);
  out->start_ticks = stat.start_ticks;
  out->user_ticks = stat.user_ticks;
  out->system_ticks = stat.system_ticks;
  out->threads = stat.threads;
  out->major_faults = stat.major_faults;
  const char *at = strrchr(text, ')') + 1;
  for (int number = FIELD_STATE; number <= FIELD_RSS; number++) {
    at += strspn(at, " ");
    if (*at == '\0')
      return -EINVAL;
    if (number == FIELD_PRIORITY)
      out->priority = (int)strtol(at, NULL, 10);
    else if (number == FIELD_NICE)
      out->nice = (int)strtol(at, NULL, 10);
    else if (number == FIELD_VSIZE)
      out->vsize_bytes = strtoull(at, NULL, 10);
    else if (number == FIELD_RSS)
      out->rss_bytes = strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    at += strcspn(at, " \n");
  }
  return 0;
}

static bool make_room(struct xpf_process_samples *samples) {
  if (samples->count < samples->capacity)
    return true;
  size_t capacity = samples->capacity ? samples->capacity * 2 : 256;
  struct xpf_process_sample *larger = realloc(samples->list, capacity * sizeof *larger);
  if (!larger)
    return false;
  samples->list = larger;
  samples->capacity = capacity;
  return true;
}

static void read_io(int list, struct xpf_process_sample *sample) {
  char path[32];
  uint64_t found = 0;
  const struct xpf_proc_key keys[] = {{"read_bytes", &sample->read_bytes},
                                      {"write_bytes", &sample->write_bytes}};
  snprintf(path, sizeof path, "%d/io", (int)sample->pid);
  sample->io_error = xpf_proc_keys_read(list, path, keys, 2, &found);
  if (sample->io_error == 0 && found != 3)
    sample->io_error = -ENODATA;
}

struct walk {
  struct xpf_process_samples *samples;
  int error;
};

static bool visit(void *arg, int list, pid_t pid) {
  struct walk *walk = arg;
  char path[32], text[2048];
  snprintf(path, sizeof path, "%d/stat", (int)pid);
  if (walk->samples->count == XPF_PROCESS_SCAN_MAX)
    return false;
  if (!make_room(walk->samples)) {
    walk->error = -ENOMEM;
    return false;
  }
  struct xpf_process_sample *sample = &walk->samples->list[walk->samples->count];
  if (xpf_proc_file_read(list, path, text, sizeof text) <= 0 ||
      xpf_process_sample_parse(text, sample) != 0)
    return true; /* ended meanwhile, or hidden */
  sample->pid = pid;
  read_io(list, sample);
  walk->samples->count++;
  return true;
}

static int by_pid(const void *a, const void *b) {
  pid_t x = ((const struct xpf_process_sample *)a)->pid;
  pid_t y = ((const struct xpf_process_sample *)b)->pid;
  return (x > y) - (x < y);
}

/* Both lists are in the order of pids. */
static void compare(struct xpf_process_scan *scan) {
  const struct xpf_process_samples *before = &scan->before;
  size_t at = 0;
  for (size_t i = 0; i < scan->now.count; i++) {
    struct xpf_process_sample *sample = &scan->now.list[i];
    while (at < before->count && before->list[at].pid < sample->pid)
      at++;
    const struct xpf_process_sample *old = at < before->count ? &before->list[at] : NULL;
    bool is_same = old && old->pid == sample->pid && old->start_ticks == sample->start_ticks;
    uint64_t ticks = sample->user_ticks + sample->system_ticks;
    uint64_t old_ticks = is_same ? old->user_ticks + old->system_ticks : 0;
    sample->grown_ticks = ticks > old_ticks ? ticks - old_ticks : 0;
    uint64_t io = sample->read_bytes + sample->write_bytes;
    uint64_t old_io = is_same ? old->read_bytes + old->write_bytes : io;
    bool has_io = is_same && sample->io_error == 0 && old->io_error == 0;
    sample->grown_io_bytes = has_io && io > old_io ? io - old_io : 0;
  }
}

int xpf_process_scan_read(struct xpf_process_scan *scan, int proc) {
  struct xpf_process_samples fresh = scan->before;
  fresh.count = 0;
  struct walk walk = {.samples = &fresh};
  int64_t calls = xpf_proc_dir_each(proc, ".", visit, &walk);
  int error = calls < 0 ? (int)calls : walk.error;
  if (error) {
    scan->before = fresh;
    return error;
  }
  qsort(fresh.list, fresh.count, sizeof *fresh.list, by_pid);
  scan->before = scan->now;
  scan->now = fresh;
  compare(scan);
  return 0;
}

void xpf_process_scan_free(struct xpf_process_scan *scan) {
  free(scan->now.list);
  free(scan->before.list);
  memset(scan, 0, sizeof *scan);
}
