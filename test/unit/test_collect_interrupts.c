// clang-format off
// links: src/daemon/collect_interrupts.c 
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/proc_text.c
// links: src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"

static const char *info_of(const char *key) {
  struct xpf_entity *entity = collect_entity(&c, "host_interrupt", key);
  assert_non_null(entity);
  return entity->info[0];
}

static void test_values(void **state) {
  (void)state;
  collect_put(&c, "proc/interrupts",
              "            CPU0       CPU1       \n"
              "  1:          0          0   IO-APIC   1-edge      i8042\n"
              " 24:          1          7  IO-APIC   5-edge      ACPI:Ged\n"
              " 40:  123456789  987654321  PCI-MSIX-0000:00:01.0   0-edge      8250 ttyS0, eth0\n"
              "LOC:       1000       2000   Local timer interrupts\n"
              "ERR:          5\n");
  assert_int_equal(collect_run(&c), 0);
  assert_null(collect_entity(&c, "host_interrupt", "1")); /* never came */
  assert_value(&c, "host_interrupt", "24", "count", 8);
  assert_value(&c, "host_interrupt", "40", "count", 1111111110);
  assert_value(&c, "host_interrupt", "LOC", "count", 3000);
  assert_value(&c, "host_interrupt", "ERR", "count", 5);
  assert_string_equal(info_of("24"), "IO-APIC 5-edge ACPI:Ged");
  assert_string_equal(info_of("40"), "PCI-MSIX-0000:00:01.0 0-edge 8250 ttyS0, eth0");
  assert_string_equal(info_of("LOC"), "Local timer interrupts");
  assert_int_equal(collect_count(&c, "host_interrupt"), 4);

  collect_put(&c, "proc/interrupts", "   CPU0\n  1:   3   IO-APIC   1-edge      i8042\n 24:  4");
  assert_int_equal(collect_run(&c), 0); /* cut, and a CPU is gone */
  assert_value(&c, "host_interrupt", "1", "count", 3);
  assert_value(&c, "host_interrupt", "24", "count", 4);
  assert_null(collect_entity(&c, "host_interrupt", "LOC"));
}

#define LARGE_CPUS    256
#define LARGE_SOURCES 1500

/* 256 CPUs and 1500 sources, source i with 256 * i * growth interrupts: four megabytes. */
static void put_large(int growth) {
  size_t size = 0;
  char *text = malloc((LARGE_SOURCES + 1) * (LARGE_CPUS * 11 + 64));
  assert_non_null(text);
  for (int cpu = 0; cpu < LARGE_CPUS; cpu++)
    size += (size_t)sprintf(text + size, " CPU%-7d", cpu);
  size += (size_t)sprintf(text + size, "\n");
  for (int i = 0; i < LARGE_SOURCES; i++) {
    size += (size_t)sprintf(text + size, "%4d:", i);
    for (int cpu = 0; cpu < LARGE_CPUS; cpu++)
      size += (size_t)sprintf(text + size, " %10d", i * growth);
    size += (size_t)sprintf(text + size, "  PCI-MSI nvme0q%d\n", i);
  }
  collect_put(&c, "proc/interrupts", text);
  free(text);
}

static double sum_of_all(void) {
  double sum = 0;
  const struct xpf_kind *kind = xpf_world_kind_named(c.world, "host_interrupt");
  for (struct xpf_entity *e = xpf_world_first(c.world, kind); e; e = e->next)
    sum += e->values[0];
  return sum;
}

/* The most frequent ones have a row of their own, nothing is lost of the rest. */
static void test_large(void **state) {
  (void)state;
  double once = 256.0 * LARGE_SOURCES * (LARGE_SOURCES - 1) / 2;
  put_large(1);
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_interrupt"), 257);
  assert_value(&c, "host_interrupt", "1499", "count", 256.0 * 1499);
  assert_value(&c, "host_interrupt", "1244", "count", 256.0 * 1244);
  assert_null(collect_entity(&c, "host_interrupt", "1243"));
  assert_true(sum_of_all() == once);
  double other = collect_value(&c, "host_interrupt", "other", "count");
  put_large(2);
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_interrupt", "other", "count", 2 * other);
  assert_true(sum_of_all() == 2 * once);
}

static void test_missing(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
  collect_put(&c, "proc/interrupts", "");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_interrupt"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_interrupts),
      collect_test(test_large, xpf_collector_interrupts),
      collect_test(test_missing, xpf_collector_interrupts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
