#include "job_kind.h"

const struct xpf_job_kind xpf_job_kind_start_cpu = {.role = XPF_JOB_START,
                                                    .stop = "stop_cpu_profiling",
                                                    .sampling = "CPU",
                                                    .label = "CPU",
                                                    .profile = "cpu"};
const struct xpf_job_kind xpf_job_kind_stop_cpu = {
    .role = XPF_JOB_STOP, .label = "CPU", .profile = "cpu"};

const struct xpf_job_kind xpf_job_kind_start_heap = {.role = XPF_JOB_START,
                                                     .stop = "stop_heap_profiling",
                                                     .sampling = "Heap",
                                                     .label = "Heap",
                                                     .profile = "heap"};
const struct xpf_job_kind xpf_job_kind_stop_heap = {
    .role = XPF_JOB_STOP, .label = "Heap", .profile = "heap"};

const struct xpf_job_kind xpf_job_kind_start_gc = {.role = XPF_JOB_START,
                                                   .stop = "stop_gc_profiling",
                                                   .sampling = "gc",
                                                   .label = "GC",
                                                   .profile = "gc"};
const struct xpf_job_kind xpf_job_kind_stop_gc = {
    .role = XPF_JOB_STOP, .label = "GC", .profile = "gc"};

const struct xpf_job_kind xpf_job_kind_start_trace = {.role = XPF_JOB_START,
                                                      .stop = "stop_trace",
                                                      .file = XPF_TEXT_TRACE_FILE,
                                                      .soon = XPF_TEXT_TRACE_SOON,
                                                      .started = XPF_TEXT_TRACE_STARTED};
const struct xpf_job_kind xpf_job_kind_stop_trace = {.role = XPF_JOB_STOP,
                                                     .file = XPF_TEXT_TRACE_FILE};

const struct xpf_job_kind xpf_job_kind_heapdump = {
    .role = XPF_JOB_DUMP, .file = XPF_TEXT_HEAPDUMP_FILE, .soon = XPF_TEXT_HEAPDUMP_SOON};
const struct xpf_job_kind xpf_job_kind_report = {
    .role = XPF_JOB_DUMP, .file = XPF_TEXT_REPORT_FILE, .soon = XPF_TEXT_REPORT_SOON};
const struct xpf_job_kind xpf_job_kind_core = {
    .role = XPF_JOB_DUMP, .file = XPF_TEXT_CORE_FILE, .soon = XPF_TEXT_CORE_SOON};
