// links: src/daemon/rpc_files.c src/daemon/rpc_answer.c src/daemon/rpc_perf_parse.c
// links: src/host/proc_text.c src/format/json.c src/format/sink.c src/wire/ -lcjson -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/rpc_files.h"
#include "daemon/rpc_perf_parse.h"

/* What the parser writes, as a tree. */
static cJSON *parse(void (*parser)(struct xpf_rpc_call *call, char *text), const char *text) {
  static const struct xpf_rpc_method METHOD = {.name = "test", .how = XPF_RPC_POOL};
  struct xpf_rpc_call call = {.method = &METHOD, .at_ms = 1};
  xpf_memory_sink_init(&call.out, XPF_RPC_ANSWER_MAX);
  xpf_json_init(&call.json, &call.out.sink, false);
  char *copy = strdup(text);
  xpf_rpc_json_begin(&call, "test");
  parser(&call, copy);
  xpf_rpc_json_end(&call);
  free(copy);
  cJSON *root = cJSON_Parse(call.out.data);
  if (!root)
    fail_msg("no JSON: %s", call.out.data);
  xpf_memory_sink_free(&call.out);
  return root;
}

/* By a path such as "zones/0/free". */
static const cJSON *at(const cJSON *item, const char *path) {
  char part[64];
  for (int used = 0; item && sscanf(path, "%63[^/]%n", part, &used) == 1;
       path += used + (path[used] == '/')) {
    char *end = NULL;
    long index = strtol(part, &end, 10);
    item = cJSON_IsArray(item) && *end == '\0' ? cJSON_GetArrayItem(item, (int)index)
                                               : cJSON_GetObjectItemCaseSensitive(item, part);
  }
  if (!item)
    fail_msg("there is no %s", path);
  return item;
}

static void expect_number(const cJSON *root, const char *path, double number) {
  double found = at(root, path)->valuedouble;
  if (found < number - 1e-9 || found > number + 1e-9)
    fail_msg("%s is %g, not %g", path, found, number);
}

static void expect_text(const cJSON *root, const char *path, const char *text) {
  assert_string_equal(cJSON_GetStringValue(at(root, path)), text);
}

static void test_memory(void **state) {
  (void)state;
  cJSON *root = parse(xpf_rpc_parse_meminfo, "MemTotal:  100 kB\nHugePages_Total:  3\n???\nOdd:\n");
  expect_number(root, "values/MemTotal", 102400);
  expect_number(root, "values/HugePages_Total", 3);
  assert_int_equal(cJSON_GetArraySize(at(root, "values")), 2);
  cJSON_Delete(root);
  root = parse(xpf_rpc_parse_vmstat, "nr_free_pages 18446744073709551615\noom_kill 2\n");
  expect_number(root, "values/oom_kill", 2);
  cJSON_Delete(root);
  root = parse(xpf_rpc_parse_buddyinfo, "Node 1, zone   Normal    5   4   0 \nshort\n");
  expect_number(root, "zones/0/node", 1);
  expect_text(root, "zones/0/zone", "Normal");
  expect_number(root, "zones/0/free_blocks_by_order/1", 4);
  assert_int_equal(cJSON_GetArraySize(at(root, "zones")), 1);
  cJSON_Delete(root);
  root =
      parse(xpf_rpc_parse_swaps, "Filename Type Size Used Priority\n/dev/sda2 partition 10 4 -2\n");
  expect_text(root, "swaps/0/name", "/dev/sda2");
  expect_number(root, "swaps/0/used_bytes", 4096);
  expect_number(root, "swaps/0/priority", -2);
  cJSON_Delete(root);
}

static void test_zones(void **state) {
  (void)state;
  cJSON *root =
      parse(xpf_rpc_parse_zoneinfo,
            "Node 0, zone      DMA\n  per-node stats\n      nr_dirty 12\n  pages free     3840\n"
            "        min      66\n        protection: (0, 2954)\n  pagesets\n    cpu: 0\n"
            "              count: 5\n  node_unreclaimable:  0\n  start_pfn:           1\n"
            "Node 0, zone   Normal\n  pages free     7\n");
  expect_text(root, "zones/0/zone", "DMA");
  expect_number(root, "zones/0/nr_dirty", 12);
  expect_number(root, "zones/0/free", 3840);
  expect_number(root, "zones/0/start_pfn", 1);
  assert_null(cJSON_GetObjectItem(at(root, "zones/0"), "count"));
  expect_number(root, "zones/1/free", 7);
  cJSON_Delete(root);
}

static void test_slabs_and_areas(void **state) {
  (void)state;
  cJSON *root =
      parse(xpf_rpc_parse_slabinfo, "slabinfo - version: 2.1\n# name <active_objs> <num_objs>\n"
                                    "dentry 5 6 192 21 1 : tunables 0 0 0 : slabdata 7 8 0\n");
  expect_text(root, "caches/0/name", "dentry");
  expect_number(root, "caches/0/object_bytes", 192);
  expect_number(root, "caches/0/active_slabs", 7);
  expect_number(root, "caches/0/slabs", 8);
  cJSON_Delete(root);
  root = parse(xpf_rpc_parse_vmallocinfo, "0x01-0x02   20480 load+0x1/0x2 pages=4 vmalloc\n");
  expect_number(root, "areas/0/bytes", 20480);
  expect_text(root, "areas/0/about", "load+0x1/0x2 pages=4 vmalloc");
  cJSON_Delete(root);
}

static void test_processors(void **state) {
  (void)state;
  cJSON *root = parse(xpf_rpc_parse_loadavg, "0.50 0.25 1.00 2/351 4711\n");
  expect_number(root, "load5", 0.25);
  expect_number(root, "tasks", 351);
  expect_number(root, "last_pid", 4711);
  cJSON_Delete(root);
  root =
      parse(xpf_rpc_parse_cpuinfo, "processor\t: 0\nmodel name\t: A: B\ncpu MHz\t\t: 2596.122\n"
                                   "cache size\t: 1024 KB\nflags\t\t: fpu vme\n\nprocessor\t: 1\n");
  expect_text(root, "processors/0/model_name", "A: B");
  expect_number(root, "processors/0/cpu_hertz", 2596122000);
  expect_number(root, "processors/0/cache_bytes", 1048576);
  expect_text(root, "processors/0/flags/1", "vme");
  expect_number(root, "processors/1/processor", 1);
  cJSON_Delete(root);
  root = parse(xpf_rpc_parse_interrupts,
               "       CPU0   CPU1\n 24:  1   2   IO-APIC 5-edge  disk\nERR:  3\n");
  expect_number(root, "cpus", 2);
  expect_number(root, "interrupts/0/total", 3);
  expect_text(root, "interrupts/0/about", "IO-APIC 5-edge  disk");
  assert_int_equal(cJSON_GetArraySize(at(root, "interrupts/1/by_cpu")), 1);
  cJSON_Delete(root);
  root = parse(xpf_rpc_parse_stat,
               "cpu  100 0 50 1 2 3 4 5 6 7\ncpu0 100 0 50\nintr 99 1 2\nbtime 1700000000\n");
  expect_text(root, "cpus/0/cpu", "all");
  expect_text(root, "cpus/1/cpu", "0");
  expect_number(root, "cpus/0/system_seconds_total", 0.5);
  expect_number(root, "intr", 99);
  cJSON_Delete(root);
}

static void test_the_rest(void **state) {
  (void)state;
  cJSON *root = parse(xpf_rpc_parse_diskstats, " 254 0 vda 1 2 4 3000 5 6 8 7 9 10 11\n");
  expect_text(root, "disks/0/device", "vda");
  expect_number(root, "disks/0/read_bytes_total", 2048);
  expect_number(root, "disks/0/read_seconds_total", 3);
  expect_number(root, "disks/0/io_now", 9);
  assert_null(cJSON_GetObjectItem(at(root, "disks/0"), "flushes_total")); /* an old kernel */
  cJSON_Delete(root);
  root = parse(xpf_rpc_parse_version, "Linux version 6.1.0-18-amd64 (a@b) #1 SMP\n");
  expect_text(root, "release", "6.1.0-18-amd64");
  cJSON_Delete(root);
  root = parse(xpf_rpc_parse_modules, "ext4 1024 2 jbd2,crc16, Live 0x0\n");
  expect_text(root, "modules/0/used_by", "jbd2,crc16,");
  expect_text(root, "modules/0/state", "Live");
  cJSON_Delete(root);
}

static void test_perf(void **state) {
  (void)state;
  cJSON *root = parse(xpf_rpc_parse_perf_report,
                      "# Overhead  Command  Shared Object  Symbol\n#\n"
                      "    45.69%  npm install  [kernel.kallsyms]  [k] pv_native_safe_halt\n\n#\n"
                      "     2.03%  node  node  [.] f<a, b>\n");
  expect_number(root, "rows/0/overhead", 0.4569);
  expect_text(root, "rows/0/command", "npm install");
  expect_text(root, "rows/1/symbol", "[.] f<a, b>");
  cJSON_Delete(root);
  root = parse(
      xpf_rpc_parse_perf_script,
      "npm install  4711 [001] 12.5:   10101010 cpu-clock: \n"
      "\t   e37c19 v8::f(int) const+0x9f9 (/usr/bin/node)\n\t 7f02 [unknown] (/tmp/perf-1.map)\n\n"
      "swapper     0 [000] 13.0:  1 cpu-clock: \n\n");
  expect_text(root, "samples/0/command", "npm install");
  expect_number(root, "samples/0/pid", 4711);
  expect_number(root, "samples/0/cpu", 1);
  expect_number(root, "samples/0/boot_seconds", 12.5);
  expect_text(root, "samples/0/frames/0/symbol", "v8::f(int) const");
  expect_text(root, "samples/0/frames/0/object", "/usr/bin/node");
  expect_text(root, "samples/0/frames/1/symbol", "[unknown]");
  assert_int_equal(cJSON_GetArraySize(at(root, "samples/1/frames")), 0);
  cJSON_Delete(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory),          cmocka_unit_test(test_zones),
      cmocka_unit_test(test_slabs_and_areas), cmocka_unit_test(test_processors),
      cmocka_unit_test(test_the_rest),        cmocka_unit_test(test_perf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
