/* `<prefix>/.xprofiler`: one line per process, for agents and scripts made for older versions. Our
 * own tools find processes by their sockets. Many processes start at once (cluster), some of them
 * older versions that know no lock: so the file is written under a lock file, renamed into place,
 * and looked after once more a minute later. A home that is missing or read-only costs the line,
 * never the application. */
#ifndef XPF_CORE_REGISTRY_H
#define XPF_CORE_REGISTRY_H
#include <stddef.h>
#include <stdint.h>

enum xpf_registry_result {
  XPF_REGISTRY_WRITTEN,
  XPF_REGISTRY_APPENDED, /* without the lock: look again soon, its holder may overwrite the file */
  XPF_REGISTRY_FAILED
};

/* [any] Writes `own` (a line without its end, its first field our pid, fields separated by NUL,
 * own_size bytes): lines of dead processes, duplicates and what is no line go, the file keeps its
 * mode and owner. Waits at most 400 ms, and only while another live process holds the lock. */
enum xpf_registry_result xpf_registry_write(const char *file, const char *own, size_t own_size);

/* [any] Writes now and, while the core runs, once more after delay_ms, when processes that died
 * meanwhile are dropped; after a second too when the lock could not be had. A later call replaces
 * what an earlier one planned. Returns what the first writing did. */
enum xpf_registry_result xpf_registry_register(const char *file, const char *own, size_t own_size,
                                               uint64_t delay_ms);
/* [core] Ends what is planned. Idempotent; the loop must run once more. */
void xpf_registry_close(void);

/* [any] Removes the sockets that dead processes of older versions left in log_dir. */
void xpf_registry_clean_sockets(const char *log_dir);
#endif
