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
  X(SHOT_STALLS, "  longest turns of the event loop: %s", "  事件循环最长的轮次: %s")                      \
  X(SHOT_STALL, "%.0f ms (at %.1f s)", "%.0f 毫秒 (第 %.1f 秒)")                                      \
  X(SHOT_BLOCKED, "the present one has taken %s", "当前轮次已持续 %s")                                  \
  X(SUM_MS, "%.1f ms", "%.1f 毫秒")                                                                 \
  X(SUM_S, "%.2f s", "%.2f 秒")                                                                    \
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
  X(LIST_BLOCKED, "blocked %.0f s", "阻塞 %.0f 秒")                                                  \
  X(LIST_FAILED, "the processes cannot be listed: %s", "无法列出进程: %s")                              \
  X(LIST_UNUSABLE, "not usable: %s", "不可用: %s")                                                    \
  X(LIST_EMPTY, "No running process with xprofiler was found.", "没有找到运行 xprofiler 的进程.")           \
  X(LIST_EMPTY_USER,                                                                               \
    "No running process of yours with xprofiler was found (with sudo, those of all users are listed).", \
    "没有找到您的运行 xprofiler 的进程 (使用 sudo 可列出所有用户的进程).")                                               \
  /* failures */                                                                                   \
  X(FAILED, "Command failed: %s", "执行命令失败: %s")                                                    \
  X(NO_PROCESS, "process %d does not exist", "进程 %d 不存在")                                          \
  X(NOT_STARTED,                                                                                   \
    "process %d (%s) does not run xprofiler; call require('xprofiler')() in it, or start it with " \
    "node -r xprofiler/register",                                                                  \
    "进程 %d (%s) 没有启动 xprofiler; 请在代码中调用 require('xprofiler')(), 或使用 node -r xprofiler/register 启动") \
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
  /* usage */                                                                                      \
  X(USAGE_HINT, "See: xprofctl help %s", "查看帮助: xprofctl help %s")                                 \
  X(USAGE_HINT_GENERAL, "See: xprofctl help", "查看帮助: xprofctl help")                               \
  X(NO_COMMAND, "a command is missing", "缺少命令")                                                    \
  X(UNKNOWN_COMMAND, "unknown command: %s", "未知命令: %s")                                            \
  X(UNKNOWN_OPTION, "unknown option: %s", "未知选项: %s")                                              \
  X(DID_YOU_MEAN, "%s; did you mean %s?", "%s; 您是否想输入 %s?")                                        \
  X(NOT_FOR_COMMAND, "%s does not take the option %s", "命令 %s 不支持选项 %s")                            \
  X(VALUE_MISSING, "the option %s needs a value", "选项 %s 缺少值")                                      \
  X(VALUE_UNWANTED, "the option %s takes no value", "选项 %s 不需要值")                                   \
  X(NOT_WHOLE, "%s must be a whole number from %.0f to %.0f, not \"%s\"",                          \
    "%s 必须是 %.0f 到 %.0f 之间的整数, 而不是 \"%s\"")                                                       \
  X(NOT_NUMBER, "%s must be a number from %g to %g, not \"%s\"", "%s 必须是 %g 到 %g 之间的数字, 而不是 \"%s\"") \
  X(NOT_DURATION, "%s must be a time from %.0fms to %s, such as 500ms, 10s or 2m, not \"%s\"",        \
    "%s 必须是 %.0fms 到 %s 之间的时长, 例如 500ms, 10s, 2m, 而不是 \"%s\"")                                      \
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
  X(HELP_GENERAL, "xprofctl COMMAND -p PID [options]", "xprofctl 命令 -p PID [选项]")                  \
  X(HELP_ABOUT, "Look inside running Node.js processes that use xprofiler.",                       \
    "查看并诊断运行 xprofiler 的 Node.js 进程.")                                                          \
  X(HELP_COMMANDS, "Commands:", "命令:")                                                             \
  X(HELP_OPTIONS, "Options:", "选项:")                                                               \
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
