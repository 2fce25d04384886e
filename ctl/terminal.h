/* The terminal of the live view: full screen while it is ours, and given back whatever ends us -
 * also a signal or a crash. Once in a run; the main thread's. */
#ifndef XPF_CTL_TERMINAL_H
#define XPF_CTL_TERMINAL_H
#include <stdbool.h>

struct xpf_terminal {
  bool utf8, colour;
  int signal_fd; /* readable when there is something to _attend to */
};

/* 0; -ENOTTY when standard input or output is no terminal; -ENODEV when its type is not known. */
int xpf_terminal_begin(struct xpf_terminal *terminal, bool ascii);
/* False when a signal asked us to end. Handles a new size, Ctrl-Z and the return from it. */
bool xpf_terminal_attend(struct xpf_terminal *terminal);
void xpf_terminal_end(void);
/* The signal that ended the view, or 0: raise it when all is put away. */
int xpf_terminal_signal(void);
#endif
