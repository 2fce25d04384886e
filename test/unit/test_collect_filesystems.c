// clang-format off
// links: src/daemon/collect_filesystems.c src/host/mount_table_linux.c src/host/volume_linux.c
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/proc_text.c
// links: src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include <pthread.h>
#include <sys/statvfs.h>

#include "collect.h"
#include "daemon/collector_list.h"

/* The test's own statvfs: mounts that are not there, and one that hangs until it is let go. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_hanging;
static int asked_dead;

static void set_hanging(bool hangs) {
  pthread_mutex_lock(&mutex);
  is_hanging = hangs;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static int count_asked(void) {
  pthread_mutex_lock(&mutex);
  int count = asked_dead;
  pthread_mutex_unlock(&mutex);
  return count;
}

int statvfs(const char *path, struct statvfs *out) {
  memset(out, 0, sizeof *out);
  if (strncmp(path, "/denied", 7) == 0) {
    errno = EACCES;
    return -1;
  }
  if (strcmp(path, "/dead") == 0) {
    pthread_mutex_lock(&mutex);
    asked_dead++;
    while (is_hanging)
      pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
  }
  *out = (struct statvfs){.f_frsize = 4096, .f_blocks = 1000, .f_bfree = 400, .f_bavail = 300};
  if (strcmp(path, "/btrfs") != 0) {
    out->f_files = 200;
    out->f_ffree = 150;
  }
  return 0;
}

#define MOUNTS                                                                                     \
  "22 27 0:21 / /proc rw,relatime - proc proc rw\n"                                                \
  "24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334460k\n"                           \
  "25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw\n"                                           \
  "27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard\n"                      \
  "28 27 254:0 /var/lib/a /var/lib/a/b ro,relatime - ext4 /dev/vda rw\n"                           \
  "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"                                          \
  "40 27 0:50 / /btrfs ro,nosuid - btrfs /dev/sdb1 rw\n"                                           \
  "41 27 0:51 / /with\\040blank\\134 rw - xfs /dev/sdc1 rw\n"                                      \
  "42 27 0:52 / /denied rw - ext4 /dev/sdd1 rw\n"                                                  \
  "43 27 0:53 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"

static void test_values(void **state) {
  (void)state;
  collect_put(&c, "proc/self/mountinfo", MOUNTS);
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_filesystem"), 5);
  assert_value(&c, "host_filesystem", "/", "size", 4096000);
  assert_value(&c, "host_filesystem", "/", "free", 1638400);
  assert_value(&c, "host_filesystem", "/", "available", 1228800);
  assert_value(&c, "host_filesystem", "/", "used_ratio", 600.0 / 900);
  assert_value(&c, "host_filesystem", "/", "files", 200);
  assert_value(&c, "host_filesystem", "/", "files_free", 150);
  assert_value(&c, "host_filesystem", "/", "files_used_ratio", 0.25);
  assert_value(&c, "host_filesystem", "/", "readonly", 0);
  assert_value(&c, "host_filesystem", "/", "fault", 0);
  const char *const *labels = collect_entity(&c, "host_filesystem", "/")->labels;
  assert_string_equal(labels[0], "/dev/vda");
  assert_string_equal(labels[1], "/");
  assert_string_equal(labels[2], "ext4");
  assert_non_null(collect_entity(&c, "host_filesystem", "/dev/shm"));
  assert_value(&c, "host_filesystem", "/btrfs", "readonly", 1);
  assert_quality(&c, "host_filesystem", "/btrfs", "files_used_ratio", "absent");
  assert_non_null(collect_entity(&c, "host_filesystem", "/with blank\\"));
  assert_value(&c, "host_filesystem", "/denied", "fault", 1);
  assert_quality(&c, "host_filesystem", "/denied", "size", "denied");
}

/* A service has mounts of its own, which its manager made read-only. In a container the first
 * process may be that of the host, whose paths are not ours. */
static void test_service(void **state) {
  (void)state;
  collect_put(&c, "proc/self/mountinfo",
              "27 1 8:1 / / ro - ext4 /dev/sda1 rw\n"
              "28 1 8:2 / /data ro - ext4 /dev/sda2 rw\n"
              "29 1 8:3 / /own ro - ext4 /dev/sda3 rw\n");
  collect_put(&c, "proc/1/mountinfo",
              "17 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
              "18 1 8:2 / /data rw - ext4 /dev/sda2 ro\n"
              "19 1 8:4 / /own rw - ext4 /dev/sda4 rw\n"
              "20 1 8:5 / /theirs rw - ext4 /dev/sda5 rw\n");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_filesystem"), 3);
  assert_value(&c, "host_filesystem", "/", "readonly", 0);
  assert_value(&c, "host_filesystem", "/data", "readonly", 1);
  assert_value(&c, "host_filesystem", "/own", "readonly", 1); /* another one there */
  static const char *const FOREIGN[] = {
      "17 1 8:1 /snapshot / rw - ext4 /dev/sda1 rw\n", /* another folder of it */
      "17 1 8:1 / / rw - ext4 /dev/sda1 rw\n18 1 8:9 / / rw - ext4 /dev/sda9 rw\n",
      "17 1 8:1 / /host rw - ext4 /dev/sda1 rw\n",
  };
  for (size_t i = 0; i < sizeof FOREIGN / sizeof *FOREIGN; i++) {
    char first[256];
    snprintf(first, sizeof first, "%s18 1 8:2 / /data rw - ext4 /dev/sda2 rw\n", FOREIGN[i]);
    collect_put(&c, "proc/1/mountinfo", first);
    assert_int_equal(collect_run(&c), 0);
    assert_value(&c, "host_filesystem", "/", "readonly", 1);
    assert_value(&c, "host_filesystem", "/data", "readonly", 1);
  }
}

/* Whichever line comes first: the whole file system is shown, not a folder of it mounted elsewhere;
 * of two at one place the upper one. */
static void test_once(void **state) {
  (void)state;
  collect_put(&c, "proc/self/mountinfo",
              "27 1 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
              "28 1 8:1 / /mnt/all rw - ext4 /dev/sda1 rw\n"
              "29 1 8:1 / /mnt/all/again rw - ext4 /dev/sda1 rw\n"
              "30 1 8:2 / /data rw - ext4 /dev/sda2 rw\n"
              "31 1 8:3 / /data rw - xfs /dev/sda3 rw\n");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_filesystem"), 2);
  assert_non_null(collect_entity(&c, "host_filesystem", "/mnt/all"));
  assert_string_equal(collect_entity(&c, "host_filesystem", "/data")->labels[2], "xfs");
  collect_put(&c, "proc/self/mountinfo", "30 1 8:2 / /data rw - ext4 /dev/sda2 rw\n31 1 8:3 / /x");
  assert_int_equal(collect_run(&c), 0); /* another one at the same place */
  assert_int_equal(collect_count(&c, "host_filesystem"), 1);
  assert_string_equal(collect_entity(&c, "host_filesystem", "/data")->labels[2], "ext4");
}

/* A server that is gone: the others are answered, it is asked once, told once, and grows stale. */
static void test_dead(void **state) {
  (void)state;
  static const char MORE[] = MOUNTS "50 27 0:60 / /dead rw - nfs4 server:/x rw\n"
                                    "51 27 0:61 / /alive rw - nfs4 server2:/x rw\n";
  collect_put(&c, "proc/self/mountinfo", MORE);
  int before = count_asked();
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_filesystem", "/dead", "size", 4096000);
  set_hanging(true);
  for (int i = 0; i < 3; i++) {
    c.now_ms += 20000;
    assert_int_equal(collect_run(&c), 0);
  }
  assert_int_equal(count_asked() - before, 2);
  assert_quality(&c, "host_filesystem", "/dead", "size", "stale");
  assert_quality(&c, "host_filesystem", "/alive", "size", "ok");
  assert_quality(&c, "host_filesystem", "/", "size", "ok");
  assert_string_equal(c.events, "filesystem_silent: the file system at /dead does not answer\n");
  set_hanging(false);
  for (int i = 0; i < 500 && strcmp(collect_quality(&c, "host_filesystem", "/dead", "size"), "ok");
       i++) {
    usleep(20 * 1000);
    assert_int_equal(collect_run(&c), 0);
  }
  assert_quality(&c, "host_filesystem", "/dead", "size", "ok");
}

/* It is unmounted, or xprofd ends, while the question is open: nobody waits for the answer. */
static void test_dead_for_ever(void **state) {
  (void)state;
  set_hanging(true);
  collect_put(&c, "proc/self/mountinfo", "50 27 0:60 / /dead rw - fuse.sshfs server:/x rw\n");
  assert_int_equal(collect_run(&c), 0);
  assert_quality(&c, "host_filesystem", "/dead", "size", "absent");
  collect_put(&c, "proc/self/mountinfo", MOUNTS);
  assert_int_equal(collect_run(&c), 0);
  assert_null(collect_entity(&c, "host_filesystem", "/dead"));
  collect_put(&c, "proc/self/mountinfo", "50 27 0:60 / /dead rw - cifs server:/x rw\n");
  assert_int_equal(collect_run(&c), 0);
}

static int end_and_let_go(void **state) {
  collect_tear_down(state);
  set_hanging(false);
  usleep(200 * 1000); /* what was left behind frees itself */
  return 0;
}

static void test_missing(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_filesystems),
      collect_test(test_service, xpf_collector_filesystems),
      collect_test(test_once, xpf_collector_filesystems),
      collect_test(test_dead, xpf_collector_filesystems),
      cmocka_unit_test_prestate_setup_teardown(test_dead_for_ever, collect_set_up, end_and_let_go,
                                               (void *)&xpf_collector_filesystems),
      collect_test(test_missing, xpf_collector_filesystems),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
