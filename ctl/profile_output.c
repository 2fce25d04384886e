#include "profile_output.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file_out.h"
#include "profile_file.h"
#include "text.h"

static bool is_same_file(const struct stat *output, const char *input) {
  struct stat entry;
  int rc = strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &entry) : stat(input, &entry);
  return rc == 0 && entry.st_dev == output->st_dev && entry.st_ino == output->st_ino;
}

int xpf_profile_output_check(const char *path, const char *const *inputs, size_t inputs_count,
                             struct xpf_verdict *verdict) {
  struct stat output;
  int error = xpf_file_out_check(path);
  if (error != 0)
    return xpf_profile_output_fail(path, error, verdict);
  if (strcmp(path, "-") == 0 || stat(path, &output) != 0 || !S_ISREG(output.st_mode))
    return 0;
  for (size_t i = 0; i < inputs_count; i++)
    if (is_same_file(&output, inputs[i]))
      return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_OUTPUT_IS_INPUT, path);
  return 0;
}

int xpf_profile_output_fail(const char *path, int error, struct xpf_verdict *verdict) {
  const char *name = strcmp(path, "-") == 0 ? xpf_text(XPF_TEXT_STANDARD_OUTPUT) : path;
  xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_FILE_UNWRITABLE, name, strerror(-error));
  if (error == -ENOSPC)
    xpf_verdict_hint(verdict, XPF_TEXT_HINT_NO_SPACE);
  return verdict->status;
}

int xpf_profile_output_unfit(const struct xpf_format *format, const struct xpf_profile *profile,
                             const char *input, struct xpf_verdict *verdict) {
  char fit[256] = "";
  size_t used = 0;
  for (unsigned i = 0; i < xpf_formats_count && used < sizeof fit; i++)
    if (xpf_format_takes(&xpf_formats[i], profile))
      used += (size_t)snprintf(fit + used, sizeof fit - used, "%s%s", used > 0 ? ", " : "",
                               xpf_formats[i].name);
  xpf_verdict_set(verdict, XPF_REASON_LOCAL,
                  format->needs_time ? XPF_TEXT_FORMAT_NEEDS_TIME : XPF_TEXT_CONVERT_UNFIT,
                  format->name, xpf_profile_file_name(input));
  xpf_verdict_hint(verdict, XPF_TEXT_FORMATS_FIT, fit);
  return verdict->status;
}
