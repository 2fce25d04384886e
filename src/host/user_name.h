/* The name of a user. May ask a server (LDAP): not for a thread that must not wait. [any] */
#ifndef XPF_HOST_USER_NAME_H
#define XPF_HOST_USER_NAME_H
#include <stddef.h>
#include <sys/types.h>

/* A user without a name is told by number. */
void xpf_user_name(uid_t uid, char *out, size_t size);
#endif
