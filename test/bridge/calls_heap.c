#include "addon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "format/sink.h"

/* ---- figures and collections
 * ---------------------------------------------------------------------- */

static napi_value heap_figures(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct xpf_heap heap = {0};
  xpf_bridge_heap_read(c.env->bridge, &heap);
  napi_value object, spaces;
  napi_create_object(napi, &object);
  set_number(napi, object, "used", (double)heap.used_bytes);
  set_number(napi, object, "limit", (double)heap.limit_bytes);
  set_number(napi, object, "contexts", (double)heap.native_contexts);
  napi_create_object(napi, &spaces);
  for (uint32_t i = 0; i < heap.spaces_count; i++)
    set_number(napi, spaces, heap.spaces[i].name, (double)heap.spaces[i].used_bytes);
  napi_set_named_property(napi, object, "spaces", spaces);
  return object;
}

static void on_gc(void *arg, const struct xpf_gc_mark *mark) {
  struct env *env = arg;
  struct xpf_heap heap;
  if (mark->end) {
    env->gc_ended[mark->kind]++;
    xpf_bridge_heap_read(env->bridge, &heap);
    env->gc_spaces = heap.spaces_count;
  } else {
    env->gc_begun[mark->kind]++;
  }
}

static napi_value gc_watch(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, xpf_bridge_gc_watch(c.env->bridge, on_gc, c.env));
}

static napi_value gc_unwatch(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  xpf_bridge_gc_unwatch(c.env->bridge);
  return NULL;
}

static napi_value gc_counts(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  napi_value object;
  napi_create_object(napi, &object);
  set_number(napi, object, "scavenges", (double)c.env->gc_ended[XPF_GC_SCAVENGE]);
  set_number(napi, object, "marksweeps_begun", (double)c.env->gc_begun[XPF_GC_MARKSWEEP]);
  set_number(napi, object, "marksweeps", (double)c.env->gc_ended[XPF_GC_MARKSWEEP]);
  set_number(napi, object, "spaces", c.env->gc_spaces);
  return object;
}

/* ---- snapshots
 * ------------------------------------------------------------------------------------ */

struct budget {
  uint32_t calls, calls_max; /* 0: no limit */
};

static bool on_progress(void *arg, uint32_t done, uint32_t total) {
  struct budget *budget = arg;
  (void)done;
  (void)total;
  return ++budget->calls != budget->calls_max;
}

/* snapshotTake(numeric, internals, calls of progress until it is given up) */
static napi_value snapshot_take(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct budget budget = {0, (uint32_t)c.number[2]};
  struct xpf_snapshot_options options = {c.number[0] != 0, c.number[1] != 0, on_progress, &budget};
  int handle = free_handle((void *const *)c.env->snapshots);
  int error = xpf_bridge_snapshot_take(c.env->bridge, &options, &c.env->snapshots[handle]);
  return make_number(napi, error != 0 ? error : handle);
}

static napi_value snapshot_nodes(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, (double)xpf_bridge_snapshot_nodes(c.env->snapshots[(int)c.number[0]]));
}

static napi_value snapshot_free(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  xpf_bridge_snapshot_free(c.env->snapshots[(int)c.number[0]]);
  c.env->snapshots[(int)c.number[0]] = NULL;
  return NULL;
}

struct writer {
  struct xpf_sink sink; /* first */
  FILE *file;
  uint64_t bytes_max; /* 0: no limit */
  size_t largest;
  struct xpf_snapshot *snapshot;
  pthread_t thread;
  int result;
};

static int writer_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct writer *w = (struct writer *)sink;
  if (size > w->largest)
    w->largest = size;
  if (w->bytes_max != 0 && sink->bytes + size > w->bytes_max)
    return -ENOSPC;
  return fwrite(data, 1, size, w->file) == size ? 0 : -EIO;
}

static void *writer_main(void *data) {
  struct writer *w = data;
  w->result = xpf_bridge_snapshot_write(w->snapshot, &w->sink);
  fclose(w->file);
  return NULL;
}

static struct writer *writer_new(struct call *c) {
  char path[512];
  call_text(c, 1, path, sizeof path);
  struct writer *w = calloc(1, sizeof *w);
  w->sink.write = writer_write;
  w->file = fopen(path, "we");
  w->bytes_max = (uint64_t)c->number[2];
  w->snapshot = c->env->snapshots[(int)c->number[0]];
  return w;
}

static napi_value writer_result(napi_env napi, struct writer *w) {
  napi_value object;
  napi_create_object(napi, &object);
  set_number(napi, object, "error", w->result);
  set_number(napi, object, "bytes", (double)w->sink.bytes);
  set_number(napi, object, "largest", (double)w->largest);
  free(w);
  return object;
}

/* snapshotWrite(handle, path, most bytes) */
static napi_value snapshot_write(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct writer *w = writer_new(&c);
  writer_main(w);
  return writer_result(napi, w);
}

static napi_value snapshot_write_off(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct writer *w = writer_new(&c);
  napi_value result;
  pthread_create(&w->thread, NULL, writer_main, w);
  napi_create_external(napi, w, NULL, NULL, &result);
  return result;
}

static napi_value snapshot_write_join(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct writer *w = NULL;
  napi_get_value_external(napi, c.argv[0], (void **)&w);
  pthread_join(w->thread, NULL);
  return writer_result(napi, w);
}

void heap_close(struct env *env) {
  for (int i = 0; i < HANDLES_MAX; i++)
    xpf_bridge_snapshot_free(env->snapshots[i]);
}

const struct method heap_methods[] = {
    {"heap", heap_figures},
    {"gcWatch", gc_watch},
    {"gcUnwatch", gc_unwatch},
    {"gcCounts", gc_counts},
    {"snapshotTake", snapshot_take},
    {"snapshotNodes", snapshot_nodes},
    {"snapshotFree", snapshot_free},
    {"snapshotWrite", snapshot_write},
    {"snapshotWriteOff", snapshot_write_off},
    {"snapshotWriteJoin", snapshot_write_join},
    {NULL, NULL},
};
