/* Numbers of a file (ids of nodes, functions, places) to indices of an array. Pure. [any], one
 * thread at a time. Zeroed memory is an empty table. */
#ifndef XPF_FORMAT_ID_TABLE_H
#define XPF_FORMAT_ID_TABLE_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XPF_NO_INDEX UINT32_MAX

struct xpf_id_slot {
  uint64_t id;
  uint32_t index; /* XPF_NO_INDEX: free */
};

struct xpf_id_table {
  struct xpf_id_slot *slots; /* open addressing */
  uint32_t slots_count, count;
};

/* 0, 1 when the id is there already (the first index stays), or -ENOMEM. */
int xpf_id_table_add(struct xpf_id_table *table, uint64_t id, uint32_t index);
/* XPF_NO_INDEX when it is not there. */
uint32_t xpf_id_table_find(const struct xpf_id_table *table, uint64_t id);
void xpf_id_table_free(struct xpf_id_table *table);

#ifdef __cplusplus
}
#endif
#endif
