/* Text that other processes chose (names, arguments), made fit for a line on a terminal. Pure. */
#ifndef XPF_HOST_PRINTABLE_H
#define XPF_HOST_PRINTABLE_H
#include <stddef.h>

/* Copies at most size - 1 bytes and terminates. Control characters become '?'; a UTF-8 character
 * that is cut at the end is left out whole. Other bytes stay: the text need not be UTF-8. */
void xpf_printable_copy(char *out, size_t size, const char *text, size_t length);
#endif
