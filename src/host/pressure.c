#include <errno.h>
#include <string.h>
#include "host/cgroup.h"
#include "host/proc_file.h"

/* "12.34". Not strtod: it would ask the program's locale what a decimal point is. */
static double percent(const char *text) {
  uint64_t whole = 0;
  double value = 0, unit = 1;
  xpf_proc_number(text, &whole);
  for (text = strpbrk(text, ". \n"); text && *text == '.';) {
    while (*++text >= '0' && *text <= '9') {
      unit /= 10;
      value += unit * (*text - '0');
    }
  }
  return (double)whole + value;
}

/* The text behind key ("avg10=") within one line, or NULL. */
static const char *find(const char *line, const char *key) {
  const char *end = strchr(line, '\n');
  const char *found = strstr(line, key);
  return found && (!end || found < end) ? found + strlen(key) : NULL;
}

static int parse_line(const char *line, double *avg10, double *avg60, double *avg300,
                      uint64_t *total_us) {
  const char *ten = find(line, " avg10="), *sixty = find(line, " avg60=");
  const char *most = find(line, " avg300="), *total = find(line, " total=");
  if (!ten || !sixty || !most || !total || !xpf_proc_number(total, total_us))
    return -EINVAL;
  *avg10 = percent(ten);
  *avg60 = percent(sixty);
  *avg300 = percent(most);
  return 0;
}

int xpf_pressure_parse(const char *text, struct xpf_pressure *out) {
  struct xpf_pressure read = {.status = XPF_ABSENT};
  memset(out, 0, sizeof *out);
  for (const char *line = text; line && *line;) {
    int error = 0;
    if (xpf_proc_after(line, "some ")) {
      error = parse_line(line, &read.some_avg10, &read.some_avg60, &read.some_avg300,
                         &read.some_total_us);
      read.has_some = true;
    } else if (xpf_proc_after(line, "full ")) {
      error = parse_line(line, &read.full_avg10, &read.full_avg60, &read.full_avg300,
                         &read.full_total_us);
      read.has_full = true;
    }
    if (error)
      return error;
    line = strchr(line, '\n');
    line = line ? line + 1 : NULL;
  }
  if (!read.has_some && !read.has_full)
    return -EINVAL;
  read.status = XPF_OK;
  *out = read;
  return 0;
}
