/* What kind of Node.js an executable is, read from the file: nothing is run. */
#ifndef XPF_TARGET_NODE_BINARY_H
#define XPF_TARGET_NODE_BINARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct xpf_node_binary {
  bool is_node;
  unsigned major, minor, patch;
  unsigned abi; /* NODE_MODULE_VERSION; 0 for a major version this xprofctl does not know */
  bool is_musl;
  char machine[8]; /* Node's name: "x64", "arm64", …; "" when unknown */
};

/* The name of this very machine, as in `machine`. */
const char *xpf_node_machine(void);
/* From the bytes of an ELF file; pure. An answer without is_node when they are none of Node's. */
void xpf_node_binary_parse(const void *bytes, size_t size, struct xpf_node_binary *out);
/* 0 or negative errno. */
int xpf_node_binary_read(const char *path, struct xpf_node_binary *out);
/* The executable of a process, or the shared library of Node that it has loaded (Debian's node). */
int xpf_node_binary_of(pid_t pid, struct xpf_node_binary *out);
#endif
