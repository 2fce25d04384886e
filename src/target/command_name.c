#include "target/command_name.h"
#include <stdbool.h>
#include <string.h>
#include "host/printable.h"

struct word {
  const char *text;
  size_t size;
};

static bool next_word(const char **at, const char *end, struct word *out) {
  if (*at >= end)
    return false;
  out->text = *at;
  out->size = strnlen(*at, (size_t)(end - *at));
  *at += out->size + 1;
  return true;
}

static struct word base_of(struct word path) {
  for (size_t i = path.size; i > 0; i--)
    if (path.text[i - 1] == '/')
      return (struct word){path.text + i, path.size - i};
  return path;
}

static bool begins(struct word word, const char *with) {
  size_t size = strlen(with);
  return word.size >= size && memcmp(word.text, with, size) == 0;
}

static bool is(struct word word, const char *text) {
  return word.size == strlen(text) && begins(word, text);
}

/* Options of Node whose value may be the next word. */
static bool takes_value(struct word option) {
  static const char *const OPTIONS[] = {
      "-r",          "--require",    "--import",   "--loader",
      "-C",          "--conditions", "--env-file", "--experimental-loader",
      "--input-type"};
  for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
    if (is(option, OPTIONS[i]))
      return true;
  return false;
}

static bool is_eval(struct word option) {
  return is(option, "-e") || is(option, "--eval") || is(option, "-p") || is(option, "--print") ||
         is(option, "-pe");
}

/* index.js says nothing without the folder it is in. */
static struct word with_folder(struct word script) {
  static const char *const PLAIN[] = {"index.", "main.", "app.", "server."};
  struct word base = base_of(script);
  bool is_plain = false;
  for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++)
    is_plain |= begins(base, PLAIN[i]);
  if (!is_plain || base.size + 1 >= script.size)
    return base;
  struct word folder = base_of((struct word){script.text, script.size - base.size - 1});
  if (folder.size == 0 || is(folder, ".") || is(folder, ".."))
    return base;
  return (struct word){folder.text, folder.size + 1 + base.size};
}

/* The script among the words behind "node". */
static struct word find_script(const char *at, const char *end, struct word program) {
  static const struct word EVAL = {"node -e", 7};
  struct word word;
  while (next_word(&at, end, &word)) {
    if (is_eval(word))
      return EVAL;
    if (is(word, "--"))
      return next_word(&at, end, &word) ? with_folder(word) : program;
    if (word.size > 1 && word.text[0] == '-') {
      if (takes_value(word))
        next_word(&at, end, &word);
    } else if (word.size > 0) {
      return with_folder(word);
    }
  }
  return program;
}

const char *xpf_command_name(char *out, size_t out_size, const char *arguments, size_t size) {
  const char *at = arguments, *end = arguments + size;
  struct word program, next;
  while (end > at && end[-1] == '\0') /* a title is padded with them */
    end--;
  *out = '\0';
  if (!next_word(&at, end, &program))
    return out;
  const char *behind = at;
  bool has_more = next_word(&behind, end, &next);
  struct word name = base_of(program);
  if (has_more && begins(name, "node"))
    name = find_script(at, end, name);
  else if (!has_more && program.text[0] != '/')
    name = program; /* a title: may have any text, slashes too */
  xpf_printable_copy(out, out_size, name.text, name.size);
  return out;
}
