#include "shot_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "file_out.h"
#include "file_source.h"
#include "format/flamegraph.h"
#include "print.h"
#include "profile_file.h"
#include "source_maps.h"
#include "target/reply_field.h"
#include "text.h"

/* What takes longer to read than anybody waits for a summary. */
#define SUMMARY_MAX_BYTES 268435456.0

struct taking {
  struct xpf_shot_file *out;
  const struct xpf_shot_output *output;
  const struct xpf_shot_kind *kind;
  const struct xpf_shot *shot;
  struct xpf_verdict *verdict;
  const char *original; /* as the target named it */
  int fd;               /* of the original */
  struct xpf_profile *profile;
};

static void note(struct taking *taking, const char *text) {
  snprintf(taking->out->note, sizeof taking->out->note, "%.255s", text);
}

/* ---- reading ---- */

static int read_profile(struct taking *taking) {
  struct xpf_read_error error = {0};
  struct xpf_file_source *file = malloc(sizeof *file);
  char reason[200];

  if (file == NULL)
    return xpf_verdict_set(taking->verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  xpf_file_source_init(file, taking->fd);
  int rc = xpf_format_read(xpf_format_find(taking->kind->extension), &file->source,
                           &taking->profile, &error);
  free(file);
  if (rc == 0) {
    if (!taking->output->keeps_places)
      xpf_source_maps_apply(taking->profile, &taking->shot->files);
    return 0;
  }
  taking->profile = NULL;
  xpf_verdict_set(taking->verdict, XPF_REASON_LOCAL, XPF_TEXT_SHOT_UNUSABLE, taking->out->path,
                  xpf_profile_file_reason(&error, reason, sizeof reason), (double)error.offset);
  note(taking, reason);
  return taking->verdict->status;
}

static cJSON *summarize_file(const struct taking *taking) {
  struct xpf_file_source *file = malloc(sizeof *file);
  if (file == NULL)
    return NULL;
  xpf_file_source_init(file, taking->fd);
  cJSON *summary = taking->kind->summarize_file(&file->source);
  free(file);
  return summary;
}

static void summarize(struct taking *taking) {
  const struct xpf_shot_kind *kind = taking->kind;

  if (kind->summarize_profile != NULL && taking->profile != NULL)
    taking->out->summary = kind->summarize_profile(taking->profile);
  else if (kind->summarize_file != NULL && taking->out->bytes > SUMMARY_MAX_BYTES)
    note(taking, xpf_text(XPF_TEXT_SUM_TOO_LARGE));
  else if (kind->summarize_file != NULL)
    taking->out->summary = summarize_file(taking);
  bool has_summary = kind->summarize_profile != NULL || kind->summarize_file != NULL;
  if (has_summary && taking->out->summary == NULL && *taking->out->note == '\0')
    note(taking, xpf_text(XPF_TEXT_SUM_UNREADABLE));
}

/* ---- writing ---- */

static int copy(struct taking *taking, struct xpf_sink *sink) {
  char block[16384];
  ssize_t got;

  if (lseek(taking->fd, 0, SEEK_SET) != 0)
    return -errno;
  while ((got = read(taking->fd, block, sizeof block)) != 0) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -errno;
    int error = xpf_sink_write(sink, block, (size_t)got);
    if (error != 0)
      return error;
  }
  return 0;
}

/* The page says whose profile it is: the file alone does not know. */
static int write_page(struct taking *taking, struct xpf_sink *sink) {
  const struct xpf_shot_target *target = &taking->shot->target;
  char process[192];
  struct xpf_flamegraph_head head = {.process = process};

  snprintf(process, sizeof process, "%.127s (pid %d%s)", target->name, (int)target->pid,
           target->thread_id != 0 ? ", worker" : "");
  return xpf_flamegraph_titled_write(taking->profile, &head, sink);
}

/* The file does not say when it began. */
static void date(struct xpf_profile *profile, const struct xpf_shot *shot) {
  struct timespec now, since;

  if (profile->time_ns != 0 || shot->began_ms == 0)
    return;
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_MONOTONIC, &since);
  double age_ms = (double)since.tv_sec * 1e3 + (double)since.tv_nsec / 1e6 - shot->began_ms;
  profile->time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)(age_ms * 1e6);
}

/* format: NULL for the file as it is. */
static int write_to(struct taking *taking, struct xpf_file_out *file, const char *path,
                    const struct xpf_format *format) {
  int error = xpf_file_out_open(file, path);

  if (error != 0)
    return error;
  if (format != NULL)
    date(taking->profile, taking->shot);
  if (format == NULL)
    error = copy(taking, &file->sink);
  else if (format->write == xpf_flamegraph_write)
    error = write_page(taking, &file->sink);
  else
    error = xpf_format_write(format, taking->profile, XPF_NO_INDEX, &file->sink);
  if (error != 0) {
    xpf_file_out_abandon(file);
    return error;
  }
  return xpf_file_out_finish(file);
}

/* Ours to remove: we had it made, and it is somewhere else by now. */
static void drop_original(struct taking *taking) {
  if (xpf_process_files_remove(&taking->shot->files, taking->original, taking->fd) == 0)
    return;
  xpf_process_files_path(&taking->shot->files, taking->original, taking->out->original,
                         sizeof taking->out->original);
}

static int deliver(struct taking *taking) {
  struct xpf_shot_file *out = taking->out;
  char path[XPF_SHOT_PATH];
  struct xpf_file_out *file = malloc(sizeof *file);

  if (file == NULL)
    return xpf_verdict_set(taking->verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  xpf_shot_output_path(taking->output, &taking->shot->target, taking->original, path, sizeof path);
  int error = write_to(taking, file, path, taking->output->format);
  if (error == -EINVAL) /* a record of collections without any, as a trace */
    xpf_verdict_set(taking->verdict, XPF_REASON_LOCAL, XPF_TEXT_PROFILE_EMPTY, out->path);
  else if (error != 0)
    xpf_verdict_set(taking->verdict, XPF_REASON_LOCAL, XPF_TEXT_OUTPUT_FAILED, path,
                    strerror(-error));
  if (error != 0) {
    xpf_verdict_hint(taking->verdict, XPF_TEXT_SHOT_KEPT_HINT, out->path);
    free(file);
    return taking->verdict->status;
  }
  snprintf(out->path, sizeof out->path, "%s", path);
  out->bytes = (double)file->sink.bytes;
  if (taking->output->format != NULL)
    out->format = taking->output->format->name;
  free(file);
  drop_original(taking);
  return 0;
}

/* A flame graph of its own for --open, in a new directory; the browser reads it when we are gone.
 */
static void make_page(struct taking *taking) {
  static char dir[] = "/tmp/xprofctl-XXXXXX";
  const struct xpf_shot_output output = {.path = dir,
                                         .is_directory = true,
                                         .extension = taking->kind->extension,
                                         .format = xpf_format_find("flamegraph")};
  char *page = taking->out->page;
  struct xpf_file_out *file = malloc(sizeof *file);
  /* One directory for all targets of this run. */
  bool has_dir = strstr(dir, "XXXXXX") == NULL || mkdtemp(dir) != NULL;

  xpf_shot_output_path(&output, &taking->shot->target, taking->original, page, XPF_SHOT_PATH);
  if (file == NULL || !has_dir || write_to(taking, file, page, output.format) != 0)
    *page = '\0';
  free(file);
}

static void choose_page(struct taking *taking) {
  const struct xpf_format *format = taking->output->format;
  bool is_page = format != NULL && format->write == xpf_flamegraph_write;

  if (taking->profile != NULL && !is_page)
    make_page(taking);
  else
    snprintf(taking->out->page, sizeof taking->out->page, "%s", taking->out->path);
}

/* ---- all ---- */

static int take(struct taking *taking) {
  bool is_original = xpf_shot_output_is_original(taking->output);

  taking->fd = xpf_process_files_read(&taking->shot->files, taking->original);
  if (taking->fd < 0) {
    int status = xpf_verdict_set(taking->verdict, XPF_REASON_LOCAL, XPF_TEXT_SHOT_UNREADABLE,
                                 taking->out->path, strerror(-taking->fd));
    note(taking, taking->verdict->message);
    return is_original ? 0 : status;
  }
  int status = taking->kind->formats != 0 ? read_profile(taking) : 0;
  if (status == 0 || taking->output->format == NULL) {
    summarize(taking);
    status = is_original ? 0 : deliver(taking);
    if (status == 0 && taking->output->opens)
      choose_page(taking);
  }
  close(taking->fd);
  xpf_profile_free(taking->profile);
  return status;
}

int xpf_shot_file_take(struct xpf_shot_file *out, const struct xpf_shot_output *output,
                       const struct xpf_shot_kind *kind, const struct xpf_shot *shot,
                       struct xpf_verdict *verdict) {
  struct taking taking = {.out = out,
                          .output = output,
                          .kind = kind,
                          .shot = shot,
                          .verdict = verdict,
                          .original = xpf_reply_field_text(shot->result, "filepath", "")};

  *out = (struct xpf_shot_file){.format = kind->extension,
                                .bytes = xpf_reply_field_number(shot->result, "bytes", 0)};
  xpf_process_files_path(&shot->files, taking.original, out->path, sizeof out->path);
  return take(&taking);
}

void xpf_shot_file_free(struct xpf_shot_file *file) {
  cJSON_Delete(file->summary);
  file->summary = NULL;
}
