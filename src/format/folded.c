#include "format/folded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "format/frame_class.h"
#include "format/stack.h"

#define PATH_BYTES 4096

static const char *replacement(char c) {
  switch (c) {
  case ';':
    return "\xcd\xbe"; /* U+037E, GREEK QUESTION MARK */
  case '\n':
    return "\xe2\x90\x8a"; /* U+240A, SYMBOL FOR LINE FEED */
  case '\r':
    return "\xe2\x90\x8d"; /* U+240D */
  default:
    return NULL;
  }
}

static void write_text(struct xpf_sink *sink, const char *text) {
  while (*text != '\0') {
    size_t plain = strcspn(text, ";\n\r");
    xpf_sink_write(sink, text, plain);
    text += plain;
    if (*text != '\0')
      xpf_sink_text(sink, replacement(*text++));
  }
}

static void write_frame(struct xpf_sink *sink, const struct xpf_profile *profile,
                        const struct xpf_profile_node *node) {
  char path[PATH_BYTES], place[32];
  const char *url = xpf_profile_string(profile, node->url);
  write_text(sink, xpf_frame_name(xpf_profile_string(profile, node->function_name)));
  if (*url == '\0')
    return;
  xpf_sink_text(sink, " (");
  write_text(sink, xpf_frame_path(url, path, sizeof(path)));
  place[0] = '\0';
  if (node->line > 0 && node->column > 0)
    snprintf(place, sizeof(place), ":%d:%d", (int)node->line, (int)node->column);
  else if (node->line > 0)
    snprintf(place, sizeof(place), ":%d", (int)node->line);
  xpf_sink_text(sink, place);
  xpf_sink_text(sink, ")");
}

int xpf_folded_write(const struct xpf_profile *profile, struct xpf_sink *sink) {
  uint32_t value = profile->default_value;
  if (value >= profile->values_count)
    return -EINVAL;
  struct xpf_stack stack;
  for (uint32_t i = 0; i < profile->nodes_count && sink->error == 0; i++) {
    if (profile->nodes[i].self[value] == 0)
      continue;
    xpf_stack_of(&stack, profile, i);
    if (stack.is_cut)
      xpf_sink_text(sink, XPF_STACK_CUT_NAME ";");
    for (uint32_t at = stack.depth; at-- > 0;) {
      write_frame(sink, profile, &profile->nodes[stack.nodes[at]]);
      if (at > 0)
        xpf_sink_write(sink, ";", 1);
    }
    char number[32];
    snprintf(number, sizeof(number), " %lld\n", (long long)profile->nodes[i].self[value]);
    xpf_sink_text(sink, number);
  }
  return sink->error;
}
