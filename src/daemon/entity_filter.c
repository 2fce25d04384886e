#include "daemon/entity_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
         xpf_name_list_has(&filter->keys, entity->key);
}
