#include "core/task_cpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Node's own threads before the addon is loaded: delayed tasks, four V8 workers, signals. */
#define FIRST_UNNAMED_OF_V8 6

struct xpf_task_known {
  pid_t tid;
  uint64_t cpu_ns, wait_ns;
  enum xpf_task_class unnamed_class;
};

static bool begins_with(const char *name, const char *start) {
  return strncmp(name, start, strlen(start)) == 0;
}

static bool class_of_js(pid_t tid, const struct xpf_task_js *js, uint32_t js_count,
                        enum xpf_task_class *out) {
  for (uint32_t i = 0; i < js_count; i++)
    if (js[i].tid == tid) {
      *out = js[i].is_main ? XPF_TASK_js_main : XPF_TASK_js_workers;
      return true;
    }
  return false;
}

static bool class_of_name(const char *name, enum xpf_task_class *out) {
  if (begins_with(name, "xprofiler") || begins_with(name, "xpf-"))
    *out = XPF_TASK_xprofiler;
  else if (begins_with(name, "libuv-worker"))
    *out = XPF_TASK_libuv;
  else if (begins_with(name, "V8Worker") || begins_with(name, "node-V8Worker") ||
           begins_with(name, "DelayedTaskSche"))
    *out = XPF_TASK_v8;
  else if (strcmp(name, "WorkerThread") == 0)
    *out = XPF_TASK_js_workers; /* one that did not load us */
  else
    return false;
  return true;
}

static struct xpf_task_known *find_known(const struct xpf_task_cpu *cpu, pid_t tid) {
  for (uint32_t i = 0; i < cpu->count; i++)
    if (cpu->known[i].tid == tid)
      return &cpu->known[i];
  return NULL;
}

static enum xpf_task_class class_of_unnamed(const struct xpf_task_cpu *cpu, uint32_t index) {
  if (!cpu->begun && index < FIRST_UNNAMED_OF_V8)
    return XPF_TASK_v8;
  return cpu->libuv_names_threads ? XPF_TASK_other : XPF_TASK_libuv;
}

struct look {
  struct xpf_task_cpu *cpu;
  pid_t pid;
  const struct xpf_task_js *js;
  uint32_t js_count, unnamed;
};

/* The kind of a task; entry gets what must be remembered of it. */
static enum xpf_task_class classify(struct look *look, const struct xpf_os_task *task,
                                    const struct xpf_task_known *before,
                                    struct xpf_task_known *entry) {
  enum xpf_task_class kind;
  entry->unnamed_class = before ? before->unnamed_class : XPF_TASK_other;
  if (class_of_js(task->tid, look->js, look->js_count, &kind) || class_of_name(task->name, &kind))
    return kind;
  if (task->tid == look->pid)
    return XPF_TASK_js_main;
  if (strcmp(task->name, look->cpu->process_name) != 0 && strcmp(task->name, "node") != 0)
    return XPF_TASK_other;
  if (!before)
    entry->unnamed_class = class_of_unnamed(look->cpu, look->unnamed++);
  return entry->unnamed_class;
}

static void add_up(struct look *look, const struct xpf_os_task *task,
                   struct xpf_task_known *entry) {
  const struct xpf_task_known *before = find_known(look->cpu, task->tid);
  entry->tid = task->tid;
  entry->cpu_ns = task->cpu_user_ns + task->cpu_system_ns;
  entry->wait_ns = task->run_queue_wait_ns;
  if (before && before->cpu_ns > entry->cpu_ns)
    before = NULL; /* a new thread with an old id */
  enum xpf_task_class kind = classify(look, task, before, entry);
  look->cpu->class_ns[kind] += entry->cpu_ns - (before ? before->cpu_ns : 0);
  if (!before)
    look->cpu->run_queue_wait_ns += entry->wait_ns;
  else if (entry->wait_ns > before->wait_ns)
    look->cpu->run_queue_wait_ns += entry->wait_ns - before->wait_ns;
}

static void remember_name(struct xpf_task_cpu *cpu, pid_t pid, const struct xpf_os_task *tasks,
                          uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (tasks[i].tid == pid)
      snprintf(cpu->process_name, sizeof cpu->process_name, "%s", tasks[i].name);
}

/* Whatever the classes do not explain: other threads, and what ended between two looks. */
static void set_other(struct xpf_task_cpu *cpu, uint64_t other_before, uint64_t process_ns) {
  uint64_t explained = 0;
  for (int kind = 0; kind < XPF_TASK_CLASSES_COUNT; kind++)
    if (kind != XPF_TASK_other)
      explained += cpu->class_ns[kind];
  uint64_t rest = process_ns > explained ? process_ns - explained : 0;
  cpu->class_ns[XPF_TASK_other] = rest > other_before ? rest : other_before;
}

int xpf_task_cpu_look(struct xpf_task_cpu *cpu, pid_t pid, const struct xpf_os_task *tasks,
                      uint32_t count, const struct xpf_task_js *js, uint32_t js_count,
                      uint64_t process_ns) {
  struct xpf_task_known *known = malloc((count + 1) * sizeof *known);
  if (!known)
    return -ENOMEM;
  struct look look = {.cpu = cpu, .pid = pid, .js = js, .js_count = js_count};
  uint64_t other_before = cpu->class_ns[XPF_TASK_other];
  if (!cpu->begun)
    remember_name(cpu, pid, tasks, count);
  for (uint32_t i = 0; i < count; i++)
    add_up(&look, &tasks[i], &known[i]);
  free(cpu->known);
  cpu->known = known;
  cpu->count = count;
  cpu->begun = true;
  set_other(cpu, other_before, process_ns);
  return 0;
}

void xpf_task_cpu_free(struct xpf_task_cpu *cpu) {
  free(cpu->known);
  cpu->known = NULL;
  cpu->count = 0;
}
