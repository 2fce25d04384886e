/* Text in a manual page: roff with the man macros. */
#ifndef XPF_FORMAT_ROFF_H
#define XPF_FORMAT_ROFF_H
#include <stdio.h>

/* The text as it is: what roff would obey or change is escaped. `Words` between backticks are bold.
 */
void xpf_roff_text(FILE *out, const char *text);
/* A line of its own, after a macro (".B ", or "" for none). */
void xpf_roff_line(FILE *out, const char *macro, const char *text);
#endif
