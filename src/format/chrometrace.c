#include "format/chrometrace.h"

#include <errno.h>

#include "format/frame_class.h"
#include "format/json.h"
#include "format/timeline.h"

#define PROCESS    1
#define THREAD     1
#define PATH_BYTES 4096

struct writer {
  const struct xpf_profile *profile;
  struct xpf_json json;
};

static void event_begin(struct xpf_json *json, const char *phase) {
  xpf_json_object_begin(json);
  xpf_json_key(json, "ph");
  xpf_json_string(json, phase);
  xpf_json_key(json, "pid");
  xpf_json_uint(json, PROCESS);
  xpf_json_key(json, "tid");
  xpf_json_uint(json, THREAD);
}

static void write_name(struct xpf_json *json, const char *what, const char *name) {
  event_begin(json, "M");
  xpf_json_key(json, "name");
  xpf_json_string(json, what);
  xpf_json_key(json, "args");
  xpf_json_object_begin(json);
  xpf_json_key(json, "name");
  xpf_json_string(json, name);
  xpf_json_object_end(json);
  xpf_json_object_end(json);
}

static void write_frame(struct xpf_json *json, const struct xpf_profile *profile,
                        const struct xpf_profile_node *node) {
  char path[PATH_BYTES];
  const char *name = xpf_profile_string(profile, node->function_name);
  const char *url = xpf_profile_string(profile, node->url);
  xpf_json_key(json, "name");
  xpf_json_string(json, xpf_frame_name(name));
  xpf_json_key(json, "cat");
  xpf_json_string(json, xpf_frame_class_word(xpf_frame_class_of(name, url)));
  if (*url == '\0')
    return;
  xpf_json_key(json, "args");
  xpf_json_object_begin(json);
  xpf_json_key(json, "url");
  xpf_json_string(json, xpf_frame_path(url, path, sizeof(path)));
  xpf_json_key(json, "line");
  xpf_json_int(json, node->line);
  xpf_json_key(json, "column");
  xpf_json_int(json, node->column);
  xpf_json_object_end(json);
}

static bool event_write(void *arg, uint32_t index, int64_t at_us, bool opens) {
  struct writer *w = arg;
  event_begin(&w->json, opens ? "B" : "E");
  xpf_json_key(&w->json, "ts");
  xpf_json_int(&w->json, at_us);
  if (opens)
    write_frame(&w->json, w->profile, &w->profile->nodes[index]);
  xpf_json_object_end(&w->json);
  return w->json.sink->error == 0;
}

int xpf_chrometrace_write(const struct xpf_profile *profile, struct xpf_sink *sink) {
  struct writer w = {.profile = profile};
  const char *title = xpf_profile_string(profile, profile->title);
  bool is_timed = profile->kind == XPF_PROFILE_CPU || profile->kind == XPF_PROFILE_GC;
  if (!is_timed || profile->samples_count == 0)
    return -EINVAL;
  xpf_json_init(&w.json, sink, false);
  xpf_json_object_begin(&w.json);
  xpf_json_key(&w.json, "displayTimeUnit");
  xpf_json_string(&w.json, "ms");
  xpf_json_key(&w.json, "traceEvents");
  xpf_json_array_begin(&w.json);
  write_name(&w.json, "process_name", *title != '\0' ? title : "node");
  write_name(&w.json, "thread_name",
             profile->kind == XPF_PROFILE_GC ? "garbage collector" : "JavaScript");
  int rc = xpf_timeline_walk(profile, event_write, &w);
  xpf_json_array_end(&w.json);
  xpf_json_object_end(&w.json);
  /* Also kept in the sink, so that half a document cannot be taken for a whole one. */
  if (rc < 0 && sink->error == 0)
    sink->error = rc;
  return sink->error;
}
