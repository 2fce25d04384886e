#include "interrupt.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "print.h"
#include "target.h"
#include "text.h"
#include "wire/client.h"

#define SEND_MS 5000
#define ECHO_MS 400

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
static sigset_t watched;
static atomic_bool is_over, is_asked;
static struct xpf_interrupt_plan current;

static bool has_watched(const sigset_t *set) {
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (sigismember(&watched, signals[i]) == 1 && sigismember(set, signals[i]) == 1)
      return true;
  return false;
}

/* 0 when the target did it; else *verdict says why not. action: NULL when method takes none. */
static int send_command(const struct xpf_interrupt_job *job, const char *method, const char *action,
                        struct xpf_verdict *verdict) {
  struct xpf_client *client;
  struct xpf_fault fault = {0};
  cJSON *params = cJSON_CreateObject();

  cJSON_AddNumberToObject(params, "thread_id", job->thread_id);
  if (action != NULL)
    cJSON_AddStringToObject(params, "action", action);
  int status = xpf_target_open(&client, job->pid, SEND_MS, verdict);
  if (status != 0) {
    cJSON_Delete(params);
    return status;
  }
  int error = xpf_client_call(client, method, params, SEND_MS, NULL, NULL, NULL, &fault);
  if (error != 0)
    status = xpf_target_explain(verdict, job->pid, error, SEND_MS, &fault);
  xpf_client_close(client);
  return status;
}

static void *end_job(void *arg) {
  struct xpf_interrupt_job *job = arg;
  const struct xpf_interrupt_plan *plan = &current;
  struct xpf_verdict verdict;
  bool stops = plan->stop != NULL && !atomic_load(&job->is_pending);

  int status = stops ? send_command(job, plan->stop, NULL, &verdict) : 1;
  /* A profiler that has not begun yet cannot be stopped, but its start can be taken back. */
  if (status != 0)
    status = send_command(job, "cancel", plan->action, &verdict);
  if (status != 0 && !atomic_load(&is_over) && !atomic_load(&job->is_over))
    xpf_print_line(stderr, xpf_text(XPF_TEXT_INTERRUPT_FAILED), (int)job->pid, verdict.message);
  return NULL;
}

static bool can_stop(const struct xpf_interrupt_plan *plan) {
  for (size_t i = 0; plan->stop != NULL && i < plan->jobs_count; i++)
    if (!atomic_load(&plan->jobs[i].is_over) && !atomic_load(&plan->jobs[i].is_pending))
      return true;
  return false;
}

static void say(const struct xpf_interrupt_plan *plan) {
  if (plan->is_terminal)
    fputs("\r\033[K", stderr);
  xpf_print_line(stderr, "%s",
                 xpf_text(can_stop(plan) ? XPF_TEXT_INTERRUPT_STOP : XPF_TEXT_INTERRUPT_CANCEL));
}

/* timeout(1), npm and npx pass a signal on that the terminal sent to us already: what comes right
 * after the first one is the same Ctrl-C. */
static void skip_echoes(void) {
  sigset_t pending;
  int signal;

  nanosleep(&(struct timespec){.tv_nsec = ECHO_MS * 1000000L}, NULL);
  while (sigpending(&pending) == 0 && has_watched(&pending))
    sigwait(&watched, &signal);
}

/* On threads of their own: a target that hangs must keep neither the others nor the second Ctrl-C
 * waiting. */
static void end_jobs(const struct xpf_interrupt_plan *plan) {
  pthread_t sender;
  for (size_t i = 0; i < plan->jobs_count; i++)
    if (!atomic_load(&plan->jobs[i].is_over) &&
        pthread_create(&sender, NULL, end_job, &plan->jobs[i]) == 0)
      pthread_detach(sender);
}

static void *watch(void *arg) {
  int signal;

  (void)arg;
  if (sigwait(&watched, &signal) != 0)
    return NULL;
  bool is_late = atomic_load(&is_over);
  if (!is_late) {
    atomic_store(&is_asked, true);
    say(&current);
    end_jobs(&current);
    skip_echoes();
  }
  /* From here on this thread takes the signals, and they do what they always do. */
  pthread_sigmask(SIG_UNBLOCK, &watched, NULL);
  if (is_late)
    raise(signal);
  for (;;)
    pause();
}

int xpf_interrupt_begin(const struct xpf_interrupt_plan *plan) {
  pthread_t thread;

  current = *plan;
  sigemptyset(&watched);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction action;
    /* nohup and background jobs ignore some: they stay ignored. */
    if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
      sigaddset(&watched, signals[i]);
  }
  int error = pthread_sigmask(SIG_BLOCK, &watched, NULL);
  if (error != 0)
    return -error;
  error = pthread_create(&thread, NULL, watch, NULL);
  if (error != 0) {
    pthread_sigmask(SIG_UNBLOCK, &watched, NULL);
    return -error;
  }
  pthread_detach(thread);
  return 0;
}

bool xpf_interrupt_is_asked(void) {
  return atomic_load(&is_asked);
}

void xpf_interrupt_end(void) {
  atomic_store(&is_over, true);
}
