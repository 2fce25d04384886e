/* The metrics: every number xprofiler reports is named here and nowhere else. The struct fields,
 * log lines (text, alinode, JSON), the `metrics` reply, Prometheus text, docs/metrics.md and what
 * xprofd keeps all come from these lists. A new metric = one line here + its reader in
 * src/core/metric_read.c.
 *
 * Values are doubles; unknown here, or "no limit" for a limit, is 0 on log lines (every record
 * carries all its keys), null in JSON, left out of Prometheus text. */
#ifndef XPF_METRICS_H
#define XPF_METRICS_H

/* clang-format off */

/* Components in the order of a record. X(id, name on the line, first words, scope, log format).
 * Those marked ALINODE are the same numbers under the names of that format. */
#define XPF_COMPONENTS(X)                                                                          \
  X(CPU, "cpu", "cpu_usage(%) ", PROCESS, XPROFILER)                                               \
  X(PROCESS, "process", "", PROCESS, XPROFILER)                                                    \
  X(CGROUP, "cgroup", "", PROCESS, XPROFILER)                                                      \
  X(HOST, "host", "", PROCESS, XPROFILER)                                                          \
  X(MEMORY, "memory", "memory_usage(byte) ", THREAD, XPROFILER)                                    \
  X(GC, "gc", "", THREAD, XPROFILER)                                                               \
  X(UV, "uv", "", THREAD, XPROFILER)                                                               \
  X(HTTP, "http", "", THREAD, XPROFILER)                                                           \
  X(LOOP, "loop", "", THREAD, XPROFILER)                                                           \
  X(SPACES, "spaces", "", THREAD, XPROFILER)                                                       \
  X(ALINODE_OTHER, "other", "cpu_usage(%) ", PROCESS, ALINODE)                                     \
  X(ALINODE_HEAP, "heap", "", THREAD, ALINODE)                                                     \
  X(ALINODE_GC, "gc", "", THREAD, ALINODE)                                                         \
  X(ALINODE_TIMER, "timer", "", THREAD, ALINODE)                                                   \
  X(ALINODE_HTTP, "http", "", THREAD, ALINODE)

/* X(id, name in the docs, factor to the base unit that Prometheus wants) */
#define XPF_UNITS(X)                                                                               \
  X(COUNT, "", 1)                                                                                  \
  X(BYTES, "bytes", 1)                                                                             \
  X(SECONDS, "s", 1)                                                                               \
  X(MS, "ms", 1e-3)                                                                                \
  X(PERCENT, "%", 1e-2)                                                                            \
  X(CORES, "cores", 1)

/* The columns of the two lists:
 * X(component, key, format, unit, kind, where, prometheus name or NULL, labels or NULL, help, source)
 *   format  INT rounded to a whole number, F2 / F6 decimals, SHORT up to 6 decimals without trailing zeros
 *   kind    GAUGE now, COUNTER since the process or thread began, INTERVAL since the last log record
 *   where   LINE log lines and `metrics`; LINE_UV the same, lines only with enable_log_uv_handles;
 *           METRICS only `metrics` and Prometheus
 *   The Prometheus name has no "xprofiler_" in front; per-thread ones get a label thread_id. With labels,
 *   the help reads "the whole family; this one". */

/* Whole process. First the keys known from xprofiler 3.1.0 in their order (cpu). */
#define XPF_PROCESS_METRICS(X)                                                                                  \
  X(CPU, cpu_now, F6, PERCENT, GAUGE, LINE, "cpu_usage_ratio", "window=\"1s\"", "CPU use of the process over a window, one core is 100 % (1 as a ratio); the last second", "CLOCK_PROCESS_CPUTIME_ID / elapsed time, once a second") \
  X(CPU, cpu_15, F6, PERCENT, GAUGE, LINE, "cpu_usage_ratio", "window=\"15s\"", "the same, mean of the last 15 s", "")   \
  X(CPU, cpu_30, F6, PERCENT, GAUGE, LINE, "cpu_usage_ratio", "window=\"30s\"", "the same, 30 s", "")           \
  X(CPU, cpu_60, F6, PERCENT, GAUGE, LINE, "cpu_usage_ratio", "window=\"60s\"", "the same, 60 s", "")           \
  X(CPU, cpu_180, F6, PERCENT, GAUGE, LINE, "cpu_usage_ratio", "window=\"180s\"", "the same, 180 s", "")        \
  X(CPU, cpu_300, F6, PERCENT, GAUGE, LINE, "cpu_usage_ratio", "window=\"300s\"", "the same, 300 s", "")        \
  X(CPU, cpu_600, F6, PERCENT, GAUGE, LINE, "cpu_usage_ratio", "window=\"600s\"", "the same, 600 s", "")        \
  X(PROCESS, rss, INT, BYTES, GAUGE, LINE, "resident_memory_bytes", NULL, "resident memory", "/proc/self")      \
  X(PROCESS, rss_anon, INT, BYTES, GAUGE, LINE, "resident_memory_part_bytes", "part=\"anon\"", "resident memory by part; heap, stacks, malloc", "/proc/self/status RssAnon") \
  X(PROCESS, rss_file, INT, BYTES, GAUGE, LINE, "resident_memory_part_bytes", "part=\"file\"", "part of rss: mapped files", "/proc/self/status RssFile") \
  X(PROCESS, rss_shmem, INT, BYTES, GAUGE, LINE, "resident_memory_part_bytes", "part=\"shmem\"", "part of rss: shared memory", "/proc/self/status RssShmem") \
  X(PROCESS, swap, INT, BYTES, GAUGE, LINE, "swap_bytes", NULL, "memory swapped out", "/proc/self/status VmSwap") \
  X(PROCESS, vsize, INT, BYTES, GAUGE, LINE, "virtual_memory_bytes", NULL, "address space", "/proc/self")       \
  X(PROCESS, cpu_user_ms, INT, MS, COUNTER, LINE, "cpu_seconds_total", "mode=\"user\"", "CPU time by mode; outside the kernel", "/proc/self/stat") \
  X(PROCESS, cpu_system_ms, INT, MS, COUNTER, LINE, "cpu_seconds_total", "mode=\"system\"", "CPU time by mode; in the kernel", "/proc/self/stat") \
  X(PROCESS, cpu_js_main_ms, INT, MS, COUNTER, LINE, "thread_class_cpu_seconds_total", "class=\"js_main\"", "CPU time by class of threads; the main JS thread", "clock of the thread") \
  X(PROCESS, cpu_js_workers_ms, INT, MS, COUNTER, LINE, "thread_class_cpu_seconds_total", "class=\"js_workers\"", "CPU time by class; worker threads", "clocks of the threads") \
  X(PROCESS, cpu_libuv_ms, INT, MS, COUNTER, LINE, "thread_class_cpu_seconds_total", "class=\"libuv\"", "CPU time by class; the libuv pool (fs, dns, crypto, zlib)", "threads named libuv-worker; before libuv 1.50 unnamed ones begun after xprofiler") \
  X(PROCESS, cpu_v8_ms, INT, MS, COUNTER, LINE, "thread_class_cpu_seconds_total", "class=\"v8\"", "CPU time by class; V8's platform threads (GC helpers, compilers)", "threads named V8Worker or node-V8Worker; unnamed ones begun before xprofiler") \
  X(PROCESS, cpu_xprofiler_ms, INT, MS, COUNTER, LINE, "thread_class_cpu_seconds_total", "class=\"xprofiler\"", "CPU time by class; xprofiler's own thread", "clock of the thread") \
  X(PROCESS, cpu_other_ms, INT, MS, COUNTER, LINE, "thread_class_cpu_seconds_total", "class=\"other\"", "CPU time by class; everything else", "process - the five above") \
  X(PROCESS, cpu_js_main_percent, F2, PERCENT, INTERVAL, LINE, NULL, NULL, "cpu_js_main_ms over the interval; 100 is one core", "") \
  X(PROCESS, cpu_js_workers_percent, F2, PERCENT, INTERVAL, LINE, NULL, NULL, "cpu_js_workers_ms over the interval", "") \
  X(PROCESS, cpu_libuv_percent, F2, PERCENT, INTERVAL, LINE, NULL, NULL, "cpu_libuv_ms over the interval", "")  \
  X(PROCESS, cpu_v8_percent, F2, PERCENT, INTERVAL, LINE, NULL, NULL, "cpu_v8_ms over the interval", "")        \
  X(PROCESS, cpu_xprofiler_percent, F2, PERCENT, INTERVAL, LINE, NULL, NULL, "cpu_xprofiler_ms over the interval", "") \
  X(PROCESS, cpu_other_percent, F2, PERCENT, INTERVAL, LINE, NULL, NULL, "cpu_other_ms over the interval", "")  \
  X(PROCESS, run_queue_wait_ms, INT, MS, COUNTER, LINE, "run_queue_wait_seconds_total", NULL, "time threads were ready but had no CPU", "/proc/self/task/TID/schedstat, field 2") \
  X(PROCESS, voluntary_switches, INT, COUNT, COUNTER, LINE, "context_switches_total", "kind=\"voluntary\"", "context switches by kind; the thread waited for something", "/proc or getrusage") \
  X(PROCESS, involuntary_switches, INT, COUNT, COUNTER, LINE, "context_switches_total", "kind=\"involuntary\"", "context switches by kind; the CPU was taken away", "/proc or getrusage") \
  X(PROCESS, minor_faults, INT, COUNT, COUNTER, LINE, "page_faults_total", "kind=\"minor\"", "page faults by kind; without a disk read", "/proc/self/stat") \
  X(PROCESS, major_faults, INT, COUNT, COUNTER, LINE, "page_faults_total", "kind=\"major\"", "page faults by kind; with a disk read", "/proc/self/stat") \
  X(PROCESS, open_fds, INT, COUNT, GAUGE, LINE, "open_fds", NULL, "open file descriptors", "/proc/self/fd")     \
  X(PROCESS, fd_limit, INT, COUNT, GAUGE, LINE, "max_fds", NULL, "soft limit of file descriptors; 0 or null: none", "RLIMIT_NOFILE") \
  X(PROCESS, os_threads, INT, COUNT, GAUGE, LINE, "os_threads", NULL, "operating system threads", "/proc/self") \
  X(PROCESS, js_threads, INT, COUNT, GAUGE, LINE, "js_threads", NULL, "JS threads that loaded xprofiler", "")   \
  X(PROCESS, interval_ms, INT, MS, INTERVAL, METRICS, NULL, NULL, "age of the last log record: what interval values count over", "") \
  X(CGROUP, cgroup_version, INT, COUNT, GAUGE, LINE, NULL, NULL, "1 or 2; 0 none found", "/proc/self/mountinfo") \
  X(CGROUP, cgroup_memory_limit, INT, BYTES, GAUGE, LINE, "cgroup_memory_limit_bytes", NULL, "smallest limit up the tree; 0 or null: none", "memory.max / memory.limit_in_bytes") \
  X(CGROUP, cgroup_memory_used, INT, BYTES, GAUGE, LINE, "cgroup_memory_used_bytes", NULL, "memory of the cgroup, page cache included", "memory.current / usage_in_bytes") \
  X(CGROUP, cgroup_memory_working_set, INT, BYTES, GAUGE, LINE, "cgroup_memory_working_set_bytes", NULL, "used - inactive_file", "memory.stat") \
  X(CGROUP, cgroup_cpu_limit, F2, CORES, GAUGE, LINE, "cgroup_cpu_limit_cores", NULL, "quota / period, smallest up the tree; 0 or null: none", "cpu.max / cpu.cfs_quota_us") \
  X(CGROUP, cgroup_cpu_usage_ms, INT, MS, COUNTER, LINE, "cgroup_cpu_usage_seconds_total", NULL, "CPU time of the cgroup", "cpu.stat / cpuacct.usage") \
  X(CGROUP, cgroup_cpu_periods, INT, COUNT, COUNTER, LINE, "cgroup_cpu_periods_total", NULL, "scheduling periods", "cpu.stat nr_periods") \
  X(CGROUP, cgroup_cpu_throttled_periods, INT, COUNT, COUNTER, LINE, "cgroup_cpu_throttled_periods_total", NULL, "periods in which the quota was used up", "cpu.stat nr_throttled") \
  X(CGROUP, cgroup_cpu_throttled_ms, INT, MS, COUNTER, LINE, "cgroup_cpu_throttled_seconds_total", NULL, "time the cgroup was kept from running", "cpu.stat throttled_usec / throttled_time") \
  X(CGROUP, cgroup_oom_events, INT, COUNT, COUNTER, LINE, "cgroup_oom_events_total", NULL, "times the memory limit was reached for good", "memory.events oom") \
  X(CGROUP, cgroup_oom_kills, INT, COUNT, COUNTER, LINE, "cgroup_oom_kills_total", NULL, "processes killed by it", "memory.events oom_kill") \
  XPF_PRESSURE_METRICS(X, cpu)                                                                                  \
  XPF_PRESSURE_METRICS(X, memory)                                                                               \
  XPF_PRESSURE_METRICS(X, io)                                                                                   \
  X(HOST, host_cpus, INT, COUNT, GAUGE, LINE, "host_cpus", NULL, "CPUs online", "sysconf")                      \
  X(HOST, host_load1, F2, COUNT, GAUGE, LINE, "host_load", "window=\"1m\"", "load average by window; 1 minute", "/proc/loadavg") \
  X(HOST, host_load5, F2, COUNT, GAUGE, LINE, "host_load", "window=\"5m\"", "load average by window; 5 minutes", "/proc/loadavg") \
  X(HOST, host_load15, F2, COUNT, GAUGE, LINE, "host_load", "window=\"15m\"", "load average by window; 15 minutes", "/proc/loadavg") \
  X(HOST, host_memory_total, INT, BYTES, GAUGE, LINE, "host_memory_total_bytes", NULL, "memory of the machine", "/proc/meminfo MemTotal") \
  X(HOST, host_memory_available, INT, BYTES, GAUGE, LINE, "host_memory_available_bytes", NULL, "memory new work can get without swapping", "/proc/meminfo MemAvailable")

#define XPF_PRESSURE_METRICS(X, r)                                                                              \
  X(CGROUP, cgroup_##r##_some_avg10, F2, PERCENT, GAUGE, LINE, NULL, NULL, "pressure (" #r "): time some task waited, last 10 s", "cgroup " #r ".pressure") \
  X(CGROUP, cgroup_##r##_some_avg60, F2, PERCENT, GAUGE, LINE, NULL, NULL, "the same, last 60 s", "")           \
  X(CGROUP, cgroup_##r##_full_avg10, F2, PERCENT, GAUGE, LINE, NULL, NULL, "pressure (" #r "): time all tasks waited, last 10 s", "") \
  X(CGROUP, cgroup_##r##_full_avg60, F2, PERCENT, GAUGE, LINE, NULL, NULL, "the same, last 60 s", "")           \
  X(CGROUP, cgroup_##r##_some_ms, INT, MS, COUNTER, LINE, "cgroup_pressure_seconds_total", "resource=\"" #r "\",kind=\"some\"", "time tasks waited for a resource (PSI); " #r ", some of them", "") \
  X(CGROUP, cgroup_##r##_full_ms, INT, MS, COUNTER, LINE, "cgroup_pressure_seconds_total", "resource=\"" #r "\",kind=\"full\"", "time tasks waited for a resource (PSI); " #r ", all of them", "")

/* The eight spaces whose keys the log has always had: S(short name, V8's name). V8's other spaces are
 * in the component `spaces`, under V8's names; Prometheus has all of them under V8's names. */
#define XPF_LOG_SPACES(S)                                                                          \
  S(new, "new_space") S(old, "old_space") S(code, "code_space") S(map, "map_space")                \
  S(lo, "large_object_space") S(read_only, "read_only_space")                                      \
  S(new_lo, "new_large_object_space") S(code_lo, "code_large_object_space")

#define XPF_SPACE_METRICS(X, s)                                                                                 \
  X(MEMORY, s##_space_size, INT, BYTES, GAUGE, LINE, NULL, NULL, "V8 space " #s ": reserved", "GetHeapSpaceStatistics; 0 when this V8 has no such space") \
  X(MEMORY, s##_space_used, INT, BYTES, GAUGE, LINE, NULL, NULL, "the same: used", "")                          \
  X(MEMORY, s##_space_available, INT, BYTES, GAUGE, LINE, NULL, NULL, "the same: free", "")                     \
  X(MEMORY, s##_space_committed, INT, BYTES, GAUGE, LINE, NULL, NULL, "the same: in physical memory", "")

/* Each JS thread. First the keys known from xprofiler 3.1.0 in their order, then ours. */
#define XPF_THREAD_METRICS(X)                                                                                   \
  X(MEMORY, rss, INT, BYTES, GAUGE, LINE, NULL, NULL, "resident memory of the whole process", "/proc/self")     \
  X(MEMORY, heap_used, INT, BYTES, GAUGE, LINE, "heap_used_bytes", NULL, "JS heap in use", "GetHeapStatistics, on the thread at the record") \
  X(MEMORY, heap_available, INT, BYTES, GAUGE, LINE, "heap_available_bytes", NULL, "JS heap left until the limit", "GetHeapStatistics") \
  X(MEMORY, heap_total, INT, BYTES, GAUGE, LINE, "heap_total_bytes", NULL, "JS heap reserved", "GetHeapStatistics") \
  X(MEMORY, heap_limit, INT, BYTES, GAUGE, LINE, "heap_limit_bytes", NULL, "limit of the JS heap", "GetHeapStatistics") \
  X(MEMORY, heap_executeable, INT, BYTES, GAUGE, LINE, "heap_executable_bytes", NULL, "JS heap for machine code", "GetHeapStatistics") \
  X(MEMORY, total_physical_size, INT, BYTES, GAUGE, LINE, "heap_physical_bytes", NULL, "JS heap in physical memory", "GetHeapStatistics") \
  X(MEMORY, malloced_memory, INT, BYTES, GAUGE, LINE, "heap_malloced_bytes", NULL, "V8's own malloc", "GetHeapStatistics") \
  X(MEMORY, amount_of_external_allocated_memory, INT, BYTES, GAUGE, LINE, "external_memory_bytes", NULL, "memory outside the heap kept by JS objects", "GetHeapStatistics") \
  XPF_SPACE_METRICS(X, new)                                                                                     \
  XPF_SPACE_METRICS(X, old)                                                                                     \
  XPF_SPACE_METRICS(X, code)                                                                                    \
  XPF_SPACE_METRICS(X, map)                                                                                     \
  XPF_SPACE_METRICS(X, lo)                                                                                      \
  XPF_SPACE_METRICS(X, read_only)                                                                               \
  XPF_SPACE_METRICS(X, new_lo)                                                                                  \
  XPF_SPACE_METRICS(X, code_lo)                                                                                 \
  X(MEMORY, array_buffers, INT, BYTES, GAUGE, LINE, "array_buffers_bytes", NULL, "ArrayBuffers and Buffers, part of external", "process.memoryUsage().arrayBuffers") \
  X(MEMORY, peak_malloced_memory, INT, BYTES, GAUGE, LINE, "heap_peak_malloced_bytes", NULL, "peak of malloced_memory", "GetHeapStatistics") \
  X(MEMORY, number_of_native_contexts, INT, COUNT, GAUGE, LINE, "native_contexts", NULL, "JS global contexts; growth is a leak", "GetHeapStatistics") \
  X(MEMORY, number_of_detached_contexts, INT, COUNT, GAUGE, LINE, "detached_contexts", NULL, "contexts detached but not collected; above 0 for long is a leak", "GetHeapStatistics") \
  X(MEMORY, total_global_handles_size, INT, BYTES, GAUGE, LINE, "global_handles_bytes", NULL, "V8 global handles", "GetHeapStatistics") \
  X(MEMORY, used_global_handles_size, INT, BYTES, GAUGE, LINE, "used_global_handles_bytes", NULL, "V8 global handles in use", "GetHeapStatistics") \
  X(MEMORY, sample_age_ms, INT, MS, GAUGE, LINE, "sample_age_seconds", NULL, "age of the heap and handle figures: a blocked thread cannot be asked, its last ones are shown", "now - time of reading") \
  X(MEMORY, loop_blocked_ms, INT, MS, GAUGE, LINE, "loop_blocked_seconds", NULL, "how long the event loop has been busy with its present turn; 0 while it waits", "") \
  X(GC, uptime, INT, SECONDS, GAUGE, LINE, "thread_uptime_seconds", NULL, "time since xprofiler was loaded in the thread", "") \
  X(GC, total_gc_times, INT, COUNT, COUNTER, LINE, NULL, NULL, "garbage collections, all kinds", "V8 GC callbacks") \
  X(GC, total_gc_duration, INT, MS, COUNTER, LINE, NULL, NULL, "time in them; summed in nanoseconds, then rounded", "V8 GC callbacks") \
  X(GC, total_scavange_duration, INT, MS, COUNTER, LINE, "gc_seconds_total", "kind=\"scavenge\"", "GC time by kind; scavenges", "V8 GC callbacks") \
  X(GC, total_marksweep_duration, INT, MS, COUNTER, LINE, "gc_seconds_total", "kind=\"marksweep\"", "GC time by kind; full collections", "V8 GC callbacks") \
  X(GC, total_incremental_marking_duration, INT, MS, COUNTER, LINE, "gc_seconds_total", "kind=\"incremental_marking\"", "GC time by kind; marking steps", "V8 GC callbacks") \
  X(GC, gc_time_during_last_record, INT, MS, INTERVAL, LINE, NULL, NULL, "GC time since the last record", "")   \
  X(GC, scavange_duration_last_record, INT, MS, INTERVAL, LINE, NULL, NULL, "the same, scavenges", "")          \
  X(GC, marksweep_duration_last_record, INT, MS, INTERVAL, LINE, NULL, NULL, "the same, full collections", "")  \
  X(GC, incremental_marking_duration_last_record, INT, MS, INTERVAL, LINE, NULL, NULL, "the same, marking steps", "") \
  X(GC, total_minor_marksweep_duration, INT, MS, COUNTER, LINE, "gc_seconds_total", "kind=\"minor_marksweep\"", "GC time by kind; minor mark-sweeps", "V8 GC callbacks") \
  X(GC, total_weak_callbacks_duration, INT, MS, COUNTER, LINE, "gc_seconds_total", "kind=\"weak_callbacks\"", "GC time by kind; weak callbacks", "V8 GC callbacks") \
  XPF_GC_METRICS(X, scavenge)                                                                                   \
  XPF_GC_METRICS(X, minor_marksweep)                                                                            \
  XPF_GC_METRICS(X, marksweep)                                                                                  \
  XPF_GC_METRICS(X, incremental_marking)                                                                        \
  XPF_GC_METRICS(X, weak_callbacks)                                                                             \
  X(UV, active_handles, INT, COUNT, GAUGE, LINE, "uv_active_handles", NULL, "active and referenced libuv handles", "uv_loop_t") \
  X(UV, active_file_handles, INT, COUNT, GAUGE, LINE_UV, "uv_handles", "type=\"file\"", "active handles by type; file watchers (fs_event, fs_poll)", "uv_walk") \
  X(UV, active_and_ref_file_handles, INT, COUNT, GAUGE, LINE_UV, NULL, NULL, "those that keep the loop alive", "uv_walk") \
  X(UV, active_tcp_handles, INT, COUNT, GAUGE, LINE_UV, "uv_handles", "type=\"tcp\"", "active handles by type; TCP", "uv_walk") \
  X(UV, active_and_ref_tcp_handles, INT, COUNT, GAUGE, LINE_UV, NULL, NULL, "those that keep the loop alive", "uv_walk") \
  X(UV, active_udp_handles, INT, COUNT, GAUGE, LINE_UV, "uv_handles", "type=\"udp\"", "active handles by type; UDP", "uv_walk") \
  X(UV, active_and_ref_udp_handles, INT, COUNT, GAUGE, LINE_UV, NULL, NULL, "those that keep the loop alive", "uv_walk") \
  X(UV, active_timer_handles, INT, COUNT, GAUGE, LINE_UV, "uv_handles", "type=\"timer\"", "active handles by type; timers (Node keeps all JS timers in one)", "uv_walk") \
  X(UV, active_and_ref_timer_handles, INT, COUNT, GAUGE, LINE_UV, NULL, NULL, "those that keep the loop alive", "uv_walk") \
  X(UV, active_requests, INT, COUNT, GAUGE, LINE, "uv_active_requests", NULL, "libuv requests in work (fs, dns, writes, …)", "uv_loop_t") \
  X(HTTP, live_http_request, INT, COUNT, INTERVAL, LINE, NULL, NULL, "requests begun since the last record", "lib/http.js") \
  X(HTTP, http_response_close, INT, COUNT, INTERVAL, LINE, NULL, NULL, "responses closed since the last record", "") \
  X(HTTP, http_response_sent, INT, COUNT, INTERVAL, LINE, NULL, NULL, "responses finished since the last record", "") \
  X(HTTP, http_request_timeout, INT, COUNT, INTERVAL, LINE, NULL, NULL, "not finished within patch_http_timeout, since the last record", "") \
  X(HTTP, http_patch_timeout, SHORT, SECONDS, GAUGE, LINE, NULL, NULL, "the configuration value", "")           \
  X(HTTP, http_rt, F6, MS, INTERVAL, LINE, NULL, NULL, "mean duration of the responses finished since the last record", "sum / http_response_sent") \
  X(HTTP, http_in_flight, INT, COUNT, GAUGE, LINE, "http_in_flight", NULL, "requests begun and not closed, now", "") \
  X(HTTP, http_p50_ms, F2, MS, INTERVAL, LINE, "http_duration_quantile_seconds", "q=\"0.5\"", "duration of responses finished since the last record, by quantile; median, at most 6.25 % too high", "histogram") \
  X(HTTP, http_p95_ms, F2, MS, INTERVAL, LINE, "http_duration_quantile_seconds", "q=\"0.95\"", "95th percentile", "histogram") \
  X(HTTP, http_p99_ms, F2, MS, INTERVAL, LINE, "http_duration_quantile_seconds", "q=\"0.99\"", "99th percentile", "histogram") \
  X(HTTP, client_request_started, INT, COUNT, INTERVAL, LINE, NULL, NULL, "outgoing requests begun since the last record", "lib/http.js") \
  X(HTTP, client_response_received, INT, COUNT, INTERVAL, LINE, NULL, NULL, "outgoing requests answered since the last record", "") \
  X(HTTP, client_request_error, INT, COUNT, INTERVAL, LINE, NULL, NULL, "outgoing requests that failed since the last record", "") \
  X(HTTP, client_request_timeout, INT, COUNT, INTERVAL, LINE, NULL, NULL, "outgoing requests not answered within patch_http_timeout, since the last record", "") \
  X(HTTP, client_in_flight, INT, COUNT, GAUGE, LINE, "http_client_in_flight", NULL, "outgoing requests without an end, now", "") \
  X(HTTP, client_rt, F6, MS, INTERVAL, LINE, NULL, NULL, "mean duration of the answered ones", "sum / client_response_received") \
  X(HTTP, client_p50_ms, F2, MS, INTERVAL, LINE, "http_client_duration_quantile_seconds", "q=\"0.5\"", "duration of outgoing requests answered since the last record, by quantile; median", "histogram") \
  X(HTTP, client_p95_ms, F2, MS, INTERVAL, LINE, "http_client_duration_quantile_seconds", "q=\"0.95\"", "95th percentile", "histogram") \
  X(HTTP, client_p99_ms, F2, MS, INTERVAL, LINE, "http_client_duration_quantile_seconds", "q=\"0.99\"", "99th percentile", "histogram") \
  X(HTTP, http_requests_total, INT, COUNT, COUNTER, METRICS, "http_requests_total", NULL, "requests begun", "")  \
  X(HTTP, http_responses_total, INT, COUNT, COUNTER, METRICS, "http_responses_sent_total", NULL, "responses finished", "") \
  X(HTTP, http_closed_total, INT, COUNT, COUNTER, METRICS, "http_responses_closed_total", NULL, "responses closed", "") \
  X(HTTP, http_timeouts_total, INT, COUNT, COUNTER, METRICS, "http_timeouts_total", NULL, "not finished within patch_http_timeout", "") \
  X(HTTP, http_duration_total_ms, INT, MS, COUNTER, METRICS, "http_duration_seconds_total", NULL, "sum of the durations of finished responses", "") \
  X(HTTP, client_requests_total, INT, COUNT, COUNTER, METRICS, "http_client_requests_total", NULL, "outgoing requests begun", "") \
  X(HTTP, client_responses_total, INT, COUNT, COUNTER, METRICS, "http_client_responses_total", NULL, "outgoing requests answered", "") \
  X(HTTP, client_errors_total, INT, COUNT, COUNTER, METRICS, "http_client_errors_total", NULL, "outgoing requests that failed", "") \
  X(HTTP, client_timeouts_total, INT, COUNT, COUNTER, METRICS, "http_client_timeouts_total", NULL, "outgoing requests not answered within patch_http_timeout", "") \
  X(HTTP, client_duration_total_ms, INT, MS, COUNTER, METRICS, "http_client_duration_seconds_total", NULL, "sum of the durations of answered outgoing requests", "") \
  X(LOOP, loop_delay_p50_ms, F2, MS, INTERVAL, LINE, "loop_delay_quantile_seconds", "q=\"0.5\"", "busy time of one turn of the event loop: how long a ready event waits; since the last record, by quantile; median", "histogram between two polls") \
  X(LOOP, loop_delay_p99_ms, F2, MS, INTERVAL, LINE, "loop_delay_quantile_seconds", "q=\"0.99\"", "99th percentile", "histogram") \
  X(LOOP, loop_delay_max_ms, F2, MS, INTERVAL, LINE, "loop_delay_max_seconds", NULL, "longest turn since the last record", "the present turn included") \
  X(LOOP, loop_delay_mean_ms, F2, MS, INTERVAL, LINE, NULL, NULL, "mean", "histogram")                          \
  X(LOOP, loop_utilization, F2, PERCENT, INTERVAL, LINE, "loop_utilization_ratio", NULL, "time the loop did not wait for events, since the last record", "1 - uv_metrics_idle_time / elapsed time") \
  X(LOOP, loop_turns, INT, COUNT, COUNTER, LINE, "loop_turns_total", NULL, "turns of the event loop", "")       \
  X(LOOP, loop_busy_total_ms, INT, MS, COUNTER, METRICS, "loop_busy_seconds_total", NULL, "time the loop did not wait for events", "") \
  X(LOOP, loop_idle_total_ms, INT, MS, COUNTER, METRICS, "loop_idle_seconds_total", NULL, "time the loop waited for events", "uv_metrics_idle_time") \
  X(LOOP, thread_cpu_ms, INT, MS, COUNTER, METRICS, "thread_cpu_seconds_total", NULL, "CPU time of the thread", "clock of the thread") \
  X(LOOP, thread_run_queue_wait_ms, INT, MS, COUNTER, METRICS, "thread_run_queue_wait_seconds_total", NULL, "time the thread was ready but had no CPU", "/proc/self/task/TID/schedstat, field 2")

#define XPF_GC_METRICS(X, k)                                                                                    \
  X(GC, total_##k##_times, INT, COUNT, COUNTER, LINE, "gc_runs_total", "kind=\"" #k "\"", "garbage collections by kind; " #k, "V8 GC callbacks") \
  X(GC, k##_times_last_record, INT, COUNT, INTERVAL, LINE, NULL, NULL, "the same since the last record", "")    \
  X(GC, k##_longest_last_record, F2, MS, INTERVAL, LINE, "gc_longest_seconds", "kind=\"" #k "\"", "longest collection since the last record by kind; " #k, "")

/* Numbers that appear once more on a log line, under this key: A(component, key, metric). After the
 * component's own metrics. */
#define XPF_PROCESS_ALIASES(A)                                                                     \
  A(ALINODE_OTHER, now, cpu_now) A(ALINODE_OTHER, cpu_15, cpu_15) A(ALINODE_OTHER, cpu_30, cpu_30) \
  A(ALINODE_OTHER, cpu_60, cpu_60) A(ALINODE_OTHER, cpu_180, cpu_180)                              \
  A(ALINODE_OTHER, cpu_300, cpu_300) A(ALINODE_OTHER, cpu_600, cpu_600)
#define XPF_THREAD_ALIASES(A)                                                                      \
  A(LOOP, loop_blocked_ms, loop_blocked_ms)                                                        \
  A(LOOP, sample_age_ms, sample_age_ms)                                                            \
  A(ALINODE_GC, gc_time_during_last_min, gc_time_during_last_record)                               \
  A(ALINODE_GC, total, total_gc_duration)                                                          \
  A(ALINODE_GC, scavange_duration, scavange_duration_last_record)                                  \
  A(ALINODE_GC, marksweep_duration, marksweep_duration_last_record)                                \
  A(ALINODE_TIMER, total_timer, active_timer_handles)                                              \
  A(ALINODE_TIMER, active_handles, active_handles)                                                 \
  A(ALINODE_HTTP, live_http_request, live_http_request)                                            \
  A(ALINODE_HTTP, http_request_handled, http_response_sent)                                        \
  A(ALINODE_HTTP, http_response_sent, http_response_sent)                                          \
  A(ALINODE_HTTP, http_rt, http_rt)

/* clang-format on */
#endif
