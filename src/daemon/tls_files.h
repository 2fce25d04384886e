/* Certificate and key of a server, looked at before they are used, so that what is wrong with them
 * can be said. They wait for the disk. [any] */
#ifndef XPF_DAEMON_TLS_FILES_H
#define XPF_DAEMON_TLS_FILES_H
#include <stddef.h>

struct ssl_ctx_st;

/* 0; or -EINVAL with a sentence in why that begins with the setting: tls_cert or tls_key. */
int xpf_tls_files_check(const char *cert, const char *key, char *why, size_t why_size);
/* Checks them and reads them whole, the chain too: *out is to be freed with SSL_CTX_free. 0,
 * -ENOMEM or -EINVAL, with a sentence as above. */
int xpf_tls_files_load(const char *cert, const char *key, struct ssl_ctx_st **out, char *why,
                       size_t why_size);
#endif
