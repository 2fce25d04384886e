/* SIGTERM while profiles run: they are ended and written first, then the signal does what it would
 * have done. Only while something runs, and only when the app has no handler of its own: one that
 * the app installs later simply replaces ours. Nothing stays behind. */
#ifndef XPF_CORE_SIGTERM_H
#define XPF_CORE_SIGTERM_H

void xpf_sigterm_arm(void);    /* [core] counted */
void xpf_sigterm_disarm(void); /* [core] */
void xpf_sigterm_close(void);  /* [core] the loop is about to close */
#endif
