// links: src/host/symbols_linux.c -ldl -Wl,--wrap=dladdr1
/* Any bytes as the file of an object that has been loaded: names for addresses, or none. Input: two
 * addresses of 2 bytes each, then the file. */
#include <dlfcn.h>
#include <link.h>

#include "fuzz.h"
#include "host/symbols.h"

static struct fuzz_file file;
static const uint8_t *loaded;

int __wrap_dladdr1(const void *address, Dl_info *info, void **extra, int flags);
int __wrap_dladdr1(const void *address, Dl_info *info, void **extra, int flags) {
  static struct link_map map = {.l_name = (char *)"fuzz"};
  (void)address;
  require(flags == RTLD_DL_LINKMAP);
  *info = (Dl_info){.dli_fname = file.path, .dli_fbase = (void *)loaded};
  *extra = &map;
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_symbol symbols[3];
  if (size < 4 || size > 65536)
    return 0;
  const uint64_t addresses[] = {(uint64_t)data[0] | (uint64_t)data[1] << 8,
                                (uint64_t)data[2] | (uint64_t)data[3] << 8, UINT64_MAX};
  if (file.path[0] == '\0')
    fuzz_file_init(&file);
  fuzz_file_set(&file, data + 4, size - 4);
  loaded = data + 4;
  int named = xpf_symbols_resolve(addresses, 3, symbols);
  require(named >= 0 && named <= 3);
  for (int i = 0; i < 3; i++) {
    require(symbols[i].address == addresses[i]);
    require(memchr(symbols[i].name, '\0', sizeof symbols[i].name) != NULL);
    require(strcmp(symbols[i].object, file.path) == 0);
  }
  return 0;
}
