/* The TCP and UDP sockets of a network namespace by inode, which is what /proc/PID/fd names them
 * by. One thread at a time. */
#ifndef XPF_HOST_SOCKET_TABLE_H
#define XPF_HOST_SOCKET_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XPF_SOCKETS_MAX 200000 /* further ones are left out */

/* As the kernel numbers them. */
enum xpf_tcp_state {
  XPF_TCP_ESTABLISHED = 1,
  XPF_TCP_SYN_SENT,
  XPF_TCP_SYN_RECV,
  XPF_TCP_FIN_WAIT1,
  XPF_TCP_FIN_WAIT2,
  XPF_TCP_TIME_WAIT,
  XPF_TCP_CLOSE,
  XPF_TCP_CLOSE_WAIT,
  XPF_TCP_LAST_ACK,
  XPF_TCP_LISTEN,
  XPF_TCP_CLOSING,
};

struct xpf_socket_entry {
  uint64_t inode;
  bool is_udp;
  uint8_t state; /* enum xpf_tcp_state */
  /* Bytes; of a listener: connections that wait to be accepted, and how many may. */
  uint32_t receive_queue, send_queue;
};

struct xpf_socket_table { /* zeros at first */
  struct xpf_socket_entry *entries;
  size_t count, room;
  bool has_limits; /* send_queue of listeners is told */
};

/* Fills it with those of our own network, asked of the kernel; 0, -ENOMEM, -ENOENT (a kernel
 * without sock_diag), -ETIMEDOUT or another -errno. */
int xpf_socket_table_ask(struct xpf_socket_table *table);
/* Fills it with those of the network that a process is in, from its net/tcp and so on; process: a
 * descriptor of /proc/PID. It does not tell the limits of accept queues. */
int xpf_socket_table_read(struct xpf_socket_table *table, int process);
/* NULL: no such one. */
const struct xpf_socket_entry *xpf_socket_table_find(const struct xpf_socket_table *table,
                                                     uint64_t inode);
void xpf_socket_table_free(struct xpf_socket_table *table);
/* A line of net/tcp or net/udp; false: no socket. Pure. */
bool xpf_socket_line_parse(char *line, struct xpf_socket_entry *out);
#endif
