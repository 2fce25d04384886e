#include "daemon/pace.h"
#include <sys/resource.h>
#include <time.h>

#define ROUND_LEAST_MS 1000
/* Seconds of its share that may be saved up: enough that a single long reading is ever allowed, not
 * so much that a crowd of them comes in one round. */
#define SAVED_MAX_S 5.0
#define MEMORY      0.1 /* weight of the newest cost in the mean */

void xpf_pace_init(struct xpf_pace *pace, int64_t least_ms, double share) {
  *pace = (struct xpf_pace){.least_ms = least_ms, .share = share, .period_ms = least_ms};
  pace->allowed_s = share * SAVED_MAX_S;
}

void xpf_pace_round(struct xpf_pace *pace, int64_t now_ms, size_t things) {
  double passed_s =
      pace->last_ms > 0 && now_ms > pace->last_ms ? (double)(now_ms - pace->last_ms) / 1000 : 0;
  pace->last_ms = now_ms;
  pace->allowed_s += passed_s * pace->share;
  if (pace->allowed_s > pace->share * SAVED_MAX_S)
    pace->allowed_s = pace->share * SAVED_MAX_S;
  /* With a longer period there is enough for all: else the first of the list would take it, each
   * time. */
  double needed_ms = pace->mean_cost_s * (double)things / pace->share * 1000;
  int64_t period_ms = needed_ms < 1e12 ? (int64_t)needed_ms : (int64_t)1e12;
  period_ms += ROUND_LEAST_MS - 1;
  period_ms -= period_ms % ROUND_LEAST_MS;
  pace->period_ms = period_ms > pace->least_ms ? period_ms : pace->least_ms;
}

bool xpf_pace_allows(const struct xpf_pace *pace) {
  return pace->allowed_s > 0;
}

void xpf_pace_spent(struct xpf_pace *pace, double seconds) {
  pace->allowed_s -= seconds;
  pace->mean_cost_s +=
      pace->mean_cost_s > 0 ? MEMORY * (seconds - pace->mean_cost_s) : seconds - pace->mean_cost_s;
}

int64_t xpf_pace_next_ms(const struct xpf_pace *pace, int64_t now_ms, uint32_t turn) {
  /* Rounds come at about the whole second: half a one of tolerance, or each would be late by one.
   */
  int64_t next_ms = now_ms + pace->period_ms - ROUND_LEAST_MS / 2;
  int64_t steps = pace->period_ms / ROUND_LEAST_MS;
  return turn > 0 ? next_ms - (int64_t)(turn % steps) * ROUND_LEAST_MS : next_ms;
}

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void xpf_pace_moment_now(struct xpf_pace_moment *moment) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  moment->clock_s = seconds_of(CLOCK_MONOTONIC);
  moment->cpu_s = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  moment->waits = usage.ru_nvcsw;
}

double xpf_pace_cost_s(const struct xpf_pace_moment *begun, const struct xpf_pace_moment *ended) {
  return ended->waits == begun->waits ? ended->cpu_s - begun->cpu_s
                                      : ended->clock_s - begun->clock_s;
}
