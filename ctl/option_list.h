/* Every option of xprofctl but the configuration keys of set_config:
 * X(ID, letter or 0, name, other name, parameter of the protocol or NULL, kind, min, max, value,
 * English, Chinese). In names '-' and '_' are the same; they are written with '_' when they come
 * from the protocol. */
#ifndef XPF_CTL_OPTION_LIST_H
#define XPF_CTL_OPTION_LIST_H

/* clang-format off */
#define XPF_OPTIONS(X)                                                                             \
  X(PID, 'p', "pid", NULL, NULL, PID, 1, 2147483647, "PID", "the process", "进程号")                  \
  X(THREAD, 'w', "worker_thread_id", "thread_id", "thread_id", WHOLE, 0, 4294967295.0, "ID",       \
    "the thread: 0 is the main thread (default), workers as list_environments shows them",         \
    "线程号: 0 为主线程 (默认), Worker 线程见 list_environments")                                           \
  X(TIME, 't', "profiling_time", NULL, "profiling_time", DURATION, 1, 604800000.0, "TIME",         \
    "stop and write the profile after this time: 500ms, 10s, 2m; a plain number is milliseconds",  \
    "采样时长, 到时自动停止并写入文件: 500ms, 10s, 2m; 不带单位的数字为毫秒")                                            \
  X(ALL, 0, "all", NULL, NULL, FLAG, 0, 0, NULL,                                                   \
    "every process that xprofctl list shows; with list: also Node.js processes without xprofiler", \
    "xprofctl list 列出的所有进程; 用于 list 时: 也列出未加载 xprofiler 的 Node.js 进程")                                                                        \
  X(TITLE, 0, "title", NULL, NULL, TEXT, 0, 0, "REGEX",                                            \
    "every process whose title, script or command line matches", "标题、脚本或命令行匹配该正则表达式的所有进程")       \
  X(EACH_THREAD, 0, "each-thread", NULL, NULL, FLAG, 0, 0, NULL,                                   \
    "every JavaScript thread of the processes, at the same time", "同时采集进程的每个 JavaScript 线程")          \
  X(OUTPUT, 'o', "output", NULL, NULL, TEXT, 0, 0, "FILE",                                         \
    "put the file there instead of log_dir; a directory keeps its name; - is standard output",     \
    "将文件写到该路径而不是 log_dir; 目录则保留文件名; - 表示标准输出")                                                    \
  X(FORMAT, 0, "format", NULL, NULL, TEXT, 0, 0, "FORMAT",                                         \
    "convert to this format; without it the extension of -o decides",                              \
    "转换为该格式; 未指定时由 -o 的扩展名决定")                                                                    \
  X(FROM, 0, "from", NULL, NULL, TEXT, 0, 0, "FORMAT",                                             \
    "read it as this format; without it the content decides", "按该格式读取; 未指定时由内容决定")                      \
  X(VALUE, 0, "value", NULL, NULL, TEXT, 0, 0, "TYPE",                                             \
    "the value to show, such as samples, wall or inuse_space",                                     \
    "使用的数值类型, 例如 samples, wall, inuse_space")                                                    \
  X(NO_SOURCE_MAPS, 0, "no-source-maps", NULL, NULL, FLAG, 0, 0, NULL,                             \
    "keep the places of the scripts that ran", "不使用 source map")                                   \
  X(SCALE, 0, "scale", NULL, NULL, TEXT, 0, 0, "duration|total|none",                              \
    "what makes both comparable: values per second (default where known), shares, nothing",        \
    "归一化方式: 每秒数值 (已知时长时默认), 占比, 不归一化")                                                              \
  X(OPEN, 0, "open", NULL, NULL, FLAG, 0, 0, NULL,                                                 \
    "show the result on the desktop: the flame graph where there is one, else the file",           \
    "在桌面上打开结果: 火焰图或文件")                                                                         \
  X(INTERVAL_US, 0, "sampling-interval-us", NULL, "sampling_interval_us", WHOLE, 50, 1000000, "US", \
    "time between two samples, microseconds", "采样间隔 (微秒)")                                         \
  X(INTERVAL_BYTES, 0, "sampling-interval-bytes", NULL, "sampling_interval_bytes", WHOLE, 1024,    \
    1073741824.0, "BYTES", "mean distance of samples in allocated bytes", "采样间隔 (分配字节数)")        \
  X(DEPTH, 0, "stack-depth", NULL, "stack_depth", WHOLE, 1, 512, "FRAMES",                         \
    "frames kept of each stack", "每个调用栈保留的层数")                                                     \
  X(COLLECTED, 0, "include-collected", NULL, "include_collected", FLAG, 0, 0, NULL,                \
    "count objects too that were already collected", "包含已被回收的对象")                                  \
  X(NUMERIC, 0, "numeric-values", NULL, "numeric_values", FLAG, 0, 0, NULL,                        \
    "numbers in the snapshot", "快照中包含数值")                                                          \
  X(INTERNALS, 0, "internals", NULL, "internals", FLAG, 0, 0, NULL,                                \
    "V8's internal objects in the snapshot", "快照中包含 V8 内部对象")                                       \
  X(MAX_RSS, 0, "max-rss-mb", NULL, "max_rss_mb", WHOLE, 1, 16777216, "MB",                        \
    "give the snapshot up when the process grows beyond", "进程内存超过该值时放弃快照")                         \
  X(CATEGORIES, 0, "categories", NULL, "categories", TEXT, 0, 0, "LIST",                            \
    "categories of trace events, with commas between them; --list-categories shows them",          \
    "跟踪事件的类别, 以逗号分隔; 用 --list-categories 查看")                                                  \
  X(LIST_CATEGORIES, 0, "list-categories", NULL, NULL, FLAG, 0, 0, NULL,                           \
    "show the categories of trace events; * is recorded without --categories",                     \
    "列出跟踪事件的类别; * 为默认记录的类别")                                                                     \
  X(MAX_FILE_MB, 0, "max-file-mb", NULL, "max_file_mb", WHOLE, 1, 16384, "MB",                     \
    "end the trace when its file has this size (default 256)",                                     \
    "文件达到该大小时结束跟踪 (默认 256)")                                                                       \
  X(NAME, 0, "name", NULL, "name", NAME, 0, 0, "NAME",                                             \
    "name of the file in log_dir", "log_dir 中的文件名")                                                \
  X(WAIT, 0, "wait", NULL, "wait", FLAG, 0, 0, NULL,                                               \
    "return when the file is complete; Ctrl-C ends the work", "等待文件写入完成; Ctrl-C 结束任务")             \
  X(ACTION, 0, "action", NULL, "action", TEXT, 0, 0, "COMMAND",                                    \
    "the command to cancel", "要取消的命令")                                                             \
  X(PROMETHEUS, 0, "prometheus", NULL, NULL, FLAG, 0, 0, NULL,                                     \
    "Prometheus text instead of a table", "输出 Prometheus 文本格式")                                     \
  X(ATTACH, 0, "attach", NULL, NULL, FLAG, 0, 0, NULL,                                             \
    "load xprofiler first into the processes of -p that run without it, as attach does",           \
    "先将 xprofiler 加载到 -p 指定但尚未启动它的进程中 (同 attach)")                                                 \
  X(PORT, 0, "port", NULL, NULL, WHOLE, 1, 65535, "PORT",                                          \
    "where the inspector of the process listens, or would", "进程的调试端口")                                 \
  X(PACKAGE, 0, "package", NULL, NULL, TEXT, 0, 0, "DIR",                                          \
    "the package to load, as the process sees it (default: that of xprofctl)",                     \
    "要加载的包在该进程中的路径 (默认: xprofctl 所属的包)")                                                           \
  X(LOG_DIR, 0, "log-dir", NULL, NULL, TEXT, 0, 0, "DIR",                                          \
    "directory of logs and profiles, as the process sees it", "日志和采样文件的目录 (以该进程的视角)")                \
  X(YES, 'y', "yes", NULL, NULL, FLAG, 0, 0, NULL, "do not ask", "不询问")                              \
  X(DELAY, 'd', "delay", "interval", NULL, NUMBER, 0.1, 3600, "SECONDS",                           \
    "time between two looks (default: 1)", "刷新间隔, 秒 (默认 1)")                                       \
  X(TIMES, 'n', "count", "lines", NULL, WHOLE, 0, 1000000000.0, "N",                               \
    "how many: lines of a log or a table of functions, looks of watch and top",                    \
    "数量: 日志或函数表的行数, 或 watch 与 top 的次数")                                                      \
  X(ONCE, 0, "once", NULL, NULL, FLAG, 0, 0, NULL,                                                 \
    "print the table once and end", "输出一次表格后退出")                                                   \
  X(BATCH, 'b', "batch", NULL, NULL, FLAG, 0, 0, NULL,                                             \
    "print tables one after the other, for scripts and files", "逐次输出纯文本表格, 供脚本使用")                 \
  X(SORT, 0, "sort", NULL, NULL, TEXT, 0, 0, "COLUMN",                                             \
    "order of the table; top: cpu (default), rss, heap, limit, full, gc, delay, elu, rate, latency, handles, wait, throttled, uptime, pid, name; top-functions: self (default), total", \
    "排序列; top: cpu (默认), rss, heap, limit, full, gc, delay, elu, rate, latency, handles, wait, throttled, uptime, pid, name; top-functions: self (默认), total") \
  X(FILTER, 0, "filter", NULL, NULL, TEXT, 0, 0, "TEXT",                                           \
    "only processes whose name, pid or state contains it", "仅显示名称, 进程号或状态包含该文本的进程")                \
  X(ASCII, 0, "ascii", NULL, NULL, FLAG, 0, 0, NULL,                                               \
    "draw with plain ASCII characters", "仅使用 ASCII 字符绘制")                                          \
  X(FOLLOW, 'f', "follow", NULL, NULL, FLAG, 0, 0, NULL,                                           \
    "go on with what is written from now on; Ctrl-C ends it", "持续输出新写入的内容; Ctrl-C 结束")             \
  X(ERRORS, 0, "errors", NULL, NULL, FLAG, 0, 0, NULL,                                             \
    "the error log", "错误日志")                                                                       \
  X(EVERYBODY, 0, "all-pids", NULL, NULL, FLAG, 0, 0, NULL,                                        \
    "the lines of every process that writes to the same log", "同一日志中所有进程的行")                       \
  X(MAN, 0, "man", NULL, NULL, FLAG, 0, 0, NULL, "the manual page, as roff", "输出手册页 (roff 格式)")      \
  X(TIMEOUT, 0, "timeout", NULL, NULL, NUMBER, 0.001, 31536000, "SECONDS",                         \
    "give up after this time (default: 5, with --wait none)", "超时时间, 秒 (默认 5, 使用 --wait 时不限)")      \
  X(JSON, 0, "json", NULL, NULL, FLAG, 0, 0, NULL,                                                 \
    "one JSON object on standard output", "以一个 JSON 对象输出结果")                                       \
  X(HELP, 'h', "help", NULL, NULL, FLAG, 0, 0, NULL, "show help", "显示帮助")                          \
  X(VERSION, 'v', "version", NULL, NULL, FLAG, 0, 0, NULL, "show the version", "显示版本号")
/* clang-format on */

#endif
