#include "format/string_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_FIRST 64
#define SLOTS_FIRST   256 /* a power of two */
#define CHUNK_BYTES   (64 * 1024)
#define NO_STRING     UINT32_MAX

/* String bytes live in chunks that never move, so a text may be handed back to _add. */
struct chunk {
  struct chunk *next;
  size_t used, size;
  char data[];
};

struct entry {
  const char *text;
  uint32_t hash, length;
};

struct xpf_string_table {
  struct chunk *chunks;
  struct entry *entries;
  uint32_t count, capacity;
  uint32_t *slots; /* open addressing; entry index or NO_STRING */
  uint32_t slots_count;
};

static uint32_t text_hash(const char *text, size_t length) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  return hash ^ (hash >> 15);
}

static char *strings_copy(struct xpf_string_table *s, const char *text, size_t length) {
  struct chunk *chunk = s->chunks;
  if (chunk == NULL || chunk->size - chunk->used <= length) {
    size_t size = length >= CHUNK_BYTES ? length + 1 : CHUNK_BYTES;
    chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL)
      return NULL;
    chunk->used = 0;
    chunk->size = size;
    chunk->next = s->chunks;
    s->chunks = chunk;
  }
  char *copy = chunk->data + chunk->used;
  memcpy(copy, text, length);
  copy[length] = '\0';
  chunk->used += length + 1;
  return copy;
}

/* The slot that holds the text, or the free one where it belongs. */
static uint32_t slot_find(const struct xpf_string_table *s, const char *text, uint32_t length,
                          uint32_t hash) {
  uint32_t mask = s->slots_count - 1;
  uint32_t slot = hash & mask;
  while (s->slots[slot] != NO_STRING) {
    const struct entry *entry = &s->entries[s->slots[slot]];
    if (entry->hash == hash && entry->length == length && memcmp(entry->text, text, length) == 0)
      break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

static int slots_rehash(struct xpf_string_table *s, uint32_t slots_count) {
  uint32_t *slots = malloc((size_t)slots_count * sizeof(*slots));
  if (slots == NULL)
    return -ENOMEM;
  memset(slots, 0xff, (size_t)slots_count * sizeof(*slots));
  for (uint32_t i = 0; i < s->count; i++) {
    uint32_t slot = s->entries[i].hash & (slots_count - 1);
    while (slots[slot] != NO_STRING)
      slot = (slot + 1) & (slots_count - 1);
    slots[slot] = i;
  }
  free(s->slots);
  s->slots = slots;
  s->slots_count = slots_count;
  return 0;
}

static int entries_reserve(struct xpf_string_table *s) {
  if (s->count < s->capacity)
    return 0;
  uint32_t capacity = s->capacity == 0 ? ENTRIES_FIRST : s->capacity * 2;
  struct entry *entries = realloc(s->entries, capacity * sizeof(*entries));
  if (entries == NULL)
    return -ENOMEM;
  s->entries = entries;
  s->capacity = capacity;
  return 0;
}

int64_t xpf_string_table_add(struct xpf_string_table *s, const char *text, size_t size) {
  size = strnlen(text, size);
  if (size >= UINT32_MAX)
    return -ENOMEM;
  uint32_t length = (uint32_t)size;
  uint32_t hash = text_hash(text, length);
  uint32_t slot = slot_find(s, text, length, hash);
  if (s->slots[slot] != NO_STRING)
    return s->slots[slot];
  /* At most half full, so that a search always ends and stays short. */
  if (s->count >= s->slots_count / 2) {
    if (s->slots_count > UINT32_MAX / 2 || slots_rehash(s, s->slots_count * 2) < 0)
      return -ENOMEM;
    slot = slot_find(s, text, length, hash);
  }
  if (entries_reserve(s) < 0)
    return -ENOMEM;
  const char *copy = strings_copy(s, text, length);
  if (copy == NULL)
    return -ENOMEM;
  s->entries[s->count] = (struct entry){.text = copy, .hash = hash, .length = length};
  s->slots[slot] = s->count;
  return s->count++;
}

void xpf_string_table_free(struct xpf_string_table *s) {
  if (s == NULL)
    return;
  for (struct chunk *chunk = s->chunks, *next; chunk != NULL; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  free(s->entries);
  free(s->slots);
  free(s);
}

struct xpf_string_table *xpf_string_table_new(void) {
  struct xpf_string_table *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return NULL;
  if (slots_rehash(s, SLOTS_FIRST) < 0 || xpf_string_table_add(s, "", 0) != 0) {
    xpf_string_table_free(s);
    return NULL;
  }
  return s;
}

uint32_t xpf_string_table_count(const struct xpf_string_table *s) {
  return s->count;
}

const char *xpf_string_table_text(const struct xpf_string_table *s, uint32_t index) {
  return index < s->count ? s->entries[index].text : "";
}
