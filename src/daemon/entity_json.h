/* Entities and kinds as the JSON of docs/xprofd-api.md. Pure. */
#ifndef XPF_DAEMON_ENTITY_JSON_H
#define XPF_DAEMON_ENTITY_JSON_H
#include <stdint.h>
#include "daemon/entity_filter.h"
#include "daemon/store.h"
#include "daemon/world.h"
#include "format/json.h"

void xpf_kind_json(struct xpf_json *json, const struct xpf_kind *kind);
/* One of the past, with the little that the history keeps of it. */
void xpf_kind_json_gone(struct xpf_json *json, const struct xpf_store_past_kind *kind);
/* Everything about it, as in /api/entities; of its fields those in the list. */
void xpf_entity_json(struct xpf_json *json, const struct xpf_entity *entity,
                     const struct xpf_name_list *fields, int64_t now_ms);
/* Kind, key, values and quality only, as in a frame of /api/live. */
void xpf_entity_json_values(struct xpf_json *json, const struct xpf_entity *entity,
                            const struct xpf_name_list *fields, int64_t now_ms);
#endif
