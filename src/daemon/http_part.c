/* The part that serves HTTP: from settings to a server, or the sentence that says why not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/http.h"
#include "daemon/part_list.h"
#include "daemon/tls_files.h"

#define TOKEN_MIN 16
#define TOKEN_MAX 512

/* The first line of the file, without blanks around it. */
static int read_token(const char *path, char token[TOKEN_MAX + 2], char *why, size_t why_size) {
  FILE *file = fopen(path, "re");
  if (!file) {
    snprintf(why, why_size, "token_file: %.400s cannot be read: %s", path, strerror(errno));
    return -EINVAL;
  }
  bool has_line = fgets(token, TOKEN_MAX + 2, file) != NULL;
  fclose(file);
  size_t size = has_line ? strcspn(token, "\r\n") : 0;
  token[size] = '\0';
  if (size < TOKEN_MIN || size > TOKEN_MAX) {
    snprintf(why, why_size,
             "token_file: the first line of %.400s is the token and needs %d to %d characters; "
             "make one with: openssl rand -hex 32",
             path, TOKEN_MIN, TOKEN_MAX);
    return -EINVAL;
  }
  for (size_t i = 0; i < size; i++)
    if (token[i] <= ' ' || token[i] > '~') {
      snprintf(why, why_size,
               "token_file: the token in %.400s has a character that no header can have (only "
               "visible ASCII, no blanks)",
               path);
      return -EINVAL;
    }
  return 0;
}

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
                        char token[TOKEN_MAX + 2], char *why, size_t why_size) {
  const char *token_file = text_or_null(settings, XPF_SETTING_TOKEN_FILE);
  int error = xpf_address_parse(&out->listen, xpf_settings_text(settings, XPF_SETTING_LISTEN),
                                "listen", why, why_size);
  if (!error && token_file)
    error = read_token(token_file, token, why, why_size);
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
  char token[TOKEN_MAX + 2];
  struct xpf_http *http = NULL;
  int error = read_options(daemon->settings, &options, token, why, why_size);
  if (!error)
    error = xpf_http_start(&http, daemon, &options, why, why_size);
  *out = http; /* also after a failure: what there is of it is to be stopped */
  if (error)
    return error;
  char address[XPF_ADDRESS_TEXT_SIZE];
  const char *scheme = options.tls_cert ? "https" : "http";
  xpf_address_write(&http->accept.address, address);
  printf("console: %s://%s/\nmetrics: %s://%s/metrics\n", scheme, address, scheme, address);
  fflush(stdout);
  return 0;
}

static void tick(void *part, int64_t now_ms) {
  xpf_http_tick(part, now_ms);
}

static void stop(void *part, void (*closed)(void *arg), void *arg) {
  xpf_http_stop(part, closed, arg);
}

const struct xpf_part xpf_part_http = {.name = "http", .start = start, .tick = tick, .stop = stop};
