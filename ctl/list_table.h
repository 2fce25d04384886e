/* `list` for people. */
#ifndef XPF_CTL_LIST_TABLE_H
#define XPF_CTL_LIST_TABLE_H
#include "process_list.h"

/* To standard output. The list is not empty. 0 or -ENOMEM. */
int xpf_list_table_print(const struct xpf_process_list *list);
#endif
