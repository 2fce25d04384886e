// links: src/daemon/rpc_lep.c src/format/json.c src/format/sink.c src/wire/ -lcjson -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/rpc_lep.h"

static void test_the_answer_is_leps(void **state) {
  (void)state;
  char *answer = xpf_lep_result(NULL, "1.9 0.7\n");
  assert_string_equal(answer, "{\n\t\"result\":\t\"1.9 0.7\\nlepdendstring\"\n}\n");
  free(answer);
  cJSON *id = cJSON_CreateNumber(7);
  answer = xpf_lep_result(id, "Hello!");
  assert_string_equal(answer, "{\n\t\"result\":\t\"Hello!lepdendstring\",\n\t\"id\":\t7\n}\n");
  free(answer);
  const struct xpf_fault fault = {.code = -32601, .message = "no such \"method\""};
  answer = xpf_lep_error(id, &fault);
  assert_string_equal(answer,
                      "{\n\t\"error\":\t{\n\t\t\"code\":\t-32601,\n\t\t\"message\":\t\"no such "
                      "\\\"method\\\"lepdendstring\"\n\t},\n\t\"id\":\t7\n}\n");
  free(answer);
  cJSON_Delete(id);
}

/* A client of LEP looks for the marker in each block that it reads, and stops there. */
static void test_the_marker_and_all_behind_it_are_in_one_block(void **state) {
  (void)state;
  char text[3 * XPF_LEP_READ_BYTES];
  for (size_t size = 0; size < sizeof text - 1; size++) {
    memset(text, 'x', size);
    text[size] = '\0';
    char *answer = xpf_lep_result(NULL, text);
    size_t marker = (size_t)(strstr(answer, "lepdendstring") - answer);
    size_t last = strlen(answer) - 1;
    assert_int_equal(marker / XPF_LEP_READ_BYTES, last / XPF_LEP_READ_BYTES);
    cJSON *parsed = cJSON_Parse(answer);
    const char *result = cJSON_GetStringValue(cJSON_GetObjectItem(parsed, "result"));
    assert_int_equal(strlen(result), size + strlen("lepdendstring"));
    cJSON_Delete(parsed);
    free(answer);
  }
}

static void test_a_marker_within_the_text_does_not_end_it(void **state) {
  (void)state;
  char *answer = xpf_lep_result(NULL, "node lepdendstringlepdendstring app.js\n");
  char *first = strstr(answer, "lepdendstring");
  assert_non_null(first);
  assert_null(strstr(first + 1, "lepdendstring"));
  assert_string_equal(first, "lepdendstring\"\n}\n");
  free(answer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_answer_is_leps),
      cmocka_unit_test(test_the_marker_and_all_behind_it_are_in_one_block),
      cmocka_unit_test(test_a_marker_within_the_text_does_not_end_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
