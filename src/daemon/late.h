/* How late the daemon's ticks of a second are. By a clock that nobody sets. Pure. */
#ifndef XPF_DAEMON_LATE_H
#define XPF_DAEMON_LATE_H
#include <stdint.h>

/* Ticks that a tick due then and come now stands for: 0 when it is in time (up to half a second
 * late), 1 when it is late; when it is so late that others never came, those too. */
unsigned xpf_late_seconds(uint64_t due_ns, uint64_t now_ns);

#define XPF_LATE_SECONDS 60
struct xpf_late_minute { /* zeros at first */
  uint64_t second;       /* of the last call */
  unsigned char late[XPF_LATE_SECONDS];
};
/* So many were late at that second (which never goes back); gives the sum of the last minute. */
unsigned xpf_late_minute_add(struct xpf_late_minute *minute, uint64_t second, unsigned count);
#endif
