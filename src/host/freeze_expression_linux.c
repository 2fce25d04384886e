#include "host/freeze_expression_linux.h"
#include "host/freeze_cursor_linux.h"

#define EXPRESSION_STACK 16
#define EXPRESSION_STEPS 256
#define EXPRESSION_BYTES 512

struct machine {
  uint64_t cells[EXPRESSION_STACK];
  int depth;
  bool bad;
};

static void push(struct machine *m, uint64_t value) {
  if (m->depth == EXPRESSION_STACK)
    m->bad = true;
  else
    m->cells[m->depth++] = value;
}

static uint64_t pop(struct machine *m) {
  if (m->depth == 0) {
    m->bad = true;
    return 0;
  }
  return m->cells[--m->depth];
}

static void compute(struct machine *m, uint8_t op) {
  uint64_t b = pop(m), a = pop(m);
  int64_t sa = (int64_t)a, sb = (int64_t)b;
  switch (op) {
  case 0x1a:
    return push(m, a & b);
  case 0x1c:
    return push(m, a - b);
  case 0x1e:
    return push(m, a * b);
  case 0x21:
    return push(m, a | b);
  case 0x22:
    return push(m, a + b);
  case 0x24:
    return push(m, b < 64 ? a << b : 0);
  case 0x25:
    return push(m, b < 64 ? a >> b : 0);
  case 0x27:
    return push(m, a ^ b);
  case 0x29:
    return push(m, a == b);
  case 0x2a:
    return push(m, sa >= sb);
  case 0x2b:
    return push(m, sa > sb);
  case 0x2c:
    return push(m, sa <= sb);
  case 0x2d:
    return push(m, sa < sb);
  case 0x2e:
    return push(m, a != b);
  default:
    m->bad = true;
  }
}

/* Constants: DW_OP_addr, const1u … consts. */
static uint64_t constant(struct xpf_cursor *c, uint8_t op, struct machine *m) {
  switch (op) {
  case 0x03:
  case 0x0e:
  case 0x0f:
    return xpf_cursor_take(c, 8);
  case 0x08:
    return xpf_cursor_take(c, 1);
  case 0x09:
    return (uint64_t)xpf_cursor_signed(c, 1);
  case 0x0a:
    return xpf_cursor_take(c, 2);
  case 0x0b:
    return (uint64_t)xpf_cursor_signed(c, 2);
  case 0x0c:
    return xpf_cursor_take(c, 4);
  case 0x0d:
    return (uint64_t)xpf_cursor_signed(c, 4);
  case 0x10:
    return xpf_cursor_uleb(c);
  case 0x11:
    return (uint64_t)xpf_cursor_sleb(c);
  default:
    m->bad = true;
    return 0;
  }
}

static void execute(struct machine *m, uint8_t op, struct xpf_cursor *c,
                    const struct xpf_cfi_stack *stack, const struct xpf_cfi_registers *r) {
  uint64_t value = 0;
  if (op >= 0x30 && op <= 0x4f) { /* lit0 … */
    push(m, op - 0x30u);
  } else if (op >= 0x70 && op <= 0x80) { /* breg0 … */
    push(m, r->value[op - 0x70] + (uint64_t)xpf_cursor_sleb(c));
  } else if (op == 0x06) { /* deref */
    if (!xpf_cfi_peek(stack, pop(m), &value))
      m->bad = true;
    push(m, value);
  } else if (op == 0x12) { /* dup */
    value = pop(m);
    push(m, value);
    push(m, value);
  } else if (op == 0x23) { /* plus_uconst */
    value = pop(m);
    push(m, value + xpf_cursor_uleb(c));
  } else if (op == 0x03 || (op >= 0x08 && op <= 0x11)) {
    push(m, constant(c, op, m));
  } else {
    compute(m, op);
  }
}

bool xpf_expression_evaluate(int64_t block, bool with_cfa, uint64_t cfa,
                             const struct xpf_cfi_stack *stack, const struct xpf_cfi_registers *r,
                             uint64_t *out) {
  const uint8_t *start = (const uint8_t *)block;
  struct xpf_cursor c = {start, start + EXPRESSION_BYTES, false};
  struct machine m = {{0}, 0, false};
  uint64_t length = xpf_cursor_uleb(&c);
  if (c.bad || length > EXPRESSION_BYTES)
    return false;
  c.end = c.at + length;
  if (with_cfa)
    push(&m, cfa);
  for (int steps = 0; c.at < c.end && !c.bad && !m.bad && steps < EXPRESSION_STEPS; steps++) {
    uint8_t op = (uint8_t)xpf_cursor_take(&c, 1);
    execute(&m, op, &c, stack, r);
  }
  *out = pop(&m);
  return !c.bad && !m.bad;
}
