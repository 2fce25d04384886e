#include "host/proc_keys.h"
#include "host/proc_file.h"

static void read_line(const char *line, const struct xpf_proc_key *keys, unsigned count,
                      uint64_t *found) {
  for (unsigned i = 0; i < count; i++) {
    const char *value = xpf_proc_after(line, keys[i].name);
    if (!value || (*value != ' ' && *value != ':' && *value != '\t'))
      continue;
    if (xpf_proc_number(value + (*value == ':'), keys[i].value))
      *found |= UINT64_C(1) << i;
    return;
  }
}

int xpf_proc_keys_read(int dir, const char *path, const struct xpf_proc_key *keys, unsigned count,
                       uint64_t *found) {
  struct xpf_proc_lines lines;
  uint64_t all = count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
  *found = 0;
  int error = xpf_proc_lines_open(&lines, dir, path);
  if (error)
    return error;
  for (char *line; *found != all && (line = xpf_proc_lines_next(&lines));)
    read_line(line, keys, count, found);
  xpf_proc_lines_close(&lines);
  return lines.error;
}
