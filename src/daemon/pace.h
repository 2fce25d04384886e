/* How often a costly reading may be made, so that all of them together take no more than a share of
 * a CPU: measured, not guessed. One thread at a time. */
#ifndef XPF_DAEMON_PACE_H
#define XPF_DAEMON_PACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xpf_pace {
  int64_t least_ms; /* between two readings of one thing */
  double share;     /* of a CPU, at most */
  int64_t last_ms, period_ms;
  double allowed_s, mean_cost_s; /* allowed_s below 0: nothing for now */
};

void xpf_pace_init(struct xpf_pace *pace, int64_t least_ms, double share);
/* A round begins, in which so many things might be read. */
void xpf_pace_round(struct xpf_pace *pace, int64_t now_ms, size_t things);
bool xpf_pace_allows(const struct xpf_pace *pace);
/* One was read, at that cost. */
void xpf_pace_spent(struct xpf_pace *pace, double seconds);
/* When a thing that was read now is due again. `turn` spreads those that began together: 0 for a
 * thing that has had its first reading before. */
int64_t xpf_pace_next_ms(const struct xpf_pace *pace, int64_t now_ms, uint32_t turn);

/* Of the calling thread, before and after a reading. */
struct xpf_pace_moment {
  double clock_s, cpu_s;
  long waits; /* for anything but a processor: a lock, a device */
};
void xpf_pace_moment_now(struct xpf_pace_moment *moment);
/* What was done between them cost the CPU time that it took. Where it had to wait, all the time: it
 * kept the thread from others, and somebody may be kept waiting by it. On a busy machine the time
 * without a processor does not count, or nothing would be read there for minutes. */
double xpf_pace_cost_s(const struct xpf_pace_moment *begun, const struct xpf_pace_moment *ended);
#endif
