/* convert: a profile from one format to another. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "command_table.h"
#include "file_out.h"
#include "print.h"
#include "profile_file.h"
#include "profile_output.h"
#include "text.h"

static int fail(const struct xpf_verdict *verdict, bool json) {
  xpf_verdict_print(verdict, json);
  return verdict->status;
}

/* By --format, else by the name of the output. */
static int choose_format(const struct xpf_invocation *invocation, const char *path,
                         const struct xpf_format **format, struct xpf_verdict *verdict) {
  char names[256];
  *format = NULL;
  int status = xpf_profile_file_format(invocation, XPF_OPTION_FORMAT, true, format, verdict);
  if (status != 0)
    return status;
  if (*format == NULL)
    *format = xpf_format_of_path(path);
  if (*format == NULL || (*format)->write == NULL) {
    xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_FORMAT_UNCLEAR, path,
                    xpf_profile_file_formats(true, names, sizeof names));
    xpf_verdict_hint(verdict, XPF_TEXT_USAGE_HINT, invocation->command->name);
    return verdict->status;
  }
  if (strcmp((*format)->name, "pprof") == 0 && strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_OUTPUT_BINARY);
  return 0;
}

static int write_file(const struct xpf_format *format, struct xpf_profile *profile, uint32_t value,
                      const char *const words[2], uint64_t *bytes, struct xpf_verdict *verdict) {
  const char *from = words[0], *to = words[1];
  if (!xpf_format_takes(format, profile))
    return xpf_profile_output_unfit(format, profile, from, verdict);
  struct xpf_file_out *out = malloc(sizeof *out);
  int error = out != NULL ? xpf_file_out_open(out, to) : -ENOMEM;
  if (error == 0) {
    int rc = xpf_format_write(format, profile, value, &out->sink);
    *bytes = out->sink.bytes;
    if (rc == -EINVAL) { /* found only while it was written: nothing is left */
      xpf_file_out_abandon(out);
      free(out);
      return xpf_profile_output_unfit(format, profile, from, verdict);
    }
    error = xpf_file_out_finish(out);
  }
  free(out);
  return error != 0 ? xpf_profile_output_fail(to, error, verdict) : 0;
}

/* What is written to be looked at is named after its file where the profile has no name of its own.
 * Formats that can be read again keep what the file said. */
static void name_after_file(const struct xpf_format *format, struct xpf_profile *profile,
                            const char *path) {
  const char *own = xpf_profile_string(profile, profile->title);
  const char *slash = strrchr(path, '/');

  if (format->read != NULL || (*own != '\0' && strcmp(own, "xprofiler") != 0) ||
      strcmp(path, "-") == 0)
    return;
  int64_t title = xpf_profile_string_add(profile, slash != NULL ? slash + 1 : path);
  if (title >= 0)
    profile->title = (uint32_t)title;
}

/* Formats without an order of time count them only. */
static double samples_of(const struct xpf_profile *profile) {
  uint32_t value = xpf_profile_value_find(profile, "samples");
  double sum = profile->samples_count;

  if (profile->samples_count == 0 && value != XPF_NO_INDEX)
    for (uint32_t i = 0; i < profile->nodes_count; i++)
      sum += (double)profile->nodes[i].self[value];
  return sum;
}

static void report(const struct xpf_invocation *invocation, const struct xpf_format *format,
                   const struct xpf_profile *profile, uint64_t bytes) {
  const char *from = invocation->options.words[1], *to = invocation->options.words[2];
  double samples = samples_of(profile);
  char size[32], counted[64] = "";

  if (strcmp(to, "-") == 0)
    return;
  if (!invocation->json) {
    if (samples > 0)
      snprintf(counted, sizeof counted, xpf_text(XPF_TEXT_CONVERTED_SAMPLES), samples);
    xpf_print_line(stdout, xpf_text(XPF_TEXT_CONVERTED), to, format->name,
                   xpf_print_bytes((double)bytes, size, sizeof size), (double)profile->nodes_count,
                   counted);
    return;
  }
  cJSON *data = cJSON_CreateObject();
  cJSON_AddStringToObject(data, "input", from);
  cJSON_AddStringToObject(data, "filepath", to);
  cJSON_AddStringToObject(data, "format", format->name);
  cJSON_AddNumberToObject(data, "size", (double)bytes);
  cJSON_AddNumberToObject(data, "nodes", profile->nodes_count);
  cJSON_AddNumberToObject(data, "samples", samples);
  xpf_print_json_done(data);
  cJSON_Delete(data);
}

int xpf_cmd_convert(const struct xpf_invocation *invocation) {
  const char *from = invocation->options.words[1], *to = invocation->options.words[2];
  const struct xpf_format *format;
  struct xpf_profile *profile = NULL;
  struct xpf_verdict verdict;
  uint64_t bytes = 0;
  uint32_t value;

  int status = choose_format(invocation, to, &format, &verdict);
  if (status == 0)
    status = xpf_profile_output_check(to, &from, 1, &verdict);
  if (status == 0)
    status = xpf_profile_file_read(invocation, from, &profile, &verdict);
  if (status == 0)
    status = xpf_profile_file_value(invocation, profile, &value, &verdict);
  if (status == 0)
    name_after_file(format, profile, from);
  if (status == 0)
    status = write_file(format, profile, value, &invocation->options.words[1], &bytes, &verdict);
  if (status == 0)
    report(invocation, format, profile, bytes);
  xpf_profile_free(profile);
  return status != 0 ? fail(&verdict, invocation->json) : 0;
}
