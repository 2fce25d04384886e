/* The console: its files as they were built in, or from console_dir. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/console_file.h"
#include "daemon/daemon.h"
#include "daemon/route_list.h"

/* No script, style or connection but our own; nobody puts it into a frame; addresses (which may
 * hold a token) are told to nobody. */
static void add_headers(struct xpf_exchange *exchange) {
  xpf_exchange_add_header(exchange, "content-security-policy",
                          "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; "
                          "base-uri 'none'; object-src 'none'; form-action 'self'");
  xpf_exchange_add_header(exchange, "referrer-policy", "no-referrer");
  xpf_exchange_add_header(exchange, "x-frame-options", "DENY");
  xpf_exchange_add_header(exchange, "cache-control", "no-cache"); /* asks again, by ETag */
}

static void reply_not_found(struct xpf_exchange *exchange, const char *name) {
  xpf_exchange_reply_error(exchange, 404, NULL, "there is nothing at `/%.200s`", name);
}

static const char *type_of(const char *name) {
  static const char *const TYPES[][2] = {
      {".html", "text/html; charset=utf-8"},        {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},          {".svg", "image/svg+xml"},
      {".json", "application/json; charset=utf-8"}, {".png", "image/png"},
      {".map", "application/json; charset=utf-8"},  {".woff2", "font/woff2"},
  };
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot && i < sizeof TYPES / sizeof TYPES[0]; i++)
    if (strcmp(dot, TYPES[i][0]) == 0)
      return TYPES[i][1];
  return "application/octet-stream";
}

/* No part of it is empty or begins with a dot. */
static bool is_plain(const char *name) {
  for (const char *part = name; part; part = strchr(part, '/')) {
    part += *part == '/';
    if (*part == '\0' || *part == '.' || *part == '/')
      return false;
  }
  return true;
}

static void reply_from(struct xpf_exchange *exchange, const char *dir, const char *name) {
  char path[4096];
  int size = snprintf(path, sizeof path, "%s/%s", dir, name);
  if (!is_plain(name) || size >= (int)sizeof path) {
    reply_not_found(exchange, name);
    return;
  }
  add_headers(exchange);
  xpf_exchange_reply_file(exchange, path, type_of(name), NULL);
}

static void reply_built_in(struct xpf_exchange *exchange, const struct xpf_console_file *file) {
  const char *known = xpf_exchange_header(exchange, "if-none-match");
  const char *encoding = xpf_exchange_header(exchange, "accept-encoding");
  bool is_packed = encoding && strcasestr(encoding, "gzip") && file->gzipped_size > 0;
  char etag[128];
  snprintf(etag, sizeof etag, is_packed ? "\"%.100s-gzip\"" : "\"%.100s\"", file->etag);
  add_headers(exchange);
  xpf_exchange_add_header(exchange, "etag", etag);
  xpf_exchange_add_header(exchange, "vary", "accept-encoding");
  if (known && strstr(known, etag)) {
    xpf_exchange_reply(exchange, 304, NULL, NULL, 0);
    return;
  }
  if (is_packed)
    xpf_exchange_add_header(exchange, "content-encoding", "gzip");
  xpf_exchange_reply(exchange, 200, file->content_type, is_packed ? file->gzipped : file->bytes,
                     is_packed ? file->gzipped_size : file->size);
}

void xpf_route_console(struct xpf_exchange *exchange) {
  const char *name = xpf_exchange_part(exchange);
  const char *dir =
      xpf_settings_text(xpf_exchange_daemon(exchange)->settings, XPF_SETTING_CONSOLE_DIR);
  if (name[0] == '\0')
    name = "index.html";
  if (dir[0]) {
    reply_from(exchange, dir, name);
    return;
  }
  for (size_t i = 0; i < xpf_console_files_count; i++)
    if (strcmp(xpf_console_files[i].name, name) == 0) {
      reply_built_in(exchange, &xpf_console_files[i]);
      return;
    }
  reply_not_found(exchange, name);
}
