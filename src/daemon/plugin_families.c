#include "daemon/plugin_families.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIANTS_MAX 9 /* of one family: other labels, another age */

struct family {
  struct xpf_kind kind; /* first */
  struct xpf_field field;
  char *name, *kind_name, *help, *unit;
  char *labels[XPF_LABELS_MAX];
};

struct xpf_plugin_families {
  struct xpf_world *world;
  struct family *families[XPF_PLUGIN_FAMILIES_MAX];
  unsigned count;
};

int xpf_plugin_families_new(struct xpf_plugin_families **out, struct xpf_world *world) {
  *out = calloc(1, sizeof **out);
  if (!*out)
    return -ENOMEM;
  (*out)->world = world;
  return 0;
}

static void family_free(struct family *family) {
  free(family->name);
  free(family->kind_name);
  free(family->help);
  free(family->unit);
  for (unsigned i = 0; i < XPF_LABELS_MAX; i++)
    free(family->labels[i]);
  free(family);
}

void xpf_plugin_families_free(struct xpf_plugin_families *families) {
  if (!families)
    return;
  for (unsigned i = 0; i < families->count; i++)
    family_free(families->families[i]);
  free(families);
}

/* Has every label of the shape. */
static bool fits(const struct family *family, const struct xpf_plugin_family_shape *shape) {
  size_t found = 0;
  for (unsigned i = 1; family->kind.labels[i]; i++)
    if (found < shape->labels_count && strcmp(family->kind.labels[i], shape->labels[found]) == 0)
      found++;
  return found == shape->labels_count && family->kind.stale_after_ms == shape->stale_after_ms;
}

/* A name of ours, or one that the rest of xprofd shows already. */
static bool is_taken(const struct xpf_plugin_families *families, const char *name) {
  if (strncmp(name, "xprofd_", 7) == 0 || strncmp(name, "xprofiler_", 10) == 0)
    return true;
  const struct xpf_kind *kind;
  for (unsigned i = 0; (kind = xpf_world_kind(families->world, i)) != NULL; i++) {
    bool is_plugins = false;
    for (unsigned j = 0; j < families->count && !is_plugins; j++)
      is_plugins = &families->families[j]->kind == kind;
    if (is_plugins)
      continue;
    if (kind->info_family && strcmp(kind->info_family, name) == 0)
      return true;
    for (unsigned field = 0; field < kind->fields_count; field++)
      if (kind->fields[field].family && strcmp(kind->fields[field].family, name) == 0)
        return true;
  }
  return false;
}

static bool fill(struct family *family, const struct xpf_plugin_family_shape *shape,
                 unsigned variant) {
  char name[300], help[400];
  if (variant == 0)
    snprintf(name, sizeof name, "plugin_%.255s", shape->name);
  else
    snprintf(name, sizeof name, "plugin_%.255s_%u", shape->name, variant + 1);
  snprintf(help, sizeof help, "%.380s", shape->help[0] ? shape->help : "printed by a plugin");
  family->name = strdup(shape->name);
  family->kind_name = strdup(name);
  family->help = strdup(help);
  family->unit = strdup(shape->unit);
  bool is_whole = family->name && family->kind_name && family->help && family->unit;
  for (size_t i = 0; i < shape->labels_count && is_whole; i++)
    is_whole = (family->labels[i] = strdup(shape->labels[i])) != NULL;
  if (!is_whole)
    return false;
  family->field = (struct xpf_field){.key = "value",
                                     .family = family->name,
                                     .type = shape->type,
                                     .unit = family->unit,
                                     .help = family->help,
                                     .source = "plugin"};
  family->kind = (struct xpf_kind){.name = family->kind_name,
                                   .help = family->help,
                                   .fields = &family->field,
                                   .fields_count = 1,
                                   .stale_after_ms = shape->stale_after_ms};
  family->kind.labels[0] = "plugin";
  for (size_t i = 0; i < shape->labels_count; i++)
    family->kind.labels[i + 1] = family->labels[i];
  return true;
}

static const struct xpf_kind *make(struct xpf_plugin_families *families,
                                   const struct xpf_plugin_family_shape *shape, unsigned variant,
                                   const char **wrong) {
  *wrong = "out of memory";
  struct family *family = calloc(1, sizeof *family);
  if (!family)
    return NULL;
  bool is_whole = fill(family, shape, variant);
  if (is_whole && xpf_world_add_kind(families->world, &family->kind) < 0) {
    *wrong = "is one more than the kinds of metrics that xprofd can keep";
    is_whole = false;
  }
  if (!is_whole) {
    family_free(family);
    return NULL;
  }
  families->families[families->count++] = family;
  return &family->kind;
}

const struct xpf_kind *xpf_plugin_family(struct xpf_plugin_families *families,
                                         const struct xpf_plugin_family_shape *shape,
                                         const char **wrong) {
  unsigned variants = 0;
  for (unsigned i = 0; i < families->count; i++) {
    const struct family *family = families->families[i];
    if (strcmp(family->name, shape->name) != 0)
      continue;
    if (family->field.type != shape->type) {
      *wrong = "had another type before; a metric keeps its type until xprofd starts anew";
      return NULL;
    }
    if (fits(family, shape))
      return &family->kind;
    variants++;
  }
  if (shape->labels_count >= XPF_LABELS_MAX)
    *wrong = "has too many labels";
  else if (variants == 0 && is_taken(families, shape->name))
    *wrong = "is the name of a metric of xprofd itself; take another one";
  else if (variants == VARIANTS_MAX)
    *wrong = "has too many different sets of labels";
  else if (families->count == XPF_PLUGIN_FAMILIES_MAX)
    *wrong = "is one more than the metrics that plugins may bring in all";
  else
    return make(families, shape, variants, wrong);
  return NULL;
}
