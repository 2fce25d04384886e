#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <execinfo.h>
#endif

#include "core/diag.h"
#include "core/freeze_turn.h"
#include "host/freeze.h"
#include "host/os.h"
#include "host/symbols.h"

#define THREADS_MAX 256
#define JS_PCS_MAX  64

struct stacks {
  struct xpf_freeze_thread *all;
  uint32_t count;
};

/* Filled in the signal handler on the JS thread. */
struct js_sample {
  struct xpf_thread *thread;
  pid_t tid;
  void *pcs[JS_PCS_MAX];
  uint32_t count;
  enum xpf_vm_state state;
  struct xpf_js_frame frames[JS_PCS_MAX];
  uint32_t frames_count;
};

static void sample_js(void *arg, const struct xpf_freeze_thread *thread) {
  struct js_sample *sample = arg;
  if (thread->tid != sample->tid)
    return;
  struct xpf_bridge *bridge = xpf_thread_bridge(sample->thread);
  if (!bridge)
    return;
  void *pc = (void *)(uintptr_t)thread->pc;
  void *sp = (void *)(uintptr_t)thread->sp;
  void *fp = (void *)(uintptr_t)thread->fp;
  sample->count =
      xpf_bridge_stack_sample(bridge, pc, sp, fp, sample->pcs, JS_PCS_MAX, &sample->state);
  sample->frames_count = xpf_bridge_stack_names(bridge, pc, sp, fp, sample->frames, JS_PCS_MAX);
}

static bool keep_stack(void *arg, const struct xpf_freeze_thread *thread) {
  struct stacks *stacks = arg;
  stacks->all[stacks->count] = *thread;
  return ++stacks->count < THREADS_MAX;
}

static void add_hex(cJSON *object, const char *key, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
  cJSON_AddStringToObject(object, key, text);
}

static void add_symbols(cJSON *list, const uint64_t *frames, uint32_t count) {
  uint64_t addresses[XPF_FREEZE_FRAMES_MAX] = {0};
  struct xpf_symbol *symbols = calloc(XPF_FREEZE_FRAMES_MAX, sizeof *symbols);
  if (!symbols)
    return;
  if (count > XPF_FREEZE_FRAMES_MAX)
    count = XPF_FREEZE_FRAMES_MAX;
  /* A return address may be the first byte after its function. */
  for (uint32_t i = 0; i < count; i++)
    addresses[i] = frames[i] - (i > 0 ? 1 : 0);
  xpf_symbols_resolve(addresses, count, symbols);
  for (uint32_t i = 0; i < count; i++) {
    cJSON *item = cJSON_CreateObject();
    add_hex(item, "pcAddress", frames[i]);
    if (symbols[i].name[0])
      cJSON_AddStringToObject(item, "symbolName", symbols[i].name);
    if (symbols[i].object[0])
      cJSON_AddStringToObject(item, "sharedObjectName", symbols[i].object);
    cJSON_AddItemToArray(list, item);
  }
  free(symbols);
}

/* musl cannot tell a stack: the list stays empty. */
static void add_own_stack(cJSON *report) {
#ifdef __GLIBC__
  void *frames[XPF_FREEZE_FRAMES_MAX];
  uint64_t addresses[XPF_FREEZE_FRAMES_MAX];
  int count = backtrace(frames, XPF_FREEZE_FRAMES_MAX);
  for (int i = 0; i < count; i++)
    addresses[i] = (uint64_t)(uintptr_t)frames[i];
  add_symbols(cJSON_GetObjectItem(report, "nativeStacks"), addresses, (uint32_t)count);
#else
  (void)report;
#endif
}

static const char *state_name(enum xpf_freeze_state state) {
  switch (state) {
  case XPF_FREEZE_STOPPED:
    return "stopped";
  case XPF_FREEZE_BLOCKED:
    return "blocks the signal";
  case XPF_FREEZE_TIMEOUT:
    return "did not answer";
  case XPF_FREEZE_GONE:
    return "ended";
  default:
    return "unreachable";
  }
}

static void add_thread(cJSON *list, const struct xpf_freeze_thread *thread) {
  struct xpf_os_task task;
  cJSON *item = cJSON_CreateObject();
  cJSON_AddNumberToObject(item, "tid", thread->tid);
  cJSON_AddStringToObject(item, "name", thread->name);
  cJSON_AddStringToObject(item, "state", state_name(thread->state));
  if (xpf_os_task(0, thread->tid, &task) == 0) {
    char state[2] = {task.state, '\0'};
    cJSON_AddStringToObject(item, "kernelState", state);
    cJSON_AddStringToObject(item, "waitChannel", task.wait_channel);
    cJSON_AddNumberToObject(item, "systemCall", (double)task.syscall);
    cJSON_AddNumberToObject(item, "cpuUserMs", (double)(task.cpu_user_ns / 1000000));
    cJSON_AddNumberToObject(item, "cpuSystemMs", (double)(task.cpu_system_ns / 1000000));
  }
  cJSON *stack = cJSON_AddArrayToObject(item, "nativeStack");
  if (thread->frames_count > 0)
    add_symbols(stack, thread->frames, thread->frames_count);
  else if (thread->pc)
    add_symbols(stack, &thread->pc, 1);
  cJSON_AddItemToArray(list, item);
}

/* "jsStacks" is there, and empty, since the JS thread could not be asked. */
static void add_js_sample(cJSON *report, const struct js_sample *sample) {
  if (sample->frames_count > 0) {
    xpf_diag_add_frames(cJSON_GetObjectItem(report, "jsStacks"), sample->frames,
                        sample->frames_count);
    cJSON_AddStringToObject(report, "jsStacksSource", "frame walk");
  }
  cJSON *list = cJSON_AddArrayToObject(report, "jsFrameAddresses");
  for (uint32_t i = 0; i < sample->count; i++) {
    char text[32];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)(uintptr_t)sample->pcs[i]);
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
  }
}

static void add_stacks(cJSON *report, const struct xpf_diag *diag, struct stacks *stacks,
                       struct js_sample *sample) {
  cJSON *threads = cJSON_AddArrayToObject(report, "threads");
  struct xpf_freeze_options options = {
      .native_stack = true, .in_handler = diag->js ? NULL : sample_js, .arg = sample};
  int err = xpf_freeze_each(&options, keep_stack, stacks);
  for (uint32_t i = 0; i < stacks->count; i++) {
    const struct xpf_freeze_thread *thread = &stacks->all[i];
    add_thread(threads, thread);
    if (thread->tid == sample->tid && thread->frames_count > 0)
      add_symbols(cJSON_GetObjectItem(report, "nativeStacks"), thread->frames,
                  thread->frames_count);
  }
  if (err < 0)
    cJSON_AddStringToObject(report, "threadsError", strerror(-err));
  if (!diag->js)
    add_js_sample(report, sample);
}

void xpf_diag_add_native(cJSON *report, const struct xpf_diag *diag) {
  if (!diag->with_native_stacks) {
    add_own_stack(report);
    return;
  }
  /* The handler's argument must outlive a thread that is slow to leave the handler. */
  static struct js_sample sample;
  struct stacks stacks = {calloc(THREADS_MAX, sizeof *stacks.all), 0};
  if (!stacks.all)
    return;
  xpf_freeze_turn_take();
  if (!diag->js)
    xpf_bridge_stack_prepare();
  memset(&sample, 0, sizeof sample);
  sample.thread = diag->thread;
  sample.tid = xpf_thread_tid(diag->thread);
  sample.state = XPF_VM_UNKNOWN;
  add_stacks(report, diag, &stacks, &sample);
  xpf_freeze_turn_give();
  free(stacks.all);
}
