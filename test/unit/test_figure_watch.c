// links: src/daemon/figure_watch.c src/daemon/metric_kinds.c -lm
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/figure_watch.h"
#include "daemon/metric_kinds.h"

static char said[4096];
static struct xpf_figure_watch watch;
static double values[XPF_THREAD_FIELDS], node[XPF_NODE_FIELDS];
static int64_t now_ms;

static void on_event(void *arg, const char *name, const char *text) {
  (void)arg;
  size_t size = strlen(said);
  snprintf(said + size, sizeof said - size, "%s: %s\n", name, text);
}

static int begin(void **state) {
  (void)state;
  said[0] = '\0';
  watch = (struct xpf_figure_watch){0};
  now_ms = 1000000;
  for (unsigned i = 0; i < XPF_THREAD_FIELDS; i++)
    values[i] = NAN;
  for (unsigned i = 0; i < XPF_NODE_FIELDS; i++)
    node[i] = NAN;
  return 0;
}

/* What was said in this second. */
static const char *second(void) {
  said[0] = '\0';
  now_ms += 1000;
  xpf_figure_watch_thread(&watch, values, "shop (pid 7), main thread", now_ms, on_event, NULL);
  return said;
}

static const char *node_second(void) {
  said[0] = '\0';
  xpf_figure_watch_node(&watch, node, "shop (pid 7)", on_event, NULL);
  return said;
}

static void loop(double blocked_s, double longest_s) {
  values[XPF_THREAD_loop_blocked_ms] = blocked_s;
  values[XPF_THREAD_loop_delay_max_ms] = longest_s;
}

static void unknown_figures_say_nothing(void **state) {
  (void)state;
  assert_string_equal(second(), "");
  assert_string_equal(second(), "");
  assert_string_equal(node_second(), "");
}

static void a_block_is_said_at_its_begin_and_end(void **state) {
  (void)state;
  loop(0, 0.01);
  assert_string_equal(second(), "");
  loop(0.6, 0.6);
  assert_string_equal(second(), "");
  loop(1.6, 1.6);
  assert_string_equal(second(), "loop_blocked: shop (pid 7), main thread: its event loop has been "
                                "blocked for 1.6 s\n");
  loop(2.6, 2.6);
  assert_string_equal(second(), "");
  loop(0, 3.2);
  assert_string_equal(second(), "loop_unblocked: shop (pid 7), main thread: its event loop runs "
                                "again, after 3.2 s\n");
  assert_string_equal(second(), "");
}

static void a_long_turn_between_two_looks(void **state) {
  (void)state;
  loop(0, 5); /* long before us */
  assert_string_equal(second(), "");
  loop(0, 0.02); /* a new interval */
  assert_string_equal(second(), "");
  loop(0, 0.7);
  assert_string_equal(second(), "loop_blocked: shop (pid 7), main thread: one turn of its event "
                                "loop took 0.70 s\n");
  assert_string_equal(second(), "");
  loop(0.6, 0.7);
  assert_string_equal(second(), "");
  loop(0, 0.8);
  assert_non_null(strstr(second(), "took 0.80 s"));
}

static void a_heap_near_its_limit(void **state) {
  (void)state;
  values[XPF_THREAD_heap_limit] = 100 * 1048576.;
  values[XPF_THREAD_heap_used] = 85 * 1048576.;
  assert_string_equal(second(), "");
  values[XPF_THREAD_heap_used] = 91 * 1048576.;
  assert_string_equal(second(), "heap_near_limit: shop (pid 7), main thread: its heap has 91 MB of "
                                "at most 100 MB in use\n");
  values[XPF_THREAD_heap_used] = 85 * 1048576.; /* it wavers: no news */
  assert_string_equal(second(), "");
  values[XPF_THREAD_heap_used] = 92 * 1048576.;
  assert_string_equal(second(), "");
  values[XPF_THREAD_heap_used] = 40 * 1048576.;
  assert_string_equal(second(), "");
  values[XPF_THREAD_heap_used] = 95 * 1048576.;
  assert_non_null(strstr(second(), "heap_near_limit"));
}

static void garbage_collection_that_takes_all(void **state) {
  (void)state;
  double gc_s = 100;
  values[XPF_THREAD_total_gc_duration] = gc_s;
  assert_string_equal(second(), ""); /* what was before us does not count */
  int times = 0;
  for (int i = 0; i < 20; i++) {
    values[XPF_THREAD_total_gc_duration] = gc_s += 0.6;
    times += strstr(second(), "gc_busy") != NULL;
  }
  assert_int_equal(times, 1);
  for (int i = 0; i < 20; i++)
    assert_string_equal(second(), "");
}

static void descriptors_and_memory_of_the_process(void **state) {
  (void)state;
  node[XPF_NODE_open_fds] = 950;
  node[XPF_NODE_fd_limit] = 1000;
  assert_string_equal(node_second(),
                      "fds_near_limit: shop (pid 7): 950 of at most 1000 descriptors are open\n");
  node[XPF_NODE_cgroup_oom_kills] = 3;
  assert_string_equal(node_second(), ""); /* before us */
  node[XPF_NODE_cgroup_oom_kills] = 4;
  assert_non_null(strstr(node_second(), "cgroup_oom_kill"));
  node[XPF_NODE_fd_limit] = 0; /* none */
  assert_string_equal(node_second(), "");
}

int main(void) {
  xpf_metric_kinds_init();
#define TEST(name) cmocka_unit_test_setup(name, begin)
  const struct CMUnitTest tests[] = {
      TEST(unknown_figures_say_nothing),       TEST(a_block_is_said_at_its_begin_and_end),
      TEST(a_long_turn_between_two_looks),     TEST(a_heap_near_its_limit),
      TEST(garbage_collection_that_takes_all), TEST(descriptors_and_memory_of_the_process),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
