// links: src/daemon/outside.c src/daemon/outside_read.c src/daemon/pace.c src/daemon/world.c
// links: src/host/proc_file.c src/host/proc_keys.c src/host/proc_dir_linux.c
// links: src/host/proc_stat_linux.c src/host/proc_status_linux.c src/wire/utf8.c -lm
/* What is read of a process from outside: of this one, and of recorded trees. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/outside.h"

static const struct xpf_field FIELDS[] = {XPF_OUTSIDE_FIELDS(XPF_OUTSIDE_FIELD)};
static const char *const INFO[] = {NULL};
static const struct xpf_kind KIND = {
    .name = "process",
    .labels = {"pid", NULL},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
};

static struct xpf_world *world;
static struct xpf_entity *entity;

static int set_up(void **state) {
  (void)state;
  world = xpf_world_new();
  entity = xpf_world_entity(world, &KIND, "1", (const char *const[]){"1"}, NULL);
  return entity ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  xpf_world_free(world);
  return 0;
}

static double value_of(enum xpf_outside_field id) {
  assert_int_equal(entity->qualities[id], XPF_QUALITY_OK);
  return entity->values[id];
}

static void this_process(void **state) {
  (void)state;
  struct xpf_outside_budget *budget = xpf_outside_budget_new("/proc");
  struct xpf_outside *outside;
  xpf_outside_budget_round(budget, 1000000, 1);
  assert_int_equal(xpf_outside_open(&outside, budget, getpid(), 0), 0);
  assert_int_equal(xpf_outside_read(outside, 1000000), 0);
  xpf_outside_publish(outside, entity, 0);
  assert_true(value_of(XPF_OUTSIDE_THREADS) == 1);
  assert_true(value_of(XPF_OUTSIDE_RSS) >= 256 * 1024);
  assert_true(value_of(XPF_OUTSIDE_PSS) > 0);
  assert_true(value_of(XPF_OUTSIDE_USS) <= value_of(XPF_OUTSIDE_PSS));
  assert_true(value_of(XPF_OUTSIDE_FDS) >= 3);
  assert_true(value_of(XPF_OUTSIDE_READ_CHARS) > 0);
  assert_true(value_of(XPF_OUTSIDE_RUN) > 0);
  xpf_outside_close(outside);
  xpf_outside_budget_free(budget);
}

static void another_start_is_another_process(void **state) {
  (void)state;
  struct xpf_outside_budget *budget = xpf_outside_budget_new("/proc");
  struct xpf_outside *outside;
  assert_int_equal(xpf_outside_open(&outside, budget, getpid(), 1), -ESRCH);
  xpf_outside_budget_free(budget);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(this_process, set_up, tear_down),
      cmocka_unit_test_setup_teardown(another_start_is_another_process, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
