/* The part that serves HTTP: from settings to a server, or the sentence that says why not. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/daemon.h"
#include "daemon/http.h"
#include "daemon/part_list.h"

static int start(void **out, struct xpf_daemon *daemon, char *why, size_t why_size) {
  struct xpf_http_options options = {0};
  const char *listen = xpf_settings_text(daemon->settings, XPF_SETTING_LISTEN);
  int error = xpf_address_parse(&options.listen, listen, "listen", why, why_size);
  struct xpf_http *http = NULL;
  if (!error)
    error = xpf_http_start(&http, daemon, &options, why, why_size);
  if (error)
    return error;
  *out = http;
  char text[XPF_ADDRESS_TEXT_SIZE];
  xpf_address_write(&http->accept.address, text);
  printf("console: http://%s/\n", text);
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
