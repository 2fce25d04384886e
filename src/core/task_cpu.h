/* CPU time by class of operating system thread: main JS thread, workers, libuv pool, V8's platform
 * threads, our own, other. Threads come and go, so what each used between two looks is added up;
 * the sums never step back. Classes come from what is known of JS threads, then from thread names:
 * "libuv-worker" (libuv 1.50), "V8Worker" / "node-V8Worker" (Node 24), "DelayedTaskSche" (Node 22).
 * Older ones are all called like the process: of those that ran before us the first ones are V8's
 * (one for delayed tasks, four workers, Node's signal thread), later ones libuv's. Pure. [any,
 * one thread at a time] */
#ifndef XPF_CORE_TASK_CPU_H
#define XPF_CORE_TASK_CPU_H
#include <stdbool.h>
#include <stdint.h>
#include "core/metric.h"
#include "host/os.h"

struct xpf_task_known;

struct xpf_task_js {
  pid_t tid;
  bool is_main;
};

struct xpf_task_cpu {
  bool libuv_names_threads; /* set by the caller */
  bool begun;
  char process_name[32]; /* of the leader at the first look */
  struct xpf_task_known *known;
  uint32_t count;
  uint64_t class_ns[XPF_TASK_CLASSES_COUNT];
  uint64_t run_queue_wait_ns;
};

/* What a look gave: tasks in the order of their creation, CPU time in cpu_user_ns + cpu_system_ns.
 * process_ns is the CPU time of the process, ended threads included. 0 or -ENOMEM (nothing
 * changed). */
int xpf_task_cpu_look(struct xpf_task_cpu *cpu, pid_t pid, const struct xpf_os_task *tasks,
                      uint32_t count, const struct xpf_task_js *js, uint32_t js_count,
                      uint64_t process_ns);
void xpf_task_cpu_free(struct xpf_task_cpu *cpu);
#endif
