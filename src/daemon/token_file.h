/* The token that clients of HTTP must show, from its file. */
#ifndef XPF_DAEMON_TOKEN_FILE_H
#define XPF_DAEMON_TOKEN_FILE_H
#include <stddef.h>

#define XPF_TOKEN_MIN  16
#define XPF_TOKEN_MAX  512
#define XPF_TOKEN_SIZE (XPF_TOKEN_MAX + 2)

/* The first line of the file, without its end. 0; or -EINVAL with a sentence in why that begins
 * with "token_file". Waits for the disk. [any] */
int xpf_token_file_read(const char *path, char token[XPF_TOKEN_SIZE], char *why, size_t why_size);
#endif
