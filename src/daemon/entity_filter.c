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

void xpf_entity_filter_no_kind(struct xpf_exchange *exchange, const char *name) {
  xpf_exchange_reply_error(exchange, 400, "kind",
                           "kind: there is no kind `%.80s`; /api/kinds lists them", name);
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
  return 0;
}
