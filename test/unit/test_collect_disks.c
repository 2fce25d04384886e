// clang-format off
// links: src/daemon/collect_disks.c 
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/proc_text.c
// links: src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"

#define LEFT_OUT                                                                                   \
  "   7       0 loop0 9 0 9 0 0 0 0 0 0 0 0\n   1       0 ram0 9 0 9 0 0 0 0 0 0 0 0\n"            \
  " 252       0 zram0 9 0 9 0 0 0 0 0 0 0 0\n"

static void run_after_a_second(void) {
  usleep(300 * 1000); /* readings measure the time between them */
  assert_int_equal(collect_run(&c), 0);
}

/* A disk with sectors of 4096 bytes: the kernel still counts in 512. */
static void test_values(void **state) {
  (void)state;
  collect_put(&c, "sys/class/block/vda/size", "20971520\n");
  collect_put(&c, "sys/class/block/vda/queue/logical_block_size", "4096\n");
  collect_put(&c, "sys/class/block/vda/queue/rotational", "0\n");
  collect_put(&c, "sys/class/block/vda/device/model", "FAST DISK 9       \n");
  collect_put(&c, "sys/class/block/vda1/size", "2048\n");
  collect_put(&c, "proc/diskstats",
              LEFT_OUT
              " 254       0 vda 1000 35 8000 500 2000 40 16000 3000 2 1500 4000 30 1 640 70 50 90\n"
              " 254       1 vda1 10 3 80 5 20 4 160 30 0 15 40 0 0 0 0 0 0\n");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_disk"), 1);
  assert_int_equal(collect_count(&c, "host_partition"), 1);
  assert_value(&c, "host_disk", "vda", "reads", 1000);
  assert_value(&c, "host_disk", "vda", "reads_merged", 35);
  assert_value(&c, "host_disk", "vda", "read_bytes", 8000 * 512);
  assert_value(&c, "host_disk", "vda", "read_time", 0.5);
  assert_value(&c, "host_disk", "vda", "written_bytes", 16000 * 512);
  assert_value(&c, "host_disk", "vda", "write_time", 3);
  assert_value(&c, "host_disk", "vda", "io_now", 2);
  assert_value(&c, "host_disk", "vda", "io_time", 1.5);
  assert_value(&c, "host_disk", "vda", "io_time_weighted", 4);
  assert_value(&c, "host_disk", "vda", "discards", 30);
  assert_value(&c, "host_disk", "vda", "discarded_sectors", 640);
  assert_value(&c, "host_disk", "vda", "discard_time", 0.07);
  assert_value(&c, "host_disk", "vda", "flushes", 50);
  assert_value(&c, "host_disk", "vda", "flush_time", 0.09);
  assert_value(&c, "host_disk", "vda", "size", 20971520.0 * 512);
  assert_value(&c, "host_disk", "vda", "block_size", 4096);
  assert_value(&c, "host_disk", "vda", "rotational", 0);
  assert_string_equal(collect_entity(&c, "host_disk", "vda")->info[0], "FAST DISK 9");
  assert_value(&c, "host_partition", "vda1", "read_bytes", 80 * 512);
  assert_value(&c, "host_partition", "vda1", "write_time", 0.03);
  assert_value(&c, "host_partition", "vda1", "size", 2048 * 512);
  assert_string_equal(collect_entity(&c, "host_partition", "vda1")->labels[1], "vda");
  assert_quality(&c, "host_disk", "vda", "await", "absent"); /* needs two readings */
  assert_quality(&c, "host_disk", "vda", "utilization", "absent");
}

static void test_derived(void **state) {
  (void)state;
  collect_put(&c, "proc/diskstats", " 8 0 sda 100 0 800 500 200 0 1600 3000 0 1000 4000\n");
  assert_int_equal(collect_run(&c), 0);
  collect_put(&c, "proc/diskstats", " 8 0 sda 110 0 880 550 240 0 1920 3450 0 1100 4600\n");
  run_after_a_second();
  assert_value(&c, "host_disk", "sda", "await", 0.01); /* 500 ms of 50 */
  assert_value(&c, "host_disk", "sda", "read_await", 0.005);
  assert_value(&c, "host_disk", "sda", "write_await", 0.01125);
  double queue = collect_value(&c, "host_disk", "sda", "queue");
  double utilization = collect_value(&c, "host_disk", "sda", "utilization");
  assert_true(utilization > 0 && utilization <= 0.1 / 0.3);
  assert_true(queue > 0 && fabs(queue / utilization - 6) < 1e-6); /* 600 ms to 100 ms */
  assert_quality(&c, "host_disk", "sda", "discards", "absent");   /* Linux before 4.18 */
  run_after_a_second(); /* nothing to do: no time, and no division by 0 */
  assert_value(&c, "host_disk", "sda", "await", 0);
  assert_value(&c, "host_disk", "sda", "utilization", 0);
  collect_put(&c, "proc/diskstats", " 8 0 sda 110 0 880 550 240 0 1920 3450 0 999999 4600\n");
  run_after_a_second();
  assert_value(&c, "host_disk", "sda", "utilization", 1);
}

static void test_partitions(void **state) {
  (void)state;
  collect_put(&c, "proc/diskstats",
              " 8 0 sda 1 0 1 0 0 0 0 0 0 0 0\n 8 1 sda1 1 0 1 0 0 0 0 0 0 0 0\n"
              " 8 17 sda12 1 0 1 0 0 0 0 0 0 0 0\n 259 0 nvme0n1 1 0 1 0 0 0 0 0 0 0 0\n"
              " 259 1 nvme0n1p2 1 0 1 0 0 0 0 0 0 0 0\n 253 0 dm-1 1 0 1 0 0 0 0 0 0 0 0\n"
              " 253 1 dm-10 1 0 1 0 0 0 0 0 0 0 0\n 9 0 md0 1 0 1 0 0 0 0 0 0 0 0\n"
              " 179 0 mmcblk0 1 0 1 0 0 0 0 0 0 0 0\n 179 1 mmcblk0p1 1 0 1 0 0 0 0 0 0 0 0\n"
              " 8 16 sdb1 1 0 1 0 0 0 0 0 0 0 0\n");
  assert_int_equal(collect_run(&c), 0);
  static const char *const DISKS[] = {"sda", "nvme0n1", "dm-1", "dm-10", "md0", "mmcblk0", "sdb1"};
  static const char *const PARTITIONS[] = {"sda1", "sda12", "nvme0n1p2", "mmcblk0p1"};
  for (size_t i = 0; i < sizeof DISKS / sizeof DISKS[0]; i++)
    assert_non_null(collect_entity(&c, "host_disk", DISKS[i]));
  for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++)
    assert_non_null(collect_entity(&c, "host_partition", PARTITIONS[i]));
  assert_int_equal(collect_count(&c, "host_disk"), 7);
  assert_int_equal(collect_count(&c, "host_partition"), 4);
  collect_put(&c, "proc/diskstats", " 8 0 sda 1 0 1 0 0 0 0 0 0 0 0\n 259 0 nvme0");
  assert_int_equal(collect_run(&c), 0); /* unplugged, and a line cut */
  assert_null(collect_entity(&c, "host_disk", "md0"));
  assert_int_equal(collect_count(&c, "host_partition"), 0);
  assert_quality(&c, "host_disk", "nvme0", "reads", "absent");
}

static void test_missing(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
  assert_int_equal(collect_count(&c, "host_disk"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_disks),
      collect_test(test_derived, xpf_collector_disks),
      collect_test(test_partitions, xpf_collector_disks),
      collect_test(test_missing, xpf_collector_disks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
