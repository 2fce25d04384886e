#include "inject.h"
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct xpf_inject own;
struct xpf_inject *xpf_inject = &own;

void xpf_inject_arm(enum xpf_inject_group group, uint32_t number) {
  atomic_store(&xpf_inject->group, XPF_INJECT_NONE);
  for (int i = 0; i < XPF_INJECT_COUNT; i++)
    atomic_store(&xpf_inject->seen[i], 0);
  atomic_store(&xpf_inject->hits, 0);
  atomic_store(&xpf_inject->number, number);
  atomic_store(&xpf_inject->group, group);
}

static int fails(enum xpf_inject_group group) {
  uint32_t number = atomic_fetch_add(&xpf_inject->seen[group], 1) + 1;
  if (atomic_load(&xpf_inject->group) != group || atomic_load(&xpf_inject->number) != number)
    return 0;
  atomic_fetch_add(&xpf_inject->hits, 1);
  return 1;
}

/* X(group, errno, result of a failed call, type of the result, name, parameters, arguments) */
#define POINTS(X)                                                                                  \
  X(MEMORY, ENOMEM, NULL, void *, malloc, (size_t a), (a))                                         \
  X(MEMORY, ENOMEM, NULL, void *, calloc, (size_t a, size_t b), (a, b))                            \
  X(MEMORY, ENOMEM, NULL, void *, realloc, (void *a, size_t b), (a, b))                            \
  X(MEMORY, ENOMEM, NULL, char *, strdup, (const char *a), (a))                                    \
  X(MEMORY, ENOMEM, NULL, char *, strndup, (const char *a, size_t b), (a, b))                      \
  X(MEMORY, ENOMEM, NULL, void *, _ZnwmRKSt9nothrow_t, (size_t a, const void *b), (a, b))          \
  X(OPEN, EMFILE, NULL, DIR *, opendir, (const char *a), (a))                                      \
  X(OPEN, ENOMEM, NULL, DIR *, fdopendir, (int a), (a))                                            \
  X(OPEN, EACCES, -1, int, mkdir, (const char *a, mode_t b), (a, b))                               \
  X(READ, EIO, -1, ssize_t, read, (int a, void *b, size_t c), (a, b, c))                           \
  X(READ, EIO, -1, ssize_t, pread64, (int a, void *b, size_t c, off_t d), (a, b, c, d))            \
  X(WRITE, ENOSPC, -1, ssize_t, write, (int a, const void *b, size_t c), (a, b, c))                \
  X(WRITE, ENOSPC, -1, ssize_t, writev, (int a, const struct iovec *b, int c), (a, b, c))          \
  X(WRITE, ENOSPC, -1, ssize_t, pwrite64, (int a, const void *b, size_t c, off_t d), (a, b, c, d)) \
  X(SYNC, EIO, -1, int, fsync, (int a), (a))                                                       \
  X(RENAME, EIO, -1, int, rename, (const char *a, const char *b), (a, b))                          \
  X(RENAME, EIO, -1, int, renameat, (int a, const char *b, int c, const char *d), (a, b, c, d))    \
  X(RENAME, EIO, -1, int, link, (const char *a, const char *b), (a, b))                            \
  X(RENAME, EIO, -1, int, linkat, (int a, const char *b, int c, const char *d, int e),             \
    (a, b, c, d, e))                                                                               \
  X(THREAD, 0, -EAGAIN, int, uv_thread_create_ex,                                                  \
    (void *a, const void *b, void (*c)(void *), void *d), (a, b, c, d))                            \
  X(THREAD, 0, -ENOMEM, int, uv_sem_init, (void *a, unsigned b), (a, b))                           \
  X(THREAD, 0, -EMFILE, int, uv_loop_init, (void *a), (a))                                         \
  X(THREAD, 0, -EMFILE, int, uv_async_init, (void *a, void *b, void *c), (a, b, c))                \
  X(SOCKET, EMFILE, -1, int, socket, (int a, int b, int c), (a, b, c))                             \
  X(SOCKET, EADDRINUSE, -1, int, bind, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))  \
  X(SOCKET, EADDRINUSE, -1, int, listen, (int a, int b), (a, b))                                   \
  X(SOCKET, ECONNREFUSED, -1, int, connect, (int a, const struct sockaddr *b, socklen_t c),        \
    (a, b, c))                                                                                     \
  X(SOCKET, EMFILE, -1, int, pipe2, (int *a, int b), (a, b))                                       \
  X(SOCKET, EPIPE, -1, ssize_t, send, (int a, const void *b, size_t c, int d), (a, b, c, d))       \
  X(SOCKET, 0, -EMFILE, int, uv_pipe_open, (void *a, int b), (a, b))                               \
  X(SOCKET, 0, -EADDRINUSE, int, uv_listen, (void *a, int b, void *c), (a, b, c))                  \
  X(SOCKET, 0, -ENOMEM, int, uv_read_start, (void *a, void *b, void *c), (a, b, c))                \
  X(SOCKET, 0, -ENOMEM, int, uv_write, (void *a, void *b, const void *c, unsigned d, void *e),     \
    (a, b, c, d, e))                                                                               \
  X(MAP, ENOMEM, MAP_FAILED, void *, mmap64, (void *a, size_t b, int c, int d, int e, off_t f),    \
    (a, b, c, d, e, f))                                                                            \
  X(MAP, ENOSPC, -1, int, ftruncate64, (int a, off_t b), (a, b))

/* Weak: a program that does not link libuv or C++ has no use for those. */
#define POINT(group, code, bad, type, name, parameters, arguments)                                 \
  extern __attribute__((weak)) type __real_##name parameters;                                      \
  type __wrap_##name parameters;                                                                   \
  type __wrap_##name parameters {                                                                  \
    if (!fails(XPF_INJECT_##group))                                                                \
      return __real_##name arguments;                                                              \
    if ((code) != 0)                                                                               \
      errno = (code);                                                                              \
    return bad;                                                                                    \
  }
POINTS(POINT)
#undef POINT

extern int __real_open64(const char *path, int flags, ...);
extern int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);

static int fails_to_open(void) {
  if (!fails(XPF_INJECT_OPEN))
    return 0;
  errno = EMFILE;
  return 1;
}

int __wrap_open64(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  int mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, int) : 0;
  va_end(args);
  return fails_to_open() ? -1 : __real_open64(path, flags, mode);
}

int __wrap_openat64(int dir, const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  int mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, int) : 0;
  va_end(args);
  return fails_to_open() ? -1 : __real_openat64(dir, path, flags, mode);
}

extern __attribute__((weak)) int __real_uv_accept(void *server, void *client);
int __wrap_uv_accept(void *server, void *client);

/* libuv takes a connection from its queue also when it cannot keep it. */
int __wrap_uv_accept(void *server, void *client) {
  bool is_lost = fails(XPF_INJECT_SOCKET);
  int error = __real_uv_accept(server, client);
  return is_lost ? -EMFILE : error;
}

extern long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Only the renaming of a complete file into its place goes this way. */
long __wrap_syscall(long number, ...) {
  long a[6];
  va_list args;
  va_start(args, number);
  for (int i = 0; i < 6; i++)
    a[i] = va_arg(args, long);
  va_end(args);
  if (number == SYS_renameat2 && fails(XPF_INJECT_RENAME)) {
    errno = EIO;
    return -1;
  }
  return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void *allocate(size_t size) {
  return __wrap_malloc(size);
}

/* cJSON is a library of its own, but nobody else in the process has it. */
__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("XPF_INJECT_FILE");
  cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = free};

  cJSON_InitHooks(&hooks);
  if (name == NULL)
    return;
  int fd = __real_open64(name, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return;
  void *shared = __real_mmap64(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared != MAP_FAILED)
    xpf_inject = shared;
}
