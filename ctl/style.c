#include "style.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_COLUMNS 80

bool xpf_style_has_colour(FILE *stream) {
  const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
  if (no_colour != NULL && *no_colour != '\0')
    return false;
  if (terminal == NULL || strcmp(terminal, "dumb") == 0)
    return false;
  return isatty(fileno(stream)) == 1;
}

const char *xpf_style(enum xpf_colour colour, FILE *stream) {
  static const char *const sequences[] = {
      [XPF_COLOUR_PLAIN] = "\033[0m", [XPF_COLOUR_BOLD] = "\033[1m",
      [XPF_COLOUR_DIM] = "\033[2m",   [XPF_COLOUR_BAR] = "\033[36m",
      [XPF_COLOUR_GOOD] = "\033[32m", [XPF_COLOUR_BAD] = "\033[31m"};
  return xpf_style_has_colour(stream) ? sequences[colour] : "";
}

bool xpf_style_is_utf8(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value == NULL || *value == '\0')
      continue;
    const char *charset = strchr(value, '.');
    return charset != NULL &&
           (strncasecmp(charset, ".utf-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0);
  }
  return false;
}

static size_t put(char *buffer, size_t size, size_t used, const char *text) {
  size_t length = strlen(text);
  if (used + length >= size)
    return used;
  memcpy(buffer + used, text, length + 1);
  return used + length;
}

const char *xpf_style_bar(double fraction, unsigned columns, bool shaded, char *buffer,
                          size_t size) {
  static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  bool utf8 = xpf_style_is_utf8();
  double clean = fraction > 1 ? 1 : fraction > 0 ? fraction : 0; /* NaN is 0 too */
  unsigned parts = utf8 ? (unsigned)(clean * columns * 8 + 0.5)
                        : 8 * (unsigned)(clean * columns + 0.5); /* whole ones only */
  unsigned used_columns = 0;
  const char *rest = !shaded ? " " : utf8 ? "░" : ".";
  size_t used = 0;

  buffer[0] = '\0';
  for (; used_columns < parts / 8; used_columns++)
    used = put(buffer, size, used, utf8 ? "█" : "#");
  if (utf8 && parts % 8 != 0 && used_columns < columns) {
    used = put(buffer, size, used, eighths[parts % 8]);
    used_columns++;
  }
  for (; used_columns < columns; used_columns++)
    used = put(buffer, size, used, rest);
  return buffer;
}

unsigned xpf_style_columns(FILE *stream) {
  struct winsize window;
  if (ioctl(fileno(stream), TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
    return window.ws_col;
  return DEFAULT_COLUMNS;
}
