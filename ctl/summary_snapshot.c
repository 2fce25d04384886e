/* Heap snapshots: the constructors with the most memory. Read as a stream: what is kept grows with
 * the number of constructors, not with the file. */
#include <stdlib.h>
#include <string.h>
#include "format/array.h"
#include "format/id_table.h"
#include "format/json_read.h"
#include "print.h"
#include "target/reply_field.h"
#include "summary.h"
#include "summary_row.h"
#include "text.h"

#define FIELDS_MAX 16
#define TYPES_MAX  32
#define NAME_BYTES 160
#define GROUPS_MAX 1000000 /* more constructors than any program has */

struct group {
  uint64_t key;
  double objects, bytes;
  char *name; /* found at the end, when it is one of the largest */
};

struct snapshot {
  struct xpf_json_reader json;
  int fields, field_type, field_name, field_size; /* of the numbers of one node */
  char types[TYPES_MAX][32];
  int types_count;
  struct group *groups;
  uint32_t groups_count, groups_capacity;
  struct xpf_id_table ids; /* key to index in groups */
  double objects, bytes;
  bool has_names;
};

/* Objects are told apart by their constructor, everything else by what it is. */
static bool is_named(const struct snapshot *s, int64_t type) {
  return type >= 0 && type < s->types_count &&
         (strcmp(s->types[type], "object") == 0 || strcmp(s->types[type], "native") == 0);
}

static int read_fields(struct snapshot *s) {
  enum xpf_json_event event;
  if (xpf_json_next(&s->json) != XPF_JSON_ARRAY_BEGIN)
    return -1;
  while ((event = xpf_json_next(&s->json)) == XPF_JSON_STRING) {
    if (strcmp(s->json.text, "type") == 0)
      s->field_type = s->fields;
    else if (strcmp(s->json.text, "name") == 0)
      s->field_name = s->fields;
    else if (strcmp(s->json.text, "self_size") == 0)
      s->field_size = s->fields;
    s->fields++;
  }
  return event == XPF_JSON_ARRAY_END && s->fields <= FIELDS_MAX ? 0 : -1;
}

/* [["hidden","array",…],"string",…]: the names of the types stand first. */
static int read_types(struct snapshot *s) {
  enum xpf_json_event event;
  if (xpf_json_next(&s->json) != XPF_JSON_ARRAY_BEGIN ||
      xpf_json_next(&s->json) != XPF_JSON_ARRAY_BEGIN)
    return -1;
  while ((event = xpf_json_next(&s->json)) == XPF_JSON_STRING)
    if (s->types_count < TYPES_MAX)
      snprintf(s->types[s->types_count++], sizeof s->types[0], "%.31s", s->json.text);
  return event == XPF_JSON_ARRAY_END ? xpf_json_skip_rest(&s->json, XPF_JSON_ARRAY_BEGIN) : -1;
}

/* Goes through an object; take reads the value of a key, or says 1 to skip it. */
static int read_object(struct snapshot *s, int (*take)(struct snapshot *s, const char *key)) {
  enum xpf_json_event event;
  char key[32];
  if (xpf_json_next(&s->json) != XPF_JSON_OBJECT_BEGIN)
    return -1;
  while ((event = xpf_json_next(&s->json)) == XPF_JSON_KEY) {
    snprintf(key, sizeof key, "%.31s", s->json.text);
    int taken = take(s, key);
    if (taken < 0 || (taken > 0 && xpf_json_skip(&s->json) != 0))
      return -1;
  }
  return event == XPF_JSON_OBJECT_END ? 0 : -1;
}

static int take_meta(struct snapshot *s, const char *key) {
  if (strcmp(key, "node_fields") == 0)
    return read_fields(s);
  return strcmp(key, "node_types") == 0 ? read_types(s) : 1;
}

static int take_head(struct snapshot *s, const char *key) {
  return strcmp(key, "meta") == 0 ? read_object(s, take_meta) : 1;
}

static int count_node(struct snapshot *s, const int64_t *node) {
  int64_t type = node[s->field_type];
  uint64_t name = is_named(s, type) ? (uint64_t)node[s->field_name] + 1 : 0;
  uint64_t key = name << 8 | (uint64_t)(type & 0xff);
  uint32_t index = xpf_id_table_find(&s->ids, key);

  if (index == XPF_NO_INDEX) {
    index = s->groups_count;
    struct group *groups = index < GROUPS_MAX ? xpf_array_grow(s->groups, &s->groups_capacity,
                                                               s->groups_count, sizeof *s->groups)
                                              : NULL;
    if (groups == NULL)
      return -1;
    s->groups = groups;
    s->groups[s->groups_count++] = (struct group){.key = key};
    if (xpf_id_table_add(&s->ids, key, index) != 0)
      return -1;
  }
  s->groups[index].objects++;
  s->groups[index].bytes += (double)node[s->field_size];
  s->objects++;
  s->bytes += (double)node[s->field_size];
  return 0;
}

static int read_nodes(struct snapshot *s) {
  int64_t node[FIELDS_MAX];
  enum xpf_json_event event;
  int at = 0;

  if (s->fields == 0 || xpf_json_next(&s->json) != XPF_JSON_ARRAY_BEGIN)
    return -1;
  while ((event = xpf_json_next(&s->json)) == XPF_JSON_NUMBER) {
    node[at++] = s->json.integer;
    if (at < s->fields)
      continue;
    at = 0;
    if (count_node(s, node) != 0)
      return -1;
  }
  return event == XPF_JSON_ARRAY_END ? 0 : -1;
}

static int by_bytes(const void *a, const void *b) {
  const struct group *left = a, *right = b;
  return (left->bytes < right->bytes) - (left->bytes > right->bytes);
}

static uint32_t shown_count(const struct snapshot *s) {
  return s->groups_count < XPF_SUMMARY_ROWS ? s->groups_count : XPF_SUMMARY_ROWS;
}

/* The strings stand at the end: by now it is known which are wanted. */
static int read_strings(struct snapshot *s) {
  enum xpf_json_event event;
  if (xpf_json_next(&s->json) != XPF_JSON_ARRAY_BEGIN)
    return -1;
  if (s->groups_count > 0)
    qsort(s->groups, s->groups_count, sizeof *s->groups, by_bytes);
  for (uint64_t at = 1; (event = xpf_json_next(&s->json)) == XPF_JSON_STRING; at++)
    for (uint32_t i = 0; i < shown_count(s); i++)
      if (s->groups[i].key >> 8 == at && s->groups[i].name == NULL)
        s->groups[i].name = strdup(s->json.text);
  s->has_names = event == XPF_JSON_ARRAY_END;
  return s->has_names ? 0 : -1;
}

static int take_part(struct snapshot *s, const char *key) {
  if (strcmp(key, "snapshot") == 0)
    return read_object(s, take_head);
  if (strcmp(key, "nodes") == 0)
    return read_nodes(s);
  return strcmp(key, "strings") == 0 ? read_strings(s) : 1;
}

/* As DevTools calls them. */
static const char *name_of(const struct snapshot *s, const struct group *group, char *buffer,
                           size_t size) {
  uint64_t type = group->key & 0xff;
  if (group->name != NULL)
    snprintf(buffer, size, "%.150s", group->name);
  else if (type < (uint64_t)s->types_count && strcmp(s->types[type], "closure") == 0)
    snprintf(buffer, size, "Function");
  else
    snprintf(buffer, size, "(%.31s)", type < (uint64_t)s->types_count ? s->types[type] : "?");
  return buffer;
}

static cJSON *make(const struct snapshot *s) {
  cJSON *summary = cJSON_CreateObject();
  char name[NAME_BYTES];

  cJSON_AddNumberToObject(summary, "objects", s->objects);
  cJSON_AddNumberToObject(summary, "bytes", s->bytes);
  cJSON *list = cJSON_AddArrayToObject(summary, "constructors");
  for (uint32_t i = 0; i < shown_count(s); i++) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", name_of(s, &s->groups[i], name, sizeof name));
    cJSON_AddNumberToObject(item, "objects", s->groups[i].objects);
    cJSON_AddNumberToObject(item, "self_bytes", s->groups[i].bytes);
    cJSON_AddItemToArray(list, item);
  }
  return summary;
}

cJSON *xpf_summary_snapshot(struct xpf_source *source) {
  struct snapshot s = {0};
  struct xpf_read_error error = {0};

  xpf_json_reader_init(&s.json, source, &error);
  cJSON *summary = read_object(&s, take_part) == 0 && s.has_names ? make(&s) : NULL;
  xpf_json_reader_free(&s.json);
  for (uint32_t i = 0; i < s.groups_count; i++)
    free(s.groups[i].name);
  free(s.groups);
  xpf_id_table_free(&s.ids);
  return summary;
}

void xpf_summary_snapshot_print(FILE *out, const cJSON *summary, unsigned columns) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(summary, "constructors"), *item;
  double sum = xpf_reply_field_number(summary, "bytes", 0), largest = 0;
  char heading[160], total[32], amount[32], objects[32];

  snprintf(heading, sizeof heading, xpf_text(XPF_TEXT_SUM_CONSTRUCTORS),
           xpf_print_bytes(sum, total, sizeof total),
           xpf_reply_field_number(summary, "objects", 0));
  xpf_summary_row_heading(out, heading);
  cJSON_ArrayForEach(item, list) {
    double value = xpf_reply_field_number(item, "self_bytes", 0);
    largest = largest > 0 ? largest : value;
    if (value <= 0)
      break;
    snprintf(objects, sizeof objects, "%.0f", xpf_reply_field_number(item, "objects", 0));
    struct xpf_summary_row row = {.fraction = value / sum,
                                  .bar = value / largest,
                                  .amount = xpf_print_bytes(value, amount, sizeof amount),
                                  .other = objects,
                                  .name = xpf_reply_field_text(item, "name", "")};
    xpf_summary_row_print(out, &row, columns);
  }
}
