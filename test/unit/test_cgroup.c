// clang-format off
// links: src/host/cgroup.c src/host/cgroup_files.c src/host/proc_keys.c src/host/cgroup_place.c src/host/pressure.c src/host/proc_file.c
// clang-format on
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/cgroup.h"

#define V1_NONE "9223372036854771712\n"

static char root[64];

static int remove_entry(const char *path, const struct stat *entry, int type, struct FTW *at) {
  (void)entry, (void)type, (void)at;
  return remove(path);
}

static int make_root(void **state) {
  (void)state;
  strcpy(root, "/tmp/xpf-cgroup-XXXXXX");
  return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
  (void)state;
  return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file of the fixture, with its directories. */
static void put(const char *path, const char *text) {
  char full[512];
  snprintf(full, sizeof full, "%s%s", root, path);
  for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(full, 0755);
    *slash = '/';
  }
  FILE *file = fopen(full, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
}

static struct xpf_cgroup_figures read_of(pid_t pid) {
  struct xpf_cgroup *cgroup;
  struct xpf_cgroup_figures figures;
  memset(&figures, 0xAA, sizeof figures);
  assert_int_equal(xpf_cgroup_open(&cgroup, pid, root), 0);
  xpf_cgroup_read(cgroup, &figures);
  xpf_cgroup_close(cgroup);
  return figures;
}

static void assert_nothing(const struct xpf_cgroup_figures *figures) {
  assert_int_equal(figures->memory, XPF_ABSENT);
  assert_int_equal(figures->cpu, XPF_ABSENT);
  assert_int_equal(figures->events, XPF_ABSENT);
  assert_true(figures->memory_limit_bytes == UINT64_MAX);
  assert_int_equal(figures->memory_used_bytes, 0);
  assert_true(figures->cpu_limit == 0);
  assert_int_equal(figures->cpu_pressure.status, XPF_ABSENT);
}

static void assert_double(double value, double expected) {
  assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

#define V2_MOUNT                                                                                   \
  "22 1 0:20 / /proc rw - proc proc rw\n"                                                          \
  "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V2 "/sys/fs/cgroup"

static void put_v2_leaf(const char *dir) {
  char path[256];
  const struct {
    const char *name, *text;
  } files[] = {
      {"memory.current", "300000000\n"},
      {"memory.max", "max\n"},
      {"memory.stat", "anon 200000000\nfile 90000000\ninactive_anon 5\ninactive_file 40000000\n"},
      {"memory.events", "low 0\nhigh 1\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n"},
      {"cpu.max", "150000 100000\n"},
      {"cpu.stat", "usage_usec 7000000\nuser_usec 5\nsystem_usec 6\nnr_periods 100\n"
                   "nr_throttled 34\nthrottled_usec 1750000\nnr_bursts 0\n"},
      {"cpu.pressure", "some avg10=12.34 avg60=5.06 avg300=0.00 total=987654\n"
                       "full avg10=1.00 avg60=0.50 avg300=0.00 total=4321\n"},
      {"memory.pressure", "some avg10=0.00 avg60=0.01 avg300=0.00 total=1\n"
                          "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
    put(path, files[i].text);
  }
}

static void assert_v2_leaf(const struct xpf_cgroup_figures *figures) {
  assert_int_equal(figures->version, 2);
  assert_int_equal(figures->memory, XPF_OK);
  assert_int_equal(figures->memory_used_bytes, 300000000);
  assert_int_equal(figures->memory_working_set_bytes, 260000000);
  assert_int_equal(figures->events, XPF_OK);
  assert_int_equal(figures->oom_events, 3);
  assert_int_equal(figures->oom_kills, 2);
  assert_int_equal(figures->cpu, XPF_OK);
  assert_int_equal(figures->cpu_usage_ns, 7000000000);
}

static void v2_on_a_host(void **state) {
  (void)state;
  put("/proc/self/mountinfo", V2_MOUNT);
  put("/proc/self/cgroup", "0::/system.slice/app:1.service\n");
  put_v2_leaf(V2 "/system.slice/app:1.service");
  put(V2 "/system.slice/memory.max", "500000000\n");
  put(V2 "/system.slice/memory.current", "400000000\n");
  put(V2 "/system.slice/cpu.max", "max 100000\n");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v2_leaf(&figures);
  assert_int_equal(figures.memory_limit_bytes, 500000000);
  assert_double(figures.cpu_limit, 1.5);
  assert_int_equal(figures.periods, 100);
  assert_int_equal(figures.throttled_periods, 34);
  assert_int_equal(figures.throttled_ns, 1750000000);
  assert_int_equal(figures.cpu_pressure.status, XPF_OK);
  assert_double(figures.cpu_pressure.some_avg10, 12.34);
  assert_double(figures.cpu_pressure.some_avg60, 5.06);
  assert_double(figures.cpu_pressure.full_avg10, 1);
  assert_int_equal(figures.cpu_pressure.some_total_us, 987654);
  assert_int_equal(figures.cpu_pressure.full_total_us, 4321);
  assert_int_equal(figures.memory_pressure.status, XPF_OK);
  assert_int_equal(figures.io_pressure.status, XPF_ABSENT);
}

static void v2_smallest_limits_up_the_tree(void **state) {
  (void)state;
  put("/proc/self/mountinfo", V2_MOUNT);
  put("/proc/self/cgroup", "0::/pods/pod1/app\n");
  put_v2_leaf(V2 "/pods/pod1/app");
  put(V2 "/pods/pod1/app/memory.max", "900000000\n");
  put(V2 "/pods/pod1/memory.max", "700000000\n");
  put(V2 "/pods/memory.max", "800000000\n");
  put(V2 "/pods/pod1/cpu.max", "50000 200000\n");
  put(V2 "/pods/pod1/cpu.stat", "usage_usec 1\nnr_periods 55\nnr_throttled 5\nthrottled_usec 6\n");
  put(V2 "/pods/cpu.max", "400000 100000\n");
  put("/sys/fs/memory.max", "1\n"); /* above the mount: none of ours */
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v2_leaf(&figures);
  assert_int_equal(figures.memory_limit_bytes, 700000000);
  assert_double(figures.cpu_limit, 0.25);
  assert_int_equal(figures.periods, 55); /* where the quota is */
  assert_int_equal(figures.throttled_periods, 5);
  assert_int_equal(figures.throttled_ns, 6000);
}

static void v2_controller_of_a_parent(void **state) {
  (void)state;
  put("/proc/self/mountinfo", V2_MOUNT);
  put("/proc/self/cgroup", "0::/user.slice/session\n");
  put_v2_leaf(V2 "/user.slice");
  put(V2 "/user.slice/memory.max", "1000\n");
  put(V2 "/user.slice/session/cpu.stat", "usage_usec 7000000\n");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v2_leaf(&figures);
  assert_int_equal(figures.memory_limit_bytes, 1000);
  assert_double(figures.cpu_limit, 1.5);
  assert_int_equal(figures.throttled_periods, 34);
}

static void v2_host_root(void **state) {
  (void)state;
  put("/proc/self/mountinfo", V2_MOUNT);
  put("/proc/self/cgroup", "0::/\n");
  put(V2 "/cpu.stat", "usage_usec 5\n");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_int_equal(figures.version, 2);
  assert_int_equal(figures.memory, XPF_ABSENT);
  assert_true(figures.memory_limit_bytes == UINT64_MAX);
  assert_int_equal(figures.cpu_usage_ns, 5000);
}

static void v2_in_a_container(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"/", "/"},                             /* its own cgroup namespace */
      {"/docker/0123abc", "/docker/0123abc"}, /* none: names of the host, in both files */
      {"/", "/docker/0123abc"},               /* namespace made after the mount */
      {"/kubepods/other/0123", "/kubepods/pod/0123abc"}, /* named in another way */
      {"/docker/0123abcdef", "/docker/0123abc"},         /* a longer name is not below */
      {"/a b\\c", "/a\\040b\\134c"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char mounts[512], cgroup[128];
    snprintf(mounts, sizeof mounts, "30 23 0:26 %s /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n",
             cases[i][1]);
    snprintf(cgroup, sizeof cgroup, "0::%s\n", cases[i][0]);
    put("/proc/self/mountinfo", mounts);
    put("/proc/self/cgroup", cgroup);
    put_v2_leaf(V2);
    struct xpf_cgroup_figures figures = read_of(0);
    assert_v2_leaf(&figures);
    assert_double(figures.cpu_limit, 1.5);
  }
}

static void v2_below_the_container(void **state) {
  (void)state;
  put("/proc/self/mountinfo", "30 23 0:26 /docker/0123 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  put("/proc/self/cgroup", "0::/docker/0123/worker\n");
  put_v2_leaf(V2 "/worker");
  put(V2 "/memory.max", "123456\n");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v2_leaf(&figures);
  assert_int_equal(figures.memory_limit_bytes, 123456);
  put("/proc/self/mountinfo", "30 23 0:26 /a\\040b /my\\040cg ro - cgroup2 cgroup rw\n");
  put("/proc/self/cgroup", "0::/a b/worker\n");
  put_v2_leaf("/my cg/worker");
  put("/my cg/memory.max", "654321\n");
  figures = read_of(0);
  assert_v2_leaf(&figures);
  assert_int_equal(figures.memory_limit_bytes, 654321);
}

/* The cgroup lies outside of what can be seen: figures of another one would be a lie. */
static void a_cgroup_out_of_sight_is_absent(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"/../sibling", "/"}, {"/..", "/"}, {"/", "/../.."}, {"/gone (deleted)", "/"}};
  put_v2_leaf(V2);
  put_v2_leaf("/sys/fs/sibling");
  put_v2_leaf("/sys/fs");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char mounts[256], cgroup[128];
    snprintf(mounts, sizeof mounts, "30 23 0:26 %s /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
             cases[i][1]);
    snprintf(cgroup, sizeof cgroup, "0::%s\n", cases[i][0]);
    put("/proc/self/mountinfo", mounts);
    put("/proc/self/cgroup", cgroup);
    struct xpf_cgroup_figures figures = read_of(0);
    assert_nothing(&figures);
    assert_int_equal(figures.version, 0);
  }
}

#define V1_MOUNTS                                                                                  \
  "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"                                     \
  "32 31 0:29 %1$s /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"                 \
  "33 31 0:30 %1$s /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"                           \
  "34 31 0:31 %1$s /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"                           \
  "35 31 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
#define V1_CPU    "/sys/fs/cgroup/cpu,cpuacct"
#define V1_MEMORY "/sys/fs/cgroup/memory"

static void put_v1_mounts(const char *mount_root, const char *more) {
  char text[2048];
  int used = snprintf(text, sizeof text, V1_MOUNTS, mount_root);
  snprintf(text + used, sizeof text - (size_t)used, "%s", more);
  put("/proc/self/mountinfo", text);
}

static void put_v1_leaf(const char *below) {
  char path[256];
  const struct {
    const char *mount, *name, *text;
  } files[] = {
      {V1_MEMORY, "memory.usage_in_bytes", "300000000\n"},
      {V1_MEMORY, "memory.limit_in_bytes", V1_NONE},
      {V1_MEMORY, "memory.stat",
       "cache 1\ninactive_file 7\nhierarchical_memory_limit 600000000\n"
       "hierarchical_memsw_limit 5\ntotal_inactive_file 40000000\n"},
      {V1_MEMORY, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"},
      {V1_CPU, "cpu.cfs_quota_us", "20000\n"},
      {V1_CPU, "cpu.cfs_period_us", "100000\n"},
      {V1_CPU, "cpu.stat", "nr_periods 35\nnr_throttled 34\nthrottled_time 1750000000\n"},
      {V1_CPU, "cpuacct.usage", "7000000001\n"},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    snprintf(path, sizeof path, "%s%s/%s", files[i].mount, below, files[i].name);
    put(path, files[i].text);
  }
}

static void assert_v1_leaf(const struct xpf_cgroup_figures *figures) {
  assert_int_equal(figures->version, 1);
  assert_int_equal(figures->memory, XPF_OK);
  assert_int_equal(figures->memory_used_bytes, 300000000);
  assert_int_equal(figures->memory_working_set_bytes, 260000000);
  assert_int_equal(figures->memory_limit_bytes, 600000000);
  assert_int_equal(figures->oom_kills, 4);
  assert_int_equal(figures->events, XPF_OK);
  assert_double(figures->cpu_limit, 0.2);
  assert_int_equal(figures->cpu, XPF_OK);
  assert_int_equal(figures->periods, 35);
  assert_int_equal(figures->throttled_periods, 34);
  assert_int_equal(figures->throttled_ns, 1750000000);
  assert_int_equal(figures->cpu_usage_ns, 7000000001);
}

static void v1_controllers_in_mounts_of_their_own(void **state) {
  (void)state;
  put_v1_mounts("/", "");
  put("/proc/self/cgroup", "5:memory:/app\n4:cpuset:/\n3:cpu,cpuacct:/app\n1:name=systemd:/x\n");
  put_v1_leaf("/app");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v1_leaf(&figures);
  assert_int_equal(figures.cpu_pressure.status, XPF_ABSENT);
  assert_int_equal(figures.oom_events, 0);
}

static void v1_without_limits(void **state) {
  (void)state;
  put_v1_mounts("/", "");
  put("/proc/self/cgroup", "5:memory:/app\n3:cpu,cpuacct:/app\n");
  put_v1_leaf("/app");
  put(V1_MEMORY "/app/memory.stat", "total_inactive_file 999999999\n");
  put(V1_MEMORY "/memory.limit_in_bytes", V1_NONE);
  put(V1_CPU "/app/cpu.cfs_quota_us", "-1\n");
  put(V1_MEMORY "/app/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_true(figures.memory_limit_bytes == UINT64_MAX);
  assert_int_equal(figures.memory_working_set_bytes, 0);
  assert_true(figures.cpu_limit == 0);
  assert_int_equal(figures.events, XPF_ABSENT);
  put(V1_MEMORY "/memory.limit_in_bytes", "5000\n"); /* a parent's, without the kernel's minimum */
  put(V1_MEMORY "/app/memory.stat", "hierarchical_memory_limit " V1_NONE);
  figures = read_of(0);
  assert_true(figures.memory_limit_bytes == UINT64_MAX);
  put(V1_MEMORY "/app/memory.stat", "cache 1\n");
  figures = read_of(0);
  assert_int_equal(figures.memory_limit_bytes, 5000);
}

static void v1_in_a_container(void **state) {
  (void)state;
  put_v1_mounts("/docker/0123", "");
  put("/proc/self/cgroup", "5:memory:/docker/0123\n3:cpuacct,cpu:/docker/0123\n0::/\n");
  put_v1_leaf("");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v1_leaf(&figures);
  put("/proc/self/cgroup", "5:memory:/\n3:cpuacct,cpu:/\n");
  figures = read_of(0);
  assert_v1_leaf(&figures);
}

static void hybrid_has_pressure_in_the_v2_tree(void **state) {
  (void)state;
  put_v1_mounts("/", "36 31 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  put("/proc/self/cgroup", "5:memory:/app\n3:cpu,cpuacct:/app\n0::/svc\n");
  put_v1_leaf("/app");
  put_v2_leaf("/sys/fs/cgroup/unified/svc");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v1_leaf(&figures);
  assert_int_equal(figures.cpu_pressure.status, XPF_OK);
  assert_double(figures.cpu_pressure.some_avg10, 12.34);
}

static void hybrid_with_memory_in_the_v2_tree(void **state) {
  (void)state;
  put("/proc/self/mountinfo", "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                              "36 31 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  put("/proc/self/cgroup", "3:cpu:/app\n0::/svc\n");
  put_v2_leaf("/sys/fs/cgroup/unified/svc");
  put("/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "300000\n");
  put("/sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "100000\n");
  put("/sys/fs/cgroup/cpu/app/cpu.stat", "nr_periods 1\nnr_throttled 2\nthrottled_time 3\n");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_int_equal(figures.version, 2);
  assert_int_equal(figures.memory_used_bytes, 300000000);
  assert_double(figures.cpu_limit, 3);
  assert_int_equal(figures.throttled_ns, 3);
}

static void the_first_mount_that_shows_it_wins(void **state) {
  (void)state;
  put("/proc/self/mountinfo",
      "30 23 0:26 /other /var/lib/other rw - cgroup2 cgroup2 rw\n" /* a bind mount of another one */
      "31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  put("/proc/self/cgroup", "0::/app\n");
  put("/var/lib/other/memory.current", "1\n");
  put_v2_leaf(V2 "/app");
  struct xpf_cgroup_figures figures = read_of(0);
  assert_v2_leaf(&figures);
}

static void another_process_in_a_container(void **state) {
  (void)state;
  /* seen from the host: by our own mounts */
  put("/proc/self/mountinfo", V2_MOUNT);
  put("/proc/self/cgroup", "0::/\n");
  put("/proc/77/cgroup", "0::/docker/0123\n");
  put("/proc/77/mountinfo", "30 23 0:26 /docker/0123 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  put_v2_leaf(V2 "/docker/0123");
  struct xpf_cgroup_figures figures = read_of(77);
  assert_v2_leaf(&figures);
  /* not in our mounts: by its own, through its root */
  put("/proc/88/cgroup", "0::/docker/0456\n");
  put("/proc/88/mountinfo", "30 23 0:26 /docker/0456 /cg ro - cgroup2 cgroup rw\n");
  put_v2_leaf("/proc/88/root/cg");
  figures = read_of(88);
  assert_v2_leaf(&figures);
  /* not even when our mount shows our own cgroup only */
  put("/proc/self/mountinfo", "30 23 0:26 /docker/mine /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  put(V2 "/memory.current", "1\n");
  figures = read_of(88);
  assert_v2_leaf(&figures);
  put("/proc/66/cgroup", "0::/docker/0456\n"); /* its mounts unknown */
  figures = read_of(66);
  assert_nothing(&figures);
  /* no such process */
  figures = read_of(99);
  assert_nothing(&figures);
}

static void nothing_and_nonsense(void **state) {
  (void)state;
  struct xpf_cgroup_figures figures = read_of(0);
  assert_nothing(&figures);
  assert_int_equal(figures.version, 0);
  put("/proc/self/mountinfo",
      "\n - cgroup2 \n1 2 - cgroup2 x y\n1 2 3:4 / - cgroup cgroup rw,memory\n"
      "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
  put("/proc/self/cgroup", "\n:\n::\n0:\n5:memory\n0::relative\n0::/app");
  put(V2 "/app/memory.current", "x\n");
  put(V2 "/app/cpu.max", "5\n");
  put(V2 "/app/cpu.pressure", "some\n");
  figures = read_of(0);
  assert_int_equal(figures.version, 2);
  figures.version = 0;
  assert_nothing(&figures);
}

static void a_file_that_is_closed_to_us_is_denied(void **state) {
  (void)state;
  int status;
  char path[128];
  put("/proc/self/mountinfo", V2_MOUNT);
  put("/proc/self/cgroup", "0::/app\n");
  put_v2_leaf(V2 "/app");
  snprintf(path, sizeof path, "%s" V2 "/app/memory.current", root);
  chmod(root, 0755);
  chmod(path, 0);
  pid_t pid = fork();
  if (pid == 0) {
    struct xpf_cgroup *cgroup;
    struct xpf_cgroup_figures figures;
    if (geteuid() == 0 && setuid(54321))
      _exit(2);
    if (xpf_cgroup_open(&cgroup, 0, root))
      _exit(3);
    xpf_cgroup_read(cgroup, &figures);
    xpf_cgroup_close(cgroup);
    _exit(figures.memory == XPF_DENIED && figures.cpu == XPF_OK ? 0 : 1);
  }
  waitpid(pid, &status, 0);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static void pressure_files(void **state) {
  (void)state;
  struct xpf_pressure pressure;
  assert_int_equal(
      xpf_pressure_parse("some avg10=99.99 avg60=100.00 avg300=0.10 total=5", &pressure), 0);
  assert_int_equal(pressure.status, XPF_OK);
  assert_double(pressure.some_avg10, 99.99);
  assert_double(pressure.some_avg60, 100);
  assert_int_equal(pressure.some_total_us, 5);
  assert_int_equal(pressure.full_total_us, 0);
  assert_true(pressure.has_some && !pressure.has_full);
  assert_double(pressure.some_avg300, 0.1);
  /* Interrupts have no other line. */
  assert_int_equal(xpf_pressure_parse("full avg10=0.00 avg60=0.00 avg300=2.00 total=7", &pressure),
                   0);
  assert_true(!pressure.has_some && pressure.has_full);
  assert_double(pressure.full_avg300, 2);
  static const char *const bad[] = {
      "",
      "\n\n",
      "some avg10=0.00 avg60=0.00 avg300=0.00\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n",
      "some avg10=0.00 total=1\n",
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=\n",
      "something else"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(xpf_pressure_parse(bad[i], &pressure), -EINVAL);
    assert_int_equal(pressure.status, XPF_ABSENT);
    assert_int_equal(pressure.full_total_us, 0);
  }
}

/* Where this very test runs: the kernel's own files, found here in another way. */
static void the_real_cgroup(void **state) {
  (void)state;
  struct xpf_cgroup *cgroup;
  struct xpf_cgroup_figures figures, child;
  char line[512], path[1024] = "";
  unsigned long long used = 0;
  FILE *file = fopen("/proc/self/cgroup", "r");
  while (file && fgets(line, sizeof line, file)) {
    char *memory = strstr(line, ":memory:");
    line[strcspn(line, "\n")] = '\0';
    if (memory)
      snprintf(path, sizeof path, "/sys/fs/cgroup/memory%s/memory.usage_in_bytes", memory + 8);
    else if (strncmp(line, "0::", 3) == 0 && !path[0])
      snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", line + 3);
  }
  if (file)
    fclose(file);
  file = fopen(path, "r");
  if (!file || fscanf(file, "%llu", &used) != 1) {
    print_message("skipped: no memory cgroup at %s\n", path);
    skip();
  }
  fclose(file);
  assert_int_equal(xpf_cgroup_open(&cgroup, 0, ""), 0);
  xpf_cgroup_read(cgroup, &figures);
  xpf_cgroup_close(cgroup);
  assert_int_equal(figures.memory, XPF_OK);
  assert_in_range(figures.memory_used_bytes, used / 2, used * 2);
  assert_in_range(figures.memory_working_set_bytes, 1, figures.memory_used_bytes);
  assert_int_equal(figures.version, strstr(path, "usage_in_bytes") ? 1 : 2);
  assert_int_equal(xpf_cgroup_open(&cgroup, getppid(), ""), 0);
  xpf_cgroup_read(cgroup, &child);
  xpf_cgroup_close(cgroup);
  assert_int_equal(child.version, figures.version);
  assert_int_equal(child.memory_limit_bytes, figures.memory_limit_bytes);
}

#define FIXTURE(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE(v2_on_a_host),
      FIXTURE(v2_smallest_limits_up_the_tree),
      FIXTURE(v2_controller_of_a_parent),
      FIXTURE(v2_host_root),
      FIXTURE(v2_in_a_container),
      FIXTURE(v2_below_the_container),
      FIXTURE(a_cgroup_out_of_sight_is_absent),
      FIXTURE(v1_controllers_in_mounts_of_their_own),
      FIXTURE(v1_without_limits),
      FIXTURE(v1_in_a_container),
      FIXTURE(hybrid_has_pressure_in_the_v2_tree),
      FIXTURE(hybrid_with_memory_in_the_v2_tree),
      FIXTURE(the_first_mount_that_shows_it_wins),
      FIXTURE(another_process_in_a_container),
      FIXTURE(nothing_and_nonsense),
      FIXTURE(a_file_that_is_closed_to_us_is_denied),
      cmocka_unit_test(pressure_files),
      cmocka_unit_test(the_real_cgroup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
