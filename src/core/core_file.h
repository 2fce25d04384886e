/* A core file of this process under a final name. [any] */
#ifndef XPF_CORE_CORE_FILE_H
#define XPF_CORE_CORE_FILE_H
#include <stdbool.h>
#include <stdint.h>
#include "host/coredump.h"
#include "wire/request.h"

/* The sentence for a failed xpf_coredump_write. */
void xpf_core_file_fault(int err, const char *dir, const char *name, struct xpf_fault *fault);
/* Made from a forked copy; written to a temp file and renamed. For the thread that is dying of
 * `signal`. 0 or negative with the fault filled. */
int xpf_core_file_write(const char *dir, const char *name, int signal, struct xpf_fault *fault);
#endif
