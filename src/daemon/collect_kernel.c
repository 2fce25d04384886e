/* Which kernel runs here. */
#include <string.h>
#include <sys/utsname.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"

#define PERIOD_MS 60000

enum { SYSNAME, RELEASE, VERSION, MACHINE, NODENAME, DOMAINNAME };
static const char *const INFO[] = {"sysname",  "release",    "version", "machine",
                                   "nodename", "domainname", NULL};
static const char *const FILES[] = {"sys/kernel/ostype",   "sys/kernel/osrelease",
                                    "sys/kernel/version",  "sys/kernel/arch",
                                    "sys/kernel/hostname", "sys/kernel/domainname"};

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"pid_max", "xprofd_host_pid_max", NULL, XPF_FIELD_GAUGE, "", "process and thread ids are below this", "/proc/sys/kernel/pid_max"},
    {"threads_max", "xprofd_host_threads_max", NULL, XPF_FIELD_GAUGE, "", "how many threads there may be", "/proc/sys/kernel/threads-max"},
};
/* clang-format on */
enum { PID_MAX, THREADS_MAX };

static const struct xpf_kind KIND = {
    .name = "host_kernel",
    .help = "which kernel runs here",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .info_family = "node_uname_info",
    .stale_after_ms = PERIOD_MS * 7 / 2,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

static void *kernel_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, 1, sizeof(struct xpf_reading), error);
}

static int kernel_gather(void *arg) {
  struct xpf_reading *reading = arg;
  xpf_reading_begin(reading);
  struct xpf_row *row = xpf_sheet_row(reading->sheets[0], "", NULL);
  for (unsigned i = 0; row && i < XPF_ROWS(FILES); i++) {
    if (xpf_proc_text_read(&reading->text, reading->proc, FILES[i]) != 0)
      continue;
    reading->text.text[strcspn(reading->text.text, "\n")] = '\0';
    xpf_row_set_info(row, i, reading->text.text);
  }
  struct utsname name;
  if (row && !row->info[MACHINE] && uname(&name) == 0) /* the file is of Linux 6.1 */
    xpf_row_set_info(row, MACHINE, name.machine);
  if (row) {
    xpf_reading_number(reading, row, PID_MAX, "sys/kernel/pid_max", 0, 1);
    xpf_reading_number(reading, row, THREADS_MAX, "sys/kernel/threads-max", 0, 1);
  }
  return 0;
}

const struct xpf_collector xpf_collector_kernel = {
    .name = "kernel",
    .period_ms = PERIOD_MS,
    .kinds = KINDS,
    .new = kernel_new,
    .gather = kernel_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
