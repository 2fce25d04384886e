/* The methods of JSON-RPC, one row each. LEP's come first and in LEP's order, since its clients
 * read ListAllMethod. */
#include <string.h>

#include "daemon/rpc_files.h"
#include "daemon/rpc_method.h"

static void say_hello(struct xpf_rpc_call *call);
static void list_all_method(struct xpf_rpc_call *call);

#define FILE_ROW(name, file, who, help)                                                            \
  {                                                                                                \
    "GetProc" name, "", help, XPF_ACCESS_##who, XPF_RPC_POOL, xpf_rpc_file, NULL, NULL, #file,     \
        xpf_rpc_parse_##file                                                                       \
  }

/* clang-format off */
const struct xpf_rpc_method xpf_rpc_methods[] = {
    {"SayHello", "", "a greeting: the server is there", XPF_ACCESS_READ, XPF_RPC_LOOP, say_hello, NULL, NULL, NULL, NULL},
    {"ListAllMethod", "", "all methods", XPF_ACCESS_READ, XPF_RPC_LOOP, list_all_method, NULL, NULL, NULL, NULL},
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
