/* Memory of the host. */
#include <math.h>
#include <string.h>

#include "daemon/collector_list.h"
#include "daemon/reading.h"

#define SOURCE "/proc/meminfo "

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"total", "node_memory_MemTotal_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory the kernel may use", SOURCE "MemTotal"},
    {"free", "node_memory_MemFree_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that nothing is in", SOURCE "MemFree"},
    {"available", "node_memory_MemAvailable_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that programs could still get without swapping, as the kernel estimates it", SOURCE "MemAvailable"},
    {"buffers", "node_memory_Buffers_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "blocks of disks kept in memory, metadata of file systems above all", SOURCE "Buffers"},
    {"cached", "node_memory_Cached_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "contents of files kept in memory, shared memory and tmpfs included", SOURCE "Cached"},
    {"swap_cached", "node_memory_SwapCached_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that is also in the swap area", SOURCE "SwapCached"},
    {"active", "node_memory_Active_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory used lately", SOURCE "Active"},
    {"inactive", "node_memory_Inactive_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory not used lately: taken first when there is need", SOURCE "Inactive"},
    {"active_anon", "node_memory_Active_anon_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the same as active, of programs", SOURCE "Active(anon)"},
    {"inactive_anon", "node_memory_Inactive_anon_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the same as inactive, of programs", SOURCE "Inactive(anon)"},
    {"active_file", "node_memory_Active_file_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the same as active, of files", SOURCE "Active(file)"},
    {"inactive_file", "node_memory_Inactive_file_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the same as inactive, of files", SOURCE "Inactive(file)"},
    {"unevictable", "node_memory_Unevictable_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that cannot be taken back", SOURCE "Unevictable"},
    {"mlocked", "node_memory_Mlocked_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that programs locked", SOURCE "Mlocked"},
    {"swap_total", "node_memory_SwapTotal_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "size of all swap areas", SOURCE "SwapTotal"},
    {"swap_free", "node_memory_SwapFree_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, free", SOURCE "SwapFree"},
    {"zswap", "node_memory_Zswap_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that compressed swap pages take", SOURCE "Zswap"},
    {"zswapped", "node_memory_Zswapped_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "what these pages were before", SOURCE "Zswapped"},
    {"dirty", "node_memory_Dirty_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "changed contents of files that are to be written to disk", SOURCE "Dirty"},
    {"writeback", "node_memory_Writeback_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, being written now", SOURCE "Writeback"},
    {"anon_pages", "node_memory_AnonPages_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory of programs that belongs to no file", SOURCE "AnonPages"},
    {"mapped", "node_memory_Mapped_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "contents of files that programs have mapped", SOURCE "Mapped"},
    {"shmem", "node_memory_Shmem_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "shared memory and tmpfs", SOURCE "Shmem"},
    {"kreclaimable", "node_memory_KReclaimable_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory of the kernel that it can give back", SOURCE "KReclaimable"},
    {"slab", "node_memory_Slab_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory of the kernel's objects", SOURCE "Slab"},
    {"slab_reclaimable", "node_memory_SReclaimable_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, what it can give back", SOURCE "SReclaimable"},
    {"slab_unreclaimable", "node_memory_SUnreclaim_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, what it cannot", SOURCE "SUnreclaim"},
    {"kernel_stack", "node_memory_KernelStack_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "stacks of tasks within the kernel", SOURCE "KernelStack"},
    {"page_tables", "node_memory_PageTables_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "tables that map memory", SOURCE "PageTables"},
    {"bounce", "node_memory_Bounce_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "copies for devices that do not reach all memory", SOURCE "Bounce"},
    {"writeback_tmp", "node_memory_WritebackTmp_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "copies that FUSE writes back", SOURCE "WritebackTmp"},
    {"commit_limit", "node_memory_CommitLimit_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "what may be promised to programs when overcommit is strict", SOURCE "CommitLimit"},
    {"committed", "node_memory_Committed_AS_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "what is promised to programs at present", SOURCE "Committed_AS"},
    {"vmalloc_total", "node_memory_VmallocTotal_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "address space for vmalloc", SOURCE "VmallocTotal"},
    {"vmalloc_used", "node_memory_VmallocUsed_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, used", SOURCE "VmallocUsed"},
    {"percpu", "node_memory_Percpu_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that each CPU has its own of", SOURCE "Percpu"},
    {"hardware_corrupted", "node_memory_HardwareCorrupted_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory taken out of use as it is broken", SOURCE "HardwareCorrupted"},
    {"anon_huge_pages", "node_memory_AnonHugePages_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "transparent huge pages of programs", SOURCE "AnonHugePages"},
    {"shmem_huge_pages", "node_memory_ShmemHugePages_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the same, of shared memory", SOURCE "ShmemHugePages"},
    {"file_huge_pages", "node_memory_FileHugePages_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the same, of files", SOURCE "FileHugePages"},
    {"cma_total", "node_memory_CmaTotal_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory reserved for devices that need it in one piece", SOURCE "CmaTotal"},
    {"cma_free", "node_memory_CmaFree_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "of it, free", SOURCE "CmaFree"},
    {"huge_pages_total", "node_memory_HugePages_Total", NULL, XPF_FIELD_GAUGE, "", "huge pages set aside", SOURCE "HugePages_Total"},
    {"huge_pages_free", "node_memory_HugePages_Free", NULL, XPF_FIELD_GAUGE, "", "of them, free", SOURCE "HugePages_Free"},
    {"huge_pages_reserved", "node_memory_HugePages_Rsvd", NULL, XPF_FIELD_GAUGE, "", "of them, free but promised", SOURCE "HugePages_Rsvd"},
    {"huge_pages_surplus", "node_memory_HugePages_Surp", NULL, XPF_FIELD_GAUGE, "", "huge pages beyond the number that is set", SOURCE "HugePages_Surp"},
    {"huge_page_size", "node_memory_Hugepagesize_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "size of one of them", SOURCE "Hugepagesize"},
    {"hugetlb", "node_memory_Hugetlb_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory of huge pages of all sizes", SOURCE "Hugetlb"},
    {"used", "xprofd_host_memory_used_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that is not available to programs", "MemTotal - MemAvailable"},
    {"page_cache", "xprofd_host_memory_page_cache_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "contents of files and disks in memory that can be dropped or written back", "Buffers + Cached - Shmem"},
    {"swap_used", "xprofd_host_swap_used_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "used of the swap areas", "SwapTotal - SwapFree"},
};
/* clang-format on */
#define COPIED (XPF_ROWS(FIELDS) - 3) /* those that are lines of the file */
enum { USED = COPIED, PAGE_CACHE, SWAP_USED };

static const struct xpf_kind KIND = {
    .name = "host_memory",
    .help = "what the memory is used for",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

static void *memory_new(const struct xpf_collector_context *context, int *error) {
  return xpf_reading_new(context, KINDS, 1, sizeof(struct xpf_reading), error);
}

static double value_of(const struct xpf_row *row, const char *name) {
  for (unsigned field = 0; field < COPIED; field++)
    if (strcmp(FIELDS[field].source + strlen(SOURCE), name) == 0)
      return row->values[field];
  return NAN;
}

static int memory_gather(void *arg) {
  struct xpf_reading *reading = arg;
  xpf_reading_begin(reading);
  int error = xpf_reading_file(reading, "meminfo", 0, 0);
  struct xpf_row *row = error ? NULL : xpf_sheet_row(reading->sheets[0], "", NULL);
  if (!row)
    return error;
  xpf_reading_pairs(reading, row, strlen(SOURCE), COPIED);
  xpf_row_set(row, USED, value_of(row, "MemTotal") - value_of(row, "MemAvailable"));
  xpf_row_set(row, PAGE_CACHE,
              value_of(row, "Buffers") + value_of(row, "Cached") - value_of(row, "Shmem"));
  xpf_row_set(row, SWAP_USED, value_of(row, "SwapTotal") - value_of(row, "SwapFree"));
  return 0;
}

const struct xpf_collector xpf_collector_memory = {
    .name = "memory",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = memory_new,
    .gather = memory_gather,
    .publish = xpf_reading_publish,
    .free = xpf_reading_free,
};
