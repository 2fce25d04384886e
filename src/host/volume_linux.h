/* How full a file system is, asked of one that may never answer: a server that is gone, a FUSE
 * process that hangs. The question is put on a thread of its own, which is left behind if need be.
 */
#ifndef XPF_HOST_VOLUME_H
#define XPF_HOST_VOLUME_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/statvfs.h>

struct xpf_volume_question;

/* Begins to ask; *out belongs to the caller until _take. 0, -ENOMEM or -EAGAIN. */
int xpf_volume_ask(struct xpf_volume_question **out, const char *path);
/* Waits until there is an answer or CLOCK_MONOTONIC is until_ns. */
bool xpf_volume_wait(struct xpf_volume_question *question, uint64_t until_ns);
/* Ends the question: 0 or -errno of statvfs; -ETIMEDOUT when there is no answer yet (the thread
 * then frees what is left, if it ever ends). */
int xpf_volume_take(struct xpf_volume_question *question, struct statvfs *out);
#endif
