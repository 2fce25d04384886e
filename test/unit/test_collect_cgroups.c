// links: src/daemon/collect_cgroups.c src/daemon/cgroup_members.c src/daemon/cgroup_fields.c
// links: src/daemon/oom_kills.c
// links: src/daemon/pace.c src/daemon/sheet.c src/daemon/world.c src/wire/utf8.c -lm
// links: src/host/cgroup.c src/host/cgroup_files.c src/host/cgroup_place.c src/host/pressure.c
// links: src/host/cgroup_details.c src/host/proc_file.c src/host/proc_keys.c
/* The cgroups of recorded hosts: v2, v1 and both. */
#include "collect.h"
#include "daemon/collector_list.h"

static const char *const INFO[] = {"name", "cgroup", NULL};
static const struct xpf_kind PROCESS = {
    .name = "process",
    .labels = {"name", "pid"},
    .info = INFO,
};

static struct xpf_entity *put_process(const char *pid, const char *membership) {
  char path[64];
  const char *const labels[] = {"app", pid};
  snprintf(path, sizeof path, "proc/%s/cgroup", pid);
  collect_put(&c, path, membership);
  struct xpf_entity *entity = xpf_world_entity(c.world, &PROCESS, pid, labels, NULL);
  assert_non_null(entity);
  return entity;
}

/* Processes are told to the collector when it publishes: they are looked at in the next reading. */
static void run_twice(void) {
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_run(&c), 0);
}

#define V2_MOUNTS "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"

static void put_v2(const char *dir) {
  const struct {
    const char *name, *text;
  } files[] = {
      {"memory.current", "300000000\n"},
      {"memory.max", "max\n"},
      {"memory.high", "max\n"},
      {"memory.peak", "350000000\n"},
      {"memory.swap.current", "4096\n"},
      {"memory.stat", "anon 200000000\nfile 90000000\nkernel 7000000\nsock 5\nshmem 6\n"
                      "inactive_file 40000000\nslab 3000000\nworkingset_refault_anon 1\n"
                      "workingset_refault_file 2\npgfault 1234\npgmajfault 12\n"},
      {"memory.events", "low 0\nhigh 1\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n"},
      {"cpu.max", "150000 100000\n"},
      {"cpu.stat", "usage_usec 7000000\nuser_usec 5000000\nsystem_usec 2000000\nnr_periods 100\n"
                   "nr_throttled 34\nthrottled_usec 1750000\n"},
      {"io.stat", "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
                  "259:0 rbytes=100 wbytes=200 rios=3 wios=4 dbytes=0 dios=0\n"},
      {"pids.current", "17\n"},
      {"pids.max", "100\n"},
      {"cpu.pressure", "some avg10=12.50 avg60=5.06 avg300=0.00 total=987654\n"
                       "full avg10=1.00 avg60=0.50 avg300=0.00 total=4321\n"},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[256];
    snprintf(path, sizeof path, "sys/fs/cgroup%s/%s", dir, files[i].name);
    collect_put(&c, path, files[i].text);
  }
}

static void v2(void **state) {
  (void)state;
  const char *key = "/system.slice/shop.service";
  collect_put(&c, "proc/self/mountinfo", V2_MOUNTS);
  put_v2("/system.slice/shop.service");
  collect_put(&c, "sys/fs/cgroup/system.slice/memory.max", "520000000\n");
  struct xpf_entity *one = put_process("4711", "0::/system.slice/shop.service\n");
  put_process("4712", "0::/system.slice/shop.service\n");
  put_process("4713", "0::/gone\n"); /* cannot be seen */
  run_twice();
  assert_int_equal(collect_count(&c, "cgroup"), 1);
  assert_value(&c, "cgroup", key, "processes", 2);
  assert_value(&c, "cgroup", key, "cpu_usage", 7);
  assert_value(&c, "cgroup", key, "cpu_user", 5);
  assert_value(&c, "cgroup", key, "cpu_system", 2);
  assert_value(&c, "cgroup", key, "cpu_limit", 1.5);
  assert_value(&c, "cgroup", key, "periods", 100);
  assert_value(&c, "cgroup", key, "throttled_periods", 34);
  assert_value(&c, "cgroup", key, "throttled", 1.75);
  assert_value(&c, "cgroup", key, "memory", 300000000);
  assert_value(&c, "cgroup", key, "memory_working_set", 260000000);
  assert_value(&c, "cgroup", key, "memory_limit", 520000000);
  assert_value(&c, "cgroup", key, "memory_use", 0.5);
  assert_value(&c, "cgroup", key, "memory_peak", 350000000);
  assert_quality(&c, "cgroup", key, "memory_high", "absent");
  assert_value(&c, "cgroup", key, "anon", 200000000);
  assert_value(&c, "cgroup", key, "slab", 3000000);
  assert_value(&c, "cgroup", key, "sock", 5);
  assert_value(&c, "cgroup", key, "swap", 4096);
  assert_value(&c, "cgroup", key, "major_faults", 12);
  assert_value(&c, "cgroup", key, "refaults_file", 2);
  assert_value(&c, "cgroup", key, "high_events", 1);
  assert_value(&c, "cgroup", key, "max_events", 9);
  assert_value(&c, "cgroup", key, "oom_events", 3);
  assert_value(&c, "cgroup", key, "oom_kills", 2);
  assert_value(&c, "cgroup", key, "read_bytes", 4196);
  assert_value(&c, "cgroup", key, "write_bytes", 8392);
  assert_value(&c, "cgroup", key, "reads", 4);
  assert_value(&c, "cgroup", key, "writes", 6);
  assert_value(&c, "cgroup", key, "pids", 17);
  assert_value(&c, "cgroup", key, "pids_limit", 100);
  assert_value(&c, "cgroup", key, "cpu_pressure_some", 0.987654);
  assert_value(&c, "cgroup", key, "cpu_pressure_some_avg10", 0.125);
  assert_value(&c, "cgroup", key, "cpu_pressure_full", 0.004321);
  assert_quality(&c, "cgroup", key, "io_pressure_some", "absent");
  assert_string_equal(collect_entity(&c, "cgroup", key)->info[0], "v2");
  assert_string_equal(one->info[1], key);
}

/* A kill before we came is no news; a later one is, with the limit that led to it. */
static void kill_is_told(void **state) {
  (void)state;
  collect_put(&c, "proc/self/mountinfo", V2_MOUNTS);
  put_v2("/shop");
  collect_put(&c, "sys/fs/cgroup/shop/memory.max", "104857600\n");
  put_process("4711", "0::/shop\n");
  run_twice();
  assert_string_equal(c.events, "");
  collect_put(&c, "sys/fs/cgroup/shop/memory.events", "oom 4\noom_kill 3\n");
  struct xpf_entity *process = collect_entity(&c, "process", "4711");
  xpf_world_remove(c.world, process); /* it was the one */
  collect_run(&c);
  usleep(600000); /* a cgroup is read once a second */
  collect_run(&c);
  assert_string_equal(c.events, "oom_kill: memory ran out in cgroup /shop (its limit: 100 MB): the "
                                "kernel killed 1 process of it\n");
  assert_value(&c, "cgroup", "/shop", "processes", 0);
  assert_value(&c, "cgroup", "/shop", "oom_kills", 3);
}

#define V1_MOUNTS                                                                                  \
  "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"                            \
  "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"                              \
  "38 31 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"                                \
  "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"

static void put_v1(void) {
  const struct {
    const char *name, *text;
  } files[] = {
      {"memory/shop/memory.usage_in_bytes", "300000000\n"},
      {"memory/shop/memory.max_usage_in_bytes", "310000000\n"},
      {"memory/shop/memory.failcnt", "5\n"},
      {"memory/shop/memory.kmem.usage_in_bytes", "7000000\n"},
      {"memory/shop/memory.stat",
       "cache 1\nrss 2\ninactive_file 3\nhierarchical_memory_limit 500000000\ntotal_cache "
       "90000000\ntotal_rss 200000000\ntotal_swap 4096\ntotal_pgfault 77\ntotal_inactive_file "
       "50000000\n"},
      {"memory/shop/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"},
      {"cpu/shop/cpu.cfs_quota_us", "20000\n"},
      {"cpu/shop/cpu.cfs_period_us", "100000\n"},
      {"cpu/shop/cpu.stat", "nr_periods 35\nnr_throttled 34\nthrottled_time 1750000000\n"},
      {"cpu/shop/cpuacct.usage", "9000000000\n"},
      {"cpu/shop/cpuacct.usage_user", "6000000000\n"},
      {"cpu/shop/cpuacct.usage_sys", "3000000000\n"},
      {"blkio/shop/blkio.throttle.io_service_bytes",
       "8:0 Read 4096\n8:0 Write 100\n8:0 Sync 4196\n8:16 Read 1\n8:16 Write 2\nTotal 4199\n"},
      {"blkio/shop/blkio.throttle.io_serviced", "8:0 Read 7\n8:0 Write 8\nTotal 15\n"},
      {"pids/shop/pids.current", "3\n"},
      {"pids/shop/pids.max", "max\n"},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[256];
    snprintf(path, sizeof path, "sys/fs/cgroup/%s", files[i].name);
    collect_put(&c, path, files[i].text);
  }
}

static void v1(void **state) {
  (void)state;
  collect_put(&c, "proc/self/mountinfo", V1_MOUNTS);
  put_v1();
  put_process("9", "8:pids:/shop\n7:blkio:/shop\n4:memory:/shop\n3:cpu,cpuacct:/shop\n");
  run_twice();
  assert_value(&c, "cgroup", "/shop", "memory", 300000000);
  assert_value(&c, "cgroup", "/shop", "memory_working_set", 250000000);
  assert_value(&c, "cgroup", "/shop", "memory_limit", 500000000);
  assert_value(&c, "cgroup", "/shop", "memory_peak", 310000000);
  assert_value(&c, "cgroup", "/shop", "anon", 200000000);
  assert_value(&c, "cgroup", "/shop", "file", 90000000);
  assert_value(&c, "cgroup", "/shop", "kernel", 7000000);
  assert_quality(&c, "cgroup", "/shop", "slab", "absent");
  assert_value(&c, "cgroup", "/shop", "max_events", 5);
  assert_value(&c, "cgroup", "/shop", "oom_kills", 1);
  assert_quality(&c, "cgroup", "/shop", "oom_events", "absent");
  assert_value(&c, "cgroup", "/shop", "cpu_limit", 0.2);
  assert_value(&c, "cgroup", "/shop", "throttled_periods", 34);
  assert_value(&c, "cgroup", "/shop", "throttled", 1.75);
  assert_value(&c, "cgroup", "/shop", "cpu_usage", 9);
  assert_value(&c, "cgroup", "/shop", "cpu_user", 6);
  assert_value(&c, "cgroup", "/shop", "read_bytes", 4097);
  assert_value(&c, "cgroup", "/shop", "write_bytes", 102);
  assert_value(&c, "cgroup", "/shop", "writes", 8);
  assert_value(&c, "cgroup", "/shop", "pids", 3);
  assert_quality(&c, "cgroup", "/shop", "pids_limit", "absent");
  assert_quality(&c, "cgroup", "/shop", "cpu_pressure_some", "absent");
  assert_string_equal(collect_entity(&c, "cgroup", "/shop")->info[0], "v1");
}

/* Memory in a cgroup of v1, pressure in one of v2, the processor in the root, which is the host. */
static void hybrid(void **state) {
  (void)state;
  collect_put(&c, "proc/self/mountinfo",
              V1_MOUNTS "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  put_v1();
  collect_put(&c, "sys/fs/cgroup/cpu/cpuacct.usage", "123000000000\n");
  collect_put(&c, "sys/fs/cgroup/cpu/cpu.stat", "nr_periods 1\nnr_throttled 1\n");
  collect_put(&c, "sys/fs/cgroup/unified/shop/memory.pressure",
              "some avg10=50.00 avg60=0.00 avg300=0.00 total=3000000\n"
              "full avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n");
  collect_put(&c, "sys/fs/cgroup/unified/cpu.pressure",
              "some avg10=1.00 avg60=0.00 avg300=0.00 total=5000000\n");
  put_process("9", "8:pids:/\n7:blkio:/\n4:memory:/shop\n3:cpu,cpuacct:/\n0::/shop\n");
  run_twice();
  assert_value(&c, "cgroup", "/shop", "memory", 300000000);
  assert_value(&c, "cgroup", "/shop", "memory_pressure_some", 3);
  assert_value(&c, "cgroup", "/shop", "memory_pressure_some_avg10", 0.5);
  assert_quality(&c, "cgroup", "/shop", "cpu_usage", "absent");
  assert_quality(&c, "cgroup", "/shop", "periods", "absent");
  assert_quality(&c, "cgroup", "/shop", "read_bytes", "absent");
  assert_quality(&c, "cgroup", "/shop", "pids", "absent");
  assert_string_equal(collect_entity(&c, "cgroup", "/shop")->info[0], "hybrid");
  /* and one that has its memory in the root, too: there the host's pressure is its own */
  put_process("10", "8:pids:/\n7:blkio:/\n4:memory:/\n3:cpu,cpuacct:/\n0::/\n");
  run_twice();
  assert_value(&c, "cgroup", "/", "cpu_usage", 123);
  assert_value(&c, "cgroup", "/", "cpu_pressure_some", 5);
}

/* Different cgroups for different controllers are one with a longer name. */
static void split(void **state) {
  (void)state;
  collect_put(&c, "proc/self/mountinfo", V1_MOUNTS);
  put_v1();
  collect_put(&c, "sys/fs/cgroup/cpu/batch/cpuacct.usage", "5000000000\n");
  put_process("9", "4:memory:/shop\n3:cpu,cpuacct:/batch\n");
  put_process("10", "4:memory:/shop\n3:cpu,cpuacct:/shop\n");
  run_twice();
  assert_int_equal(collect_count(&c, "cgroup"), 2);
  assert_value(&c, "cgroup", "/shop cpu:/batch cpuacct:/batch", "cpu_usage", 5);
  assert_value(&c, "cgroup", "/shop", "cpu_usage", 9);
}

static void denied(void **state) {
  (void)state;
  char path[256];
  if (geteuid() == 0 && seteuid(65534) != 0)
    skip();
  if (seteuid(0) == 0 && chmod(c.root, 0755) != 0)
    skip();
  collect_put(&c, "proc/self/mountinfo", V2_MOUNTS);
  put_v2("/shop");
  snprintf(path, sizeof path, "%s/sys/fs/cgroup/shop/memory.current", c.root);
  assert_int_equal(chmod(path, 0), 0);
  put_process("9", "0::/shop\n");
  bool was_root = geteuid() == 0;
  if (was_root)
    assert_int_equal(seteuid(65534), 0);
  run_twice();
  if (was_root)
    assert_int_equal(seteuid(0), 0);
  assert_quality(&c, "cgroup", "/shop", "memory", "denied");
  assert_quality(&c, "cgroup", "/shop", "memory_use", "absent");
  assert_value(&c, "cgroup", "/shop", "cpu_usage", 7);
}

static void nothing_to_see(void **state) {
  (void)state;
  run_twice(); /* no process, not even the kind */
  put_process("9", "");
  put_process("10", "garbage\n::\n0:\n");
  run_twice();
  assert_int_equal(collect_count(&c, "cgroup"), 0);
}

int main(void) {
#define TEST(name) collect_test(name, xpf_collector_cgroups)
  const struct CMUnitTest tests[] = {
      TEST(v2),     TEST(kill_is_told),  TEST(v1), TEST(hybrid), TEST(split),
      TEST(denied), TEST(nothing_to_see)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
