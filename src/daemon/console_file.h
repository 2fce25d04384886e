/* The files of the console (console/, bundled by scripts/console.js), as they are built into
 * xprofd. Constant data. */
#ifndef XPF_DAEMON_CONSOLE_FILE_H
#define XPF_DAEMON_CONSOLE_FILE_H
#include <stddef.h>

struct xpf_console_file {
  const char *name; /* "index.html" is what "/" shows; others by name: "/console.js" */
  const char *content_type;
  const char *etag; /* of the bytes, without quotes */
  const char *bytes;
  size_t size;
  const char *gzipped; /* the same, for who accepts Content-Encoding: gzip */
  size_t gzipped_size;
};
extern const struct xpf_console_file xpf_console_files[];
extern const size_t xpf_console_files_count;
#endif
