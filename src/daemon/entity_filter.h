/* Which entities a request is about, and which of their fields: its parameters `kind`, `key` and
 * `fields`, lists with commas. A key stands for the entity and for those whose parent it is. [loop]
 */
#ifndef XPF_DAEMON_ENTITY_FILTER_H
#define XPF_DAEMON_ENTITY_FILTER_H
#include <stdbool.h>
#include "daemon/world.h"

#define XPF_FILTER_NAMES_MAX 64
#define XPF_FILTER_TEXT_MAX  4096

struct xpf_name_list {
  char text[XPF_FILTER_TEXT_MAX];
  const char *names[XPF_FILTER_NAMES_MAX];
  unsigned count; /* 0: every name */
};
/* "a,b"; NULL or "": every name. 0, or -E2BIG. Pure. */
int xpf_name_list_parse(struct xpf_name_list *out, const char *text);
bool xpf_name_list_has(const struct xpf_name_list *list, const char *name);

struct xpf_entity_filter {
  struct xpf_name_list kinds, keys, fields;
};
struct xpf_exchange;
/* From the parameters of a request. takes_past: whether its kinds and fields are known is not
 * looked at. 0; else the request is answered with what is wrong. */
int xpf_entity_filter_read(struct xpf_entity_filter *out, struct xpf_exchange *exchange,
                           bool takes_past);
/* Whether one of those kinds (none: of all that are known now) has that field. */
bool xpf_entity_filter_knows_field(const struct xpf_world *world, const struct xpf_name_list *kinds,
                                   const char *field);
/* Answers that there is no kind of that name, or that those kinds (none: all) have no such field,
 * with the names that there are. */
void xpf_entity_filter_no_kind(struct xpf_exchange *exchange, const char *name);
void xpf_entity_filter_no_field(struct xpf_exchange *exchange, const struct xpf_name_list *kinds,
                                const char *name);
bool xpf_entity_filter_has(const struct xpf_entity_filter *filter, const struct xpf_entity *entity);
#endif
