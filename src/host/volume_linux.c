#include "host/volume_linux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STACK_BYTES (256u << 10)

struct xpf_volume_question {
  pthread_mutex_t mutex;
  pthread_cond_t answered;
  bool is_answered, is_left;
  int error;
  struct statvfs answer;
  char path[];
};

static void free_question(struct xpf_volume_question *question) {
  pthread_cond_destroy(&question->answered);
  pthread_mutex_destroy(&question->mutex);
  free(question);
}

static void *ask(void *arg) {
  struct xpf_volume_question *question = arg;
  struct statvfs answer;
  int error = statvfs(question->path, &answer) == 0 ? 0 : -errno;
  pthread_mutex_lock(&question->mutex);
  question->error = error;
  question->answer = answer;
  question->is_answered = true;
  pthread_cond_signal(&question->answered);
  bool is_left = question->is_left;
  pthread_mutex_unlock(&question->mutex);
  if (is_left)
    free_question(question);
  return NULL;
}

/* Signals are for the threads that expect them. */
static int start(struct xpf_volume_question *question) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, ask, question);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return -error;
}

int xpf_volume_ask(struct xpf_volume_question **out, const char *path) {
  size_t size = strlen(path) + 1;
  struct xpf_volume_question *question = calloc(1, sizeof *question + size);
  pthread_condattr_t clock;
  if (!question)
    return -ENOMEM;
  memcpy(question->path, path, size);
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_mutex_init(&question->mutex, NULL);
  pthread_cond_init(&question->answered, &clock);
  pthread_condattr_destroy(&clock);
  int error = start(question);
  if (error) {
    free_question(question);
    return error;
  }
  *out = question;
  return 0;
}

bool xpf_volume_wait(struct xpf_volume_question *question, uint64_t until_ns) {
  struct timespec until = {(time_t)(until_ns / 1000000000u), (long)(until_ns % 1000000000u)};
  int error = 0;
  pthread_mutex_lock(&question->mutex);
  while (!question->is_answered && error == 0)
    error = pthread_cond_timedwait(&question->answered, &question->mutex, &until);
  bool is_answered = question->is_answered;
  pthread_mutex_unlock(&question->mutex);
  return is_answered;
}

int xpf_volume_take(struct xpf_volume_question *question, struct statvfs *out) {
  pthread_mutex_lock(&question->mutex);
  bool is_answered = question->is_answered;
  question->is_left = true;
  pthread_mutex_unlock(&question->mutex);
  if (!is_answered)
    return -ETIMEDOUT;
  int error = question->error;
  *out = question->answer;
  free_question(question);
  return error;
}
