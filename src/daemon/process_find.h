/* Finding processes of Node.js that are not known yet, by their executables and by the sockets of
 * their cores, and saying who they are. [pool], one thread at a time. */
#ifndef XPF_DAEMON_PROCESS_FIND_H
#define XPF_DAEMON_PROCESS_FIND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "daemon/socket_set.h"
#include "wire/client.h"

/* Who a process is. Texts are owned. */
struct xpf_process_words {
  char *command, *exe, *user, *cgroup, *cwd;
  char name[128], node_version[32];
};

struct xpf_process_found {
  pid_t pid, ns_pid;
  uint64_t start_ticks;
  int64_t started_ms; /* Unix time */
  struct xpf_process_words words;
  /* The first attempt to reach its core: 0 and the client, or why not. */
  int error;
  struct xpf_client *client;
};

struct xpf_process_find {
  /* In. */
  const pid_t *known; /* ascending; not looked at */
  size_t known_count;
  bool looks_at_hidden; /* also at those whose executable is not ours to see */
  /* Out; xpf_process_found_free each, then the array. */
  struct xpf_process_found *found;
  size_t count, capacity;
  struct xpf_socket_set sockets;
  bool is_full; /* there are more than are looked after */
};

#define XPF_PROCESSES_MAX 4000
/* 0 or negative errno. */
int xpf_process_find(struct xpf_process_find *find);
void xpf_process_found_free(struct xpf_process_found *found);

/* Connects to the core of a process without waiting for it. As xpf_target_connect; -ENOENT: it has
 * no core (or none yet). sockets: of the last listing. */
int xpf_process_connect(struct xpf_client **out, pid_t pid, uint64_t start_ticks,
                        const struct xpf_socket_set *sockets);
#endif
