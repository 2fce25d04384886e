#include "job_details.h"
#include "print.h"
#include "target/reply_field.h"
#include "text.h"

struct details {
  char text[512];
  size_t used;
};

static void add_detail(struct details *details, const char *text) {
  size_t room = sizeof details->text - details->used;
  int size =
      snprintf(details->text + details->used, room, "%s%s", details->used > 0 ? ", " : "", text);
  if (size > 0 && (size_t)size < room)
    details->used += (size_t)size;
}

static void add_number(struct details *details, const cJSON *result, const char *name, double unit,
                       enum xpf_text_id id) {
  char text[96];
  double value = xpf_reply_field_number(result, name, -1);
  if (value < 0)
    return;
  snprintf(text, sizeof text, xpf_text(id), value / unit);
  add_detail(details, text);
}

void xpf_job_details_print(FILE *out, const cJSON *result) {
  struct details details = {0};
  char text[128], size[32];
  double bytes = xpf_reply_field_number(result, "bytes", -1);
  const char *ended_by = xpf_reply_field_text(result, "ended_by", NULL);

  if (bytes >= 0) {
    snprintf(text, sizeof text, xpf_text(XPF_TEXT_JOB_SIZE),
             xpf_print_bytes(bytes, size, sizeof size));
    add_detail(&details, text);
  }
  add_number(&details, result, "samples", 1, XPF_TEXT_JOB_SAMPLES);
  add_number(&details, result, "nodes", 1, XPF_TEXT_JOB_NODES);
  add_number(&details, result, "events", 1, XPF_TEXT_JOB_EVENTS);
  if (xpf_reply_field_number(result, "dropped", 0) > 0)
    add_number(&details, result, "dropped", 1, XPF_TEXT_JOB_DROPPED);
  add_number(&details, result, "duration_ms", 1e3, XPF_TEXT_JOB_DURATION);
  add_number(&details, result, "paused_ms", 1, XPF_TEXT_JOB_PAUSED);
  if (details.used > 0)
    xpf_print_line(out, "  %s", details.text);
  if (ended_by != NULL) {
    snprintf(text, sizeof text, xpf_text(XPF_TEXT_JOB_ENDED_BY), ended_by);
    xpf_print_line(out, "  %s", text);
  }
}
