#include "host/proc_status_linux.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "host/proc_file.h"

static const struct {
  const char *key;
  size_t offset;
} numbers[] = {
    {"VmSize:", offsetof(struct xpf_proc_status, size_kb)},
    {"VmHWM:", offsetof(struct xpf_proc_status, peak_rss_kb)},
    {"VmRSS:", offsetof(struct xpf_proc_status, rss_kb)},
    {"RssAnon:", offsetof(struct xpf_proc_status, rss_anon_kb)},
    {"RssFile:", offsetof(struct xpf_proc_status, rss_file_kb)},
    {"RssShmem:", offsetof(struct xpf_proc_status, rss_shmem_kb)},
    {"VmSwap:", offsetof(struct xpf_proc_status, swap_kb)},
    {"Threads:", offsetof(struct xpf_proc_status, threads)},
    {"voluntary_ctxt_switches:", offsetof(struct xpf_proc_status, voluntary_switches)},
    {"nonvoluntary_ctxt_switches:", offsetof(struct xpf_proc_status, involuntary_switches)},
};

static void read_uids(const char *text, struct xpf_proc_status *out) {
  uid_t *uids[] = {&out->uid, &out->euid, &out->suid};
  for (size_t i = 0; i < 3 && text; i++) {
    uint64_t value;
    while (*text == '\t' || *text == ' ')
      text++;
    if (!xpf_proc_number(text, &value))
      return;
    *uids[i] = (uid_t)value;
    text = strpbrk(text, "\t ");
  }
}

static void read_line(const char *line, struct xpf_proc_status *out) {
  const char *value;
  uint64_t number;
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    value = xpf_proc_after(line, numbers[i].key);
    if (!value || !xpf_proc_number(value, &number))
      continue;
    memcpy((char *)out + numbers[i].offset, &number, sizeof number);
    out->has_memory |= line[0] == 'V';
    out->has_switches |= line[0] == 'n';
    return;
  }
  if ((value = xpf_proc_after(line, "Uid:")))
    read_uids(value, out);
  /* One number for each nested namespace, the innermost last. */
  if ((value = xpf_proc_after(line, "NSpid:")) && (value = strrchr(value, '\t')) &&
      xpf_proc_number(value, &number))
    out->ns_pid = (pid_t)number;
}

int xpf_proc_status_read(int dir, const char *path, struct xpf_proc_status *out) {
  struct xpf_proc_lines lines;
  bool some = false;
  memset(out, 0, sizeof *out);
  int error = xpf_proc_lines_open(&lines, dir, path);
  if (error)
    return error == -ENOENT ? -ESRCH : error;
  for (char *line; !out->has_switches && (line = xpf_proc_lines_next(&lines));) {
    some = true;
    read_line(line, out);
  }
  xpf_proc_lines_close(&lines);
  if (lines.error)
    return lines.error;
  return some ? 0 : -ESRCH;
}
