#include "host/socket_table.h"
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "host/proc_file.h"

#define REPLY_SIZE (32 * 1024)
#define WAIT_S     2
/* Those without an inode belong to no process: time_wait, and those not accepted yet. */
#define STATES (~(1u << XPF_TCP_TIME_WAIT | 1u << XPF_TCP_SYN_RECV | 1u << 12))

static int add(struct xpf_socket_table *table, const struct xpf_socket_entry *entry) {
  if (entry->inode == 0 || table->count == XPF_SOCKETS_MAX)
    return 0;
  if (table->count == table->room) {
    size_t room = table->room ? table->room * 2 : 64;
    struct xpf_socket_entry *larger = realloc(table->entries, room * sizeof *larger);
    if (!larger)
      return -ENOMEM;
    table->entries = larger;
    table->room = room;
  }
  table->entries[table->count++] = *entry;
  return 0;
}

static int by_inode(const void *a, const void *b) {
  const struct xpf_socket_entry *one = a, *other = b;
  return (one->inode > other->inode) - (one->inode < other->inode);
}

static void sort(struct xpf_socket_table *table) {
  if (table->count > 0)
    qsort(table->entries, table->count, sizeof *table->entries, by_inode);
}

const struct xpf_socket_entry *xpf_socket_table_find(const struct xpf_socket_table *table,
                                                     uint64_t inode) {
  const struct xpf_socket_entry wanted = {.inode = inode};
  if (table->count == 0)
    return NULL;
  return bsearch(&wanted, table->entries, table->count, sizeof wanted, by_inode);
}

void xpf_socket_table_free(struct xpf_socket_table *table) {
  free(table->entries);
  memset(table, 0, sizeof *table);
}

/* ---- asked of the kernel ---- */

static int send_question(int fd, int family, int protocol) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } question = {
      .header = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
      .request = {.sdiag_family = (uint8_t)family,
                  .sdiag_protocol = (uint8_t)protocol,
                  .idiag_states = STATES},
  };
  return send(fd, &question, sizeof question, 0) < 0 ? -errno : 0;
}

/* 1: more is to come; 0: that was all. */
static int take_message(struct xpf_socket_table *table, const struct nlmsghdr *message,
                        bool is_udp) {
  if (message->nlmsg_type == NLMSG_DONE)
    return 0;
  if (message->nlmsg_type == NLMSG_ERROR) {
    const struct nlmsgerr *error = NLMSG_DATA(message);
    bool is_whole = message->nlmsg_len >= NLMSG_LENGTH(sizeof *error);
    return is_whole && error->error < 0 ? error->error : -EPROTO;
  }
  if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
      message->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
    return 1;
  const struct inet_diag_msg *told = NLMSG_DATA(message);
  struct xpf_socket_entry entry = {.inode = told->idiag_inode,
                                   .is_udp = is_udp,
                                   .state = told->idiag_state,
                                   .receive_queue = told->idiag_rqueue,
                                   .send_queue = told->idiag_wqueue};
  int error = add(table, &entry);
  return error ? error : 1;
}

static int take_answer(struct xpf_socket_table *table, int fd, char *reply, bool is_udp) {
  for (int more = 1; more > 0;) {
    ssize_t got = recv(fd, reply, REPLY_SIZE, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return got == 0 ? -EPIPE : errno == EAGAIN ? -ETIMEDOUT : -errno;
    for (size_t at = 0, size = (size_t)got; more > 0 && size - at >= sizeof(struct nlmsghdr);) {
      const struct nlmsghdr *message = (const void *)(reply + at);
      if (message->nlmsg_len < sizeof *message || message->nlmsg_len > size - at)
        return -EPROTO;
      more = take_message(table, message, is_udp);
      size_t length = NLMSG_ALIGN(message->nlmsg_len);
      at += length < size - at ? length : size - at;
    }
    if (more < 0)
      return more;
  }
  return 0;
}

int xpf_socket_table_ask(struct xpf_socket_table *table) {
  static const struct {
    int family, protocol;
  } QUESTIONS[] = {{AF_INET, IPPROTO_TCP},
                   {AF_INET6, IPPROTO_TCP},
                   {AF_INET, IPPROTO_UDP},
                   {AF_INET6, IPPROTO_UDP}};
  const struct timeval wait = {.tv_sec = WAIT_S};
  table->count = 0;
  table->has_limits = true;
  char *reply = malloc(REPLY_SIZE);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  int error = !reply ? -ENOMEM : fd < 0 ? -errno : 0;
  if (!error)
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  for (unsigned i = 0; !error && i < sizeof QUESTIONS / sizeof QUESTIONS[0]; i++) {
    error = send_question(fd, QUESTIONS[i].family, QUESTIONS[i].protocol);
    if (!error)
      error = take_answer(table, fd, reply, QUESTIONS[i].protocol == IPPROTO_UDP);
    if (error == -ENOENT && i > 0)
      error = 0; /* no IPv6, or UDP cannot be asked for */
  }
  if (fd >= 0)
    close(fd);
  free(reply);
  sort(table);
  return error;
}

/* ---- read from /proc ---- */

/* "  0: local remote 0A tx:rx tr:when retrnsmt uid timeout inode …", numbers hexadecimal but for
 * the last three. */
bool xpf_socket_line_parse(char *line, struct xpf_socket_entry *out) {
  char *save = NULL, *words[10] = {NULL}, *end;
  int count = 0;
  for (char *word = strtok_r(line, " ", &save); word && count < 10;
       word = strtok_r(NULL, " ", &save))
    words[count++] = word;
  if (count < 10)
    return false;
  unsigned long state = strtoul(words[3], &end, 16);
  if (*end != '\0' || end == words[3] || state > UINT8_MAX)
    return false;
  out->state = (uint8_t)state;
  out->send_queue = (uint32_t)strtoul(words[4], &end, 16);
  if (*end != ':')
    return false;
  out->receive_queue = (uint32_t)strtoul(end + 1, NULL, 16);
  return xpf_proc_number(words[9], &out->inode);
}

static int read_file(struct xpf_socket_table *table, int process, const char *name, bool is_udp) {
  struct xpf_proc_lines lines;
  int error = xpf_proc_lines_open(&lines, process, name);
  if (error)
    return error == -ENOENT ? 0 : error; /* a system without IPv6 */
  for (char *line; !error && (line = xpf_proc_lines_next(&lines));) {
    struct xpf_socket_entry entry = {.is_udp = is_udp};
    if (xpf_socket_line_parse(line, &entry))
      error = add(table, &entry);
  }
  xpf_proc_lines_close(&lines);
  return error ? error : lines.error;
}

int xpf_socket_table_read(struct xpf_socket_table *table, int process) {
  static const char *const NAMES[] = {"net/tcp", "net/tcp6", "net/udp", "net/udp6"};
  int error = 0;
  table->count = 0;
  table->has_limits = false;
  for (unsigned i = 0; !error && i < sizeof NAMES / sizeof NAMES[0]; i++)
    error = read_file(table, process, NAMES[i], i >= 2);
  sort(table);
  return error;
}
