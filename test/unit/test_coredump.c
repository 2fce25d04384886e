// links: src/host/coredump_linux.c src/host/coredump_map_linux.c src/host/coredump_image_linux.c
// links: src/host/coredump_memory_linux.c src/host/coredump_pen_linux.c
// links: src/host/freeze_all_linux.c src/host/freeze_signal_linux.c src/host/freeze_task_linux.c
// links: -lpthread -ldl
// threads: not under ThreadSanitizer, which delays the signals that stop threads
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "host/coredump.h"

#define WORKERS 6

char global_text[64] = "before";
volatile uint64_t global_number = 0x1122334455667788;
char *hidden_page;  /* MADV_DONTFORK, as V8's heap */
char *sparse_range; /* 1 GB with one page used */
char *secret_page;  /* MADV_DONTDUMP */
const char *shared_page;

static pthread_t workers[WORKERS];
static _Atomic bool ending;
static _Atomic int begun;
static _Atomic uint64_t mallocs;
static int blocking_pipe[2], deaf_pipe[2];

/* Debugger and copy shall not wait for the busy threads. */
static void give_way(void) {
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
}

__attribute__((noinline)) void *core_sleeper(void *arg) {
  begun++;
  while (!ending)
    nanosleep(&(struct timespec){0, 50 * 1000 * 1000}, NULL);
  return arg;
}

__attribute__((noinline)) void *core_spinner(void *arg) {
  give_way();
  begun++;
  while (!ending)
    ;
  return arg;
}

__attribute__((noinline)) void *core_reader(void *arg) {
  char byte;
  begun++;
  return read(blocking_pipe[0], &byte, 1) == 1 ? arg : NULL;
}

__attribute__((noinline)) void *core_deaf(void *arg) {
  sigset_t all;
  char byte;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  begun++;
  return read(deaf_pipe[0], &byte, 1) == 1 ? arg : NULL;
}

__attribute__((noinline)) void *core_mallocs(void *arg) {
  give_way();
  begun++;
  for (unsigned i = 0; !ending; i++) {
    void *volatile block = malloc(16 + (i * 37) % 300000);
    free(block);
    mallocs++;
  }
  return arg;
}

__attribute__((noinline)) void *core_loader(void *arg) {
  give_way();
  begun++;
  while (!ending) {
    void *library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library)
      dlclose(library);
  }
  return arg;
}

static char *map_pages(size_t bytes, int flags) {
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static int start_workers(void **state) {
  void *(*const functions[WORKERS])(void *) = {core_sleeper, core_spinner, core_reader,
                                               core_deaf,    core_mallocs, core_loader};
  (void)state;
  hidden_page = map_pages(8192, MAP_PRIVATE);
  secret_page = map_pages(8192, MAP_PRIVATE);
  sparse_range = map_pages(1ul << 30, MAP_PRIVATE | MAP_NORESERVE);
  char *shared = map_pages(8192, MAP_SHARED);
  if (!hidden_page || !secret_page || !sparse_range || !shared || pipe(blocking_pipe) != 0 ||
      pipe(deaf_pipe) != 0)
    return -1;
  strcpy(hidden_page, "kept from children");
  strcpy(secret_page, "never in a core: open sesame");
  strcpy(sparse_range + (1ul << 29), "in the middle");
  strcpy(shared, "shared with children");
  shared_page = shared;
  strcpy(global_text, "the present value");
  if (madvise(hidden_page, 8192, MADV_DONTFORK) || madvise(secret_page, 8192, MADV_DONTDUMP))
    return -1;
  for (int i = 0; i < WORKERS; i++)
    if (pthread_create(&workers[i], NULL, functions[i], NULL) != 0)
      return -1;
  while (begun < WORKERS)
    usleep(1000);
  usleep(50000);
  return 0;
}

static int end_workers(void **state) {
  (void)state;
  ending = true;
  if (write(blocking_pipe[1], "x", 1) != 1 || write(deaf_pipe[1], "x", 1) != 1)
    return -1;
  for (int i = 0; i < WORKERS; i++)
    pthread_join(workers[i], NULL);
  return 0;
}

static char path[256];

static int open_core(void) {
  const char *directory = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/xpf-core-XXXXXX", directory ? directory : "/tmp");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  return fd;
}

/* What gdb says to the commands; the caller frees. NULL without gdb. */
static char *ask_gdb(const char *commands) {
  char command[2048], exe[256] = "";
  size_t used = 0, size = 1 << 20;
  if (system("command -v gdb >/dev/null 2>&1") != 0)
    return NULL;
  assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
  snprintf(command, sizeof command,
           "timeout 200 gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set width 0' %s '%s' "
           "'%s' 2>&1",
           commands, exe, path);
  char *text = calloc(1, size);
  FILE *pipe = popen(command, "r");
  assert_non_null(text);
  assert_non_null(pipe);
  while (used + 1 < size) {
    size_t got = fread(text + used, 1, size - 1 - used, pipe);
    if (got == 0)
      break;
    used += got;
  }
  pclose(pipe);
  return text;
}

static bool contains(const char *file, const char *needle) {
  char command[512];
  snprintf(command, sizeof command, "grep -qaF '%s' '%s'", needle, file);
  return system(command) == 0;
}

/* "dc" in the flags of the area at address. */
static bool is_hidden_from_children(const void *address) {
  char line[512];
  bool inside = false, hidden = false;
  FILE *file = fopen("/proc/self/smaps", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    unsigned long start, end;
    if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
      inside = start <= (unsigned long)address && (unsigned long)address < end;
    else if (inside && strncmp(line, "VmFlags:", 8) == 0)
      hidden = strstr(line, " dc") != NULL;
  }
  fclose(file);
  return hidden;
}

static void assert_shows(const char *text, const char *needle) {
  if (strstr(text, needle))
    return;
  fprintf(stderr, "%s\n", text);
  fail_msg("gdb does not show %s", needle);
}

static void the_core_shows_all_threads_and_memory(void **state) {
  struct xpf_coredump_options options = {0};
  struct xpf_coredump_result result;
  struct stat status;
  (void)state;
  for (int i = 0; i < 20; i++) {
    int fd = open_core();
    assert_int_equal(xpf_coredump_write(fd, &options, &result), 0);
    assert_int_equal(fstat(fd, &status), 0);
    close(fd);
    if (result.unstopped == 1)
      break;
    unlink(path); /* on a busy machine not all of them were stopped in time */
  }
  printf("paused %.2f ms, %llu bytes (%llu data), %u threads, %llu ms\n", result.paused_ns / 1e6,
         (unsigned long long)result.bytes, (unsigned long long)result.data_bytes, result.threads,
         (unsigned long long)result.child_ms);
  assert_int_equal(status.st_size, result.bytes);
  assert_true((uint64_t)status.st_blocks * 512 < 512ull << 20); /* the gigabyte is a hole */
  assert_true(result.threads >= WORKERS + 1);
  assert_int_equal(result.unstopped, 1);
  assert_true(result.paused_ns > 0 && result.paused_ns < 10000000000ull);
  assert_true(is_hidden_from_children(hidden_page));
  assert_false(is_hidden_from_children(secret_page));
  assert_false(contains(path, "open sesame"));

  char *text = ask_gdb("-ex 'info threads' -ex 'thread apply all bt' -ex 'print global_text' "
                       "-ex 'print/x global_number' -ex 'x/s hidden_page' -ex 'x/s shared_page' "
                       "-ex 'x/s sparse_range+(1<<29)' -ex 'x/2xb sparse_range'");
  if (!text) {
    unlink(path);
    skip();
  }
  static const char *const expected[] = {
      "core_sleeper",       "core_spinner",
      "core_reader",        "core_deaf",
      "core_mallocs",       "core_loader",
      "the present value",  "0x1122334455667788",
      "kept from children", "shared with children",
      "in the middle",      "0x00\t0x00",
      "xpf_coredump_write", "the_core_shows_all_threads_and_memory"};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_shows(text, expected[i]);
  free(text);
  unlink(path);
}

static void many_cores_do_not_deadlock(void **state) {
  struct xpf_coredump_options options = {.max_bytes = 1}; /* the copy ends at once */
  struct xpf_coredump_result result;
  (void)state;
  for (int i = 0; i < 30; i++) {
    uint64_t before = mallocs;
    int fd = open_core();
    assert_int_equal(xpf_coredump_write(fd, &options, &result), -EFBIG);
    close(fd);
    unlink(path);
    while (mallocs == before)
      usleep(100);
  }
  assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1); /* no copy is left */
  assert_int_equal(errno, ECHILD);
}

static void a_full_disk_is_told(void **state) {
  struct xpf_coredump_options options = {0};
  struct xpf_coredump_result result;
  struct rlimit limit, before;
  (void)state;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 100 * 1024;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  int fd = open_core();
  int error = xpf_coredump_write(fd, &options, &result);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(error, -EFBIG);
  close(fd);
  unlink(path);
}

static bool always(void *arg) {
  ++*(int *)arg;
  return true;
}

static void it_can_be_cancelled_and_needs_a_file(void **state) {
  int asked = 0;
  struct xpf_coredump_options options = {.is_cancelled = always, .arg = &asked};
  struct xpf_coredump_result result;
  (void)state;
  int fd = open_core();
  int error = xpf_coredump_write(fd, &options, &result);
  assert_true(error == -ECANCELED || (error == 0 && asked == 0));
  close(fd);
  unlink(path);
  assert_int_equal(xpf_coredump_write(blocking_pipe[1], &options, &result), -EINVAL);
  assert_int_equal(xpf_coredump_write(-1, &options, &result), -EBADF);
}

static _Atomic int children_signals;
static void on_child(int signal) {
  (void)signal;
  children_signals++;
}

static void the_application_sees_no_child(void **state) {
  struct xpf_coredump_options options = {.signal = SIGABRT, .caller_first = true};
  struct xpf_coredump_result result;
  struct sigaction action = {.sa_handler = on_child}, before;
  (void)state;
  assert_int_equal(sigaction(SIGCHLD, &action, &before), 0);
  int fd = open_core();
  assert_int_equal(xpf_coredump_write(fd, &options, &result), 0);
  assert_int_equal(children_signals, 0);
  sigaction(SIGCHLD, &before, NULL);
  close(fd);
  char *text = ask_gdb("-ex bt");
  if (text) {
    assert_shows(text, "SIGABRT");
    assert_shows(text, "#0");
    assert_shows(text, "the_application_sees_no_child");
  }
  free(text);
  unlink(path);
}

static int handler_fd, handler_error;
static struct xpf_coredump_result handler_result;

static void dump_in_handler(int signal, siginfo_t *info, void *context) {
  struct xpf_coredump_options options = {
      .signal = signal, .caller_first = true, .context = context};
  (void)info;
  handler_error = xpf_coredump_write(handler_fd, &options, &handler_result);
}

__attribute__((noinline)) void crashing_function(void) {
  raise(SIGUSR2);
}

static void a_handlers_context_is_used(void **state) {
  struct sigaction action = {.sa_sigaction = dump_in_handler, .sa_flags = SA_SIGINFO}, before;
  (void)state;
  handler_fd = open_core();
  assert_int_equal(sigaction(SIGUSR2, &action, &before), 0);
  crashing_function();
  sigaction(SIGUSR2, &before, NULL);
  close(handler_fd);
  assert_int_equal(handler_error, 0);
  char *text = ask_gdb("-ex bt");
  if (text) {
    assert_shows(text, "crashing_function");
    assert_null(strstr(text, "dump_in_handler"));
  }
  free(text);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_core_shows_all_threads_and_memory),
      cmocka_unit_test(many_cores_do_not_deadlock),
      cmocka_unit_test(a_full_disk_is_told),
      cmocka_unit_test(it_can_be_cancelled_and_needs_a_file),
      cmocka_unit_test(the_application_sees_no_child),
      cmocka_unit_test(a_handlers_context_is_used),
  };
  return cmocka_run_group_tests(tests, start_workers, end_workers);
}
