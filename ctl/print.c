#include "print.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"

/* The length of the control character at `at`, 0 when it is none. U+0080 … U+009F are two bytes. */
static size_t control_size(const unsigned char *at) {
  if (*at < 0x20 || *at == 0x7f)
    return 1;
  return at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f ? 2 : 0;
}

static void print_clean(FILE *out, const char *text, const char *allowed) {
  const unsigned char *at = (const unsigned char *)text;
  while (*at != '\0') {
    size_t size = control_size(at);
    if (size == 0 || strchr(allowed, *at) != NULL) {
      fputc(*at++, out);
    } else {
      fputc('?', out);
      at += size;
    }
  }
}

void xpf_print_text(FILE *out, const char *text) {
  print_clean(out, text, "\n\t");
}

void xpf_print_right(FILE *out, const char *text, unsigned columns) {
  for (unsigned width = xpf_print_width(text); width < columns; width++)
    fputc(' ', out);
  xpf_print_text(out, text);
}

void xpf_print_line(FILE *out, const char *format, ...) {
  char small[2048], *line = small;
  va_list args, again;

  va_start(args, format);
  va_copy(again, args);
  int size = vsnprintf(small, sizeof small, format, args);
  if (size >= (int)sizeof small) {
    line = malloc((size_t)size + 1);
    if (line != NULL)
      vsnprintf(line, (size_t)size + 1, format, again);
    else
      line = small;
  }
  va_end(again);
  va_end(args);
  if (size >= 0)
    print_clean(out, line, "");
  fputc('\n', out);
  if (line != small)
    free(line);
}

void xpf_print_json(const cJSON *value) {
  char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
  if (text == NULL) {
    xpf_print_line(stderr, xpf_text(XPF_TEXT_FAILED), xpf_text(XPF_TEXT_OUT_OF_MEMORY));
    return;
  }
  fputs(text, stdout);
  fputc('\n', stdout);
  cJSON_free(text);
}

void xpf_print_json_done(const cJSON *data) {
  cJSON *object = cJSON_CreateObject(), *empty = cJSON_CreateObject();
  cJSON_AddTrueToObject(object, "ok");
  /* A reference: the caller keeps its data. */
  cJSON_AddItemReferenceToObject(object, "data", (cJSON *)(data != NULL ? data : empty));
  xpf_print_json(object);
  cJSON_Delete(object);
  cJSON_Delete(empty);
}

static int by_name(const void *a, const void *b) {
  return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static void print_member(const cJSON *member) {
  if (cJSON_IsString(member)) {
    xpf_print_line(stdout, "  - %s: %s", member->string, member->valuestring);
    return;
  }
  char *text = cJSON_PrintUnformatted(member);
  xpf_print_line(stdout, "  - %s: %s", member->string, text != NULL ? text : "?");
  cJSON_free(text);
}

void xpf_print_members(const cJSON *object, bool sorted) {
  int count = cJSON_GetArraySize(object), used = 0;
  const cJSON **members = calloc((size_t)count + 1, sizeof *members);
  const cJSON *member;

  if (members == NULL || !cJSON_IsObject(object)) {
    free(members);
    return;
  }
  cJSON_ArrayForEach(member, object) members[used++] = member;
  if (sorted)
    qsort(members, (size_t)used, sizeof *members, by_name);
  for (int i = 0; i < used; i++)
    print_member(members[i]);
  free(members);
}

const char *xpf_print_bytes(double bytes, char *buffer, size_t size) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < sizeof units / sizeof *units) {
    bytes /= 1024;
    unit++;
  }
  snprintf(buffer, size, unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return buffer;
}

const char *xpf_print_duration(double seconds, char *buffer, size_t size) {
  /* A target may say anything, also what fits into no integer. */
  seconds = seconds > 0 ? (seconds < 1e12 ? seconds : 1e12) : 0;
  double whole = (double)(long long)seconds;
  double minutes = (double)(long long)(seconds / 60), hours = (double)(long long)(seconds / 3600);
  double days = (double)(long long)(seconds / 86400);

  if (seconds < 60)
    snprintf(buffer, size, xpf_text(XPF_TEXT_SECONDS), seconds);
  else if (seconds < 3600)
    snprintf(buffer, size, xpf_text(XPF_TEXT_MINUTES), minutes, whole - minutes * 60);
  else if (seconds < 86400)
    snprintf(buffer, size, xpf_text(XPF_TEXT_HOURS), hours, minutes - hours * 60);
  else
    snprintf(buffer, size, xpf_text(XPF_TEXT_DAYS), days, hours - days * 24);
  return buffer;
}

unsigned xpf_print_width(const char *text) {
  unsigned width = 0;
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
    if ((*at & 0xc0) == 0x80)
      continue; /* the rest of a character */
    /* East Asian text: U+2E80 … U+D7FF and what lies beyond U+FFFF. */
    bool wide = *at >= 0xf0 || (*at > 0xe2 && *at < 0xee) || (*at == 0xe2 && at[1] >= 0xba);
    width += wide ? 2 : 1;
  }
  return width;
}

int xpf_print_finish(void) {
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout))
    return 0;
  return errno != 0 ? -errno : -EIO;
}
