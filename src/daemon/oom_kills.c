#include "daemon/oom_kills.h"

void xpf_oom_kills_told(struct xpf_oom_kills *kills, uint64_t count, int64_t now_ms) {
  kills->told += count;
  kills->told_ms = now_ms;
}

uint64_t xpf_oom_kills_counted(struct xpf_oom_kills *kills, uint64_t count, int64_t now_ms) {
  if (now_ms - kills->told_ms > XPF_OOM_KILLS_KEEP_MS)
    kills->told = 0; /* a kernel that does not count those of cgroups */
  if (kills->waiting == 0)
    kills->waiting_ms = now_ms;
  kills->waiting += count;
  uint64_t both = kills->told < kills->waiting ? kills->told : kills->waiting;
  kills->told -= both;
  kills->waiting -= both;
  if (now_ms - kills->waiting_ms < XPF_OOM_KILLS_WAIT_MS)
    return 0;
  uint64_t own = kills->waiting;
  kills->waiting = 0;
  return own;
}
