#include "host/mount_table_linux.h"

#include <string.h>

#include "host/proc_text.h"

/* Those that hold no files of their own, or only read-only images. */
static const char *const NO_STORAGE[] = {
    "autofs",     "binfmt_misc", "bpf",        "cgroup",     "cgroup2",         "configfs",
    "debugfs",    "devpts",      "devtmpfs",   "efivarfs",   "erofs",           "fusectl",
    "fuse.lxcfs", "fuse.portal", "hugetlbfs",  "iso9660",    "mqueue",          "nsfs",
    "proc",       "pstore",      "rpc_pipefs", "securityfs", "selinuxfs",       "squashfs",
    "sysfs",      "tracefs",     "ramfs",      "rootfs",     "fuse.gvfsd-fuse",
};
static const char *const REMOTE[] = {
    "nfs",  "nfs4",    "cifs",  "smb3", "smbfs",  "ceph",     "glusterfs",
    "9p",   "lustre",  "gfs2",  "afs",  "ocfs2",  "orangefs", "virtiofs",
    "fuse", "fuseblk", "ncpfs", "coda", "beegfs", "gpfs",
};
/* Folders of the system and of container engines: their mounts are the same storage once more. */
static const char *const FOLDERS[] = {
    "/proc", "/sys", "/dev", "/run/credentials", "/var/lib/docker", "/var/lib/containers/storage",
};

#define IS_ONE_OF(text, list) is_one_of(text, list, sizeof(list) / sizeof((list)[0]))
static bool is_one_of(const char *text, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(text, list[i]) == 0)
      return true;
  return false;
}

/* "\040" is a blank: the kernel writes what would part words so. In place. */
static char *unescape(char *text) {
  char *to = text;
  for (const char *at = text; *at; to++) {
    bool is_octal = at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' &&
                    at[3] >= '0' && at[3] <= '7';
    int code = is_octal ? (at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0') : *at;
    *to = (char)(code ? code : '?');
    at += is_octal ? 4 : 1;
  }
  *to = '\0';
  return text;
}

static bool has_option(const char *options, const char *option) {
  size_t size = strlen(option);
  for (const char *at = options; at && *at;) {
    size_t length = strcspn(at, ",");
    if (length == size && strncmp(at, option, size) == 0)
      return true;
    at += length + (at[length] == ',');
  }
  return false;
}

/* "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard" */
bool xpf_mount_parse(char *line, struct xpf_mount *out) {
  enum { ID, PARENT, DEVICE, ROOT, MOUNTPOINT, OPTIONS, WORDS };
  char *word[WORDS], *separator = NULL;
  for (unsigned i = 0; i < WORDS; i++)
    if (!(word[i] = xpf_proc_text_word(&line)))
      return false;
  while ((separator = xpf_proc_text_word(&line)) && strcmp(separator, "-") != 0)
    ; /* optional words */
  char *type = separator ? xpf_proc_text_word(&line) : NULL;
  char *source = type ? xpf_proc_text_word(&line) : NULL;
  const char *more = source ? xpf_proc_text_word(&line) : NULL;
  if (!source || word[MOUNTPOINT][0] != '/')
    return false;
  *out = (struct xpf_mount){
      .device = word[DEVICE],
      .root = unescape(word[ROOT]),
      .mountpoint = unescape(word[MOUNTPOINT]),
      .type = unescape(type),
      .source = unescape(source),
      .is_readonly = has_option(word[OPTIONS], "ro") || has_option(more, "ro"),
  };
  return true;
}

static bool is_within(const char *path, const char *folder) {
  size_t size = strlen(folder);
  return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

bool xpf_mount_is_storage(const struct xpf_mount *mount) {
  const char *path = mount->mountpoint;
  if (IS_ONE_OF(mount->type, NO_STORAGE))
    return false;
  if (strcmp(mount->type, "overlay") == 0) /* of a container: its root */
    return strcmp(path, "/") == 0;
  if (is_within(path, "/dev/shm"))
    return true;
  for (unsigned i = 0; i < sizeof FOLDERS / sizeof FOLDERS[0]; i++)
    if (is_within(path, FOLDERS[i]))
      return false;
  return true;
}

bool xpf_mount_is_remote(const struct xpf_mount *mount) {
  return IS_ONE_OF(mount->type, REMOTE) || strncmp(mount->type, "fuse.", 5) == 0;
}
