#include "daemon/late.h"

#define SECOND_NS 1000000000u

unsigned xpf_late_seconds(uint64_t due_ns, uint64_t now_ns) {
  uint64_t late_ns = now_ns > due_ns ? now_ns - due_ns : 0;
  uint64_t seconds = (late_ns + SECOND_NS / 2 - 1) / SECOND_NS;
  return seconds > 3600 ? 3600 : (unsigned)seconds;
}

unsigned xpf_late_minute_add(struct xpf_late_minute *minute, uint64_t second, unsigned count) {
  unsigned sum = 0;
  if (second - minute->second > XPF_LATE_SECONDS)
    minute->second = second - XPF_LATE_SECONDS;
  while (minute->second < second)
    minute->late[++minute->second % XPF_LATE_SECONDS] = 0;
  unsigned char *late = &minute->late[second % XPF_LATE_SECONDS];
  *late = (unsigned char)(*late + count > XPF_LATE_SECONDS ? XPF_LATE_SECONDS : *late + count);
  for (unsigned i = 0; i < XPF_LATE_SECONDS; i++)
    sum += minute->late[i];
  return sum;
}
