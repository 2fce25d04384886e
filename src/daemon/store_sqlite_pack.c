/* The loop's side of writing: what the world tells becomes messages to the writer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "daemon/store_sqlite.h"

#define GAP_DEFAULT_MS 600000 /* of kinds whose values never get stale */

struct xpf_store_known {
  uint32_t kind; /* its index and 1; 0: the writer does not know the entity */
  uint32_t info_version;
};

/* Whether there was room for it. Takes the message. */
static bool push(struct xpf_store *store, struct xpf_message *message) {
  size_t size = sizeof *message + message->bytes.capacity;
  uv_mutex_lock(&store->mutex);
  bool fits = store->queue_bytes + size <= XPF_STORE_QUEUE_BYTES_MAX &&
              store->queue_count < XPF_STORE_QUEUE_COUNT_MAX;
  /* A single frame may be larger than the queue's bound. */
  fits |= store->queue_count == 0;
  if (fits) {
    *store->end = message;
    store->end = &message->next;
    store->queue_bytes += size;
    store->queue_count++;
    uv_cond_signal(&store->wake);
  }
  uv_mutex_unlock(&store->mutex);
  if (!fits)
    xpf_message_free(message);
  return fits;
}

static struct xpf_message *new_message(enum xpf_message_type type, int64_t at_ms) {
  struct xpf_message *message = calloc(1, sizeof *message);
  if (message) {
    message->type = type;
    message->at_ms = at_ms;
  }
  return message;
}

static bool is_same(const struct xpf_store_kind *copy, const struct xpf_kind *kind,
                    const char *text) {
  return copy->of == kind && strcmp(copy->name, kind->name) == 0 &&
         strcmp(copy->layout->text, text) == 0;
}

/* The index of the copy, -1 when it cannot be had. A kind that is gone may have left its address to
 * another one: what it says is compared, too. */
static int find_kind(struct xpf_store *store, const struct xpf_kind *kind) {
  char *text = xpf_layout_text(kind);
  if (!text)
    return -1;
  for (unsigned i = store->kinds_count; i-- > 0;)
    if (is_same(store->kinds[i], kind, text)) {
      free(text);
      return (int)i;
    }
  struct xpf_store_kind *copy = calloc(1, sizeof *copy);
  int64_t gap_ms = kind->stale_after_ms ? kind->stale_after_ms : GAP_DEFAULT_MS;
  struct xpf_layout *layout = xpf_layout_new(text, gap_ms);
  char *name = strdup(kind->name);
  if (!copy || !layout || !name || store->kinds_count == XPF_STORE_KINDS_MAX) {
    xpf_layout_free(layout);
    free(name);
    free(copy);
    return -1;
  }
  *copy = (struct xpf_store_kind){.of = kind, .name = name, .layout = layout};
  store->kinds[store->kinds_count] = copy;
  return (int)store->kinds_count++;
}

static char *texts_json(const char *const *names, const char *const *values) {
  cJSON *object = cJSON_CreateObject();
  for (unsigned i = 0; object && names && names[i]; i++)
    if (values[i])
      cJSON_AddStringToObject(object, names[i], values[i]);
  char *text = object ? cJSON_PrintUnformatted(object) : NULL;
  cJSON_Delete(object);
  return text;
}

static int append_texts(struct xpf_bytes *bytes, const struct xpf_entity *entity) {
  char *labels = texts_json(entity->kind->labels, entity->labels);
  char *info = texts_json(entity->kind->info, entity->info);
  const char *parent = entity->parent ? entity->parent->key : "";
  const char *const texts[] = {entity->key, parent, labels, info};
  int error = labels && info ? 0 : -ENOMEM;
  for (unsigned i = 0; !error && i < 4; i++)
    error = xpf_bytes_append(bytes, texts[i], strlen(texts[i]) + 1);
  cJSON_free(labels);
  cJSON_free(info);
  return error;
}

static struct xpf_store_known *known_of(struct xpf_store *store, uint32_t slot) {
  if (slot >= store->known_count) {
    size_t count = slot + 1024;
    struct xpf_store_known *grown = realloc(store->known, count * sizeof *grown);
    if (!grown)
      return NULL;
    memset(grown + store->known_count, 0, (count - store->known_count) * sizeof *grown);
    store->known = grown;
    store->known_count = count;
  }
  return &store->known[slot];
}

static int pack_entity(struct xpf_store *store, const struct xpf_entity *entity,
                       struct xpf_bytes *bytes) {
  struct xpf_store_known *known = known_of(store, entity->slot);
  if (!known)
    return -ENOMEM;
  bool is_new = known->kind == 0;
  bool has_text = is_new || known->info_version != entity->info_version;
  if (is_new) {
    int index = find_kind(store, entity->kind);
    if (index < 0)
      return 0; /* more kinds than are kept */
    known->kind = (uint32_t)index + 1;
  }
  struct xpf_packed head = {
      .slot = entity->slot,
      .kind = known->kind - 1,
      .count = store->kinds[known->kind - 1]->layout->fields,
      .since_ms = entity->since_ms,
  };
  size_t head_at = bytes->size;
  int error = xpf_bytes_append(bytes, &head, sizeof head);
  if (!error && has_text)
    error = append_texts(bytes, entity);
  if (error)
    return error;
  head.text_size = (uint32_t)(bytes->size - head_at - sizeof head);
  memcpy(bytes->data + head_at, &head, sizeof head);
  static const char filler[8];
  error = xpf_bytes_append(bytes, filler, (8 - bytes->size % 8) % 8);
  if (!error)
    error = xpf_bytes_append(bytes, entity->values, head.count * sizeof(double));
  known->info_version = entity->info_version;
  return error;
}

static int pack_all(struct xpf_store *store, int64_t since_ms, struct xpf_bytes *bytes) {
  const struct xpf_kind *kind;
  for (unsigned i = 0; (kind = xpf_world_kind(store->world, i)); i++) {
    if (kind->is_transient)
      continue;
    for (const struct xpf_entity *entity = xpf_world_first(store->world, kind); entity;
         entity = entity->next) {
      if (entity->updated_ms == 0 || entity->updated_ms < since_ms)
        continue;
      int error = pack_entity(store, entity, bytes);
      if (error)
        return error;
    }
  }
  return 0;
}

static void lose_frame(struct xpf_store *store) {
  /* What was said in it must be said again. */
  memset(store->known, 0, store->known_count * sizeof *store->known);
  uv_mutex_lock(&store->mutex);
  store->figures.frames_lost++;
  uv_mutex_unlock(&store->mutex);
}

static void on_frame(void *arg, int64_t now_ms) {
  struct xpf_store *store = arg;
  /* After the clock was put back everything new would seem old. */
  int64_t since_ms = store->last_frame_ms <= now_ms ? store->last_frame_ms : now_ms - 1000;
  struct xpf_message *message = new_message(XPF_MESSAGE_FRAME, now_ms);
  int error = message ? xpf_bytes_reserve(&message->bytes, store->frame_size) : -ENOMEM;
  if (!error)
    error = pack_all(store, since_ms, &message->bytes);
  if (!error)
    store->frame_size = message->bytes.size + message->bytes.size / 16;
  store->last_frame_ms = now_ms;
  if (error)
    xpf_message_free(message);
  if (error || !push(store, message))
    lose_frame(store);
}

static void on_gone(void *arg, const struct xpf_entity *entity) {
  struct xpf_store *store = arg;
  if (entity->slot >= store->known_count || store->known[entity->slot].kind == 0)
    return;
  store->known[entity->slot].kind = 0;
  struct xpf_message *message = new_message(XPF_MESSAGE_GONE, xpf_world_now_ms());
  if (!message)
    return;
  message->slot = entity->slot;
  push(store, message); /* if not: the writer sees it when the slot is used again */
}

static void on_event(void *arg, const struct xpf_event *event) {
  struct xpf_store *store = arg;
  const struct xpf_entity *entity = event->entity;
  const char *const texts[] = {event->name, entity ? entity->kind->name : "",
                               entity ? entity->key : "", event->text};
  struct xpf_message *message = new_message(XPF_MESSAGE_EVENT, event->at_ms);
  int error = message ? 0 : -ENOMEM;
  for (unsigned i = 0; !error && i < 4; i++)
    error = xpf_bytes_append(&message->bytes, texts[i], strlen(texts[i]) + 1);
  if (error)
    xpf_message_free(message);
  else
    push(store, message);
}

void xpf_store_listen(struct xpf_store *store) {
  store->listener = (struct xpf_world_listener){
      .gone = on_gone, .event = on_event, .frame = on_frame, .arg = store};
  xpf_world_listen(store->world, &store->listener);
}

void xpf_store_pack_free(struct xpf_store *store) {
  for (unsigned i = 0; i < store->kinds_count; i++) {
    free(store->kinds[i]->name);
    xpf_layout_free(store->kinds[i]->layout);
    free(store->kinds[i]);
  }
  free(store->known);
}
