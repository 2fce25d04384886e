/* Names of users, from /etc/passwd alone: the C library would ask name services too, which may be
 * far away, and load their code into the process. [any]; one thread at a time for one struct. */
#ifndef XPF_HOST_USER_NAMES_H
#define XPF_HOST_USER_NAMES_H
#include <stddef.h>
#include <sys/types.h>

struct xpf_user_name {
  uid_t uid;
  char name[33];
};
struct xpf_user_names {
  struct xpf_user_name *names;
  size_t count;
};
#define XPF_USER_NAMES_MAX 65536
/* Without memory or file there are fewer names, or none. path: "/etc/passwd" */
void xpf_user_names_read(struct xpf_user_names *names, const char *path);
void xpf_user_names_free(struct xpf_user_names *names);
/* The name, or the number as text in buffer. */
const char *xpf_user_name_of(const struct xpf_user_names *names, uid_t uid, char buffer[16]);
#endif
