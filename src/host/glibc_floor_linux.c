/* stat() and its kin became functions of glibc in 2.33; before that they were inline, around a
 * symbol that is no longer linked. Prebuilt addons ask the kernel themselves: struct stat is the
 * kernel's own on 64 bits. */
#ifdef XPF_GLIBC_FLOOR
#include "host/glibc_floor.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct stat64) == 144 || sizeof(struct stat64) == 128,
               "struct stat64 is not the kernel's");

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN int fstatat64(int folder, const char *path, struct stat64 *out, int flags) {
  return (int)syscall(SYS_newfstatat, folder, path, out, flags);
}

HIDDEN int stat64(const char *path, struct stat64 *out) {
  return fstatat64(AT_FDCWD, path, out, 0);
}

HIDDEN int lstat64(const char *path, struct stat64 *out) {
  return fstatat64(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

HIDDEN int fstat64(int fd, struct stat64 *out) {
  return (int)syscall(SYS_fstat, fd, out);
}
#else
typedef int xpf_glibc_floor_is_off; /* ISO C wants a declaration in every file */
#endif
