#include "format/json_detect.h"

#include <stdlib.h>
#include <string.h>

#include "format/json_read.h"

enum kind { UNKNOWN, CPU, HEAP, GC };

/* "samples" is in two formats: numbers in one, objects in the other. */
static enum kind kind_of_samples(struct xpf_json_reader *json) {
  if (xpf_json_next(json) != XPF_JSON_ARRAY_BEGIN)
    return UNKNOWN;
  enum xpf_json_event event = xpf_json_next(json);
  if (event == XPF_JSON_NUMBER)
    return CPU;
  return event == XPF_JSON_OBJECT_BEGIN ? HEAP : UNKNOWN;
}

static enum kind kind_of_key(struct xpf_json_reader *json) {
  static const struct {
    const char *key;
    enum kind kind;
  } keys[] = {{"nodes", CPU}, {"timeDeltas", CPU}, {"head", HEAP}, {"gc", GC}};
  for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
    if (strcmp(json->text, keys[i].key) == 0)
      return keys[i].kind;
  if (strcmp(json->text, "samples") == 0)
    return kind_of_samples(json);
  xpf_json_skip(json);
  return UNKNOWN;
}

static enum kind detect(const unsigned char *head, size_t size) {
  size_t spaces = 0;
  while (spaces < size && strchr(" \t\r\n", head[spaces]) != NULL && head[spaces] != '\0')
    spaces++;
  if (spaces == size || head[spaces] != '{')
    return UNKNOWN;
  struct xpf_memory_source *memory = malloc(sizeof(*memory));
  if (memory == NULL)
    return UNKNOWN;
  struct xpf_read_error error = {0};
  struct xpf_json_reader json;
  enum kind kind = UNKNOWN;
  xpf_memory_source_init(memory, head, size);
  xpf_json_reader_init(&json, &memory->source, &error);
  xpf_json_next(&json);
  while (kind == UNKNOWN && xpf_json_next(&json) == XPF_JSON_KEY)
    kind = kind_of_key(&json);
  xpf_json_reader_free(&json);
  free(memory);
  return kind;
}

bool xpf_json_is_cpuprofile(const unsigned char *head, size_t size) {
  return detect(head, size) == CPU;
}

bool xpf_json_is_heapprofile(const unsigned char *head, size_t size) {
  return detect(head, size) == HEAP;
}

bool xpf_json_is_gcprofile(const unsigned char *head, size_t size) {
  return detect(head, size) == GC;
}
