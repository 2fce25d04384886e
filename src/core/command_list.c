#include "core/command_list.h"

#include "core/job.h"

const struct xpf_command xpf_commands[] = {
    {"check_version", xpf_command_check_version, NULL},
    {"list_environments", xpf_command_list_environments, NULL},
    {"process_info", xpf_command_process_info, NULL},
    {"metrics", xpf_command_metrics, NULL},
    {"get_config", xpf_command_get_config, NULL},
    {"set_config", xpf_command_set_config, NULL},
    {"start_cpu_profiling", xpf_job_command_start, &xpf_job_cpu},
    {"stop_cpu_profiling", xpf_job_command_stop, &xpf_job_cpu},
    {"start_heap_profiling", xpf_job_command_start, &xpf_job_heap},
    {"stop_heap_profiling", xpf_job_command_stop, &xpf_job_heap},
    {"start_gc_profiling", xpf_job_command_start, &xpf_job_gc},
    {"stop_gc_profiling", xpf_job_command_stop, &xpf_job_gc},
    {"heapdump", xpf_job_command_start, &xpf_job_snapshot},
    {"diag_report", xpf_job_command_start, &xpf_job_report},
    {"generate_coredump", xpf_job_command_start, &xpf_job_core},
    {"start_trace", xpf_job_command_start, &xpf_job_trace},
    {"stop_trace", xpf_job_command_stop, &xpf_job_trace},
    {"list_trace_categories", xpf_command_list_trace_categories, NULL},
    {"cancel", xpf_job_command_cancel, NULL},
    {NULL, NULL, NULL},
};
