#include "sparkline.h"
#include <math.h>
#include <string.h>

static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const plain[] = {" ", ".", ":", "-", "=", "+", "*", "#", "#"};
#define STEPS 8

static double largest(const double *values, size_t count, double top) {
  for (size_t i = 0; i < count; i++)
    if (values[i] > top && isfinite(values[i]))
      top = values[i];
  return top;
}

/* Of STEPS for each line. What is there but tiny still shows. */
static int steps_of(double value, double top, unsigned height) {
  if (isnan(value))
    return 0;
  double share = top > 0 && value > 0 ? fmin(value / top, 1) : 0;
  int steps = (int)lround(share * STEPS * height);
  return steps < 1 ? 1 : steps;
}

char *xpf_sparkline(char *out, size_t size, const double *values, size_t count, double top,
                    unsigned width, unsigned height, unsigned line, bool utf8) {
  size_t used = 0;
  if (count > width) {
    values += count - width;
    count = width;
  }
  top = largest(values, count, top);
  for (unsigned column = 0; column < width; column++) {
    size_t gap = width - count;
    int steps = column < gap ? 0 : steps_of(values[column - gap], top, height);
    int here = steps - (int)(height - 1 - line) * STEPS;
    here = here < 0 ? 0 : here > STEPS ? STEPS : here;
    const char *text = (utf8 ? blocks : plain)[here];
    size_t bytes = strlen(text);
    if (used + bytes >= size)
      break;
    memcpy(out + used, text, bytes);
    used += bytes;
  }
  if (size > 0)
    out[used] = '\0';
  return out;
}
