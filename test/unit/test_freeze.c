// links: src/host/freeze_linux.c src/host/freeze_all_linux.c src/host/freeze_signal_linux.c
// links: src/host/freeze_task_linux.c src/host/freeze_unwind_linux.c src/host/freeze_cfi_linux.c
// links: src/host/freeze_cursor_linux.c src/host/freeze_expression_linux.c -lpthread -ldl
// threads: not under ThreadSanitizer, which delays the signals that stop threads
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include "host/freeze.h"
#include "host/freeze_unwind_linux.h"

#define ROUNDS      500
#define HELD_ROUNDS 200

enum role { SLEEPS, SPINS, READS, DEAF, MALLOCS, LOADS, ROLES };

struct worker {
  pthread_t thread;
  _Atomic pid_t tid;
  void *function; /* the function its stack must show */
};

static struct worker workers[ROLES];
static _Atomic bool ending;
static _Atomic uint64_t spins, mallocs, loads, read_errors;
static int pipe_ends[2], deaf_pipe[2];

#define ENTER(role) atomic_store(&workers[role].tid, (pid_t)syscall(SYS_gettid))

static __attribute__((noinline)) void *run_sleeper(void *arg) {
  ENTER(SLEEPS);
  while (!atomic_load(&ending))
    nanosleep(&(struct timespec){0, 50 * 1000 * 1000}, NULL);
  return arg;
}

static __attribute__((noinline)) void *run_spinner(void *arg) {
  ENTER(SPINS);
  while (!atomic_load(&ending))
    atomic_fetch_add(&spins, 1);
  return arg;
}

static __attribute__((noinline)) void *run_reader(void *arg) {
  char byte;
  ENTER(READS);
  if (read(pipe_ends[0], &byte, 1) != 1)
    atomic_fetch_add(&read_errors, 1);
  return arg;
}

static __attribute__((noinline)) void *run_deaf(void *arg) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  ENTER(DEAF);
  char byte;
  if (read(deaf_pipe[0], &byte, 1) != 1)
    atomic_fetch_add(&read_errors, 1);
  return arg;
}

static __attribute__((noinline)) void *run_mallocs(void *arg) {
  ENTER(MALLOCS);
  for (unsigned i = 0; !atomic_load(&ending); i++) {
    void *volatile block = malloc(16 + (i * 37) % 300000);
    free(block);
    atomic_fetch_add(&mallocs, 1);
  }
  return arg;
}

static __attribute__((noinline)) void *run_loads(void *arg) {
  ENTER(LOADS);
  while (!atomic_load(&ending)) {
    void *library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library)
      dlclose(library);
    atomic_fetch_add(&loads, library != NULL);
  }
  return arg;
}

static int start_workers(void **state) {
  void *(*const functions[ROLES])(void *) = {run_sleeper, run_spinner, run_reader,
                                             run_deaf,    run_mallocs, run_loads};
  (void)state;
  if (pipe(pipe_ends) != 0 || pipe(deaf_pipe) != 0)
    return -1;
  atomic_store(&ending, false);
  for (int i = 0; i < ROLES; i++) {
    atomic_store(&workers[i].tid, 0);
    memcpy(&workers[i].function, &functions[i], sizeof(void *));
    if (pthread_create(&workers[i].thread, NULL, functions[i], NULL) != 0)
      return -1;
  }
  for (int i = 0; i < ROLES; i++)
    while (atomic_load(&workers[i].tid) == 0)
      usleep(1000);
  usleep(20000); /* into their system calls */
  return 0;
}

static int end_workers(void **state) {
  (void)state;
  atomic_store(&ending, true);
  if (write(pipe_ends[1], "x", 1) != 1 || write(deaf_pipe[1], "x", 1) != 1)
    return -1;
  for (int i = 0; i < ROLES; i++)
    pthread_join(workers[i].thread, NULL);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  close(deaf_pipe[0]);
  close(deaf_pipe[1]);
  return 0;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void assert_no_handler_left(void) {
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++) {
    struct sigaction action;
    assert_int_equal(sigaction(signal, NULL, &action), 0);
    assert_true(action.sa_handler == SIG_DFL);
  }
}

static bool shows(const uint64_t *frames, uint32_t count, const void *function) {
  for (uint32_t i = 0; i < count; i++)
    if (frames[i] >= (uint64_t)function && frames[i] < (uint64_t)function + 1024)
      return true;
  return false;
}

struct seen {
  struct xpf_freeze_thread role[ROLES];
  int times[ROLES];
  int total, in_handler;
  bool context_agrees;
};

static bool note(void *arg, const struct xpf_freeze_thread *thread) {
  struct seen *seen = arg;
  free(malloc(100)); /* allowed: nobody is stopped here */
  seen->total++;
  for (int i = 0; i < ROLES; i++) {
    if (thread->tid != workers[i].tid)
      continue;
    seen->times[i]++;
    seen->role[i] = *thread;
    if (thread->context &&
        (uint64_t)((const ucontext_t *)thread->context)->uc_mcontext.gregs[REG_RIP] != thread->pc)
      seen->context_agrees = false;
  }
  return true;
}

static void count_in_handler(void *arg, const struct xpf_freeze_thread *thread) {
  struct seen *seen = arg;
  if ((pid_t)syscall(SYS_gettid) == thread->tid)
    seen->in_handler++;
}

/* A sanitizer's own code has places no unwinder gets out of: one look in some must succeed. */
static void each_thread_is_seen_once_with_its_stack(void **state) {
  bool shown[ROLES] = {false};
  (void)state;
  for (int round = 0, missing = ROLES - 1; missing > 0; round++) {
    struct seen seen = {.context_agrees = true};
    struct xpf_freeze_options options = {
        .native_stack = true, .timeout_ms = 5000, .in_handler = count_in_handler, .arg = &seen};
    assert_true(round < 20);
    int count = xpf_freeze_each(&options, note, &seen);
    assert_int_equal(count, seen.total);
    assert_true(count >= ROLES);
    assert_true(seen.context_agrees);
    assert_true(seen.in_handler >= ROLES - 1);
    for (int i = 0; i < ROLES; i++) {
      assert_int_equal(seen.times[i], 1);
      if (i == DEAF)
        continue;
      assert_int_equal(seen.role[i].state, XPF_FREEZE_STOPPED);
      assert_true(seen.role[i].sp != 0 && seen.role[i].fs_base != 0);
      bool now = shows(seen.role[i].frames, seen.role[i].frames_count, workers[i].function);
      missing -= now && !shown[i];
      shown[i] |= now;
    }
  }
  assert_no_handler_left();
}

static void a_deaf_thread_is_described_by_the_kernel(void **state) {
  struct seen seen = {0};
  struct xpf_freeze_options options = {.only_tid = workers[DEAF].tid};
  (void)state;
  assert_int_equal(xpf_freeze_each(&options, note, &seen), 1);
  assert_int_equal(seen.role[DEAF].state, XPF_FREEZE_BLOCKED);
  assert_int_equal(seen.role[DEAF].kernel_state, 'S');
  assert_true(seen.role[DEAF].pc != 0 && seen.role[DEAF].sp != 0);
  assert_int_equal(seen.role[DEAF].syscall, SYS_read);
  assert_null(seen.role[DEAF].context);
}

static bool stop_at_first(void *arg, const struct xpf_freeze_thread *thread) {
  (void)thread;
  ++*(int *)arg;
  return false;
}

static void the_caller_may_end_a_round(void **state) {
  struct xpf_freeze_options options = {0};
  int calls = 0;
  (void)state;
  assert_int_equal(xpf_freeze_each(&options, stop_at_first, &calls), 1);
  assert_int_equal(calls, 1);
  options.only_tid = (pid_t)syscall(SYS_gettid);
  assert_int_equal(xpf_freeze_each(&options, stop_at_first, &calls), -EINVAL);
}

static void the_loaders_table_gives_the_same_stacks(void **state) {
  uint64_t frames[XPF_FREEZE_FRAMES_MAX], own[XPF_FREEZE_FRAMES_MAX];
  ucontext_t context;
  (void)state;
  assert_int_equal(getcontext(&context), 0);
  assert_int_equal(xpf_unwind_prepare(false), 0);
  uint32_t count = xpf_unwind(&context, frames, XPF_FREEZE_FRAMES_MAX);
  assert_int_equal(xpf_unwind_prepare(true), 0);
  assert_int_equal(xpf_unwind(&context, own, XPF_FREEZE_FRAMES_MAX), count);
  assert_memory_equal(frames, own, count * sizeof *frames);
  assert_true(count >= 3);
}

/* Every other thread runs on after each round, none is lost, whatever lock it held. */
static void many_rounds_do_not_deadlock(void **state) {
  uint64_t before_mallocs = mallocs, before_loads = loads, before_spins = spins;
  (void)state;
  for (int i = 0; i < ROUNDS; i++) {
    struct seen seen = {0};
    struct xpf_freeze_options options = {.native_stack = true, .timeout_ms = 2000};
    assert_true(xpf_freeze_each(&options, note, &seen) >= ROLES);
    for (int role = 0; role < ROLES; role++)
      if (role != DEAF)
        assert_int_equal(seen.role[role].state, XPF_FREEZE_STOPPED);
  }
  assert_true(mallocs > before_mallocs && loads > before_loads && spins > before_spins);
  assert_int_equal(read_errors, 0); /* SA_RESTART */
  assert_no_handler_left();
}

static void all_stand_still_until_released(void **state) {
  (void)state;
  for (int i = 0; i < HELD_ROUNDS; i++) {
    struct xpf_freeze_all all;
    uint64_t begun = now_ns();
    assert_int_equal(xpf_freeze_all(2000, &all), 0);
    uint64_t then = spins, allocated = mallocs;
    for (volatile int wait = 0; wait < 20000; wait++)
      ;
    uint64_t now = spins, allocated_now = mallocs;
    int stopped = 0, deaf = 0;
    for (uint32_t row = 0; row < all.count; row++) {
      stopped += all.rows[row].state == XPF_FREEZE_STOPPED && all.rows[row].context &&
                 all.rows[row].fs_base;
      deaf += all.rows[row].tid == workers[DEAF].tid && all.rows[row].state == XPF_FREEZE_BLOCKED &&
              all.rows[row].pc;
    }
    uint64_t paused_ns = xpf_freeze_release();
    assert_int_equal(then, now);
    assert_int_equal(allocated, allocated_now);
    assert_true(stopped >= ROLES - 1);
    assert_int_equal(deaf, 1);
    assert_true(paused_ns > 0 && paused_ns <= now_ns() - begun);
  }
  assert_no_handler_left();
}

static void *run_short(void *arg) {
  return arg;
}

static void *run_creator(void *arg) {
  while (!atomic_load((_Atomic bool *)arg)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_short, NULL) == 0)
      pthread_join(thread, NULL);
  }
  return NULL;
}

static void threads_may_come_and_go(void **state) {
  _Atomic bool enough = false;
  pthread_t creator;
  (void)state;
  assert_int_equal(pthread_create(&creator, NULL, run_creator, (void *)&enough), 0);
  for (int i = 0; i < 100; i++) {
    struct xpf_freeze_all all;
    struct seen seen = {0};
    struct xpf_freeze_options options = {.native_stack = true};
    assert_int_equal(xpf_freeze_all(1000, &all), 0);
    xpf_freeze_release();
    assert_true(xpf_freeze_each(&options, note, &seen) >= ROLES);
  }
  atomic_store(&enough, true);
  pthread_join(creator, NULL);
}

static _Atomic bool may_hear;

static void *run_late(void *arg) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  ENTER(DEAF);
  /* Running, so worth a signal; but it hears it only when that was given up. */
  while (!atomic_load(&may_hear))
    ;
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  return arg;
}

static int calls_in_handler;
static void count_call(void *arg, const struct xpf_freeze_thread *thread) {
  (void)arg, (void)thread;
  calls_in_handler++;
}

static void a_signal_given_up_harms_nobody_later(void **state) {
  struct seen seen = {0};
  pthread_t thread;
  (void)state;
  pid_t deaf = workers[DEAF].tid;
  atomic_store(&workers[DEAF].tid, 0);
  atomic_store(&may_hear, false);
  assert_int_equal(pthread_create(&thread, NULL, run_late, NULL), 0);
  while (atomic_load(&workers[DEAF].tid) == 0)
    usleep(100);
  struct xpf_freeze_options options = {
      .only_tid = workers[DEAF].tid, .timeout_ms = 20, .in_handler = count_call};
  int count = xpf_freeze_each(&options, note, &seen);
  atomic_store(&may_hear, true);
  assert_int_equal(count, 1);
  assert_int_equal(seen.role[DEAF].state, XPF_FREEZE_TIMEOUT);
  assert_no_handler_left();
  pthread_join(thread, NULL); /* a pending signal with default action would kill us here */
  assert_int_equal(calls_in_handler, 0);
  atomic_store(&workers[DEAF].tid, deaf);
}

static void on_foreign(int signal) {
  (void)signal;
}

static void a_signal_in_use_is_left_alone(void **state) {
  struct sigaction action = {.sa_handler = on_foreign}, after;
  struct xpf_freeze_all all;
  (void)state;
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
    assert_int_equal(sigaction(signal, &action, NULL), 0);
  assert_int_equal(xpf_freeze_all(0, &all), -EAGAIN);
  signal(SIGRTMIN + 3, SIG_DFL);
  assert_int_equal(xpf_freeze_all(1000, &all), 0);
  assert_int_equal(sigaction(SIGRTMIN + 4, NULL, &after), 0);
  xpf_freeze_release();
  assert_true(after.sa_handler == on_foreign);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++) {
    assert_int_equal(sigaction(signal, NULL, &after), 0);
    assert_true(after.sa_handler == (signal == SIGRTMIN + 3 ? SIG_DFL : on_foreign));
  }
  action.sa_handler = SIG_DFL;
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
    sigaction(signal, &action, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_thread_is_seen_once_with_its_stack),
      cmocka_unit_test(a_deaf_thread_is_described_by_the_kernel),
      cmocka_unit_test(the_caller_may_end_a_round),
      cmocka_unit_test(the_loaders_table_gives_the_same_stacks),
      cmocka_unit_test(many_rounds_do_not_deadlock),
      cmocka_unit_test(all_stand_still_until_released),
      cmocka_unit_test(threads_may_come_and_go),
      cmocka_unit_test(a_signal_given_up_harms_nobody_later),
      cmocka_unit_test(a_signal_in_use_is_left_alone),
  };
  return cmocka_run_group_tests(tests, start_workers, end_workers);
}
