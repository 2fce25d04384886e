#include "host/proc_stat_linux.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include "host/proc_file.h"

/* Fields by their number in proc(5). */
enum { FIELD_STATE = 3, FIELD_LAST = 22 };

static const struct {
  int number;
  size_t offset;
} fields[] = {
    {10, offsetof(struct xpf_proc_stat, minor_faults)},
    {12, offsetof(struct xpf_proc_stat, major_faults)},
    {14, offsetof(struct xpf_proc_stat, user_ticks)},
    {15, offsetof(struct xpf_proc_stat, system_ticks)},
    {20, offsetof(struct xpf_proc_stat, threads)},
    {22, offsetof(struct xpf_proc_stat, start_ticks)},
};

uint64_t xpf_proc_tick_ns(void) {
  long ticks = sysconf(_SC_CLK_TCK);
  return 1000000000u / (uint64_t)(ticks > 0 ? ticks : 100);
}

int xpf_proc_stat_parse(const char *text, struct xpf_proc_stat *out) {
  /* Only the last ')' ends the name: behind it there is one letter and numbers. */
  const char *open = strchr(text, '('), *close = strrchr(text, ')');
  size_t next = 0;
  memset(out, 0, sizeof *out);
  if (!open || !close || close < open || close[1] != ' ' || close[2] == '\0')
    return -EINVAL;
  size_t size = (size_t)(close - open) - 1;
  if (size >= sizeof out->comm)
    size = sizeof out->comm - 1;
  memcpy(out->comm, open + 1, size);
  out->state = close[2];
  const char *at = close + 2;
  for (int number = FIELD_STATE; number <= FIELD_LAST; number++) {
    if (number == fields[next].number) {
      uint64_t value;
      if (!xpf_proc_number(at, &value))
        return -EINVAL;
      memcpy((char *)out + fields[next++].offset, &value, sizeof value);
    }
    at = strchr(at, ' ');
    if (!at)
      return number == FIELD_LAST ? 0 : -EINVAL;
    at++;
  }
  return 0;
}

/* A task that ends between the listing and the reading is ESRCH to the caller, whichever call saw
 * it. */
static int gone(ssize_t error) {
  return error == -ENOENT || error == 0 ? -ESRCH : (int)error;
}

int xpf_proc_stat_read(int dir, const char *path, struct xpf_proc_stat *out) {
  char text[2048];
  ssize_t got = xpf_proc_file_read(dir, path, text, sizeof text);
  if (got <= 0)
    return gone(got);
  return xpf_proc_stat_parse(text, out);
}

int xpf_proc_schedstat_parse(const char *text, uint64_t *run_ns, uint64_t *wait_ns,
                             uint64_t *slices) {
  const char *second = strchr(text, ' ');
  const char *third = second ? strchr(second + 1, ' ') : NULL;
  if (!second || !xpf_proc_number(text, run_ns) || !xpf_proc_number(second, wait_ns))
    return -EINVAL;
  if (slices && (!third || !xpf_proc_number(third, slices)))
    return -EINVAL;
  return 0;
}

int xpf_proc_schedstat_read(int dir, const char *path, uint64_t *run_ns, uint64_t *wait_ns) {
  char text[128];
  ssize_t got = xpf_proc_file_read(dir, path, text, sizeof text);
  if (got <= 0)
    return got == 0 ? -ESRCH : (int)got;
  return xpf_proc_schedstat_parse(text, run_ns, wait_ns, NULL);
}
