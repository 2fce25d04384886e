#include "daemon/settings.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)

const struct xpf_setting xpf_setting_table[XPF_SETTING_COUNT] = {
#define SETTING_ROW(id, name, kind, standard, min, max, value, help)                               \
  {name, XPF_SETTING_##kind, standard, min, max, value, help},
    XPF_SETTINGS(SETTING_ROW)
#undef SETTING_ROW
};

struct reading {
  struct xpf_settings *out;
  enum xpf_setting_origin origin;
  const char *where; /* "--listen", "file:3" */
  char *why;
  size_t why_size;
};

static bool is_name(const char *name, const char *typed, size_t size) {
  size_t i = 0;
  for (; i < size && name[i]; i++) {
    char c = typed[i] == '-' ? '_' : (char)tolower((unsigned char)typed[i]);
    if (c != name[i])
      return false;
  }
  return i == size && name[i] == '\0';
}

static int find(const char *typed, size_t size) {
  for (int id = 0; id < XPF_SETTING_COUNT; id++)
    if (is_name(xpf_setting_table[id].name, typed, size))
      return id;
  return -1;
}

static int set_number(struct reading *reading, int id, const char *value) {
  const struct xpf_setting *setting = &xpf_setting_table[id];
  char *end = NULL;
  double number = strtod(value, &end);
  if (end == value || *end || !isfinite(number) || number < setting->min || number > setting->max) {
    snprintf(reading->why, reading->why_size, "%s: `%.80s` is no number from %.10g to %.10g (%s)",
             reading->where, value, setting->min, setting->max, setting->value);
    return -EINVAL;
  }
  reading->out->number[id] = number;
  return 0;
}

static int set(struct reading *reading, int id, const char *value) {
  struct xpf_settings *out = reading->out;
  if (out->text[id] && out->origin[id] > reading->origin)
    return 0; /* a stronger one was there before */
  if (xpf_setting_table[id].kind == XPF_SETTING_NUMBER) {
    int error = set_number(reading, id, value);
    if (error)
      return error;
  }
  char *copy = strdup(value);
  if (!copy) {
    snprintf(reading->why, reading->why_size, "out of memory");
    return -ENOMEM;
  }
  free(out->text[id]);
  out->text[id] = copy;
  out->origin[id] = reading->origin;
  return 0;
}

static int set_defaults(struct xpf_settings *out, char *why, size_t why_size) {
  struct reading reading = {out, XPF_ORIGIN_DEFAULT, "default", why, why_size};
  for (int id = 0; id < XPF_SETTING_COUNT; id++) {
    int error = set(&reading, id, xpf_setting_table[id].standard);
    if (error)
      return error;
  }
  return 0;
}

static const char *skip_blanks(const char *from, const char *end) {
  while (from < end && isspace((unsigned char)*from))
    from++;
  return from;
}

static const char *without_blanks(const char *from, const char *end) {
  while (end > from && isspace((unsigned char)end[-1]))
    end--;
  return end;
}

/* `name = value`, with nothing around it. */
static int parse_line(struct reading *reading, const char *line, const char *end) {
  const char *equals = memchr(line, '=', (size_t)(end - line));
  if (!equals) {
    snprintf(reading->why, reading->why_size, "%s: `%.*s` has no `=`; lines read: name = value",
             reading->where, (int)(end - line > 80 ? 80 : end - line), line);
    return -EINVAL;
  }
  const char *name_end = without_blanks(line, equals);
  int id = find(line, (size_t)(name_end - line));
  if (id < 0) {
    int shown = (int)(name_end - line > 80 ? 80 : name_end - line);
    snprintf(reading->why, reading->why_size,
             "%s: there is no setting `%.*s`; `xprofd --help` lists them", reading->where, shown,
             line);
    return -EINVAL;
  }
  const char *value = skip_blanks(equals + 1, end);
  char *copy = strndup(value, (size_t)(end - value));
  int error = copy ? set(reading, id, copy) : -ENOMEM;
  free(copy);
  return error;
}

int xpf_settings_parse_file(struct xpf_settings *settings, const char *text, size_t size,
                            const char *name, char *why, size_t why_size) {
  char where[512] = "";
  struct reading reading = {settings, XPF_ORIGIN_FILE, where, why, why_size};
  const char *at = text, *end = text + size;
  for (unsigned number = 1; at < end; number++) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *line_end = newline ? newline : end;
    const char *first = skip_blanks(at, line_end);
    const char *last = without_blanks(first, line_end);
    snprintf(where, sizeof where, "%.400s:%u", name, number);
    if (memchr(first, '\0', (size_t)(last - first))) {
      snprintf(why, why_size, "%s: a NUL byte; this is no text file", where);
      return -EINVAL;
    }
    if (first < last && *first != '#') {
      int error = parse_line(&reading, first, last);
      if (error)
        return error;
    }
    at = newline ? newline + 1 : end;
  }
  return 0;
}

static int read_file(struct xpf_settings *out, const char *path, char *why, size_t why_size) {
  FILE *file = fopen(path, "re");
  if (!file) {
    int error = -errno;
    snprintf(why, why_size, "config: %.400s cannot be read: %s", path, strerror(-error));
    return error;
  }
  char *text = malloc(FILE_MAX + 1);
  size_t size = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
  int error = text ? 0 : -ENOMEM;
  if (ferror(file)) {
    error = -EIO;
    snprintf(why, why_size, "config: %.400s cannot be read: it is no file?", path);
  } else if (size > FILE_MAX) {
    error = -EFBIG;
    snprintf(why, why_size, "config: %.400s is longer than 1 MiB; is it the right file?", path);
  }
  fclose(file);
  if (!error)
    error = xpf_settings_parse_file(out, text, size, path, why, why_size);
  free(text);
  return error;
}

static int read_environment(struct reading *reading, char *const *envp) {
  static const char PREFIX[] = "XPROFD_";
  for (; envp && *envp; envp++) {
    const char *equals = strchr(*envp, '=');
    if (!equals || strncmp(*envp, PREFIX, sizeof PREFIX - 1) != 0)
      continue;
    const char *name = *envp + sizeof PREFIX - 1;
    int id = find(name, (size_t)(equals - name));
    if (id < 0)
      continue; /* an environment is shared with others: XPROFD_CONFIG, or not for us */
    char where[128];
    snprintf(where, sizeof where, "%.*s", (int)(equals - *envp), *envp);
    reading->where = where;
    int error = set(reading, id, equals + 1);
    if (error)
      return error;
  }
  return 0;
}

/* The value of argument *i, `--name=value` or `--name value`; moves *i. */
static const char *value_of(int argc, char *const *argv, int *i) {
  const char *equals = strchr(argv[*i], '=');
  if (equals)
    return equals + 1;
  return *i + 1 < argc ? argv[++*i] : NULL;
}

/* What an option without a value sets; NULL when it is none. */
static bool *flag_of(struct xpf_settings *out, const char *word) {
  const struct {
    const char *name;
    char letter;
    bool *flag;
  } flags[] = {
      {"--help", 'h', &out->wants_help},          {"--version", 'v', &out->wants_version},
      {"--check", 'C', &out->wants_check},        {"--list-fields", 0, &out->wants_fields},
      {"--sample-config", 0, &out->wants_sample}, {"--man", 0, &out->wants_manual},
  };
  bool is_letter = word[0] == '-' && word[1] != '\0' && word[2] == '\0';
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(word, flags[i].name) == 0 || (is_letter && word[1] == flags[i].letter))
      return flags[i].flag;
  return NULL;
}

static int read_argument(struct reading *reading, int argc, char *const *argv, int *i,
                         const char **config) {
  const char *word = argv[*i];
  bool *flag = flag_of(reading->out, word);
  if (flag) {
    *flag = true;
    return 0;
  }
  size_t size = strcspn(word, "=");
  bool is_config = word[0] == '-' && word[1] == '-' && is_name("config", word + 2, size - 2);
  int id = word[0] == '-' && word[1] == '-' ? find(word + 2, size - 2) : -1;
  if (id < 0 && !is_config) {
    snprintf(reading->why, reading->why_size,
             "`%.80s` is no option of xprofd; `xprofd --help` lists them", word);
    return -EINVAL;
  }
  char where[128];
  snprintf(where, sizeof where, "%.*s", (int)(size > 100 ? 100 : size), word);
  const char *value = value_of(argc, argv, i);
  if (!value) {
    snprintf(reading->why, reading->why_size, "%s needs a value: %s", where,
             is_config ? "FILE" : xpf_setting_table[id].value);
    return -EINVAL;
  }
  if (is_config) {
    *config = value;
    return 0;
  }
  reading->where = where;
  return set(reading, id, value);
}

static const char *config_of_environment(char *const *envp) {
  for (; envp && *envp; envp++)
    if (strncmp(*envp, "XPROFD_CONFIG=", 14) == 0)
      return *envp + 14;
  return NULL;
}

int xpf_settings_read(struct xpf_settings *out, int argc, char *const *argv, char *const *envp,
                      char *why, size_t why_size) {
  memset(out, 0, sizeof *out);
  snprintf(why, why_size, "out of memory");
  int error = set_defaults(out, why, why_size);
  const char *config = config_of_environment(envp);
  struct reading arguments = {out, XPF_ORIGIN_ARGUMENT, "", why, why_size};
  for (int i = 0; !error && i < argc; i++)
    error = read_argument(&arguments, argc, argv, &i, &config);
  if (out->wants_help || out->wants_version || out->wants_fields || out->wants_manual ||
      out->wants_sample)
    return error; /* whoever asks for help has no use for complaints about a file */
  struct reading environment = {out, XPF_ORIGIN_ENVIRONMENT, "", why, why_size};
  if (!error)
    error = read_environment(&environment, envp);
  if (!error && config)
    error = read_file(out, config, why, why_size);
  return error;
}

void xpf_settings_free(struct xpf_settings *settings) {
  for (int id = 0; id < XPF_SETTING_COUNT; id++) {
    free(settings->text[id]);
    settings->text[id] = NULL;
  }
}

const char *xpf_settings_text(const struct xpf_settings *settings, enum xpf_setting_id id) {
  return settings->text[id];
}
