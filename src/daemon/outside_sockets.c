/* The sockets of a process by their states. What the kernel has of a network is asked for once for
 * all processes in it. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/outside_read.h"
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"

#define FRESH_MS     2000 /* a table may be that old, or older when it costs much */
#define COST_FACTOR  200  /* so many times as long as it takes it is good for */
#define FRESH_MOST_S 30.0

static struct xpf_network *oldest(struct xpf_outside_budget *budget) {
  struct xpf_network *oldest = &budget->networks[0];
  for (unsigned i = 1; i < XPF_NETWORKS_MAX; i++)
    if (budget->networks[i].last_use < oldest->last_use)
      oldest = &budget->networks[i];
  return oldest;
}

static struct xpf_network *network_of(struct xpf_outside_budget *budget, dev_t device,
                                      ino_t inode) {
  for (unsigned i = 0; i < XPF_NETWORKS_MAX; i++)
    if (budget->networks[i].is_known && budget->networks[i].device == device &&
        budget->networks[i].inode == inode)
      return &budget->networks[i];
  struct xpf_network *network = oldest(budget);
  network->is_known = true;
  network->device = device;
  network->inode = inode;
  network->fresh_until_s = 0;
  return network;
}

static bool is_ours(const struct xpf_outside_budget *budget, const struct stat *network) {
  char path[4096];
  struct stat own;
  snprintf(path, sizeof path, "%s/self/ns/net", budget->proc);
  return stat(path, &own) == 0 && own.st_dev == network->st_dev && own.st_ino == network->st_ino;
}

/* NULL and *error. */
static const struct xpf_socket_table *table_of(struct xpf_outside *outside, int *error) {
  struct xpf_outside_budget *budget = outside->budget;
  struct stat stat_of = {0};
  bool is_told = fstatat(outside->dir, "ns/net", &stat_of, 0) == 0;
  if (!is_told && errno != ENOENT) {
    *error = -errno;
    return NULL;
  }
  struct xpf_network *network = network_of(budget, stat_of.st_dev, stat_of.st_ino);
  double now_s = xpf_outside_seconds();
  network->last_use = ++budget->uses;
  *error = network->error;
  if (!is_told || now_s >= network->fresh_until_s) {
    *error = is_told && is_ours(budget, &stat_of) ? xpf_socket_table_ask(&network->table) : -ENOENT;
    if (*error)
      *error = xpf_socket_table_read(&network->table, outside->dir);
    network->error = *error;
    double cost_s = xpf_outside_seconds() - now_s, fresh_s = cost_s * COST_FACTOR;
    if (fresh_s < FRESH_MS / 1000.0)
      fresh_s = FRESH_MS / 1000.0;
    network->fresh_until_s = now_s + (fresh_s > FRESH_MOST_S ? FRESH_MOST_S : fresh_s);
  }
  return *error ? NULL : &network->table;
}

struct counts {
  const struct xpf_socket_table *table;
  double values[XPF_OUTSIDE_SEND_QUEUE - XPF_OUTSIDE_TCP_ESTABLISHED + 1];
};

static void count(struct counts *counts, enum xpf_outside_field field, double number) {
  counts->values[field - XPF_OUTSIDE_TCP_ESTABLISHED] += number;
}

static void count_tcp(struct counts *counts, const struct xpf_socket_entry *entry) {
  switch (entry->state) {
  case XPF_TCP_ESTABLISHED:
  case XPF_TCP_SYN_RECV:
    count(counts, XPF_OUTSIDE_TCP_ESTABLISHED, 1);
    break;
  case XPF_TCP_SYN_SENT:
    count(counts, XPF_OUTSIDE_TCP_SYN_SENT, 1);
    break;
  case XPF_TCP_CLOSE_WAIT:
    count(counts, XPF_OUTSIDE_TCP_CLOSE_WAIT, 1);
    break;
  case XPF_TCP_LISTEN:
    count(counts, XPF_OUTSIDE_TCP_LISTEN, 1);
    count(counts, XPF_OUTSIDE_ACCEPT_QUEUE, entry->receive_queue);
    count(counts, XPF_OUTSIDE_ACCEPT_QUEUE_LIMIT, entry->send_queue);
    return;
  case XPF_TCP_FIN_WAIT1:
  case XPF_TCP_FIN_WAIT2:
  case XPF_TCP_LAST_ACK:
  case XPF_TCP_CLOSING:
    count(counts, XPF_OUTSIDE_TCP_CLOSING, 1);
    break;
  default:
    count(counts, XPF_OUTSIDE_SOCKETS_OTHER, 1);
  }
  count(counts, XPF_OUTSIDE_RECEIVE_QUEUE, entry->receive_queue);
  count(counts, XPF_OUTSIDE_SEND_QUEUE, entry->send_queue);
}

static bool look_at_fd(void *arg, int list, pid_t number) {
  struct counts *counts = arg;
  uint64_t inode;
  if (!xpf_proc_dir_socket(list, number, &inode))
    return true;
  const struct xpf_socket_entry *entry = xpf_socket_table_find(counts->table, inode);
  if (!entry)
    count(counts, XPF_OUTSIDE_SOCKETS_OTHER, 1);
  else if (entry->is_udp)
    count(counts, XPF_OUTSIDE_UDP, 1);
  else
    count_tcp(counts, entry);
  return true;
}

void xpf_outside_read_sockets(struct xpf_outside *outside) {
  int error = 0;
  struct counts counts = {.table = table_of(outside, &error)};
  int64_t fds = error ? error : xpf_proc_dir_each(outside->dir, "fd", look_at_fd, &counts);
  if (fds < 0) {
    xpf_outside_fail(outside, XPF_OUTSIDE_TCP_ESTABLISHED, XPF_OUTSIDE_SEND_QUEUE, (int)fds);
    return;
  }
  for (unsigned i = XPF_OUTSIDE_TCP_ESTABLISHED; i <= XPF_OUTSIDE_SEND_QUEUE; i++)
    xpf_outside_set(outside, i, counts.values[i - XPF_OUTSIDE_TCP_ESTABLISHED]);
  if (!counts.table->has_limits)
    xpf_outside_fail(outside, XPF_OUTSIDE_ACCEPT_QUEUE_LIMIT, XPF_OUTSIDE_ACCEPT_QUEUE_LIMIT,
                     -ENOENT);
}
