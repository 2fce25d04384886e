#include "daemon/rpc_looks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "host/proc_text.h"
#include "xpf_protocol.h"

struct look {
  struct xpf_proc_text text;
  struct xpf_proc_grid grid;
};
struct looks {
  struct look files[2][XPF_RPC_LOOK_FILES_MAX];
};

static bool read_file(struct xpf_rpc_call *call, struct look *look,
                      const struct xpf_rpc_look_file *file) {
  char name[64];
  int error = xpf_proc_text_read(&look->text, call->proc, file->path);
  if (error) {
    snprintf(name, sizeof name, "/proc/%s", file->path);
    xpf_rpc_fail_read(call, name, error);
    return false;
  }
  struct xpf_proc_grid_form form = file->form;
  if (file->is_by_cpu) {
    form.columns = xpf_proc_grid_header_words(look->text.text);
    form.skip_lines = 1;
  }
  if (xpf_proc_grid_parse(&look->grid, look->text.text, &form) == 0)
    return true;
  xpf_rpc_fail(call, XPF_RPC_INTERNAL, NULL, "Out of memory.");
  return false;
}

bool xpf_rpc_look(struct xpf_rpc_call *call, const struct xpf_rpc_look_file *files,
                  unsigned count) {
  struct looks *looks = call->state ? call->state : (call->state = calloc(1, sizeof *looks));
  if (!looks) {
    xpf_rpc_fail(call, XPF_RPC_INTERNAL, NULL, "Out of memory.");
    return false;
  }
  for (unsigned i = 0; i < count; i++)
    if (!read_file(call, &looks->files[call->round][i], &files[i]))
      return false;
  return call->round == 1;
}

const struct xpf_proc_grid *xpf_rpc_looks_now(const struct xpf_rpc_call *call, unsigned file) {
  return &((const struct looks *)call->state)->files[1][file].grid;
}

double xpf_rpc_looks_growth(const struct xpf_rpc_call *call, unsigned file, size_t row,
                            unsigned column) {
  const struct looks *looks = call->state;
  return xpf_proc_grid_growth(&looks->files[0][file].grid, &looks->files[1][file].grid, row,
                              column);
}

double xpf_rpc_seconds(const struct xpf_rpc_call *call) {
  return (double)(call->at_ns[1] - call->at_ns[0]) / 1e9;
}

double xpf_rpc_looks_rate(const struct xpf_rpc_call *call, unsigned file, size_t row,
                          unsigned column) {
  return xpf_rpc_looks_growth(call, file, row, column) / xpf_rpc_seconds(call);
}

void xpf_rpc_looks_free(struct xpf_rpc_call *call) {
  struct looks *looks = call->state;
  for (unsigned round = 0; round < 2; round++)
    for (unsigned i = 0; i < XPF_RPC_LOOK_FILES_MAX; i++) {
      xpf_proc_grid_free(&looks->files[round][i].grid);
      xpf_proc_text_free(&looks->files[round][i].text);
    }
  free(looks);
  call->state = NULL;
}

void xpf_rpc_print_banner(struct xpf_rpc_call *call) {
  struct utsname name;
  struct tm day;
  time_t now = (time_t)(call->at_ms / 1000);
  localtime_r(&now, &day);
  uname(&name);
  xpf_rpc_print(call, "%s %s (%s) \t%02d/%02d/%04d \t_%s_\t(%ld CPU)\n\n", name.sysname,
                name.release, name.nodename, day.tm_mon + 1, day.tm_mday, day.tm_year + 1900,
                name.machine, sysconf(_SC_NPROCESSORS_ONLN));
}

void xpf_rpc_clock(const struct xpf_rpc_call *call, unsigned look, char text[16]) {
  struct tm day;
  time_t at = (time_t)(call->at_ms / 1000);
  if (look == 0)
    at -= (time_t)(xpf_rpc_seconds(call) + 0.5);
  localtime_r(&at, &day);
  strftime(text, 16, "%H:%M:%S", &day);
}
