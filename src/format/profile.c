#include "format/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64
#define SLOTS_FIRST    256 /* a power of two */
#define CHUNK_BYTES    (64 * 1024)
#define NO_STRING      UINT32_MAX

/* String bytes live in chunks that never move, so a pointer from xpf_profile_string stays good
 * while strings are added (a caller may hand one back in a frame). */
struct chunk {
  struct chunk *next;
  size_t used, size;
  char data[];
};

struct entry {
  const char *text;
  uint32_t hash, length;
};

struct xpf_strings {
  struct chunk *chunks;
  struct entry *entries;
  uint32_t count, capacity;
  uint32_t *slots; /* open addressing; entry index or NO_STRING */
  uint32_t slots_count;
};

/* The array with room for one more than `count`, doubled when full. NULL when out of memory: then
 * the old array and *capacity are as before. */
static void *grow(void *items, uint32_t *capacity, uint32_t count, size_t item_size) {
  if (count < *capacity)
    return items;
  if (count >= UINT32_MAX - 1)
    return NULL;
  uint32_t wanted = FIRST_CAPACITY;
  if (*capacity >= UINT32_MAX / 2)
    wanted = UINT32_MAX - 1;
  else if (*capacity > 0)
    wanted = *capacity * 2;
  if (wanted > SIZE_MAX / item_size)
    return NULL;
  void *grown = realloc(items, wanted * item_size);
  if (grown != NULL)
    *capacity = wanted;
  return grown;
}

static uint32_t text_hash(const char *text, size_t length) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  return hash ^ (hash >> 15);
}

static char *strings_copy(struct xpf_strings *s, const char *text, size_t length) {
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
static uint32_t slot_find(const struct xpf_strings *s, const char *text, uint32_t length,
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

static int slots_rehash(struct xpf_strings *s, uint32_t slots_count) {
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

/* Index of the text in the table, or -ENOMEM. NULL counts as "". */
static int64_t strings_intern(struct xpf_strings *s, const char *text) {
  if (text == NULL)
    text = "";
  size_t size = strlen(text);
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
  struct entry *entries = grow(s->entries, &s->capacity, s->count, sizeof(*entries));
  if (entries == NULL)
    return -ENOMEM;
  s->entries = entries;
  const char *copy = strings_copy(s, text, length);
  if (copy == NULL)
    return -ENOMEM;
  s->entries[s->count] = (struct entry){.text = copy, .hash = hash, .length = length};
  s->slots[slot] = s->count;
  return s->count++;
}

static void strings_free(struct xpf_strings *s) {
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

static struct xpf_strings *strings_new(void) {
  struct xpf_strings *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return NULL;
  if (slots_rehash(s, SLOTS_FIRST) < 0 || strings_intern(s, "") != 0) {
    strings_free(s);
    return NULL;
  }
  return s;
}

struct xpf_profile *xpf_profile_new(enum xpf_profile_kind kind) {
  struct xpf_profile *profile = calloc(1, sizeof(*profile));
  if (profile == NULL)
    return NULL;
  profile->kind = kind;
  profile->strings = strings_new();
  if (profile->strings == NULL) {
    free(profile);
    return NULL;
  }
  return profile;
}

void xpf_profile_free(struct xpf_profile *profile) {
  if (profile == NULL)
    return;
  for (uint32_t i = 0; i < profile->details_count; i++)
    free(profile->details[i]);
  free(profile->details);
  free(profile->nodes);
  free(profile->ticks);
  free(profile->samples);
  strings_free(profile->strings);
  free(profile);
}

int64_t xpf_profile_node_add(struct xpf_profile *profile, uint32_t parent, uint32_t id,
                             const struct xpf_profile_frame *frame) {
  uint32_t index = profile->nodes_count;
  if (index == 0 ? parent != XPF_NO_PARENT : parent >= index)
    return -EINVAL;
  struct xpf_profile_node *nodes =
      grow(profile->nodes, &profile->nodes_capacity, index, sizeof(*nodes));
  if (nodes == NULL)
    return -ENOMEM;
  profile->nodes = nodes;
  int64_t function_name = strings_intern(profile->strings, frame->function_name);
  int64_t url = strings_intern(profile->strings, frame->url);
  int64_t bailout_reason = strings_intern(profile->strings, frame->bailout_reason);
  if (function_name < 0 || url < 0 || bailout_reason < 0)
    return -ENOMEM;
  profile->nodes[index] = (struct xpf_profile_node){
      .id = id,
      .parent = parent,
      .function_name = (uint32_t)function_name,
      .url = (uint32_t)url,
      .bailout_reason = (uint32_t)bailout_reason,
      .script_id = frame->script_id,
      .line = frame->line,
      .column = frame->column,
      .ticks_start = profile->ticks_count,
  };
  profile->nodes_count = index + 1;
  return index;
}

int xpf_profile_tick_add(struct xpf_profile *profile, uint32_t line, uint32_t ticks) {
  if (profile->nodes_count == 0)
    return -EINVAL;
  uint32_t index = profile->ticks_count;
  struct xpf_profile_tick *grown =
      grow(profile->ticks, &profile->ticks_capacity, index, sizeof(*grown));
  if (grown == NULL)
    return -ENOMEM;
  profile->ticks = grown;
  profile->ticks[index] = (struct xpf_profile_tick){.line = line, .ticks = ticks};
  profile->ticks_count = index + 1;
  profile->nodes[profile->nodes_count - 1].ticks_count++;
  return 0;
}

int xpf_profile_sample_add(struct xpf_profile *profile, uint32_t node_id, int64_t at_us,
                           uint64_t bytes) {
  uint32_t index = profile->samples_count;
  struct xpf_profile_sample *samples =
      grow(profile->samples, &profile->samples_capacity, index, sizeof(*samples));
  if (samples == NULL)
    return -ENOMEM;
  profile->samples = samples;
  profile->samples[index] =
      (struct xpf_profile_sample){.node_id = node_id, .at_us = at_us, .bytes = bytes};
  profile->samples_count = index + 1;
  return 0;
}

int xpf_profile_detail_add(struct xpf_profile *profile, const char *text) {
  uint32_t index = profile->details_count;
  char **details = grow(profile->details, &profile->details_capacity, index, sizeof(*details));
  if (details == NULL)
    return -ENOMEM;
  profile->details = details;
  size_t size = strlen(text) + 1;
  char *copy = malloc(size);
  if (copy == NULL)
    return -ENOMEM;
  memcpy(copy, text, size);
  profile->details[index] = copy;
  profile->details_count = index + 1;
  return 0;
}

const char *xpf_profile_string(const struct xpf_profile *profile, uint32_t index) {
  return index < profile->strings->count ? profile->strings->entries[index].text : "";
}

double xpf_profile_effective_interval_us(const struct xpf_profile *profile) {
  uint64_t hits = 0;
  for (uint32_t i = 0; i < profile->nodes_count; i++)
    hits += profile->nodes[i].hit_count;
  if (hits == 0)
    hits = profile->samples_count;
  if (hits == 0 || profile->end_us <= profile->start_us)
    return 0;
  return ((double)profile->end_us - (double)profile->start_us) / (double)hits;
}

void xpf_profile_children(const struct xpf_profile *profile, uint32_t *first, uint32_t *next) {
  memset(first, 0xff, (size_t)profile->nodes_count * sizeof(*first));
  memset(next, 0xff, (size_t)profile->nodes_count * sizeof(*next));
  /* Backwards, so that each list comes out in the order of the array. */
  for (uint32_t i = profile->nodes_count; i-- > 1;) {
    uint32_t parent = profile->nodes[i].parent;
    next[i] = first[parent];
    first[parent] = i;
  }
}
