// links: src/host/tcp_listener_linux.c src/host/identity_linux.c src/host/printable.c
// links: src/host/proc_file.c src/host/proc_dir_linux.c src/host/proc_stat_linux.c
// links: src/host/proc_status_linux.c
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/tcp_listener.h"

/* A socket that listens on a free port of an address. */
static int make_listener(const char *address, uint16_t *port) {
  struct sockaddr_in place = {.sin_family = AF_INET};
  socklen_t size = sizeof place;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  inet_pton(AF_INET, address, &place.sin_addr);
  assert_int_equal(bind(fd, (struct sockaddr *)&place, sizeof place), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &size), 0);
  *port = ntohs(place.sin_port);
  return fd;
}

static const struct xpf_tcp_listener *find(const struct xpf_tcp_listener *list, int count,
                                           uint16_t port) {
  for (int i = 0; i < count; i++)
    if (list[i].port == port)
      return &list[i];
  return NULL;
}

static void test_own_listeners(void **state) {
  struct xpf_tcp_listener list[64];
  uint16_t port, any, bound;
  (void)state;
  int fd = make_listener("127.0.0.1", &port), wide = make_listener("0.0.0.0", &any);
  int silent = make_listener("127.0.0.1", &bound); /* bound, but does not listen */
  assert_int_equal(listen(fd, 5), 0);
  assert_int_equal(listen(wide, 5), 0);
  int count = xpf_tcp_listeners(getpid(), list, 64);
  const struct xpf_tcp_listener *found = find(list, count, port);
  assert_non_null(found);
  assert_false(found->is_v6);
  assert_true(xpf_tcp_listener_is_local(found));
  assert_int_equal(found->address[0], 127);
  assert_non_null(find(list, count, any));
  assert_null(find(list, count, bound));
  assert_int_equal(xpf_tcp_listeners(getpid(), list, 1), 1);
  assert_int_equal(xpf_tcp_reach(getpid()), 0);

  int client = xpf_tcp_listener_connect(getpid(), found, 1000);
  assert_true(client >= 0);
  int server = accept(fd, NULL, NULL);
  assert_true(server >= 0);
  close(client);
  close(server);
  close(fd);
  close(wide);
  close(silent);
  assert_null(find(list, xpf_tcp_listeners(getpid(), list, 64), port));
}

static void test_owner_of_a_port(void **state) {
  uint16_t port;
  pid_t owner = -1;
  (void)state;
  int fd = make_listener("127.0.0.1", &port);
  assert_int_equal(xpf_tcp_port_owner(getpid(), port, &owner), 0);
  assert_int_equal(owner, 0);
  assert_int_equal(listen(fd, 1), 0);
  assert_int_equal(xpf_tcp_port_owner(getpid(), port, &owner), 1);
  assert_int_equal(owner, getpid());
  close(fd);
  /* Another address of this machine is in nobody's way. */
  fd = make_listener("127.0.0.2", &port);
  assert_int_equal(listen(fd, 1), 0);
  assert_int_equal(xpf_tcp_port_owner(getpid(), port, &owner), 0);
  close(fd);
}

static void test_nobody(void **state) {
  struct xpf_tcp_listener list[4], refused = {.address = {127, 0, 0, 1}};
  pid_t owner;
  (void)state;
  int fd = make_listener("127.0.0.1", &refused.port);
  assert_int_equal(xpf_tcp_listener_connect(getpid(), &refused, 1000), -ECONNREFUSED);
  close(fd);
  assert_int_equal(xpf_tcp_listeners(2147483646, list, 4), -ESRCH);
  assert_int_equal(xpf_tcp_port_owner(2147483646, 1, &owner), -ESRCH);
  assert_int_equal(xpf_tcp_reach(2147483646), -ESRCH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_own_listeners),
      cmocka_unit_test(test_owner_of_a_port),
      cmocka_unit_test(test_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
