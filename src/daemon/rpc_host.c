#include "daemon/rpc_host.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "host/proc_keys.h"
#include "host/proc_text.h"
#include "xpf_protocol.h"

/* ---- memory ---- */

struct memory { /* kB */
  uint64_t total, free, available, buffers, cached, reclaimable, shared, swap_total, swap_free;
};

static int read_memory(const struct xpf_rpc_call *call, struct memory *out, bool *has_available) {
  const struct xpf_proc_key keys[] = {
      {"MemAvailable", &out->available}, {"MemTotal", &out->total},
      {"MemFree", &out->free},           {"Buffers", &out->buffers},
      {"Cached", &out->cached},          {"SReclaimable", &out->reclaimable},
      {"Shmem", &out->shared},           {"SwapTotal", &out->swap_total},
      {"SwapFree", &out->swap_free},
  };
  char path[512];
  uint64_t found = 0;
  snprintf(path, sizeof path, "%.400s/meminfo", call->proc);
  int error = xpf_proc_keys_read(AT_FDCWD, path, keys, sizeof keys / sizeof keys[0], &found);
  *has_available = found & 1;
  return error;
}

/* As busybox prints it: used is all that is not free. */
static void print_memory(struct xpf_rpc_call *call, const struct memory *m) {
  unsigned long long used = m->total - m->free, pages = m->buffers + m->cached;
  xpf_rpc_print(
      call,
      "             total       used       free     shared    buffers     cached\n"
      "Mem:    %10llu %10llu %10llu %10llu %10llu %10llu\n"
      "-/+ buffers/cache: %10llu %10llu\n"
      "Swap:   %10llu %10llu %10llu\n",
      (unsigned long long)m->total, used, (unsigned long long)m->free,
      (unsigned long long)m->shared, (unsigned long long)m->buffers, (unsigned long long)m->cached,
      used - pages, m->free + pages, (unsigned long long)m->swap_total,
      (unsigned long long)(m->swap_total - m->swap_free), (unsigned long long)m->swap_free);
}

void xpf_rpc_free_memory(struct xpf_rpc_call *call) {
  struct memory m = {0};
  bool has_available;
  int error = read_memory(call, &m, &has_available);
  if (error) {
    xpf_rpc_fail_read(call, "/proc/meminfo", error);
    return;
  }
  if (call->is_raw) {
    print_memory(call, &m);
    return;
  }
  double available = has_available ? (double)m.available * 1024 : NAN;
  xpf_rpc_json_begin(call, "/proc/meminfo");
  xpf_rpc_key_number(call, "total_bytes", (double)m.total * 1024);
  xpf_rpc_key_number(call, "used_bytes", (double)m.total * 1024 - available);
  xpf_rpc_key_number(call, "free_bytes", (double)m.free * 1024);
  xpf_rpc_key_number(call, "available_bytes", available);
  xpf_rpc_key_number(call, "shared_bytes", (double)m.shared * 1024);
  xpf_rpc_key_number(call, "buffers_bytes", (double)m.buffers * 1024);
  xpf_rpc_key_number(call, "cached_bytes", (double)(m.cached + m.reclaimable) * 1024);
  xpf_rpc_key_number(call, "swap_total_bytes", (double)m.swap_total * 1024);
  xpf_rpc_key_number(call, "swap_used_bytes", (double)(m.swap_total - m.swap_free) * 1024);
  xpf_rpc_key_number(call, "swap_free_bytes", (double)m.swap_free * 1024);
  xpf_rpc_json_end(call);
}

/* ---- messages of the kernel ---- */

enum { READ_ALL = 3, SIZE_BUFFER = 10 }; /* syslog(2) */
#define RING_MAX (16 * 1024 * 1024)

static char *read_ring(int *error) {
  int size = klogctl(SIZE_BUFFER, NULL, 0);
  if (size <= 0 || size > RING_MAX) {
    *error = size < 0 ? -errno : -EFBIG;
    return NULL;
  }
  char *text = malloc((size_t)size + 1);
  int got = text ? klogctl(READ_ALL, text, size) : -1;
  if (got < 0) {
    *error = text ? -errno : -ENOMEM;
    free(text);
    return NULL;
  }
  text[got] = '\0';
  return text;
}

/* "<6>[    1.234567] text": facility * 8 + level, seconds since boot. */
static void message(struct xpf_rpc_call *call, char *line) {
  unsigned priority = 0;
  double at = NAN;
  int skip = 0;
  if (sscanf(line, "<%u>%n", &priority, &skip) == 1 && skip > 0)
    line += skip;
  skip = 0;
  if (sscanf(line, "[%lf]%n", &at, &skip) == 1 && skip > 0)
    line += skip + (line[skip] == ' ');
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_number(call, "level", priority % 8);
  xpf_rpc_key_number(call, "facility", priority / 8);
  xpf_rpc_key_number(call, "boot_seconds", at);
  xpf_rpc_key_text(call, "text", line);
  xpf_json_object_end(&call->json);
}

/* As dmesg prints: without the priority. */
static void print_message(struct xpf_rpc_call *call, const char *line) {
  const char *behind = *line == '<' ? strchr(line, '>') : NULL;
  xpf_sink_text(&call->out.sink, behind ? behind + 1 : line);
  xpf_sink_text(&call->out.sink, "\n");
}

void xpf_rpc_dmesg(struct xpf_rpc_call *call) {
  int error = 0;
  char *ring = read_ring(&error), *at = ring;
  if (!ring) {
    xpf_rpc_fail_read(call, "the kernel's ring of messages (syslog(2))", error);
    return;
  }
  if (!call->is_raw) {
    xpf_rpc_json_begin(call, "syslog(2)");
    xpf_json_key(&call->json, "messages");
    xpf_json_array_begin(&call->json);
  }
  for (char *line; (line = xpf_proc_text_line(&at));)
    if (call->is_raw)
      print_message(call, line);
    else
      message(call, line);
  if (!call->is_raw) {
    xpf_json_array_end(&call->json);
    xpf_rpc_json_end(call);
  }
  free(ring);
}
