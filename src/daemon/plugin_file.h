/* What the file of a plugin says before it runs: its name, its mode, and whether it may run at all.
 * Pure but for looking at files. [any] */
#ifndef XPF_DAEMON_PLUGIN_FILE_H
#define XPF_DAEMON_PLUGIN_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define XPF_PLUGIN_NAME_SIZE    64
#define XPF_PLUGIN_PERIOD_MAX_S 86400

struct xpf_plugin_file {
  char file[256];                  /* in the folder */
  char name[XPF_PLUGIN_NAME_SIZE]; /* "disk" of "disk.30s.sh" */
  unsigned period_s;               /* 30; 0: it runs on and on */
  char refused[200];               /* why it may not run; "" when it may */
  /* Tells whether it is still the same. */
  ino_t inode;
  int64_t changed_ns, size;
};

/* Name and period from the name of the file; refused when they are not right. */
void xpf_plugin_file_name(struct xpf_plugin_file *out, const char *file);
/* "" or why a file (or folder) with this state may not be trusted: others could change it. */
const char *xpf_plugin_file_distrust(const struct stat *state, uid_t own);

struct xpf_plugin_files {
  struct xpf_plugin_file *files; /* sorted by file */
  size_t count, more;            /* more: beyond XPF_PLUGINS_MAX */
  char problem[400];             /* of the folder as a whole; "" */
};
#define XPF_PLUGINS_MAX 64
/* All plugins of a folder; hidden files and folders are none. */
void xpf_plugin_files_read(struct xpf_plugin_files *out, const char *dir);
void xpf_plugin_files_free(struct xpf_plugin_files *files);
bool xpf_plugin_file_is_same(const struct xpf_plugin_file *a, const struct xpf_plugin_file *b);
#endif
