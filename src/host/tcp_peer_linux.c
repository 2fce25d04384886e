#include "host/tcp_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Address and port of one side; IPv4 within IPv6 as IPv4, as which the kernel may keep it. */
struct side {
  int family;
  uint16_t port;
  uint32_t address[4];
};

static int read_side(const struct sockaddr_storage *from, struct side *out) {
  memset(out, 0, sizeof *out);
  out->family = from->ss_family;
  if (from->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    out->port = v4->sin_port;
    out->address[0] = v4->sin_addr.s_addr;
    return 0;
  }
  if (from->ss_family != AF_INET6)
    return -ENOTSUP;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
  out->port = v6->sin6_port;
  memcpy(out->address, &v6->sin6_addr, sizeof out->address);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    out->family = AF_INET;
    out->address[0] = out->address[3];
    out->address[1] = out->address[2] = out->address[3] = 0;
  }
  return 0;
}

struct question {
  struct nlmsghdr header;
  struct inet_diag_req_v2 request;
};

static int send_question(int netlink, const struct side *here, const struct side *there) {
  struct question question = {
      .header = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
      .request = {.sdiag_family = (uint8_t)here->family,
                  .sdiag_protocol = IPPROTO_TCP,
                  .idiag_states = ~0u},
  };
  struct inet_diag_sockid *id = &question.request.id;
  id->idiag_sport = there->port;
  id->idiag_dport = here->port;
  memcpy(id->idiag_src, there->address, sizeof id->idiag_src);
  memcpy(id->idiag_dst, here->address, sizeof id->idiag_dst);
  id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  ssize_t sent = send(netlink, &question, sizeof question, 0);
  return sent < 0 ? -errno : 0;
}

/* The kernel answers within the sending: nothing is waited for. */
static int read_answer(int netlink, uid_t *uid) {
  union {
    struct nlmsghdr header;
    char bytes[8192];
  } answer;
  ssize_t size = recv(netlink, &answer, sizeof answer, MSG_DONTWAIT);
  if (size < 0)
    return -errno;
  if (!NLMSG_OK(&answer.header, (size_t)size))
    return -EPROTO;
  if (answer.header.nlmsg_type == NLMSG_ERROR) {
    const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
    return error->error < 0 ? error->error : -EPROTO;
  }
  if (answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
      answer.header.nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
    return -EPROTO;
  const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
  if (found->idiag_inode == 0)
    return -ENOENT; /* no process has it any more: the kernel then says that it is of root */
  *uid = found->idiag_uid;
  return 0;
}

int xpf_tcp_peer_uid(int fd, uid_t *uid) {
  struct sockaddr_storage here_at = {0}, there_at = {0};
  socklen_t here_size = sizeof here_at, there_size = sizeof there_at;
  struct side here, there;
  if (getsockname(fd, (struct sockaddr *)&here_at, &here_size) != 0 ||
      getpeername(fd, (struct sockaddr *)&there_at, &there_size) != 0)
    return -errno;
  int error = read_side(&here_at, &here);
  if (!error)
    error = read_side(&there_at, &there);
  if (error)
    return error;
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0)
    return -errno;
  error = send_question(netlink, &here, &there);
  if (!error)
    error = read_answer(netlink, uid);
  close(netlink);
  return error;
}
