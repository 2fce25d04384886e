// clang-format off
// links: src/host/os_linux.c src/host/task_linux.c src/host/identity_linux.c src/host/printable.c
// links: src/host/proc_file.c src/host/proc_dir_linux.c src/host/proc_stat_linux.c src/host/proc_status_linux.c
// threads: not under ThreadSanitizer, whose own thread and memory would be measured
// clang-format on
#include <dirent.h>
#include <errno.h>
#include <grp.h>
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
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "child.h"
#include "host/os.h"
#include "host/proc_dir_linux.h"

#define MB        (1024u * 1024u)
#define OTHER_UID 54321
#define KNOWN_ALL                                                                                  \
  (XPF_KNOWN_MEMORY | XPF_KNOWN_FAULTS | XPF_KNOWN_SWITCHES | XPF_KNOWN_FDS |                      \
   XPF_KNOWN_RUN_QUEUE | XPF_KNOWN_CPU)

static struct xpf_os_identity identity;

static void *touched(size_t size, int flags) {
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
  memset(memory, 1, size);
  return memory;
}

static uint64_t clock_now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void spin_ms(uint64_t ms) {
  uint64_t end = clock_now_ns(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000u;
  while (clock_now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
    ;
}

static void assert_near(uint64_t value, uint64_t expected, uint64_t tolerance) {
  assert_in_range(value, expected > tolerance ? expected - tolerance : 0, expected + tolerance);
}

static void memory_grows_by_what_is_touched(void **state) {
  (void)state;
  struct xpf_os_process before, after;
  assert_int_equal(xpf_os_process(0, &before), 0);
  assert_int_equal(before.known, KNOWN_ALL);
  uint64_t cheap = xpf_os_rss_bytes();
  void *private = touched(50 * MB, MAP_PRIVATE), *shared = touched(20 * MB, MAP_SHARED);
  assert_int_equal(xpf_os_process(0, &after), 0);
  assert_near(after.rss_bytes - before.rss_bytes, 70 * MB, 2 * MB);
  assert_near(after.rss_anon_bytes - before.rss_anon_bytes, 50 * MB, 2 * MB);
  assert_near(after.rss_shmem_bytes - before.rss_shmem_bytes, 20 * MB, 2 * MB);
  assert_near(after.rss_file_bytes, before.rss_file_bytes, 2 * MB);
  assert_near(after.vsize_bytes - before.vsize_bytes, 70 * MB, 2 * MB);
  assert_near(xpf_os_rss_bytes() - cheap, 70 * MB, 2 * MB);
  assert_true(after.minor_faults > before.minor_faults);
  munmap(private, 50 * MB);
  munmap(shared, 20 * MB);
  assert_int_equal(xpf_os_process(getpid(), &after), 0);
  assert_near(after.rss_bytes, before.rss_bytes, 2 * MB);
}

static uint64_t listed_fds(void) {
  uint64_t count = 0;
  DIR *list = opendir("/proc/self/fd");
  for (struct dirent *entry; (entry = readdir(list));)
    count += entry->d_name[0] != '.';
  closedir(list);
  return count - 1;
}

static void descriptors_are_counted(void **state) {
  (void)state;
  struct xpf_os_process before, after;
  struct rlimit limit;
  int fds[10];
  assert_int_equal(xpf_os_process(0, &before), 0);
  assert_int_equal(before.open_fds, listed_fds());
  for (int i = 0; i < 10; i++)
    fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  assert_int_equal(xpf_os_process(0, &after), 0);
  assert_int_equal(after.open_fds, before.open_fds + 10);
  int64_t listed = xpf_proc_dir_count(AT_FDCWD, "/proc/self/fd", 100000);
  assert_int_equal(listed, after.open_fds + 1);
  assert_int_equal(xpf_proc_dir_count(AT_FDCWD, "/proc/self/fd", 5), 5);
  for (int i = 0; i < 10; i++)
    close(fds[i]);
  getrlimit(RLIMIT_NOFILE, &limit);
  assert_int_equal(after.fd_limit, limit.rlim_cur);
  assert_int_equal(xpf_os_process(0, &after), 0);
  assert_int_equal(after.open_fds, before.open_fds);
}

static void many_descriptors_are_counted_by_listing(void **state) {
  (void)state;
  static int fds[900];
  int64_t before = xpf_proc_dir_count(AT_FDCWD, "/proc/self/fd", 100000);
  for (int i = 0; i < 900; i++)
    fds[i] = dup(2);
  assert_true(fds[899] > 0);
  assert_int_equal(xpf_proc_dir_count(AT_FDCWD, "/proc/self/fd", 100000), before + 900);
  for (int i = 0; i < 900; i++)
    close(fds[i]);
  assert_int_equal(xpf_proc_dir_count(AT_FDCWD, "/proc/self/nothing", 5), -ENOENT);
}

static void cpu_time_is_that_of_getrusage(void **state) {
  (void)state;
  struct xpf_os_process before, after;
  struct rusage usage;
  uint64_t clock = xpf_os_cpu_ns(), now = xpf_os_now_ns();
  assert_int_equal(xpf_os_process(0, &before), 0);
  spin_ms(200);
  assert_int_equal(xpf_os_process(0, &after), 0);
  getrusage(RUSAGE_SELF, &usage);
  uint64_t used =
      after.cpu_user_ns + after.cpu_system_ns - before.cpu_user_ns - before.cpu_system_ns;
  assert_near(used, 205000000, 25000000);
  assert_near(xpf_os_cpu_ns() - clock, 205000000, 25000000);
  assert_true(xpf_os_now_ns() - now >= 200000000);
  assert_near(after.cpu_user_ns,
              (uint64_t)usage.ru_utime.tv_sec * 1000000000u +
                  (uint64_t)usage.ru_utime.tv_usec * 1000u,
              20000000);
  assert_near(after.voluntary_switches, (uint64_t)usage.ru_nvcsw, 5);
  assert_near(after.involuntary_switches, (uint64_t)usage.ru_nivcsw, 20);
  uint64_t voluntary = after.voluntary_switches;
  for (int i = 0; i < 50; i++)
    sleep_ms(1);
  assert_int_equal(xpf_os_process(0, &after), 0);
  assert_in_range(after.voluntary_switches - voluntary, 50, 200);
}

struct spinner {
  pthread_t thread;
  int cpu;
  atomic_int tid;
  atomic_bool done;
};

static int first_cpu(void) {
  cpu_set_t set;
  int cpu = 0;
  assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
  while (!CPU_ISSET(cpu, &set))
    cpu++;
  return cpu;
}

static void *spin_on_one_cpu(void *arg) {
  struct spinner *spinner = arg;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(spinner->cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
  spin_ms(150);
  spinner->tid = (int)syscall(SYS_gettid);
  while (!spinner->done)
    sleep_ms(20);
  return NULL;
}

static uint64_t summed_wait_ns(void) {
  uint64_t sum = 0;
  DIR *list = opendir("/proc/self/task");
  for (struct dirent *entry; (entry = readdir(list));) {
    unsigned long long run, wait;
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", entry->d_name);
    FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
    if (file && fscanf(file, "%llu %llu", &run, &wait) == 2)
      sum += wait;
    if (file)
      fclose(file);
  }
  closedir(list);
  return sum;
}

/* Two spinners on one processor wait for each other about as long as they run. */
static void threads_have_cpu_time_and_wait_for_a_processor(void **state) {
  (void)state;
  struct xpf_os_process before, after;
  struct spinner spinners[2] = {0};
  uint64_t used;
  assert_int_equal(xpf_os_process(0, &before), 0);
  for (int i = 0; i < 2; i++) {
    spinners[i].cpu = first_cpu();
    pthread_create(&spinners[i].thread, NULL, spin_on_one_cpu, &spinners[i]);
  }
  while (!spinners[0].tid || !spinners[1].tid)
    sleep_ms(1);
  uint64_t least = summed_wait_ns();
  assert_int_equal(xpf_os_process(0, &after), 0);
  assert_int_equal(after.threads, before.threads + 2);
  assert_true(after.run_queue_wait_ns - before.run_queue_wait_ns > 100000000);
  assert_in_range(after.run_queue_wait_ns, least, summed_wait_ns());
  assert_int_equal(xpf_os_thread_cpu_ns(spinners[0].tid, &used), 0);
  assert_near(used, 160000000, 15000000);
  assert_int_equal(xpf_os_thread_cpu_ns(xpf_os_tid(), &used), 0);
  assert_near(used, clock_now_ns(CLOCK_THREAD_CPUTIME_ID), 10000000);
  for (int i = 0; i < 2; i++) {
    spinners[i].done = true;
    pthread_join(spinners[i].thread, NULL);
  }
  /* Who joins a thread is woken a little before the kernel lets go of it. */
  int error = 0;
  for (int i = 0; i < 5000 && error == 0; i++) {
    error = xpf_os_thread_cpu_ns(spinners[0].tid, &used);
    sleep_ms(1);
  }
  assert_int_equal(error, -ESRCH);
  assert_int_equal(xpf_os_thread_cpu_ns(1, &used), -ESRCH);
  assert_int_equal(xpf_os_thread_cpu_ns(0, &used), -ESRCH);
}

static void *sleep_often(void *arg) {
  (void)arg;
  for (int i = 0; i < 200; i++)
    usleep(100);
  spin_ms(100);
  child_ready();
  pause();
  return NULL;
}

static void use_things(void) {
  pthread_t thread;
  touched(20 * MB, MAP_PRIVATE);
  for (int i = 0; i < 200; i++)
    usleep(100);
  for (int i = 0; i < 5; i++)
    dup(0);
  pthread_create(&thread, NULL, sleep_often, NULL);
  pthread_join(thread, NULL);
}

static uint64_t listed_fds_of(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
  return (uint64_t)xpf_proc_dir_count(AT_FDCWD, path, 100000);
}

static void another_process_is_measured(void **state) {
  (void)state;
  struct xpf_os_process own, child;
  struct rlimit limit;
  pid_t pid = child_start(use_things);
  assert_int_equal(xpf_os_process(0, &own), 0);
  assert_int_equal(xpf_os_process(pid, &child), 0);
  assert_int_equal(child.known, KNOWN_ALL);
  assert_true(child.rss_bytes > 20 * MB && child.rss_anon_bytes > 20 * MB);
  assert_near(child.rss_bytes, child.rss_anon_bytes + child.rss_file_bytes + child.rss_shmem_bytes,
              64 * 1024);
  assert_int_equal(child.threads, 2);
  assert_in_range(child.voluntary_switches, 400, 800); /* half of them by its second thread */
  assert_in_range(child.cpu_user_ns + child.cpu_system_ns, 80000000, 400000000);
  assert_int_equal(child.open_fds, listed_fds_of(pid));
  assert_true(child.open_fds >= 5 + 3);
  getrlimit(RLIMIT_NOFILE, &limit);
  assert_int_equal(child.fd_limit, limit.rlim_cur);
  assert_true(child.minor_faults > 0);
  child_stop(pid);
  assert_int_equal(xpf_os_process(pid, &child), -ESRCH);
}

static void change_uid(void) {
  struct xpf_os_process process;
  pid_t parent = getppid();
  if (setgid(OTHER_UID) || setuid(OTHER_UID))
    _exit(10);
  if (xpf_os_identity(parent, &identity) != -EACCES || identity.uid != 0 || !identity.comm[0] ||
      !identity.start_ticks || identity.exe[0] || identity.pid != parent)
    _exit(11);
  if (xpf_os_process(parent, &process) != 0 || !process.rss_bytes ||
      (process.known | XPF_KNOWN_FDS) != KNOWN_ALL)
    _exit(12);
  if (!xpf_os_is_alive(parent) || xpf_os_process(0, &process) || process.known != KNOWN_ALL)
    _exit(13);
  child_ready();
  pause();
}

static void another_user(void **state) {
  (void)state;
  struct xpf_os_process process;
  if (geteuid() != 0) {
    print_message("skipped: not root, cannot change the uid\n");
    skip();
  }
  pid_t pid = child_start(change_uid);
  assert_int_equal(xpf_os_identity(pid, &identity), 0);
  assert_int_equal(identity.uid, OTHER_UID);
  assert_int_equal(identity.euid, OTHER_UID);
  assert_int_equal(xpf_os_process(pid, &process), 0);
  assert_int_equal(process.known, KNOWN_ALL);
  child_stop(pid);
}

static void take_groups(void) {
  static gid_t groups[4000];
  for (int i = 0; i < 4000; i++)
    groups[i] = (gid_t)(1000000 + i);
  if (setgroups(4000, groups))
    _exit(10);
  child_ready();
  pause();
}

static void a_status_file_longer_than_the_buffer(void **state) {
  (void)state;
  struct xpf_os_process process;
  if (geteuid() != 0) {
    print_message("skipped: not root, cannot set groups\n");
    skip();
  }
  pid_t pid = child_start(take_groups);
  assert_int_equal(xpf_os_process(pid, &process), 0);
  assert_int_equal(process.known, KNOWN_ALL);
  assert_true(process.rss_bytes > 0 && process.threads == 1);
  child_stop(pid);
}

static void the_peer_of_a_socket_is_known(void **state) {
  (void)state;
  int pair[2], files[2];
  pid_t pid = 0;
  uid_t uid = 12345;
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  assert_int_equal(xpf_os_peer(pair[0], &pid, &uid), 0);
  assert_int_equal(pid, getpid());
  assert_int_equal(uid, geteuid());
  int lone = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(xpf_os_peer(lone, &pid, &uid), -ENOTCONN);
  assert_int_equal(pipe(files), 0);
  assert_int_equal(xpf_os_peer(files[0], &pid, &uid), -ENOTSOCK);
  assert_int_equal(xpf_os_peer(-1, &pid, &uid), -EBADF);
  close(pair[0]);
  close(pair[1]);
  close(files[0]);
  close(files[1]);
  close(lone);
}

static void the_host_is_measured(void **state) {
  (void)state;
  struct xpf_os_host host;
  double load[3];
  assert_int_equal(xpf_os_host(&host), 0);
  assert_int_equal(host.cpus, sysconf(_SC_NPROCESSORS_ONLN));
  assert_int_equal(host.memory_total_bytes,
                   (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
  assert_true(host.memory_available_bytes > 0);
  assert_true(host.memory_available_bytes < host.memory_total_bytes);
  getloadavg(load, 3);
  assert_true(host.load1 >= load[0] - 1 && host.load1 <= load[0] + 1);
  assert_true(host.load15 >= load[2] - 1 && host.load15 <= load[2] + 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_grows_by_what_is_touched),
      cmocka_unit_test(descriptors_are_counted),
      cmocka_unit_test(many_descriptors_are_counted_by_listing),
      cmocka_unit_test(cpu_time_is_that_of_getrusage),
      cmocka_unit_test(threads_have_cpu_time_and_wait_for_a_processor),
      cmocka_unit_test(another_process_is_measured),
      cmocka_unit_test(another_user),
      cmocka_unit_test(a_status_file_longer_than_the_buffer),
      cmocka_unit_test(the_peer_of_a_socket_is_known),
      cmocka_unit_test(the_host_is_measured),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
