#include "attach_package.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>
#include "host/proc_file.h"

#define ENTRY     "lib/attach.js"
#define LEVELS    4 /* build/Release/xprofctl, prebuilds/linux-x64/xprofctl */
#define STAMP_MAX 512

/* The place of a path of the target as this process reaches it. */
static void outside(char *out, size_t size, pid_t pid, const char *path) {
  snprintf(out, size, "/proc/%d/root%s", (int)pid, path);
}

static bool exists(const char *dir, const char *name) {
  char path[PATH_MAX];
  int used = snprintf(path, sizeof path, "%s/%s", dir, name);
  return used > 0 && (size_t)used < sizeof path && access(path, F_OK) == 0;
}

/* From the program's own place upwards. */
static bool find_own(char *path, size_t size) {
  ssize_t got = readlink("/proc/self/exe", path, size - 1);
  path[got > 0 ? got : 0] = '\0';
  for (int i = 0; i < LEVELS; i++) {
    char *slash = strrchr(path, '/');
    if (slash == NULL)
      return false;
    *slash = '\0';
    if (exists(path, ENTRY))
      return true;
  }
  return false;
}

/* As the user of the target would open it. Only root can try; others are that user. */
static bool is_readable_by(uid_t euid, const char *file) {
  bool changes = geteuid() == 0 && euid != 0;
  if (changes)
    setfsuid(euid);
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (changes)
    setfsuid(0);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}

/* What is here and not there is a matter of file systems; what is nowhere, of the name. */
static int say_missing(struct xpf_verdict *verdict, pid_t pid, const char *path) {
  if (!exists(path, ENTRY))
    return xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_NO_PACKAGE, path);
  xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_INVISIBLE, (int)pid, path);
  xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_INVISIBLE_HINT, path);
  return verdict->status;
}

static bool holds(const char *file, const char *word) {
  char *text = malloc(4 * 1024 * 1024);
  ssize_t got = text != NULL ? xpf_proc_file_read(AT_FDCWD, file, text, 4 * 1024 * 1024) : -1;
  bool found = got > 0 && memmem(text, (size_t)got, word, strlen(word)) != NULL;
  free(text);
  return found;
}

/* The addon that was built in the package's own directory: for one ABI and one C library. */
static bool has_built(const char *dir, const struct xpf_node_binary *node) {
  char path[PATH_MAX + 128], text[STAMP_MAX], wanted[32];
  snprintf(path, sizeof path, "%s/build/Release/xprofiler.json", dir);
  if (xpf_proc_file_read(AT_FDCWD, path, text, sizeof text) <= 0)
    return false;
  snprintf(wanted, sizeof wanted, "\"abi\":\"%u\"", node->abi);
  if (strstr(text, wanted) == NULL)
    return false;
  snprintf(path, sizeof path, "%s/build/Release/xprofiler.node", dir);
  return holds(path, "libc.musl") == node->is_musl;
}

static bool has_binary(const char *dir, const struct xpf_node_binary *node) {
  char name[128];
  snprintf(name, sizeof name, "prebuilds/linux%s-%s/abi%u.node", node->is_musl ? "musl" : "",
           node->machine, node->abi);
  return has_built(dir, node) || exists(dir, name);
}

static int check_binary(const char *dir, const char *path, pid_t pid,
                        const struct xpf_node_binary *node, struct xpf_verdict *verdict) {
  /* Of a version that is newer than this program the package itself knows more. */
  if (node->abi == 0 || has_binary(dir, node))
    return 0;
  char kind[96];
  snprintf(kind, sizeof kind, "Node v%u.%u.%u (ABI %u, linux%s-%s)", node->major, node->minor,
           node->patch, node->abi, node->is_musl ? "musl" : "", node->machine);
  xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_NO_BINARY, path, kind, (int)pid);
  xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_NO_BINARY_HINT);
  return verdict->status;
}

int xpf_attach_package_find(pid_t pid, uid_t euid, const char *wanted,
                            const struct xpf_node_binary *node, char *path, size_t size,
                            struct xpf_verdict *verdict) {
  char place[PATH_MAX + 64], entry[PATH_MAX + 128];

  if (wanted != NULL && *wanted != '/') {
    if (realpath(wanted, place) == NULL)
      return xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_NO_PACKAGE, wanted);
    snprintf(path, size, "%s", place);
  } else if (wanted != NULL) {
    snprintf(path, size, "%s", wanted);
  } else if (!find_own(path, size)) {
    xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_LOST);
    xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_LOST_HINT);
    return verdict->status;
  }
  outside(place, sizeof place, pid, path);
  snprintf(entry, sizeof entry, "%s/" ENTRY, place);
  if (access(entry, F_OK) != 0)
    return say_missing(verdict, pid, path);
  if (!is_readable_by(euid, entry)) {
    xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_UNREADABLE, (unsigned)euid,
                    (int)pid, path);
    xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_UNREADABLE_HINT);
    return verdict->status;
  }
  return check_binary(place, path, pid, node, verdict);
}
