#include "inspect_options.h"
#include <stdlib.h>
#include <string.h>

#define VARIABLE "NODE_OPTIONS="
#define WORD_MAX 256

void xpf_inspect_options_init(struct xpf_inspect_options *options) {
  *options = (struct xpf_inspect_options){.port = XPF_INSPECT_PORT};
}

static const char *after(const char *word, const char *begin) {
  size_t size = strlen(begin);
  return strncmp(word, begin, size) == 0 ? word + size : NULL;
}

/* "9230", "0.0.0.0:9230", "[::1]:9230"; a host alone changes nothing. */
static void read_place(struct xpf_inspect_options *options, const char *text) {
  const char *colon = strrchr(text, ':'), *digits = colon != NULL ? colon + 1 : text;
  char *end;
  unsigned long port = strtoul(digits, &end, 10);
  if (*digits >= '0' && *digits <= '9' && *end == '\0' && port <= 65535)
    options->port = (unsigned)port;
}

static void take_flag(struct xpf_inspect_options *options, const char *word) {
  if (strcmp(word, "--disable-sigusr1") == 0)
    options->is_disabled = true;
  else if (strcmp(word, "--permission") == 0 || strcmp(word, "--experimental-permission") == 0)
    options->has_permission = true;
  else if (strcmp(word, "--allow-addons") == 0)
    options->allows_addons = true;
  else if (strcmp(word, "--no-addons") == 0)
    options->has_no_addons = true;
}

static void take_word(struct xpf_inspect_options *options, const char *word) {
  static const char *const places[] = {
      "--inspect=", "--inspect-brk=", "--inspect-wait=", "--inspect-port=", "--debug-port="};
  const char *value;

  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if ((value = after(word, places[i])) != NULL)
      read_place(options, value);
  if (after(word, "--inspect-brk") != NULL || after(word, "--inspect-wait") != NULL)
    options->is_waiting = true;
  if ((value = after(word, "--inspect-publish-uid=")) != NULL)
    options->is_hidden = strstr(value, "http") == NULL;
  take_flag(options, word);
}

void xpf_inspect_options_words(struct xpf_inspect_options *options, const char *words,
                               size_t size) {
  const char *limit = words + size;
  while (words < limit) {
    const char *end = memchr(words, '\0', (size_t)(limit - words));
    if (end == NULL)
      return; /* cut off */
    take_word(options, words);
    words = end + 1;
  }
}

static void take_variable(struct xpf_inspect_options *options, const char *value) {
  char word[WORD_MAX];
  while (*value != '\0') {
    size_t size = strcspn(value, " ");
    if (size > 0 && size < sizeof word) {
      memcpy(word, value, size);
      word[size] = '\0';
      take_word(options, word);
    }
    value += size;
    value += strspn(value, " ");
  }
}

void xpf_inspect_options_environment(struct xpf_inspect_options *options, const char *variables,
                                     size_t size) {
  const char *limit = variables + size;
  while (variables < limit) {
    const char *end = memchr(variables, '\0', (size_t)(limit - variables));
    if (end == NULL)
      return;
    const char *value = after(variables, VARIABLE);
    if (value != NULL)
      take_variable(options, value);
    variables = end + 1;
  }
}
