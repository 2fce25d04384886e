#include "target/node_process.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KNOWN_MAX   1024 /* executables remembered; when there are more, the oldest go */
#define BYTES_LEAST (16 * 1024 * 1024) /* no Node is smaller, but for one that is in a library */
#define NAME        "node"

static struct {
  dev_t device;
  ino_t inode;
  struct xpf_node_binary binary;
} known[KNOWN_MAX];
static unsigned known_count, oldest;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_worth_a_look(const char *link, const struct stat *entry) {
  char target[4096];
  ssize_t got = readlink(link, target, sizeof target - 1);
  target[got > 0 ? got : 0] = '\0';
  const char *slash = strrchr(target, '/');
  const char *name = slash != NULL ? slash + 1 : target;
  return entry->st_size >= BYTES_LEAST || strncmp(name, NAME, strlen(NAME)) == 0;
}

static bool look_up(const struct stat *entry, struct xpf_node_binary *out) {
  bool is_known = false;
  pthread_mutex_lock(&lock);
  for (unsigned i = 0; i < known_count && !is_known; i++)
    if (known[i].inode == entry->st_ino && known[i].device == entry->st_dev) {
      *out = known[i].binary;
      is_known = true;
    }
  pthread_mutex_unlock(&lock);
  return is_known;
}

static void keep(const struct stat *entry, const struct xpf_node_binary *binary) {
  pthread_mutex_lock(&lock);
  unsigned at = known_count < KNOWN_MAX ? known_count++ : oldest++ % KNOWN_MAX;
  known[at].device = entry->st_dev;
  known[at].inode = entry->st_ino;
  known[at].binary = *binary;
  pthread_mutex_unlock(&lock);
}

int xpf_node_process_look(pid_t pid, struct xpf_node_binary *out) {
  struct stat entry;
  char link[32];

  *out = (struct xpf_node_binary){0};
  snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
  if (stat(link, &entry) != 0)
    return -errno;
  if (look_up(&entry, out))
    return 0;
  if (!is_worth_a_look(link, &entry) || xpf_node_binary_of(pid, out) != 0)
    *out = (struct xpf_node_binary){0};
  keep(&entry, out);
  return 0;
}

bool xpf_node_process_is(pid_t pid) {
  struct xpf_node_binary binary;
  return xpf_node_process_look(pid, &binary) == 0 && binary.is_node;
}
