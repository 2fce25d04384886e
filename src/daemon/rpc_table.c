/* The methods of JSON-RPC, one row each. LEP's come first and in LEP's order, since its clients
 * read ListAllMethod. */
#include <string.h>

#include "daemon/rpc_cgroups.h"
#include "daemon/rpc_cpu.h"
#include "daemon/rpc_df.h"
#include "daemon/rpc_disks.h"
#include "daemon/rpc_files.h"
#include "daemon/rpc_host.h"
#include "daemon/rpc_looks.h"
#include "daemon/rpc_method.h"
#include "daemon/rpc_perf.h"
#include "daemon/rpc_perf_parse.h"
#include "daemon/rpc_tasks.h"
#include "daemon/rpc_world.h"

static void say_hello(struct xpf_rpc_call *call);
static void list_all_method(struct xpf_rpc_call *call);

#define FILE_ROW(name, file, who, help)                                                            \
  {                                                                                                \
    "GetProc" name, "", help, XPF_ACCESS_##who, XPF_RPC_POOL, xpf_rpc_file, NULL, NULL, #file,     \
        xpf_rpc_parse_##file                                                                       \
  }

#define LOOP_ROW(name, params, run, help)                                                          \
  { name, params, help, XPF_ACCESS_READ, XPF_RPC_LOOP, run, NULL, NULL, NULL, NULL }
#define POOL_ROW(name, params, who, run, help)                                                     \
  { name, params, help, XPF_ACCESS_##who, XPF_RPC_POOL, run, NULL, NULL, NULL, NULL }
#define LOOKS_ROW(name, run, help)                                                                 \
  {                                                                                                \
    name, "seconds", help, XPF_ACCESS_READ, XPF_RPC_TWICE, run, NULL, xpf_rpc_looks_free, NULL,    \
        NULL                                                                                       \
  }
#define TASKS_ROW(name, run, help)                                                                 \
  {                                                                                                \
    name, "seconds, limit", help, XPF_ACCESS_READ, XPF_RPC_TWICE, run, NULL, xpf_rpc_tasks_free,   \
        NULL, NULL                                                                                 \
  }
#define PERF_ROW(name, what, form, help)                                                           \
  {                                                                                                \
    name, "seconds", help, XPF_ACCESS_ACT, XPF_RPC_LATER, xpf_rpc_perf_##what,                     \
        xpf_rpc_perf_cancel, NULL, NULL, xpf_rpc_parse_perf_##form                                 \
  }

/* clang-format off */
const struct xpf_rpc_method xpf_rpc_methods[] = {
    LOOP_ROW("SayHello", "", say_hello, "a greeting: the server is there"),
    LOOP_ROW("ListAllMethod", "", list_all_method, "all methods"),
    FILE_ROW("Meminfo", meminfo, READ, "memory of the host, in bytes"),
    FILE_ROW("Loadavg", loadavg, READ, "load averages, tasks"),
    FILE_ROW("Vmstat", vmstat, READ, "counters of the memory management, in pages and events"),
    FILE_ROW("Zoneinfo", zoneinfo, READ, "memory zones: pages free, watermarks, counters"),
    FILE_ROW("Buddyinfo", buddyinfo, READ, "free blocks of memory by order, for each zone"),
    FILE_ROW("Cpuinfo", cpuinfo, READ, "what the processors are"),
    FILE_ROW("Slabinfo", slabinfo, ACT, "caches of the kernel; root only"),
    FILE_ROW("Swaps", swaps, READ, "swap areas, in bytes"),
    FILE_ROW("Interrupts", interrupts, READ, "interrupts by source and CPU"),
    FILE_ROW("Softirqs", softirqs, READ, "softirqs by kind and CPU"),
    FILE_ROW("Diskstats", diskstats, READ, "counters of the block devices, in bytes and seconds"),
    FILE_ROW("Version", version, READ, "the kernel"),
    FILE_ROW("Stat", stat, READ, "CPU time by state in seconds, context switches, boot time, tasks"),
    FILE_ROW("Modules", modules, READ, "modules of the kernel"),
    FILE_ROW("Vmallocinfo", vmallocinfo, ACT, "virtual memory areas of the kernel; root only"),
    TASKS_ROW("GetCmdIotop", xpf_rpc_iotop, "processes by bytes read from and written to disks"),
    POOL_ROW("GetCmdFree", "", READ, xpf_rpc_free_memory, "memory and swap in short"),
    POOL_ROW("GetCmdProcrank", "limit", READ, xpf_rpc_procrank, "processes by their share of memory (PSS)"),
    LOOKS_ROW("GetCmdIostat", xpf_rpc_iostat, "disks: requests, bytes, waiting, queue"),
    TASKS_ROW("GetCmdTop", xpf_rpc_top, "processes by CPU time"),
    POOL_ROW("GetCmdDmesg", "", ACT, xpf_rpc_dmesg, "messages of the kernel"),
    LOOP_ROW("GetCmdDf", "", xpf_rpc_df, "room on the file systems"),
    POOL_ROW("GetCpuInfo", "", READ, xpf_rpc_cpu_info, "how many CPUs, and of what make"),
    LOOKS_ROW("GetCmdMpstat", xpf_rpc_mpstat, "shares of CPU time by state, all and each"),
    LOOKS_ROW("GetCmdMpstat-I", xpf_rpc_mpstat_interrupts, "interrupts and softirqs per second, by CPU"),
    LOOKS_ROW("GetCmdIrqInfo", xpf_rpc_irq_info, "interrupts and softirqs per second in all"),
    {"GetCmdCgtop", "seconds", "control groups by CPU time", XPF_ACCESS_READ, XPF_RPC_TWICE, xpf_rpc_cgtop, NULL, xpf_rpc_cgtop_free, NULL, NULL},
    PERF_ROW("GetCmdPerfFaults", faults, report, "page faults of all CPUs, by symbol (perf report)"),
    PERF_ROW("GetCmdPerfCpuclock", cpu_clock, report, "CPU time of all CPUs, by symbol (perf report)"),
    PERF_ROW("GetCmdPerfFlame", flame, script, "stacks of all CPUs (perf script)"),
    LOOP_ROW("ListKinds", "", xpf_rpc_list_kinds, "the kinds of things that xprofd knows, as GET /api/kinds"),
    LOOP_ROW("ListEntities", "kind, key", xpf_rpc_list_entities, "the things of a kind with their latest values, as GET /api/entities"),
    LOOP_ROW("ListProcesses", "", xpf_rpc_list_processes, "the Node.js processes of the host"),
    LOOP_ROW("GetProcess", "pid", xpf_rpc_get_process, "one of them with its threads"),
};
/* clang-format on */
const size_t xpf_rpc_methods_count = sizeof xpf_rpc_methods / sizeof xpf_rpc_methods[0];

const struct xpf_rpc_method *xpf_rpc_method_find(const char *name) {
  for (size_t i = 0; i < xpf_rpc_methods_count; i++)
    if (strcmp(xpf_rpc_methods[i].name, name) == 0)
      return &xpf_rpc_methods[i];
  return NULL;
}

static void say_hello(struct xpf_rpc_call *call) {
  if (call->is_raw)
    xpf_rpc_print(call, "Hello!");
  else
    xpf_json_string(&call->json, "Hello!");
}

static void list_all_method(struct xpf_rpc_call *call) {
  if (call->is_raw) {
    for (size_t i = 0; i < xpf_rpc_methods_count; i++)
      xpf_rpc_print(call, "%s ", xpf_rpc_methods[i].name);
    return;
  }
  xpf_json_array_begin(&call->json);
  for (size_t i = 0; i < xpf_rpc_methods_count; i++) {
    const struct xpf_rpc_method *method = &xpf_rpc_methods[i];
    xpf_json_object_begin(&call->json);
    xpf_rpc_key_text(call, "name", method->name);
    xpf_rpc_key_text(call, "params", method->params);
    xpf_rpc_key_text(call, "access", method->access == XPF_ACCESS_ACT ? "act" : "read");
    xpf_rpc_key_text(call, "help", method->help);
    xpf_json_object_end(&call->json);
  }
  xpf_json_array_end(&call->json);
}
