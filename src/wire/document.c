#include "wire/document.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "wire/utf8.h"

/* cJSON reads at most this much of a number. */
#define NUMBER_MAX_BYTES 63

enum expect { EXPECT_VALUE, EXPECT_ITEM_OR_END, EXPECT_KEY, EXPECT_KEY_OR_END, EXPECT_NEXT };

struct scan {
  const char *start, *at, *end;
  struct xpf_document *document;
  enum expect expect;
  unsigned depth;
  uint64_t objects; /* bit d - 1: what is open at depth d is an object */
  size_t values_left;
  bool id_follows; /* the value after this is that of the outermost "id" */
};

static int refuse(struct scan *scan, int error, const char *wrong) {
  scan->document->wrong = wrong;
  scan->document->offset = (size_t)(scan->at - scan->start);
  return error;
}

static bool is_digit(const struct scan *scan) {
  return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

static bool skip_one_of(struct scan *scan, const char *set) {
  if (scan->at == scan->end || *scan->at == '\0' || strchr(set, *scan->at) == NULL)
    return false;
  scan->at++;
  return true;
}

/* The code unit of the "uXXXX" at scan->at, or -1. */
static long hex4(struct scan *scan) {
  if (scan->end - scan->at < 5 || *scan->at != 'u')
    return -1;
  long unit = 0;
  for (int i = 1; i <= 4; i++) {
    char c = scan->at[i];
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0)
      return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/* Behind the backslash. */
static int scan_escape(struct scan *scan) {
  if (skip_one_of(scan, "\"\\/bfnrt"))
    return 0;
  long unit = hex4(scan);
  if (unit < 0)
    return refuse(scan, -EINVAL, "a wrong escape sequence");
  if (unit == 0)
    return refuse(scan, -EINVAL, "an escaped NUL, which no string may contain");
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return refuse(scan, -EINVAL, "half of a surrogate pair");
  scan->at += 5;
  if (unit < 0xd800 || unit > 0xdbff)
    return 0;
  long low = skip_one_of(scan, "\\") ? hex4(scan) : -1;
  if (low < 0xdc00 || low > 0xdfff)
    return refuse(scan, -EINVAL, "half of a surrogate pair");
  scan->at += 5;
  return 0;
}

static int scan_string(struct scan *scan) {
  if (!skip_one_of(scan, "\""))
    return refuse(scan, -EINVAL, "no string where one belongs");
  while (scan->at < scan->end) {
    unsigned char c = (unsigned char)*scan->at;
    if (c < 0x20)
      return refuse(scan, -EINVAL, "a raw control character in a string");
    scan->at++;
    if (c == '"')
      return 0;
    int rc = c == '\\' ? scan_escape(scan) : 0;
    if (rc != 0)
      return rc;
  }
  return refuse(scan, -EINVAL, "a string without an end");
}

static bool skip_digits(struct scan *scan) {
  if (!is_digit(scan))
    return false;
  while (is_digit(scan))
    scan->at++;
  return true;
}

static int scan_number(struct scan *scan) {
  const char *start = scan->at;
  skip_one_of(scan, "-");
  bool good = skip_one_of(scan, "0") ? !is_digit(scan) : skip_digits(scan);
  if (good && skip_one_of(scan, "."))
    good = skip_digits(scan);
  if (good && skip_one_of(scan, "eE")) {
    skip_one_of(scan, "+-");
    good = skip_digits(scan);
  }
  if (!good)
    return refuse(scan, -EINVAL, "a malformed number");
  if (scan->at - start > NUMBER_MAX_BYTES)
    return refuse(scan, -EINVAL, "a number with too many digits");
  if (scan->id_follows) {
    scan->document->id = start;
    scan->document->id_size = (size_t)(scan->at - start);
  }
  return 0;
}

static int scan_literal(struct scan *scan) {
  static const char *const literals[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
    size_t length = strlen(literals[i]);
    if ((size_t)(scan->end - scan->at) >= length && memcmp(scan->at, literals[i], length) == 0) {
      scan->at += length;
      return 0;
    }
  }
  return refuse(scan, -EINVAL, "something that is no JSON value");
}

static int open_container(struct scan *scan, bool object) {
  if (scan->depth == XPF_DOCUMENT_DEPTH_MAX)
    return refuse(scan, -E2BIG, "too deep nesting");
  uint64_t bit = (uint64_t)1 << scan->depth++;
  scan->objects = object ? scan->objects | bit : scan->objects & ~bit;
  scan->expect = object ? EXPECT_KEY_OR_END : EXPECT_ITEM_OR_END;
  scan->at++;
  return 0;
}

static int scan_value(struct scan *scan) {
  char c = *scan->at;
  scan->expect = EXPECT_NEXT;
  if (c == '{' || c == '[')
    return open_container(scan, c == '{');
  if (c == '"')
    return scan_string(scan);
  if (c == '-' || is_digit(scan))
    return scan_number(scan);
  return scan_literal(scan);
}

static void skip_space(struct scan *scan) {
  while (skip_one_of(scan, " \t\r\n"))
    ;
}

static int scan_key(struct scan *scan) {
  const char *start = scan->at;
  int rc = scan_string(scan);
  if (rc != 0)
    return rc;
  scan->id_follows = scan->depth == 1 && scan->at - start == 4 && memcmp(start, "\"id\"", 4) == 0;
  skip_space(scan);
  if (!skip_one_of(scan, ":"))
    return refuse(scan, -EINVAL, "a key without a colon");
  scan->expect = EXPECT_VALUE;
  return 0;
}

/* A comma or the end of what is open. */
static int scan_next(struct scan *scan) {
  if (scan->depth == 0)
    return refuse(scan, -EINVAL, "text behind the JSON value");
  bool object = scan->objects >> (scan->depth - 1) & 1;
  if (skip_one_of(scan, object ? "}" : "]")) {
    scan->depth--;
    scan->expect = EXPECT_NEXT;
    return 0;
  }
  if (scan->expect == EXPECT_NEXT && skip_one_of(scan, ",")) {
    scan->expect = object ? EXPECT_KEY : EXPECT_VALUE;
    return 0;
  }
  return refuse(scan, -EINVAL, "a missing comma or bracket");
}

static int scan_step(struct scan *scan) {
  bool ends = *scan->at == '}' || *scan->at == ']';
  enum expect expect = scan->expect;
  if (expect == EXPECT_NEXT ||
      (ends && (expect == EXPECT_KEY_OR_END || expect == EXPECT_ITEM_OR_END)))
    return scan_next(scan);
  if (scan->values_left == 0)
    return refuse(scan, -E2BIG, "too many values");
  scan->values_left--;
  if (expect == EXPECT_KEY || expect == EXPECT_KEY_OR_END)
    return scan_key(scan);
  int rc = scan_value(scan);
  scan->id_follows = false;
  return rc;
}

static int scan_text(struct scan *scan) {
  for (;;) {
    skip_space(scan);
    if (scan->at == scan->end)
      break;
    int rc = scan_step(scan);
    if (rc != 0)
      return rc;
  }
  if (scan->depth > 0 || scan->expect != EXPECT_NEXT)
    return refuse(scan, -EINVAL, "an early end");
  return 0;
}

int xpf_document_parse(struct xpf_document *document, const char *line, size_t size,
                       size_t values_max) {
  *document = (struct xpf_document){0};
  struct scan scan = {.start = line,
                      .at = line,
                      .end = line + size,
                      .document = document,
                      .values_left = values_max};
  size_t good = xpf_utf8_check(line, size);
  if (good < size) {
    scan.at = line + good;
    return refuse(&scan, -EILSEQ, "bytes that are not UTF-8");
  }
  int rc = scan_text(&scan);
  if (rc != 0)
    return rc;
  document->root = cJSON_ParseWithLength(line, size);
  if (document->root == NULL)
    return refuse(&scan, -ENOMEM, "too much for the memory left");
  return 0;
}

bool xpf_document_is_finite(const cJSON *item) {
  if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
    return false;
  const cJSON *child;
  cJSON_ArrayForEach(child, item) {
    if (!xpf_document_is_finite(child))
      return false;
  }
  return true;
}
