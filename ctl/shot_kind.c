#include "shot_kind.h"
#include "format/format_table.h"
#include "summary.h"

#define DEFAULT_MS 10000

const struct xpf_shot_kind xpf_shot_kind_cpu = {.start = "start_cpu_profiling",
                                                .stop = "stop_cpu_profiling",
                                                .default_ms = DEFAULT_MS,
                                                .title = XPF_TEXT_SHOT_CPU,
                                                .live = XPF_LIVE_CPU,
                                                .extension = "cpuprofile",
                                                .formats = XPF_KIND_BIT(CPU),
                                                .summarize_profile = xpf_summary_cpu,
                                                .print = xpf_summary_cpu_print};
const struct xpf_shot_kind xpf_shot_kind_heap = {.start = "start_heap_profiling",
                                                 .stop = "stop_heap_profiling",
                                                 .default_ms = DEFAULT_MS,
                                                 .title = XPF_TEXT_SHOT_HEAP,
                                                 .live = XPF_LIVE_HEAP,
                                                 .extension = "heapprofile",
                                                 .formats = XPF_KIND_BIT(HEAP),
                                                 .summarize_profile = xpf_summary_heap,
                                                 .print = xpf_summary_heap_print};
const struct xpf_shot_kind xpf_shot_kind_alloc = {.start = "start_heap_profiling",
                                                  .stop = "stop_heap_profiling",
                                                  .default_ms = DEFAULT_MS,
                                                  .flag = "include_collected",
                                                  .title = XPF_TEXT_SHOT_ALLOC,
                                                  .live = XPF_LIVE_HEAP,
                                                  .extension = "heapprofile",
                                                  .formats = XPF_KIND_BIT(HEAP),
                                                  .summarize_profile = xpf_summary_heap,
                                                  .print = xpf_summary_heap_print};
const struct xpf_shot_kind xpf_shot_kind_gc = {.start = "start_gc_profiling",
                                               .stop = "stop_gc_profiling",
                                               .default_ms = DEFAULT_MS,
                                               .title = XPF_TEXT_SHOT_GC,
                                               .live = XPF_LIVE_GC,
                                               .extension = "gcprofile",
                                               .formats = XPF_KIND_BIT(GC),
                                               .summarize_profile = xpf_summary_gc,
                                               .print = xpf_summary_gc_print};
const struct xpf_shot_kind xpf_shot_kind_trace = {.start = "start_trace",
                                                  .stop = "stop_trace",
                                                  .default_ms = DEFAULT_MS,
                                                  .title = XPF_TEXT_SHOT_TRACE,
                                                  .live = XPF_LIVE_CPU,
                                                  .extension = "trace.json"};
const struct xpf_shot_kind xpf_shot_kind_snapshot = {.start = "heapdump",
                                                     .title = XPF_TEXT_SHOT_SNAPSHOT,
                                                     .live = XPF_LIVE_HEAP,
                                                     .extension = "heapsnapshot",
                                                     .summarize_file = xpf_summary_snapshot,
                                                     .print = xpf_summary_snapshot_print};
const struct xpf_shot_kind xpf_shot_kind_report = {.start = "diag_report",
                                                   .title = XPF_TEXT_SHOT_REPORT,
                                                   .live = XPF_LIVE_CPU,
                                                   .extension = "diag",
                                                   .summarize_file = xpf_summary_report,
                                                   .print = xpf_summary_report_print};
