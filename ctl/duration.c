#include "duration.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 18

static const struct {
  const char *name;
  double ms;
} units[] = {{"", 1}, {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};

int xpf_duration_parse(const char *text, double *ms) {
  size_t digits = strspn(text, "0123456789.");
  char number[DIGITS_MAX + 1], *end;

  if (*text < '0' || *text > '9' || digits > DIGITS_MAX)
    return -EINVAL;
  memcpy(number, text, digits);
  number[digits] = '\0';
  double value = strtod(number, &end);
  if (*end != '\0')
    return -EINVAL;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(text + digits, units[i].name) == 0) {
      double whole = round(value * units[i].ms);
      /* "1.5" of what? Nobody means one and a half milliseconds. */
      if (i == 0 && whole != value)
        return -EINVAL;
      *ms = whole;
      return 0;
    }
  return -EINVAL;
}
