/* The live view as plain text, for scripts and files. */
#ifndef XPF_CTL_BOARD_BATCH_H
#define XPF_CTL_BOARD_BATCH_H
#include "board_table.h"

/* All columns, the names whole, to standard output. 0 or -ENOMEM. */
int xpf_board_batch_print(const struct xpf_board_order *order, struct xpf_board_process **processes,
                          size_t count, bool utf8);
/* One JSON object in a line: "time", "processes" with "threads". 0 or -ENOMEM. */
int xpf_board_batch_print_json(const struct xpf_board_order *order,
                               struct xpf_board_process **processes, size_t count);
#endif
