#include "daemon/rpc_df.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"

#define KIND "host_filesystem" /* of collect_filesystems.c */
enum { DEVICE, MOUNTPOINT, TYPE };

static unsigned field_of(const struct xpf_kind *kind, const char *key) {
  unsigned i = 0;
  while (i < kind->fields_count && strcmp(kind->fields[i].key, key) != 0)
    i++;
  return i;
}

static double value_of(const struct xpf_entity *entity, const char *key) {
  unsigned field = field_of(entity->kind, key);
  return field < entity->kind->fields_count ? entity->values[field] : NAN;
}

/* As df -h writes: rounded up, one digit behind the point below 10. */
static const char *human(char out[16], double bytes) {
  static const char UNITS[] = "BKMGTPE";
  unsigned unit = 0;
  while (bytes >= 1024 && UNITS[unit + 1]) {
    bytes /= 1024;
    unit++;
  }
  double tenths = ceil(bytes * 10) / 10;
  if (unit == 0)
    snprintf(out, 16, "%.0f", bytes);
  else if (tenths < 10)
    snprintf(out, 16, "%.1f%c", tenths, UNITS[unit]);
  else
    snprintf(out, 16, "%.0f%c", ceil(bytes), UNITS[unit]);
  return out;
}

static void print_room(struct xpf_rpc_call *call, const struct xpf_entity *entity) {
  char size_text[16], used_text[16], available_text[16];
  double size = value_of(entity, "size"), available = value_of(entity, "available");
  double used = size - value_of(entity, "free");
  if (isnan(used) || isnan(available))
    return;
  double share = used + available > 0 ? ceil(100 * used / (used + available)) : 0;
  xpf_rpc_print(call, "%-24s %5s %5s %5s %3.0f%% %s\n", entity->labels[DEVICE],
                human(size_text, size), human(used_text, used), human(available_text, available),
                share, entity->labels[MOUNTPOINT]);
}

static void write_room(struct xpf_rpc_call *call, const struct xpf_entity *entity) {
  unsigned field = field_of(entity->kind, "size");
  enum xpf_quality quality = field < entity->kind->fields_count
                                 ? xpf_entity_quality(entity, field, call->at_ms)
                                 : XPF_QUALITY_ABSENT;
  double size = value_of(entity, "size"), files = value_of(entity, "files");
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_text(call, "device", entity->labels[DEVICE]);
  xpf_rpc_key_text(call, "mount", entity->labels[MOUNTPOINT]);
  xpf_rpc_key_text(call, "type", entity->labels[TYPE]);
  xpf_rpc_key_number(call, "at_ms", (double)entity->updated_ms);
  xpf_rpc_key_text(call, "quality", xpf_quality_name(quality));
  xpf_rpc_key_number(call, "size_bytes", size);
  xpf_rpc_key_number(call, "used_bytes", size - value_of(entity, "free"));
  xpf_rpc_key_number(call, "available_bytes", value_of(entity, "available"));
  xpf_rpc_key_number(call, "inodes", files);
  xpf_rpc_key_number(call, "inodes_used", files - value_of(entity, "files_free"));
  xpf_json_object_end(&call->json);
}

void xpf_rpc_df(struct xpf_rpc_call *call) {
  const struct xpf_world *world = call->daemon->world;
  const struct xpf_kind *kind = xpf_world_kind_named(world, KIND);
  if (!kind || !xpf_world_first(world, kind)) {
    xpf_rpc_fail_read(call, "file system that was read so far", -ENOENT);
    return;
  }
  if (call->is_raw) {
    xpf_rpc_print(call, "Filesystem                Size  Used Avail Use%% Mounted on\n");
  } else {
    xpf_rpc_json_begin(call, "/proc/self/mountinfo, statvfs(3)");
    xpf_json_key(&call->json, "filesystems");
    xpf_json_array_begin(&call->json);
  }
  for (const struct xpf_entity *entity = xpf_world_first(world, kind); entity;
       entity = entity->next)
    if (call->is_raw)
      print_room(call, entity);
    else
      write_room(call, entity);
  if (!call->is_raw) {
    xpf_json_array_end(&call->json);
    xpf_rpc_json_end(call);
  }
}
