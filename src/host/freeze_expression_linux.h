/* DWARF expressions of call-frame information: a stack machine with bounds on steps, depth and
 * memory. Async-signal-safe. Internal to freeze. */
#ifndef XPF_HOST_FREEZE_EXPRESSION_LINUX_H
#define XPF_HOST_FREEZE_EXPRESSION_LINUX_H
#include <stdbool.h>
#include <stdint.h>
#include "host/freeze_cfi_linux.h"

/* block: address of the expression, its length first. with_cfa: the CFA lies on the stack first.
 * False for what it does not know or may not read. */
bool xpf_expression_evaluate(int64_t block, bool with_cfa, uint64_t cfa,
                             const struct xpf_cfi_stack *stack, const struct xpf_cfi_registers *r,
                             uint64_t *out);
#endif
