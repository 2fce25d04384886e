// links: src/wire/client.c src/wire/frame.c src/wire/reply.c src/wire/request.c src/wire/document.c
// links: src/wire/utf8.c -lcjson -pthread
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "wire/client.h"

static void sleep_ms(int ms) {
  struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
  while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
    ;
}

static int64_t now_ms(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static char folder[] = "/tmp/xpf-test-client-XXXXXX";
static char path[64];

static int make_folder(void **state) {
  (void)state;
  if (mkdtemp(folder) == NULL)
    return -1;
  snprintf(path, sizeof path, "%s/1.sock", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

/* A socket bound to path; backlog < 0: nobody listens. */
static int bind_path(int backlog) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  if (backlog >= 0)
    assert_int_equal(listen(fd, backlog), 0);
  return fd;
}

static void connect_says_what_is_wrong(void **state) {
  (void)state;
  struct xpf_client *client;
  char text[300];
  unlink(path);
  assert_int_equal(xpf_client_connect(&client, path, 1000), -ENOENT);
  assert_null(client);
  assert_int_equal(xpf_client_connect(&client, "", 1000), -ENOENT);
  memset(text, 'x', sizeof text);
  text[0] = '/';
  text[sizeof(((struct sockaddr_un *)0)->sun_path)] = '\0';
  assert_int_equal(xpf_client_connect(&client, text, 1000), -ENAMETOOLONG);
  text[sizeof(((struct sockaddr_un *)0)->sun_path) - 1] = '\0';
  assert_int_equal(xpf_client_connect(&client, text, 1000), -ENOENT);
  int fd = bind_path(-1);
  assert_int_equal(xpf_client_connect(&client, path, 1000), -ECONNREFUSED);
  close(fd);
  assert_int_equal(xpf_client_connect(&client, path, 1000), -ECONNREFUSED);
}

static void a_connection_knows_its_peer(void **state) {
  (void)state;
  struct xpf_client *client;
  pid_t pid = 0;
  uid_t uid = (uid_t)-1;
  int listener = bind_path(5);
  assert_int_equal(xpf_client_connect(&client, path, 1000), 0);
  assert_int_equal(xpf_client_peer(client, &pid, &uid), 0);
  assert_int_equal(pid, getpid());
  assert_int_equal(uid, getuid());
  assert_true(fcntl(xpf_client_fd(client), F_GETFD) & FD_CLOEXEC);
  xpf_client_close(client);
  close(listener);
}

static int fill_backlog(struct xpf_client **clients, int max) {
  int count = 0;
  while (count < max && xpf_client_connect(&clients[count], path, 20) == 0)
    count++;
  return count;
}

static void a_full_backlog_is_a_timeout(void **state) {
  (void)state;
  struct xpf_client *clients[64], *client;
  int listener = bind_path(1);
  int count = fill_backlog(clients, 64);
  assert_in_range(count, 1, 63);
  int64_t began = now_ms();
  assert_int_equal(xpf_client_connect(&client, path, 200), -ETIMEDOUT);
  assert_in_range(now_ms() - began, 200, 5000);
  while (count > 0)
    xpf_client_close(clients[--count]);
  close(listener);
}

static void *accept_later(void *arg) {
  sleep_ms(100);
  int fd = accept(*(int *)arg, NULL, NULL);
  if (fd >= 0)
    close(fd);
  return NULL;
}

static void a_full_backlog_is_waited_for(void **state) {
  (void)state;
  struct xpf_client *clients[64], *client;
  pthread_t thread;
  int listener = bind_path(1);
  int count = fill_backlog(clients, 64);
  assert_in_range(count, 1, 63);
  assert_int_equal(pthread_create(&thread, NULL, accept_later, &listener), 0);
  int rc = xpf_client_connect(&client, path, 10000);
  pthread_join(thread, NULL);
  assert_int_equal(rc, 0);
  xpf_client_close(client);
  while (count > 0)
    xpf_client_close(clients[--count]);
  close(listener);
}

static void an_adopted_descriptor_is_owned(void **state) {
  (void)state;
  struct xpf_client *client;
  int pair[2];
  assert_int_equal(xpf_client_adopt(&client, -1), -EBADF);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  assert_int_equal(xpf_client_adopt(&client, pair[0]), 0);
  assert_int_equal(xpf_client_fd(client), pair[0]);
  assert_true(fcntl(pair[0], F_GETFD) & FD_CLOEXEC);
  xpf_client_close(client);
  assert_int_equal(fcntl(pair[0], F_GETFD), -1);
  assert_int_equal(xpf_client_adopt(&client, pair[0]), -EBADF);
  close(pair[1]);
  xpf_client_close(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connect_says_what_is_wrong),
      cmocka_unit_test(a_connection_knows_its_peer),
      cmocka_unit_test(a_full_backlog_is_a_timeout),
      cmocka_unit_test(a_full_backlog_is_waited_for),
      cmocka_unit_test(an_adopted_descriptor_is_owned),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
