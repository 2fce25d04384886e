/* Descriptors 0, 1 and 2 belong to the application, also while it has them closed: libuv aborts the
 * process when it is to close one of them, and what is printed would go into a file of ours. [any]
 */
#ifndef XPF_CORE_STANDARD_FDS_H
#define XPF_CORE_STANDARD_FDS_H

struct xpf_standard_fds {
  int held[3]; /* -1: not ours */
};

/* Takes those that are free, so that nothing that is opened meanwhile gets one. */
void xpf_standard_fds_hold(struct xpf_standard_fds *fds);
/* Gives them back. */
void xpf_standard_fds_release(const struct xpf_standard_fds *fds);
/* The same open file above them; fd itself when it is. Owns fd. -errno, also for a negative fd, in
 * whose case errno is that of the call that failed. */
int xpf_standard_fds_avoid(int fd);
#endif
