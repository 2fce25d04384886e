/* UTF-8 checks. Pure. */
#ifndef XPF_WIRE_UTF8_H
#define XPF_WIRE_UTF8_H
#include <stdbool.h>
#include <stddef.h>
/* Offset of the first byte that is not well-formed UTF-8 (no surrogates, no overlong forms), or
 * size. */
size_t xpf_utf8_check(const char *data, size_t size);
/* The largest cut <= max that does not split a character of well-formed text. */
size_t xpf_utf8_cut(const char *data, size_t size, size_t max);
#endif
