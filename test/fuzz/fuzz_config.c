// links: src/core/config.c src/wire/request.c src/wire/document.c src/wire/utf8.c -lcjson -lm
/* Any JSON object as a configuration: each value is taken, and then reads back, or it is refused by
 * the name of its key and changes nothing. What is taken lies within the range of the key. */
#include <math.h>

#include "core/config.h"
#include "fuzz.h"
#include "wire/document.h"
#include "wire/utf8.h"

static void check_fault(const struct xpf_fault *fault) {
  require(fault->code < 0 && fault->message[0] != '\0');
  require(xpf_utf8_check(fault->message, strlen(fault->message)) == strlen(fault->message));
}

static void check_key(const struct xpf_config *config, const struct xpf_config_key *key) {
  const char *field = (const char *)config + key->offset;
  if (key->type == XPF_CONFIG_TYPE_NUMBER) {
    double number = *(const double *)(const void *)field;
    require(number >= key->min && number <= key->max);
    require(key->unit[0] != '\0' || number == floor(number));
  }
  if (key->type == XPF_CONFIG_TYPE_TEXT) {
    require(strnlen(field, XPF_CONFIG_TEXT_MAX) < XPF_CONFIG_TEXT_MAX);
    require(xpf_utf8_check(field, strlen(field)) == strlen(field));
    require(field[0] == '\0' || field[0] == '/' || xpf_config_words(key) != NULL);
  }
}

/* The whole configuration as JSON, set again, is the same. */
static void check_again(const struct xpf_config *config) {
  struct xpf_config again;
  cJSON *json = xpf_config_json(config);
  const cJSON *item;
  require(json != NULL);
  xpf_config_init(&again);
  cJSON_ArrayForEach(item, json) {
    struct xpf_fault fault = {0};
    bool is_unset = cJSON_IsString(item) && item->valuestring[0] == '\0';
    require(is_unset || xpf_config_set(&again, item->string, item, &fault) == 0);
  }
  cJSON *json_again = xpf_config_json(&again);
  require(cJSON_Compare(json, json_again, true));
  cJSON_Delete(json);
  cJSON_Delete(json_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_document document;
  struct xpf_config config, before;
  const cJSON *item;
  if (xpf_document_parse(&document, (const char *)data, size, 1000) != 0)
    return 0;
  xpf_config_init(&config);
  cJSON_ArrayForEach(item, document.root) {
    struct xpf_fault fault = {0};
    before = config;
    if (xpf_config_set(&config, item->string, item, &fault) == 0)
      continue;
    check_fault(&fault);
    require(memcmp(&before, &config, sizeof config) == 0);
  }
  for (unsigned i = 0; i < xpf_config_keys_count; i++)
    check_key(&config, &xpf_config_keys[i]);
  check_again(&config);
  cJSON_Delete(document.root);
  return 0;
}
