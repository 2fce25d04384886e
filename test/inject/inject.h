/* Faults on demand for a test build: calls of our own objects are led here by the linker (--wrap),
 * and the nth call of a group fails once. Calls of Node, V8 and the C library itself are not
 * touched. */
#ifndef XPF_TEST_INJECT_H
#define XPF_TEST_INJECT_H
#include <stdatomic.h>
#include <stdint.h>

/* X(ID, word) */
#define XPF_INJECT_GROUPS(X)                                                                       \
  X(MEMORY, "memory")                                                                              \
  X(OPEN, "open")                                                                                  \
  X(READ, "read")                                                                                  \
  X(WRITE, "write")                                                                                \
  X(SYNC, "sync")                                                                                  \
  X(RENAME, "rename")                                                                              \
  X(THREAD, "thread")                                                                              \
  X(SOCKET, "socket")                                                                              \
  X(MAP, "map")

enum xpf_inject_group {
  XPF_INJECT_NONE,
#define XPF_INJECT_ENUM(id, word) XPF_INJECT_##id,
  XPF_INJECT_GROUPS(XPF_INJECT_ENUM)
#undef XPF_INJECT_ENUM
      XPF_INJECT_COUNT
};

/* Shared with the test: the file that XPF_INJECT_FILE names, all fields in the machine's byte
 * order. Without that variable it is in the process alone. */
struct xpf_inject {
  _Atomic uint32_t group;  /* that shall fail; 0 = none */
  _Atomic uint32_t number; /* which of its calls, from 1 */
  _Atomic uint32_t hits;   /* how many have failed */
  _Atomic uint32_t seen[XPF_INJECT_COUNT];
};
extern struct xpf_inject *xpf_inject;

/* For tests in the same program: the counters begin anew. */
void xpf_inject_arm(enum xpf_inject_group group, uint32_t number);
#endif
