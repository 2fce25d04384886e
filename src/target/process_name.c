#include "target/process_name.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "target/reply_field.h"

/* The script says more than the title, which is "node" unless somebody set it. */
const char *xpf_process_name(char *out, size_t size, const cJSON *info, const char *fallback) {
  const char *title = xpf_reply_field_text(info, "title", "");
  const char *script = xpf_reply_field_text(info, "script", "");
  bool is_plain = *title == '\0' || strncmp(title, "node", 4) == 0 || strchr(title, '/') != NULL;

  if (*script != '\0' && is_plain)
    snprintf(out, size, "%s", script);
  else if (*title != '\0')
    snprintf(out, size, "%s", title);
  else if (fallback != out)
    snprintf(out, size, "%s", fallback);
  return out;
}
