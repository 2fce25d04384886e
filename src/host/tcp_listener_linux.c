#include "host/tcp_listener.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/os.h"
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"

#define LISTENING "0A"
#define FOUND_MAX 1024

/* "0100007F:2395": each group of eight digits is a word in the byte order of this machine. */
static bool read_address(const char *text, struct xpf_tcp_listener *out) {
  size_t words = out->is_v6 ? 4 : 1;
  for (size_t i = 0; i < words; i++) {
    char digits[9] = "", *end;
    memcpy(digits, text + i * 8, 8);
    uint32_t word = (uint32_t)strtoul(digits, &end, 16);
    if (end != digits + 8)
      return false;
    memcpy(out->address + i * 4, &word, sizeof word);
  }
  const char *colon = text + words * 8;
  if (*colon != ':')
    return false;
  out->port = (uint16_t)strtoul(colon + 1, NULL, 16);
  return true;
}

/* "  0: local remote 0A tx:rx tr:when retrnsmt uid timeout inode …" */
static bool read_line(char *line, struct xpf_tcp_listener *out) {
  char *save = NULL, *words[10] = {NULL};
  int count = 0;
  for (char *word = strtok_r(line, " ", &save); word != NULL && count < 10;
       word = strtok_r(NULL, " ", &save))
    words[count++] = word;
  if (count < 10 || strcmp(words[3], LISTENING) != 0)
    return false;
  if (strlen(words[1]) < (out->is_v6 ? 33u : 9u) || !read_address(words[1], out))
    return false;
  return xpf_proc_number(words[9], &out->inode) && out->inode != 0;
}

static int read_table(int process, bool is_v6, struct xpf_tcp_listener *out, int used, int max) {
  struct xpf_proc_lines lines;
  int error = xpf_proc_lines_open(&lines, process, is_v6 ? "net/tcp6" : "net/tcp");
  if (error == -ENOENT)
    return used; /* a system without IPv6 */
  if (error != 0)
    return error;
  for (char *line; used < max && (line = xpf_proc_lines_next(&lines)) != NULL;) {
    struct xpf_tcp_listener listener = {.is_v6 = is_v6};
    if (read_line(line, &listener))
      out[used++] = listener;
  }
  xpf_proc_lines_close(&lines);
  return used;
}

/* Every listener of the network that process is in. */
static int read_network(int process, struct xpf_tcp_listener *out, int max) {
  int used = read_table(process, false, out, 0, max);
  return used < 0 ? used : read_table(process, true, out, used, max);
}

struct ownership {
  const struct xpf_tcp_listener *listeners;
  int count;
  bool *is_owned;
};

static bool look_at_fd(void *arg, int list, pid_t number) {
  struct ownership *ownership = arg;
  uint64_t inode;

  if (!xpf_proc_dir_socket(list, number, &inode))
    return true;
  for (int i = 0; i < ownership->count; i++)
    if (ownership->listeners[i].inode == inode)
      ownership->is_owned[i] = true;
  return true;
}

static int64_t find_owned(int process, struct ownership *ownership) {
  return xpf_proc_dir_each(process, "fd", look_at_fd, ownership);
}

int xpf_tcp_listeners(pid_t pid, struct xpf_tcp_listener *out, int max) {
  struct xpf_tcp_listener *all = calloc(FOUND_MAX, sizeof *all);
  bool is_owned[FOUND_MAX] = {false};
  int used = 0, count = -ENOMEM, process = xpf_proc_dir_open(pid);

  if (process < 0) {
    free(all);
    return process;
  }
  if (all != NULL)
    count = read_network(process, all, FOUND_MAX);
  if (count > 0) {
    struct ownership ownership = {all, count, is_owned};
    int64_t fds = find_owned(process, &ownership);
    for (int i = 0; i < count && used < max; i++)
      if (is_owned[i])
        out[used++] = all[i];
    count = fds < 0 ? (int)fds : used;
  }
  close(process);
  free(all);
  return count;
}

/* Taken for a socket that wants 127.0.0.1. */
static bool blocks_loopback(const struct xpf_tcp_listener *listener) {
  static const uint8_t any[16], loopback[4] = {127, 0, 0, 1};
  if (memcmp(listener->address, any, listener->is_v6 ? 16 : 4) == 0)
    return true;
  return !listener->is_v6 && memcmp(listener->address, loopback, 4) == 0;
}

struct owner_search {
  struct xpf_tcp_listener listener;
  pid_t owner;
};

static bool look_at_process(void *arg, pid_t pid) {
  struct owner_search *search = arg;
  bool is_owned = false;
  struct ownership ownership = {&search->listener, 1, &is_owned};
  int process = xpf_proc_dir_open(pid);

  if (process < 0)
    return true;
  find_owned(process, &ownership);
  close(process);
  if (is_owned)
    search->owner = pid;
  return !is_owned;
}

int xpf_tcp_port_owner(pid_t near, uint16_t port, pid_t *owner) {
  struct xpf_tcp_listener *all = calloc(FOUND_MAX, sizeof *all);
  int count = -ENOMEM, found = 0, process = xpf_proc_dir_open(near);

  *owner = 0;
  if (process >= 0 && all != NULL)
    count = read_network(process, all, FOUND_MAX);
  for (int i = 0; i < count && !found; i++) {
    if (all[i].port != port || !blocks_loopback(&all[i]))
      continue;
    struct owner_search search = {.listener = all[i]};
    xpf_os_each_process(look_at_process, &search);
    *owner = search.owner;
    found = 1;
  }
  if (process >= 0)
    close(process);
  free(all);
  return process < 0 ? process : count < 0 ? count : found;
}

bool xpf_tcp_listener_is_local(const struct xpf_tcp_listener *listener) {
  static const uint8_t any[16], loopback6[16] = {[15] = 1};
  if (memcmp(listener->address, any, listener->is_v6 ? 16 : 4) == 0)
    return true;
  return listener->is_v6 ? memcmp(listener->address, loopback6, 16) == 0
                         : listener->address[0] == 127;
}

static int same_network(int process) {
  struct stat theirs, ours;
  if (fstatat(process, "ns/net", &theirs, 0) != 0 || stat("/proc/self/ns/net", &ours) != 0)
    return -errno;
  return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

static int make_socket(const struct xpf_tcp_listener *listener) {
  int family = listener->is_v6 ? AF_INET6 : AF_INET;
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -errno;
  return fd;
}

/* A socket belongs to the network its maker was in, wherever that one goes afterwards. */
static int make_socket_there(int process, const struct xpf_tcp_listener *listener) {
  int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  int theirs = openat(process, "ns/net", O_RDONLY | O_CLOEXEC);
  int fd = -EPERM;

  if (own >= 0 && theirs >= 0 && setns(theirs, CLONE_NEWNET) == 0) {
    fd = make_socket(listener);
    if (setns(own, CLONE_NEWNET) != 0 && fd >= 0) {
      close(fd); /* does not happen: one may go back to where one came from */
      fd = -EPERM;
    }
  }
  if (own >= 0)
    close(own);
  if (theirs >= 0)
    close(theirs);
  return fd;
}

static int connect_within(int fd, const struct xpf_tcp_listener *listener, int timeout_ms) {
  static const uint8_t any[16];
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(listener->port)};
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(listener->port)};
  bool is_any = memcmp(listener->address, any, listener->is_v6 ? 16 : 4) == 0;
  socklen_t error_size = sizeof(int);
  int error = 0;

  memcpy(&v4.sin_addr, listener->address, 4);
  memcpy(&v6.sin6_addr, listener->address, 16);
  if (is_any) {
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
  }
  const struct sockaddr *address =
      listener->is_v6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4;
  if (connect(fd, address, listener->is_v6 ? sizeof v6 : sizeof v4) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return -errno;
  struct pollfd poller = {.fd = fd, .events = POLLOUT};
  int ready = poll(&poller, 1, timeout_ms);
  if (ready <= 0)
    return ready == 0 ? -ETIMEDOUT : -errno;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0)
    return -errno;
  return -error;
}

static int make_socket_for(pid_t pid, const struct xpf_tcp_listener *listener) {
  int process = xpf_proc_dir_open(pid);
  if (process < 0)
    return process;
  int fd =
      same_network(process) == 0 ? make_socket_there(process, listener) : make_socket(listener);
  close(process);
  return fd;
}

int xpf_tcp_reach(pid_t pid) {
  int fd = make_socket_for(pid, &(struct xpf_tcp_listener){0});
  if (fd < 0)
    return fd;
  close(fd);
  return 0;
}

int xpf_tcp_listener_connect(pid_t pid, const struct xpf_tcp_listener *listener, int timeout_ms) {
  int fd = make_socket_for(pid, listener);
  if (fd < 0)
    return fd;
  int error = connect_within(fd, listener, timeout_ms);
  if (error != 0) {
    close(fd);
    return error;
  }
  return fd;
}
