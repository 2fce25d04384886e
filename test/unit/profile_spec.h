/* CPU profiles made of tables, a row a node. Include after cmocka.h. */
#ifndef XPF_TEST_PROFILE_SPEC_H
#define XPF_TEST_PROFILE_SPEC_H
#include <stdint.h>

#include "format/profile.h"

struct spec {
  uint32_t parent;
  const char *name, *url;
  int32_t line;
  int64_t self;
};

static inline struct xpf_profile *make(const struct spec *specs, uint32_t count) {
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  for (uint32_t i = 0; i < count; i++) {
    struct xpf_profile_frame frame = {specs[i].name, specs[i].url, "", 1, specs[i].line, 1};
    assert_int_equal(xpf_profile_node_add(p, specs[i].parent, i + 1, &frame), i);
    p->nodes[i].self[XPF_CPU_WALL] = specs[i].self;
  }
  return p;
}
#endif
