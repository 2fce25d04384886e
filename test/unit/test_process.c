// clang-format off
// links: src/host/os_linux.c src/host/task_linux.c src/host/identity_linux.c src/host/printable.c
// links: src/host/proc_file.c src/host/proc_dir_linux.c src/host/proc_stat_linux.c src/host/proc_status_linux.c
// threads: not under ThreadSanitizer, whose own thread and memory would be measured
// clang-format on
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "child.h"
#include "host/os.h"
#include "host/printable.h"
#include "host/proc_file.h"
#include "host/proc_stat_linux.h"

#define KNOWN_ALL                                                                                  \
  (XPF_KNOWN_MEMORY | XPF_KNOWN_FAULTS | XPF_KNOWN_SWITCHES | XPF_KNOWN_FDS |                      \
   XPF_KNOWN_RUN_QUEUE | XPF_KNOWN_CPU)

static struct xpf_os_identity identity;

static void nothing(void) {
  child_ready();
}

static void a_zombie_is_dead_but_named(void **state) {
  (void)state;
  struct xpf_os_process process;
  siginfo_t info;
  pid_t pid = child_start(nothing);
  assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
  assert_false(xpf_os_is_alive(pid));
  assert_int_equal(xpf_os_process(pid, &process), 0);
  assert_int_equal(process.known & XPF_KNOWN_MEMORY, 0);
  assert_int_equal(process.rss_bytes, 0);
  assert_true(process.known & XPF_KNOWN_CPU);
  assert_int_equal(xpf_os_identity(pid, &identity), 0);
  assert_int_equal(identity.pid, pid);
  assert_string_equal(identity.exe, "");
  assert_string_equal(identity.command_line, "");
  assert_true(identity.comm[0] != '\0');
  child_reap(pid);
  assert_int_equal(xpf_os_identity(pid, &identity), -ESRCH);
  assert_int_equal(xpf_os_process(pid, &process), -ESRCH);
  assert_int_equal(xpf_os_tasks(pid, NULL, 0, false), -ESRCH);
  assert_false(xpf_os_is_alive(pid));
  assert_false(xpf_os_is_alive(0));
  assert_false(xpf_os_is_alive(-1));
  assert_int_equal(xpf_os_process(-5, &process), -ESRCH);
}

static void *outlive_leader(void *arg) {
  (void)arg;
  sleep_ms(20);
  child_ready();
  pause();
  return NULL;
}

static void end_leader(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, outlive_leader, NULL);
  syscall(SYS_exit, 0); /* this thread only */
}

static void a_process_without_its_leader_lives(void **state) {
  (void)state;
  pid_t pid = child_start(end_leader);
  assert_true(xpf_os_is_alive(pid));
  child_stop(pid);
  assert_false(xpf_os_is_alive(pid));
}

static const char *wanted_name;

static void take_name(void) {
  prctl(PR_SET_NAME, wanted_name);
  child_ready();
  pause();
}

static void odd_names_do_not_shift_the_fields(void **state) {
  (void)state;
  static const char *const names[][2] = {{"a) R (b", "a) R (b"},
                                         {"1 2 (3) 4 5", "1 2 (3) 4 5"},
                                         {"x\ny) Z 1\n", "x?y) Z 1?"},
                                         {"", ""},
                                         {")", ")"},
                                         {"fifteen bytes\xe2\x82\xac", "fifteen bytes"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    struct xpf_os_process process;
    struct xpf_os_task task;
    wanted_name = names[i][0];
    pid_t pid = child_start(take_name);
    sleep_ms(5);
    assert_int_equal(xpf_os_identity(pid, &identity), 0);
    assert_string_equal(identity.comm, names[i][1]);
    assert_true(identity.started_s_ago < 10);
    assert_int_equal(xpf_os_tasks(pid, &task, 1, true), 1);
    assert_string_equal(task.name, names[i][1]);
    assert_int_equal(task.state, 'S');
    assert_int_equal(task.tid, pid);
    assert_int_equal(xpf_os_process(pid, &process), 0);
    assert_int_equal(process.threads, 1);
    assert_true(process.rss_bytes > 0);
    child_stop(pid);
  }
}

static void broken_stat_is_refused(void **state) {
  (void)state;
  static const char good[] =
      "7 (a) b) S 1 7 7 0 -1 4194304 11 0 13 0 15 16 0 0 20 0 3 0 123456789012 99 5 184 1\n";
  struct xpf_proc_stat stat;
  assert_int_equal(xpf_proc_stat_parse(good, &stat), 0);
  assert_string_equal(stat.comm, "a) b");
  assert_int_equal(stat.state, 'S');
  assert_int_equal(stat.minor_faults, 11);
  assert_int_equal(stat.major_faults, 13);
  assert_int_equal(stat.user_ticks, 15);
  assert_int_equal(stat.system_ticks, 16);
  assert_int_equal(stat.threads, 3);
  assert_int_equal(stat.start_ticks, 123456789012);
  char text[sizeof good];
  for (size_t size = 0; size < (size_t)(strstr(good, "1234567") - good); size++) {
    memcpy(text, good, size);
    text[size] = '\0';
    assert_int_equal(xpf_proc_stat_parse(text, &stat), -EINVAL);
  }
  assert_int_equal(xpf_proc_stat_parse(") R (", &stat), -EINVAL);
}

static void *sleep_named(void *arg) {
  pthread_setname_np(pthread_self(), "sleepy (x) y");
  atomic_int *tid = arg;
  *tid = (int)syscall(SYS_gettid);
  struct timespec time = {30, 0};
  while (*tid && nanosleep(&time, NULL) == 0)
    ;
  return NULL;
}

static void wake(int number) {
  (void)number;
}

static void tasks_tell_what_they_wait_for(void **state) {
  (void)state;
  struct xpf_os_task tasks[64], one;
  atomic_int tid = 0;
  pthread_t thread;
  struct sigaction action = {.sa_handler = wake};
  sigaction(SIGUSR1, &action, NULL);
  pthread_create(&thread, NULL, sleep_named, &tid);
  while (!tid)
    sleep_ms(1);
  for (int i = 0; i < 5000; i++, sleep_ms(1)) /* until it sleeps */
    if (xpf_os_task(0, tid, &one) == 0 && one.state == 'S' && one.syscall == SYS_clock_nanosleep)
      break;
  int count = xpf_os_tasks(0, tasks, 64, true), at = -1;
  assert_in_range(count, 2, 64);
  for (int i = 0; i < count; i++)
    at = tasks[i].tid == tid ? i : at;
  assert_true(at >= 0);
  assert_int_equal(tasks[0].tid, getpid());
  assert_string_equal(tasks[at].name, "sleepy (x) y");
  assert_int_equal(tasks[at].state, 'S');
  assert_int_equal(tasks[at].syscall, SYS_clock_nanosleep);
  assert_true(tasks[at].voluntary_switches >= 1);
  assert_int_equal(xpf_os_task(0, tid, &one), 0);
  assert_string_equal(one.wait_channel, tasks[at].wait_channel);
  if (geteuid() == 0)
    assert_non_null(strstr(one.wait_channel, "sleep"));
  assert_int_equal(xpf_os_tasks(0, tasks, 1, false), count);
  assert_int_equal(tasks[0].syscall, -1);
  assert_string_equal(tasks[0].wait_channel, "");
  assert_int_equal(xpf_os_tasks(0, NULL, 0, false), count);
  assert_int_equal(xpf_os_tasks(0, tasks, 64, false), count);
  assert_true(tasks[0].cpu_user_ns > 0 && tasks[0].state == '?');
  assert_string_equal(tasks[at].name, "sleepy (x) y");
  assert_int_equal(xpf_os_task(0, 1, &one), -ESRCH); /* lives, but is not ours */
  pid_t ended = tid;
  tid = 0;
  pthread_kill(thread, SIGUSR1);
  pthread_join(thread, NULL);
  /* Who joins a thread is woken a little before the kernel lets go of it. */
  int error = 0;
  for (int i = 0; i < 5000 && error == 0; i++, sleep_ms(1))
    error = xpf_os_task(0, ended, &one);
  assert_int_equal(error, -ESRCH);
}

static void *end_at_once(void *arg) {
  return arg;
}

static void make_and_end_threads(void) {
  child_ready();
  for (;;) {
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
      pthread_create(&threads[i], NULL, end_at_once, NULL);
    for (int i = 0; i < 8; i++)
      pthread_join(threads[i], NULL);
  }
}

static void threads_may_vanish_while_they_are_read(void **state) {
  (void)state;
  struct xpf_os_task tasks[64];
  struct xpf_os_process process;
  pid_t pid = child_start(make_and_end_threads);
  int several = 0;
  for (uint64_t end = xpf_os_now_ns() + 500000000u; xpf_os_now_ns() < end;) {
    int count = xpf_os_tasks(pid, tasks, 64, true);
    assert_true(count >= 1); /* more than eight when the ended ones get no time to go */
    several += count > 1;
    for (int i = 0; i < count && i < 64; i++)
      assert_true(tasks[i].tid > 0 && tasks[i].state != '?' && tasks[i].state != '\0');
    assert_int_equal(xpf_os_process(pid, &process), 0);
    assert_int_equal(process.known, KNOWN_ALL);
  }
  assert_true(several > 0);
  child_stop(pid);
}

static void execute(void) {
  char *const args[] = {"odd\targ\n0", "30", NULL};
  child_ready();
  execv("/bin/sleep", args);
}

static void identity_of_an_executed_program(void **state) {
  (void)state;
  char exe[4096], cwd[4096];
  pid_t pid = child_start(execute);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(xpf_os_identity(pid, &identity), 0);
    if (strncmp(identity.command_line, "odd", 3) == 0)
      break;
    sleep_ms(2);
  }
  assert_int_equal(xpf_os_identity(pid, &identity), 0); /* read at once after the exec */
  assert_string_equal(identity.command_line, "odd?arg?0 30");
  assert_string_equal(identity.comm, "sleep");
  assert_non_null(realpath("/bin/sleep", exe));
  assert_string_equal(identity.exe, exe);
  assert_non_null(getcwd(cwd, sizeof cwd));
  assert_string_equal(identity.cwd, cwd);
  assert_int_equal(identity.uid, getuid());
  assert_int_equal(identity.euid, geteuid());
  assert_true(identity.ns_pid > 0);
  uint64_t born = identity.start_ticks;
  assert_int_equal(xpf_os_identity(pid, &identity), 0);
  assert_int_equal(identity.start_ticks, born);
  child_stop(pid);
  assert_int_equal(xpf_os_identity(0, &identity), 0);
  assert_int_equal(identity.pid, getpid());
  assert_true(identity.start_ticks <= born);
}

struct seen {
  int all, ours, left;
};

static bool see(void *arg, pid_t pid) {
  struct seen *seen = arg;
  seen->all++;
  seen->ours += pid == getpid();
  return --seen->left != 0;
}

static void every_process_is_visited_once(void **state) {
  (void)state;
  struct seen seen = {0, 0, -1};
  assert_int_equal(xpf_os_each_process(see, &seen), 0);
  assert_int_equal(seen.ours, 1);
  assert_true(seen.all >= 1);
  seen = (struct seen){0, 0, 1};
  assert_int_equal(xpf_os_each_process(see, &seen), 0);
  assert_int_equal(seen.all, 1);
}

static void lines_of_any_length_and_pace(void **state) {
  (void)state;
  static struct xpf_proc_lines lines;
  int ends[2];
  char path[32];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
  pid_t pid = fork();
  if (pid == 0) {
    static char longer[20000];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\n';
    bool ok = write(ends[1], "Vm", 2) == 2;
    sleep_ms(20); /* a short read in the middle of a line */
    ok = ok && write(ends[1], "RSS: 12", 7) == 7;
    sleep_ms(20);
    ok = ok && write(ends[1], "34\n\n", 4) == 4;
    ok = ok && write(ends[1], longer, sizeof longer) == (ssize_t)sizeof longer;
    ok = ok && write(ends[1], "last", 4) == 4;
    _exit(ok ? 0 : 1);
  }
  close(ends[1]);
  assert_int_equal(xpf_proc_lines_open(&lines, AT_FDCWD, path), 0);
  assert_string_equal(xpf_proc_lines_next(&lines), "VmRSS: 1234");
  assert_string_equal(xpf_proc_lines_next(&lines), "");
  const char *cut = xpf_proc_lines_next(&lines);
  assert_int_equal(strspn(cut, "a"), strlen(cut));
  assert_in_range(strlen(cut), 4096, 19999);
  assert_string_equal(xpf_proc_lines_next(&lines), "last");
  assert_null(xpf_proc_lines_next(&lines));
  assert_null(xpf_proc_lines_next(&lines));
  xpf_proc_lines_close(&lines);
  close(ends[0]);
  assert_int_equal(child_reap(pid), 0);
  assert_int_equal(xpf_proc_lines_open(&lines, AT_FDCWD, "/proc/self/none"), -ENOENT);
}

static void small_pieces(void **state) {
  (void)state;
  char text[8];
  uint64_t number = 7;
  assert_int_equal(xpf_proc_file_read(AT_FDCWD, "/proc/self/status", text, sizeof text), 7);
  assert_memory_equal(text, "Name:\t", 6);
  assert_int_equal(xpf_proc_file_read(AT_FDCWD, "/proc/self", text, sizeof text), -EISDIR);
  assert_string_equal(text, "");
  assert_false(xpf_proc_number("max", &number));
  assert_false(xpf_proc_number("", &number));
  assert_false(xpf_proc_number("-1", &number));
  assert_int_equal(number, 7);
  assert_true(xpf_proc_number(" \t18446744073709551615 kB", &number) && number == UINT64_MAX);
  assert_true(xpf_proc_number("18446744073709551616", &number) && number == UINT64_MAX);
  assert_true(xpf_proc_number("99999999999999999999999", &number) && number == UINT64_MAX);
  xpf_printable_copy(text, sizeof text, "ab\x1b[0mxyz", 9);
  assert_string_equal(text, "ab?[0mx");
  xpf_printable_copy(text, sizeof text, "abcde\xe2\x82\xac", 8); /* 7 bytes fit */
  assert_string_equal(text, "abcde");
  xpf_printable_copy(text, sizeof text, "\xe2\x82\xac!\xc3\xa9", 6);
  assert_string_equal(text, "\xe2\x82\xac!\xc3\xa9");
  xpf_printable_copy(text, sizeof text, "\x80\x80\x80\x80", 4);
  assert_string_equal(text, "\x80\x80\x80\x80");
}

static void enter_pid_namespace(void) {
  if (unshare(CLONE_NEWPID)) {
    child_ready();
    _exit(10);
  }
  pid_t first = fork();
  if (first == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    child_ready();
    pause();
    _exit(0);
  }
  waitpid(first, NULL, 0);
}

struct child_search {
  pid_t parent, found;
};

static bool find_child(void *arg, pid_t pid) {
  struct child_search *search = arg;
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  xpf_proc_file_read(AT_FDCWD, path, text, sizeof text);
  char *close = strrchr(text, ')');
  if (close && atoi(close + 4) == search->parent)
    search->found = pid;
  return true;
}

static void pid_in_its_own_namespace(void **state) {
  (void)state;
  pid_t pid = child_start(enter_pid_namespace);
  struct child_search search = {pid, 0};
  sleep_ms(5);
  xpf_os_each_process(find_child, &search);
  if (!search.found && kill(pid, SIGKILL) == 0 && child_reap(pid) == 10) {
    print_message("skipped: pid namespaces are not permitted\n");
    skip();
  }
  assert_true(search.found > 0);
  assert_int_equal(xpf_os_identity(search.found, &identity), 0);
  assert_int_equal(identity.pid, search.found);
  assert_int_equal(identity.ns_pid, 1);
  kill(search.found, SIGKILL);
  child_stop(pid);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_zombie_is_dead_but_named),
      cmocka_unit_test(a_process_without_its_leader_lives),
      cmocka_unit_test(odd_names_do_not_shift_the_fields),
      cmocka_unit_test(broken_stat_is_refused),
      cmocka_unit_test(tasks_tell_what_they_wait_for),
      cmocka_unit_test(threads_may_vanish_while_they_are_read),
      cmocka_unit_test(identity_of_an_executed_program),
      cmocka_unit_test(every_process_is_visited_once),
      cmocka_unit_test(lines_of_any_length_and_pace),
      cmocka_unit_test(small_pieces),
      cmocka_unit_test(pid_in_its_own_namespace),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
