#include "addon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static void sleep_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

/* ---- interrupts and stacks
 * ------------------------------------------------------------------------- */

static void on_interrupt(void *arg) {
  struct env *env = arg;
  env->frames_count = xpf_bridge_stack_read(env->bridge, env->frames, STACK_MAX, &env->state);
  if (env->flag != NULL)
    __atomic_store_n(env->flag, 1, __ATOMIC_SEQ_CST);
  atomic_fetch_add(&env->pokes_delivered, 1);
}

struct once {
  struct env *env;
  long ms;
};

static void *once_main(void *data) {
  struct once *once = data;
  sleep_ms(once->ms);
  xpf_bridge_interrupt(once->env->bridge, on_interrupt, once->env);
  free(once);
  return NULL;
}

/* interruptIn(ms, Int32Array) */
static napi_value interrupt_in(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  void *memory = NULL;
  napi_get_typedarray_info(napi, c.argv[1], NULL, NULL, &memory, NULL, NULL);
  c.env->flag = memory;
  struct once *once = calloc(1, sizeof *once);
  once->env = c.env;
  once->ms = (long)c.number[0];
  pthread_t thread;
  pthread_create(&thread, NULL, once_main, once);
  pthread_detach(thread);
  return NULL;
}

static void on_poke(void *arg) {
  struct env *env = arg;
  atomic_fetch_add(&env->pokes_delivered, 1);
}

static void *poker_main(void *data) {
  struct env *env = data;
  while (!atomic_load(&env->poker_stop)) {
    xpf_bridge_interrupt(env->bridge, on_poke, env);
    sleep_ms(1);
  }
  return NULL;
}

/* Interrupts every millisecond until the environment ends. */
static napi_value poke(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  c.env->poker_runs = pthread_create(&c.env->poker, NULL, poker_main, c.env) == 0;
  return NULL;
}

static napi_value pokes(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, atomic_load(&c.env->pokes_delivered));
}

static napi_value stack_object(napi_env napi, const struct env *env) {
  napi_value object, frames;
  napi_create_object(napi, &object);
  set_text(napi, object, "state", xpf_vm_state_name(env->state));
  napi_create_array(napi, &frames);
  for (uint32_t i = 0; i < env->frames_count; i++) {
    const struct xpf_js_frame *f = &env->frames[i];
    napi_value frame;
    napi_create_object(napi, &frame);
    set_text(napi, frame, "name", f->function);
    set_text(napi, frame, "script", f->script);
    set_number(napi, frame, "line", f->line);
    set_number(napi, frame, "column", f->column);
    set_number(napi, frame, "pc", (double)f->pc);
    set_number(napi, frame, "is_constructor", f->is_constructor);
    set_number(napi, frame, "is_eval", f->is_eval);
    set_number(napi, frame, "is_user", f->is_user_javascript);
    napi_set_element(napi, frames, i, frame);
  }
  napi_set_named_property(napi, object, "frames", frames);
  return object;
}

static napi_value interrupt_stack(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return stack_object(napi, c.env);
}

static napi_value stack_read(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  c.env->frames_count =
      xpf_bridge_stack_read(c.env->bridge, c.env->frames, STACK_MAX, &c.env->state);
  return stack_object(napi, c.env);
}

static struct env *signalled;
static volatile uint32_t signal_frames;
static enum xpf_vm_state signal_state;

static void on_signal(int signo, siginfo_t *si, void *context) {
  void *pcs[STACK_MAX];
  const greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
  (void)signo;
  (void)si;
  signal_frames =
      xpf_bridge_stack_sample(signalled->bridge, (void *)reg[REG_RIP], (void *)reg[REG_RSP],
                              (void *)reg[REG_RBP], pcs, STACK_MAX, &signal_state);
}

static void *signal_main(void *data) {
  sleep_ms(100);
  pthread_kill(*(pthread_t *)data, SIGURG);
  return NULL;
}

static pthread_t js_thread;

static napi_value signal_in(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  signalled = c.env;
  js_thread = pthread_self();
  struct sigaction action = {.sa_sigaction = on_signal,
                             .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  sigaction(SIGURG, &action, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, signal_main, &js_thread);
  pthread_detach(thread);
  return NULL;
}

static napi_value signal_result(napi_env napi, napi_callback_info info) {
  (void)info;
  napi_value object;
  napi_create_object(napi, &object);
  set_number(napi, object, "frames", signal_frames);
  set_text(napi, object, "state", xpf_vm_state_name(signal_state));
  return object;
}

/* ---- the ends
 * ------------------------------------------------------------------------------------- */

static void on_fatal(void *arg, const char *location, const char *message) {
  struct env *env = arg;
  struct xpf_heap heap;
  xpf_bridge_heap_read(env->bridge, &heap);
  dprintf(STDERR_FILENO, "bridge fatal: [%s] [%s] spaces %u\n", location, message,
          heap.spaces_count);
}

static napi_value fatal_watch(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, xpf_bridge_fatal_watch(c.env->bridge, on_fatal, c.env));
}

napi_value bridge_test_abuse(napi_env napi, napi_callback_info info); /* abuse.cc */

static uint64_t on_limit(void *arg, uint64_t current, uint64_t initial) {
  struct env *env = arg;
  (void)initial;
  env->limit_raises++;
  return current + env->limit_step_bytes;
}

static napi_value limit_watch(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  c.env->limit_step_bytes = (uint64_t)c.number[0];
  return make_number(napi, xpf_bridge_heap_limit_watch(c.env->bridge, on_limit, c.env));
}

static napi_value limit_unwatch(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  xpf_bridge_heap_limit_unwatch(c.env->bridge);
  return make_number(napi, c.env->limit_raises);
}

static napi_value limit_raises(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, c.env->limit_raises);
}

static void on_exit_of_env(void *arg) {
  struct env *env = arg;
  struct xpf_heap heap;
  xpf_bridge_heap_read(env->bridge, &heap);
  dprintf(STDERR_FILENO, "bridge at exit: spaces %u\n", heap.spaces_count);
}

static napi_value at_exit(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, xpf_bridge_at_exit(c.env->bridge, on_exit_of_env, c.env));
}

void thread_close(struct env *env) {
  if (!env->poker_runs)
    return;
  atomic_store(&env->poker_stop, true);
  pthread_join(env->poker, NULL);
}

const struct method thread_methods[] = {
    {"interruptIn", interrupt_in},
    {"interruptStack", interrupt_stack},
    {"poke", poke},
    {"pokes", pokes},
    {"stackRead", stack_read},
    {"signalIn", signal_in},
    {"signalResult", signal_result},
    {"fatalWatch", fatal_watch},
    {"abuseV8", bridge_test_abuse},
    {"limitWatch", limit_watch},
    {"limitUnwatch", limit_unwatch},
    {"limitRaises", limit_raises},
    {"atExit", at_exit},
    {NULL, NULL},
};
