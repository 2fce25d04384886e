#include "core/core_file.h"

#include <errno.h>
#include <string.h>

#include "core/outfile.h"
#include "xpf_protocol.h"

void xpf_core_file_fault(int err, const char *dir, const char *name, struct xpf_fault *fault) {
  if (err == -ECANCELED)
    xpf_fault_set(fault, XPF_RPC_CANCELLED, "", "cancelled");
  else if (err == -ENOTSUP)
    xpf_fault_set(fault, XPF_RPC_UNSUPPORTED, "",
                  "generate_coredump only support linux now (x86_64).");
  else if (err == -EBUSY)
    xpf_fault_set(fault, XPF_RPC_REFUSED, "",
                  "another report or core dump looks at the threads right now; try again");
  else
    xpf_fault_set(fault, XPF_RPC_IO, "", "the core %s/%s could not be written: %s%s", dir, name,
                  strerror(-err), err == -ENOSPC ? "; free some space or set another log_dir" : "");
}

int xpf_core_file_write(const char *dir, const char *name, int signal, struct xpf_fault *fault) {
  struct xpf_outfile file;
  struct xpf_coredump_options options = {.signal = signal, .caller_first = true};
  struct xpf_coredump_result result;
  int err = xpf_outfile_open(&file, dir, name);
  if (!err) {
    err = xpf_coredump_write(file.fd, &options, &result);
    if (err)
      xpf_outfile_abort(&file);
    else
      err = xpf_outfile_commit(&file, NULL);
  }
  if (err)
    xpf_core_file_fault(err, dir, name, fault);
  return err;
}
