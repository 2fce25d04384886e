/* Prints the configuration keys of src/core/config.h as one JSON array. Run by
 * scripts/config_doc.js. */
#include <stdio.h>
#include <stdlib.h>

#include "core/config.h"

static const char *type_name(enum xpf_config_type type) {
  static const char *const names[] = {"text", "number", "flag"};
  return names[type];
}

int main(void) {
  struct xpf_config defaults;
  xpf_config_init(&defaults);
  cJSON *list = cJSON_CreateArray();
  for (unsigned i = 0; i < xpf_config_keys_count; i++) {
    const struct xpf_config_key *key = &xpf_config_keys[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "key", key->key);
    cJSON_AddStringToObject(item, "env", key->env);
    cJSON_AddStringToObject(item, "type", type_name(key->type));
    cJSON_AddStringToObject(item, "unit", key->unit);
    cJSON_AddStringToObject(item, "what", key->what);
    cJSON_AddNumberToObject(item, "min", key->min);
    cJSON_AddNumberToObject(item, "max", key->max);
    cJSON_AddBoolToObject(item, "runtime", key->runtime);
    cJSON_AddItemToObject(item, "standard", xpf_config_value(&defaults, key));
    cJSON *words = cJSON_AddArrayToObject(item, "words");
    const char *const *word = xpf_config_words(key);
    for (; word && *word; word++)
      cJSON_AddItemToArray(words, cJSON_CreateString(*word));
    cJSON_AddItemToArray(list, item);
  }
  char *text = cJSON_PrintUnformatted(list);
  cJSON_Delete(list);
  if (!text)
    return 1;
  puts(text);
  free(text);
  return 0;
}
