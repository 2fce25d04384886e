#include "format/id_table.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_FIRST 256 /* a power of two */

static struct xpf_id_slot *slot_find(struct xpf_id_slot *slots, uint32_t slots_count, uint64_t id) {
  /* Fibonacci hashing: ids mostly count up, and may be chosen by somebody hostile. */
  uint32_t slot = (uint32_t)((id * 0x9e3779b97f4a7c15u) >> 32) & (slots_count - 1);
  while (slots[slot].index != XPF_NO_INDEX && slots[slot].id != id)
    slot = (slot + 1) & (slots_count - 1);
  return &slots[slot];
}

static int table_grow(struct xpf_id_table *table) {
  uint32_t slots_count = table->slots_count == 0 ? SLOTS_FIRST : table->slots_count * 2;
  if (table->slots_count > UINT32_MAX / 2)
    return -ENOMEM;
  struct xpf_id_slot *slots = malloc((size_t)slots_count * sizeof(*slots));
  if (slots == NULL)
    return -ENOMEM;
  for (uint32_t i = 0; i < slots_count; i++)
    slots[i].index = XPF_NO_INDEX;
  for (uint32_t i = 0; i < table->slots_count; i++)
    if (table->slots[i].index != XPF_NO_INDEX)
      *slot_find(slots, slots_count, table->slots[i].id) = table->slots[i];
  free(table->slots);
  table->slots = slots;
  table->slots_count = slots_count;
  return 0;
}

int xpf_id_table_add(struct xpf_id_table *table, uint64_t id, uint32_t index) {
  /* At most half full, so that a search always ends and stays short. */
  if (table->count >= table->slots_count / 2) {
    int rc = table_grow(table);
    if (rc < 0)
      return rc;
  }
  struct xpf_id_slot *slot = slot_find(table->slots, table->slots_count, id);
  if (slot->index != XPF_NO_INDEX)
    return 1;
  *slot = (struct xpf_id_slot){.id = id, .index = index};
  table->count++;
  return 0;
}

uint32_t xpf_id_table_find(const struct xpf_id_table *table, uint64_t id) {
  if (table->slots_count == 0)
    return XPF_NO_INDEX;
  return slot_find(table->slots, table->slots_count, id)->index;
}

void xpf_id_table_free(struct xpf_id_table *table) {
  free(table->slots);
  *table = (struct xpf_id_table){0};
}
