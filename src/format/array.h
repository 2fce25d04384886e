/* Room in a growing array. Pure. [any] */
#ifndef XPF_FORMAT_ARRAY_H
#define XPF_FORMAT_ARRAY_H
#include <stddef.h>
#include <stdint.h>
/* The array with room for one more than `count` items, doubled when full. NULL when out of memory:
 * then the old array and *capacity are as before. */
void *xpf_array_grow(void *items, uint32_t *capacity, uint32_t count, size_t item_size);
#endif
