#include "core/freeze_turn.h"

#include <pthread.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void xpf_freeze_turn_take(void) {
  pthread_mutex_lock(&turn);
}

void xpf_freeze_turn_give(void) {
  pthread_mutex_unlock(&turn);
}
