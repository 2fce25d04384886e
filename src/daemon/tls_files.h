/* Certificate and key of a server, looked at before they are used, so that what is wrong with them
 * can be said. Waits for the disk: at the start only. */
#ifndef XPF_DAEMON_TLS_FILES_H
#define XPF_DAEMON_TLS_FILES_H
#include <stddef.h>

/* 0; or -EINVAL with a sentence in why that begins with the setting: tls_cert or tls_key. */
int xpf_tls_files_check(const char *cert, const char *key, char *why, size_t why_size);
#endif
