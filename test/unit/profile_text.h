/* Profiles from and to text, for the tests of their formats. Include after cmocka.h. */
#ifndef XPF_TEST_PROFILE_TEXT_H
#define XPF_TEST_PROFILE_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/profile.h"
#include "format/read_error.h"
#include "format/sink.h"
#include "format/source.h"

typedef int reader_fn(struct xpf_source *source, struct xpf_profile **out,
                      struct xpf_read_error *error);
typedef int writer_fn(const struct xpf_profile *profile, struct xpf_sink *sink);

static inline struct xpf_profile *profile_of(reader_fn *read, const void *data, size_t size,
                                             struct xpf_read_error *error) {
  struct xpf_memory_source *memory = malloc(sizeof(*memory));
  struct xpf_profile *profile = NULL;
  *error = (struct xpf_read_error){0};
  assert_non_null(memory);
  xpf_memory_source_init(memory, data, size);
  int rc = read(&memory->source, &profile, error);
  assert_int_equal(rc == 0, profile != NULL);
  assert_int_equal(rc == 0, error->reason == XPF_READ_NONE);
  free(memory);
  return profile;
}

/* A text that must be readable. */
static inline struct xpf_profile *profile_of_text(reader_fn *read, const char *text) {
  struct xpf_read_error error;
  struct xpf_profile *profile = profile_of(read, text, strlen(text), &error);
  if (profile == NULL)
    fail_msg("reason %d (%s) at byte %llu of %s", (int)error.reason, error.detail,
             (unsigned long long)error.offset, text);
  return profile;
}

/* A text that must be refused, for that reason, at that byte. */
static inline void check_refused(reader_fn *read, const char *text, enum xpf_read_reason reason,
                                 uint64_t offset) {
  struct xpf_read_error error;
  struct xpf_profile *profile = profile_of(read, text, strlen(text), &error);
  if (profile != NULL || error.reason != reason || error.offset != offset)
    fail_msg("reason %d (%s) at byte %llu of %s", (int)error.reason, error.detail,
             (unsigned long long)error.offset, text);
}

/* Freed by the caller. */
static inline char *text_of_profile(writer_fn *write, const struct xpf_profile *profile) {
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(write(profile, &m.sink), 0);
  return m.data;
}

static inline void check_node(const struct xpf_profile *p, uint32_t index, const char *name,
                              const char *url, int32_t line, int32_t column) {
  assert_true(index < p->nodes_count);
  const struct xpf_profile_node *node = &p->nodes[index];
  assert_string_equal(xpf_profile_string(p, node->function_name), name);
  assert_string_equal(xpf_profile_string(p, node->url), url);
  assert_int_equal(node->line, line);
  assert_int_equal(node->column, column);
}
#endif
