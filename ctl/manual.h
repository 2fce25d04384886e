/* The manual page, from the tables of commands, options and configuration keys. */
#ifndef XPF_CTL_MANUAL_H
#define XPF_CTL_MANUAL_H
#include <stdio.h>

/* roff with the man macros, in English. */
void xpf_manual_print(FILE *out);
#endif
