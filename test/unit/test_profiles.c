// clang-format off
// links: src/daemon/profiles.c src/daemon/profile_index.c src/daemon/profile_kind.c src/daemon/child.c src/daemon/world.c src/wire/utf8.c -lcjson -luv
// threads: not useful, the loop is the only thread that touches anything shared
// clang-format on
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>
#include <cmocka.h>

#include "daemon/profiles.h"
#include "daemon/world.h"

/* Stands for xprofctl: `SCRIPT kind --json -p PID …` with the words where the real one has them. */
static const char SCRIPT[] =
    "#!/bin/sh\n"
    "if [ \"$1\" = convert ]; then\n"
    "  case $4 in *.folded) echo '{\"ok\":false,\"message\":\"no way\"}'; exit 1;; esac\n"
    "  echo page > \"$4\"; echo '{\"ok\":true,\"data\":{\"size\":5}}'; exit 0\n"
    "fi\n"
    "file=$8; stop() { echo early > \"$file\"; echo "
    "'{\"ok\":true,\"data\":{\"paused_ms\":1,\"bytes\":6}}'; "
    "exit 0; }\n"
    "trap stop INT\n"
    "case $4 in\n"
    "  1) echo '{\"ok\":false,\"message\":\"process 1 is gone\"}'; exit 3;;\n"
    "  2) while :; do sleep 0.05; done;;\n"
    "  3) echo no json; echo reason >&2; exit 9;;\n"
    "esac\n"
    "echo data > \"$8\"\n"
    "echo '{\"ok\":true,\"data\":{\"paused_ms\":1.5,\"bytes\":5,\"summary\":{\"a\":\"'$1 $6 $9 "
    "${10}'\"}}}'\n";

static char dir[64], program[96];
static uv_loop_t loop;
static struct xpf_profiles *profiles;
static int changes;

static void count_change(void *arg, const struct xpf_take *take) {
  (void)arg;
  assert_true(take->id[0]);
  changes++;
}

static void open_with(double max_bytes, int64_t max_age_ms) {
  char path[96];
  snprintf(path, sizeof path, "%s/profiles", dir);
  struct xpf_profiles_options options = {.dir = path,
                                         .xprofctl = program,
                                         .max_bytes = max_bytes,
                                         .max_age_ms = max_age_ms,
                                         .changed = count_change};
  changes = 0;
  assert_int_equal(xpf_profiles_open(&profiles, &loop, &options), 0);
}

static void is_closed(void *arg) {
  *(bool *)arg = true;
}

static void close_all(void) {
  bool closed = false;
  xpf_profiles_close(profiles, is_closed, &closed);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_true(closed);
}

static int set_up(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/xpf-profiles-XXXXXX");
  assert_non_null(mkdtemp(dir));
  snprintf(program, sizeof program, "%s/xprofctl", dir);
  int fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  assert_int_equal(write(fd, SCRIPT, sizeof SCRIPT - 1), sizeof SCRIPT - 1);
  close(fd);
  assert_int_equal(uv_loop_init(&loop), 0);
  open_with(1e9, 1000000);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  close_all();
  assert_int_equal(uv_loop_close(&loop), 0);
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", dir);
  assert_int_equal(system(command), 0);
  return 0;
}

static struct xpf_take *take(const char *kind, pid_t pid, double seconds) {
  struct xpf_take_request request = {.kind = xpf_take_kind_find(kind),
                                     .pid = pid,
                                     .key = "5.77",
                                     .name = "shop",
                                     .thread_id = 2,
                                     .seconds = seconds};
  struct xpf_take *out = NULL;
  assert_int_equal(xpf_profiles_take(profiles, &request, &out), 0);
  return out;
}

static void run_until_idle(void) {
  for (int i = 0; i < 2000; i++) {
    bool is_running = false;
    for (struct xpf_take *at = xpf_profiles_first(profiles); at; at = at->next)
      is_running = is_running || at->child;
    if (!is_running && !uv_loop_alive(&loop))
      return;
    uv_run(&loop, UV_RUN_ONCE);
  }
}

static int file_exists(const char *name) {
  char path[300];
  snprintf(path, sizeof path, "%s/profiles/%s", dir, name);
  return access(path, F_OK) == 0;
}

static int has_file(const struct xpf_take *of, const char *extension) {
  char name[160];
  snprintf(name, sizeof name, "%s.%s", of->id, extension);
  return file_exists(name);
}

static void test_a_profile_is_taken_and_described(void **state) {
  (void)state;
  struct xpf_take *one = take("cpu", 5, 2);
  assert_int_equal(xpf_take_state(one, one->started_ms), XPF_TAKE_RUNNING);
  assert_int_equal(xpf_take_state(one, one->ends_ms), XPF_TAKE_WRITING);
  assert_int_equal(one->ends_ms - one->started_ms, 2000);
  run_until_idle();
  assert_int_equal(xpf_take_state(one, 0), XPF_TAKE_COMPLETE);
  assert_true(one->paused_ms == 1.5 && one->size == 5);
  assert_string_equal(cJSON_GetObjectItem(one->summary, "a")->valuestring, "cpu 2 -t 2000ms");
  assert_true(has_file(one, "cpuprofile"));
  assert_true(has_file(one, "json"));
  assert_int_equal(changes, 2);
  struct xpf_take *dump = take("snapshot", 5, 2);
  run_until_idle();
  assert_string_equal(cJSON_GetObjectItem(dump->summary, "a")->valuestring, "snapshot 2 ");
  assert_ptr_equal(xpf_profiles_first(profiles), dump);
  assert_ptr_equal(xpf_profiles_find(profiles, one->id), one);
  assert_null(xpf_profiles_find(profiles, "../x"));
}

static void test_a_refusal_comes_in_words(void **state) {
  (void)state;
  struct xpf_take *gone = take("cpu", 1, 1), *odd = take("cpu", 3, 1);
  run_until_idle();
  assert_int_equal(xpf_take_state(gone, 0), XPF_TAKE_FAILED);
  assert_string_equal(gone->error, "process 1 is gone");
  assert_string_equal(odd->error, "xprofctl ended with status 9: reason\n");
  cJSON *json = xpf_take_to_json(gone, 0);
  assert_string_equal(cJSON_GetObjectItem(json, "state")->valuestring, "failed");
  assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "size")));
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "formats")), 0);
  cJSON_Delete(json);
}

static void stop_it(uv_timer_t *timer) {
  xpf_profiles_remove(profiles, timer->data);
  uv_close((uv_handle_t *)timer, NULL);
}

static void test_stopped_early_it_still_has_its_file(void **state) {
  (void)state;
  struct xpf_take *one = take("cpu", 2, 60);
  uv_timer_t timer;
  uv_timer_init(&loop, &timer);
  timer.data = one;
  uv_timer_start(&timer, stop_it, 500, 0);
  run_until_idle();
  assert_int_equal(xpf_take_state(one, 0), XPF_TAKE_COMPLETE);
  assert_true(has_file(one, "cpuprofile"));
  xpf_profiles_remove(profiles, one);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_null(xpf_profiles_first(profiles));
}

static void test_too_many_at_a_time(void **state) {
  (void)state;
  for (int i = 0; i < XPF_TAKES_RUNNING_MAX; i++)
    take("cpu", 2, 60);
  struct xpf_take_request request = {
      .kind = xpf_take_kind_find("cpu"), .pid = 2, .key = "", .name = "", .seconds = 1};
  struct xpf_take *out;
  assert_int_equal(xpf_profiles_take(profiles, &request, &out), -EBUSY);
  /* tear_down closes while they run: they are stopped. */
}

static char ready_path[512], ready_error[128];
static int ready_calls;
static void ready(void *arg, const char *path, const char *error) {
  (void)arg;
  ready_calls++;
  snprintf(ready_path, sizeof ready_path, "%s", path ? path : "");
  snprintf(ready_error, sizeof ready_error, "%s", error);
}

static void test_other_formats_are_made_when_asked_for(void **state) {
  (void)state;
  struct xpf_take *one = take("cpu", 5, 1);
  run_until_idle();
  ready_calls = 0;
  xpf_take_file(one, NULL, ready, NULL);
  assert_non_null(strstr(ready_path, ".cpuprofile"));
  assert_int_equal(ready_calls, 1);
  const struct xpf_take_format *html = xpf_take_format_find(one->kind, "html");
  xpf_take_file(one, html, ready, NULL);
  assert_int_equal(ready_calls, 1);
  run_until_idle();
  assert_int_equal(ready_calls, 2);
  assert_true(has_file(one, "html"));
  assert_true(one->other_size == 5);
  xpf_take_file(one, html, ready, NULL);
  assert_int_equal(ready_calls, 3); /* it is there already */
  xpf_take_file(one, xpf_take_format_find(one->kind, "folded"), ready, NULL);
  run_until_idle();
  assert_string_equal(ready_error, "no way");
  assert_string_equal(ready_path, "");
  assert_null(xpf_take_format_find(one->kind, "diag"));
  assert_null(xpf_take_format_find(one->kind, ""));
  assert_null(xpf_take_format_find(one->kind, "html cpuprofile"));
}

static void put(const char *name, const char *text) {
  char path[300];
  snprintf(path, sizeof path, "%s/profiles/%s", dir, name);
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
}

static void test_after_a_restart_what_is_described_is_there_and_rubbish_is_not(void **state) {
  (void)state;
  struct xpf_take *one = take("heap", 5, 1);
  run_until_idle();
  char id[96], name[160];
  snprintf(id, sizeof id, "%s", one->id);
  snprintf(name, sizeof name, "%s.html", id);
  put(name, "converted");
  put("20260101-000000-7-cpu-1.cpuprofile", "half");
  put("20260101-000000-7-cpu-2.json", "{\"kind\":\"nonsense\"}");
  put("20260101-000000-7-cpu-3.json", "no json");
  put("Somebody's.file", "stays");
  close_all();
  open_with(1e9, 1000000);
  struct xpf_take *again = xpf_profiles_first(profiles);
  assert_string_equal(again->id, id);
  assert_null(again->next);
  assert_int_equal(xpf_take_state(again, 0), XPF_TAKE_COMPLETE);
  assert_string_equal(again->name, "shop");
  assert_string_equal(again->key, "5.77");
  assert_int_equal(again->thread_id, 2);
  assert_string_equal(cJSON_GetObjectItem(again->summary, "a")->valuestring, "heap 2 -t 1000ms");
  assert_false(file_exists(name));
  assert_false(file_exists("20260101-000000-7-cpu-1.cpuprofile"));
  assert_true(file_exists("Somebody's.file"));
}

static void test_bounds_of_size_and_age(void **state) {
  (void)state;
  close_all();
  open_with(12, 1000000); /* two files of 5 bytes */
  for (int i = 0; i < 4; i++) {
    take("cpu", 5, 1);
    run_until_idle();
  }
  int count = 0;
  for (struct xpf_take *at = xpf_profiles_first(profiles); at; at = at->next)
    count++;
  assert_int_equal(count, 2);
  struct xpf_take *newest = xpf_profiles_first(profiles);
  xpf_profiles_sweep(profiles, newest->started_ms + 999999);
  assert_non_null(xpf_profiles_first(profiles));
  xpf_profiles_sweep(profiles, newest->started_ms + 1000001);
  assert_null(xpf_profiles_first(profiles));
  uv_run(&loop, UV_RUN_DEFAULT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_profile_is_taken_and_described, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_refusal_comes_in_words, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stopped_early_it_still_has_its_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_too_many_at_a_time, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_other_formats_are_made_when_asked_for, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(
          test_after_a_restart_what_is_described_is_there_and_rubbish_is_not, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_bounds_of_size_and_age, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
