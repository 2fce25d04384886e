// links: src/core/config.c src/wire/request.c src/wire/document.c src/wire/utf8.c -lcjson -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/config.h"
#include "xpf_protocol.h"

static int set(struct xpf_config *config, const char *key, cJSON *value, struct xpf_fault *fault) {
  memset(fault, 0, sizeof *fault);
  int err = xpf_config_set(config, key, value, fault);
  cJSON_Delete(value);
  return err;
}

static void defaults_are_those_of_the_contract(void **state) {
  (void)state;
  struct xpf_config config;
  xpf_config_init(&config);
  assert_string_equal(config.log_dir, "");
  assert_true(config.log_interval == 60);
  assert_true(config.log_level == 1);
  assert_true(config.log_type == 0);
  assert_false(config.log_format_alinode);
  assert_true(config.patch_http);
  assert_true(config.patch_http_timeout == 30);
  assert_true(config.check_throw);
  assert_true(config.auto_incr_heap_limit_size == 256);
  assert_true(config.enable_log_uv_handles);
  assert_true(config.enable_fatal_error_hook);
  assert_true(config.enable_fatal_error_report);
  assert_false(config.enable_fatal_error_coredump);
  assert_false(config.enable_http_profiling);
  assert_false(config.enable_auto_incr_heap_limit);
  assert_false(config.enable_avoid_rss_leak);
  assert_true(config.m_mmap_threshold == 128);
  assert_string_equal(config.log_format, "xprofiler");
}

static void run_time_keys_are_those_of_the_contract(void **state) {
  (void)state;
  static const char *const yes[] = {"log_level",
                                    "log_type",
                                    "enable_log_uv_handles",
                                    "enable_fatal_error_report",
                                    "enable_fatal_error_coredump",
                                    "enable_http_profiling",
                                    "enable_auto_incr_heap_limit"};
  static const char *const no[] = {
      "log_dir",   "log_interval", "patch_http", "check_throw", "enable_fatal_error_hook",
      "log_format"};
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
    assert_true(xpf_config_key_find(yes[i])->runtime);
  for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
    assert_false(xpf_config_key_find(no[i])->runtime);
  assert_string_equal(xpf_config_key_find("log_dir")->env, "XPROFILER_LOG_DIR");
  assert_null(xpf_config_key_find("log_di"));
  assert_null(xpf_config_key_find(NULL));
}

static void every_kind_of_key_is_set(void **state) {
  (void)state;
  struct xpf_config config;
  struct xpf_fault fault;
  xpf_config_init(&config);
  assert_int_equal(set(&config, "log_dir", cJSON_CreateString("/var/log/my app"), &fault), 0);
  assert_string_equal(config.log_dir, "/var/log/my app");
  assert_int_equal(set(&config, "patch_http_timeout", cJSON_CreateNumber(0.5), &fault), 0);
  assert_true(config.patch_http_timeout == 0.5);
  assert_int_equal(set(&config, "enable_http_profiling", cJSON_CreateTrue(), &fault), 0);
  assert_true(config.enable_http_profiling);
  assert_int_equal(set(&config, "log_format", cJSON_CreateString("json"), &fault), 0);
  assert_string_equal(config.log_format, "json");
  assert_int_equal(set(&config, "log_level", cJSON_CreateNumber(2), &fault), 0);
  assert_true(config.log_level == 2);
}

static void refuse(const char *key, cJSON *value, const char *words) {
  struct xpf_config config, before;
  struct xpf_fault fault;
  xpf_config_init(&config);
  before = config;
  assert_true(set(&config, key, value, &fault) < 0);
  assert_int_equal(fault.code, XPF_RPC_PARAMS);
  assert_string_equal(fault.field, key);
  assert_non_null(strstr(fault.message, words));
  assert_memory_equal(&config, &before, sizeof config);
}

static void a_wrong_type_is_refused_in_the_known_words(void **state) {
  (void)state;
#define WORDS(wanted, got)                                                                         \
  "> type error: [json.exception.type_error.302] type must be " wanted ", but is " got
  refuse("enable_http_profiling", cJSON_CreateNumber(1),
         "<enable_http_profiling" WORDS("boolean", "number"));
  refuse("log_level", cJSON_CreateString("2"), "<log_level" WORDS("number", "string"));
  refuse("log_level", cJSON_CreateNull(), "<log_level" WORDS("number", "null"));
  refuse("log_dir", cJSON_CreateArray(), "<log_dir" WORDS("string", "array"));
  refuse("log_dir", cJSON_CreateObject(), "<log_dir" WORDS("string", "object"));
  refuse("log_interval", cJSON_CreateTrue(), "<log_interval" WORDS("number", "boolean"));
}

static void values_out_of_range_are_refused(void **state) {
  (void)state;
  char long_path[XPF_CONFIG_TEXT_MAX + 1];
  memset(long_path, 'a', sizeof long_path);
  long_path[0] = '/';
  long_path[XPF_CONFIG_TEXT_MAX] = '\0';
  refuse("log_interval", cJSON_CreateNumber(0), "from 1 to 86400 s");
  refuse("log_interval", cJSON_CreateNumber(86401), "from 1 to 86400 s");
  refuse("log_level", cJSON_CreateNumber(3), "whole number from 0 to 2");
  refuse("log_level", cJSON_CreateNumber(1.5), "whole number from 0 to 2");
  refuse("log_type", cJSON_CreateNumber(-1), "from 0 to 1");
  refuse("patch_http_timeout", cJSON_CreateNumber(0), "patch_http_timeout");
  refuse("log_dir", cJSON_CreateString("relative/path"), "absolute path");
  refuse("log_dir", cJSON_CreateString(""), "absolute path");
  refuse("log_dir", cJSON_CreateString("/a\nb"), "control characters");
  refuse("log_dir", cJSON_CreateString("/\xff"), "absolute path");
  refuse("log_dir", cJSON_CreateString(long_path), "shorter than 1024");
  refuse("log_format", cJSON_CreateString("xml"), "xprofiler, alinode or json");
  refuse("cpu_profiler", cJSON_CreateString(""), "lazy");
  refuse("no_such_key", cJSON_CreateTrue(), "no_such_key");
}

static void the_json_has_every_key_sorted(void **state) {
  (void)state;
  struct xpf_config config;
  xpf_config_init(&config);
  config.log_interval = 2.5;
  cJSON *json = xpf_config_json(&config);
  unsigned count = 0;
  const char *last = "";
  for (cJSON *item = json->child; item; item = item->next, count++) {
    assert_true(strcmp(last, item->string) < 0);
    last = item->string;
  }
  assert_int_equal(count, xpf_config_keys_count);
  assert_true(cJSON_GetObjectItemCaseSensitive(json, "log_interval")->valuedouble == 2.5);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "patch_http")));
  assert_string_equal(cJSON_GetObjectItemCaseSensitive(json, "log_format")->valuestring,
                      "xprofiler");
  cJSON_Delete(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_those_of_the_contract),
      cmocka_unit_test(run_time_keys_are_those_of_the_contract),
      cmocka_unit_test(every_kind_of_key_is_set),
      cmocka_unit_test(a_wrong_type_is_refused_in_the_known_words),
      cmocka_unit_test(values_out_of_range_are_refused),
      cmocka_unit_test(the_json_has_every_key_sorted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
