#include "format/frame_class.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *word, *title;
} classes[] = {
#define CLASS_ROW(id, word, title) {word, title},
    XPF_FRAME_CLASSES(CLASS_ROW)
#undef CLASS_ROW
};

static const struct {
  const char *name;
  enum xpf_frame_class frame_class;
} meta_frames[] = {
    {"(root)", XPF_FRAME_ROOT},           {"(program)", XPF_FRAME_PROGRAM},
    {"(idle)", XPF_FRAME_IDLE},           {"(garbage collector)", XPF_FRAME_GC},
    {"Garbage Collection", XPF_FRAME_GC}, /* of Datadog's pprof files */
};

static bool begins(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

/* Node before 16 has no "node:", only names such as internal/timers.js and events.js: no path. */
static bool is_node_internal(const char *url) {
  if (begins(url, "node:") || begins(url, "internal/"))
    return true;
  size_t size = strlen(url);
  return size > 3 && strcspn(url, "/\\:") == size && strcmp(url + size - 3, ".js") == 0;
}

enum xpf_frame_class xpf_frame_class_of(const char *function_name, const char *url) {
  size_t size;
  if (*url == '\0') {
    for (size_t i = 0; i < sizeof(meta_frames) / sizeof(*meta_frames); i++)
      if (strcmp(function_name, meta_frames[i].name) == 0)
        return meta_frames[i].frame_class;
    if (begins(function_name, "(gc "))
      return XPF_FRAME_GC;
    return begins(function_name, "wasm-") ? XPF_FRAME_WASM : XPF_FRAME_NATIVE;
  }
  if (begins(url, "wasm://") || begins(url, "wasm-"))
    return XPF_FRAME_WASM;
  if (is_node_internal(url))
    return XPF_FRAME_NODE;
  if (xpf_frame_package(url, &size) != NULL)
    return XPF_FRAME_PACKAGE;
  return begins(url, "v8/") || begins(url, "native ") ? XPF_FRAME_NATIVE : XPF_FRAME_JS;
}

const char *xpf_frame_class_word(enum xpf_frame_class frame_class) {
  return frame_class < XPF_FRAME_CLASSES_COUNT ? classes[frame_class].word : "";
}

const char *xpf_frame_class_title(enum xpf_frame_class frame_class) {
  return frame_class < XPF_FRAME_CLASSES_COUNT ? classes[frame_class].title : "";
}

static bool is_slash(char c) {
  return c == '/' || c == '\\';
}

static size_t component_size(const char *at) {
  return strcspn(at, "/\\?#");
}

/* Behind the next "node_modules/" that is a whole component; NULL when there is none. */
static const char *modules_next(const char *url, const char *from) {
  static const char word[] = "node_modules";
  const char *at = from;
  while ((at = strstr(at, word)) != NULL) {
    const char *end = at + sizeof(word) - 1;
    if (is_slash(*end) && (at == url || is_slash(at[-1])))
      return end + 1;
    at = end;
  }
  return NULL;
}

const char *xpf_frame_package(const char *url, size_t *size) {
  const char *found = NULL;
  *size = 0;
  for (const char *at = modules_next(url, url); at != NULL; at = modules_next(url, at)) {
    size_t length = component_size(at);
    if (*at == '@' && is_slash(at[length]))
      length += 1 + component_size(at + length + 1);
    /* pnpm and other tools keep folders of their own there: .pnpm, .store, .cache */
    if (length == 0 || *at == '.')
      continue;
    found = at;
    *size = length;
  }
  return found;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *xpf_frame_path(const char *url, char *buffer, size_t size) {
  if (!begins(url, "file://")) {
    snprintf(buffer, size, "%s", url);
    return buffer;
  }
  const char *at = url + strlen("file://");
  size_t used = 0;
  while (*at != '\0' && used + 1 < size) {
    int high = *at == '%' ? hex_value(at[1]) : -1;
    int low = high >= 0 ? hex_value(at[2]) : -1;
    bool is_escape = low >= 0 && high + low > 0;
    buffer[used++] = is_escape ? (char)(high * 16 + low) : *at;
    at += is_escape ? 3 : 1;
  }
  if (size > 0)
    buffer[used] = '\0';
  return buffer;
}

const char *xpf_frame_name(const char *function_name) {
  return *function_name != '\0' ? function_name : "(anonymous)";
}
