// links: src/host/tcp_peer_linux.c
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/tcp_peer.h"

struct pair {
  int listener, here, there;
};

static void open_pair(struct pair *pair, int family) {
  struct sockaddr_storage name = {.ss_family = (sa_family_t)family};
  socklen_t size = sizeof name;
  if (family == AF_INET)
    ((struct sockaddr_in *)&name)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  else
    ((struct sockaddr_in6 *)&name)->sin6_addr = in6addr_loopback;
  pair->listener = socket(family, SOCK_STREAM, 0);
  assert_true(pair->listener >= 0);
  assert_int_equal(bind(pair->listener, (struct sockaddr *)&name, sizeof name), 0);
  assert_int_equal(listen(pair->listener, 1), 0);
  assert_int_equal(getsockname(pair->listener, (struct sockaddr *)&name, &size), 0);
  pair->there = socket(family, SOCK_STREAM, 0);
  assert_int_equal(connect(pair->there, (struct sockaddr *)&name, size), 0);
  pair->here = accept(pair->listener, NULL, NULL);
  assert_true(pair->here >= 0);
}

static void close_pair(const struct pair *pair) {
  close(pair->listener);
  close(pair->here);
  close(pair->there);
}

static void expect_own(int family) {
  struct pair pair;
  uid_t uid = 12345;
  open_pair(&pair, family);
  assert_int_equal(xpf_tcp_peer_uid(pair.here, &uid), 0);
  assert_int_equal(uid, geteuid());
  close_pair(&pair);
}

static void test_own_user(void **state) {
  (void)state;
  expect_own(AF_INET);
  int v6 = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
  bool has_v6 = v6 >= 0 && bind(v6, (struct sockaddr *)&name, sizeof name) == 0;
  if (v6 >= 0)
    close(v6);
  if (has_v6)
    expect_own(AF_INET6);
}

static void test_no_connection(void **state) {
  (void)state;
  uid_t uid;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(xpf_tcp_peer_uid(fd, &uid), -ENOTCONN);
  close(fd);
  assert_int_equal(xpf_tcp_peer_uid(fd, &uid), -EBADF);
}

/* In the child, which then is somebody else: 0 when the connection is told to be that user's. */
static int ask_as(uid_t user) {
  struct pair pair;
  uid_t uid = 0;
  if (setuid(user) != 0)
    return 2;
  open_pair(&pair, AF_INET);
  int error = xpf_tcp_peer_uid(pair.here, &uid);
  close_pair(&pair);
  return error || uid != user;
}

static void test_another_user(void **state) {
  (void)state;
  if (geteuid() != 0)
    skip();
  pid_t child = fork();
  if (child == 0)
    _exit(ask_as(65534));
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_own_user),
      cmocka_unit_test(test_no_connection),
      cmocka_unit_test(test_another_user),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
