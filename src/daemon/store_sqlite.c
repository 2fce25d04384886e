/* The SQLite engine: opening and closing, and the loop's side of its threads. */
#include "daemon/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* One daemon for one folder: two would take each other's entities for gone. The lock goes with the
 * process, however it ends. */
static int lock(struct xpf_store *store, const char *dir, char *why, size_t why_size) {
  char path[4096], owner[32] = "";
  snprintf(path, sizeof path, "%s/history.lock", dir);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    snprintf(why, why_size, "data_dir: %.400s cannot be written: %s", path, strerror(errno));
    return -errno;
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ssize_t size = pread(fd, owner, sizeof owner - 1, 0);
    int pid = size > 0 ? atoi(owner) : 0;
    close(fd);
    snprintf(why, why_size,
             "data_dir: %.400s is used by another xprofd (pid %d); end that one, or give another "
             "data_dir",
             dir, pid);
    return -EBUSY;
  }
  snprintf(owner, sizeof owner, "%d\n", (int)getpid());
  if (ftruncate(fd, 0) == 0 && pwrite(fd, owner, strlen(owner), 0) < 0)
    store->lock_fd = -1; /* only the number is missing: a full disk is no reason not to begin */
  store->lock_fd = fd;
  return 0;
}

static void tell_notices(struct xpf_store *store) {
  uv_mutex_lock(&store->mutex);
  struct xpf_store_notice *notice = store->notices;
  store->notices = NULL;
  store->notices_end = &store->notices;
  store->notices_count = 0;
  uv_mutex_unlock(&store->mutex);
  while (notice) {
    struct xpf_store_notice *next = notice->next;
    if (!store->is_leaving)
      xpf_world_event(store->world, notice->name, NULL, notice->text);
    free(notice);
    notice = next;
  }
}

static void free_store(struct xpf_store *store) {
  while (store->first) {
    struct xpf_message *next = store->first->next;
    xpf_message_free(store->first);
    store->first = next;
  }
  while (store->notices) {
    struct xpf_store_notice *next = store->notices->next;
    free(store->notices);
    store->notices = next;
  }
  xpf_store_writer_free(store);
  xpf_store_pack_free(store);
  uv_cond_destroy(&store->reader.wake);
  uv_cond_destroy(&store->wake);
  uv_mutex_destroy(&store->mutex);
  if (store->lock_fd >= 0)
    close(store->lock_fd);
  free(store);
}

static void on_closed(uv_handle_t *handle) {
  struct xpf_store *store = handle->data;
  void (*closed)(void *) = store->closed;
  void *arg = store->closed_arg;
  free_store(store);
  if (closed)
    closed(arg);
}

static void on_async(uv_async_t *async) {
  struct xpf_store *store = async->data;
  xpf_store_reader_deliver(store);
  tell_notices(store);
  uv_mutex_lock(&store->mutex);
  bool has_ended = store->has_writer_ended && store->has_reader_ended;
  uv_mutex_unlock(&store->mutex);
  if (!has_ended || uv_is_closing((uv_handle_t *)async))
    return;
  uv_thread_join(&store->writer.thread);
  uv_thread_join(&store->reader.thread);
  xpf_store_reader_deliver(store);
  uv_close((uv_handle_t *)async, on_closed);
}

static struct xpf_store *new_store(const struct xpf_store_options *options, uv_loop_t *loop,
                                   struct xpf_world *world) {
  struct xpf_store *store = calloc(1, sizeof *store);
  if (!store)
    return NULL;
  store->loop = loop;
  store->world = world;
  store->max_bytes = options->max_bytes;
  store->max_age_s = options->max_age_s;
  store->lock_fd = -1;
  snprintf(store->path, sizeof store->path, "%s/" XPF_HISTORY_FILE, options->dir);
  store->end = &store->first;
  store->notices_end = &store->notices;
  store->reader.waiting_end = &store->reader.waiting;
  store->reader.done_end = &store->reader.done;
  struct xpf_store_writer *writer = &store->writer;
  writer->events_end = &writer->events;
  writer->minute_s = writer->last_s = writer->flushed_s = INT64_MIN;
  writer->chunks.db = &writer->db;
  writer->chunks.packer = xpf_packer_new();
  uv_mutex_init(&store->mutex);
  uv_cond_init(&store->wake);
  uv_cond_init(&store->reader.wake);
  return store;
}

/* A file that is damaged is set aside, a disk that is full may be so no more later: with these the
 * daemon begins. What a person has to decide it leaves to them. */
static int open_file(struct xpf_store *store, char *why, size_t why_size) {
  char moved[4300];
  struct xpf_history_db *db = &store->writer.db;
  int error = xpf_history_db_open(db, store->path, store->max_bytes, why, why_size);
  if (error == -EBADMSG && xpf_history_db_set_aside(store->path, moved, sizeof moved) == 0) {
    xpf_store_tell(store, "history_damaged",
                   "the history was damaged; it is now %s, and a new one was begun", moved);
    error = xpf_history_db_open(db, store->path, store->max_bytes, why, why_size);
  }
  if (error == -ENOSPC || error == -EIO) {
    snprintf(store->figures.problem, sizeof store->figures.problem, "%.255s", why);
    xpf_store_tell(store, "history_failed", "the history is not written: %s", why);
    return 0;
  }
  return error;
}

static int start_threads(struct xpf_store *store) {
  if (uv_thread_create(&store->writer.thread, xpf_store_writer_run, store) != 0)
    return -EAGAIN;
  if (uv_thread_create(&store->reader.thread, xpf_store_reader_run, store) == 0)
    return 0;
  uv_mutex_lock(&store->mutex);
  store->is_closing = true;
  uv_cond_signal(&store->wake);
  uv_mutex_unlock(&store->mutex);
  uv_thread_join(&store->writer.thread);
  return -EAGAIN;
}

static int sqlite_open(struct xpf_store **out, const struct xpf_store_options *options,
                       uv_loop_t *loop, struct xpf_world *world, char *why, size_t why_size) {
  struct xpf_store *store = new_store(options, loop, world);
  snprintf(why, why_size, "the history cannot be opened: out of memory");
  if (!store)
    return -ENOMEM;
  uv_async_init(loop, &store->async, on_async);
  store->async.data = store;
  int error = store->writer.chunks.packer ? 0 : -ENOMEM;
  if (!error)
    error = lock(store, options->dir, why, why_size);
  if (!error)
    error = open_file(store, why, why_size);
  if (!error && (error = start_threads(store)) != 0)
    snprintf(why, why_size, "the history's threads cannot be made: %s", strerror(-error));
  if (error) {
    uv_close((uv_handle_t *)&store->async, on_closed);
    return error;
  }
  xpf_store_listen(store);
  *out = store;
  return 0;
}

static void sqlite_figures(const struct xpf_store *store, struct xpf_store_figures *out) {
  uv_mutex_t *mutex = &((struct xpf_store *)(uintptr_t)store)->mutex;
  uv_mutex_lock(mutex);
  *out = store->figures;
  uv_mutex_unlock(mutex);
}

static void sqlite_cancel(struct xpf_store *store, void *arg) {
  xpf_store_reader_cancel(store, arg);
}

static void sqlite_close(struct xpf_store *store, void (*closed)(void *arg), void *arg) {
  store->closed = closed;
  store->closed_arg = arg;
  store->is_leaving = true;
  xpf_world_unlisten(store->world, &store->listener);
  uv_mutex_lock(&store->mutex);
  store->is_closing = true;
  uv_cond_signal(&store->wake);
  uv_cond_signal(&store->reader.wake);
  uv_mutex_unlock(&store->mutex);
  xpf_store_reader_cancel(store, NULL);
}

const struct xpf_store_engine xpf_store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .query = xpf_store_reader_query,
    .events = xpf_store_reader_events,
    .entities = xpf_store_reader_entities,
    .kinds = xpf_store_reader_kinds,
    .cancel = sqlite_cancel,
    .figures = sqlite_figures,
    .close = sqlite_close,
};
