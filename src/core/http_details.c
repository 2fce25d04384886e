#include "core/http_details.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/utf8.h"

static uint64_t wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void xpf_http_details_init(struct xpf_http_details *details) {
  memset(details, 0, sizeof *details);
  details->origin_ms = wall_ms() / 1000 * 1000;
}

static bool grow(struct xpf_http_details *details) {
  if (details->count < details->capacity)
    return true;
  if (details->count >= XPF_HTTP_DETAILS_MAX)
    return false;
  uint32_t capacity = details->capacity ? details->capacity * 2 : 256;
  char **lines = realloc(details->lines, capacity * sizeof *lines);
  if (!lines)
    return false;
  details->lines = lines;
  details->capacity = capacity;
  return true;
}

void xpf_http_details_add(struct xpf_http_details *details, const char *url, const char *method,
                          bool sent, unsigned status, unsigned duration_ms) {
  size_t cut = xpf_utf8_cut(url, strlen(url), XPF_HTTP_URL_MAX);
  size_t size = cut + strlen(method) + 80;
  char *line = grow(details) ? malloc(size) : NULL;
  if (!line) {
    details->dropped++;
    return;
  }
  snprintf(line, size, "%llu,%.*s,%s,%d,%u,%u",
           (unsigned long long)(wall_ms() - details->origin_ms), (int)cut, url, method, sent,
           status, duration_ms);
  details->lines[details->count++] = line;
}

void xpf_http_details_free(struct xpf_http_details *details) {
  for (uint32_t i = 0; i < details->count; i++)
    free(details->lines[i]);
  free(details->lines);
  memset(details, 0, sizeof *details);
}
