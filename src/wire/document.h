/* One line to a cJSON tree, strictly. cJSON alone is too lenient for bytes that somebody else sent:
 * it cuts strings at an escaped NUL, takes wrong hex digits for one, takes raw control characters
 * and loose numbers, and nests deep. So the text is checked first, without recursion or memory.
 * Pure; one thread at a time. */
#ifndef XPF_WIRE_DOCUMENT_H
#define XPF_WIRE_DOCUMENT_H
#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>

/* Deepest nesting of arrays and objects. */
#define XPF_DOCUMENT_DEPTH_MAX 64

struct xpf_document {
  cJSON *root;       /* the caller deletes; NULL when parsing failed */
  const char *wrong; /* on failure, what: "…" fits behind "the line is not usable: " */
  size_t offset;     /* on failure, the byte where */
  /* The text (inside `line`) of the number that is the outermost object's "id", or NULL: a double
   * cannot carry whole numbers beyond 2^53. */
  const char *id;
  size_t id_size;
};

/* values_max bounds the memory of the tree: every value and every key counts one. 0, -EILSEQ (not
 * UTF-8), -EINVAL (not JSON, or with an escaped NUL), -E2BIG (too deep, too many values), -ENOMEM.
 */
int xpf_document_parse(struct xpf_document *document, const char *line, size_t size,
                       size_t values_max);
/* False when a number in the tree is too large for a double, such as 1e999. */
bool xpf_document_is_finite(const cJSON *item);
#endif
