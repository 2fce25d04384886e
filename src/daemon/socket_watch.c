#include "daemon/socket_watch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
  uv_fs_event_t event; /* first */
  struct xpf_socket_watch *watch;
  char path[64];
  bool is_listed, is_over;
};

struct xpf_socket_watch {
  uv_loop_t *loop;
  void (*changed)(void *arg);
  void *arg;
  struct place *places[XPF_SOCKET_DIRS_MAX];
};

struct xpf_socket_watch *xpf_socket_watch_new(uv_loop_t *loop, void (*changed)(void *arg),
                                              void *arg) {
  struct xpf_socket_watch *watch = calloc(1, sizeof *watch);
  if (watch) {
    watch->loop = loop;
    watch->changed = changed;
    watch->arg = arg;
  }
  return watch;
}

static void free_place(uv_handle_t *handle) {
  free(handle);
}

static void drop(struct xpf_socket_watch *watch, unsigned i) {
  uv_close((uv_handle_t *)&watch->places[i]->event, free_place);
  watch->places[i] = NULL;
}

/* The watch of a directory that was removed says so again and again: it is dropped with the next
 * listing. */
static void on_change(uv_fs_event_t *event, const char *name, int events, int status) {
  struct place *place = (struct place *)event;
  (void)events;
  bool is_of_itself = !name || strchr(name, '.') == NULL;
  if (place->is_over)
    return;
  place->is_over = status != 0 || is_of_itself;
  place->watch->changed(place->watch->arg);
}

static void add(struct xpf_socket_watch *watch, const char *path) {
  unsigned at = 0;
  while (at < XPF_SOCKET_DIRS_MAX && watch->places[at])
    at++;
  struct place *place = at < XPF_SOCKET_DIRS_MAX ? calloc(1, sizeof *place) : NULL;
  if (!place)
    return;
  place->watch = watch;
  place->is_listed = true;
  snprintf(place->path, sizeof place->path, "%s", path);
  uv_fs_event_init(watch->loop, &place->event);
  watch->places[at] = place;
  if (uv_fs_event_start(&place->event, on_change, path, 0) != 0)
    place->is_over = true; /* no more of them are allowed: tried again with the next listing */
}

static struct place *find(const struct xpf_socket_watch *watch, const char *path) {
  for (unsigned i = 0; i < XPF_SOCKET_DIRS_MAX; i++)
    if (watch->places[i] && strcmp(watch->places[i]->path, path) == 0)
      return watch->places[i];
  return NULL;
}

void xpf_socket_watch_set(struct xpf_socket_watch *watch, const struct xpf_socket_set *sockets) {
  for (unsigned i = 0; i < XPF_SOCKET_DIRS_MAX; i++)
    if (watch->places[i] && watch->places[i]->is_over)
      drop(watch, i);
    else if (watch->places[i])
      watch->places[i]->is_listed = false;
  for (unsigned i = 0; i < sockets->dirs_count; i++) {
    struct place *place = find(watch, sockets->dirs[i]);
    if (place)
      place->is_listed = true;
    else
      add(watch, sockets->dirs[i]);
  }
  for (unsigned i = 0; i < XPF_SOCKET_DIRS_MAX; i++)
    if (watch->places[i] && !watch->places[i]->is_listed)
      drop(watch, i);
}

void xpf_socket_watch_free(struct xpf_socket_watch *watch) {
  for (unsigned i = 0; watch && i < XPF_SOCKET_DIRS_MAX; i++)
    if (watch->places[i])
      drop(watch, i);
  free(watch);
}
