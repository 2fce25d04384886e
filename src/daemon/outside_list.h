/* What is read of every process from outside: X(ID, key, family, labels, type, unit, help, source).
 */
#ifndef XPF_DAEMON_OUTSIDE_LIST_H
#define XPF_DAEMON_OUTSIDE_LIST_H
/* clang-format off */
#define XPF_OUTSIDE_FIELDS(X)                                                                      \
  X(CPU_USER, "cpu_user", "xprofd_process_cpu_seconds_total", "mode=\"user\"", COUNTER, "seconds", "CPU time of all threads by mode; user", "/proc/PID/stat") \
  X(CPU_SYSTEM, "cpu_system", "xprofd_process_cpu_seconds_total", "mode=\"system\"", COUNTER, "seconds", "CPU time in the kernel", "/proc/PID/stat") \
  X(MINOR_FAULTS, "minor_faults", "xprofd_process_page_faults_total", "type=\"minor\"", COUNTER, "", "page faults by type; minor ones needed no disk", "/proc/PID/stat") \
  X(MAJOR_FAULTS, "major_faults", "xprofd_process_page_faults_total", "type=\"major\"", COUNTER, "", "page faults that waited for a disk", "/proc/PID/stat") \
  X(THREADS, "threads", "xprofd_process_threads", NULL, GAUGE, "", "threads of the operating system", "/proc/PID/stat") \
  X(MAIN_RUN, "main_run", "xprofd_process_main_thread_cpu_seconds_total", NULL, COUNTER, "seconds", "CPU time of the main thread, on which JavaScript runs", "/proc/PID/schedstat") \
  X(MAIN_WAIT, "main_wait", "xprofd_process_main_thread_run_queue_wait_seconds_total", NULL, COUNTER, "seconds", "time the main thread was ready to run but had no CPU", "/proc/PID/schedstat") \
  X(MAIN_SLICES, "main_slices", "xprofd_process_main_thread_timeslices_total", NULL, COUNTER, "", "times the main thread got a CPU", "/proc/PID/schedstat") \
  X(RUN, "run", "xprofd_process_on_cpu_seconds_total", NULL, COUNTER, "seconds", "exact time on a CPU of all threads, with those that ended as far as they were seen", "/proc/PID/task/TID/schedstat") \
  X(WAIT, "wait", "xprofd_process_run_queue_wait_seconds_total", NULL, COUNTER, "seconds", "time that threads were ready to run but had no CPU, summed over all", "/proc/PID/task/TID/schedstat") \
  X(VOLUNTARY, "voluntary_switches", "xprofd_process_context_switches_total", "type=\"voluntary\"", COUNTER, "", "context switches of all threads by type; voluntary: the thread had to wait for something", "/proc/PID/task/TID/status") \
  X(INVOLUNTARY, "involuntary_switches", "xprofd_process_context_switches_total", "type=\"involuntary\"", COUNTER, "", "the CPU was taken away from the thread", "/proc/PID/task/TID/status") \
  X(VSIZE, "vsize", "xprofd_process_virtual_memory_bytes", NULL, GAUGE, "bytes", "address space", "/proc/PID/status VmSize") \
  X(RSS, "rss", "xprofd_process_resident_memory_bytes", NULL, GAUGE, "bytes", "memory in RAM: anonymous, file and shared", "/proc/PID/status VmRSS") \
  X(RSS_ANON, "rss_anon", "xprofd_process_resident_memory_part_bytes", "part=\"anon\"", GAUGE, "bytes", "memory in RAM by part; anonymous: V8 heap, malloc, Buffers, stacks", "/proc/PID/status RssAnon") \
  X(RSS_FILE, "rss_file", "xprofd_process_resident_memory_part_bytes", "part=\"file\"", GAUGE, "bytes", "mapped files: program and libraries", "/proc/PID/status RssFile") \
  X(RSS_SHMEM, "rss_shmem", "xprofd_process_resident_memory_part_bytes", "part=\"shmem\"", GAUGE, "bytes", "shared memory and tmpfs", "/proc/PID/status RssShmem") \
  X(RSS_PEAK, "rss_peak", "xprofd_process_resident_memory_peak_bytes", NULL, GAUGE, "bytes", "the most that was in RAM at a time", "/proc/PID/status VmHWM") \
  X(SWAP, "swap", "xprofd_process_swap_bytes", NULL, GAUGE, "bytes", "anonymous memory that was moved to swap", "/proc/PID/status VmSwap") \
  X(PSS, "pss", "xprofd_process_proportional_memory_bytes", NULL, GAUGE, "bytes", "its share of memory in RAM: what n processes share counts 1/n; read every 30 s or less often", "/proc/PID/smaps_rollup Pss") \
  X(PSS_ANON, "pss_anon", "xprofd_process_proportional_memory_part_bytes", "part=\"anon\"", GAUGE, "bytes", "its share of memory in RAM by part; anonymous", "/proc/PID/smaps_rollup Pss_Anon") \
  X(PSS_FILE, "pss_file", "xprofd_process_proportional_memory_part_bytes", "part=\"file\"", GAUGE, "bytes", "its share of mapped files", "/proc/PID/smaps_rollup Pss_File") \
  X(PSS_SHMEM, "pss_shmem", "xprofd_process_proportional_memory_part_bytes", "part=\"shmem\"", GAUGE, "bytes", "its share of shared memory", "/proc/PID/smaps_rollup Pss_Shmem") \
  X(USS, "uss", "xprofd_process_unique_memory_bytes", NULL, GAUGE, "bytes", "what would be free if it ended: private clean and dirty pages", "/proc/PID/smaps_rollup Private_*") \
  X(SWAP_PSS, "swap_pss", "xprofd_process_proportional_swap_bytes", NULL, GAUGE, "bytes", "its share of swap", "/proc/PID/smaps_rollup SwapPss") \
  X(LAZY_FREE, "lazy_free", "xprofd_process_lazy_free_bytes", NULL, GAUGE, "bytes", "memory given back that still counts as resident until somebody needs it", "/proc/PID/smaps_rollup LazyFree") \
  X(HUGE_PAGES, "huge_pages", "xprofd_process_anonymous_huge_pages_bytes", NULL, GAUGE, "bytes", "anonymous memory in huge pages", "/proc/PID/smaps_rollup AnonHugePages") \
  X(PSS_AGE, "pss_age", "xprofd_process_proportional_memory_age_seconds", NULL, GAUGE, "seconds", "how long ago the shares were read", "") \
  X(READ_CHARS, "read_chars", "xprofd_process_io_bytes_total", "call=\"read\"", COUNTER, "bytes", "bytes of system calls, also from page cache, pipes and sockets (not of all calls), by call; read", "/proc/PID/io rchar") \
  X(WRITE_CHARS, "write_chars", "xprofd_process_io_bytes_total", "call=\"write\"", COUNTER, "bytes", "written", "/proc/PID/io wchar") \
  X(READ_CALLS, "read_calls", "xprofd_process_io_calls_total", "call=\"read\"", COUNTER, "", "system calls that read or write, by call; read", "/proc/PID/io syscr") \
  X(WRITE_CALLS, "write_calls", "xprofd_process_io_calls_total", "call=\"write\"", COUNTER, "", "write", "/proc/PID/io syscw") \
  X(READ_BYTES, "read_bytes", "xprofd_process_storage_bytes_total", "direction=\"read\"", COUNTER, "bytes", "bytes from and to storage by direction; read", "/proc/PID/io read_bytes") \
  X(WRITE_BYTES, "write_bytes", "xprofd_process_storage_bytes_total", "direction=\"write\"", COUNTER, "bytes", "made dirty, to be written", "/proc/PID/io write_bytes") \
  X(CANCELLED_BYTES, "cancelled_bytes", "xprofd_process_storage_cancelled_bytes_total", NULL, COUNTER, "bytes", "made dirty, but thrown away before it was written (file removed)", "/proc/PID/io cancelled_write_bytes") \
  X(FDS, "fds", "xprofd_process_open_fds", NULL, GAUGE, "", "open descriptors", "/proc/PID/fd") \
  X(FDS_LIMIT, "fds_limit", "xprofd_process_max_fds", NULL, GAUGE, "", "how many descriptors it may have; absent: no limit", "/proc/PID/limits") \
  X(OOM_SCORE, "oom_score", "xprofd_process_oom_score", NULL, GAUGE, "", "who has the highest is killed first when memory runs out", "/proc/PID/oom_score") \
  X(OOM_SCORE_ADJ, "oom_score_adj", "xprofd_process_oom_score_adjustment", NULL, GAUGE, "", "what was added to that by configuration: -1000 (never) to 1000", "/proc/PID/oom_score_adj") \
  X(TCP_ESTABLISHED, "tcp_established", "xprofd_process_sockets", "state=\"established\"", GAUGE, "", "sockets by state; TCP connections", "sock_diag, /proc/PID/fd") \
  X(TCP_SYN_SENT, "tcp_syn_sent", "xprofd_process_sockets", "state=\"syn_sent\"", GAUGE, "", "being connected", "sock_diag, /proc/PID/fd") \
  X(TCP_CLOSE_WAIT, "tcp_close_wait", "xprofd_process_sockets", "state=\"close_wait\"", GAUGE, "", "the other side has closed, the program not yet", "sock_diag, /proc/PID/fd") \
  X(TCP_CLOSING, "tcp_closing", "xprofd_process_sockets", "state=\"closing\"", GAUGE, "", "shut down by us, not by the other side (fin_wait, closing, last_ack)", "sock_diag, /proc/PID/fd") \
  X(TCP_LISTEN, "tcp_listen", "xprofd_process_sockets", "state=\"listen\"", GAUGE, "", "listeners", "sock_diag, /proc/PID/fd") \
  X(UDP, "udp", "xprofd_process_sockets", "state=\"udp\"", GAUGE, "", "UDP sockets", "sock_diag, /proc/PID/fd") \
  X(SOCKETS_OTHER, "sockets_other", "xprofd_process_sockets", "state=\"other\"", GAUGE, "", "Unix, netlink, unconnected and other sockets", "/proc/PID/fd") \
  X(ACCEPT_QUEUE, "accept_queue", "xprofd_process_accept_queue", NULL, GAUGE, "", "connections that wait for the program to accept them, of all its listeners", "sock_diag") \
  X(ACCEPT_QUEUE_LIMIT, "accept_queue_limit", "xprofd_process_accept_queue_limit", NULL, GAUGE, "", "how long that queue may be, of all its listeners", "sock_diag") \
  X(RECEIVE_QUEUE, "receive_queue", "xprofd_process_socket_queue_bytes", "direction=\"receive\"", GAUGE, "bytes", "bytes waiting in TCP connections by direction; to be read by the program", "sock_diag") \
  X(SEND_QUEUE, "send_queue", "xprofd_process_socket_queue_bytes", "direction=\"send\"", GAUGE, "bytes", "not acknowledged by the other side", "sock_diag")
/* clang-format on */
#endif
