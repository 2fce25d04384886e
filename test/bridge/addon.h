/* A Node-API addon that drives xpf_bridge.h directly, for run.js. One struct env per JS thread. */
#ifndef BRIDGE_TEST_ADDON_H
#define BRIDGE_TEST_ADDON_H

#include <node_api.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "format/profile.h"
#include "xpf_bridge.h"

#define STACK_MAX   64
#define HANDLES_MAX 64

struct env {
  struct xpf_bridge *bridge;
  struct xpf_cpu *cpus[HANDLES_MAX]; /* handed to JS by index; NULL when freed */
  struct xpf_snapshot *snapshots[HANDLES_MAX];
  uint64_t gc_begun[XPF_GC_KINDS], gc_ended[XPF_GC_KINDS];
  uint32_t gc_spaces; /* spaces read inside the last callback */
  struct xpf_js_frame frames[STACK_MAX];
  uint32_t frames_count;
  enum xpf_vm_state state;
  int32_t *flag; /* memory of JS that an interrupt sets to 1 */
  pthread_t poker;
  atomic_bool poker_stop;
  bool poker_runs;
  atomic_uint pokes_delivered;
  uint64_t limit_step_bytes;
  uint32_t limit_raises;
};

/* The arguments of a call, as numbers; strings are read by text(). */
struct call {
  napi_env napi;
  struct env *env;
  napi_value argv[6];
  double number[6]; /* 0 for what is not a number */
};
void call_open(struct call *c, napi_env napi, napi_callback_info info);
void call_text(struct call *c, int index, char *out, size_t size);
napi_value make_number(napi_env napi, double value);
void set_number(napi_env napi, napi_value object, const char *key, double value);
void set_text(napi_env napi, napi_value object, const char *key, const char *value);
int free_handle(void *const *handles); /* -1 when all are taken */

struct method {
  const char *name;
  napi_callback fn;
};
extern const struct method cpu_methods[], heap_methods[], thread_methods[];
void cpu_close(struct env *env);
void heap_close(struct env *env);
void thread_close(struct env *env);

#endif
