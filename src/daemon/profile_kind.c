#include "daemon/profile_kind.h"

#include <stddef.h>
#include <string.h>

#define JSON_TYPE "application/json; charset=utf-8"

const struct xpf_take_kind xpf_take_kinds[] = {
    {"cpu", "cpuprofile", JSON_TYPE, true, "html cpuprofile pprof folded speedscope trace"},
    {"heap", "heapprofile", JSON_TYPE, true, "html heapprofile pprof folded speedscope"},
    {"alloc", "heapprofile", JSON_TYPE, true, "html heapprofile pprof folded speedscope"},
    {"gc", "gcprofile", JSON_TYPE, true, "html gcprofile pprof folded trace"},
    {"snapshot", "heapsnapshot", JSON_TYPE, false, "heapsnapshot"},
    {"report", "diag", JSON_TYPE, false, "diag"},
};
const unsigned xpf_take_kinds_count = sizeof xpf_take_kinds / sizeof *xpf_take_kinds;

static const struct xpf_take_format FORMATS[] = {
    {"html", "html", "text/html; charset=utf-8", true},
    {"pprof", "pb.gz", "application/octet-stream", false},
    {"folded", "folded", "text/plain; charset=utf-8", true},
    {"speedscope", "speedscope.json", JSON_TYPE, false},
    {"trace", "trace.json", JSON_TYPE, false},
    {"cpuprofile", "cpuprofile", JSON_TYPE, false},
    {"heapprofile", "heapprofile", JSON_TYPE, false},
    {"gcprofile", "gcprofile", JSON_TYPE, false},
    {"heapsnapshot", "heapsnapshot", JSON_TYPE, false},
    {"diag", "diag", JSON_TYPE, true},
};

const struct xpf_take_kind *xpf_take_kind_find(const char *name) {
  for (unsigned i = 0; i < xpf_take_kinds_count; i++)
    if (strcmp(xpf_take_kinds[i].name, name) == 0)
      return &xpf_take_kinds[i];
  return NULL;
}

unsigned xpf_take_format_bit(const struct xpf_take_format *format) {
  return 1u << (format - FORMATS);
}

static bool has_word(const char *words, const char *word) {
  size_t size = strlen(word);
  for (const char *at = words; at; at = strchr(at, ' ')) {
    at += *at == ' ';
    if (strncmp(at, word, size) == 0 && (at[size] == ' ' || at[size] == '\0'))
      return true;
  }
  return false;
}

const struct xpf_take_format *xpf_take_format_find(const struct xpf_take_kind *kind,
                                                   const char *name) {
  if (!name[0] || !has_word(kind->formats, name))
    return NULL;
  for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++)
    if (strcmp(FORMATS[i].name, name) == 0)
      return &FORMATS[i];
  return NULL;
}
