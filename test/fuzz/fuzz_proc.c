// links: src/host/process_scan_linux.c src/host/proc_dir_linux.c
// links: src/host/proc_file.c src/host/proc_stat_linux.c src/host/proc_status_linux.c
// links: src/host/proc_keys.c src/host/pressure.c src/host/printable.c src/wire/utf8.c -lm
/* Any bytes in place of a file of /proc: stat, status, schedstat, pressure. Lines are those that
 * the newlines make, the first 8191 bytes of each. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>

#include "fuzz.h"
#include "host/cgroup.h"
#include "host/printable.h"
#include "host/proc_file.h"
#include "host/proc_keys.h"
#include "host/proc_stat_linux.h"
#include "host/proc_status_linux.h"
#include "host/process_scan_linux.h"
#include "wire/utf8.h"

static struct fuzz_file file;

static void check_lines(const uint8_t *data, size_t size) {
  struct xpf_proc_lines lines;
  require(xpf_proc_lines_open(&lines, AT_FDCWD, file.path) == 0);
  for (char *line; (line = xpf_proc_lines_next(&lines));) {
    const uint8_t *newline = memchr(data, '\n', size);
    size_t length = newline ? (size_t)(newline - data) : size;
    size_t shown = length < sizeof lines.text - 1 ? length : sizeof lines.text - 1;
    require(size > 0 && memcmp(line, data, shown) == 0 && line[shown] == '\0');
    data += newline ? length + 1 : length;
    size -= newline ? length + 1 : length;
  }
  require(lines.error == 0 && size == 0);
  xpf_proc_lines_close(&lines);
}

static void check_stat(const char *text) {
  struct xpf_proc_stat stat;
  int error = xpf_proc_stat_parse(text, &stat);
  require(error == 0 || error == -EINVAL);
  require(memchr(stat.comm, '\0', sizeof stat.comm) != NULL);
  require(error != 0 || stat.state != '\0');
  error = xpf_proc_stat_read(AT_FDCWD, file.path, &stat);
  require(error == 0 || error == -EINVAL || error == -ESRCH);
}

static void check_sample(const char *text) {
  struct xpf_process_sample sample;
  int error = xpf_process_sample_parse(text, &sample);
  require(error == 0 || error == -EINVAL);
  require(memchr(sample.name, '\0', sizeof sample.name) != NULL);
  require(error != 0 || sample.state != '\0');
}

static void check_pressure(const char *text) {
  struct xpf_pressure pressure;
  int error = xpf_pressure_parse(text, &pressure);
  require(error == 0 || error == -EINVAL);
  require((error == 0) == (pressure.status == XPF_OK));
  require(isfinite(pressure.some_avg10) && pressure.some_avg10 >= 0);
  require(isfinite(pressure.full_avg60) && pressure.full_avg60 >= 0);
}

static void check_keys(const char *text) {
  uint64_t pss = 7, state = 7, found;
  const struct xpf_proc_key keys[] = {{"Pss", &pss}, {"State", &state}};
  require(xpf_proc_keys_read(AT_FDCWD, file.path, keys, 2, &found) == 0);
  require(found <= 3);
  require((found & 1) || pss == 7);
  require(!(found & 1) || strstr(text, "Pss") != NULL || strlen(text) == 0);
}

static void check_printable(const char *text, size_t size) {
  char out[16];
  xpf_printable_copy(out, sizeof out, text, size);
  size_t length = strlen(out);
  require(length < sizeof out);
  for (size_t i = 0; i < length; i++)
    require((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
  if (xpf_utf8_check(text, size) == size)
    require(xpf_utf8_check(out, length) == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_proc_status status;
  uint64_t run, wait;
  if (file.path[0] == '\0')
    fuzz_file_init(&file);
  fuzz_file_set(&file, data, size);
  char *text = fuzz_text(data, size);
  check_lines(data, size);
  check_stat(text);
  check_sample(text);
  check_pressure(text);
  if (memchr(data, '\0', size) == NULL)
    check_keys(text);
  check_printable(text, size);
  int error = xpf_proc_status_read(AT_FDCWD, file.path, &status);
  require(error == 0 || error == -ESRCH);
  error = xpf_proc_schedstat_read(AT_FDCWD, file.path, &run, &wait);
  require(error == 0 || error == -EINVAL || error == -ESRCH);
  free(text);
  return 0;
}
