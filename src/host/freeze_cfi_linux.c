#include "host/freeze_cfi_linux.h"

#if defined(__x86_64__)
#include <stddef.h>
#include <string.h>
#include "host/freeze_cursor_linux.h"
#include "host/freeze_expression_linux.h"

#define TABLE_ENCODING (XPF_ENCODE_DATAREL | XPF_ENCODE_S32)

#define REMEMBERED_MAX 4

enum rule_kind {
  RULE_SAME,
  RULE_UNDEFINED,
  RULE_AT,
  RULE_IS,
  RULE_REGISTER,
  RULE_AT_EXPR,
  RULE_IS_EXPR
};

struct rule {
  enum rule_kind kind;
  int64_t value; /* offset from the CFA, register, or address of the expression's length */
};

struct row {
  struct rule registers[XPF_CFI_REGISTERS];
  struct rule cfa; /* RULE_REGISTER: cfa_register + value; RULE_IS_EXPR */
  uint64_t cfa_register;
};

struct entry {
  const uint8_t *cie_code, *cie_end, *code, *end;
  uint64_t pc_start, pc_size;
  uint64_t code_align, return_register;
  int64_t data_align;
  uint8_t encoding;
  bool is_signal, has_augmentation;
};

/* One walk at a time: these would be 2 KB of a stack that may be small. */
static struct row initial_row, remembered[REMEMBERED_MAX];

/* The description that begins at or before pc, by the header's sorted table; NULL without one. */
static const uint8_t *find_entry(const uint8_t *header, uint64_t pc) {
  struct xpf_cursor c = {header + 4, header + 32, false};
  if (header[0] != 1 || header[3] != TABLE_ENCODING || header[2] == XPF_ENCODE_OMIT)
    return NULL;
  xpf_cursor_encoded(&c, header[1], (uint64_t)header);
  uint64_t count = xpf_cursor_encoded(&c, header[2], (uint64_t)header);
  const uint8_t *table = c.at;
  if (c.bad || count == 0)
    return NULL;
  uint64_t low = 0, high = count; /* the last entry whose start is not above pc */
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    struct xpf_cursor at = {table + middle * 8, table + count * 8, false};
    if ((uint64_t)header + (uint64_t)xpf_cursor_signed(&at, 4) <= pc)
      low = middle;
    else
      high = middle;
  }
  struct xpf_cursor at = {table + low * 8, table + count * 8, false};
  uint64_t start = (uint64_t)header + (uint64_t)xpf_cursor_signed(&at, 4);
  return start <= pc ? header + xpf_cursor_signed(&at, 4) : NULL;
}

static void parse_augmentation(struct xpf_cursor *c, const char *augmentation, struct entry *out) {
  if (*augmentation != 'z')
    return;
  uint64_t size = xpf_cursor_uleb(c);
  const uint8_t *after = c->at + size;
  out->has_augmentation = true;
  for (augmentation++; *augmentation && !c->bad; augmentation++) {
    if (*augmentation == 'R')
      out->encoding = (uint8_t)xpf_cursor_take(c, 1);
    else if (*augmentation == 'S')
      out->is_signal = true;
    else if (*augmentation == 'L')
      xpf_cursor_take(c, 1);
    else if (*augmentation == 'P')
      xpf_cursor_encoded(c, (uint8_t)xpf_cursor_take(c, 1) & 0x7f, 0);
    else
      break;
  }
  c->at = after;
}

static bool parse_common(const uint8_t *cie, struct entry *out) {
  struct xpf_cursor c = {cie, cie + 4, false};
  uint64_t length = xpf_cursor_take(&c, 4);
  c.end = cie + 4 + length;
  out->cie_end = c.end;
  if (length == 0xffffffff || xpf_cursor_take(&c, 4) != 0)
    return false;
  uint64_t version = xpf_cursor_take(&c, 1);
  const char *augmentation = (const char *)c.at;
  while (!c.bad && xpf_cursor_take(&c, 1) != 0)
    ;
  out->code_align = xpf_cursor_uleb(&c);
  out->data_align = xpf_cursor_sleb(&c);
  out->return_register = version == 1 ? xpf_cursor_take(&c, 1) : xpf_cursor_uleb(&c);
  if (c.bad || (version != 1 && version != 3) || (*augmentation && *augmentation != 'z'))
    return false;
  parse_augmentation(&c, augmentation, out);
  out->cie_code = c.at;
  return !c.bad && out->return_register == XPF_CFI_RIP;
}

static bool parse_entry(const uint8_t *fde, struct entry *out) {
  struct xpf_cursor c = {fde, fde + 4, false};
  uint64_t length = xpf_cursor_take(&c, 4);
  if (length == 0 || length == 0xffffffff)
    return false;
  c.end = fde + 4 + length;
  const uint8_t *pointer = c.at;
  uint64_t distance = xpf_cursor_take(&c, 4);
  memset(out, 0, sizeof *out);
  if (distance == 0 || !parse_common(pointer - distance, out))
    return false;
  out->pc_start = xpf_cursor_encoded(&c, out->encoding, 0);
  out->pc_size = xpf_cursor_encoded(&c, out->encoding & 0x0f, 0);
  if (out->has_augmentation)
    xpf_cursor_skip(&c, xpf_cursor_uleb(&c));
  out->code = c.at;
  out->end = c.end;
  return !c.bad && c.at <= c.end;
}

/* ---- the table's program -----------------------------------------------------------------------
 */

static void set_rule(struct row *row, uint64_t reg, enum rule_kind kind, int64_t value) {
  if (reg < XPF_CFI_REGISTERS)
    row->registers[reg] = (struct rule){kind, value};
}

static void restore_rule(struct row *row, uint64_t reg) {
  if (reg < XPF_CFI_REGISTERS)
    row->registers[reg] = initial_row.registers[reg];
}

/* Skips a block and returns where it, its length first, lies. */
static int64_t take_block(struct xpf_cursor *c) {
  int64_t block = (int64_t)c->at;
  xpf_cursor_skip(c, xpf_cursor_uleb(c));
  return block;
}

/* An offset in units of the table. Wraps like the addresses it is added to. */
static int64_t take_factored(struct xpf_cursor *c, bool is_signed, const struct entry *entry) {
  uint64_t number = is_signed ? (uint64_t)xpf_cursor_sleb(c) : xpf_cursor_uleb(c);
  return (int64_t)(number * (uint64_t)entry->data_align);
}

static void define_cfa(struct row *row, uint64_t reg, int64_t offset) {
  row->cfa = (struct rule){RULE_REGISTER, offset};
  row->cfa_register = reg;
}

/* Instructions on the CFA; false for another one, and for one that changes a register and offset
 * where an expression is: its address must not be taken for an offset. */
static bool apply_to_cfa(struct row *row, uint8_t op, struct xpf_cursor *c,
                         const struct entry *entry) {
  uint64_t reg;
  if ((op == 0x0d || op == 0x0e || op == 0x13) && row->cfa.kind == RULE_IS_EXPR)
    return false;
  switch (op) {
  case 0x0c: /* def_cfa */
    reg = xpf_cursor_uleb(c);
    define_cfa(row, reg, (int64_t)xpf_cursor_uleb(c));
    return true;
  case 0x0d: /* def_cfa_register */
    row->cfa_register = xpf_cursor_uleb(c);
    row->cfa.kind = RULE_REGISTER;
    return true;
  case 0x0e: /* def_cfa_offset */
    row->cfa.value = (int64_t)xpf_cursor_uleb(c);
    return true;
  case 0x0f: /* def_cfa_expression */
    row->cfa = (struct rule){RULE_IS_EXPR, take_block(c)};
    return true;
  case 0x12: /* def_cfa_sf */
    reg = xpf_cursor_uleb(c);
    define_cfa(row, reg, take_factored(c, true, entry));
    return true;
  case 0x13: /* def_cfa_offset_sf */
    row->cfa.value = take_factored(c, true, entry);
    return true;
  default:
    return false;
  }
}

/* Instructions on one register's rule; false for another one. */
static bool apply_to_register(struct row *row, uint8_t op, struct xpf_cursor *c,
                              const struct entry *entry) {
  if ((op < 0x05 || op > 0x09) && op != 0x10 && op != 0x11 && (op < 0x14 || op > 0x16))
    return false;
  uint64_t reg = xpf_cursor_uleb(c);
  switch (op) {
  case 0x05: /* offset_extended */
    set_rule(row, reg, RULE_AT, take_factored(c, false, entry));
    break;
  case 0x06: /* restore_extended */
    restore_rule(row, reg);
    break;
  case 0x07: /* undefined */
    set_rule(row, reg, RULE_UNDEFINED, 0);
    break;
  case 0x08: /* same_value */
    set_rule(row, reg, RULE_SAME, 0);
    break;
  case 0x09: /* register */
    set_rule(row, reg, RULE_REGISTER, (int64_t)xpf_cursor_uleb(c));
    break;
  case 0x10: /* expression */
    set_rule(row, reg, RULE_AT_EXPR, take_block(c));
    break;
  case 0x11: /* offset_extended_sf */
    set_rule(row, reg, RULE_AT, take_factored(c, true, entry));
    break;
  case 0x14: /* val_offset */
    set_rule(row, reg, RULE_IS, take_factored(c, false, entry));
    break;
  case 0x15: /* val_offset_sf */
    set_rule(row, reg, RULE_IS, take_factored(c, true, entry));
    break;
  default: /* val_expression */
    set_rule(row, reg, RULE_IS_EXPR, take_block(c));
  }
  return true;
}

/* False for an instruction that is not known. */
static bool apply(struct row *row, uint8_t op, struct xpf_cursor *c, const struct entry *entry) {
  if (op == 0x00) /* nop */
    return true;
  if (op == 0x2e) { /* GNU_args_size */
    xpf_cursor_uleb(c);
    return true;
  }
  return apply_to_cfa(row, op, c, entry) || apply_to_register(row, op, c, entry);
}

/* Runs the instructions of c up to the row of pc. */
static bool run(struct xpf_cursor c, struct row *row, uint64_t pc, const struct entry *entry) {
  uint64_t at = entry->pc_start;
  int depth = 0;
  while (c.at < c.end && !c.bad) {
    uint8_t op = (uint8_t)xpf_cursor_take(&c, 1), low = op & 0x3f;
    uint64_t advance = 0;
    if (op >> 6 == 1) {
      advance = low;
    } else if (op >> 6 == 2) {
      set_rule(row, low, RULE_AT, take_factored(&c, false, entry));
    } else if (op >> 6 == 3) {
      restore_rule(row, low);
    } else if (op >= 0x02 && op <= 0x04) { /* advance_loc1, 2, 4 */
      advance = xpf_cursor_take(&c, (size_t)1 << (op - 0x02));
    } else if (op == 0x01) { /* set_loc */
      at = xpf_cursor_encoded(&c, entry->encoding, 0);
    } else if (op == 0x0a) { /* remember_state */
      if (depth == REMEMBERED_MAX)
        return false;
      remembered[depth++] = *row;
    } else if (op == 0x0b) { /* restore_state */
      if (depth == 0)
        return false;
      *row = remembered[--depth];
    } else if (!apply(row, op, &c, entry)) {
      return false;
    }
    at += advance * entry->code_align;
    if (at > pc)
      return true;
  }
  return !c.bad;
}

/* One register of the caller. */
static bool restore(const struct rule *rule, uint64_t cfa, const struct xpf_cfi_stack *stack,
                    const struct xpf_cfi_registers *r, uint64_t *value) {
  uint64_t address;
  switch (rule->kind) {
  case RULE_SAME:
    return true;
  case RULE_AT:
    return xpf_cfi_peek(stack, cfa + (uint64_t)rule->value, value);
  case RULE_IS:
    *value = cfa + (uint64_t)rule->value;
    return true;
  case RULE_REGISTER:
    if ((uint64_t)rule->value >= XPF_CFI_REGISTERS)
      return false;
    *value = r->value[rule->value];
    return true;
  case RULE_AT_EXPR:
    return xpf_expression_evaluate(rule->value, true, cfa, stack, r, &address) &&
           xpf_cfi_peek(stack, address, value);
  case RULE_IS_EXPR:
    return xpf_expression_evaluate(rule->value, true, cfa, stack, r, value);
  default:
    *value = 0;
    return true;
  }
}

static bool apply_row(const struct row *row, const struct xpf_cfi_stack *stack,
                      struct xpf_cfi_registers *r) {
  struct xpf_cfi_registers caller = *r;
  uint64_t cfa;
  if (row->cfa.kind == RULE_IS_EXPR) {
    if (!xpf_expression_evaluate(row->cfa.value, false, 0, stack, r, &cfa))
      return false;
  } else if (row->cfa_register < XPF_CFI_REGISTERS) {
    cfa = r->value[row->cfa_register] + (uint64_t)row->cfa.value;
  } else {
    return false;
  }
  caller.value[XPF_CFI_RSP] = cfa;
  for (int i = 0; i < XPF_CFI_REGISTERS; i++)
    if (!restore(&row->registers[i], cfa, stack, r, &caller.value[i]))
      return false;
  *r = caller;
  return row->registers[XPF_CFI_RIP].kind != RULE_UNDEFINED;
}

enum xpf_cfi_result xpf_cfi_step(const uint8_t *frame_header, uint64_t pc,
                                 const struct xpf_cfi_stack *stack, struct xpf_cfi_registers *r,
                                 bool *is_signal) {
  struct entry entry;
  struct row row;
  const uint8_t *fde = find_entry(frame_header, pc);
  if (!fde || !parse_entry(fde, &entry) || pc - entry.pc_start >= entry.pc_size)
    return XPF_CFI_NO_TABLE;
  memset(&row, 0, sizeof row);
  initial_row = row; /* not that of the walk before */
  *is_signal = entry.is_signal;
  if (!run((struct xpf_cursor){entry.cie_code, entry.cie_end, false}, &row, UINT64_MAX, &entry))
    return XPF_CFI_OUTERMOST;
  initial_row = row;
  if (!run((struct xpf_cursor){entry.code, entry.end, false}, &row, pc, &entry) ||
      !apply_row(&row, stack, r))
    return XPF_CFI_OUTERMOST;
  return XPF_CFI_STEPPED;
}
#else
typedef int xpf_cfi_is_for_x86_64;
#endif
