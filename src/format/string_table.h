/* Texts, each stored once, by index; index 0 is "". A text never moves: its pointer stays good
 * until _free. Pure. [any], one thread at a time. */
#ifndef XPF_FORMAT_STRING_TABLE_H
#define XPF_FORMAT_STRING_TABLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xpf_string_table;

/* NULL when out of memory. */
struct xpf_string_table *xpf_string_table_new(void);
void xpf_string_table_free(struct xpf_string_table *table);
/* Index of the text (copied when it is new), or -ENOMEM: then the table is as before. A NUL in the
 * text ends it. */
int64_t xpf_string_table_add(struct xpf_string_table *table, const char *text, size_t size);
uint32_t xpf_string_table_count(const struct xpf_string_table *table);
/* "" when out of range. */
const char *xpf_string_table_text(const struct xpf_string_table *table, uint32_t index);

#ifdef __cplusplus
}
#endif
#endif
