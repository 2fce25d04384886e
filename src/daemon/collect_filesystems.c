/* File systems: how full they are, in bytes and in files. Each once, however often it is mounted.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"
#include "host/mount_table_linux.h"
#include "host/volume_linux.h"

#define PERIOD_MS       10000
#define FILESYSTEMS_MAX 256
#define ASKED_MAX       64 /* remote ones at a time */
#define ANSWER_NS       1000000000u

enum { SIZE, FREE, AVAILABLE, USED_RATIO, FILES, FILES_FREE, FILES_USED_RATIO, READONLY, FAULT };

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"size", "node_filesystem_size_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "how much the file system holds", "statvfs f_blocks * f_frsize"},
    {"free", "node_filesystem_free_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, free", "statvfs f_bfree"},
    {"available", "node_filesystem_avail_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, free for users other than root", "statvfs f_bavail"},
    {"used_ratio", "xprofd_filesystem_used_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "share that is used of what users can have, as df says it", "(size - free) / (size - free + available)"},
    {"files", "node_filesystem_files", NULL, XPF_FIELD_GAUGE, "", "how many files (inodes) it can have; 0 when it has no such limit", "statvfs f_files"},
    {"files_free", "node_filesystem_files_free", NULL, XPF_FIELD_GAUGE, "", "how many more", "statvfs f_ffree"},
    {"files_used_ratio", "xprofd_filesystem_files_used_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "share of the inodes that is used", "(files - files_free) / files"},
    {"readonly", "node_filesystem_readonly", NULL, XPF_FIELD_GAUGE, "", "1 when it is mounted read-only", "/proc/self/mountinfo; /proc/1/mountinfo where both have the same root"},
    {"fault", "node_filesystem_device_error", NULL, XPF_FIELD_GAUGE, "", "1 when it cannot be asked", "statvfs"},
};
/* clang-format on */

static const struct xpf_kind KIND = {
    .name = "host_filesystem",
    .help = "a file system that is mounted",
    .labels = {"device", "mountpoint", "fstype"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = PERIOD_MS * 7 / 2,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

/* A question that was not answered within its time. */
struct asked {
  struct xpf_volume_question *question;
  char *mountpoint;
  bool is_wanted, is_late, is_told;
};

struct state {
  struct xpf_reading reading; /* first */
  struct xpf_mount mounts[FILESYSTEMS_MAX];
  size_t mounts_count;
  struct xpf_mount root;      /* what is at "/" */
  struct xpf_proc_text first; /* the mounts of the first process */
  struct asked asked[ASKED_MAX];
  size_t asked_count;
};

static void *filesystems_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, FILESYSTEMS_MAX, sizeof(struct state), error);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Whole before a part of it (a bind mount), then the shorter path. */
static bool is_better(const struct xpf_mount *mount, const struct xpf_mount *than) {
  bool is_whole = strcmp(mount->root, "/") == 0, was_whole = strcmp(than->root, "/") == 0;
  if (is_whole != was_whole)
    return is_whole;
  return strlen(mount->mountpoint) < strlen(than->mountpoint);
}

static bool is_same(const struct xpf_mount *a, const struct xpf_mount *b) {
  return strcmp(a->mountpoint, b->mountpoint) == 0 && strcmp(a->device, b->device) == 0 &&
         strcmp(a->root, b->root) == 0;
}

static bool is_root(const struct xpf_mount *mount) {
  return strcmp(mount->mountpoint, "/") == 0;
}

static void remove_mount(struct state *state, size_t i) {
  state->mounts[i] = state->mounts[--state->mounts_count];
}

static void add_mount(struct state *state, const struct xpf_mount *mount) {
  for (size_t i = 0; i < state->mounts_count; i++) /* what it is mounted over is hidden */
    if (strcmp(state->mounts[i].mountpoint, mount->mountpoint) == 0) {
      remove_mount(state, i);
      break;
    }
  if (!xpf_mount_is_storage(mount))
    return;
  for (size_t i = 0; i < state->mounts_count; i++)
    if (strcmp(state->mounts[i].device, mount->device) == 0) {
      if (is_better(mount, &state->mounts[i]))
        state->mounts[i] = *mount;
      return;
    }
  if (state->mounts_count < FILESYSTEMS_MAX)
    state->mounts[state->mounts_count++] = *mount;
}

static struct xpf_row *row_of(struct state *state, const struct xpf_mount *mount) {
  return xpf_sheet_row(state->reading.sheets[0], mount->mountpoint,
                       (const char *const[]){mount->source, mount->mountpoint, mount->type});
}

static double ratio(double part, double whole) {
  return whole > 0 ? part / whole : NAN;
}

static void write_row(struct state *state, const struct xpf_mount *mount, int error,
                      const struct statvfs *v) {
  struct xpf_row *row = row_of(state, mount);
  if (!row)
    return;
  for (unsigned i = SIZE; error && i <= FILES_USED_RATIO; i++)
    xpf_row_mark(row, i, xpf_quality_of_error(error));
  xpf_row_set(row, READONLY, mount->is_readonly);
  xpf_row_set(row, FAULT, error != 0);
  if (error)
    return;
  double unit = (double)v->f_frsize, size = (double)v->f_blocks * unit;
  double unused = (double)v->f_bfree * unit, available = (double)v->f_bavail * unit;
  double files = (double)v->f_files, files_free = (double)v->f_ffree;
  xpf_row_set(row, SIZE, size);
  xpf_row_set(row, FREE, unused);
  xpf_row_set(row, AVAILABLE, available);
  xpf_row_set(row, USED_RATIO, ratio(size - unused, size - unused + available));
  xpf_row_set(row, FILES, files);
  xpf_row_set(row, FILES_FREE, files_free);
  xpf_row_set(row, FILES_USED_RATIO, ratio(files - files_free, files));
}

static struct asked *find_asked(struct state *state, const char *mountpoint) {
  for (size_t i = 0; i < state->asked_count; i++)
    if (strcmp(state->asked[i].mountpoint, mountpoint) == 0)
      return &state->asked[i];
  return NULL;
}

static void begin_question(struct state *state, const struct xpf_mount *mount) {
  struct asked *asked = find_asked(state, mount->mountpoint);
  if (!asked && state->asked_count < ASKED_MAX) {
    struct asked fresh = {.mountpoint = strdup(mount->mountpoint)};
    if (!fresh.mountpoint || xpf_volume_ask(&fresh.question, mount->mountpoint) != 0)
      free(fresh.mountpoint);
    else
      *(asked = &state->asked[state->asked_count++]) = fresh;
  }
  if (asked)
    asked->is_wanted = true;
}

/* What is asked of a mount that is gone, or answered, is done with. */
static void end_question(struct state *state, struct asked *asked, struct statvfs *answer,
                         int *error) {
  *error = xpf_volume_take(asked->question, answer);
  free(asked->mountpoint);
  *asked = state->asked[--state->asked_count];
}

static void end_unwanted(struct state *state) {
  struct statvfs answer;
  int error;
  for (size_t i = state->asked_count; i-- > 0;)
    if (!state->asked[i].is_wanted)
      end_question(state, &state->asked[i], &answer, &error);
}

static void ask_remote(struct state *state, const struct xpf_mount *mount, uint64_t until_ns) {
  struct statvfs answer;
  struct asked *asked = find_asked(state, mount->mountpoint);
  if (asked && xpf_volume_wait(asked->question, until_ns)) {
    int error;
    end_question(state, asked, &answer, &error);
    write_row(state, mount, error, &answer);
    return;
  }
  struct xpf_row *row = row_of(state, mount);
  if (asked)
    asked->is_late = true;
  if (row)
    xpf_row_keep(row);
}

static void read_mounts(struct state *state) {
  char *at = state->reading.text.text;
  struct xpf_mount mount;
  state->mounts_count = 0;
  state->root = (struct xpf_mount){0};
  for (char *line; (line = xpf_proc_text_line(&at));) {
    if (!xpf_mount_parse(line, &mount))
      continue;
    if (is_root(&mount))
      state->root = mount;
    add_mount(state, &mount);
  }
}

/* A service has mounts of its own: those of the host, but read-only (ProtectSystem of systemd).
 * Whether they are is then what they are for the first process: when its root is ours, else its
 * paths are not. The two tables tell that; /proc/1/root may be read by few. */
static void correct_readonly(struct state *state) {
  if (xpf_proc_text_read(&state->first, state->reading.proc, "1/mountinfo") != 0)
    return;
  bool has_our_root = false, is_readonly[FILESYSTEMS_MAX];
  for (size_t i = 0; i < state->mounts_count; i++)
    is_readonly[i] = state->mounts[i].is_readonly;
  char *at = state->first.text;
  struct xpf_mount mount;
  for (char *line; (line = xpf_proc_text_line(&at));) {
    if (!xpf_mount_parse(line, &mount))
      continue;
    if (is_root(&mount))
      has_our_root = state->root.mountpoint && is_same(&state->root, &mount);
    for (size_t i = 0; i < state->mounts_count; i++)
      if (is_same(&state->mounts[i], &mount))
        is_readonly[i] = mount.is_readonly;
  }
  for (size_t i = 0; has_our_root && i < state->mounts_count; i++)
    state->mounts[i].is_readonly = is_readonly[i];
}

static int filesystems_gather(void *arg) {
  struct state *state = arg;
  xpf_reading_begin(&state->reading);
  int error = xpf_reading_file(&state->reading, "self/mountinfo", 0, 0);
  if (error)
    return error;
  read_mounts(state);
  correct_readonly(state);
  for (size_t i = 0; i < state->asked_count; i++)
    state->asked[i].is_wanted = false;
  for (size_t i = 0; i < state->mounts_count; i++)
    if (xpf_mount_is_remote(&state->mounts[i]))
      begin_question(state, &state->mounts[i]);
  end_unwanted(state);
  uint64_t until_ns = now_ns() + ANSWER_NS; /* of all together */
  for (size_t i = 0; i < state->mounts_count; i++) {
    const struct xpf_mount *mount = &state->mounts[i];
    struct statvfs answer;
    if (xpf_mount_is_remote(mount))
      ask_remote(state, mount, until_ns);
    else
      write_row(state, mount, statvfs(mount->mountpoint, &answer) == 0 ? 0 : -errno, &answer);
  }
  return 0;
}

static void filesystems_publish(void *arg, struct xpf_world *world, int64_t now_ms) {
  struct state *state = arg;
  xpf_reading_publish(state, world, now_ms);
  for (size_t i = 0; i < state->asked_count; i++) {
    struct asked *asked = &state->asked[i];
    char text[512];
    if (!asked->is_late || asked->is_told)
      continue;
    asked->is_told = true;
    snprintf(text, sizeof text, "the file system at %.400s does not answer", asked->mountpoint);
    xpf_world_event(world, "filesystem_silent", xpf_world_find(world, &KIND, asked->mountpoint),
                    text);
  }
}

static void filesystems_free(void *arg) {
  struct state *state = arg;
  for (size_t i = 0; i < state->asked_count; i++)
    state->asked[i].is_wanted = false;
  end_unwanted(state);
  xpf_proc_text_free(&state->first);
  xpf_reading_free(state);
}

const struct xpf_collector xpf_collector_filesystems = {
    .name = "filesystems",
    .period_ms = PERIOD_MS,
    .kinds = KINDS,
    .new = filesystems_new,
    .gather = filesystems_gather,
    .publish = filesystems_publish,
    .free = filesystems_free,
};
