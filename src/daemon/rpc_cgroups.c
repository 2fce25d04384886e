#include "daemon/rpc_cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/rpc_looks.h"
#include "host/proc_file.h"
#include "host/proc_keys.h"
#include "xpf_protocol.h"

#define DEPTH_MAX  4
#define GROUPS_MAX 4096
#define PATH_SIZE  1024

struct group {
  char path[256];                             /* below the root; "/" for the root itself */
  double cpu_s, memory, tasks, read, written; /* NaN: not told */
};

struct look {
  struct group *groups;
  size_t count;
};

struct looks {
  struct look at[2];
};

/* Where the controllers are. v2: all in one tree; v1: each in its own. */
struct trees {
  bool is_v2;
  char cpu[PATH_SIZE], memory[PATH_SIZE], tasks[PATH_SIZE], io[PATH_SIZE];
};

static bool is_there(const char *base, const char *name) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "%.900s/%s", base, name);
  return access(path, F_OK) == 0;
}

static bool find_trees(struct trees *trees, const char *sys) {
  char base[512];
  *trees = (struct trees){0};
  snprintf(base, sizeof base, "%.400s/fs/cgroup", sys);
  trees->is_v2 = is_there(base, "cgroup.controllers");
  snprintf(trees->cpu, PATH_SIZE, "%s%s", base, trees->is_v2 ? "" : "/cpuacct");
  snprintf(trees->memory, PATH_SIZE, "%s%s", base, trees->is_v2 ? "" : "/memory");
  snprintf(trees->tasks, PATH_SIZE, "%s%s", base, trees->is_v2 ? "" : "/pids");
  snprintf(trees->io, PATH_SIZE, "%s%s", base, trees->is_v2 ? "" : "/blkio");
  return access(trees->cpu, F_OK) == 0;
}

static double read_number(const char *tree, const char *group, const char *file) {
  char path[PATH_SIZE * 2], text[64];
  uint64_t number;
  snprintf(path, sizeof path, "%s/%s/%s", tree, group, file);
  if (xpf_proc_file_read(AT_FDCWD, path, text, sizeof text) <= 0 || !xpf_proc_number(text, &number))
    return NAN;
  return (double)number;
}

static double read_key(const char *tree, const char *group, const char *file, const char *name) {
  char path[PATH_SIZE * 2];
  uint64_t number = 0, found = 0;
  const struct xpf_proc_key key = {name, &number};
  snprintf(path, sizeof path, "%s/%s/%s", tree, group, file);
  return xpf_proc_keys_read(AT_FDCWD, path, &key, 1, &found) == 0 && found ? (double)number : NAN;
}

/* v2: "254:0 rbytes=8192 wbytes=0 …"; v1: "254:0 Read 8192". Sums over the devices. */
static void read_io(const struct trees *trees, struct group *group) {
  char path[PATH_SIZE * 2];
  struct xpf_proc_lines lines;
  const char *file = trees->is_v2 ? "io.stat" : "blkio.throttle.io_service_bytes";
  const char *read = trees->is_v2 ? "rbytes=" : " Read ";
  const char *written = trees->is_v2 ? "wbytes=" : " Write ";
  group->read = group->written = NAN;
  snprintf(path, sizeof path, "%s/%s/%s", trees->io, group->path, file);
  if (xpf_proc_lines_open(&lines, AT_FDCWD, path) != 0)
    return;
  group->read = group->written = 0;
  for (const char *line; (line = xpf_proc_lines_next(&lines));) {
    uint64_t number;
    const char *at = strstr(line, read);
    if (at && xpf_proc_number(at + strlen(read), &number))
      group->read += (double)number;
    at = strstr(line, written);
    if (at && xpf_proc_number(at + strlen(written), &number))
      group->written += (double)number;
  }
  xpf_proc_lines_close(&lines);
}

static void read_group(const struct trees *trees, struct group *group) {
  if (trees->is_v2) {
    group->cpu_s = read_key(trees->cpu, group->path, "cpu.stat", "usage_usec") / 1e6;
    group->memory = read_number(trees->memory, group->path, "memory.current");
  } else {
    group->cpu_s = read_number(trees->cpu, group->path, "cpuacct.usage") / 1e9;
    group->memory = read_number(trees->memory, group->path, "memory.usage_in_bytes");
  }
  group->tasks = read_number(trees->tasks, group->path, "pids.current");
  read_io(trees, group);
}

static int add_group(struct look *look, const struct trees *trees, const char *path) {
  if (look->count == GROUPS_MAX || strlen(path) >= sizeof look->groups[0].path)
    return 0;
  if (look->count % 64 == 0) {
    struct group *groups = realloc(look->groups, (look->count + 64) * sizeof *groups);
    if (!groups)
      return -ENOMEM;
    look->groups = groups;
  }
  struct group *group = &look->groups[look->count++];
  snprintf(group->path, sizeof group->path, "%s", path);
  read_group(trees, group);
  return 0;
}

static int walk(struct look *look, const struct trees *trees, const char *path, unsigned depth) {
  char full[PATH_SIZE * 2];
  int error = add_group(look, trees, path);
  snprintf(full, sizeof full, "%s/%s", trees->cpu, path);
  DIR *directory = depth < DEPTH_MAX && !error ? opendir(full) : NULL;
  if (!directory)
    return error;
  for (const struct dirent *entry; !error && (entry = readdir(directory));) {
    char child[PATH_SIZE];
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
      continue;
    snprintf(child, sizeof child, "%.500s/%s", strcmp(path, "/") == 0 ? "" : path, entry->d_name);
    error = walk(look, trees, child, depth + 1);
  }
  closedir(directory);
  return error;
}

static const struct group *find(const struct look *look, const char *path) {
  for (size_t i = 0; i < look->count; i++)
    if (strcmp(look->groups[i].path, path) == 0)
      return &look->groups[i];
  return NULL;
}

static double grown(double before, double now, double seconds) {
  return fmax(0, now - before) / seconds;
}

/* The group as it is, with cpu_s, read and written per second; its rate is lost without a look
 * before. */
static struct group rates_of(const struct xpf_rpc_call *call, const struct group *now) {
  const struct looks *looks = call->state;
  const struct group *before = find(&looks->at[0], now->path);
  double seconds = xpf_rpc_seconds(call);
  struct group rates = *now;
  rates.cpu_s = before ? grown(before->cpu_s, now->cpu_s, seconds) : NAN;
  rates.read = before ? grown(before->read, now->read, seconds) : NAN;
  rates.written = before ? grown(before->written, now->written, seconds) : NAN;
  if (before && isnan(now->cpu_s - before->cpu_s))
    rates.cpu_s = NAN; /* fmax takes the number */
  if (before && isnan(now->read - before->read))
    rates.read = rates.written = NAN;
  return rates;
}

static int by_cpu(const void *a, const void *b) {
  const struct group *left = a, *right = b;
  double x = isnan(left->cpu_s) ? -1 : left->cpu_s, y = isnan(right->cpu_s) ? -1 : right->cpu_s;
  return x != y ? (x < y ? 1 : -1) : strcmp(left->path, right->path);
}

static void print_number(struct xpf_rpc_call *call, double number, int width, int digits) {
  if (isnan(number))
    xpf_rpc_print(call, " %*s", width, "-");
  else
    xpf_rpc_print(call, " %*.*f", width, digits, number);
}

static void print_group(struct xpf_rpc_call *call, const struct group *group) {
  xpf_rpc_print(call, "%-48s", group->path);
  print_number(call, group->tasks, 6, 0);
  print_number(call, 100 * group->cpu_s, 6, 1);
  print_number(call, group->memory, 14, 0);
  print_number(call, group->read, 12, 0);
  print_number(call, group->written, 12, 0);
  xpf_rpc_print(call, "\n");
}

static void write_group(struct xpf_rpc_call *call, const struct group *group) {
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_text(call, "path", group->path);
  xpf_rpc_key_number(call, "tasks", group->tasks);
  xpf_rpc_key_number(call, "cpu", group->cpu_s);
  xpf_rpc_key_number(call, "memory_bytes", group->memory);
  xpf_rpc_key_number(call, "read_bytes_per_second", group->read);
  xpf_rpc_key_number(call, "written_bytes_per_second", group->written);
  xpf_json_object_end(&call->json);
}

static void answer(struct xpf_rpc_call *call, bool is_v2) {
  struct look *now = &((struct looks *)call->state)->at[1];
  for (size_t i = 0; i < now->count; i++)
    now->groups[i] = rates_of(call, &now->groups[i]);
  qsort(now->groups, now->count, sizeof *now->groups, by_cpu);
  if (call->is_raw) {
    xpf_rpc_print(call, "%-48s  Tasks   %%CPU         Memory      Input/s     Output/s\n", "Path");
  } else {
    xpf_rpc_json_begin(call, "/sys/fs/cgroup");
    xpf_rpc_key_number(call, "version", is_v2 ? 2 : 1);
    xpf_json_key(&call->json, "groups");
    xpf_json_array_begin(&call->json);
  }
  for (size_t i = 0; i < now->count; i++)
    if (call->is_raw)
      print_group(call, &now->groups[i]);
    else
      write_group(call, &now->groups[i]);
  if (!call->is_raw) {
    xpf_json_array_end(&call->json);
    xpf_rpc_json_end(call);
  }
}

void xpf_rpc_cgtop(struct xpf_rpc_call *call) {
  struct trees trees;
  struct looks *looks = call->state ? call->state : (call->state = calloc(1, sizeof *looks));
  if (!looks)
    xpf_rpc_fail(call, XPF_RPC_INTERNAL, NULL, "Out of memory.");
  else if (!find_trees(&trees, call->sys))
    xpf_rpc_fail_read(call, "/sys/fs/cgroup with cpuacct, or of version 2", -ENOENT);
  else if (walk(&looks->at[call->round], &trees, "/", 1) != 0)
    xpf_rpc_fail(call, XPF_RPC_INTERNAL, NULL, "Out of memory.");
  else if (call->round == 1)
    answer(call, trees.is_v2);
}

void xpf_rpc_cgtop_free(struct xpf_rpc_call *call) {
  struct looks *looks = call->state;
  free(looks->at[0].groups);
  free(looks->at[1].groups);
  free(looks);
  call->state = NULL;
}
