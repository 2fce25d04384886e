#include "daemon/world.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/utf8.h"

#define BUCKETS      4096u /* of the table of keys */
#define KEY_MAX_SIZE 1024

struct node {
  struct xpf_entity entity; /* first */
  struct node *chained;     /* in its bucket */
  uint32_t hash;
  unsigned kind_index;
  unsigned children; /* entities whose parent this is */
};

struct xpf_world {
  const struct xpf_kind *kinds[XPF_KINDS_MAX + 1];
  struct xpf_entity *first[XPF_KINDS_MAX], *last[XPF_KINDS_MAX];
  unsigned kinds_count;
  struct node *buckets[BUCKETS];
  size_t count;
  uint32_t *free_slots; /* room for all slots there ever were: giving one back cannot fail */
  uint32_t free_slots_count, slots_count;
  bool is_full_told;
  struct xpf_world_listener *listeners;
};

int64_t xpf_world_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct xpf_world *xpf_world_new(void) {
  return calloc(1, sizeof(struct xpf_world));
}

int xpf_world_add_kind(struct xpf_world *world, const struct xpf_kind *kind) {
  for (unsigned i = 0; i < world->kinds_count; i++)
    if (world->kinds[i] == kind)
      return (int)i;
  if (world->kinds_count == XPF_KINDS_MAX)
    return -E2BIG;
  world->kinds[world->kinds_count] = kind;
  return (int)world->kinds_count++;
}

const struct xpf_kind *xpf_world_kind(const struct xpf_world *world, unsigned index) {
  return index < world->kinds_count ? world->kinds[index] : NULL;
}

const struct xpf_kind *xpf_world_kind_named(const struct xpf_world *world, const char *name) {
  for (unsigned i = 0; i < world->kinds_count; i++)
    if (strcmp(world->kinds[i]->name, name) == 0)
      return world->kinds[i];
  return NULL;
}

/* FNV-1a over kind and key. */
static uint32_t hash_of(const struct xpf_kind *kind, const char *key) {
  uint32_t hash = 2166136261u ^ (uint32_t)((uintptr_t)kind >> 4);
  for (; *key; key++)
    hash = (hash ^ (unsigned char)*key) * 16777619u;
  return hash;
}

static struct node *find(const struct xpf_world *world, const struct xpf_kind *kind,
                         const char *key, uint32_t hash) {
  for (struct node *node = world->buckets[hash % BUCKETS]; node; node = node->chained)
    if (node->hash == hash && node->entity.kind == kind && strcmp(node->entity.key, key) == 0)
      return node;
  return NULL;
}

struct xpf_entity *xpf_world_find(const struct xpf_world *world, const struct xpf_kind *kind,
                                  const char *key) {
  struct node *node = find(world, kind, key, hash_of(kind, key));
  return node ? &node->entity : NULL;
}

static unsigned count_names(const char *const *names) {
  unsigned count = 0;
  while (names && names[count])
    count++;
  return count;
}

/* A copy that is UTF-8: what is not becomes '?'. */
static char *copy_text(const char *text) {
  char *copy = strdup(text);
  if (copy && xpf_utf8_check(copy, strlen(copy)) < strlen(copy))
    for (char *at = copy; *at; at++)
      if ((unsigned char)*at >= 0x80)
        *at = '?';
  return copy;
}

static void free_texts(const char *const *texts, unsigned count) {
  for (unsigned i = 0; texts && i < count; i++)
    free((char *)(uintptr_t)texts[i]);
  free((void *)(uintptr_t)texts);
}

static void free_node(struct node *node) {
  struct xpf_entity *entity = &node->entity;
  free_texts(entity->labels, count_names(entity->kind->labels));
  free_texts(entity->info, count_names(entity->kind->info));
  free((char *)(uintptr_t)entity->key);
  free(entity->values);
  free(entity->qualities);
  free(node);
}

static const char *const *copy_texts(const char *const *texts, unsigned count) {
  char **copy = calloc(count + 1, sizeof *copy);
  for (unsigned i = 0; copy && texts && i < count; i++)
    if (!(copy[i] = copy_text(texts[i]))) {
      free_texts((const char *const *)copy, i);
      return NULL;
    }
  return (const char *const *)copy;
}

static struct node *make_node(const struct xpf_kind *kind, const char *key,
                              const char *const *labels, struct xpf_entity *parent) {
  struct node *node = calloc(1, sizeof *node);
  if (!node)
    return NULL;
  struct xpf_entity *entity = &node->entity;
  unsigned count = kind->fields_count;
  entity->kind = kind;
  entity->parent = parent;
  entity->key = copy_text(key);
  entity->labels = copy_texts(labels, count_names(kind->labels));
  entity->info = copy_texts(NULL, count_names(kind->info));
  entity->values = calloc(count + 1, sizeof *entity->values);
  entity->qualities = calloc(count + 1, sizeof *entity->qualities);
  entity->since_ms = xpf_world_now_ms();
  if (!entity->key || !entity->labels || !entity->info || !entity->values || !entity->qualities) {
    free_node(node);
    return NULL;
  }
  for (unsigned i = 0; i < count; i++)
    xpf_entity_mark(entity, i, XPF_QUALITY_ABSENT);
  return node;
}

static bool take_slot(struct xpf_world *world, uint32_t *slot) {
  if (world->free_slots_count > 0) {
    *slot = world->free_slots[--world->free_slots_count];
    return true;
  }
  if (world->slots_count % 1024 == 0) {
    uint32_t *grown = realloc(world->free_slots, (world->slots_count + 1024) * sizeof *grown);
    if (!grown)
      return false;
    world->free_slots = grown;
  }
  *slot = world->slots_count++;
  return true;
}

static void join_labels(char *out, size_t size, const char *const *labels, unsigned count) {
  size_t length = 0;
  out[0] = '\0';
  for (unsigned i = 0; i < count && length < size; i++)
    length += (size_t)snprintf(out + length, size - length, "%s%s", i > 0 ? "/" : "", labels[i]);
}

static void tell_full(struct xpf_world *world) {
  if (world->is_full_told)
    return;
  world->is_full_told = true;
  xpf_world_event(world, "too_many_entities", NULL,
                  "more things than xprofd keeps at a time: new ones are left out");
}

struct xpf_entity *xpf_world_entity(struct xpf_world *world, const struct xpf_kind *kind,
                                    const char *key, const char *const *labels,
                                    struct xpf_entity *parent) {
  char joined[KEY_MAX_SIZE];
  if (!key) {
    join_labels(joined, sizeof joined, labels, count_names(kind->labels));
    key = joined;
  }
  uint32_t hash = hash_of(kind, key);
  struct node *node = find(world, kind, key, hash);
  if (node)
    return &node->entity;
  int kind_index = xpf_world_add_kind(world, kind);
  if (kind_index < 0)
    return NULL;
  if (world->count == XPF_ENTITIES_MAX) {
    tell_full(world);
    return NULL;
  }
  if (!(node = make_node(kind, key, labels, parent)))
    return NULL;
  if (!take_slot(world, &node->entity.slot)) {
    free_node(node);
    return NULL;
  }
  node->hash = hash_of(kind, node->entity.key);
  node->kind_index = (unsigned)kind_index;
  node->chained = world->buckets[node->hash % BUCKETS];
  world->buckets[node->hash % BUCKETS] = node;
  struct xpf_entity **end =
      world->last[kind_index] ? &world->last[kind_index]->next : &world->first[kind_index];
  *end = &node->entity;
  world->last[kind_index] = &node->entity;
  world->count++;
  if (parent)
    ((struct node *)parent)->children++;
  for (struct xpf_world_listener *l = world->listeners; l; l = l->next)
    if (l->came)
      l->came(l->arg, &node->entity);
  return &node->entity;
}

static void unlink_node(struct xpf_world *world, struct node *node) {
  struct node **at = &world->buckets[node->hash % BUCKETS];
  while (*at != node)
    at = &(*at)->chained;
  *at = node->chained;
  struct xpf_entity *before = NULL, **link = &world->first[node->kind_index];
  while (*link != &node->entity) {
    before = *link;
    link = &(*link)->next;
  }
  *link = node->entity.next;
  if (world->last[node->kind_index] == &node->entity)
    world->last[node->kind_index] = before;
  world->count--;
  if (node->entity.parent)
    ((struct node *)node->entity.parent)->children--;
}

static struct xpf_entity *child_of(const struct xpf_world *world, const struct xpf_entity *parent) {
  for (unsigned i = 0; i < world->kinds_count; i++)
    for (struct xpf_entity *entity = world->first[i]; entity; entity = entity->next)
      if (entity->parent == parent)
        return entity;
  return NULL;
}

void xpf_world_remove(struct xpf_world *world, struct xpf_entity *entity) {
  struct node *node = (struct node *)entity;
  while (node->children > 0)
    xpf_world_remove(world, child_of(world, entity));
  for (struct xpf_world_listener *l = world->listeners; l; l = l->next)
    if (l->gone)
      l->gone(l->arg, entity);
  unlink_node(world, node);
  world->free_slots[world->free_slots_count++] = node->entity.slot;
  free_node(node);
}

void xpf_world_free(struct xpf_world *world) {
  if (!world)
    return;
  for (unsigned i = 0; i < world->kinds_count; i++) {
    struct xpf_entity *next;
    for (struct xpf_entity *entity = world->first[i]; entity; entity = next) {
      next = entity->next;
      free_node((struct node *)entity);
    }
  }
  free(world->free_slots);
  free(world);
}

struct xpf_entity *xpf_world_first(const struct xpf_world *world, const struct xpf_kind *kind) {
  for (unsigned i = 0; i < world->kinds_count; i++)
    if (world->kinds[i] == kind)
      return world->first[i];
  return NULL;
}

size_t xpf_world_count(const struct xpf_world *world) {
  return world->count;
}

void xpf_entity_set(struct xpf_entity *entity, unsigned field, double value) {
  bool is_number = isfinite(value);
  entity->values[field] = is_number ? value : NAN;
  entity->qualities[field] = is_number ? XPF_QUALITY_OK : XPF_QUALITY_ABSENT;
}

void xpf_entity_mark(struct xpf_entity *entity, unsigned field, enum xpf_quality quality) {
  entity->values[field] = NAN;
  entity->qualities[field] = (uint8_t)quality;
}

enum xpf_quality xpf_quality_of_error(int error) {
  return error == -EACCES || error == -EPERM ? XPF_QUALITY_DENIED : XPF_QUALITY_ABSENT;
}

int xpf_entity_set_info(struct xpf_entity *entity, unsigned index, const char *value) {
  const char **slot = (const char **)(uintptr_t)&entity->info[index];
  if (value == *slot || (value && *slot && strcmp(value, *slot) == 0))
    return 0;
  char *copy = value ? copy_text(value) : NULL;
  if (value && !copy)
    return -ENOMEM;
  free((char *)(uintptr_t)*slot);
  *slot = copy;
  entity->info_version++;
  return 0;
}

void xpf_entity_updated(struct xpf_entity *entity, int64_t now_ms) {
  entity->updated_ms = now_ms;
}

enum xpf_quality xpf_entity_quality(const struct xpf_entity *entity, unsigned field,
                                    int64_t now_ms) {
  enum xpf_quality quality = (enum xpf_quality)entity->qualities[field];
  if (quality != XPF_QUALITY_OK || entity->kind->stale_after_ms == 0)
    return quality;
  return now_ms - entity->updated_ms > entity->kind->stale_after_ms ? XPF_QUALITY_STALE : quality;
}

const char *xpf_quality_name(enum xpf_quality quality) {
  static const char *const NAMES[] = {"ok", "stale", "absent", "denied"};
  return NAMES[quality];
}

void xpf_world_event(struct xpf_world *world, const char *name, const struct xpf_entity *entity,
                     const char *text) {
  struct xpf_event event = {xpf_world_now_ms(), name, entity, text};
  for (struct xpf_world_listener *l = world->listeners; l; l = l->next)
    if (l->event)
      l->event(l->arg, &event);
}

void xpf_world_listen(struct xpf_world *world, struct xpf_world_listener *listener) {
  listener->next = world->listeners;
  world->listeners = listener;
}

void xpf_world_unlisten(struct xpf_world *world, struct xpf_world_listener *listener) {
  struct xpf_world_listener **at = &world->listeners;
  while (*at && *at != listener)
    at = &(*at)->next;
  if (*at)
    *at = listener->next;
}

void xpf_world_frame(struct xpf_world *world, int64_t now_ms) {
  for (struct xpf_world_listener *l = world->listeners; l; l = l->next)
    if (l->frame)
      l->frame(l->arg, now_ms);
}
