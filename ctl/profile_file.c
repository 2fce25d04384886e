#include "profile_file.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file_source.h"
#include "print.h"
#include "source_maps.h"
#include "summary_row.h"
#include "text.h"

const char *xpf_profile_file_name(const char *path) {
  return strcmp(path, "-") == 0 ? xpf_text(XPF_TEXT_STANDARD_INPUT) : path;
}

const char *xpf_profile_file_values(const struct xpf_profile *profile, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = '\0';
  for (uint32_t i = 0; i < profile->values_count && used < size; i++)
    used += (size_t)snprintf(buffer + used, size - used, "%s%s", used > 0 ? ", " : "",
                             xpf_profile_string(profile, profile->values[i].type));
  return buffer;
}

const char *xpf_profile_file_formats(bool is_written, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = '\0';
  for (unsigned i = 0; i < xpf_formats_count && used < size; i++)
    if (is_written ? xpf_formats[i].write != NULL : xpf_formats[i].read != NULL)
      used += (size_t)snprintf(buffer + used, size - used, "%s%s", used > 0 ? ", " : "",
                               xpf_formats[i].name);
  return buffer;
}

int xpf_profile_file_format(const struct xpf_invocation *invocation, enum xpf_option_id option,
                            bool is_written, const struct xpf_format **out,
                            struct xpf_verdict *verdict) {
  char label[64], names[256];
  if (!xpf_options_has(&invocation->options, option))
    return 0;
  const char *name = invocation->options.values[option].text;
  const struct xpf_format *format = xpf_format_find(name);
  if (format == NULL || (is_written ? format->write == NULL : format->read == NULL)) {
    xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_FORMAT_WRONG,
                    xpf_option_label(option, label, sizeof label),
                    xpf_profile_file_formats(is_written, names, sizeof names), name);
    xpf_verdict_hint(verdict, XPF_TEXT_USAGE_HINT, invocation->command->name);
    return verdict->status;
  }
  *out = format;
  return 0;
}

const char *xpf_profile_file_reason(const struct xpf_read_error *error, char *buffer, size_t size) {
  static const struct {
    const char *en, *zh;
  } reasons[] = {
#define REASON_ROW(id, en, zh) {en, zh},
      XPF_READ_REASONS(REASON_ROW)
#undef REASON_ROW
  };
  snprintf(buffer, size, xpf_text_pick(reasons[error->reason].en, reasons[error->reason].zh),
           error->detail);
  return buffer;
}

static int fail_read(struct xpf_verdict *verdict, const char *path,
                     const struct xpf_read_error *error) {
  char reason[256], names[256];
  xpf_verdict_set(
      verdict, XPF_REASON_LOCAL, XPF_TEXT_PROFILE_UNREADABLE, xpf_profile_file_name(path),
      xpf_profile_file_reason(error, reason, sizeof reason), (unsigned long long)error->offset);
  if (error->reason == XPF_READ_TRUNCATED || error->reason == XPF_READ_EMPTY ||
      error->reason == XPF_READ_GZIP)
    xpf_verdict_hint(verdict, XPF_TEXT_PROFILE_INCOMPLETE);
  if (error->reason == XPF_READ_UNKNOWN_FORMAT)
    xpf_verdict_hint(verdict, XPF_TEXT_PROFILE_FORMATS,
                     xpf_profile_file_formats(false, names, sizeof names));
  return verdict->status;
}

static int read_source(const struct xpf_format *from, struct xpf_file_source *file,
                       const char *path, struct xpf_profile **out, struct xpf_verdict *verdict) {
  struct xpf_read_error error = {0};
  if (xpf_format_read(from, &file->source, out, &error) != 0)
    return fail_read(verdict, path, &error);
  return 0;
}

int xpf_profile_file_read(const struct xpf_invocation *invocation, const char *path,
                          struct xpf_profile **out, struct xpf_verdict *verdict) {
  const struct xpf_format *from = NULL;
  int status = xpf_profile_file_format(invocation, XPF_OPTION_FROM, false, &from, verdict);
  if (status != 0)
    return status;
  struct xpf_file_source *file = malloc(sizeof *file);
  int error = file != NULL ? xpf_file_source_open(file, path) : -ENOMEM;
  if (error != 0)
    status = xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_FILE_UNREADABLE,
                             xpf_profile_file_name(path), strerror(-error));
  else
    status = read_source(from, file, path, out, verdict);
  if (error == 0)
    xpf_file_source_close(file);
  free(file);
  if (status == 0 && !xpf_options_has(&invocation->options, XPF_OPTION_NO_SOURCE_MAPS))
    xpf_source_maps_apply(*out, NULL);
  return status;
}

int xpf_profile_file_value(const struct xpf_invocation *invocation,
                           const struct xpf_profile *profile, uint32_t *value,
                           struct xpf_verdict *verdict) {
  char names[256];

  *value = XPF_NO_INDEX;
  if (!xpf_options_has(&invocation->options, XPF_OPTION_VALUE))
    return 0;
  const char *name = invocation->options.values[XPF_OPTION_VALUE].text;
  *value = xpf_profile_value_find(profile, name);
  if (*value != XPF_NO_INDEX)
    return 0;
  return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_VALUE_UNKNOWN,
                         xpf_profile_file_values(profile, names, sizeof names), name);
}

const char *xpf_profile_file_amount(double value, const char *unit, char *buffer, size_t size) {
  double size_of = fabs(value);
  const char *sign = value < 0 ? "-" : "";
  char text[64];
  if (strcmp(unit, "bytes") == 0)
    xpf_print_bytes(size_of, text, sizeof text);
  else if (strcmp(unit, "nanoseconds") == 0)
    xpf_summary_row_ms(size_of / 1e6, text, sizeof text);
  else if (strcmp(unit, "microseconds") == 0)
    xpf_summary_row_ms(size_of / 1e3, text, sizeof text);
  else if (strcmp(unit, "milliseconds") == 0)
    xpf_summary_row_ms(size_of, text, sizeof text);
  else
    snprintf(text, sizeof text, "%.0f", size_of);
  snprintf(buffer, size, "%s%s", sign, text);
  return buffer;
}
