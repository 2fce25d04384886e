#include "format/format_table.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "format/chrometrace.h"
#include "format/cpuprofile.h"
#include "format/flamegraph.h"
#include "format/folded.h"
#include "format/gcprofile.h"
#include "format/gzip.h"
#include "format/heapprofile.h"
#include "format/json_detect.h"
#include "format/pprof.h"
#include "format/speedscope.h"

const struct xpf_format xpf_formats[] = {
    {.name = "cpuprofile",
     .extensions = ".cpuprofile",
     .about_en = "CPU profile of V8: Chrome DevTools, VS Code",
     .about_zh = "V8 的 CPU profile: Chrome DevTools, VS Code",
     .detect = xpf_json_is_cpuprofile,
     .read = xpf_cpuprofile_read,
     .kinds = XPF_KIND_BIT(CPU) | XPF_KIND_BIT(OTHER),
     .write = xpf_cpuprofile_write},
    {.name = "heapprofile",
     .extensions = ".heapprofile",
     .about_en = "sampling heap profile of V8: Chrome DevTools",
     .about_zh = "V8 的堆内存采样: Chrome DevTools",
     .detect = xpf_json_is_heapprofile,
     .read = xpf_heapprofile_read,
     .kinds = XPF_KIND_BIT(HEAP),
     .write = xpf_heapprofile_write},
    {.name = "pprof",
     .extensions = ".pb.gz .pprof .pb .prof",
     .about_en = "perftools.profiles, gzip: go tool pprof, Pyroscope, Parca",
     .about_zh = "perftools.profiles, gzip 压缩: go tool pprof, Pyroscope, Parca",
     .detect = xpf_pprof_detect,
     .read = xpf_pprof_read,
     .kinds = XPF_KINDS_ALL,
     .write = xpf_pprof_write},
    {.name = "folded",
     .extensions = ".folded .collapsed .txt",
     .about_en = "a stack and its value a line: flamegraph.pl, speedscope",
     .about_zh = "每行一个调用栈及其数值: flamegraph.pl, speedscope",
     .detect = xpf_folded_detect,
     .read = xpf_folded_read,
     .kinds = XPF_KINDS_ALL,
     .write = xpf_folded_write,
     .is_one_value = true},
    {.name = "flamegraph",
     .extensions = ".html .htm",
     .about_en = "flame graph: one HTML page, opened from disk",
     .about_zh = "火焰图: 单个 HTML 页面, 可直接打开",
     .kinds = XPF_KINDS_ALL,
     .write = xpf_flamegraph_write},
    {.name = "speedscope",
     .extensions = ".speedscope.json .speedscope",
     .about_en = "speedscope.app, also in the order of time",
     .about_zh = "speedscope.app, 含时间顺序",
     .kinds = XPF_KINDS_ALL,
     .write = xpf_speedscope_write},
    {.name = "trace",
     .extensions = ".trace.json .json",
     .about_en = "Chrome trace events in the order of time: Perfetto, chrome://tracing",
     .about_zh = "按时间顺序的 Chrome trace 事件: Perfetto, chrome://tracing",
     .kinds = XPF_KIND_BIT(CPU) | XPF_KIND_BIT(GC),
     .write = xpf_chrometrace_write,
     .needs_time = true},
    {.name = "gcprofile",
     .extensions = ".gcprofile",
     .about_en = "record of garbage collections",
     .about_zh = "垃圾回收记录",
     .detect = xpf_json_is_gcprofile,
     .read = xpf_gcprofile_read},
};

const unsigned xpf_formats_count = sizeof(xpf_formats) / sizeof(*xpf_formats);

const struct xpf_format *xpf_format_find(const char *name) {
  for (unsigned i = 0; i < xpf_formats_count; i++)
    if (strcasecmp(xpf_formats[i].name, name) == 0)
      return &xpf_formats[i];
  /* "html" for what ends in .html */
  char path[32];
  int size = snprintf(path, sizeof path, "a.%s", name);
  return size > 2 && (size_t)size < sizeof path ? xpf_format_of_path(path) : NULL;
}

/* Length of the longest extension of the format that the path ends with. */
static size_t extension_size(const struct xpf_format *format, const char *path) {
  size_t longest = 0, path_size = strlen(path);
  for (const char *at = format->extensions; *at != '\0';) {
    size_t size = strcspn(at, " ");
    if (size < path_size && size > longest && strncasecmp(path + path_size - size, at, size) == 0)
      longest = size;
    at += size;
    at += strspn(at, " ");
  }
  return longest;
}

const struct xpf_format *xpf_format_of_path(const char *path) {
  const struct xpf_format *found = NULL;
  size_t longest = 0;
  for (unsigned i = 0; i < xpf_formats_count; i++) {
    size_t size = extension_size(&xpf_formats[i], path);
    if (size > longest) {
      longest = size;
      found = &xpf_formats[i];
    }
  }
  return found;
}

const struct xpf_format *xpf_format_detect(const unsigned char *head, size_t size) {
  for (unsigned i = 0; i < xpf_formats_count; i++)
    if (xpf_formats[i].detect != NULL && xpf_formats[i].detect(head, size))
      return &xpf_formats[i];
  return NULL;
}

bool xpf_format_takes(const struct xpf_format *format, const struct xpf_profile *profile) {
  if (format->write == NULL || (format->kinds & (1u << profile->kind)) == 0)
    return false;
  return !format->needs_time || profile->samples_count > 0;
}

int xpf_format_write(const struct xpf_format *format, struct xpf_profile *profile, uint32_t value,
                     struct xpf_sink *sink) {
  if (!xpf_format_takes(format, profile))
    return -EINVAL;
  uint32_t shown = profile->default_value;
  if (value < profile->values_count)
    profile->default_value = value;
  else if (format->is_one_value && profile->kind == XPF_PROFILE_CPU)
    profile->default_value = XPF_CPU_SAMPLES;
  int rc = format->write(profile, sink);
  profile->default_value = shown;
  return rc;
}

static int read_plain(const struct xpf_format *format, struct xpf_source *source,
                      struct xpf_profile **out, struct xpf_read_error *error) {
  size_t size = xpf_source_need(source, XPF_SOURCE_BUFFER_BYTES);
  if (source->error != 0 && size == 0)
    xpf_read_fail_source(error, source);
  else if (size == 0)
    xpf_read_fail(error, XPF_READ_EMPTY, 0, "");
  else if (format == NULL)
    format = xpf_format_detect(source->buffer + source->at, size);
  if (error->reason == XPF_READ_NONE && (format == NULL || format->read == NULL))
    xpf_read_fail(error, XPF_READ_UNKNOWN_FORMAT, 0, "");
  if (error->reason != XPF_READ_NONE)
    return xpf_read_code(error);
  return format->read(source, out, error);
}

int xpf_format_read(const struct xpf_format *format, struct xpf_source *source,
                    struct xpf_profile **out, struct xpf_read_error *error) {
  size_t size = xpf_source_need(source, 2);
  if (!xpf_gzip_detect(source->buffer + source->at, size))
    return read_plain(format, source, out, error);
  struct xpf_source *unpacked = xpf_gzip_source_new(source);
  if (unpacked == NULL) {
    xpf_read_fail(error, XPF_READ_MEMORY, 0, "");
    return xpf_read_code(error);
  }
  int rc = read_plain(format, unpacked, out, error);
  xpf_gzip_source_free(unpacked);
  return rc;
}
