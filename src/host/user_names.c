#include "host/user_names.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/printable.h"
#include "host/proc_file.h"

static void add(struct xpf_user_names *names, size_t *capacity, const char *line) {
  const char *name_end = strchr(line, ':');
  const char *password_end = name_end ? strchr(name_end + 1, ':') : NULL;
  uint64_t uid;
  if (!password_end || !xpf_proc_number(password_end + 1, &uid) ||
      names->count == XPF_USER_NAMES_MAX)
    return;
  if (names->count == *capacity) {
    size_t more = *capacity ? *capacity * 2 : 64;
    struct xpf_user_name *grown = realloc(names->names, more * sizeof *grown);
    if (!grown)
      return;
    names->names = grown;
    *capacity = more;
  }
  struct xpf_user_name *entry = &names->names[names->count++];
  entry->uid = (uid_t)uid;
  xpf_printable_copy(entry->name, sizeof entry->name, line, (size_t)(name_end - line));
}

void xpf_user_names_read(struct xpf_user_names *names, const char *path) {
  struct xpf_proc_lines lines;
  size_t capacity = 0;
  *names = (struct xpf_user_names){0};
  if (xpf_proc_lines_open(&lines, AT_FDCWD, path) != 0)
    return;
  for (char *line; (line = xpf_proc_lines_next(&lines));)
    add(names, &capacity, line);
  xpf_proc_lines_close(&lines);
}

void xpf_user_names_free(struct xpf_user_names *names) {
  free(names->names);
  *names = (struct xpf_user_names){0};
}

const char *xpf_user_name_of(const struct xpf_user_names *names, uid_t uid, char buffer[16]) {
  for (size_t i = 0; i < names->count; i++)
    if (names->names[i].uid == uid)
      return names->names[i].name;
  snprintf(buffer, 16, "%u", (unsigned)uid);
  return buffer;
}
