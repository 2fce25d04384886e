// links: src/format/cpuprofile.c src/format/json.c src/format/sink.c
// links: src/format/profile.c src/format/profile_time.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c
// links: -Wl,--wrap=malloc
/* A profile built, put in order and written while one allocation fails: a whole file or an error.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"
#include "format/cpuprofile.h"
#include "format/profile.h"
#include "format/sink.h"

static void need(bool good, const char *what) {
  if (good)
    return;
  printf("%s\n", what);
  exit(1);
}

static int fill(struct xpf_profile *profile) {
  const struct xpf_profile_frame root = {
      .function_name = "(root)", .url = "", .bailout_reason = ""};
  char name[32];

  if (xpf_profile_node_add(profile, XPF_NO_PARENT, 1, &root) < 0)
    return -1;
  for (unsigned i = 2; i < 40; i++) {
    snprintf(name, sizeof name, "f%u", i);
    const struct xpf_profile_frame frame = {
        .function_name = name, .url = "file:///a.js", .bailout_reason = "", .line = 3, .column = 1};
    if (xpf_profile_node_add(profile, i / 2 - 1, i, &frame) < 0 ||
        xpf_profile_tick_add(profile, i, 2) < 0 ||
        xpf_profile_sample_add(profile, i, (int64_t)i * 1000, 0) < 0)
      return -1;
  }
  return xpf_profile_detail_add(profile, "GET /");
}

/* A whole file, or an error in the sink. */
static void cpu(void) {
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_memory_sink memory;

  if (profile == NULL)
    return;
  int status = fill(profile);
  profile->start_us = 0;
  profile->end_us = 50000;
  if (status >= 0 && xpf_profile_sort(profile) == 0) {
    xpf_profile_wall_fill(profile);
    xpf_memory_sink_init(&memory, 1 << 20);
    status = xpf_cpuprofile_write(profile, &memory.sink);
    need(status == 0 ? memory.data != NULL && memory.data[memory.size - 1] == '}' : status < 0,
         "a cpuprofile that is cut off");
    xpf_memory_sink_free(&memory);
  }
  xpf_profile_free(profile);
}

int main(void) {
  unsigned faults = 0;

  for (unsigned number = 1;; number++, faults++) {
    xpf_inject_arm(XPF_INJECT_MEMORY, number);
    cpu();
    bool has_hit = atomic_load(&xpf_inject->hits) > 0;
    xpf_inject_arm(XPF_INJECT_NONE, 0);
    if (!has_hit)
      break;
    cpu();
  }
  printf("%u faults\n", faults);
  return 0;
}
