/* The part that serves HTTP: from settings to a server, or the sentence that says why not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/http.h"
#include "daemon/part_list.h"
#include "daemon/renewal.h"
#include "daemon/tls_files.h"
#include "daemon/token_file.h"

struct part {
  struct xpf_http *http;
  struct xpf_renewal *renewal;
  void (*closed)(void *arg);
  void *closed_arg;
};

/* Whoever can be reached by others must know them, and must not tell them in clear text. */
static int check_reach(const struct xpf_settings *settings, const struct xpf_http_options *options,
                       char *why, size_t why_size) {
  bool has_cert = options->tls_cert != NULL, has_key = options->tls_key != NULL;
  if (has_cert != has_key) {
    snprintf(why, why_size, "%s: it is set, but %s is not; TLS needs both",
             has_cert ? "tls_cert" : "tls_key", has_cert ? "tls_key" : "tls_cert");
    return -EINVAL;
  }
  if (xpf_address_is_loopback(&options->listen) || (options->token && has_cert))
    return 0;
  snprintf(why, why_size,
           "listen: %.80s can be reached from other hosts; this needs the settings token_file, "
           "tls_cert and tls_key (missing:%s%s)",
           xpf_settings_text(settings, XPF_SETTING_LISTEN), options->token ? "" : " token_file",
           has_cert ? "" : " tls_cert tls_key");
  return -EINVAL;
}

static const char *text_or_null(const struct xpf_settings *settings, enum xpf_setting_id id) {
  const char *text = xpf_settings_text(settings, id);
  return text[0] ? text : NULL;
}

static int read_options(const struct xpf_settings *settings, struct xpf_http_options *out,
                        char token[XPF_TOKEN_SIZE], char *why, size_t why_size) {
  const char *token_file = text_or_null(settings, XPF_SETTING_TOKEN_FILE);
  int error = xpf_address_parse(&out->listen, xpf_settings_text(settings, XPF_SETTING_LISTEN),
                                "listen", why, why_size);
  if (!error && token_file)
    error = xpf_token_file_read(token_file, token, why, why_size);
  if (error)
    return error;
  out->token = token_file ? token : NULL;
  out->tls_cert = text_or_null(settings, XPF_SETTING_TLS_CERT);
  out->tls_key = text_or_null(settings, XPF_SETTING_TLS_KEY);
  error = check_reach(settings, out, why, why_size);
  if (!error && out->tls_cert)
    error = xpf_tls_files_check(out->tls_cert, out->tls_key, why, why_size);
  return error;
}

static int start(void **out, struct xpf_daemon *daemon, char *why, size_t why_size) {
  struct xpf_http_options options = {0};
  char token[XPF_TOKEN_SIZE];
  struct part *part = NULL;
  int error = read_options(daemon->settings, &options, token, why, why_size);
  if (!error)
    error = (part = calloc(1, sizeof *part)) ? 0 : -ENOMEM;
  if (!error)
    error = xpf_http_start(&part->http, daemon, &options, why, why_size);
  if (!error)
    error = (part->renewal = xpf_renewal_new(part->http)) ? 0 : -ENOMEM;
  if (part && !part->http) {
    free(part);
    part = NULL;
  }
  *out = part; /* also after a failure: what there is of it is to be stopped */
  if (error)
    return error;
  char address[XPF_ADDRESS_TEXT_SIZE];
  const char *scheme = options.tls_cert ? "https" : "http";
  xpf_address_write(&part->http->accept.address, address);
  printf("console: %s://%s/\nmetrics: %s://%s/metrics\n", scheme, address, scheme, address);
  fflush(stdout);
  return 0;
}

static void tick(void *arg, int64_t now_ms) {
  struct part *part = arg;
  xpf_http_tick(part->http, now_ms);
  xpf_renewal_tick(part->renewal, now_ms);
}

static void reload(void *arg) {
  struct part *part = arg;
  xpf_renewal_ask(part->renewal);
}

static void http_closed(void *arg) {
  struct part *part = arg;
  void (*closed)(void *) = part->closed;
  void *closed_arg = part->closed_arg;
  free(part);
  closed(closed_arg);
}

static void renewal_closed(void *arg) {
  struct part *part = arg;
  xpf_http_stop(part->http, http_closed, part);
}

static void stop(void *arg, void (*closed)(void *arg), void *closed_arg) {
  struct part *part = arg;
  part->closed = closed;
  part->closed_arg = closed_arg;
  if (part->renewal)
    xpf_renewal_close(part->renewal, renewal_closed, part);
  else
    renewal_closed(part);
}

const struct xpf_part xpf_part_http = {
    .name = "http", .start = start, .tick = tick, .reload = reload, .stop = stop};
