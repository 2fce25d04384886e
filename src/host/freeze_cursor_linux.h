/* Reads the numbers of DWARF's call-frame information one after the other. Async-signal-safe.
 * Internal to freeze. */
#ifndef XPF_HOST_FREEZE_CURSOR_LINUX_H
#define XPF_HOST_FREEZE_CURSOR_LINUX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pointer encodings. */
#define XPF_ENCODE_PCREL   0x10
#define XPF_ENCODE_DATAREL 0x30
#define XPF_ENCODE_S32     0x0b
#define XPF_ENCODE_OMIT    0xff

/* Once bad, it stays bad and gives zeros. */
struct xpf_cursor {
  const uint8_t *at, *end;
  bool bad;
};

/* Little-endian, `size` bytes (1 … 8). */
uint64_t xpf_cursor_take(struct xpf_cursor *c, size_t size);
int64_t xpf_cursor_signed(struct xpf_cursor *c, size_t size);
uint64_t xpf_cursor_uleb(struct xpf_cursor *c);
int64_t xpf_cursor_sleb(struct xpf_cursor *c);
/* A pointer; data_base is what DATAREL ones count from. Indirection is not followed. */
uint64_t xpf_cursor_encoded(struct xpf_cursor *c, uint8_t encoding, uint64_t data_base);
/* Skips; beyond the end is bad. */
void xpf_cursor_skip(struct xpf_cursor *c, uint64_t bytes);
#endif
