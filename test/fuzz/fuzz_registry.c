// links: src/core/new_file.c src/core/standard_fds.c
// links: src/core/registry.c src/host/os_linux.c src/host/task_linux.c src/host/identity_linux.c
// links: src/host/printable.c src/host/proc_file.c src/host/proc_dir_linux.c
// links: src/host/proc_stat_linux.c src/host/proc_status_linux.c -luv
/* Any bytes as `.xprofiler`: after writing, our line is there once, as the last; all others are
 * lines of the file before, with six fields and the pid of a live process, no pid twice. */
#include <signal.h>

#include "core/core.h"
#include "core/registry.h"
#include "fuzz.h"

#define MAX_BYTES 65536

/* What the once-more would need; not used here. */
uv_loop_t *xpf_core_loop(void) {
  return NULL;
}
bool xpf_core_is_here(void) {
  return false;
}
bool xpf_core_post(struct xpf_call *call) {
  free(call);
  return false;
}

static char file[64];

static void remove_file(void) {
  unlink(file);
}

static void check_line(const char *line, size_t size, const uint8_t *before, size_t before_size) {
  size_t fields = 1;
  for (size_t i = 0; i < size; i++)
    fields += line[i] == '\0';
  require(fields >= 6);
  long pid = strtol(line, NULL, 10);
  require(pid > 0 && pid != getpid());
  require(memmem(before, before_size, line, size) != NULL);
}

static void check_file(const uint8_t *before, size_t before_size, const char *own,
                       size_t own_size) {
  static char text[MAX_BYTES + 256];
  FILE *in = fopen(file, "rb");
  require(in != NULL);
  size_t size = fread(text, 1, sizeof text, in);
  fclose(in);
  require(size > own_size && text[size - 1] == '\n');
  char *last = text + size - own_size - 1;
  require(memcmp(last, own, own_size) == 0 && (last == text || last[-1] == '\n'));
  for (char *line = text; line < last;) {
    char *newline = memchr(line, '\n', (size_t)(last - line));
    require(newline != NULL);
    check_line(line, (size_t)(newline - line), before, before_size);
    line = newline + 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char own[128];
  if (size > MAX_BYTES)
    return 0;
  if (file[0] == '\0') {
    snprintf(file, sizeof file, "/dev/shm/xpf-fuzz-registry-%d", (int)getpid());
    atexit(remove_file);
  }
  FILE *out = fopen(file, "wb");
  require(out != NULL && fwrite(data, 1, size, out) == size && fclose(out) == 0);
  int own_size = snprintf(own, sizeof own, "%d%c/logs%c/cwd%c/node%c/app.js%c/xprofiler",
                          (int)getpid(), 0, 0, 0, 0, 0);
  require(xpf_registry_write(file, own, (size_t)own_size) == XPF_REGISTRY_WRITTEN);
  check_file(data, size, own, (size_t)own_size);
  return 0;
}
