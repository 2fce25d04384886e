/* Where a server listens: "HOST:PORT" of a setting. Pure. */
#ifndef XPF_DAEMON_ADDRESS_H
#define XPF_DAEMON_ADDRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define XPF_ADDRESS_TEXT_SIZE 64

struct xpf_address {
  struct sockaddr_storage storage; /* IPv4 or IPv6 */
  socklen_t size;
};

/* HOST is an IPv4 address, an IPv6 address in brackets, or "localhost" (127.0.0.1): no name, since
 * finding out what a name means can take long, and may mean more than one address. PORT 0 is a free
 * one. 0, or -EINVAL with a sentence in why which begins with `setting`. */
int xpf_address_parse(struct xpf_address *out, const char *text, const char *setting, char *why,
                      size_t why_size);
/* "127.0.0.1:12300", "[::1]:12300" */
void xpf_address_write(const struct xpf_address *address, char text[XPF_ADDRESS_TEXT_SIZE]);
/* 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104 */
bool xpf_address_is_loopback(const struct xpf_address *address);
#endif
