/* Open files and inodes of the host, and the limits of watching files. */
#include "daemon/collector_list.h"
#include "daemon/reading.h"

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"allocated", "node_filefd_allocated", NULL, XPF_FIELD_GAUGE, "", "open files of all processes", "/proc/sys/fs/file-nr"},
    {"maximum", "node_filefd_maximum", NULL, XPF_FIELD_GAUGE, "", "how many there may be", "/proc/sys/fs/file-nr"},
    {"use", "xprofd_host_open_files_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of the limit, how many are open", "allocated / maximum"},
    {"process_limit", "xprofd_host_process_open_files_limit", NULL, XPF_FIELD_GAUGE, "", "no process can have a higher limit than this", "/proc/sys/fs/nr_open"},
    {"inodes", "xprofd_host_inodes", NULL, XPF_FIELD_GAUGE, "", "inodes that the kernel keeps in memory", "/proc/sys/fs/inode-nr"},
    {"inodes_free", "xprofd_host_inodes_unused", NULL, XPF_FIELD_GAUGE, "", "of them, not in use", "/proc/sys/fs/inode-nr"},
    {"inotify_watches", "xprofd_host_inotify_watches_limit", NULL, XPF_FIELD_GAUGE, "", "files that one user may watch; a watching build tool fails with ENOSPC beyond it", "/proc/sys/fs/inotify/max_user_watches"},
    {"inotify_instances", "xprofd_host_inotify_instances_limit", NULL, XPF_FIELD_GAUGE, "", "watchers that one user may have; EMFILE beyond it", "/proc/sys/fs/inotify/max_user_instances"},
    {"inotify_events", "xprofd_host_inotify_events_limit", NULL, XPF_FIELD_GAUGE, "", "events that wait for a watcher at most; further ones are lost", "/proc/sys/fs/inotify/max_queued_events"},
};
/* clang-format on */
enum {
  ALLOCATED,
  MAXIMUM,
  USE,
  PROCESS_LIMIT,
  INODES,
  INODES_FREE,
  INOTIFY_WATCHES,
  INOTIFY_INSTANCES,
  INOTIFY_EVENTS
};

static const struct xpf_kind KIND = {
    .name = "host_files",
    .help = "open files and inodes, and what watching files is limited to",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 12000,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

static void *files_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, 1, sizeof(struct xpf_reading), error);
}

static const struct {
  const char *file;
  unsigned column, field;
} READ[] = {
    {"sys/fs/file-nr", 0, ALLOCATED},
    {"sys/fs/file-nr", 2, MAXIMUM},
    {"sys/fs/nr_open", 0, PROCESS_LIMIT},
    {"sys/fs/inode-nr", 0, INODES},
    {"sys/fs/inode-nr", 1, INODES_FREE},
    {"sys/fs/inotify/max_user_watches", 0, INOTIFY_WATCHES},
    {"sys/fs/inotify/max_user_instances", 0, INOTIFY_INSTANCES},
    {"sys/fs/inotify/max_queued_events", 0, INOTIFY_EVENTS},
};

static int files_gather(void *arg) {
  struct xpf_reading *reading = arg;
  int first_error = 0;
  xpf_reading_begin(reading);
  struct xpf_row *row = xpf_sheet_row(reading->sheets[0], "", NULL);
  for (unsigned i = 0; row && i < XPF_ROWS(READ); i++) {
    int error = xpf_reading_number(reading, row, READ[i].field, READ[i].file, READ[i].column, 1);
    first_error = first_error || READ[i].field > MAXIMUM ? first_error : error;
  }
  if (row)
    xpf_row_set(row, USE, row->values[ALLOCATED] / row->values[MAXIMUM]);
  return first_error;
}

const struct xpf_collector xpf_collector_files = {
    .name = "files",
    .period_ms = 5000,
    .kinds = KINDS,
    .new = files_new,
    .gather = files_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
