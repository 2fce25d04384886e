// links: src/wire/client.c src/wire/frame.c src/wire/reply.c src/wire/request.c src/wire/document.c
// links: src/wire/utf8.c -lcjson -pthread
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "wire/client.h"
#include "xpf_protocol.h"

/* ---- a scripted target at the other end of a socket pair ---- */

struct target {
  int fd;
  bool reads_first;   /* waits for a whole line before it answers */
  const char *answer; /* "@" stands for the id of the line read */
  size_t step;        /* bytes a send; 0 = all at once */
  int delay_ms;       /* before each send */
  bool closes, repeats;
  char line[4096]; /* what it read */
  pthread_t thread;
  struct xpf_client *client;
};

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

static void read_line(struct target *target) {
  size_t used = 0;
  char c;
  while (recv(target->fd, &c, 1, 0) == 1 && c != '\n')
    if (used < sizeof target->line - 1)
      target->line[used++] = c;
  target->line[used] = '\0';
}

static bool send_all(const struct target *target, const char *data, size_t size) {
  while (size > 0) {
    size_t step = target->step && target->step < size ? target->step : size;
    if (target->delay_ms)
      sleep_ms(target->delay_ms);
    ssize_t sent = send(target->fd, data, step, MSG_NOSIGNAL);
    if (sent < 0)
      return false;
    data += sent;
    size -= (size_t)sent;
  }
  return true;
}

static char *fill_in_id(const struct target *target) {
  const char *id = strstr(target->line, "\"id\":");
  char *text = calloc(1, strlen(target->answer) * 20 + 1), *to = text;
  for (const char *at = target->answer; *at; at++) {
    if (*at != '@')
      *to++ = *at;
    else
      to += sprintf(to, "%d", id ? atoi(id + 5) : 0);
  }
  return text;
}

static void *run_target(void *arg) {
  struct target *target = arg;
  if (target->reads_first)
    read_line(target);
  if (target->answer != NULL) {
    char *text = fill_in_id(target);
    while (send_all(target, text, strlen(text)) && target->repeats)
      ;
    free(text);
  }
  if (target->closes)
    shutdown(target->fd, SHUT_RDWR);
  return NULL;
}

static void start(struct target *target) {
  int pair[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  target->fd = pair[1];
  assert_int_equal(xpf_client_adopt(&target->client, pair[0]), 0);
  assert_int_equal(pthread_create(&target->thread, NULL, run_target, target), 0);
}

static void finish(struct target *target) {
  xpf_client_close(target->client);
  pthread_join(target->thread, NULL);
  close(target->fd);
}

/* One call against a target that answers so. */
static int call_once(const char *answer, cJSON **result, struct xpf_fault *fault) {
  struct target target = {.reads_first = true, .answer = answer, .closes = true};
  start(&target);
  int rc = xpf_client_call(target.client, "metrics", NULL, 5000, NULL, NULL, result, fault);
  finish(&target);
  return rc;
}

/* ---- replies ---- */

static void a_call_gets_its_result(void **state) {
  (void)state;
  struct target target = {.reads_first = true,
                          .answer =
                              "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":{\"cancelled\":2}}\n"};
  cJSON *result = NULL, *params = cJSON_CreateObject();
  struct xpf_fault fault;
  cJSON_AddNumberToObject(params, "thread_id", 3);
  start(&target);
  assert_int_equal(
      xpf_client_call(target.client, "cancel", params, 5000, NULL, NULL, &result, &fault), 0);
  long long id = xpf_client_last_id(target.client);
  finish(&target);
  assert_string_equal(
      target.line,
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"cancel\",\"params\":{\"thread_id\":3}}");
  assert_int_equal(id, 1);
  assert_int_equal(cJSON_GetObjectItem(result, "cancelled")->valueint, 2);
  cJSON_Delete(result);
}

static void single_bytes_make_a_reply(void **state) {
  (void)state;
  struct target target = {.reads_first = true,
                          .answer = "\n{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":[\"é\"]}\r\n",
                          .step = 1,
                          .delay_ms = 1};
  cJSON *result = NULL;
  start(&target);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 5000, NULL, NULL, &result, NULL), 0);
  finish(&target);
  assert_string_equal(cJSON_GetArrayItem(result, 0)->valuestring, "é");
  cJSON_Delete(result);
}

static void no_limit_waits(void **state) {
  (void)state;
  struct target target = {.reads_first = true,
                          .answer = "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":7}\n",
                          .delay_ms = 100};
  cJSON *result = NULL;
  start(&target);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 0, NULL, NULL, &result, NULL), 0);
  finish(&target);
  assert_int_equal(result->valueint, 7);
  cJSON_Delete(result);
}

static void nobody_needs_the_result(void **state) {
  (void)state;
  assert_int_equal(call_once("{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":{\"a\":[]}}\n", NULL, NULL),
                   0);
  assert_int_equal(call_once("{\"jsonrpc\":\"2.0\",\"id\":@,"
                             "\"error\":{\"code\":1,\"message\":\"\"}}\n",
                             NULL, NULL),
                   XPF_CLIENT_FAULT);
}

static void other_ids_are_skipped(void **state) {
  (void)state;
  cJSON *result = NULL;
  assert_int_equal(
      call_once("{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":1}\n"
                "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":2}\n"
                "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":1,\"message\":\"old\"}}\n"
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":3}\n"
                "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":4}\n",
                &result, NULL),
      0);
  assert_int_equal(result->valueint, 4);
  cJSON_Delete(result);
}

static void a_big_reply_arrives(void **state) {
  (void)state;
  size_t size = 3 * 1024 * 1024;
  char *answer = malloc(size + 100);
  char *at = answer + sprintf(answer, "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":\"");
  memset(at, 'x', size);
  strcpy(at + size, "\"}\n");
  cJSON *result = NULL;
  assert_int_equal(call_once(answer, &result, NULL), 0);
  assert_int_equal(strlen(result->valuestring), size);
  cJSON_Delete(result);
  free(answer);
}

static void an_error_is_a_fault(void **state) {
  (void)state;
  struct xpf_fault fault;
  cJSON *result = (cJSON *)&fault;
  assert_int_equal(call_once("{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":{\"code\":-32602,"
                             "\"message\":\"thread_id must be …\","
                             "\"data\":{\"field\":\"thread_id\"}}}\n",
                             &result, &fault),
                   XPF_CLIENT_FAULT);
  assert_null(result);
  assert_int_equal(fault.code, XPF_RPC_PARAMS);
  assert_string_equal(fault.field, "thread_id");
  assert_string_equal(fault.message, "thread_id must be …");
  assert_int_equal(call_once("{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":{\"code\":-32000,"
                             "\"message\":\"heapdump is running.\"}}\n",
                             &result, &fault),
                   XPF_CLIENT_FAULT);
  assert_string_equal(fault.field, "");
  assert_string_equal(fault.message, "heapdump is running.");
}

static void an_error_without_id_is_meant_for_us(void **state) {
  (void)state;
  struct xpf_fault fault;
  assert_int_equal(call_once("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,"
                             "\"message\":\"The line cannot be read.\"}}\n",
                             NULL, &fault),
                   XPF_CLIENT_FAULT);
  assert_int_equal(fault.code, XPF_RPC_PARSE);
}

static void one_client_too_many_hears_why(void **state) {
  (void)state;
  struct target target = {.answer = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32005,"
                                    "\"message\":\"too many clients\"}}\n",
                          .closes = true};
  struct xpf_fault fault = {0};
  start(&target);
  sleep_ms(50); /* it has answered and closed before we ask */
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 5000, NULL, NULL, NULL, &fault),
                   XPF_CLIENT_FAULT);
  assert_int_equal(fault.code, XPF_RPC_BUSY);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 5000, NULL, NULL, NULL, &fault),
                   -ECONNRESET);
  finish(&target);
}

/* The kernel marks the connection as reset when the target closes with bytes of ours unread. */
static void last_words_survive_a_reset(void **state) {
  (void)state;
  static const char words[] = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32005,"
                              "\"message\":\"too many clients\"}}\n";
  struct xpf_client *client;
  struct xpf_fault fault = {0};
  int pair[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  assert_int_equal(xpf_client_adopt(&client, pair[0]), 0);
  assert_int_equal(send(pair[1], words, sizeof words - 1, 0), sizeof words - 1);
  assert_int_equal(send(pair[0], "unread\n", 7, 0), 7);
  close(pair[1]);
  assert_int_equal(xpf_client_call(client, "a", NULL, 5000, NULL, NULL, NULL, &fault),
                   XPF_CLIENT_FAULT);
  assert_int_equal(fault.code, XPF_RPC_BUSY);
  xpf_client_close(client);
}

/* ---- progress ---- */

struct seen {
  int count, last_ms;
};

static void see(void *arg, const cJSON *params) {
  struct seen *seen = arg;
  seen->count++;
  seen->last_ms = cJSON_GetObjectItem(params, "elapsed_ms")->valueint;
}

static void progress_is_told(void **state) {
  (void)state;
  struct target target = {
      .reads_first = true,
      .answer =
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":@,\"elapsed_ms\":1000}}"
          "\n"
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":9,\"elapsed_ms\":1}}\n"
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\"}\n"
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":[]}\n"
          "{\"jsonrpc\":\"2.0\",\"method\":\"from the future\",\"params\":{\"id\":@}}\n"
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":@,\"elapsed_ms\":2000}}"
          "\n"
          "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":{}}\n"};
  struct seen seen = {0};
  cJSON *result = NULL;
  start(&target);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 5000, see, &seen, &result, NULL), 0);
  finish(&target);
  assert_int_equal(seen.count, 2);
  assert_int_equal(seen.last_ms, 2000);
  cJSON_Delete(result);
}

static void progress_may_be_ignored(void **state) {
  (void)state;
  assert_int_equal(call_once("{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":@}}\n"
                             "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":{}}\n",
                             NULL, NULL),
                   0);
}

/* ---- silence, endings, garbage ---- */

static void silence_is_a_timeout(void **state) {
  (void)state;
  struct target target = {.reads_first = true};
  cJSON *result;
  start(&target);
  int64_t began = now_ms();
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 150, NULL, NULL, &result, NULL),
                   -ETIMEDOUT);
  assert_in_range(now_ms() - began, 150, 5000);
  assert_null(result);
  /* The late reply does not harm the next call. */
  static const char late[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"late\"}\n"
                             "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"now\"}\n";
  assert_int_equal(send(target.fd, late, sizeof late - 1, MSG_NOSIGNAL), sizeof late - 1);
  assert_int_equal(xpf_client_call(target.client, "b", NULL, 5000, NULL, NULL, &result, NULL), 0);
  assert_string_equal(result->valuestring, "now");
  assert_int_equal(xpf_client_last_id(target.client), 2);
  cJSON_Delete(result);
  finish(&target);
}

/* ---- the two halves of a call ---- */

/* What a program with poll() does: looks until there is something. */
static int take(struct xpf_client *client, cJSON **result, struct xpf_fault *fault) {
  int rc = -EAGAIN;
  for (int64_t began = now_ms(); rc == -EAGAIN && now_ms() - began < 5000; sleep_ms(2))
    rc = xpf_client_take(client, result, fault);
  return rc;
}

static void a_reply_is_taken_when_it_is_there(void **state) {
  (void)state;
  static const char answer[] =
      "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":1}}\n"
      "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":0}\n{\"jsonrpc\":\"2.0\",\"id\":@,\"res";
  struct target target = {.reads_first = true, .answer = answer, .step = 1};
  cJSON *result;
  start(&target);
  assert_int_equal(xpf_client_send(target.client, "metrics", NULL, -1), 0);
  pthread_join(target.thread, NULL);
  assert_string_equal(target.line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"metrics\"}");
  int64_t began = now_ms();
  assert_int_equal(xpf_client_take(target.client, &result, NULL), -EAGAIN);
  assert_true(now_ms() - began < 5000 && result == NULL);
  static const char rest[] = "ult\":7}\n";
  assert_int_equal(send(target.fd, rest, sizeof rest - 1, MSG_NOSIGNAL), sizeof rest - 1);
  assert_int_equal(take(target.client, &result, NULL), 0);
  assert_int_equal(result->valueint, 7);
  cJSON_Delete(result);
  close(target.fd); /* a target that ended */
  assert_int_equal(take(target.client, &result, NULL), -ECONNRESET);
  assert_int_equal(xpf_client_send(target.client, "metrics", NULL, -1), -ECONNRESET);
  xpf_client_close(target.client);
}

static void taking_knows_faults_and_garbage(void **state) {
  (void)state;
  struct target refusing = {
      .reads_first = true,
      .answer = "{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":{\"code\":-32000,\"message\":\"no\"}}\n"};
  struct target wrong = {.reads_first = true, .answer = "garbage\n"};
  struct xpf_fault fault = {0};
  start(&refusing);
  assert_int_equal(xpf_client_send(refusing.client, "metrics", NULL, -1), 0);
  assert_int_equal(take(refusing.client, NULL, &fault), XPF_CLIENT_FAULT);
  assert_string_equal(fault.message, "no");
  finish(&refusing);
  start(&wrong);
  assert_int_equal(xpf_client_send(wrong.client, "metrics", NULL, -1), 0);
  assert_int_equal(take(wrong.client, NULL, NULL), -EPROTO);
  finish(&wrong);
}

static void endless_talk_keeps_nobody(void **state) {
  (void)state;
  struct target target = {
      .answer = "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":5}}\n",
      .repeats = true};
  start(&target);
  assert_int_equal(xpf_client_send(target.client, "metrics", NULL, -1), 0);
  for (int i = 0; i < 20; i++) {
    int64_t began = now_ms();
    assert_int_equal(xpf_client_take(target.client, NULL, NULL), -EAGAIN);
    assert_true(now_ms() - began < 5000);
  }
  finish(&target);
}

static void the_past_is_a_timeout(void **state) {
  (void)state;
  struct target target = {.reads_first = true};
  start(&target);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, -1, NULL, NULL, NULL, NULL),
                   -ETIMEDOUT);
  finish(&target);
}

static void endless_talk_is_a_timeout(void **state) {
  (void)state;
  struct target target = {
      .answer = "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":5}}\n",
      .repeats = true};
  start(&target);
  int64_t began = now_ms();
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 200, NULL, NULL, NULL, NULL),
                   -ETIMEDOUT);
  assert_in_range(now_ms() - began, 200, 5000);
  finish(&target);
}

static void a_trickle_is_a_timeout(void **state) {
  (void)state;
  struct target target = {.answer = " ", .repeats = true, .delay_ms = 20};
  start(&target);
  int64_t began = now_ms();
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 200, NULL, NULL, NULL, NULL),
                   -ETIMEDOUT);
  assert_in_range(now_ms() - began, 200, 5000);
  finish(&target);
}

static void on_alarm(int number) {
  (void)number;
}

static void signals_do_not_end_a_wait(void **state) {
  (void)state;
  struct target target = {.reads_first = true};
  struct sigaction action = {.sa_handler = on_alarm}, before;
  struct itimerval every = {{0, 5000}, {0, 5000}}, never = {0};
  start(&target);
  sigaction(SIGALRM, &action, &before);
  setitimer(ITIMER_REAL, &every, NULL);
  int64_t began = now_ms();
  int rc = xpf_client_call(target.client, "a", NULL, 200, NULL, NULL, NULL, NULL);
  int64_t took = now_ms() - began;
  setitimer(ITIMER_REAL, &never, NULL);
  sigaction(SIGALRM, &before, NULL);
  finish(&target);
  assert_int_equal(rc, -ETIMEDOUT);
  assert_in_range(took, 200, 5000);
}

static void a_closing_target_is_a_reset(void **state) {
  (void)state;
  cJSON *result;
  assert_int_equal(call_once(NULL, &result, NULL), -ECONNRESET);
  assert_null(result);
  assert_int_equal(call_once("{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":{}}", &result, NULL),
                   -ECONNRESET);
}

/* With the default action of SIGPIPE this test would end here. */
static void a_closed_target_raises_no_signal(void **state) {
  (void)state;
  struct target target = {.closes = true};
  start(&target);
  signal(SIGPIPE, SIG_DFL);
  sleep_ms(20);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 1000, NULL, NULL, NULL, NULL),
                   -ECONNRESET);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 1000, NULL, NULL, NULL, NULL),
                   -ECONNRESET);
  finish(&target);
}

static void garbage_is_not_our_protocol(void **state) {
  (void)state;
  static const char *const lines[] = {
      "HTTP/1.1 400 Bad Request\r\n",
      "{\n",
      "[]\n",
      "7\n",
      "{}\n",
      "{\"id\":@,\"result\":{}}\n",
      "{\"jsonrpc\":\"1.0\",\"id\":@,\"result\":{}}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@}\n",
      "{\"jsonrpc\":\"2.0\",\"result\":{}}\n",
      "{\"jsonrpc\":\"2.0\",\"method\":7}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":\"x\"}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":{\"code\":1}}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":{\"code\":\"1\",\"message\":\"x\"}}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":\"\xff\"}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":\"a\\u0000b\"}\n",
      "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":1e999}\n",
      "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (call_once(lines[i], NULL, NULL) != -EPROTO)
      fail_msg("taken: %s", lines[i]);
}

static void an_endless_line_is_not_our_protocol(void **state) {
  (void)state;
  static char block[65536];
  memset(block, 'x', sizeof block - 1);
  struct target target = {.answer = block, .repeats = true};
  start(&target);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 30000, NULL, NULL, NULL, NULL),
                   -EPROTO);
  assert_int_equal(xpf_client_call(target.client, "a", NULL, 30000, NULL, NULL, NULL, NULL),
                   -EPROTO);
  finish(&target);
}

/* ---- sending ---- */

static cJSON *big_params(void) {
  size_t size = 900 * 1024;
  char *text = calloc(1, size + 1);
  memset(text, 'x', size);
  cJSON *params = cJSON_CreateObject();
  cJSON_AddStringToObject(params, "name", text);
  free(text);
  return params;
}

static void a_big_request_goes_out(void **state) {
  (void)state;
  struct target target = {.reads_first = true,
                          .answer = "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":{}}\n"};
  start(&target);
  assert_int_equal(xpf_client_call(target.client, "a", big_params(), 20000, NULL, NULL, NULL, NULL),
                   0);
  finish(&target);
}

static void a_target_that_does_not_read_is_a_timeout(void **state) {
  (void)state;
  struct target target = {0};
  start(&target);
  int64_t began = now_ms();
  assert_int_equal(xpf_client_call(target.client, "a", big_params(), 150, NULL, NULL, NULL, NULL),
                   -ETIMEDOUT);
  assert_in_range(now_ms() - began, 150, 5000);
  /* Half a line is on its way: nothing may follow it. */
  assert_int_equal(xpf_client_call(target.client, "b", NULL, 150, NULL, NULL, NULL, NULL),
                   -ETIMEDOUT);
  finish(&target);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_gets_its_result),
      cmocka_unit_test(single_bytes_make_a_reply),
      cmocka_unit_test(no_limit_waits),
      cmocka_unit_test(nobody_needs_the_result),
      cmocka_unit_test(other_ids_are_skipped),
      cmocka_unit_test(a_big_reply_arrives),
      cmocka_unit_test(an_error_is_a_fault),
      cmocka_unit_test(an_error_without_id_is_meant_for_us),
      cmocka_unit_test(one_client_too_many_hears_why),
      cmocka_unit_test(last_words_survive_a_reset),
      cmocka_unit_test(progress_is_told),
      cmocka_unit_test(progress_may_be_ignored),
      cmocka_unit_test(silence_is_a_timeout),
      cmocka_unit_test(a_reply_is_taken_when_it_is_there),
      cmocka_unit_test(taking_knows_faults_and_garbage),
      cmocka_unit_test(endless_talk_keeps_nobody),
      cmocka_unit_test(the_past_is_a_timeout),
      cmocka_unit_test(endless_talk_is_a_timeout),
      cmocka_unit_test(a_trickle_is_a_timeout),
      cmocka_unit_test(signals_do_not_end_a_wait),
      cmocka_unit_test(a_closing_target_is_a_reset),
      cmocka_unit_test(a_closed_target_raises_no_signal),
      cmocka_unit_test(garbage_is_not_our_protocol),
      cmocka_unit_test(an_endless_line_is_not_our_protocol),
      cmocka_unit_test(a_big_request_goes_out),
      cmocka_unit_test(a_target_that_does_not_read_is_a_timeout),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
