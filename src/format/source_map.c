#include "format/source_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/json_read.h"
#include "format/string_table.h"

#define NO_SOURCE UINT32_MAX

struct mapping {
  uint32_t line, column; /* of the made script, from 0 */
  uint32_t source, name; /* string indices; NO_SOURCE: from nowhere */
  uint32_t source_line, source_column;
};

struct list { /* string indices */
  uint32_t *items;
  uint32_t count, capacity;
};

struct xpf_source_map {
  struct xpf_string_table *strings;
  struct mapping *mappings; /* by line and column */
  uint32_t count, capacity;
};

/* One map, or one of the sections: its keys come in any order. */
struct part {
  struct list sources, names;
  char *root, *mappings;
  uint64_t mappings_offset;
  uint32_t line, column; /* offset of the section */
};

struct reader {
  struct xpf_json_reader json;
  struct xpf_read_error *error;
  struct xpf_source_map *map;
  bool has_sections;
};

static int no_memory(struct reader *r) {
  return xpf_read_fail(r->error, XPF_READ_MEMORY, r->json.offset, "");
}

static void part_free(struct part *part) {
  free(part->sources.items);
  free(part->names.items);
  free(part->root);
  free(part->mappings);
}

/* ---- mappings: numbers in base 64, five bits a digit ----------------------------------------- */

static int digit_value(char c) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = c != '\0' ? strchr(digits, c) : NULL;
  return at != NULL ? (int)(at - digits) : -1;
}

/* 1 and a number; 0 at the end of a segment; -1 when it is damaged. */
static int vlq_read(const char **text, int64_t *out) {
  if (**text == ',' || **text == ';' || **text == '\0')
    return 0;
  uint64_t value = 0;
  for (unsigned shift = 0; shift <= 30; shift += 5) {
    int digit = digit_value(**text);
    if (digit < 0)
      return -1;
    (*text)++;
    value |= (uint64_t)(digit & 31) << shift;
    if ((digit & 32) == 0) {
      *out = (value & 1) != 0 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
      return 1;
    }
  }
  return -1;
}

/* What a segment's numbers are counted from: those of the one before. */
struct state {
  int64_t line, column, source, source_line, source_column, name;
};

static int segment_add(struct reader *r, const struct part *part, const struct state *state,
                       int fields) {
  struct xpf_source_map *map = r->map;
  struct mapping mapping = {.line = (uint32_t)state->line + part->line,
                            .column = (uint32_t)state->column,
                            .source = NO_SOURCE};
  if (state->line == 0) /* a section's offset moves columns only in its first line */
    mapping.column += part->column;
  if (fields >= 4) {
    if (state->source < 0 || state->source >= part->sources.count || state->source_line < 0 ||
        state->source_line >= INT32_MAX || state->source_column < 0 ||
        state->source_column >= INT32_MAX)
      return -1;
    mapping.source = part->sources.items[state->source];
    mapping.source_line = (uint32_t)state->source_line;
    mapping.source_column = (uint32_t)state->source_column;
  }
  if (fields == 5) {
    if (state->name < 0 || state->name >= part->names.count)
      return -1;
    mapping.name = part->names.items[state->name];
  }
  struct mapping *grown = xpf_array_grow(map->mappings, &map->capacity, map->count, sizeof(*grown));
  if (grown == NULL)
    return no_memory(r);
  map->mappings = grown;
  map->mappings[map->count++] = mapping;
  return 0;
}

/* One segment: 1, 4 or 5 numbers. 0 or -1. */
static int segment_read(struct reader *r, const struct part *part, struct state *state,
                        const char **text) {
  int64_t numbers[5] = {0};
  int fields = 0, rc = 0;
  while (fields < 5 && (rc = vlq_read(text, &numbers[fields])) > 0)
    fields++;
  if (rc < 0 || (fields != 1 && fields != 4 && fields != 5))
    return -1;
  state->column += numbers[0];
  state->source += numbers[1];
  state->source_line += numbers[2];
  state->source_column += numbers[3];
  state->name += numbers[4];
  if (state->column < 0 || state->column >= INT32_MAX)
    return -1;
  if (**text == ',')
    (*text)++;
  else if (**text != ';' && **text != '\0')
    return -1;
  return segment_add(r, part, state, fields);
}

static int mappings_read(struct reader *r, const struct part *part) {
  struct state state = {0};
  const char *text = part->mappings != NULL ? part->mappings : "";
  while (*text != '\0') {
    if (*text == ';') {
      state.line++;
      state.column = 0;
      text++;
      if (state.line >= INT32_MAX)
        return -1;
    } else if (*text == ',') {
      text++; /* an empty segment: some writers leave them */
    } else if (segment_read(r, part, &state, &text) < 0) {
      return xpf_read_fail(r->error, XPF_READ_SYNTAX,
                           part->mappings_offset + (uint64_t)(text - part->mappings), "mappings");
    }
  }
  return 0;
}

/* ---- the document ------------------------------------------------------------------------ */

static int64_t source_add(struct reader *r, const struct part *part, const char *source) {
  size_t root_size = part->root != NULL ? strlen(part->root) : 0;
  bool is_absolute = *source == '/' || strstr(source, "://") != NULL;
  if (root_size == 0 || is_absolute)
    return xpf_string_table_add(r->map->strings, source, strlen(source));
  size_t size = root_size + strlen(source) + 2;
  char *joined = malloc(size);
  if (joined == NULL)
    return -ENOMEM;
  snprintf(joined, size, "%s%s%s", part->root, part->root[root_size - 1] == '/' ? "" : "/", source);
  int64_t index = xpf_string_table_add(r->map->strings, joined, size);
  free(joined);
  return index;
}

static int list_read(struct reader *r, struct list *list, const char *what) {
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, what) < 0)
    return -1;
  for (;;) {
    enum xpf_json_event event = xpf_json_next(&r->json);
    if (event == XPF_JSON_ARRAY_END)
      return 0;
    if (event == XPF_JSON_ERROR)
      return -1;
    if (event != XPF_JSON_STRING && event != XPF_JSON_NULL)
      return xpf_read_fail(r->error, XPF_READ_WRONG_TYPE, r->json.offset, what);
    const char *text = event == XPF_JSON_STRING ? r->json.text : "";
    int64_t index = xpf_string_table_add(r->map->strings, text, strlen(text));
    uint32_t *grown =
        xpf_array_grow(list->items, &list->capacity, list->count, sizeof(*list->items));
    if (grown != NULL)
      list->items = grown;
    if (index < 0 || grown == NULL)
      return no_memory(r);
    list->items[list->count++] = (uint32_t)index;
  }
}

static int text_read(struct reader *r, char **out, const char *what) {
  enum xpf_json_event event = xpf_json_next(&r->json);
  if (event == XPF_JSON_NULL)
    return 0;
  if (event != XPF_JSON_STRING)
    return event == XPF_JSON_ERROR
               ? -1
               : xpf_read_fail(r->error, XPF_READ_WRONG_TYPE, r->json.offset, what);
  free(*out);
  *out = strdup(r->json.text);
  return *out == NULL ? no_memory(r) : 0;
}

/* With the sourceRoot, which may come behind the sources. */
static int sources_join(struct reader *r, struct part *part) {
  if (part->root == NULL)
    return 0;
  for (uint32_t i = 0; i < part->sources.count; i++) {
    int64_t index =
        source_add(r, part, xpf_string_table_text(r->map->strings, part->sources.items[i]));
    if (index < 0)
      return no_memory(r);
    part->sources.items[i] = (uint32_t)index;
  }
  return 0;
}

static int part_read(struct reader *r, struct part *part, bool is_top);

static int offset_read(struct reader *r, struct part *part) {
  if (xpf_json_expect(&r->json, XPF_JSON_OBJECT_BEGIN, "offset") < 0)
    return -1;
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0) {
    bool is_line = strcmp(r->json.text, "line") == 0;
    if (!is_line && strcmp(r->json.text, "column") != 0) {
      if (xpf_json_skip(&r->json) < 0)
        return -1;
      continue;
    }
    int64_t number;
    if (xpf_json_read_int(&r->json, 0, INT32_MAX / 2, "offset", &number) < 0)
      return -1;
    *(is_line ? &part->line : &part->column) = (uint32_t)number;
  }
  return more;
}

/* Its object is open. Its offset and its map may come in any order. */
static int section_read(struct reader *r) {
  struct part part = {0};
  int rc = 0, more = 1;
  while (rc == 0 && (more = xpf_json_next_key(&r->json)) > 0) {
    if (strcmp(r->json.text, "offset") == 0)
      rc = offset_read(r, &part);
    else if (strcmp(r->json.text, "map") == 0)
      rc = xpf_json_expect(&r->json, XPF_JSON_OBJECT_BEGIN, "map") < 0 ||
                   part_read(r, &part, false) < 0
               ? -1
               : 0;
    else
      rc = xpf_json_skip(&r->json);
  }
  if (rc == 0 && more == 0 && sources_join(r, &part) == 0)
    rc = mappings_read(r, &part);
  else
    rc = -1;
  part_free(&part);
  return rc;
}

static int sections_read(struct reader *r) {
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "sections") < 0)
    return -1;
  r->has_sections = true;
  int rc;
  while ((rc = xpf_json_next_object(&r->json, "sections")) > 0)
    if (section_read(r) < 0)
      return -1;
  return rc;
}

/* The object of a map is open. Sections have no sections. */
static int part_read(struct reader *r, struct part *part, bool is_top) {
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0) {
    int rc;
    if (strcmp(r->json.text, "sources") == 0) {
      rc = list_read(r, &part->sources, "sources");
    } else if (strcmp(r->json.text, "names") == 0) {
      rc = list_read(r, &part->names, "names");
    } else if (strcmp(r->json.text, "sourceRoot") == 0) {
      rc = text_read(r, &part->root, "sourceRoot");
    } else if (strcmp(r->json.text, "mappings") == 0) {
      rc = text_read(r, &part->mappings, "mappings");
      part->mappings_offset = r->json.offset + 1;
    } else if (strcmp(r->json.text, "sections") == 0 && is_top) {
      rc = sections_read(r);
    } else {
      rc = xpf_json_skip(&r->json);
    }
    if (rc < 0)
      return -1;
  }
  return more;
}

static int compare_mappings(const void *left, const void *right) {
  const struct mapping *a = left, *b = right;
  if (a->line != b->line)
    return a->line < b->line ? -1 : 1;
  return a->column < b->column ? -1 : a->column > b->column;
}

static int document_read(struct reader *r) {
  struct part part = {0};
  int rc = xpf_json_expect(&r->json, XPF_JSON_OBJECT_BEGIN, "the file");
  if (rc == 0)
    rc = part_read(r, &part, true);
  if (rc == 0 && xpf_json_next(&r->json) != XPF_JSON_END)
    rc = -1;
  if (rc == 0 && part.mappings == NULL && !r->has_sections)
    rc = xpf_read_fail(r->error, XPF_READ_MISSING, xpf_source_offset(r->json.source), "mappings");
  if (rc == 0)
    rc = sources_join(r, &part);
  if (rc == 0)
    rc = mappings_read(r, &part);
  part_free(&part);
  if (rc == 0 && r->map->count > 1)
    qsort(r->map->mappings, r->map->count, sizeof(*r->map->mappings), compare_mappings);
  return rc;
}

int xpf_source_map_read(struct xpf_source *source, struct xpf_source_map **out,
                        struct xpf_read_error *error) {
  struct reader r = {.error = error, .map = calloc(1, sizeof(*r.map))};
  xpf_json_reader_init(&r.json, source, error);
  if (r.map != NULL)
    r.map->strings = xpf_string_table_new();
  int rc = r.map == NULL || r.map->strings == NULL ? no_memory(&r) : document_read(&r);
  xpf_json_reader_free(&r.json);
  if (rc == 0)
    *out = r.map;
  else
    xpf_source_map_free(r.map);
  return xpf_read_code(error);
}

void xpf_source_map_free(struct xpf_source_map *map) {
  if (map == NULL)
    return;
  xpf_string_table_free(map->strings);
  free(map->mappings);
  free(map);
}

/* ---- looking up -------------------------------------------------------------------------- */

/* Index of the first mapping that is not before the place. */
static uint32_t lower_bound(const struct xpf_source_map *map, uint32_t line, uint32_t column) {
  struct mapping key = {.line = line, .column = column};
  uint32_t low = 0, high = map->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (compare_mappings(&map->mappings[middle], &key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool place_of(const struct xpf_source_map *map, const struct mapping *mapping,
                     struct xpf_source_place *out) {
  if (mapping->source == NO_SOURCE)
    return false;
  out->source = xpf_string_table_text(map->strings, mapping->source);
  out->name = xpf_string_table_text(map->strings, mapping->name);
  out->line = mapping->source_line + 1;
  out->column = mapping->source_column + 1;
  out->made_column = mapping->column + 1;
  return *out->source != '\0';
}

bool xpf_source_map_find(const struct xpf_source_map *map, uint32_t line, uint32_t column,
                         struct xpf_source_place *out) {
  if (line == 0 || column == 0)
    return false;
  uint32_t at = lower_bound(map, line - 1, column); /* the first behind: columns are whole */
  return at > 0 && map->mappings[at - 1].line == line - 1 &&
         place_of(map, &map->mappings[at - 1], out);
}

bool xpf_source_map_find_line(const struct xpf_source_map *map, uint32_t line,
                              struct xpf_source_place *out) {
  if (line == 0)
    return false;
  for (uint32_t at = lower_bound(map, line - 1, 0);
       at < map->count && map->mappings[at].line == line - 1; at++)
    if (place_of(map, &map->mappings[at], out))
      return true;
  return false;
}
