/* Names for native code addresses of this process: which function, how far into it, which object.
 *
 * First the dynamic symbols (dladdr), then the .symtab of the object's file, which also has the
 * local ones, read once for all addresses of a call. C++ names are demangled when the process has
 * __cxa_demangle. Generated code (JIT) and wild addresses have no name and do no harm.
 * [any] thread, not in a signal handler, not while threads are stopped: it takes the loader's lock
 * and allocates. */
#ifndef XPF_HOST_SYMBOLS_H
#define XPF_HOST_SYMBOLS_H
#include <stdint.h>

#define XPF_SYMBOLS_BATCH_MAX 4096

struct xpf_symbol {
  uint64_t address; /* as given */
  uint64_t offset;  /* from the function's start; without a name from the object's */
  char name[512];   /* "" = unknown; cut when longer */
  char object[512]; /* path of the executable or library; "" = none (generated code) */
};

/* Fills out[0 … count). An address after a call instruction may be past the end of its function:
 * look up `return address - 1`. Returns how many got a name, or -ENOMEM, -E2BIG (more than the
 * maximum). */
int xpf_symbols_resolve(const uint64_t *addresses, uint32_t count, struct xpf_symbol *out);
#endif
