#include "daemon/rpc_df.h"

#include <errno.h>
#include <math.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MOUNTS_MAX  4096
#define DEVICES_MAX 1024

struct room {
  double size, used, available; /* bytes */
  double inodes, inodes_used;
  int error;
};

static bool is_elsewhere(const char *type) {
  static const char *const TYPES[] = {"nfs",  "cifs", "smb",       "9p",     "ceph",
                                      "afs",  "fuse", "glusterfs", "lustre", "gfs",
                                      "ocfs", "coda", "autofs",    NULL};
  for (unsigned i = 0; TYPES[i]; i++)
    if (strncmp(type, TYPES[i], strlen(TYPES[i])) == 0)
      return strcmp(type, "fuseblk") != 0;
  return false;
}

static void read_room(const char *directory, struct room *room) {
  struct statvfs v;
  *room = (struct room){.error = statvfs(directory, &v) == 0 ? 0 : -errno};
  if (room->error)
    return;
  double block = (double)v.f_frsize;
  room->size = (double)v.f_blocks * block;
  room->used = (double)(v.f_blocks - v.f_bfree) * block;
  room->available = (double)v.f_bavail * block;
  room->inodes = (double)v.f_files;
  room->inodes_used = (double)(v.f_files - v.f_ffree);
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

static void print_room(struct xpf_rpc_call *call, const struct mntent *mount,
                       const struct room *room) {
  char size[16], used[16], available[16];
  if (room->error || room->size <= 0)
    return;
  double share = room->used + room->available > 0
                     ? ceil(100 * room->used / (room->used + room->available))
                     : 0;
  xpf_rpc_print(call, "%-24s %5s %5s %5s %3.0f%% %s\n", mount->mnt_fsname, human(size, room->size),
                human(used, room->used), human(available, room->available), share, mount->mnt_dir);
}

static const char *quality_of(const struct mntent *mount, const struct room *room) {
  if (is_elsewhere(mount->mnt_type))
    return "absent";
  if (room->error == -EACCES || room->error == -EPERM)
    return "denied";
  return room->error ? "absent" : "ok";
}

static void write_room(struct xpf_rpc_call *call, const struct mntent *mount,
                       const struct room *room) {
  bool is_known = !room->error;
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_text(call, "device", mount->mnt_fsname);
  xpf_rpc_key_text(call, "mount", mount->mnt_dir);
  xpf_rpc_key_text(call, "type", mount->mnt_type);
  xpf_rpc_key_text(call, "quality", quality_of(mount, room));
  xpf_rpc_key_number(call, "size_bytes", is_known ? room->size : NAN);
  xpf_rpc_key_number(call, "used_bytes", is_known ? room->used : NAN);
  xpf_rpc_key_number(call, "available_bytes", is_known ? room->available : NAN);
  xpf_rpc_key_number(call, "inodes", is_known ? room->inodes : NAN);
  xpf_rpc_key_number(call, "inodes_used", is_known ? room->inodes_used : NAN);
  xpf_json_object_end(&call->json);
}

/* One device may be mounted at many places: the first is shown. */
struct seen {
  dev_t devices[DEVICES_MAX];
  unsigned count;
};

static bool was_seen(struct seen *seen, const char *directory) {
  struct stat stat_of;
  if (stat(directory, &stat_of) != 0)
    return false;
  for (unsigned i = 0; i < seen->count; i++)
    if (seen->devices[i] == stat_of.st_dev)
      return true;
  if (seen->count < DEVICES_MAX)
    seen->devices[seen->count++] = stat_of.st_dev;
  return false;
}

static void one_mount(struct xpf_rpc_call *call, const struct mntent *mount, struct seen *seen) {
  struct room room = {.error = -EREMOTE};
  if (!is_elsewhere(mount->mnt_type)) {
    if (was_seen(seen, mount->mnt_dir))
      return;
    read_room(mount->mnt_dir, &room);
    if (!room.error && room.size <= 0)
      return; /* /proc and the like */
  }
  if (call->is_raw)
    print_room(call, mount, &room);
  else
    write_room(call, mount, &room);
}

void xpf_rpc_df(struct xpf_rpc_call *call) {
  char path[512], text[8192];
  snprintf(path, sizeof path, "%.400s/self/mounts", call->proc);
  FILE *mounts = setmntent(path, "re");
  struct seen *seen = calloc(1, sizeof *seen);
  if (!mounts || !seen) {
    xpf_rpc_fail_read(call, "/proc/self/mounts", mounts ? -ENOMEM : -errno);
  } else {
    if (call->is_raw) {
      xpf_rpc_print(call, "Filesystem                Size  Used Avail Use%% Mounted on\n");
    } else {
      xpf_rpc_json_begin(call, "/proc/self/mounts, statvfs(3)");
      xpf_json_key(&call->json, "filesystems");
      xpf_json_array_begin(&call->json);
    }
    struct mntent mount;
    for (unsigned i = 0; i < MOUNTS_MAX && getmntent_r(mounts, &mount, text, (int)sizeof text); i++)
      one_mount(call, &mount, seen);
    if (!call->is_raw) {
      xpf_json_array_end(&call->json);
      xpf_rpc_json_end(call);
    }
  }
  if (mounts)
    endmntent(mounts);
  free(seen);
}
