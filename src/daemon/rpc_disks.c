#include "daemon/rpc_disks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/rpc_looks.h"

/* Columns behind the name. Sectors are 512 bytes whatever the disk's own are; times are ms. */
enum {
  READS,
  READS_MERGED,
  SECTORS_READ,
  READ_MS,
  WRITES,
  WRITES_MERGED,
  SECTORS_WRITTEN,
  WRITE_MS,
  IN_FLIGHT,
  BUSY_MS,
  WEIGHTED_MS,
  COLUMNS
};

static const struct xpf_rpc_look_file FILES[] = {
    {"diskstats", false, {.columns = COLUMNS, .skip_words = 2}},
};

/* A whole disk that was ever used; partitions are no folders of /sys/block. */
static bool is_shown(const struct xpf_rpc_call *call, size_t row) {
  const struct xpf_proc_grid *grid = xpf_rpc_looks_now(call, 0);
  char path[512];
  double ever = xpf_proc_grid_value(grid, row, READS) + xpf_proc_grid_value(grid, row, WRITES);
  snprintf(path, sizeof path, "%s/block/%.200s", call->sys, grid->rows[row].name);
  for (char *at = path + strlen(call->sys) + strlen("/block/"); *at; at++)
    if (*at == '/')
      *at = '!'; /* as the kernel writes "cciss/c0d0" there */
  return ever > 0 && access(path, F_OK) == 0;
}

struct figures {
  double reads, writes, reads_merged, writes_merged; /* per second */
  double read_bytes, written_bytes;                  /* per second */
  double request_bytes, queue;                       /* mean */
  double wait_s, read_wait_s, write_wait_s, service_s;
  double busy;
};

/* NaN when nothing happened: then there is no mean. */
static double mean(double sum, double count) {
  return count > 0 ? sum / count : NAN;
}

static struct figures figures_of(const struct xpf_rpc_call *call, size_t row) {
  double d[COLUMNS], seconds = xpf_rpc_seconds(call);
  for (unsigned i = 0; i < COLUMNS; i++)
    d[i] = xpf_rpc_looks_growth(call, 0, row, i);
  double requests = d[READS] + d[WRITES];
  return (struct figures){
      .reads = d[READS] / seconds,
      .writes = d[WRITES] / seconds,
      .reads_merged = d[READS_MERGED] / seconds,
      .writes_merged = d[WRITES_MERGED] / seconds,
      .read_bytes = d[SECTORS_READ] * 512 / seconds,
      .written_bytes = d[SECTORS_WRITTEN] * 512 / seconds,
      .request_bytes = mean((d[SECTORS_READ] + d[SECTORS_WRITTEN]) * 512, requests),
      .queue = d[WEIGHTED_MS] / 1e3 / seconds,
      .wait_s = mean((d[READ_MS] + d[WRITE_MS]) / 1e3, requests),
      .read_wait_s = mean(d[READ_MS] / 1e3, d[READS]),
      .write_wait_s = mean(d[WRITE_MS] / 1e3, d[WRITES]),
      .service_s = mean(d[BUSY_MS] / 1e3, requests),
      .busy = fmin(1, d[BUSY_MS] / 1e3 / seconds),
  };
}

static double zero(double number) {
  return isnan(number) ? 0 : number;
}

static void print_disk(struct xpf_rpc_call *call, const char *name, const struct figures *f) {
  xpf_rpc_print(call,
                "%-13s %8.2f %8.2f %7.2f %7.2f %8.2f %8.2f %8.2f %8.2f %7.2f %7.2f %7.2f %6.2f "
                "%6.2f\n",
                name, zero(f->reads_merged), zero(f->writes_merged), zero(f->reads),
                zero(f->writes), zero(f->read_bytes) / 1024, zero(f->written_bytes) / 1024,
                zero(f->request_bytes) / 512, zero(f->queue), zero(f->wait_s) * 1e3,
                zero(f->read_wait_s) * 1e3, zero(f->write_wait_s) * 1e3, zero(f->service_s) * 1e3,
                zero(f->busy) * 100);
}

static void write_disk(struct xpf_rpc_call *call, const char *name, const struct figures *f,
                       double in_flight) {
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_text(call, "device", name);
  xpf_rpc_key_number(call, "reads_per_second", f->reads);
  xpf_rpc_key_number(call, "writes_per_second", f->writes);
  xpf_rpc_key_number(call, "reads_merged_per_second", f->reads_merged);
  xpf_rpc_key_number(call, "writes_merged_per_second", f->writes_merged);
  xpf_rpc_key_number(call, "read_bytes_per_second", f->read_bytes);
  xpf_rpc_key_number(call, "written_bytes_per_second", f->written_bytes);
  xpf_rpc_key_number(call, "request_bytes", f->request_bytes);
  xpf_rpc_key_number(call, "queue", f->queue);
  xpf_rpc_key_number(call, "in_flight", in_flight);
  xpf_rpc_key_number(call, "wait_seconds", f->wait_s);
  xpf_rpc_key_number(call, "read_wait_seconds", f->read_wait_s);
  xpf_rpc_key_number(call, "write_wait_seconds", f->write_wait_s);
  xpf_rpc_key_number(call, "busy", f->busy);
  xpf_json_object_end(&call->json);
}

void xpf_rpc_iostat(struct xpf_rpc_call *call) {
  if (!xpf_rpc_look(call, FILES, 1))
    return;
  const struct xpf_proc_grid *grid = xpf_rpc_looks_now(call, 0);
  if (call->is_raw) {
    xpf_rpc_print_banner(call);
    xpf_rpc_print(call,
                  "Device:         rrqm/s   wrqm/s     r/s     w/s    rkB/s    wkB/s avgrq-sz "
                  "avgqu-sz   await r_await w_await  svctm  %%util\n");
  } else {
    xpf_rpc_json_begin(call, "/proc/diskstats");
    xpf_json_key(&call->json, "disks");
    xpf_json_array_begin(&call->json);
  }
  for (size_t row = 0; row < grid->count; row++) {
    if (!is_shown(call, row))
      continue;
    struct figures figures = figures_of(call, row);
    if (call->is_raw)
      print_disk(call, grid->rows[row].name, &figures);
    else
      write_disk(call, grid->rows[row].name, &figures, xpf_proc_grid_value(grid, row, IN_FLIGHT));
  }
  if (!call->is_raw) {
    xpf_json_array_end(&call->json);
    xpf_rpc_json_end(call);
  }
}
