/* One step of a stack walk by the call-frame information (.eh_frame) of a loaded object: DWARF's
 * rules for x86_64, enough for what gcc, clang, glibc and the vDSO emit. Async-signal-safe. */
#ifndef XPF_HOST_FREEZE_CFI_LINUX_H
#define XPF_HOST_FREEZE_CFI_LINUX_H
#include <stdbool.h>
#include <stdint.h>

#define XPF_CFI_REGISTERS 17 /* DWARF numbers: rax rdx rcx rbx rsi rdi rbp rsp r8 … r15, rip */
#define XPF_CFI_RBP       6
#define XPF_CFI_RSP       7
#define XPF_CFI_RIP       16

struct xpf_cfi_registers {
  uint64_t value[XPF_CFI_REGISTERS];
};

/* Memory that may be read: [low, high), of the stack being walked. */
struct xpf_cfi_stack {
  uint64_t low, high;
};

enum xpf_cfi_result {
  XPF_CFI_STEPPED,
  XPF_CFI_NO_TABLE, /* nothing describes this pc */
  XPF_CFI_OUTERMOST /* the first frame, or information this reader does not follow */
};

/* frame_header: PT_GNU_EH_FRAME. pc: inside the calling instruction. Changes r into the caller's
 * registers. *is_signal: the frame was a signal's, so the caller's pc is exact. */
enum xpf_cfi_result xpf_cfi_step(const uint8_t *frame_header, uint64_t pc,
                                 const struct xpf_cfi_stack *stack, struct xpf_cfi_registers *r,
                                 bool *is_signal);

/* Eight bytes of the stack; false outside. */
bool xpf_cfi_peek(const struct xpf_cfi_stack *stack, uint64_t address, uint64_t *out);
#endif
