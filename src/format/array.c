#include "format/array.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64

void *xpf_array_grow(void *items, uint32_t *capacity, uint32_t count, size_t item_size) {
  if (count < *capacity)
    return items;
  if (count >= UINT32_MAX - 1)
    return NULL;
  uint32_t wanted = FIRST_CAPACITY;
  if (*capacity >= UINT32_MAX / 2)
    wanted = UINT32_MAX - 1;
  else if (*capacity > 0)
    wanted = *capacity * 2;
  if (wanted > SIZE_MAX / item_size)
    return NULL;
  void *grown = realloc(items, wanted * item_size);
  if (grown != NULL)
    *capacity = wanted;
  return grown;
}
