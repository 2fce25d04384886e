/* A whole text file of the kernel in memory, however long it is: /proc/interrupts of 256 CPUs is
 * more than a megabyte. The block is kept from one reading to the next. One thread at a time. */
#ifndef XPF_HOST_PROC_TEXT_H
#define XPF_HOST_PROC_TEXT_H
#include <stddef.h>

#define XPF_PROC_TEXT_MAX (64u << 20)

struct xpf_proc_text { /* zeros at first */
  char *text;          /* ended by NUL; valid until the next reading */
  size_t size, capacity;
};
/* Reads dir/name. 0, or -errno and an empty text; -EFBIG beyond XPF_PROC_TEXT_MAX. */
int xpf_proc_text_read(struct xpf_proc_text *text, const char *dir, const char *name);
void xpf_proc_text_free(struct xpf_proc_text *text);

/* The line at *at without its newline, which becomes NUL, and *at behind it; NULL at the end. */
char *xpf_proc_text_line(char **at);
/* The next word of a line (blanks and tabs part them) ended by NUL, and *at behind it; NULL when
 * there is none. */
char *xpf_proc_text_word(char **at);
#endif
