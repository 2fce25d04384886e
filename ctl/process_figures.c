#include "process_figures.h"
#include <math.h>
#include "target/reply_field.h"

enum where { INFO, PROCESS, MAIN, WHERE_COUNT };

static const cJSON *main_thread(const cJSON *threads) {
  const cJSON *item;
  cJSON_ArrayForEach(item, threads) {
    if (xpf_reply_field_number(item, "thread_id", -1) == 0)
      return item;
  }
  return NULL;
}

void xpf_process_figures_read(struct xpf_process_figures *out, const struct xpf_process_row *row) {
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(row->metrics, "threads");
  const cJSON *objects[WHERE_COUNT] = {
      [INFO] = row->info,
      [PROCESS] = cJSON_GetObjectItemCaseSensitive(row->metrics, "process"),
      [MAIN] = main_thread(threads),
  };

  out->threads = cJSON_IsArray(threads) ? cJSON_GetArraySize(threads) : (double)NAN;
#define FIGURE_READ(member, where, key)                                                            \
  out->member = xpf_reply_field_number(objects[where], key, (double)NAN);
  XPF_PROCESS_FIGURES(FIGURE_READ)
#undef FIGURE_READ
}
