#include "daemon/process_find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/os.h"
#include "host/printable.h"
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/user_name.h"
#include "target/command_name.h"
#include "target/node_process.h"
#include "target/target_connect.h"

/* ---- who it is ---- */

static char *user_name(uid_t uid) {
  char name[256];
  xpf_user_name(uid, name, sizeof name);
  return strdup(name);
}

/* The path of the unified hierarchy, else that of the controller which limits memory. */
static char *cgroup_of(int process) {
  char text[8192], *rest, *found = NULL;
  if (xpf_proc_file_read(process, "cgroup", text, sizeof text) <= 0)
    return NULL;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(++controllers, ':') : NULL;
    if (!path)
      continue;
    *path++ = '\0';
    bool is_unified = controllers[0] == '\0' && strcmp(path, "/") != 0;
    if (is_unified || strcmp(controllers, "memory") == 0 || (!found && controllers[0] == '\0'))
      found = path;
  }
  return found ? strdup(found) : NULL;
}

static void name_it(struct xpf_process_found *found, int process, const char *comm) {
  char text[4096];
  ssize_t size = xpf_proc_file_read(process, "cmdline", text, sizeof text);
  struct xpf_process_words *words = &found->words;
  xpf_command_name(words->name, sizeof words->name, text, size > 0 ? (size_t)size : 0);
  if (!words->name[0])
    snprintf(words->name, sizeof words->name, "%s", comm);
}

static int describe(struct xpf_process_found *found, const struct xpf_node_binary *binary) {
  struct xpf_os_identity *identity = malloc(sizeof *identity);
  struct xpf_process_words *words = &found->words;
  struct timespec now;
  if (!identity)
    return -ENOMEM;
  int process = xpf_proc_dir_open(found->pid);
  int error = process < 0 ? process : xpf_os_identity(found->pid, identity);
  if (!error || error == -EACCES) {
    error = identity->start_ticks ? 0 : -ESRCH;
    found->start_ticks = identity->start_ticks;
    found->ns_pid = identity->ns_pid;
    clock_gettime(CLOCK_REALTIME, &now);
    found->started_ms = (int64_t)now.tv_sec * 1000 - (int64_t)(identity->started_s_ago * 1000);
    words->command = strdup(identity->command_line[0] ? identity->command_line : identity->comm);
    words->exe = identity->exe[0] ? strdup(identity->exe) : NULL;
    words->cwd = identity->cwd[0] ? strdup(identity->cwd) : NULL;
    words->user = user_name(identity->uid);
    words->cgroup = cgroup_of(process);
    name_it(found, process, identity->comm);
    if (binary->is_node)
      snprintf(words->node_version, sizeof words->node_version, "v%u.%u.%u", binary->major,
               binary->minor, binary->patch);
  }
  if (process >= 0)
    close(process);
  free(identity);
  return error;
}

static void words_free(struct xpf_process_words *words) {
  free(words->command);
  free(words->exe);
  free(words->user);
  free(words->cgroup);
  free(words->cwd);
  *words = (struct xpf_process_words){0};
}

void xpf_process_found_free(struct xpf_process_found *found) {
  words_free(&found->words);
  xpf_client_close(found->client);
  found->client = NULL;
}

/* ---- reaching its core ---- */

/* Whether its paths are ours, so that the listing of our directories tells all about it. */
static bool shares_mounts(pid_t pid) {
  struct stat theirs, ours;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
  if (stat(path, &theirs) != 0 || stat("/proc/self/ns/mnt", &ours) != 0 ||
      theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev)
    return false;
  snprintf(path, sizeof path, "/proc/%d/root", (int)pid);
  return stat(path, &theirs) == 0 && stat("/", &ours) == 0 && theirs.st_ino == ours.st_ino &&
         theirs.st_dev == ours.st_dev;
}

int xpf_process_connect(struct xpf_client **out, pid_t pid, uint64_t start_ticks,
                        const struct xpf_socket_set *sockets) {
  struct xpf_os_identity *identity = malloc(sizeof *identity);
  struct xpf_target_peer peer = {0};
  *out = NULL;
  if (!identity)
    return -ENOMEM;
  int error = xpf_os_identity(pid, identity);
  pid_t ns_pid = identity->ns_pid ? identity->ns_pid : pid;
  if (error == -ESRCH || (identity->start_ticks && identity->start_ticks != start_ticks))
    error = -ESRCH;
  else if (!xpf_socket_set_has(sockets, ns_pid) && shares_mounts(pid))
    error = -ENOENT;
  else
    error = xpf_target_connect(out, pid, -1, identity, &peer);
  free(identity);
  return error;
}

/* ---- looking ---- */

static int by_pid(const void *a, const void *b) {
  pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
  return (left > right) - (left < right);
}

/* Of a process whose executable we may not see: what it is called. */
static bool is_called_node(pid_t pid) {
  char path[32], text[256];
  snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
  if (xpf_proc_file_read(AT_FDCWD, path, text, sizeof text) <= 0)
    return false;
  const char *slash = strrchr(text, '/'), *name = slash ? slash + 1 : text;
  return strcmp(name, "node") == 0 || strcmp(name, "nodejs") == 0;
}

static struct xpf_process_found *add(struct xpf_process_find *find) {
  if (find->count + find->known_count >= XPF_PROCESSES_MAX) {
    find->is_full = true;
    return NULL;
  }
  if (find->count == find->capacity) {
    size_t capacity = find->capacity ? find->capacity * 2 : 16;
    struct xpf_process_found *grown = realloc(find->found, capacity * sizeof *grown);
    if (!grown)
      return NULL;
    find->found = grown;
    find->capacity = capacity;
  }
  return memset(&find->found[find->count++], 0, sizeof *find->found);
}

static bool look(void *arg, int list, pid_t pid) {
  struct xpf_process_find *find = arg;
  struct xpf_node_binary binary;
  (void)list;
  if (find->known_count > 0 &&
      bsearch(&pid, find->known, find->known_count, sizeof *find->known, by_pid))
    return true;
  int error = xpf_node_process_look(pid, &binary);
  bool is_node = error == 0 && binary.is_node;
  bool is_hidden = error == -EACCES || error == -EPERM;
  if (is_hidden && find->looks_at_hidden)
    is_node = is_called_node(pid);
  if (!is_node && (is_hidden || error || !xpf_socket_set_has(&find->sockets, pid)))
    return true;
  struct xpf_process_found *found = add(find);
  if (!found)
    return !find->is_full;
  found->pid = pid;
  error = describe(found, &binary);
  if (!error)
    found->error = xpf_process_connect(&found->client, pid, found->start_ticks, &find->sockets);
  /* Something else with a socket of that name is of interest when a core answers behind it. */
  if (error || found->error == -ESRCH || (!is_node && found->error)) {
    xpf_process_found_free(found);
    find->count--;
  }
  return true;
}

int xpf_process_find(struct xpf_process_find *find) {
  int error = xpf_socket_set_read(&find->sockets);
  int64_t called = xpf_proc_dir_each(AT_FDCWD, "/proc", look, find);
  return called < 0 ? (int)called : error;
}
