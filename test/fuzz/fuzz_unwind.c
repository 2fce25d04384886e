// links: src/host/freeze_cfi_linux.c src/host/freeze_cursor_linux.c
// links: src/host/freeze_expression_linux.c
/* Any instructions, expressions and stack for one step of a stack walk. The frame of the tables is
 * right (the loader has mapped them); what is in it is the input: 1 byte for the length of the
 * common instructions, 1 byte for that of the stack, the instructions, the stack, the function's
 * instructions. */
#include "fuzz.h"
#include "host/freeze_cfi_linux.h"

#if defined(__x86_64__)
#define PC_SIZE 4096

/* xpf_cfi_peek is the unwinder's: it asks the kernel. Here the stack is a block of memory. */
bool xpf_cfi_peek(const struct xpf_cfi_stack *stack, uint64_t address, uint64_t *out) {
  if (address < stack->low || stack->high - stack->low < 8 || address > stack->high - 8)
    return false;
  memcpy(out, (const void *)address, sizeof *out);
  return true;
}

struct table {
  uint8_t *data;
  size_t used;
};

static void add(struct table *table, const void *data, size_t size) {
  memcpy(table->data + table->used, data, size);
  table->used += size;
}

static void add_number(struct table *table, int64_t number, size_t size) {
  for (size_t i = 0; i < size; i++)
    table->data[table->used++] = (uint8_t)(number >> (8 * i));
}

/* One header, one common entry, one entry for PC_SIZE bytes of code from the table's own address.
 */
static void build(struct table *table, const uint8_t *common, size_t common_size,
                  const uint8_t *code, size_t code_size) {
  static const uint8_t header[] = {1, 0x1b, 0x03, 0x3b};
  static const uint8_t common_head[] = {1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b};
  const size_t common_at = 20, entry_at = common_at + 8 + sizeof common_head + common_size;
  add(table, header, sizeof header);
  add_number(table, (int64_t)common_at - 4, 4);
  add_number(table, 1, 4);
  add_number(table, 0, 4);
  add_number(table, (int64_t)entry_at, 4);
  add_number(table, (int64_t)(4 + sizeof common_head + common_size), 4);
  add_number(table, 0, 4);
  add(table, common_head, sizeof common_head);
  add(table, common, common_size);
  add_number(table, (int64_t)(4 + 4 + 4 + 1 + code_size), 4);
  add_number(table, (int64_t)(table->used - common_at), 4);
  add_number(table, -(int64_t)table->used, 4); /* from here to the start of the table */
  add_number(table, PC_SIZE, 4);
  add_number(table, 0, 1);
  add(table, code, code_size);
}

static void step(const struct table *table, const uint8_t *stack_data, size_t stack_size) {
  /* What an expression reads is bounded by its own length only: 512 bytes at most. */
  uint8_t *stack = malloc(stack_size + 8);
  require(stack != NULL);
  memcpy(stack, stack_data, stack_size);
  memset(stack + stack_size, 0, 8);
  struct xpf_cfi_stack bounds = {(uint64_t)stack, (uint64_t)stack + stack_size};
  for (uint64_t pc = 0; pc < PC_SIZE; pc += PC_SIZE / 4) {
    struct xpf_cfi_registers registers = {{0}};
    bool is_signal = false;
    for (int i = 0; i < XPF_CFI_REGISTERS; i++)
      registers.value[i] = bounds.low + (uint64_t)i * 8;
    enum xpf_cfi_result result =
        xpf_cfi_step(table->data, (uint64_t)table->data + pc, &bounds, &registers, &is_signal);
    require(result == XPF_CFI_STEPPED || result == XPF_CFI_NO_TABLE || result == XPF_CFI_OUTERMOST);
    require(!is_signal);
  }
  free(stack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  size_t common_size = data[0], stack_size = data[1];
  data += 2;
  size -= 2;
  if (size > 4096 || common_size + stack_size > size)
    return 0;
  struct table table = {malloc(size + 64), 0};
  require(table.data != NULL);
  build(&table, data, common_size, data + common_size + stack_size,
        size - common_size - stack_size);
  table.data = realloc(table.data, table.used);
  require(table.data != NULL);
  step(&table, data + common_size, stack_size);
  free(table.data);
  return 0;
}
#else
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)data;
  (void)size;
  return 0;
}
#endif
