/* What the memory management does: faults, paging, swapping, reclaim, OOM kills. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/oom_kills.h"
#include "daemon/reading.h"
#include "host/proc_file.h"

#define SOURCE "/proc/vmstat "

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"page_faults", "node_vmstat_pgfault", NULL, XPF_FIELD_COUNTER, "", "pages that were not mapped when used, major ones included", SOURCE "pgfault"},
    {"major_page_faults", "node_vmstat_pgmajfault", NULL, XPF_FIELD_COUNTER, "", "of them, those that had to be read from a disk", SOURCE "pgmajfault"},
    {"paged_in", "node_vmstat_pgpgin", NULL, XPF_FIELD_COUNTER, "", "KiB read from disks", SOURCE "pgpgin"},
    {"paged_out", "node_vmstat_pgpgout", NULL, XPF_FIELD_COUNTER, "", "KiB written to disks", SOURCE "pgpgout"},
    {"swapped_in", "node_vmstat_pswpin", NULL, XPF_FIELD_COUNTER, "", "pages read from swap", SOURCE "pswpin"},
    {"swapped_out", "node_vmstat_pswpout", NULL, XPF_FIELD_COUNTER, "", "pages written to swap", SOURCE "pswpout"},
    {"oom_kills", "node_vmstat_oom_kill", NULL, XPF_FIELD_COUNTER, "", "processes killed for want of memory", SOURCE "oom_kill"},
    {"allocated_stalls_dma32", "node_vmstat_allocstall_dma32", NULL, XPF_FIELD_COUNTER, "", "allocations that had to free memory first, zone DMA32", SOURCE "allocstall_dma32"},
    {"allocated_stalls_normal", "node_vmstat_allocstall_normal", NULL, XPF_FIELD_COUNTER, "", "the same, zone Normal", SOURCE "allocstall_normal"},
    {"allocated_stalls_movable", "node_vmstat_allocstall_movable", NULL, XPF_FIELD_COUNTER, "", "the same, zone Movable", SOURCE "allocstall_movable"},
    {"scanned_kswapd", "node_vmstat_pgscan_kswapd", NULL, XPF_FIELD_COUNTER, "", "pages looked at to free them, in the background", SOURCE "pgscan_kswapd"},
    {"scanned_direct", "node_vmstat_pgscan_direct", NULL, XPF_FIELD_COUNTER, "", "the same, while a task waited", SOURCE "pgscan_direct"},
    {"freed_kswapd", "node_vmstat_pgsteal_kswapd", NULL, XPF_FIELD_COUNTER, "", "of them, freed in the background", SOURCE "pgsteal_kswapd"},
    {"freed_direct", "node_vmstat_pgsteal_direct", NULL, XPF_FIELD_COUNTER, "", "of them, freed while a task waited", SOURCE "pgsteal_direct"},
    {"refaults_anon", "node_vmstat_workingset_refault_anon", NULL, XPF_FIELD_COUNTER, "", "pages of programs needed again soon after they were taken", SOURCE "workingset_refault_anon"},
    {"refaults_file", "node_vmstat_workingset_refault_file", NULL, XPF_FIELD_COUNTER, "", "pages of files needed again soon after they were taken", SOURCE "workingset_refault_file"},
    {"compact_stalls", "node_vmstat_compact_stall", NULL, XPF_FIELD_COUNTER, "", "allocations that waited for memory to be put together", SOURCE "compact_stall"},
    {"huge_page_faults", "node_vmstat_thp_fault_alloc", NULL, XPF_FIELD_COUNTER, "", "faults answered with a transparent huge page", SOURCE "thp_fault_alloc"},
    {"huge_page_fallbacks", "node_vmstat_thp_fault_fallback", NULL, XPF_FIELD_COUNTER, "", "faults for which there was no huge page", SOURCE "thp_fault_fallback"},
    {"numa_hits", "node_vmstat_numa_hit", NULL, XPF_FIELD_COUNTER, "", "pages allocated on the node that was wanted", SOURCE "numa_hit"},
    {"numa_misses", "node_vmstat_numa_miss", NULL, XPF_FIELD_COUNTER, "", "pages allocated on another one", SOURCE "numa_miss"},
    {"numa_foreign", "node_vmstat_numa_foreign", NULL, XPF_FIELD_COUNTER, "", "pages wanted on a node and allocated elsewhere", SOURCE "numa_foreign"},
    {"numa_local", "node_vmstat_numa_local", NULL, XPF_FIELD_COUNTER, "", "pages allocated by a CPU of the node", SOURCE "numa_local"},
    {"numa_other", "node_vmstat_numa_other", NULL, XPF_FIELD_COUNTER, "", "pages allocated by a CPU of another node", SOURCE "numa_other"},
};
/* clang-format on */
enum { OOM_KILLS = 6 };

static const struct xpf_kind KIND = {
    .name = "host_vmstat",
    .help = "what the memory management does",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

struct state {
  struct xpf_reading reading; /* first */
  double oom_kills;           /* that were counted; NaN: none read yet */
  struct xpf_oom_kills *all_kills;
};

static void *vmstat_new(const struct xpf_collector_context *context, int *error) {
  struct state *state = xpf_reading_new(context, KINDS, 1, sizeof *state, error);
  if (state) {
    state->oom_kills = NAN;
    state->all_kills = context->oom_kills;
  }
  return state;
}

static int vmstat_gather(void *arg) {
  struct state *state = arg;
  struct xpf_reading *reading = &state->reading;
  xpf_reading_begin(reading);
  int error = xpf_reading_file(reading, "vmstat", 0, 0);
  struct xpf_row *row = error ? NULL : xpf_sheet_row(reading->sheets[0], "", NULL);
  if (row)
    xpf_reading_pairs(reading, row, strlen(SOURCE), XPF_ROWS(FIELDS));
  return error;
}

static void tell_kills(struct state *state, struct xpf_world *world, int64_t now_ms) {
  const struct xpf_entity *entity = xpf_world_find(world, &KIND, "");
  double kills = entity ? entity->values[OOM_KILLS] : NAN;
  double more = kills - state->oom_kills;
  if (!isnan(kills))
    state->oom_kills = kills;
  if (!(more > 0)) /* also the first time */
    more = 0;
  if (state->all_kills)
    more = (double)xpf_oom_kills_counted(state->all_kills, (uint64_t)more, now_ms);
  if (more == 0)
    return;
  char text[128];
  snprintf(text, sizeof text, "the kernel killed %.0f process%s for want of memory", more,
           more > 1 ? "es" : "");
  xpf_world_event(world, "oom_kill", entity, text);
}

static void vmstat_publish(void *arg, struct xpf_world *world, int64_t now_ms) {
  xpf_reading_publish(arg, world, now_ms);
  tell_kills(arg, world, now_ms);
}

const struct xpf_collector xpf_collector_vmstat = {
    .name = "vmstat",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = vmstat_new,
    .gather = vmstat_gather,
    .publish = vmstat_publish,
    .free = xpf_reading_free,
};
