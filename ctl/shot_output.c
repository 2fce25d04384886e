#include "shot_output.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "file_out.h"

/* What the target writes itself; its extension stands first in the row. */
static bool is_native(const struct xpf_shot_kind *kind, const struct xpf_format *format) {
  size_t size = strlen(kind->extension);
  return strncmp(format->extensions + 1, kind->extension, size) == 0 &&
         strchr(" ", format->extensions[1 + size]) != NULL;
}

const char *xpf_shot_output_formats(const struct xpf_shot_kind *kind, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = '\0';
  for (unsigned i = 0; i < xpf_formats_count; i++) {
    const struct xpf_format *format = &xpf_formats[i];
    if (!is_native(kind, format) && (format->write == NULL || (format->kinds & kind->formats) == 0))
      continue;
    int added = snprintf(buffer + used, size - used, "%s%s", used > 0 ? ", " : "", format->name);
    if (added < 0 || (size_t)added >= size - used)
      break;
    used += (size_t)added;
  }
  if (used == 0)
    snprintf(buffer, size, "%s", kind->extension);
  return buffer;
}

static int refuse(const struct xpf_shot_kind *kind, const struct xpf_format *format,
                  struct xpf_verdict *verdict) {
  char names[256];
  return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_FORMAT_UNFIT, format->name,
                         xpf_text(kind->title), xpf_shot_output_formats(kind, names, sizeof names));
}

/* Whether this kind can become that; its own format is no conversion. */
static int take_format(struct xpf_shot_output *out, const struct xpf_shot_kind *kind,
                       const struct xpf_format *format, struct xpf_verdict *verdict) {
  if (is_native(kind, format))
    return 0;
  if (format->write == NULL || (format->kinds & kind->formats) == 0)
    return refuse(kind, format, verdict);
  out->format = format;
  return 0;
}

/* "x.svg" is asked to become something; "cpu", "cpu.2026-11-25" and /dev/fd/3 are only names. */
static bool has_extension(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
  const char *point = strrchr(name, '.');
  return point != NULL && point > name && isalpha((unsigned char)point[1]);
}

static bool ends_with(const char *path, const char *end) {
  size_t path_size = strlen(path), size = strlen(end);
  return path_size >= size && strcasecmp(path + path_size - size, end) == 0;
}

/* What is no profile is never converted, so it may not be called like what it is not: x.html would
 * be no page. .json and .txt say only how it is written. */
static int check_name(const char *path, const struct xpf_shot_kind *kind,
                      struct xpf_verdict *verdict) {
  const struct xpf_format *format = xpf_format_of_path(path);
  if (format == NULL || is_native(kind, format) || ends_with(path, ".txt"))
    return 0;
  if (xpf_format_of_path("a.json") == format && !ends_with(path, ".trace.json"))
    return 0;
  return refuse(kind, format, verdict);
}

static int choose_format(struct xpf_shot_output *out, const struct xpf_options *options,
                         const struct xpf_shot_kind *kind, struct xpf_verdict *verdict) {
  const char *name = options->values[XPF_OPTION_FORMAT].text;
  char names[256];

  if (xpf_options_has(options, XPF_OPTION_FORMAT)) {
    const struct xpf_format *format = xpf_format_find(name);
    if (strcmp(name, kind->extension) == 0)
      return 0;
    if (format == NULL)
      return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_FORMAT_UNKNOWN, name,
                             xpf_shot_output_formats(kind, names, sizeof names));
    return take_format(out, kind, format, verdict);
  }
  if (out->path == NULL || out->is_stdout || out->is_directory)
    return 0;
  if (kind->formats == 0)
    return check_name(out->path, kind, verdict);
  const struct xpf_format *format = xpf_format_of_path(out->path);
  if (format == NULL && has_extension(out->path))
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_FORMAT_UNCLEAR, out->path,
                           xpf_shot_output_formats(kind, names, sizeof names));
  return format != NULL ? take_format(out, kind, format, verdict) : 0;
}

static int check_path(struct xpf_shot_output *out, struct xpf_verdict *verdict) {
  struct stat entry;

  if (out->path == NULL || out->is_stdout)
    return 0;
  out->is_directory = stat(out->path, &entry) == 0 && S_ISDIR(entry.st_mode);
  if (out->is_directory)
    return 0;
  int error = xpf_file_out_check(out->path);
  return error == 0 ? 0
                    : xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_OUTPUT_UNUSABLE,
                                      out->path, strerror(-error));
}

int xpf_shot_output_plan(struct xpf_shot_output *out, const struct xpf_invocation *invocation,
                         size_t targets, struct xpf_verdict *verdict) {
  const struct xpf_options *options = &invocation->options;
  const struct xpf_shot_kind *kind = invocation->command->argument;

  *out = (struct xpf_shot_output){.is_several = targets > 1, .extension = kind->extension};
  out->opens = xpf_options_has(options, XPF_OPTION_OPEN);
  out->keeps_places = xpf_options_has(options, XPF_OPTION_NO_SOURCE_MAPS);
  if (xpf_options_has(options, XPF_OPTION_OUTPUT))
    out->path = options->values[XPF_OPTION_OUTPUT].text;
  out->is_stdout = out->path != NULL && strcmp(out->path, "-") == 0;
  if (out->is_stdout && out->is_several)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_OUTPUT_ONE, targets);
  if (out->is_stdout && invocation->json)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_OPTIONS_APART, "-o -", "--json");
  if (out->is_stdout && out->opens)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_OPTIONS_APART, "-o -", "--open");
  int status = check_path(out, verdict);
  if (status == 0)
    status = choose_format(out, options, kind, verdict);
  return status;
}

bool xpf_shot_output_is_original(const struct xpf_shot_output *output) {
  return output->path == NULL && output->format == NULL;
}

static const char *name_in(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* "out.pb.gz" of two processes: out-12.pb.gz, out-13.pb.gz; of their threads out-12-w1.pb.gz. The
 * extension begins at the first point of the name. */
static void make_distinct(const char *path, const struct xpf_shot_target *target, char *buffer,
                          size_t size) {
  const char *name = name_in(path);
  size_t stem = (size_t)(name - path) + (*name == '.' ? 1 : 0);
  char worker[16] = "";

  stem += strcspn(path + stem, ".");
  if (target->thread_id != 0)
    snprintf(worker, sizeof worker, "-w%u", target->thread_id);
  snprintf(buffer, size, "%.*s-%d%s%s", (int)stem, path, (int)target->pid, worker, path + stem);
}

/* A hostile target could name its file .bashrc, and root run us at home. */
static bool is_name_of_ours(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return strncmp(name, "x-", 2) == 0 && name[strspn(name, letters)] == '\0';
}

/* The name the target chose, with the extension of the format. */
static void make_from_original(const struct xpf_shot_output *output,
                               const struct xpf_shot_target *target, const char *original,
                               char *buffer, size_t size) {
  char own[64];
  snprintf(own, sizeof own, "x-%d-%u.%.20s", (int)target->pid, target->thread_id,
           output->extension);
  const char *name = is_name_of_ours(name_in(original)) ? name_in(original) : own;
  const char *point = strrchr(name, '.');
  const char *dir = output->path != NULL ? output->path : ".";
  const char *slash = dir[0] != '\0' && dir[strlen(dir) - 1] == '/' ? "" : "/";

  if (output->path == NULL)
    dir = slash = "";
  if (output->format == NULL || point == NULL) {
    snprintf(buffer, size, "%s%s%s", dir, slash, name);
    return;
  }
  const char *extensions = output->format->extensions;
  snprintf(buffer, size, "%s%s%.*s%.*s", dir, slash, (int)(point - name), name,
           (int)strcspn(extensions, " "), extensions);
}

const char *xpf_shot_output_path(const struct xpf_shot_output *output,
                                 const struct xpf_shot_target *target, const char *original,
                                 char *buffer, size_t size) {
  if (output->path == NULL || output->is_directory)
    make_from_original(output, target, original, buffer, size);
  else if (output->is_several)
    make_distinct(output->path, target, buffer, size);
  else
    snprintf(buffer, size, "%s", output->path);
  return buffer;
}
