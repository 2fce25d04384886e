#include "daemon/core_link.h"

#include <errno.h>
#include <stdlib.h>

/* A connection on which nothing comes for so long is made anew. */
#define GIVE_UP_MS 30000
/* Lines looked at in one turn of the loop: who never stops talking leaves the others their turns.
 */
#define LINES_MAX 8

struct xpf_core_link {
  uv_poll_t poll; /* first */
  struct xpf_client *client;
  struct xpf_metrics_reply *scratch;
  const struct xpf_core_link_user *user;
  void *arg;
  uint64_t asked_ms; /* of the loop's clock; 0: no answer is awaited */
  long long id;
  bool has_info, is_closed;
};

static void free_link(uv_handle_t *handle) {
  free(handle);
}

void xpf_core_link_close(struct xpf_core_link *link) {
  if (!link || link->is_closed)
    return;
  link->is_closed = true;
  uv_poll_stop(&link->poll);
  xpf_client_close(link->client);
  uv_close((uv_handle_t *)&link->poll, free_link);
}

static void lose(struct xpf_core_link *link, int error) {
  const struct xpf_core_link_user *user = link->user;
  void *arg = link->arg;
  xpf_core_link_close(link);
  user->lost(arg, error);
}

/* The answer to process_info is small and comes once: a tree will do. -EAGAIN: not yet. */
static int take_info(struct xpf_core_link *link) {
  struct xpf_fault fault = {0};
  cJSON *info = NULL;
  int error = xpf_client_take(link->client, &info, &fault);
  if (error == -EAGAIN)
    return error;
  link->asked_ms = 0;
  if (error && error != XPF_CLIENT_FAULT)
    return error;
  link->has_info = true;
  link->user->info(link->arg, info); /* NULL: an old one that does not tell */
  cJSON_Delete(info);
  return 0;
}

static int take_figures(struct xpf_core_link *link) {
  for (int i = 0; i < LINES_MAX; i++) {
    char *line;
    size_t size;
    int error = xpf_client_take_line(link->client, &line, &size);
    if (error)
      return error;
    error = xpf_metrics_reply_parse(link->scratch, line, size);
    if (error < 0)
      return error;
    bool is_ours = error == 0 && (link->scratch->id == link->id || link->scratch->id == -1);
    if (!is_ours || link->asked_ms == 0)
      continue; /* a notification, or late */
    link->asked_ms = 0;
    link->user->figures(link->arg, link->scratch);
    if (link->is_closed)
      return 0;
  }
  return -EAGAIN;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  struct xpf_core_link *link = (struct xpf_core_link *)poll;
  (void)events;
  int error = status;
  if (!error && !link->has_info) {
    error = take_info(link);
    if (!error && !link->is_closed) {
      xpf_core_link_ask(link); /* and now the figures, at once */
      return;
    }
  } else if (!error) {
    error = take_figures(link);
  }
  if (error && error != -EAGAIN && !link->is_closed)
    lose(link, error);
}

int xpf_core_link_open(struct xpf_core_link **out, uv_loop_t *loop, struct xpf_client *take_client,
                       struct xpf_metrics_reply *scratch, const struct xpf_core_link_user *user,
                       void *arg) {
  struct xpf_core_link *link = calloc(1, sizeof *link);
  int error = link ? uv_poll_init(loop, &link->poll, xpf_client_fd(take_client)) : -ENOMEM;
  if (error) {
    free(link);
    xpf_client_close(take_client);
    return error;
  }
  link->client = take_client;
  link->scratch = scratch;
  link->user = user;
  link->arg = arg;
  error = uv_poll_start(&link->poll, UV_READABLE, on_readable);
  if (error) {
    xpf_core_link_close(link);
    return error;
  }
  *out = link;
  return 0;
}

uint64_t xpf_core_link_owes_ms(const struct xpf_core_link *link) {
  uint64_t now_ms = uv_now(link->poll.loop);
  return link->asked_ms == 0 || now_ms < link->asked_ms ? 0 : now_ms - link->asked_ms;
}

bool xpf_core_link_ask(struct xpf_core_link *link) {
  if (link->asked_ms != 0) {
    bool is_hopeless = xpf_core_link_owes_ms(link) > GIVE_UP_MS;
    if (is_hopeless)
      lose(link, -ETIMEDOUT);
    return !is_hopeless;
  }
  int error = xpf_client_send(link->client, link->has_info ? "metrics" : "process_info", NULL, -1);
  if (error) {
    lose(link, error);
    return false;
  }
  link->id = xpf_client_last_id(link->client);
  link->asked_ms = uv_now(link->poll.loop);
  return true;
}
