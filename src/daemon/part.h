/* The parts of the daemon that live as long as it does: discovery, HTTP, RPC, plugins, profiles.
 * One file and one line in part_table.c. They start in the order of the table and stop in the
 * reverse one. All on the loop's thread. */
#ifndef XPF_DAEMON_PART_H
#define XPF_DAEMON_PART_H
#include <stddef.h>
#include <stdint.h>

struct xpf_daemon;
struct xpf_kind;

struct xpf_part {
  const char *name;
  const struct xpf_kind *const *kinds; /* ended by NULL: made known before the start; or NULL */
  /* 0 and its own state in *out (NULL: there is nothing to do with these settings); else negative
   * with a sentence for a person in why, and xprofd does not start. */
  int (*start)(void **out, struct xpf_daemon *daemon, char *why, size_t why_size);
  /* Once a second, after the world's frame; may be NULL. */
  void (*tick)(void *part, int64_t now_ms);
  void (*reload)(void *part); /* reads anew what files hold for it (SIGHUP); may be NULL */
  /* Begins its end; calls closed exactly once, now or later, when nothing of it is left. */
  void (*stop)(void *part, void (*closed)(void *arg), void *arg);
};
/* Ended by NULL. */
extern const struct xpf_part *const xpf_parts[];
#endif
