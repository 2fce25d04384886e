/* One output file, atomically: a temp file in the same directory, then fsync and rename, so that a
 * path that exists is complete. The directory is opened once (no symlink races); the temp file is
 * O_CREAT | O_EXCL | O_NOFOLLOW, 0600, named ".<name>.<pid>.tmp". [any], one thread at a time. */
#ifndef XPF_CORE_OUTFILE_H
#define XPF_CORE_OUTFILE_H
#include <stdint.h>
#include "format/sink.h"

struct xpf_outfile {
  struct xpf_sink sink; /* first member: pass &file->sink to a writer */
  int dir_fd, fd;
  char name[256], temp[300];
  char *buffer;
  size_t used;
};

/* Opens. dir must exist. name must be one path component (-EINVAL, -ENAMETOOLONG). -EEXIST when
 * name exists already, also as a broken symlink, or is being written. After an error nothing is
 * open. */
int xpf_outfile_open(struct xpf_outfile *file, const char *dir, const char *name);
/* Flush, fsync, rename (never over an existing file: -EEXIST), fsync of the directory, close.
 * On any error the temp file is removed and the error returned; a failed write of the sink is such
 * an error, so a writer's calls need not be checked one by one. *bytes may be NULL. */
int xpf_outfile_commit(struct xpf_outfile *file, uint64_t *bytes);
/* Removes the temp file; after _open only, instead of _commit. */
void xpf_outfile_abort(struct xpf_outfile *file);
/* Deletes temp files of this user that no living process writes (a writer holds a lock on its file:
 * a pid may be used again, and another container's is not visible). Returns how many, or a negative
 * code when dir cannot be read. */
int xpf_outfile_sweep(const char *dir);
#endif
