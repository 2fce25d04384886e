/* A request of HTTP and how it was answered, in place of exchange.c. Include once, after cmocka.h.
 */
#ifndef XPF_TEST_ASKED_H
#define XPF_TEST_ASKED_H
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/exchange.h"

static struct xpf_daemon asked_daemon;
static struct xpf_exchange asked;
static char asked_answer[512]; /* "400 from from: must be before `to`", "" before */

/* A request with those parameters: names and values in turn, NULL at the end. */
static inline struct xpf_exchange *ask(const char *name, ...) {
  va_list args;
  asked = (struct xpf_exchange){.daemon = &asked_daemon};
  asked_answer[0] = '\0';
  va_start(args, name);
  for (; name; name = va_arg(args, const char *))
    asked.params[asked.params_count++] = (struct xpf_pair){name, va_arg(args, const char *)};
  va_end(args);
  return &asked;
}

const char *xpf_exchange_param(const struct xpf_exchange *exchange, const char *name) {
  for (unsigned i = 0; i < exchange->params_count; i++)
    if (strcmp(exchange->params[i].name, name) == 0)
      return exchange->params[i].value;
  return NULL;
}

struct xpf_daemon *xpf_exchange_daemon(const struct xpf_exchange *exchange) {
  return exchange->daemon;
}

void xpf_exchange_reply_error(struct xpf_exchange *exchange, int status, const char *field,
                              const char *format, ...) {
  va_list args;
  assert_ptr_equal(exchange, &asked);
  assert_string_equal(asked_answer, ""); /* answered once */
  int used = snprintf(asked_answer, sizeof asked_answer, "%d %s ", status, field ? field : "-");
  va_start(args, format);
  vsnprintf(asked_answer + used, sizeof asked_answer - (size_t)used, format, args);
  va_end(args);
}
#endif
