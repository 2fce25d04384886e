/* Every sentence xprofctl says, in both languages: X(ID, English, Chinese). The conversions of both
 * must be the same and in the same order (test/unit/test_ctl_text.c checks it). */
#ifndef XPF_CTL_TEXT_LIST_H
#define XPF_CTL_TEXT_LIST_H

/* clang-format off */
#define XPF_TEXTS(X)                                                                               \
  /* versions, environments, configuration */                                                      \
  X(ADDON_VERSION, "X-Profiler addon version (pid %d): v%s",                                       \
    "X-Profiler 插件版本号(pid %d): v%s")                                                               \
  X(ENVIRONMENTS, "X-Profiler environments (pid %d):", "X-Profiler 环境列表(pid %d):")                 \
  X(ENVIRONMENT_MAIN, "  - thread (tid %.0f): main thread, up %.0f seconds",                       \
    "  - 线程(tid %.0f): 主线程已启动 %.0f 秒")                                                            \
  X(ENVIRONMENT_WORKER, "  - thread (tid %.0f): worker thread, up %.0f seconds",                   \
    "  - 线程(tid %.0f): Worker 线程已启动 %.0f 秒")                                                       \
  X(CONFIG, "X-Profiler configuration (pid %d):", "X-Profiler 当前配置(pid %d):")                      \
  X(CONFIG_CHANGED, "X-Profiler configuration (pid %d) changed:", "X-Profiler 配置(pid %d)成功:")      \
  X(INFO, "X-Profiler process information (pid %d):", "X-Profiler 进程信息(pid %d):")                  \
  X(METRICS_PROCESS, "X-Profiler metrics of the process (pid %d):", "X-Profiler 进程指标(pid %d):")    \
  X(METRICS_THREAD, "X-Profiler metrics of thread %s (pid %d):", "X-Profiler 线程 %s 指标(pid %d):")   \
  /* jobs */                                                                                       \
  X(STARTED, "Process (pid %d): %s sampling has started.", "进程 (pid %d) 开始进行 %s 采样.")             \
  X(PROFILE_FILE, "%s profiling file: %s", "%s profiling 文件路径: %s")                                \
  X(PROFILE_SOON, "The %2$s profile can be read in %1$g seconds.",                                 \
    "请等待 %1$g 秒后读取此次 %2$s profiling 结果.")                                                         \
  X(TRACE_STARTED, "Process (pid %d): trace events are being recorded.",                             \
    "进程 (pid %d) 开始记录跟踪事件.")                                                                        \
  X(TRACE_FILE, "Trace file: %s", "跟踪文件路径: %s")                                                    \
  X(TRACE_SOON, "The trace can be read in %g seconds.", "请等待 %g 秒后读取此次跟踪结果.")                       \
  X(CATEGORIES, "X-Profiler categories of trace events (pid %d), * recorded by default:",            \
    "X-Profiler 跟踪事件类别(pid %d), * 为默认记录:")                                                       \
  X(HEAPDUMP_FILE, "Heapdump file: %s", "Heapdump 文件路径: %s")                                       \
  X(HEAPDUMP_SOON, "Writing the heap snapshot takes seconds to minutes, depending on the heap.",   \
    "生成 heapsnapshot 视堆序列化耗费需要数秒至数分钟.")                                                             \
  X(REPORT_FILE, "Diagnostic report file: %s", "诊断报告文件路径: %s")                                     \
  X(REPORT_SOON, "Writing the diagnostic report takes seconds to tens of seconds.",                \
    "生成诊断报告可能需要数秒至数十秒.")                                                                           \
  X(CORE_FILE, "Coredump file: %s", "Coredump 文件路径: %s")                                           \
  X(CORE_SOON, "Writing the core file takes seconds to tens of seconds.",                          \
    "生成 Coredump 可能需要数秒至数十秒.")                                                                     \
  X(JOB_SIZE, "size: %s", "大小: %s")                                                                \
  X(JOB_SAMPLES, "samples: %.0f", "样本: %.0f")                                                      \
  X(JOB_EVENTS, "events: %.0f", "事件数: %.0f")                                                          \
  X(JOB_DROPPED, "dropped: %.0f", "丢弃: %.0f")                                                        \
  X(JOB_NODES, "nodes: %.0f", "节点: %.0f")                                                          \
  X(JOB_PAUSED, "thread paused: %.2f ms", "线程暂停: %.2f 毫秒")                                         \
  X(JOB_DURATION, "covers: %.3f s", "时长: %.3f 秒")                                                  \
  X(JOB_ENDED_BY, "ended early by: %s", "提前结束: %s")                                                \
  X(PENDING, "Not begun yet: process %d, thread %u has not been free for %s: %s.",                 \
    "尚未开始: 进程 %d 的线程 %u 正忙 (已持续 %s): %s.")                                                      \
  X(PENDING_QUEUED,                                                                                \
    "The command stays queued and begins as soon as the thread is free. To give it up: "           \
    "xprofctl cancel -p %d -w %u --action %s",                                                     \
    "命令已排队, 线程空闲后立即执行. 如需放弃: xprofctl cancel -p %d -w %u --action %s")                           \
  X(PENDING_UNKNOWN, "the reason is not known", "原因未知")                                            \
  X(CANCELLED, "Process (pid %d): %.0f job(s) of %s cancelled.",                                   \
    "进程 (pid %d) 已取消 %.0f 个任务: %s.")                                                              \
  X(CANCELLED_NOTHING, "nothing to cancel: %2$s is neither queued nor running in thread %3$u of process %1$d", \
    "没有可取消的任务: 进程 %1$d 的线程 %3$u 中没有排队或运行中的 %2$s")                                               \
  X(STATE_PENDING, "waiting for the thread", "等待线程空闲")                                             \
  X(STATE_RUNNING, "running", "进行中")                                                               \
  X(STATE_WRITING, "writing the file", "写入文件")                                                     \
  X(INTERRUPT_STOP, "Stopping; the profile is still written. Ctrl-C again leaves at once.",        \
    "正在停止采样, 结果仍会写入文件. 再按一次 Ctrl-C 立即退出.")                                                        \
  X(INTERRUPT_CANCEL, "Cancelling. Ctrl-C again leaves at once.",                                  \
    "正在取消. 再按一次 Ctrl-C 立即退出.")                                                                   \
  X(INTERRUPT_FAILED, "That could not be sent to process %d: %s", "无法通知进程 %d: %s")                 \
  /* one-shot commands */                                                                          \
  X(SHOT_CPU, "CPU profile", "CPU 采样")                                                             \
  X(SHOT_HEAP, "Heap profile", "堆内存采样")                                                           \
  X(SHOT_ALLOC, "Allocation profile", "内存分配采样")                                                   \
  X(SHOT_GC, "Garbage collections", "垃圾回收")                                                      \
  X(SHOT_TRACE, "Trace", "跟踪")                                                                     \
  X(SHOT_SNAPSHOT, "Heap snapshot", "堆快照")                                                       \
  X(SHOT_REPORT, "Diagnostic report", "诊断报告")                                                    \
  X(SHOT_HEAD_MAIN, "%s of process %d, main thread%s", "%s: 进程 %d 的主线程%s")                        \
  X(SHOT_HEAD_WORKER, "%s of process %d, thread %u%s", "%s: 进程 %d 的线程 %u%s")                      \
  X(SHOT_FAILED, "Process %d, thread %u: %s", "进程 %d, 线程 %u: %s")                                 \
  X(SHOT_SOME_FAILED, "%zu of %zu failed", "%2$zu 个目标中有 %1$zu 个失败")                              \
  X(SHOT_CPU_USED, "  CPU: %s", "  CPU: %s")                                                       \
  X(SHOT_CPU_THREAD, "this thread %.0f %%", "本线程 %.0f %%")                                         \
  X(SHOT_CPU_WAITED, "waits for a core %.0f %%", "等待 CPU %.0f %%")                                 \
  X(SHOT_CPU_SCRIPTS, "other JavaScript threads %.0f %%", "其他 JavaScript 线程 %.0f %%")              \
  X(SHOT_CPU_HELPERS, "libuv and V8 threads %.0f %%", "libuv 与 V8 线程 %.0f %%")                     \
  X(SHOT_CPU_OTHERS, "others %.0f %%", "其他 %.0f %%")                                               \
  X(SHOT_STALLS, "  longest turns of the event loop: %s", "  事件循环最长的轮次: %s")                      \
  X(SHOT_STALL, "%.0f ms (at %.1f s)", "%.0f 毫秒 (第 %.1f 秒)")                                      \
  X(SHOT_BLOCKED, "the present one has taken %s", "当前轮次已持续 %s")                                  \
  X(SUM_MS, "%.1f ms", "%.1f ms")                                                                  \
  X(SUM_S, "%.2f s", "%.2f s")                                                                     \
  X(SUM_FROM, "from %s", "来自 %s")                                                                  \
  X(SUM_PARTLY_FROM, "%.0f %% from %s", "%.0f %% 来自 %s")                                           \
  X(SUM_TIME, "Where the time of the thread went (%s)", "线程时间分布 (共 %s)")                          \
  X(SUM_BY_SELF, "Functions by self time (of %s not idle; second: with what they call)",           \
    "函数自身耗时排行 (非空闲时间共 %s; 第二列: 包含其调用)")                                                     \
  X(SUM_BY_TOTAL, "Functions by total time (of %s not idle; second: without what they call)",      \
    "函数总耗时排行 (非空闲时间共 %s; 第二列: 自身)")                                                         \
  X(CLASS_PROGRAM, "native code outside of JavaScript (program)", "JavaScript 之外的原生代码 (program)")    \
  X(CLASS_IDLE, "idle", "空闲")                                                                      \
  X(CLASS_GC, "garbage collector", "垃圾回收")                                                         \
  X(CLASS_JS, "application", "应用代码")                                                               \
  X(CLASS_PACKAGE, "packages (node_modules)", "依赖包 (node_modules)")                               \
  X(CLASS_NODE, "Node.js internals", "Node.js 内部")                                                 \
  X(CLASS_WASM, "WebAssembly", "WebAssembly")                                                      \
  X(CLASS_NATIVE, "native functions", "原生函数")                                                      \
  X(SUM_ALLOCATORS, "Biggest allocators (of %s in %.0f objects, estimated from samples; second: objects)", \
    "内存分配排行 (共 %s, %.0f 个对象, 由采样估算; 第二列: 对象数)")                                             \
  X(SUM_CONSTRUCTORS, "Constructors by own size (%s in %.0f objects; second: objects)",            \
    "构造函数自身大小排行 (共 %s, %.0f 个对象; 第二列: 对象数)")                                              \
  X(SUM_NONE, "  no summary: %s", "  无法生成概要: %s")                                                \
  X(SUM_TOO_LARGE, "the file is large; open it in DevTools", "文件过大, 请使用 DevTools 打开")              \
  X(SUM_UNREADABLE, "the file cannot be understood", "无法解析文件")                                       \
  X(SHOT_UNREADABLE, "the file %s cannot be read from here: %s", "无法读取文件 %s: %s")                  \
  X(SHOT_UNUSABLE, "the file %s cannot be converted: %s (byte %.0f)", "无法转换文件 %s: %s (字节 %.0f)")      \
  X(SHOT_ORIGINAL, "  the original stays where the process wrote it: %s", "  原始文件保留在: %s")            \
  X(SHOT_KEPT_HINT, "The profile is kept in %s", "采样文件保留在 %s")                                     \
  X(SHOT_RUNNING_HINT, "That one ends when its time is over; this ends it now: xprofctl %s -p %d%s", \
    "它会在设定的时长后结束; 立即结束: xprofctl %s -p %d%s")                                                  \
  X(SHOT_PENDING_HINT, "Not begun yet: %s. It begins when the thread is free.",                     \
    "尚未开始: %s. 线程空闲后即开始.")                                                                     \
  X(OPEN_DONE, "  opened on the desktop: %s", "  已在桌面打开: %s")                                       \
  X(OPEN_BY_HAND, "  there is no desktop here; open this with a browser (or DevTools): %s",         \
    "  当前没有桌面环境; 请使用浏览器 (或 DevTools) 打开: %s")                                                     \
  X(OPEN_FAILED, "  %s could not be opened: %s", "  无法打开 %s: %s")                                  \
  X(OUTPUT_UNUSABLE, "-o %s cannot be written: %s", "-o %s 无法写入: %s")                              \
  X(OUTPUT_FAILED, "%s could not be written: %s", "%s 写入失败: %s")                                   \
  X(OUTPUT_ONE, "-o - takes the file of one target; there are %zu", "-o - 只能输出一个目标的文件, 当前有 %zu 个")    \
  X(FORMAT_UNKNOWN, "there is no format \"%s\"; --format must be one of %s", "未知格式 \"%s\"; --format 必须是 %s 之一") \
  X(FORMAT_UNFIT, "the format %s cannot hold this (%s); possible are: %s", "格式 %s 不适用于%s; 可用: %s")    \
  X(SUM_GC, "%.0f collections took %s: %.1f %% of %s", "共 %.0f 次回收, 耗时 %s, 占 %.1f %% (共 %s)")      \
  X(SUM_GC_LONGEST_OF, "longest %s", "最长 %s")                                                      \
  X(SUM_GC_LONGEST, "Longest", "耗时最长")                                                             \
  X(SUM_GC_AT, "  %10s  at %.1f s  %s", "  %10s  第 %.1f 秒  %s")                                     \
  X(SUM_FACTS, "In short", "概要")                                                                   \
  X(SUM_HEAP, "  heap %s used, limit %s, external %s", "  堆: 已用 %s, 上限 %s, 外部内存 %s")                \
  X(SUM_PROCESS, "  process: RSS %s, %.0f threads, %.0f of %.0f file descriptors",                 \
    "  进程: RSS %s, %.0f 个线程, 文件描述符 %.0f / %.0f")                                                \
  X(SUM_HANDLES, "  active handles: %s", "  活动句柄: %s")                                              \
  X(SUM_STACK, "Stack (state of V8: %s)", "调用栈 (V8 状态: %s)")                                       \
  X(SUM_STACK_BLOCKED, "  The event loop has not turned for %.1f s.", "  事件循环已 %.1f 秒没有轮转.")           \
  X(SUM_STACK_NONE, "no JavaScript is running", "没有正在运行的 JavaScript")                              \
  X(SUM_STACK_MORE, "  ... %.0f more in the file", "  … 文件中还有 %.0f 帧")                                \
  X(LIVE_TIME, "%s / %s", "%s / %s")                                                               \
  X(LIVE_SECONDS, "%.1f s", "%.1f 秒")                                                             \
  X(LIVE_CONNECTING, "connecting", "正在连接")                                                         \
  X(LIVE_LEFT, "%s left", "剩余 %s")                                                                 \
  X(LIVE_HEAP, "heap %s", "堆 %s")                                                                  \
  X(LIVE_GC, "%.0f GCs, %.0f ms", "GC %.0f 次, %.0f 毫秒")                                            \
  X(LIVE_DELAY, "loop delay %.0f ms", "循环延迟 %.0f 毫秒")                                              \
  X(LIVE_TARGETS, "%s, %zu targets", "%s, %zu 个目标")                                               \
  X(TARGETS_MANY, "more than %d targets at once", "一次最多 %d 个目标")                                  \
  X(TARGETS_NONE, "no process with xprofiler matches (xprofctl list shows all)",                   \
    "没有匹配的 xprofiler 进程 (使用 xprofctl list 查看)")                                                  \
  X(TITLE_WRONG, "--title \"%s\" is not a regular expression: %s", "--title \"%s\" 不是正确的正则表达式: %s") \
  X(OPTIONS_APART, "%s and %s exclude each other", "%s 与 %s 不能同时使用")                              \
  /* list */                                                                                       \
  X(LIST_PID, "PID", "进程")                                                                         \
  X(LIST_THREADS, "THREADS", "线程")                                                                 \
  X(LIST_CPU, "CPU%", "CPU%")                                                                      \
  X(LIST_RSS, "RSS", "RSS")                                                                        \
  X(LIST_HEAP, "HEAP", "堆内存")                                                                      \
  X(LIST_LIMIT, "LIMIT", "堆上限")                                                                    \
  X(LIST_DELAY, "DELAY P99", "循环延迟 P99")                                                           \
  X(LIST_UPTIME, "UPTIME", "运行时长")                                                                 \
  X(LIST_NODE, "NODE", "NODE")                                                                     \
  X(LIST_VERSION, "XPROFILER", "XPROFILER")                                                        \
  X(LIST_TITLE, "TITLE", "程序")                                                                     \
  X(LIST_SILENT, "not answering", "无响应")                                                           \
  X(LIST_PLAIN, "not instrumented", "未加载 xprofiler")                                                  \
  X(LIST_PLAIN_HINT, "To load xprofiler into one that is not instrumented: xprofctl attach -p PID", \
    "为未加载的进程加载 xprofiler: xprofctl attach -p PID")                                                  \
  X(LIST_BLOCKED, "blocked %.0f s", "阻塞 %.0f 秒")                                                  \
  X(LIST_FAILED, "the processes cannot be listed: %s", "无法列出进程: %s")                              \
  X(LIST_UNUSABLE, "not usable: %s", "不可用: %s")                                                    \
  X(LIST_EMPTY, "No running process with xprofiler was found.", "没有找到运行 xprofiler 的进程.")           \
  X(LIST_EMPTY_USER,                                                                               \
    "No running process of yours with xprofiler was found (with sudo, those of all users are listed).", \
    "没有找到您的运行 xprofiler 的进程 (使用 sudo 可列出所有用户的进程).")                                               \
  /* top */                                                                                        \
  X(TOP_TITLE_CPU, "CPU%", "CPU%")                                                                 \
  X(TOP_LABEL_CPU, "CPU use, of one core", "CPU 使用率 (单核)")                                    \
  X(TOP_TITLE_RSS, "RSS", "RSS")                                                                   \
  X(TOP_LABEL_RSS, "resident memory", "常驻内存")                                                      \
  X(TOP_TITLE_HEAP, "HEAP", "堆")                                                                   \
  X(TOP_LABEL_HEAP, "JS heap used", "JS 堆已用")                                                      \
  X(TOP_TITLE_LIMIT, "LIMIT", "上限")                                                                \
  X(TOP_LABEL_LIMIT, "limit of the JS heap", "JS 堆上限")                                             \
  X(TOP_TITLE_FULL, "FULL%", "堆%")                                                                 \
  X(TOP_LABEL_FULL, "heap used of its limit", "堆占用比例")                                             \
  X(TOP_TITLE_GC, "GC%", "GC%")                                                                    \
  X(TOP_LABEL_GC, "time in collections", "GC 时间占比")                                         \
  X(TOP_TITLE_DELAY, "DELAY", "延迟")                                                                \
  X(TOP_LABEL_DELAY, "event loop delay, p99", "事件循环延迟 p99")                                        \
  X(TOP_TITLE_ELU, "ELU%", "ELU%")                                                                 \
  X(TOP_LABEL_ELU, "event loop utilization", "事件循环利用率")                                            \
  X(TOP_TITLE_RATE, "REQ/s", "请求")                                                                 \
  X(TOP_LABEL_RATE, "HTTP responses a second", "每秒 HTTP 响应")                                       \
  X(TOP_TITLE_LATENCY, "LAT99", "耗时")                                                              \
  X(TOP_LABEL_LATENCY, "HTTP latency, p99", "HTTP 耗时 p99")                                         \
  X(TOP_TITLE_HANDLES, "HNDLS", "句柄")                                                              \
  X(TOP_LABEL_HANDLES, "active libuv handles", "活动 libuv 句柄")                                      \
  X(TOP_TITLE_WAIT, "WAIT%", "等待")                                                                 \
  X(TOP_LABEL_WAIT, "ready but without a CPU", "就绪但未获得 CPU")                                       \
  X(TOP_TITLE_THROTTLED, "THRT%", "限流")                                                            \
  X(TOP_LABEL_THROTTLED, "throttled by the cgroup", "被 cgroup 限流")                                 \
  X(TOP_TITLE_UPTIME, "UPTIME", "时长")                                                              \
  X(TOP_LABEL_UPTIME, "time since xprofiler was loaded", "xprofiler 加载时长")                         \
  X(TOP_TITLE_NAME, "NAME", "程序") \
  X(TOP_STOPPED, "stopped %.0f s", "已暂停 %.0f 秒")                                                   \
  X(TOP_SILENT, "no answer %.0f s", "无响应 %.0f 秒")                                                  \
  X(TOP_GONE, "gone", "已退出")                                                                       \
  X(TOP_MAIN, "main thread", "主线程")                                                                \
  X(TOP_WORKER, "worker %u", "Worker %u")                                                          \
  X(TOP_HEADER, "%s  %.0f CPUs  load %.2f %.2f %.2f  memory %s of %s", "%s  %.0f 个 CPU  负载 %.2f %.2f %.2f  内存 %s / %s") \
  X(TOP_PROCESS, "%zu process, ", "%zu 个进程, ")                                                     \
  X(TOP_PROCESSES, "%zu processes, ", "%zu 个进程, ")                                                 \
  X(TOP_THREAD, "%zu thread", "%zu 个线程")                                                           \
  X(TOP_THREADS, "%zu threads", "%zu 个线程")                                                         \
  X(TOP_TROUBLE, "%zu blocked, %zu silent", "%zu 个阻塞, %zu 个无响应")                                   \
  X(TOP_EVERY, "every %g s", "每 %g 秒")                                                             \
  X(TOP_PAUSED, "PAUSED", "已暂停刷新")                                                                 \
  X(TOP_FILTERED, "filter: %s", "过滤: %s")                                                          \
  X(TOP_FILTER_PROMPT, "filter (name, pid, state): %s", "过滤 (名称, 进程号, 状态): %s")                    \
  X(TOP_SEARCHING, "Looking for processes with xprofiler ...", "正在查找运行 xprofiler 的进程 ...")         \
  X(TOP_NO_MATCH, "No process matches the filter. Esc shows all.", "没有匹配的进程. 按 Esc 显示全部.")         \
  X(TOP_KEYS_MOVE, "select", "选择")                                                                 \
  X(TOP_KEYS_SORT, "sort", "排序")                                                                   \
  X(TOP_KEYS_FILTER, "filter", "过滤")                                                               \
  X(TOP_KEYS_THREADS, "threads", "线程")                                                             \
  X(TOP_KEYS_DETAIL, "detail", "详情")                                                               \
  X(TOP_KEYS_CPU, "CPU", "CPU")                                                                    \
  X(TOP_KEYS_SNAPSHOT, "snapshot", "快照")                                                           \
  X(TOP_KEYS_HELP, "help", "帮助")                                                                   \
  X(TOP_KEYS_QUIT, "quit", "退出")                                                                   \
  X(TOP_HELP_TITLE, "Keys", "按键")                                                                  \
  X(TOP_HELP_MOVE, "select a row", "选择行")                                                          \
  X(TOP_HELP_SORT, "sort by the column on the left, on the right", "按左/右侧的列排序")                    \
  X(TOP_HELP_LETTERS, "sort by:", "排序:")                                                           \
  X(TOP_HELP_REVERSE, "reverse the order", "反转顺序")                                                 \
  X(TOP_HELP_FILTER, "filter by name, pid or state; Esc shows all", "按名称, 进程号或状态过滤; Esc 显示全部")     \
  X(TOP_HELP_THREADS, "threads: of this process, of all", "展开/收起线程: 当前进程, 所有进程")                   \
  X(TOP_HELP_DETAIL, "detail pane of the selected row", "当前行的详情")                                  \
  X(TOP_HELP_PAUSE, "hold the picture; again: go on", "暂停/继续刷新")                                   \
  X(TOP_HELP_DELAY, "look more often, less often", "缩短/延长刷新间隔")                                    \
  X(TOP_HELP_JOBS, "in the selected process or thread:", "对当前进程或线程:")                              \
  X(TOP_HELP_CPU, "CPU profile of 10 s; again: stop it now", "10 秒 CPU 采样; 再按一次立即停止")              \
  X(TOP_HELP_ALLOC, "heap profile of 10 s; again: stop it now", "10 秒堆分配采样; 再按一次立即停止")             \
  X(TOP_HELP_GC, "record of garbage collections of 10 s", "10 秒 GC 采样")                            \
  X(TOP_HELP_SNAPSHOT, "heap snapshot; asks first, as it pauses the thread", "堆快照; 会暂停线程, 需确认")    \
  X(TOP_HELP_REPORT, "diagnostic report", "诊断报告")                                                  \
  X(TOP_HELP_END, "Any key goes back.", "按任意键返回.")                                                 \
  X(TOP_HELP_ROWS, "A process has the sum of its threads (heap, requests, handles) or the worst of them (FULL, GC, DELAY, ELU, LAT99).", "进程行为其线程之和 (堆, 请求, 句柄) 或最差值 (堆占比, GC, 延迟, ELU, 耗时).") \
  X(TOP_ASK_SNAPSHOT, "A heap snapshot pauses thread %u of process %d while V8 walks %s of heap. Take it? [y/N]", "堆快照会暂停进程 %2$d 的线程 %1$u (堆 %3$s). 是否继续? [y/N]") \
  X(TOP_JOB_RUNNING, "%s of %d: %s", "%s (进程 %d): %s")                                             \
  X(TOP_JOB_DONE, "%s of %d: %s (%s)", "%s (进程 %d): %s (%s)")                                      \
  X(TOP_JOB_FAILED, "%s of %d failed: %s", "%s (进程 %d) 失败: %s")                                    \
  X(TOP_JOB_BUSY, "Too many jobs at once; wait until one is done.", "同时进行的任务过多, 请等待其完成.")          \
  X(TOP_JOB_NONE, "Select a process first.", "请先选择进程.")                                            \
  X(TOP_JOB_CPU, "CPU profile", "CPU 采样")                                                          \
  X(TOP_JOB_ALLOC, "heap profile", "堆采样")                                                          \
  X(TOP_JOB_GC, "GC profile", "GC 采样")                                                             \
  X(TOP_JOB_SNAPSHOT, "heap snapshot", "堆快照")                                                      \
  X(TOP_JOB_REPORT, "report", "诊断报告")                                                              \
  X(TOP_NO_TERMINAL, "top needs a terminal; for scripts: xprofctl top --once", "top 需要终端; 脚本请使用: xprofctl top --once") \
  X(TOP_BAD_TERMINAL, "the terminal type \"%s\" is not known here; set TERM, or use xprofctl top --once", "无法识别的终端类型 \"%s\"; 请设置 TERM, 或使用 xprofctl top --once") \
  X(TOP_BAD_SORT, "--sort must be one of the columns that xprofctl help top lists, not \"%s\"", "--sort 必须是 xprofctl help top 列出的列之一, 而不是 \"%s\"") \
  X(TOP_FAILED, "the live view cannot be shown: %s", "无法显示实时视图: %s")                               \
  /* watch */                                                                                      \
  X(WATCH_UNKNOWN, "process %d has no metric %s", "进程 %d 没有指标 %s")                                 \
  X(WATCH_NO_RATE, "%s is not a number, so it has no rate", "%s 不是数字, 无法计算速率")                     \
  X(WATCH_NO_THREAD, "process %d has no thread %u", "进程 %d 没有线程 %u")                               \
  X(WATCH_LIST_HINT, "The keys: xprofctl watch -p %d", "查看所有指标: xprofctl watch -p %d")             \
  X(WATCH_OF_PROCESS, "of the process:", "进程指标:")                                                  \
  X(WATCH_OF_THREAD, "of thread %u:", "线程 %u 指标:")                                                 \
  X(WATCH_TIME, "time", "时间")                                                                      \
  X(WATCH_LIST_END, "KEY/s is the growth of a counter in a second. docs/metrics.md explains the keys.", "KEY/s 为计数器每秒增量. 各指标说明见 docs/metrics.md.") \
  /* logs */                                                                                       \
  X(LOGS_NO_DIR, "process %d does not say where its log is", "进程 %d 未提供日志目录")                      \
  X(LOGS_OPEN, "the log %s cannot be read: %s", "无法读取日志 %s: %s")                                   \
  X(LOGS_NONE, "There is no log in %s yet; a record is written every log_interval.", "%s 中还没有日志; 每个 log_interval 写入一次.") \
  X(LOGS_EMPTY, "The log has no line of process %d; --all-pids shows the others.", "日志中没有进程 %d 的行; --all-pids 显示其他进程.") \
  X(COMPLETION_SHELL, "completion needs the name of a shell: bash, zsh or fish; not \"%s\"", "completion 需要 shell 名称: bash, zsh 或 fish; 而不是 \"%s\"") \
  /* failures */                                                                                   \
  X(FAILED, "Command failed: %s", "执行命令失败: %s")                                                    \
  X(NO_PROCESS, "process %d does not exist", "进程 %d 不存在")                                          \
  X(NOT_STARTED,                                                                                   \
    "process %d (%s) does not run xprofiler; call require('xprofiler')() in it, or start it with " \
    "node -r xprofiler/register",                                                                  \
    "进程 %d (%s) 没有启动 xprofiler; 请在代码中调用 require('xprofiler')(), 或使用 node -r xprofiler/register 启动") \
  X(NOT_STARTED_HINT, "Load it now, without a restart: xprofctl attach -p %d",                     \
    "无需重启即可加载: xprofctl attach -p %d")                                                               \
  X(NOT_NODE, "process %d (%s) is not a Node.js process", "进程 %d (%s) 不是 Node.js 进程")                \
  X(FOREIGN, "process %d belongs to user %s; run xprofctl as that user or with sudo",              \
    "进程 %d 属于用户 %s; 请以该用户身份或使用 sudo 运行 xprofctl")                                                \
  X(DENIED,                                                                                        \
    "process %d has no xprofiler that can be seen from here (%s): it does not run it, or it is in a " \
    "container that this user may not look into",                                                  \
    "无法从此处找到进程 %d 的 xprofiler (%s): 该进程未启动 xprofiler, 或位于当前用户无权访问的容器中")                          \
  X(IMPOSTOR,                                                                                      \
    "the socket of process %d is served by another process (pid %d, uid %u); nothing was sent to it", \
    "进程 %d 的套接字由其他进程提供 (pid %d, uid %u), 未发送任何命令")                                               \
  X(DIED, "process %d ended before it answered", "进程 %d 在响应之前已经退出")                                \
  X(CLOSED, "process %d closed the connection before it answered", "进程 %d 在响应之前关闭了连接")              \
  X(TIMEOUT, "process %d did not answer within %g s", "进程 %d 在 %g 秒内没有响应")                         \
  X(TIMEOUT_HINT, "It may be stopped or overloaded; --timeout SECONDS waits longer.",              \
    "进程可能已被暂停或负载过高; 可使用 --timeout SECONDS 延长等待时间.")                                              \
  X(TIMEOUT_WAIT_HINT, "The work goes on in the process; its file will be %s",                     \
    "任务仍在进程中继续, 结果文件: %s")                                                                       \
  X(GARBAGE, "process %d answered something that is not xprofiler's protocol",                     \
    "进程 %d 的响应不符合 xprofiler 协议")                                                                 \
  X(UNREACHABLE, "process %d cannot be reached: %s", "无法连接进程 %d: %s")                              \
  X(OUT_OF_MEMORY, "xprofctl ran out of memory", "xprofctl 内存不足")                                  \
  X(OUTPUT_LOST, "the output could not be written: %s", "输出无法写入: %s")                              \
  X(HINT_DISK_FULL, "The disk is full: make room in the log_dir of the process, or start it with another.", \
    "磁盘已满: 请清理该进程的 log_dir, 或更换 log_dir 后重新启动.")                                                 \
  X(HINT_BUSY, "Too many clients ask this process at once; try again in a moment.",                \
    "同时访问该进程的客户端过多, 请稍后再试.")                                                                      \
  X(HINT_THREAD, "Its threads: xprofctl list_environments -p %d", "查看线程列表: xprofctl list_environments -p %d") \
  X(HINT_METHOD, "The xprofiler in the process is older than this xprofctl (%s).",                 \
    "该进程中的 xprofiler 版本低于当前 xprofctl (%s).")                                                       \
  /* attach */                                                                                     \
  X(ATTACH_ALREADY, "Process %d runs xprofiler %s already; nothing was done.",                     \
    "进程 %d 已经运行 xprofiler %s, 未做任何操作.")                                                              \
  X(ATTACH_DONE, "Process %d (Node.js %s) runs xprofiler %s now; that took %.0f ms.",              \
    "进程 %d (Node.js %s) 现已运行 xprofiler %s, 用时 %.0f 毫秒.")                                             \
  X(ATTACH_WORKERS,                                                                                \
    "  worker threads: %u have it too, %u did not take it; those that start later do not get it",  \
    "  Worker 线程: %u 个已加载, %u 个未加载; 之后启动的 Worker 不会自动加载")                                         \
  X(ATTACH_LEFT_OPEN, "  its inspector was open (port %u) and still is",                           \
    "  其调试端口 %u 原本已打开, 保持不变")                                                                     \
  X(ATTACH_ASK,                                                                                    \
    "Load xprofiler into process %d? Its inspector opens on its own machine, port %u, for a moment. [Y/n] ", \
    "将 xprofiler 加载到进程 %d? 其调试端口 (本机 %u) 会短暂打开. [Y/n] ")                                         \
  X(ATTACH_DECLINED, "nothing was done", "未做任何操作")                                                 \
  X(ATTACH_STEP_SIGNAL, "asking it to open its inspector (SIGUSR1)", "请求其打开调试端口 (SIGUSR1)")         \
  X(ATTACH_STEP_OPENED, "its inspector opened on port %u", "调试端口 %u 已打开")                            \
  X(ATTACH_STEP_USE, "its inspector is open already, on port %u", "调试端口 %u 原本已打开")                   \
  X(ATTACH_STEP_LOAD, "loading %s", "加载 %s")                                                       \
  X(ATTACH_STEP_CLOSE, "closing the inspector", "关闭调试端口")                                          \
  X(ATTACH_STEP_VERIFY, "asking xprofiler for its version", "查询 xprofiler 版本")                       \
  X(ATTACH_EXE, "what process %d runs cannot be seen (%s)", "无法查看进程 %d 运行的程序 (%s)")                  \
  X(ATTACH_SOCKETS, "the sockets of process %d cannot be seen (%s)", "无法查看进程 %d 的套接字 (%s)")           \
  X(ATTACH_STOPPED, "process %d is stopped, so it cannot load anything", "进程 %d 已被暂停, 无法加载")        \
  X(ATTACH_STOPPED_HINT, "Let it go on: kill -CONT %d", "恢复运行: kill -CONT %d")                       \
  X(ATTACH_MACHINE, "process %d is a program for %s, this xprofctl is for %s",                     \
    "进程 %d 是 %s 架构的程序, 而此 xprofctl 为 %s 架构")                                                      \
  X(ATTACH_LOST, "the package that this xprofctl belongs to was not found beside it",              \
    "未找到此 xprofctl 所属的 npm 包")                                                                   \
  X(ATTACH_LOST_HINT, "Say where it is: --package DIR (the directory with lib/attach.js)",         \
    "请指定其位置: --package DIR (包含 lib/attach.js 的目录)")                                               \
  X(ATTACH_NO_PACKAGE, "%s is no xprofiler package: it has no lib/attach.js",                      \
    "%s 不是 xprofiler 包: 缺少 lib/attach.js")                                                        \
  X(ATTACH_INVISIBLE,                                                                              \
    "process %d has a file system of its own (a container), in which there is no %s",              \
    "进程 %d 拥有独立的文件系统 (容器), 其中没有 %s")                                                              \
  X(ATTACH_INVISIBLE_HINT,                                                                         \
    "Copy the package into it, for example: docker cp %s CONTAINER:/tmp/xprofiler; then add --package /tmp/xprofiler", \
    "请将该包复制进去, 例如: docker cp %s CONTAINER:/tmp/xprofiler; 然后添加 --package /tmp/xprofiler")             \
  X(ATTACH_UNREADABLE, "the user of the process (uid %u, pid %d) may not read %s",                 \
    "该进程的用户 (uid %u, 进程 %d) 无权读取 %s")                                                             \
  X(ATTACH_UNREADABLE_HINT, "Copy the package to where that user may read, and add --package DIR", \
    "请将该包复制到该用户可读的位置, 并添加 --package DIR")                                                          \
  X(ATTACH_NO_BINARY, "the package %s has no binary for %s, which process %d runs",                \
    "包 %s 没有适用于 %s 的二进制文件 (进程 %d)")                                                               \
  X(ATTACH_NO_BINARY_HINT,                                                                         \
    "Install it with that Node.js (npm install xprofiler; in a checkout: npm run build), or name a package that has one: --package DIR", \
    "请使用该 Node.js 版本安装 (npm install xprofiler; 源码目录: npm run build), 或用 --package DIR 指定")              \
  X(ATTACH_ADDONS, "process %d may not load native addons (%s)", "进程 %d 不允许加载原生插件 (%s)")              \
  X(ATTACH_ADDONS_HINT, "Start it with --allow-addons, or without that option.",                   \
    "请使用 --allow-addons 启动, 或去掉该选项.")                                                              \
  X(ATTACH_NETWORK, "process %d has a network of its own (a container), which only root may enter", \
    "进程 %d 拥有独立的网络 (容器), 只有 root 可以进入")                                                            \
  X(ATTACH_NETWORK_HINT, "Run xprofctl with sudo, or inside that container.",                      \
    "请使用 sudo 运行 xprofctl, 或在该容器内运行.")                                                             \
  X(ATTACH_HIDDEN, "the inspector of process %d does not tell its id (--inspect-publish-uid)",     \
    "进程 %d 的调试端口不公布其标识 (--inspect-publish-uid)")                                                  \
  X(ATTACH_YOUNG,                                                                                  \
    "process %d does not catch SIGUSR1, so that signal would end it; it was not sent",             \
    "进程 %d 没有处理 SIGUSR1, 该信号会使其终止, 因此未发送")                                                        \
  X(ATTACH_IGNORED, "process %d ignores SIGUSR1, with which Node.js opens its inspector",          \
    "进程 %d 忽略 SIGUSR1, 而 Node.js 通过该信号打开调试端口")                                                     \
  X(ATTACH_DISABLED, "process %d does not open its inspector on SIGUSR1 (--disable-sigusr1)",      \
    "进程 %d 不会因 SIGUSR1 打开调试端口 (--disable-sigusr1)")                                               \
  X(ATTACH_ROOM,                                                                                   \
    "process %d may have %u more threads, attaching takes %d, and Node.js aborts where its inspector gets none: it was not asked to open it", \
    "进程 %d 还可创建 %u 个线程, attach 需要 %d 个; 调试端口无法创建线程时 Node.js 会中止, 因此未请求打开")                                      \
  X(ATTACH_ROOM_HINT,                                                                              \
    "Raise its limit (pids.max of its cgroup, or ulimit -u of its user), then attach works.",      \
    "请提高其上限 (cgroup 的 pids.max, 或该用户的 ulimit -u) 后再 attach.")                                     \
  X(ATTACH_RESTART_HINT,                                                                           \
    "Start it with xprofiler instead: node --require xprofiler/register; or with --inspect, then attach works.", \
    "请改用 node --require xprofiler/register 启动; 或使用 --inspect 启动后再 attach.")                         \
  X(ATTACH_PORT_TAKEN,                                                                             \
    "process %d would open its inspector on port %u, which process %d has (%s); it was not asked to", \
    "进程 %d 的调试端口 %u 已被进程 %d 占用 (%s), 因此未请求打开")                                                     \
  X(ATTACH_PORT_TAKEN_HINT,                                                                        \
    "Wait until that port is free, or start the application with --inspect-port=0 or with --require xprofiler/register.", \
    "请等待该端口空闲, 或使用 --inspect-port=0 或 --require xprofiler/register 启动应用.")                         \
  X(ATTACH_SIGNAL, "SIGUSR1 could not be sent to process %d (%s)", "无法向进程 %d 发送 SIGUSR1 (%s)")       \
  X(ATTACH_SILENT, "process %d did not open its inspector within %g s",                            \
    "进程 %d 在 %g 秒内没有打开调试端口")                                                                     \
  X(ATTACH_SILENT_HINT,                                                                            \
    "Its main thread is blocked in native code, or the application handles SIGUSR1 itself. Should the inspector open within %d minutes, it is closed again.", \
    "其主线程可能阻塞在原生代码中, 或应用自行处理 SIGUSR1. 若调试端口在 %d 分钟内打开, 会自动关闭.")                                       \
  X(ATTACH_SESSION, "the inspector of process %d (port %u) cannot be used: %s",                    \
    "进程 %d 的调试端口 %u 无法使用: %s")                                                                    \
  X(ATTACH_TIMEOUT, "process %d did not load xprofiler within %g s", "进程 %d 在 %g 秒内没有完成加载")         \
  X(ATTACH_REFUSED, "process %d could not load it: %s", "进程 %d 加载失败: %s")                          \
  X(ATTACH_WAITING, "process %d waits for its debugger and has not begun yet (--inspect-brk)",     \
    "进程 %d 正在等待调试器, 尚未开始运行 (--inspect-brk)")                                                      \
  X(ATTACH_WAITING_HINT, "Let it run in the debugger, then attach.", "请先在调试器中让其运行, 然后再 attach.")       \
  X(ATTACH_STILL_OPEN, "process %d runs xprofiler now, but its inspector is still open on port %u", \
    "进程 %d 现已运行 xprofiler, 但调试端口 %u 仍未关闭")                                                        \
  X(ATTACH_STILL_OPEN_HINT, "It was asked to close and does so as soon as its main thread is free.", \
    "已请求关闭, 主线程空闲后立即生效.")                                                                          \
  /* files of profiles */                                                                          \
  X(FILE_UNREADABLE, "%s cannot be read: %s", "无法读取 %s: %s")                                      \
  X(FILE_UNWRITABLE, "%s cannot be written: %s", "无法写入 %s: %s")                                   \
  X(PROFILE_UNREADABLE, "%s is no profile that can be read: %s, at byte %llu",                     \
    "无法解析采样文件 %s: %s, 位于第 %llu 字节")                                                              \
  X(PROFILE_FORMATS, "These formats are read: %s", "支持读取的格式: %s")                                \
  X(PROFILE_INCOMPLETE, "Not all of it was written or copied: copy it again, or take the profile once more.", \
    "文件未写完或未复制完整: 请重新复制, 或重新采集.") \
  X(STANDARD_INPUT, "standard input", "标准输入") \
  X(STANDARD_OUTPUT, "standard output", "标准输出") \
  X(OUTPUT_IS_INPUT, "%s is read, so it is not written to: name another file", "%s 是输入文件, 不会被写入: 请指定其他文件") \
  X(PROFILE_EMPTY, "there is nothing in the profile %s: take it once more", "采样文件 %s 中没有数据: 请重新采集") \
  X(FORMAT_WRONG, "%s must be one of %s; not \"%s\"", "%s 必须是 %s 之一, 而不是 \"%s\"")              \
  X(FORMAT_UNCLEAR, "the format is not clear from the name %s: give --format, one of %s",          \
    "无法由文件名 %s 判断格式: 请使用 --format 指定 %s 之一")                                                     \
  X(CONVERT_UNFIT, "the format %s cannot hold the profile %s: it is of another kind", "格式 %s 无法保存 %s 这类采样数据") \
  X(FORMAT_NEEDS_TIME, "the format %s needs samples in the order of time, which the profile %s does not have", \
    "格式 %s 需要按时间排列的样本, 采样文件 %s 中没有")                                                                  \
  X(FORMATS_FIT, "These formats can: %s", "可用的格式: %s")                                        \
  X(OUTPUT_BINARY, "this format is not text: it is not written to a terminal; name a file",        \
    "该格式不是文本, 不会输出到终端; 请指定文件")                                                                    \
  X(HINT_NO_SPACE, "The disk is full: make room, or name a file on another disk.", "磁盘已满: 请清理, 或指定其他磁盘上的文件.") \
  X(VALUE_UNKNOWN, "--value must be one of %s; not \"%s\"", "--value 必须是 %s 之一, 而不是 \"%s\"")     \
  X(CONVERTED, "%s: %s, %s, nodes: %.0f%s", "%s: %s, %s, 节点: %.0f%s")                              \
  X(CONVERTED_SAMPLES, ", samples: %.0f", ", 样本: %.0f")                                           \
  X(SORT_WRONG, "--sort must be self or total, not \"%s\"", "--sort 必须是 self 或 total, 而不是 \"%s\"") \
  X(SCALE_WRONG, "--scale must be duration, total or none, not \"%s\"",                            \
    "--scale 必须是 duration, total 或 none, 而不是 \"%s\"")                                             \
  X(SCALE_NO_DURATION, "one of the profiles does not say how long it took; use --scale total",     \
    "采样文件中没有时长信息; 请使用 --scale total")                                                             \
  X(TOP_HEAD, "%s: %s in %.0f functions", "%s: %s, 共 %.0f 个函数")                                   \
  X(TOP_SELF, "SELF", "自身")                                                                        \
  X(TOP_TOTAL, "TOTAL", "合计")                                                                      \
  X(TOP_FUNCTION, "FUNCTION", "函数")                                                                \
  X(DIFF_HEAD, "%s, %s", "%s, %s")                                                                 \
  X(DIFF_BY_TOTAL, "as a share of the total", "占总量的比例")                                            \
  X(DIFF_BY_DURATION, "per second of profile", "按采样时长折算为每秒")                                       \
  X(DIFF_ABSOLUTE, "as measured", "原始数值")                                                          \
  X(DIFF_BASE_SELF, "SELF A", "自身 A")                                                              \
  X(DIFF_SELF, "SELF B", "自身 B")                                                                   \
  X(DIFF_SELF_CHANGE, "CHANGE", "自身变化")                                                            \
  X(DIFF_TOTAL_CHANGE, "TOTAL CHANGE", "合计变化")                                                     \
  X(DIFF_NOTHING_COMMON, "%s and %s have no type of value in common: the first has %s, the second %s", "%s 与 %s 没有共同的数值类型: 前者为 %s, 后者为 %s") \
  X(DIFF_SAME_KIND, "Compare profiles of one kind: two of CPU, or two of the heap.", "请比较同类的采样文件: 同为 CPU 或同为堆内存.") \
  X(DIFF_PAGE, "flame graph of the difference: %s", "差异火焰图: %s")                                   \
  /* usage */                                                                                      \
  X(USAGE_HINT, "See: xprofctl help %s", "查看帮助: xprofctl help %s")                                 \
  X(USAGE_HINT_GENERAL, "See: xprofctl help", "查看帮助: xprofctl help")                               \
  X(NO_COMMAND, "a command is missing", "缺少命令")                                                    \
  X(UNKNOWN_COMMAND, "unknown command: %s", "未知命令: %s")                                            \
  X(UNKNOWN_OPTION, "unknown option: %s", "未知选项: %s")                                              \
  X(DID_YOU_MEAN, "%s; did you mean %s?", "%s; 您是否想输入 %s?")                                        \
  X(NOT_FOR_COMMAND, "%s does not take the option %s", "命令 %s 不支持选项 %s")                            \
  X(OPERANDS_MISSING, "%s needs %s", "命令 %s 缺少参数: %s")                                            \
  X(VALUE_MISSING, "the option %s needs a value", "选项 %s 缺少值")                                      \
  X(VALUE_UNWANTED, "the option %s takes no value", "选项 %s 不需要值")                                   \
  X(NOT_WHOLE, "%s must be a whole number from %.0f to %.0f, not \"%s\"",                          \
    "%s 必须是 %.0f 到 %.0f 之间的整数, 而不是 \"%s\"")                                                       \
  X(NOT_NUMBER, "%s must be a number from %g to %g, not \"%s\"", "%s 必须是 %g 到 %g 之间的数字, 而不是 \"%s\"") \
  X(NOT_DURATION, "%s must be a time from %.0fms to %.0fd, such as 500ms, 10s or 2m, not \"%s\"",        \
    "%s 必须是 %.0fms 到 %.0fd 之间的时长, 例如 500ms, 10s, 2m, 而不是 \"%s\"")                                      \
  X(PIDS_MANY, "at most %d processes can be named; --all takes every one",                         \
    "最多可指定 %d 个进程; --all 表示所有进程")                                                                  \
  X(PIDS_ONE, "%s takes one process, not several", "命令 %s 只能指定一个进程")                                \
  X(NOT_FLAG, "%s must be true or false, not \"%s\"", "%s 必须是 true 或 false, 而不是 \"%s\"")           \
  X(NOT_NAME, "--name must be a file name without '/', not beginning with '.', of at most 200 bytes", \
    "--name 必须是不含 '/'、不以 '.' 开头、不超过 200 字节的文件名")                                                   \
  X(PID_MISSING, "a process is needed: -p PID (xprofctl list shows them)",                         \
    "缺少进程号: -p PID (使用 xprofctl list 查看)")                                                         \
  X(TARGET_MISSING, "a process is needed: -p PID, --title REGEX or --all (xprofctl list shows them)", \
    "缺少进程: -p PID, --title REGEX 或 --all (使用 xprofctl list 查看)")                                     \
  X(PID_WRONG, "a process id is a whole number from 1 to 2147483647, not \"%s\"",                  \
    "进程号必须是 1 到 2147483647 之间的整数, 而不是 \"%s\"")                                                     \
  X(PID_POSITIONAL, "unexpected argument: %s; did you mean -p %s?", "多余的参数: %s; 您是否想输入 -p %s?")     \
  X(UNEXPECTED, "unexpected argument: %s", "多余的参数: %s")                                            \
  X(CONFIG_FIXED, "%s cannot be changed while the process runs", "%s 不能在进程运行时修改")                  \
  X(CONFIG_NOTHING, "what shall be set? For example --log_level 2 or --enable_http_profiling",     \
    "缺少配置项, 例如 --log_level 2 或 --enable_http_profiling")                                          \
  X(ACTION_MISSING, "what shall be cancelled? --action heapdump, for example",                     \
    "缺少要取消的命令, 例如 --action heapdump")                                                             \
  X(ACTION_WRONG, "--action must be one of %s; not \"%s\"", "--action 必须是 %s 之一, 而不是 \"%s\"")      \
  /* help */                                                                                       \
  X(HELP_USAGE, "Usage: %s", "用法: %s")                                                             \
  X(HELP_OPTIONS_WORD, "[options]", "[选项]")                                                        \
  X(HELP_GENERAL, "xprofctl COMMAND -p PID [options]", "xprofctl 命令 -p PID [选项]")                  \
  X(HELP_ABOUT, "Look inside running Node.js processes that use xprofiler.",                       \
    "查看并诊断运行 xprofiler 的 Node.js 进程.")                                                          \
  X(HELP_COMMANDS, "Commands:", "命令:")                                                             \
  X(HELP_OPTIONS, "Options:", "选项:")                                                               \
  X(HELP_SHOT,                                                                                     \
    "Begins, waits for the complete file and tells what is in it. With -o or --format the file\n"    \
    "leaves log_dir, when this user may remove it there. Several processes: -p 1 -p 2, or 1 2;\n"    \
    "their files get the pid into their names. It waits always; --timeout has no default here.",   \
    "开始采集, 等待文件写入完成并显示概要. 使用 -o 或 --format 时, 若有权限则从 log_dir 中移走原文件.\n"                       \
    "多个进程: -p 1 -p 2 或 1 2, 输出文件名会加上进程号. 总是等待完成; --timeout 没有默认值.")                              \
  X(HELP_SHOT_TIME,                                                                                \
    "Without -t it takes %s. Ctrl-C stops early and still yields the file; a second one gives up.", \
    "未指定 -t 时采集 %s. Ctrl-C 提前结束但仍会得到文件; 再按一次则放弃.")                                                \
  X(HELP_SHOT_FORMATS, "Formats: %s", "格式: %s")                                                    \
  X(HELP_KEYS, "Configuration keys:", "配置项:")                                                      \
  X(HELP_MORE, "xprofctl help COMMAND says more. Exit status: 0 done, 1 refused or failed, 2 usage, 3 no such target.", \
    "xprofctl help 命令 查看详情. 退出码: 0 完成, 1 被拒绝或失败, 2 用法错误, 3 目标不存在.")                                   \
  X(HELP_ALIAS, "Also: %s", "别名: %s")                                                              \
  X(HELP_OPTION_ALIAS, "also: --%s", "别名: --%s")                                                    \
  X(SECONDS, "%.3g s", "%.3g 秒")                                                                   \
  X(MINUTES, "%.0fm %.0fs", "%.0f 分 %.0f 秒")                                                       \
  X(HOURS, "%.0fh %.0fm", "%.0f 小时 %.0f 分")                                                        \
  X(DAYS, "%.0fd %.0fh", "%.0f 天 %.0f 小时")
/* clang-format on */

#endif
