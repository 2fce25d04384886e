#include "format/promtext.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading {
  char *at;
  const char **wrong;
};

static int fail(struct reading *reading, const char *wrong) {
  *reading->wrong = wrong;
  return -1;
}

static void skip_blanks(struct reading *reading) {
  while (*reading->at == ' ' || *reading->at == '\t')
    reading->at++;
}

static bool begins_name(char c, bool is_metric) {
  return isalpha((unsigned char)c) || c == '_' || (is_metric && c == ':');
}

/* The end of the name at the place, which is not moved; NULL: there is none. */
static char *name_end(char *at, bool is_metric) {
  if (!begins_name(*at, is_metric))
    return NULL;
  while (begins_name(*at, is_metric) || isdigit((unsigned char)*at))
    at++;
  return at;
}

/* "value", unescaped in place. */
static char *quoted(struct reading *reading) {
  if (*reading->at != '"')
    return NULL;
  char *value = ++reading->at, *to = value;
  for (; *reading->at && *reading->at != '"'; reading->at++) {
    char c = *reading->at;
    if (c == '\\' && reading->at[1]) {
      c = *++reading->at;
      if (c == 'n')
        c = '\n';
      else if (c != '\\' && c != '"')
        *to++ = '\\';
    }
    *to++ = c;
  }
  if (*reading->at != '"')
    return NULL;
  reading->at++;
  *to = '\0';
  return value;
}

static int read_label(struct reading *reading, struct xpf_promtext *out) {
  char *name = reading->at, *end = name_end(name, false);
  if (!end)
    return fail(reading, "has a label without a right name");
  reading->at = end;
  skip_blanks(reading);
  if (*reading->at != '=')
    return fail(reading, "has a label without `=`");
  reading->at++;
  skip_blanks(reading);
  char *value = quoted(reading);
  if (!value)
    return fail(reading, "has a label whose value is not in quotes");
  *end = '\0';
  for (size_t i = 0; i < out->labels_count; i++)
    if (strcmp(out->labels[i].name, name) == 0)
      return fail(reading, "has a label twice");
  if (out->labels_count == XPF_PROMTEXT_LABELS_MAX)
    return fail(reading, "has more than 16 labels");
  out->labels[out->labels_count++] = (struct xpf_promtext_label){name, value};
  return 0;
}

static int read_labels(struct reading *reading, struct xpf_promtext *out) {
  reading->at++;
  skip_blanks(reading);
  while (*reading->at != '}') {
    if (read_label(reading, out) != 0)
      return -1;
    skip_blanks(reading);
    if (*reading->at == ',')
      reading->at++;
    else if (*reading->at != '}')
      return fail(reading, "has labels that are not parted by `,`");
    skip_blanks(reading);
  }
  reading->at++;
  return 0;
}

static int read_value(struct reading *reading, double *out) {
  static const char DIGITS[] = "0123456789+-.eE";
  char word[64];
  size_t size = strcspn(reading->at, " \t");
  if (size == 0 || size >= sizeof word)
    return fail(reading, size == 0 ? "has no value" : "has a value that is no number");
  memcpy(word, reading->at, size);
  word[size] = '\0';
  reading->at += size;
  const char *unsigned_word = word + (*word == '+' || *word == '-');
  if (strcasecmp(unsigned_word, "nan") == 0) {
    *out = NAN;
    return 0;
  }
  if (strcasecmp(unsigned_word, "inf") == 0) {
    *out = *word == '-' ? -INFINITY : INFINITY;
    return 0;
  }
  char *end = NULL;
  *out = strtod(word, &end);
  if (end == word || *end || strspn(word, DIGITS) != size)
    return fail(reading, "has a value that is no number");
  return 0;
}

/* Behind the value: nothing, a time, and in OpenMetrics an exemplar behind '#'. */
static int read_end(struct reading *reading) {
  double at;
  skip_blanks(reading);
  if (*reading->at && *reading->at != '#' && read_value(reading, &at) != 0)
    return fail(reading, "has something behind its value that is no time");
  skip_blanks(reading);
  if (*reading->at && *reading->at != '#')
    return fail(reading, "has something behind its time");
  return 0;
}

static int read_sample(struct reading *reading, struct xpf_promtext *out) {
  out->kind = XPF_PROMTEXT_SAMPLE;
  out->name = reading->at;
  char *end = name_end(reading->at, true);
  if (!end)
    return fail(reading, "does not begin with a metric's name");
  reading->at = end;
  skip_blanks(reading);
  bool has_labels = *reading->at == '{';
  if (!has_labels && reading->at == end)
    return fail(reading, *end ? "has a metric's name that is none" : "has no value");
  if (has_labels && read_labels(reading, out) != 0)
    return -1;
  skip_blanks(reading);
  if (read_value(reading, &out->value) != 0 || read_end(reading) != 0)
    return -1;
  *end = '\0';
  return 0;
}

/* Help has the escapes \\ and \n. */
static void unescape(char *text) {
  char *to = text;
  for (; *text; text++) {
    if (*text == '\\' && (text[1] == '\\' || text[1] == 'n')) {
      text++;
      *to++ = *text == 'n' ? ' ' : '\\';
    } else {
      *to++ = *text;
    }
  }
  *to = '\0';
}

/* "# TYPE name counter"; whatever else begins with '#' is a comment. */
static void read_comment(struct reading *reading, struct xpf_promtext *out) {
  static const struct {
    const char *word;
    enum xpf_promtext_kind kind;
  } WORDS[] = {
      {"HELP", XPF_PROMTEXT_HELP}, {"TYPE", XPF_PROMTEXT_TYPE}, {"UNIT", XPF_PROMTEXT_UNIT}};
  reading->at++;
  skip_blanks(reading);
  if (strcmp(reading->at, "EOF") == 0) {
    out->kind = XPF_PROMTEXT_END;
    return;
  }
  for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
    size_t size = strlen(WORDS[i].word);
    if (strncmp(reading->at, WORDS[i].word, size) != 0 || !strchr(" \t", reading->at[size]) ||
        !reading->at[size])
      continue;
    reading->at += size;
    skip_blanks(reading);
    char *end = name_end(reading->at, true);
    if (!end || (*end && !strchr(" \t", *end)))
      return;
    out->kind = WORDS[i].kind;
    out->name = reading->at;
    reading->at = end;
    skip_blanks(reading);
    *end = '\0';
    out->text = reading->at;
    unescape(out->text);
    return;
  }
}

int xpf_promtext_parse(struct xpf_promtext *out, char *line, const char **wrong) {
  struct reading reading = {line, wrong};
  memset(out, 0, sizeof *out);
  size_t size = strlen(line);
  while (size > 0 && strchr(" \t\r", line[size - 1]))
    line[--size] = '\0';
  skip_blanks(&reading);
  if (*reading.at == '\0')
    return 0;
  if (*reading.at == '#') {
    read_comment(&reading, out);
    return 0;
  }
  return read_sample(&reading, out);
}
