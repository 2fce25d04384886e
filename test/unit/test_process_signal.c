// clang-format off
// links: src/host/process_signal_linux.c src/host/identity_linux.c src/host/proc_dir_linux.c src/host/proc_file.c
// links: src/host/proc_stat_linux.c src/host/proc_status_linux.c src/host/printable.c
// clang-format on
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/os.h"
#include "host/process_signal.h"

static volatile sig_atomic_t caught;

static void count(int signal) {
  (void)signal;
  caught++;
}

static struct xpf_signal_state state_of(int signal) {
  struct xpf_signal_state state;
  assert_int_equal(xpf_signal_state(getpid(), signal, &state), 0);
  return state;
}

static uint64_t start_ticks(void) {
  static struct xpf_os_identity identity;
  assert_int_equal(xpf_os_identity(getpid(), &identity), 0);
  return identity.start_ticks;
}

static void test_states(void **unused) {
  sigset_t set;
  (void)unused;
  signal(SIGUSR1, SIG_DFL);
  assert_false(state_of(SIGUSR1).is_caught || state_of(SIGUSR1).is_ignored);
  signal(SIGUSR1, SIG_IGN);
  assert_true(state_of(SIGUSR1).is_ignored);
  assert_false(state_of(SIGUSR1).is_caught);
  signal(SIGUSR1, count);
  assert_true(state_of(SIGUSR1).is_caught);
  assert_false(state_of(SIGUSR1).is_blocked);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  assert_true(state_of(SIGUSR1).is_blocked);
  assert_false(state_of(SIGUSR2).is_blocked);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void test_sends_only_what_is_caught(void **unused) {
  (void)unused;
  caught = 0;
  signal(SIGUSR1, SIG_DFL); /* would end this program */
  assert_int_equal(xpf_signal_send_caught(getpid(), start_ticks(), SIGUSR1), -EBUSY);
  signal(SIGUSR1, count);
  assert_int_equal(xpf_signal_send_caught(getpid(), start_ticks(), SIGUSR1), 0);
  assert_int_equal(caught, 1);
}

static void test_another_process_with_that_pid(void **unused) {
  struct xpf_signal_state state;
  (void)unused;
  caught = 0;
  signal(SIGUSR1, count);
  assert_int_equal(xpf_signal_send_caught(getpid(), start_ticks() + 1, SIGUSR1), -ESRCH);
  assert_int_equal(caught, 0);
  assert_int_equal(xpf_signal_state(2147483646, SIGUSR1, &state), -ESRCH);
  assert_int_equal(xpf_signal_send_caught(2147483646, 0, SIGUSR1), -ESRCH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_states),
      cmocka_unit_test(test_sends_only_what_is_caught),
      cmocka_unit_test(test_another_process_with_that_pid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
