/* How often a costly reading may be made, so that all of them together take no more than a share of
 * the time: measured, not guessed. Pure; one thread at a time. */
#ifndef XPF_DAEMON_PACE_H
#define XPF_DAEMON_PACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xpf_pace {
  int64_t least_ms; /* between two readings of one thing */
  double share;     /* of the time, at most */
  int64_t last_ms, period_ms;
  double allowed_s, mean_cost_s; /* allowed_s below 0: nothing for now */
};

void xpf_pace_init(struct xpf_pace *pace, int64_t least_ms, double share);
/* A round begins, in which so many things might be read. */
void xpf_pace_round(struct xpf_pace *pace, int64_t now_ms, size_t things);
bool xpf_pace_allows(const struct xpf_pace *pace);
/* One was read, and took that long. */
void xpf_pace_spent(struct xpf_pace *pace, double seconds);
/* When a thing that was read now is due again. `turn` spreads those that began together: 0 for a
 * thing that has had its first reading before. */
int64_t xpf_pace_next_ms(const struct xpf_pace *pace, int64_t now_ms, uint32_t turn);
#endif
