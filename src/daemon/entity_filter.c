#include "daemon/entity_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/route.h"

int xpf_name_list_parse(struct xpf_name_list *out, const char *text) {
  out->count = 0;
  if (!text)
    return 0;
  if (strlen(text) >= sizeof out->text)
    return -E2BIG;
  snprintf(out->text, sizeof out->text, "%s", text);
  char *save = NULL;
  for (char *name = strtok_r(out->text, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
    if (out->count == XPF_FILTER_NAMES_MAX)
      return -E2BIG;
    out->names[out->count++] = name;
  }
  return 0;
}

bool xpf_name_list_has(const struct xpf_name_list *list, const char *name) {
  for (unsigned i = 0; i < list->count; i++)
    if (strcmp(list->names[i], name) == 0)
      return true;
  return list->count == 0;
}

bool xpf_entity_filter_has(const struct xpf_entity_filter *filter,
                           const struct xpf_entity *entity) {
  return xpf_name_list_has(&filter->kinds, entity->kind->name) &&
         (xpf_name_list_has(&filter->keys, entity->key) ||
          (entity->parent && xpf_name_list_has(&filter->keys, entity->parent->key)));
}

static bool has_field(const struct xpf_kind *kind, const char *field) {
  for (unsigned i = 0; i < kind->fields_count; i++)
    if (strcmp(kind->fields[i].key, field) == 0)
      return true;
  return false;
}

bool xpf_entity_filter_knows_field(const struct xpf_world *world, const struct xpf_name_list *kinds,
                                   const char *field) {
  const struct xpf_kind *kind;
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++)
    if (xpf_name_list_has(kinds, kind->name) && has_field(kind, field))
      return true;
  return false;
}

/* Names that there are, as many as fit into one sentence. */
struct known {
  char text[700];
  size_t size;
  bool is_full;
};

static void add_known(struct known *known, const char *name) {
  if (known->is_full)
    return;
  known->is_full = known->size + strlen(name) + sizeof ", , …" > sizeof known->text;
  known->size += (size_t)snprintf(known->text + known->size, sizeof known->text - known->size,
                                  "%s%s", known->size ? ", " : "", known->is_full ? "…" : name);
}

void xpf_entity_filter_no_kind(struct xpf_exchange *exchange, const char *name) {
  const struct xpf_world *world = xpf_exchange_daemon(exchange)->world;
  const struct xpf_kind *kind;
  struct known known = {.size = 0};
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++)
    add_known(&known, kind->name);
  xpf_exchange_reply_error(exchange, 400, "kind",
                           "kind: there is no kind `%.80s`; /api/kinds lists them: %s", name,
                           known.text);
}

void xpf_entity_filter_no_field(struct xpf_exchange *exchange, const struct xpf_name_list *kinds,
                                const char *name) {
  const struct xpf_world *world = xpf_exchange_daemon(exchange)->world;
  const struct xpf_kind *kind;
  struct known known = {.size = 0};
  if (kinds->count == 0) {
    xpf_exchange_reply_error(exchange, 400, "fields",
                             "fields: no kind has a field `%.80s`; /api/kinds lists them", name);
    return;
  }
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++)
    for (unsigned j = 0; xpf_name_list_has(kinds, kind->name) && j < kind->fields_count; j++)
      add_known(&known, kind->fields[j].key);
  xpf_exchange_reply_error(
      exchange, 400, "fields", "fields: %.60s%s no field `%.80s`; /api/kinds lists them: %s",
      kinds->names[0], kinds->count == 1 ? " has" : " and others have", name, known.text);
}

int xpf_entity_filter_read(struct xpf_entity_filter *out, struct xpf_exchange *exchange,
                           bool takes_past) {
  const struct xpf_world *world = xpf_exchange_daemon(exchange)->world;
  static const char *const NAMES[] = {"kind", "key", "fields"};
  struct xpf_name_list *const lists[] = {&out->kinds, &out->keys, &out->fields};
  for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++)
    if (xpf_name_list_parse(lists[i], xpf_exchange_param(exchange, NAMES[i])) != 0) {
      xpf_exchange_reply_error(exchange, 400, NAMES[i], "%s: at most %d at a time, %d characters",
                               NAMES[i], XPF_FILTER_NAMES_MAX, XPF_FILTER_TEXT_MAX - 1);
      return -E2BIG;
    }
  for (unsigned i = 0; !takes_past && i < out->kinds.count; i++)
    if (!xpf_world_kind_named(world, out->kinds.names[i])) {
      xpf_entity_filter_no_kind(exchange, out->kinds.names[i]);
      return -ENOENT;
    }
  for (unsigned i = 0; !takes_past && i < out->fields.count; i++)
    if (!xpf_entity_filter_knows_field(world, &out->kinds, out->fields.names[i])) {
      xpf_entity_filter_no_field(exchange, &out->kinds, out->fields.names[i]);
      return -ENOENT;
    }
  return 0;
}
