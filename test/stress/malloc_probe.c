/* Preloaded into the program of a soak: writes once a second, into the file that XPF_MALLOC_PROBE
 * names, how many bytes malloc has given out of its arenas. What it keeps free is in RSS all the
 * same, and nobody but malloc knows how much that is. */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *probe(void *arg) {
  int fd = (int)(intptr_t)arg;
  char line[32];
  for (;;) {
    struct mallinfo2 info = mallinfo2();
    int length = snprintf(line, sizeof line, "%20zu\n", info.uordblks);
    if (pwrite(fd, line, (size_t)length, 0) < 0)
      return NULL;
    sleep(1);
  }
}

__attribute__((constructor)) static void start(void) {
  const char *file = getenv("XPF_MALLOC_PROBE");
  int fd = file ? open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (fd < 0)
    return;
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all); /* the program's signals are for its own threads */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, probe, (void *)(intptr_t)fd) == 0)
    pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}
