// links: src/format/ src/format/pprof.proto generated/flamegraph_page.c
// links: src/wire/utf8.c -lprotobuf-c -lz -lm
/* Any bytes as a pprof: see profile_target.h. */
#include "format/pprof.h"
#include "profile_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return try_profile(xpf_pprof_read, data, size);
}
