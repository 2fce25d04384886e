// links: src/daemon/outside.c src/daemon/outside_read.c src/daemon/outside_sockets.c
// links: src/host/socket_table_linux.c src/daemon/pace.c src/daemon/world.c
// links: src/host/proc_file.c src/host/proc_keys.c src/host/proc_dir_linux.c
// links: src/host/proc_stat_linux.c src/host/proc_status_linux.c src/wire/utf8.c -lm
/* What is read of a process from outside: of this one, and of recorded trees. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/outside.h"
#include "daemon/pace.h"

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
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(listener, 7), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
  assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
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
  assert_true(value_of(XPF_OUTSIDE_TCP_LISTEN) == 1);
  assert_true(value_of(XPF_OUTSIDE_TCP_ESTABLISHED) == 1); /* the other end is not accepted */
  assert_true(value_of(XPF_OUTSIDE_ACCEPT_QUEUE) == 1);
  assert_true(value_of(XPF_OUTSIDE_ACCEPT_QUEUE_LIMIT) == 7);
  close(client);
  close(listener);
  xpf_outside_close(outside);
  xpf_outside_budget_free(budget);
}

/* ---- a recorded process ---- */

static char root[64], proc[80];
static struct xpf_outside_budget *budget;
static struct xpf_outside *outside;
static int64_t now_ms = 1764087600000;

static void put(const char *name, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", proc, name);
  for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
    *at = '\0';
    mkdir(path, 0755);
    *at = '/';
  }
  if (text[0] == '\0')
    return;
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
}

static void put_link(const char *name, const char *target) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", proc, name);
  unlink(path);
  assert_int_equal(symlink(target, path), 0);
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *at) {
  (void)stat, (void)type, (void)at;
  return remove(path);
}

#define STAT(user)                                                                                 \
  "77 (node) S) S 1 77 77 0 -1 4194560 2893 0 12 0 " user " 50 0 0 20 0 3 0 98765 1015459840 "     \
  "11563 18446744073709551615 1 1 0\n"

static int set_up_tree(void **state) {
  strcpy(root, "/tmp/xpf-outside-XXXXXX");
  if (!mkdtemp(root) || set_up(state) != 0)
    return -1;
  snprintf(proc, sizeof proc, "%s/proc", root);
  mkdir(proc, 0755);
  chmod(root, 0755);
  put("77/stat", STAT("150"));
  put("77/schedstat", "2000000000 3000000000 40\n");
  put("77/status",
      "Name:\tnode\nUid:\t1000\t1000\t1000\t1000\nVmSize:\t 2000 kB\nVmHWM:\t 900 kB\nVmRSS:\t "
      "800 kB\nRssAnon:\t 500 kB\nRssFile:\t 290 kB\nRssShmem:\t 10 kB\nVmSwap:\t 7 kB\n"
      "Threads:\t3\nvoluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\n");
  put("77/smaps_rollup",
      "55d-7ff ---p 00000000 00:00 0 [rollup]\nRss: 800 kB\nPss: 600 kB\nPss_Dirty: 9 kB\n"
      "Pss_Anon: 500 kB\nPss_File: 95 kB\nPss_Shmem: 5 kB\nPrivate_Clean: 40 kB\n"
      "Private_Dirty: 460 kB\nLazyFree: 3 kB\nAnonHugePages: 2048 kB\nPrivate_Hugetlb: 0 kB\n"
      "SwapPss: 6 kB\n");
  put("77/io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n"
               "cancelled_write_bytes: 7\n");
  put("77/limits", "Limit                     Soft Limit           Hard Limit           Units\n"
                   "Max processes             10                   10                   processes\n"
                   "Max open files            1024                 4096                 files\n");
  put("77/oom_score", "667\n");
  put("77/oom_score_adj", "-500\n");
  put("77/task/77/schedstat", "2000000000 3000000000 40\n");
  put("77/task/77/status", "voluntary_ctxt_switches:\t10\nnonvoluntary_ctxt_switches:\t20\n");
  put("77/task/78/schedstat", "500000000 1000000000 4\n");
  put("77/task/78/status", "voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\n");
  put("77/fd/", "");
  budget = xpf_outside_budget_new(proc);
  xpf_outside_budget_round(budget, now_ms, 1);
  return 0;
}

static int tear_down_tree(void **state) {
  if (outside)
    xpf_outside_close(outside);
  outside = NULL;
  xpf_outside_budget_free(budget);
  nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  return tear_down(state);
}

static int read_after(int seconds) {
  now_ms += seconds * 1000;
  xpf_outside_budget_round(budget, now_ms, 1);
  int error = xpf_outside_read(outside, now_ms);
  xpf_outside_publish(outside, entity, 0);
  return error;
}

static void open_77(void) {
  assert_int_equal(xpf_outside_open(&outside, budget, 77, 98765), 0);
  assert_int_equal(read_after(0), 0);
}

static void assert_all(enum xpf_outside_field first, enum xpf_outside_field last,
                       enum xpf_quality quality) {
  for (unsigned i = first; i <= last; i++)
    if (entity->qualities[i] != quality)
      fail_msg("%s is %s", FIELDS[i].key, xpf_quality_name(entity->qualities[i]));
}

static void recorded_values(void **state) {
  (void)state;
  long ticks = sysconf(_SC_CLK_TCK);
  open_77();
  assert_true(value_of(XPF_OUTSIDE_CPU_USER) == 150.0 / (double)ticks);
  assert_true(value_of(XPF_OUTSIDE_CPU_SYSTEM) == 50.0 / (double)ticks);
  assert_true(value_of(XPF_OUTSIDE_MINOR_FAULTS) == 2893);
  assert_true(value_of(XPF_OUTSIDE_MAJOR_FAULTS) == 12);
  assert_true(value_of(XPF_OUTSIDE_THREADS) == 3);
  assert_true(value_of(XPF_OUTSIDE_MAIN_WAIT) == 3);
  assert_true(value_of(XPF_OUTSIDE_MAIN_SLICES) == 40);
  assert_true(value_of(XPF_OUTSIDE_RSS) == 800 * 1024);
  assert_true(value_of(XPF_OUTSIDE_RSS_ANON) == 500 * 1024);
  assert_true(value_of(XPF_OUTSIDE_RSS_PEAK) == 900 * 1024);
  assert_true(value_of(XPF_OUTSIDE_SWAP) == 7 * 1024);
  assert_true(value_of(XPF_OUTSIDE_PSS) == 600 * 1024);
  assert_true(value_of(XPF_OUTSIDE_PSS_SHMEM) == 5 * 1024);
  assert_true(value_of(XPF_OUTSIDE_USS) == 500 * 1024);
  assert_true(value_of(XPF_OUTSIDE_SWAP_PSS) == 6 * 1024);
  assert_true(value_of(XPF_OUTSIDE_HUGE_PAGES) == 2048 * 1024);
  assert_true(value_of(XPF_OUTSIDE_PSS_AGE) == 0);
  assert_true(value_of(XPF_OUTSIDE_READ_CHARS) == 1);
  assert_true(value_of(XPF_OUTSIDE_CANCELLED_BYTES) == 7);
  assert_true(value_of(XPF_OUTSIDE_FDS_LIMIT) == 1024);
  assert_true(value_of(XPF_OUTSIDE_OOM_SCORE) == 667);
  assert_true(value_of(XPF_OUTSIDE_OOM_SCORE_ADJ) == -500);
  assert_true(value_of(XPF_OUTSIDE_RUN) == 2.5);
  assert_true(value_of(XPF_OUTSIDE_WAIT) == 4);
  assert_true(value_of(XPF_OUTSIDE_VOLUNTARY) == 11);
  assert_true(value_of(XPF_OUTSIDE_INVOLUNTARY) == 22);
}

/* What a thread has used stays counted when it ends, and one that takes its number counts anew. */
static void threads_that_end(void **state) {
  (void)state;
  char path[128];
  open_77();
  snprintf(path, sizeof path, "%s/77/task/78", proc);
  assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
  put("77/task/77/schedstat", "2100000000 3000000000 41\n");
  assert_int_equal(read_after(2), 0);
  assert_true(value_of(XPF_OUTSIDE_RUN) == 2.6);
  assert_true(value_of(XPF_OUTSIDE_VOLUNTARY) == 11);
  put("77/task/78/schedstat", "100000000 0 1\n");
  put("77/task/78/status", "voluntary_ctxt_switches:\t4\nnonvoluntary_ctxt_switches:\t0\n");
  assert_int_equal(read_after(2), 0);
  assert_true(value_of(XPF_OUTSIDE_RUN) == 2.7);
  assert_true(value_of(XPF_OUTSIDE_VOLUNTARY) == 15);
}

#define SOCKET(number, state, queues, inode)                                                       \
  "   " number ": 0100007F:2395 00000000:0000 " state " " queues " 00:00000000 00000000     0  "   \
  "      0 " inode " 1 0000000083f23c69 100 0 0 10 0\n"

static void sockets_by_state(void **state) {
  (void)state;
  put("77/net/tcp",
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n" SOCKET("0", "0A", "00000000:00000003", "100") SOCKET("1", "01", "00000010:00000002",
                                                                     "101")
          SOCKET("2", "08", "00000000:00000001", "102") SOCKET("3", "06", "00000000:00000000", "0")
              SOCKET("4", "05", "00000000:00000000", "104"));
  put("77/net/tcp6", SOCKET("0", "02", "00000001:00000000", "105"));
  put("77/net/udp", SOCKET("0", "07", "00000000:00000000", "106"));
  put_link("77/fd/3", "socket:[100]");
  put_link("77/fd/4", "socket:[101]");
  put_link("77/fd/5", "socket:[102]");
  put_link("77/fd/6", "socket:[105]");
  put_link("77/fd/7", "socket:[106]");
  put_link("77/fd/8", "socket:[999]"); /* of another family */
  put_link("77/fd/9", "/dev/null");
  put_link("77/fd/10", "anon_inode:[eventfd]");
  open_77();
  assert_true(value_of(XPF_OUTSIDE_FDS) == 8);
  assert_true(value_of(XPF_OUTSIDE_TCP_LISTEN) == 1);
  assert_true(value_of(XPF_OUTSIDE_ACCEPT_QUEUE) == 3);
  assert_all(XPF_OUTSIDE_ACCEPT_QUEUE_LIMIT, XPF_OUTSIDE_ACCEPT_QUEUE_LIMIT, XPF_QUALITY_ABSENT);
  assert_true(value_of(XPF_OUTSIDE_TCP_ESTABLISHED) == 1);
  assert_true(value_of(XPF_OUTSIDE_TCP_CLOSE_WAIT) == 1);
  assert_true(value_of(XPF_OUTSIDE_TCP_CLOSING) == 0); /* 104 is somebody else's */
  assert_true(value_of(XPF_OUTSIDE_TCP_SYN_SENT) == 1);
  assert_true(value_of(XPF_OUTSIDE_UDP) == 1);
  assert_true(value_of(XPF_OUTSIDE_SOCKETS_OTHER) == 1);
  assert_true(value_of(XPF_OUTSIDE_RECEIVE_QUEUE) == 3);
  assert_true(value_of(XPF_OUTSIDE_SEND_QUEUE) == 17);
}

static void missing_files_are_absent(void **state) {
  (void)state;
  static const char *const NAMES[] = {"schedstat", "status",    "smaps_rollup", "io",
                                      "limits",    "oom_score", "oom_score_adj"};
  for (unsigned i = 0; i < XPF_ROWS(NAMES); i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/77/%s", proc, NAMES[i]);
    assert_int_equal(unlink(path), 0);
  }
  open_77();
  assert_true(value_of(XPF_OUTSIDE_THREADS) == 3);
  assert_all(XPF_OUTSIDE_MAIN_RUN, XPF_OUTSIDE_MAIN_SLICES, XPF_QUALITY_ABSENT);
  assert_all(XPF_OUTSIDE_VSIZE, XPF_OUTSIDE_CANCELLED_BYTES, XPF_QUALITY_ABSENT);
  assert_all(XPF_OUTSIDE_FDS_LIMIT, XPF_OUTSIDE_OOM_SCORE_ADJ, XPF_QUALITY_ABSENT);
}

/* As the files of another user's process are. */
static void kept_from_us_is_denied(void **state) {
  (void)state;
  static const char *const NAMES[] = {"smaps_rollup", "io", "fd"};
  for (unsigned i = 0; i < XPF_ROWS(NAMES); i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/77/%s", proc, NAMES[i]);
    assert_int_equal(chmod(path, 0), 0);
  }
  bool was_root = geteuid() == 0;
  if (was_root && seteuid(65534) != 0)
    skip();
  open_77();
  if (was_root)
    assert_int_equal(seteuid(0), 0);
  assert_all(XPF_OUTSIDE_PSS, XPF_OUTSIDE_PSS_AGE, XPF_QUALITY_DENIED);
  assert_all(XPF_OUTSIDE_READ_CHARS, XPF_OUTSIDE_FDS, XPF_QUALITY_DENIED);
  assert_all(XPF_OUTSIDE_TCP_ESTABLISHED, XPF_OUTSIDE_SEND_QUEUE, XPF_QUALITY_DENIED);
  assert_true(value_of(XPF_OUTSIDE_RSS) == 800 * 1024);
  assert_true(value_of(XPF_OUTSIDE_RUN) == 2.5);
}

/* The shares are not read again before half a minute has gone; how old they are is told. */
static void shares_are_rare(void **state) {
  (void)state;
  open_77();
  put("77/smaps_rollup", "Pss: 1 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 1 kB\n");
  put("77/stat", STAT("250"));
  assert_int_equal(read_after(5), 0);
  assert_true(value_of(XPF_OUTSIDE_CPU_USER) == 250.0 / (double)sysconf(_SC_CLK_TCK));
  assert_true(value_of(XPF_OUTSIDE_PSS) == 600 * 1024);
  assert_true(value_of(XPF_OUTSIDE_PSS_AGE) == 5);
  assert_int_equal(read_after(40), 0);
  assert_true(value_of(XPF_OUTSIDE_PSS) == 1024);
  assert_true(value_of(XPF_OUTSIDE_PSS_AGE) == 0);
  assert_all(XPF_OUTSIDE_PSS_ANON, XPF_OUTSIDE_PSS_SHMEM, XPF_QUALITY_ABSENT);
}

static void it_ends(void **state) {
  (void)state;
  open_77();
  put("77/stat", "77 (node) Z 1 77 77 0 -1 4194560 2 0 1 0 1 5 0 0 20 0 1 0 98765 0 0 1 1 1 0\n");
  assert_int_equal(read_after(1), -ESRCH);
  struct xpf_outside *other = NULL;
  assert_int_equal(xpf_outside_open(&other, budget, 78, 0), -ESRCH);
  assert_int_equal(xpf_outside_open(&other, budget, 77, 0), -ESRCH);
}

/* ---- the pace ---- */

static void pace_follows_the_cost(void **state) {
  (void)state;
  struct xpf_pace pace;
  xpf_pace_init(&pace, 30000, 0.01);
  xpf_pace_round(&pace, 1000, 10);
  assert_true(xpf_pace_allows(&pace));
  xpf_pace_spent(&pace, 0.02);
  xpf_pace_spent(&pace, 0.04); /* more than was saved */
  assert_false(xpf_pace_allows(&pace));
  xpf_pace_round(&pace, 1500, 10);
  assert_false(xpf_pace_allows(&pace));
  xpf_pace_round(&pace, 3000, 10);
  assert_true(xpf_pace_allows(&pace));
  assert_int_equal(pace.period_ms, 30000); /* 10 of 22 ms each fit into 30 s */
  xpf_pace_round(&pace, 4000, 1000);       /* 22 s at 1 % */
  assert_int_equal(pace.period_ms, 2200000);
  xpf_pace_round(&pace, 3600000, 10);
  assert_true(xpf_pace_allows(&pace));
  xpf_pace_spent(&pace, 0.06); /* an hour of silence saved up no crowd */
  assert_false(xpf_pace_allows(&pace));
  /* those that began together are due one after the other */
  int64_t first = xpf_pace_next_ms(&pace, 0, 1), second = xpf_pace_next_ms(&pace, 0, 2);
  assert_true(first != second && first <= 30000 && second <= 30000 && first > 0);
}

/* A thread that others keep from a processor has not spent anything. */
static void waiting_for_a_processor_costs_nothing(void **state) {
  (void)state;
  struct xpf_pace_moment begun = {.clock_s = 100, .cpu_s = 5, .waits = 7};
  struct xpf_pace_moment preempted = {.clock_s = 102, .cpu_s = 5.25, .waits = 7};
  struct xpf_pace_moment blocked = {.clock_s = 102, .cpu_s = 5.25, .waits = 8};
  assert_true(xpf_pace_cost_s(&begun, &preempted) == 0.25);
  assert_true(xpf_pace_cost_s(&begun, &blocked) == 2);
}

static void moments_know_work_and_waiting(void **state) {
  (void)state;
  const struct timespec nap = {.tv_nsec = 20000000};
  struct xpf_pace_moment begun, worked, slept;
  xpf_pace_moment_now(&begun);
  do {
    xpf_pace_moment_now(&worked);
  } while (worked.cpu_s - begun.cpu_s < 0.002);
  assert_true(xpf_pace_cost_s(&begun, &worked) >= 0.002);
  assert_int_equal(nanosleep(&nap, NULL), 0);
  xpf_pace_moment_now(&slept);
  assert_true(slept.waits > worked.waits);
  assert_true(xpf_pace_cost_s(&worked, &slept) >= 0.02);
}

static void another_start_is_another_process(void **state) {
  (void)state;
  struct xpf_outside *other;
  budget = xpf_outside_budget_new("/proc");
  assert_int_equal(xpf_outside_open(&other, budget, getpid(), 1), -ESRCH);
  xpf_outside_budget_free(budget);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(this_process, set_up, tear_down),
      cmocka_unit_test_setup_teardown(recorded_values, set_up_tree, tear_down_tree),
      cmocka_unit_test_setup_teardown(threads_that_end, set_up_tree, tear_down_tree),
      cmocka_unit_test_setup_teardown(sockets_by_state, set_up_tree, tear_down_tree),
      cmocka_unit_test_setup_teardown(missing_files_are_absent, set_up_tree, tear_down_tree),
      cmocka_unit_test_setup_teardown(kept_from_us_is_denied, set_up_tree, tear_down_tree),
      cmocka_unit_test_setup_teardown(shares_are_rare, set_up_tree, tear_down_tree),
      cmocka_unit_test_setup_teardown(it_ends, set_up_tree, tear_down_tree),
      cmocka_unit_test(pace_follows_the_cost),
      cmocka_unit_test(waiting_for_a_processor_costs_nothing),
      cmocka_unit_test(moments_know_work_and_waiting),
      cmocka_unit_test_setup_teardown(another_start_is_another_process, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
