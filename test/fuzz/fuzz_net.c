// links: src/host/net_text.c src/host/socket_table_linux.c src/host/proc_text.c
// links: src/host/proc_file.c -lm
/* Any bytes in place of the counters of /proc/net. Whatever is found is a name within the text and
 * a finite number. */
#include <errno.h>
#include <math.h>

#include "fuzz.h"
#include "host/net_text.h"
#include "host/proc_text.h"
#include "host/socket_table.h"

struct bounds {
  const char *begin, *end;
};

static void found(void *arg, const char *group, const char *name, double value) {
  const struct bounds *bounds = arg;
  require(name >= bounds->begin && name + strlen(name) <= bounds->end && name[0] != '\0');
  require(strchr(name, ' ') == NULL && strchr(name, '\n') == NULL);
  require(group[0] == '\0' || (group >= bounds->begin && group < name));
  require(isfinite(value));
}

static void check_lines(char *text) {
  struct xpf_net_device device;
  struct xpf_net_softnet softnet;
  char *at = text;
  for (char *line; (line = xpf_proc_text_line(&at));) {
    int error = xpf_net_softnet_parse(line, &softnet);
    require(error == 0 || error == -EINVAL);
    require(error != 0 || softnet.cpu >= -1);
    char *end = line + strlen(line);
    error = xpf_net_device_parse(line, &device);
    require(error == 0 || error == -EINVAL);
    require(error != 0 || (device.name >= line && device.name[0] != '\0' && device.name < end));
  }
}

static void check_sockets(char *text) {
  char *at = text;
  for (char *line; (line = xpf_proc_text_line(&at));) {
    struct xpf_socket_entry entry = {.inode = 0};
    require(!xpf_socket_line_parse(line, &entry) || !entry.is_udp);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  void (*const each[])(char *text, xpf_net_found found, void *arg) = {
      xpf_net_counters_each, xpf_net_pairs_each, xpf_net_columns_each};
  for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
    char *text = fuzz_text(data, size);
    struct bounds bounds = {text, text + strlen(text)};
    each[i](text, found, &bounds);
    free(text);
  }
  char *text = fuzz_text(data, size);
  check_lines(text);
  free(text);
  text = fuzz_text(data, size);
  check_sockets(text);
  free(text);
  return 0;
}
