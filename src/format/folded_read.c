#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "format/folded.h"
#include "format/stack_tree.h"
#include "format/string_table.h"

#define LINE_MAX_BYTES (16 << 20)
#define LINE_FIRST     4096
#define ANONYMOUS      "(anonymous)"

struct reader {
  struct xpf_source *source;
  struct xpf_read_error *error;
  struct xpf_profile *profile;
  struct xpf_stack_tree tree;      /* its nodes are those of the profile */
  struct xpf_string_table *frames; /* texts of frames; their numbers are the tree's frames */
  char *line;                      /* without its break */
  size_t line_size, line_capacity;
  uint64_t line_offset;
};

static int fail(struct reader *r, enum xpf_read_reason reason, const char *detail) {
  return xpf_read_fail(r->error, reason, r->line_offset, detail);
}

static int line_add(struct reader *r, const unsigned char *data, size_t size) {
  size_t needed = r->line_size + size + 1;
  if (needed > LINE_MAX_BYTES)
    return fail(r, XPF_READ_TOO_LARGE, "a line");
  if (needed > r->line_capacity) {
    size_t capacity = r->line_capacity == 0 ? LINE_FIRST : r->line_capacity;
    while (capacity < needed)
      capacity *= 2;
    char *grown = realloc(r->line, capacity);
    if (grown == NULL)
      return fail(r, XPF_READ_MEMORY, "");
    r->line = grown;
    r->line_capacity = capacity;
  }
  memcpy(r->line + r->line_size, data, size);
  r->line_size += size;
  r->line[r->line_size] = '\0';
  return 0;
}

/* 1: a line; 0: the end; -1. */
static int line_next(struct reader *r) {
  struct xpf_source *source = r->source;
  bool has_line = false;
  r->line_size = 0;
  r->line_offset = xpf_source_offset(source);
  while (xpf_source_has(source)) {
    const unsigned char *begin = source->buffer + source->at;
    size_t there = source->end - source->at;
    const unsigned char *newline = memchr(begin, '\n', there);
    size_t size = newline != NULL ? (size_t)(newline - begin) : there;
    if (line_add(r, begin, size) < 0)
      return -1;
    source->at += size + (newline != NULL ? 1 : 0);
    has_line = true;
    if (newline != NULL)
      break;
  }
  if (source->error != 0)
    return xpf_read_fail_source(r->error, source);
  if (has_line && r->line_size > 0 && r->line[r->line_size - 1] == '\r')
    r->line[--r->line_size] = '\0';
  return has_line;
}

/* Where the number begins, behind the last blank; NULL when there is none. */
static char *number_find(char *line, size_t size) {
  size_t end = size;
  while (end > 0 && strchr("0123456789.", line[end - 1]) != NULL)
    end--;
  if (end > 0 && line[end - 1] == '-')
    end--;
  bool has_digit = end < size && strpbrk(line + end, "0123456789") != NULL;
  return has_digit && end > 1 && line[end - 1] == ' ' ? line + end : NULL;
}

static int number_read(struct reader *r, const char *text, int64_t *out) {
  const char *point = strchr(text, '.');
  if (point != NULL && strchr(point + 1, '.') != NULL)
    return fail(r, XPF_READ_SYNTAX, "the number at the end of a line");
  errno = 0;
  *out = strtoll(text, NULL, 10);
  return errno == ERANGE ? fail(r, XPF_READ_OUT_OF_RANGE, "the number at the end of a line") : 0;
}

/* Turns back what the writer had to replace, in place. */
static void text_restore(char *text) {
  char *out = text;
  for (const char *at = text; *at != '\0';) {
    if (strncmp(at, "\xcd\xbe", 2) == 0) {
      *out++ = ';';
      at += 2;
    } else if (strncmp(at, "\xe2\x90\x8a", 3) == 0 || strncmp(at, "\xe2\x90\x8d", 3) == 0) {
      *out++ = at[2] == '\x8a' ? '\n' : '\r';
      at += 3;
    } else {
      *out++ = *at++;
    }
  }
  *out = '\0';
}

/* The number behind the last ':' of the text, which is cut off; 0 when there is none. */
static int32_t place_cut(char *text) {
  char *colon = strrchr(text, ':'), *end;
  if (colon == NULL || colon[1] < '0' || colon[1] > '9')
    return 0;
  long number = strtol(colon + 1, &end, 10);
  if (*end != '\0' || number <= 0 || number > INT_MAX)
    return 0;
  *colon = '\0';
  return (int32_t)number;
}

static bool is_url(const char *text) {
  static const char *const begins[] = {
      "/", "node:", "file:", "http:", "https:", "wasm:", "internal/"};
  for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
    if (strncmp(text, begins[i], strlen(begins[i])) == 0)
      return true;
  return false;
}

/* "name (path:line:column)", "name (path:line)", "name (path)"; else all of it is the name. */
static void frame_split(char *text, struct xpf_profile_frame *frame) {
  size_t size = strlen(text);
  *frame = (struct xpf_profile_frame){.function_name = text, .url = "", .bailout_reason = ""};
  if (size > 0 && text[size - 1] == ')') {
    char *open = NULL; /* the first " (" behind which the brackets match up to the end */
    int depth = 0;
    for (size_t i = size; i-- > 1;) {
      depth += text[i] == ')' ? 1 : text[i] == '(' ? -1 : 0;
      if (depth == 0) {
        open = text[i - 1] == ' ' ? &text[i] : NULL;
        break;
      }
    }
    if (open != NULL) {
      text[size - 1] = '\0';
      int32_t last = place_cut(open + 1), before = last > 0 ? place_cut(open + 1) : 0;
      if (last > 0 || is_url(open + 1)) {
        open[-1] = '\0';
        frame->url = open + 1;
        frame->line = before > 0 ? before : last;
        frame->column = before > 0 ? last : 0;
      } else {
        text[size - 1] = ')';
      }
    }
  }
  if (strcmp(text, ANONYMOUS) == 0)
    frame->function_name = "";
}

/* The node of a frame below a parent, or -1. `text` is used up. */
static int64_t frame_child(struct reader *r, uint32_t parent, char *text) {
  int64_t number = xpf_string_table_add(r->frames, text, strlen(text));
  uint32_t before = r->tree.count;
  int64_t index = number < 0 ? -1 : xpf_stack_tree_child(&r->tree, parent, (uint32_t)number);
  if (index >= 0 && index < before)
    return index;
  struct xpf_profile_frame frame;
  text_restore(text);
  frame_split(text, &frame);
  if (index >= 0)
    index = xpf_profile_node_add(r->profile, parent, before + 1, &frame);
  return index < 0 ? fail(r, XPF_READ_MEMORY, "") : index;
}

static int take_line(struct reader *r) {
  if (strlen(r->line) != r->line_size)
    return fail(r, XPF_READ_SYNTAX, "a line with a zero byte");
  int64_t value = 0, node = 0; /* gcc 12 at -Os sees no value otherwise */
  char *number = number_find(r->line, r->line_size);
  if (number == NULL)
    return fail(r, XPF_READ_SYNTAX, "a line without a blank and a number at its end");
  if (number_read(r, number, &value) < 0)
    return -1;
  number[-1] = '\0';
  char *rest = r->line;
  for (char *frame = strsep(&rest, ";"); frame != NULL && node >= 0; frame = strsep(&rest, ";"))
    node = frame_child(r, (uint32_t)node, frame);
  if (node < 0)
    return -1;
  int64_t *sum = &r->profile->nodes[node].self[0];
  if (__builtin_add_overflow(*sum, value, sum))
    return fail(r, XPF_READ_OUT_OF_RANGE, "the sum of the numbers of a stack");
  return 0;
}

static int read_lines(struct reader *r) {
  struct xpf_profile_frame root = {.function_name = "(root)", .url = "", .bailout_reason = ""};
  if (r->profile == NULL || r->frames == NULL || xpf_stack_tree_init(&r->tree) < 0 ||
      xpf_profile_value_set(r->profile, 0, "samples", "count") < 0 ||
      xpf_profile_node_add(r->profile, XPF_NO_PARENT, 1, &root) < 0)
    return fail(r, XPF_READ_MEMORY, "");
  int rc;
  while ((rc = line_next(r)) > 0)
    if (strspn(r->line, " \t") < r->line_size && take_line(r) < 0)
      return -1;
  if (rc == 0 && r->profile->nodes_count == 1)
    return fail(r, XPF_READ_EMPTY, "");
  return rc;
}

int xpf_folded_read(struct xpf_source *source, struct xpf_profile **out,
                    struct xpf_read_error *error) {
  struct reader r = {.source = source, .error = error};
  r.profile = xpf_profile_new(XPF_PROFILE_OTHER);
  r.frames = xpf_string_table_new();
  if (read_lines(&r) == 0)
    *out = r.profile;
  else
    xpf_profile_free(r.profile);
  xpf_string_table_free(r.frames);
  xpf_stack_tree_free(&r.tree);
  free(r.line);
  return xpf_read_code(error);
}

bool xpf_folded_detect(const unsigned char *head, size_t size) {
  size_t begin = 0;
  while (begin < size && strchr(" \t\r\n", head[begin]) != NULL && head[begin] != '\0')
    begin++;
  size_t end = begin;
  while (end < size && head[end] != '\n') {
    if (head[end] < 0x20 && head[end] != '\t' && head[end] != '\r')
      return false;
    end++;
  }
  while (end > begin && (head[end - 1] == '\r' || head[end - 1] == ' '))
    end--;
  size_t digits = end;
  while (digits > begin && ((head[digits - 1] >= '0' && head[digits - 1] <= '9') ||
                            head[digits - 1] == '.' || head[digits - 1] == '-'))
    digits--;
  return digits < end && digits > begin + 1 && head[digits - 1] == ' ';
}
