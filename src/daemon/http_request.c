/* What a client asked, out of libwebsockets' tables (which live only until the answer begins). It
 * has decoded the path and the parameters already, and taken "." and ".." out of the path. */
#include "daemon/http.h"

#include <ctype.h>
#include <errno.h>
#include <libwebsockets.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/utf8.h"

#define URI_MAX     4096
#define HEADERS_MAX 8192

static const char *const METHODS[] = {"GET",   "POST",   "OPTIONS", "PUT",
                                      "PATCH", "DELETE", "CONNECT", "HEAD"};

int xpf_http_refuse(struct xpf_refusal *why, int status, const char *field, const char *format,
                    ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why->message, sizeof why->message, format, arguments);
  va_end(arguments);
  why->status = status;
  why->field = field;
  return status;
}

/* Writes texts one after the other into a block that is large enough. */
struct pen {
  char *at;
  size_t left;
};

static const char *take_token(struct pen *pen, struct lws *wsi, int token) {
  int size = lws_hdr_copy(wsi, pen->at, (int)pen->left, (enum lws_token_indexes)token);
  if (size < 0)
    return NULL;
  const char *text = pen->at;
  pen->at[size] = '\0';
  pen->at += size + 1;
  pen->left -= (size_t)size + 1;
  return text;
}

static const char *take_text(struct pen *pen, const char *text, size_t size) {
  if (size + 1 > pen->left)
    return NULL;
  char *copy = pen->at;
  memcpy(copy, text, size);
  copy[size] = '\0';
  pen->at += size + 1;
  pen->left -= size + 1;
  return copy;
}

static bool is_uri_token(int token) {
  return token == WSI_TOKEN_GET_URI || token == WSI_TOKEN_POST_URI ||
         token == WSI_TOKEN_OPTIONS_URI || token == WSI_TOKEN_PATCH_URI ||
         token == WSI_TOKEN_PUT_URI || token == WSI_TOKEN_DELETE_URI ||
         token == WSI_TOKEN_CONNECT || token == WSI_TOKEN_HEAD_URI;
}

static void take_headers(struct pen *pen, struct lws *wsi, struct xpf_exchange *exchange) {
  for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
    const char *name = (const char *)lws_token_to_string((enum lws_token_indexes)token);
    int size = lws_hdr_total_length(wsi, (enum lws_token_indexes)token);
    if (size <= 0 || !name || is_uri_token(token) || token == WSI_TOKEN_HTTP_URI_ARGS ||
        exchange->headers_count == XPF_EXCHANGE_HEADERS_MAX)
      continue;
    size_t name_size = strlen(name);
    if (name_size < 2 || name[name_size - 1] != ':')
      continue; /* no header: the version, a pseudo header */
    struct xpf_pair *pair = &exchange->headers[exchange->headers_count];
    pair->name = take_text(pen, name, name_size - 1);
    pair->value = take_token(pen, wsi, token);
    if (pair->name && pair->value)
      exchange->headers_count++;
  }
  static const char *const OTHERS[] = {"sec-fetch-site:", "forwarded:", "x-forwarded-host:"};
  for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
    int name_size = (int)strlen(OTHERS[i]);
    int size = lws_hdr_custom_length(wsi, OTHERS[i], name_size);
    if (size < 0 || exchange->headers_count == XPF_EXCHANGE_HEADERS_MAX ||
        pen->left < (size_t)size + 2 + (size_t)name_size)
      continue;
    struct xpf_pair *pair = &exchange->headers[exchange->headers_count++];
    pair->name = take_text(pen, OTHERS[i], (size_t)name_size - 1);
    lws_hdr_custom_copy(wsi, pen->at, (int)pen->left, OTHERS[i], name_size);
    pair->value = pen->at;
    pen->at[size] = '\0';
    pen->at += size + 1;
    pen->left -= (size_t)size + 1;
  }
}

static int take_params(struct pen *pen, struct lws *wsi, struct xpf_exchange *exchange,
                       struct xpf_refusal *why) {
  for (int i = 0;; i++) {
    int size = lws_hdr_copy_fragment(wsi, pen->at, (int)pen->left, WSI_TOKEN_HTTP_URI_ARGS, i);
    if (size < 0)
      return 0;
    if (size == 0)
      continue;
    if (exchange->params_count == XPF_EXCHANGE_PARAMS_MAX)
      return xpf_http_refuse(why, 400, NULL, "more than %d parameters", XPF_EXCHANGE_PARAMS_MAX);
    pen->at[size] = '\0';
    struct xpf_pair *pair = &exchange->params[exchange->params_count++];
    char *equals = strchr(pen->at, '=');
    pair->name = pen->at;
    pair->value = equals ? equals + 1 : "";
    if (equals)
      *equals = '\0';
    if (xpf_utf8_check(pair->name, strlen(pair->name)) != strlen(pair->name) ||
        xpf_utf8_check(pair->value, strlen(pair->value)) != strlen(pair->value))
      return xpf_http_refuse(why, 400, NULL, "a parameter is not UTF-8");
    pen->at += size + 1;
    pen->left -= (size_t)size + 1;
  }
}

static bool has_word(const char *list, const char *word) {
  size_t size = strlen(word);
  for (; list && *list; list += strcspn(list, ","), list += *list == ',') {
    list += strspn(list, " \t");
    size_t length = strcspn(list, ", \t");
    if (length == size && strncasecmp(list, word, size) == 0)
      return true;
  }
  return false;
}

static int read_length(struct xpf_exchange *exchange, struct xpf_refusal *why) {
  const char *length = xpf_exchange_header(exchange, "content-length");
  if (xpf_exchange_header(exchange, "transfer-encoding"))
    return xpf_http_refuse(why, 411, "Transfer-Encoding",
                           "Transfer-Encoding: a body needs a Content-Length");
  bool has_body = strcmp(exchange->method, "POST") == 0 || strcmp(exchange->method, "PUT") == 0 ||
                  strcmp(exchange->method, "PATCH") == 0;
  if (!length)
    return has_body ? xpf_http_refuse(why, 411, "Content-Length", "Content-Length: it is missing")
                    : 0;
  size_t digits = strspn(length, "0123456789");
  if (digits == 0 || length[digits])
    return xpf_http_refuse(why, 400, "Content-Length", "Content-Length: `%.40s` is no number",
                           length);
  unsigned long long size = strtoull(length, NULL, 10);
  if (digits > 9 || size > XPF_EXCHANGE_BODY_MAX)
    return xpf_http_refuse(why, 413, "Content-Length", "the body is larger than %d bytes",
                           XPF_EXCHANGE_BODY_MAX);
  exchange->body_expected = (size_t)size;
  return 0;
}

static size_t sum_of_headers(struct lws *wsi) {
  size_t sum = 0;
  for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
    int size = lws_hdr_total_length(wsi, (enum lws_token_indexes)token);
    sum += size > 0 ? (size_t)size + 2 : 0;
  }
  return sum;
}

int xpf_http_read_request(struct lws *wsi, struct xpf_exchange *exchange, struct xpf_refusal *why) {
  char *uri = NULL;
  int uri_size = 0;
  int method = lws_http_get_uri_and_method(wsi, &uri, &uri_size);
  exchange->method = "GET";
  if (method < 0 || (size_t)method >= sizeof METHODS / sizeof METHODS[0])
    return xpf_http_refuse(why, 400, NULL, "this is no request that can be read");
  exchange->method = METHODS[method];
  exchange->is_head = strcmp(exchange->method, "HEAD") == 0;
  int args_size = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS);
  if (uri_size + args_size > URI_MAX)
    return xpf_http_refuse(why, 414, NULL, "path and parameters are longer than %d characters",
                           URI_MAX);
  size_t sum = sum_of_headers(wsi);
  if (sum > HEADERS_MAX + URI_MAX)
    return xpf_http_refuse(why, 431, NULL, "the headers are larger than %d bytes", HEADERS_MAX);
  /* Each name once more, each text's end, and the headers that libwebsockets has no token for. */
  struct pen pen = {NULL, sum + 8192 + HEADERS_MAX};
  exchange->texts = pen.at = malloc(pen.left);
  if (!pen.at)
    return xpf_http_refuse(why, 503, NULL, "out of memory");
  const char *path = take_text(&pen, uri, (size_t)uri_size);
  if (!path || path[0] != '/' || strlen(path) != (size_t)uri_size ||
      xpf_utf8_check(path, (size_t)uri_size) != (size_t)uri_size)
    return xpf_http_refuse(why, 400, NULL, "the path is not readable");
  exchange->path = path;
  take_headers(&pen, wsi, exchange);
  /* A path with an encoded line feed ends the line for libwebsockets: what follows would count as a
   * header, from whoever made the address. The version then is not where it belongs. */
  char version[16] = "";
  lws_hdr_copy(wsi, version, sizeof version, WSI_TOKEN_HTTP);
  exchange->is_http10 = strcmp(version, "HTTP/1.0") == 0;
  if (!exchange->is_http10 && strcmp(version, "HTTP/1.1") != 0)
    return xpf_http_refuse(why, 400, NULL, "this is no request of HTTP/1.1 or HTTP/1.0");
  exchange->keeps_alive =
      !exchange->is_http10 && !has_word(xpf_exchange_header(exchange, "connection"), "close");
  if (!exchange->is_http10 && !xpf_exchange_header(exchange, "host"))
    return xpf_http_refuse(why, 400, "Host", "Host: it is missing");
  int error = take_params(&pen, wsi, exchange, why);
  return error ? error : read_length(exchange, why);
}
