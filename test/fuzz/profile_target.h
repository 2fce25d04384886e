/* What every reader of profiles is tried with: any bytes give a profile that keeps its rules and
 * can be written in every format that takes it, or an error that names a byte of the input. */
#ifndef XPF_TEST_FUZZ_PROFILE_TARGET_H
#define XPF_TEST_FUZZ_PROFILE_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/format_table.h"
#include "format/top.h"

#define WRITTEN_MAX (4 << 20) /* bytes of each format: more is only more of the same */

static inline void check(bool holds) {
  if (!holds)
    __builtin_trap();
}

static inline void check_rules(const struct xpf_profile *p) {
  check(p->values_count <= XPF_PROFILE_VALUES_MAX);
  check(p->default_value == 0 || p->default_value < p->values_count);
  check(p->end_us >= p->start_us || p->kind == XPF_PROFILE_HEAP);
  for (uint32_t i = 0; i < p->nodes_count; i++) {
    const struct xpf_profile_node *node = &p->nodes[i];
    check(i == 0 ? node->parent == XPF_NO_PARENT : node->parent < i);
    check(node->line >= 0 && node->column >= 0);
    check(node->ticks_count == 0 || node->ticks_start + node->ticks_count <= p->ticks_count);
  }
  for (uint32_t i = 0; i < p->samples_count; i++) {
    check(p->samples[i].node < p->nodes_count);
    check(p->kind == XPF_PROFILE_HEAP || i == 0 || p->samples[i - 1].at_us <= p->samples[i].at_us);
  }
}

static inline void check_written(struct xpf_profile *p) {
  for (unsigned i = 0; i < xpf_formats_count; i++) {
    const struct xpf_format *format = &xpf_formats[i];
    struct xpf_memory_sink m;
    if (!xpf_format_takes(format, p))
      continue;
    xpf_memory_sink_init(&m, WRITTEN_MAX);
    int rc = xpf_format_write(format, p, XPF_NO_INDEX, &m.sink);
    check(rc == 0 || rc == -EFBIG || rc == -ENOMEM || (rc == -EINVAL && m.size == 0));
    check(rc == 0 || rc == -EINVAL || m.sink.error != 0);
    if (rc == 0 && format->read != NULL) {
      struct xpf_memory_source *again = malloc(sizeof(*again));
      struct xpf_profile *q = NULL;
      struct xpf_read_error error = {0};
      check(again != NULL);
      xpf_memory_source_init(again, m.data, m.size);
      /* What we write, we read: but for an empty profile, and texts that are no UTF-8 (and may
       * become the same as others). */
      if (xpf_format_read(format, &again->source, &q, &error) == 0)
        check_rules(q);
      else
        check(p->nodes_count == 0 || m.size == 0 || error.reason == XPF_READ_MEMORY ||
              error.reason == XPF_READ_TWICE || error.reason == XPF_READ_OUT_OF_RANGE);
      xpf_profile_free(q);
      free(again);
    }
    xpf_memory_sink_free(&m);
  }
}

static inline void check_top(const struct xpf_profile *p) {
  for (uint32_t i = 0; i < p->values_count; i++) {
    struct xpf_top top;
    if (xpf_top_make(&top, p, i) == 0)
      xpf_top_sort(&top, p, XPF_TOP_TOTAL);
    xpf_top_free(&top);
  }
}

static inline int try_profile(int (*read)(struct xpf_source *source, struct xpf_profile **out,
                                          struct xpf_read_error *error),
                              const uint8_t *data, size_t size) {
  struct xpf_memory_source *memory = malloc(sizeof(*memory));
  struct xpf_profile *p = NULL;
  struct xpf_read_error error = {0};
  if (memory == NULL)
    return 0;
  xpf_memory_source_init(memory, data, size);
  int rc = read(&memory->source, &p, &error);
  check((rc == 0) == (error.reason == XPF_READ_NONE) && (rc == 0) == (p != NULL));
  check(error.offset <= size);
  xpf_format_detect(data, size);
  if (p != NULL) {
    check_rules(p);
    check_top(p);
    check_written(p);
  }
  xpf_profile_free(p);
  free(memory);
  return 0;
}
#endif
