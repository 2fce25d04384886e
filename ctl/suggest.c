#include "suggest.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WORD_MAX_BYTES 63

static char folded(char c) {
  if (c == '-')
    return '_';
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned smallest(unsigned a, unsigned b, unsigned c) {
  unsigned low = a < b ? a : b;
  return low < c ? low : c;
}

/* Edits (insert, delete, replace, swap of neighbours) from a to b. Both at most WORD_MAX_BYTES. */
static unsigned edits(const char *a, const char *b) {
  unsigned rows[3][WORD_MAX_BYTES + 1];
  size_t a_size = strlen(a), b_size = strlen(b);

  for (size_t j = 0; j <= b_size; j++)
    rows[0][j] = (unsigned)j;
  for (size_t i = 1; i <= a_size; i++) {
    unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b_size; j++) {
      bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
          folded(a[i - 2]) == folded(b[j - 1]) && two_above[j - 2] + 1 < row[j])
        row[j] = two_above[j - 2] + 1;
    }
  }
  return rows[a_size % 3][b_size];
}

static bool begins_with(const char *text, const char *start) {
  for (; *start != '\0'; text++, start++)
    if (folded(*text) != folded(*start))
      return false;
  return true;
}

void xpf_suggest_init(struct xpf_suggest *suggest, const char *word) {
  *suggest = (struct xpf_suggest){.word = word, .distance = UINT_MAX};
}

void xpf_suggest_offer(struct xpf_suggest *suggest, const char *candidate) {
  size_t size = strlen(suggest->word);
  if (size == 0 || size > WORD_MAX_BYTES || strlen(candidate) > WORD_MAX_BYTES)
    return;
  unsigned distance = edits(suggest->word, candidate);
  /* A word that was only begun is nearer than its length says. */
  if (size >= 3 && begins_with(candidate, suggest->word))
    distance = 1;
  if (distance < suggest->distance) {
    suggest->distance = distance;
    suggest->best = candidate;
  }
}

const char *xpf_suggest_result(const struct xpf_suggest *suggest) {
  size_t size = strlen(suggest->word);
  /* Two edits of a short word make any other one of it. */
  unsigned limit = size <= 5 ? 1 : (unsigned)(size / 3);
  return suggest->distance <= limit ? suggest->best : NULL;
}
