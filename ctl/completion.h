/* What may stand for the last word of an unfinished command line. From the tables of commands and
 * options; processes, threads and metrics from whoever runs. */
#ifndef XPF_CTL_COMPLETION_H
#define XPF_CTL_COMPLETION_H
#include <stdio.h>

/* words: the program, then what was typed; the last one is to be completed and may be "". Prints a
 * candidate a line, with a tab and words about it behind it; ":files" or ":dirs" asks the shell for
 * paths. */
void xpf_completion_print(FILE *out, const char *const *words, int count);
/* The script of a shell, NULL when it is not known. */
const char *xpf_completion_script(const char *shell);
#endif
