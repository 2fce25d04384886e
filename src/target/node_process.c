#include "target/node_process.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "target/node_binary.h"

#define KNOWN_MAX   256
#define BYTES_LEAST (16 * 1024 * 1024) /* no Node is smaller, but for one that is in a library */
#define NAME        "node"

static struct {
  dev_t device;
  ino_t inode;
  bool is_node;
} known[KNOWN_MAX];
static unsigned known_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_worth_a_look(const char *link, const struct stat *entry) {
  char target[4096];
  ssize_t got = readlink(link, target, sizeof target - 1);
  target[got > 0 ? got : 0] = '\0';
  const char *slash = strrchr(target, '/');
  const char *name = slash != NULL ? slash + 1 : target;
  return entry->st_size >= BYTES_LEAST || strncmp(name, NAME, strlen(NAME)) == 0;
}

static int look_up(const struct stat *entry) {
  int is_node = -1;
  pthread_mutex_lock(&lock);
  for (unsigned i = 0; i < known_count; i++)
    if (known[i].device == entry->st_dev && known[i].inode == entry->st_ino)
      is_node = known[i].is_node;
  pthread_mutex_unlock(&lock);
  return is_node;
}

static void keep(const struct stat *entry, bool is_node) {
  pthread_mutex_lock(&lock);
  if (known_count < KNOWN_MAX) {
    known[known_count].device = entry->st_dev;
    known[known_count].inode = entry->st_ino;
    known[known_count++].is_node = is_node;
  }
  pthread_mutex_unlock(&lock);
}

bool xpf_node_process_is(pid_t pid) {
  struct xpf_node_binary binary = {0};
  struct stat entry;
  char link[32];

  snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
  if (stat(link, &entry) != 0)
    return false; /* somebody else's, or of the kernel */
  int is_known = look_up(&entry);
  if (is_known >= 0)
    return is_known == 1;
  bool is_node =
      is_worth_a_look(link, &entry) && xpf_node_binary_of(pid, &binary) == 0 && binary.is_node;
  keep(&entry, is_node);
  return is_node;
}
