/* Keeps log_dir bounded: deletes our old log and profile files. Only regular files of our user, in
 * that directory, with exactly the names we give; never today's logs, never a profile younger than
 * an hour. [any] */
#ifndef XPF_CORE_LOG_RETENTION_H
#define XPF_CORE_LOG_RETENTION_H
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct xpf_log_limits {
  double max_age_days, max_total_mb, profile_max_total_mb;
};

/* Deletes what is beyond the limits. Returns how many files, or -errno when dir cannot be read. */
int xpf_log_retention(const char *dir, const struct xpf_log_limits *limits, time_t now);
/* The day (YYYYMMDD) of a log file's name, 0 when it is not a name of ours. */
int xpf_log_name_day(const char *name);
bool xpf_log_is_profile_name(const char *name);
#endif
