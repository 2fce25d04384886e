#include "target/reply_field.h"

double xpf_reply_field_number(const cJSON *object, const char *name, double fallback) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

const char *xpf_reply_field_text(const cJSON *object, const char *name, const char *fallback) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsString(item) ? item->valuestring : fallback;
}
