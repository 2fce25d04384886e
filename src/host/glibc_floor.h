/* Prebuilt addons run wherever Node.js itself runs: with glibc 2.28 and later. This is included
 * before every source when they are built (binding.gyp), so that a newer glibc is linked by its old
 * names: functions that moved into libc.so.6 in 2.32 and 2.34 got another version there and are
 * otherwise the same. glibc_floor_linux.c has those that were no symbols before 2.33. */
#ifndef XPF_HOST_GLIBC_FLOOR_H
#define XPF_HOST_GLIBC_FLOOR_H

#include <features.h>

#ifdef __GLIBC__

/* Name, version on x64. On arm64 everything began with 2.17. */
#define XPF_GLIBC_MOVED(X)                                                                         \
  X(dladdr, "2.2.5")                                                                               \
  X(dladdr1, "2.3.3")                                                                              \
  X(dlclose, "2.2.5")                                                                              \
  X(dlerror, "2.2.5")                                                                              \
  X(dlinfo, "2.3.3")                                                                               \
  X(dlopen, "2.2.5")                                                                               \
  X(dlsym, "2.2.5")                                                                                \
  X(dlvsym, "2.2.5")                                                                               \
  X(pthread_attr_getguardsize, "2.2.5")                                                            \
  X(pthread_attr_getstack, "2.2.5")                                                                \
  X(pthread_attr_getstacksize, "2.2.5")                                                            \
  X(pthread_attr_setguardsize, "2.2.5")                                                            \
  X(pthread_attr_setstack, "2.2.5")                                                                \
  X(pthread_attr_setstacksize, "2.2.5")                                                            \
  X(pthread_create, "2.2.5")                                                                       \
  X(pthread_detach, "2.2.5")                                                                       \
  X(pthread_getaffinity_np, "2.3.4")                                                               \
  X(pthread_getattr_np, "2.2.5")                                                                   \
  X(pthread_getcpuclockid, "2.2.5")                                                                \
  X(pthread_getname_np, "2.12")                                                                    \
  X(pthread_getspecific, "2.2.5")                                                                  \
  X(pthread_join, "2.2.5")                                                                         \
  X(pthread_key_create, "2.2.5")                                                                   \
  X(pthread_key_delete, "2.2.5")                                                                   \
  X(pthread_kill, "2.2.5")                                                                         \
  X(pthread_mutex_timedlock, "2.2.5")                                                              \
  X(pthread_mutex_trylock, "2.2.5")                                                                \
  X(pthread_mutexattr_settype, "2.2.5")                                                            \
  X(pthread_once, "2.2.5")                                                                         \
  X(pthread_rwlock_rdlock, "2.2.5")                                                                \
  X(pthread_rwlock_unlock, "2.2.5")                                                                \
  X(pthread_rwlock_wrlock, "2.2.5")                                                                \
  X(pthread_setaffinity_np, "2.3.4")                                                               \
  X(pthread_setname_np, "2.12")                                                                    \
  X(pthread_setspecific, "2.2.5")                                                                  \
  X(pthread_sigmask, "2.2.5")                                                                      \
  X(pthread_timedjoin_np, "2.3.3")                                                                 \
  X(sem_destroy, "2.2.5")                                                                          \
  X(sem_init, "2.2.5")                                                                             \
  X(sem_post, "2.2.5")                                                                             \
  X(sem_timedwait, "2.2.5")                                                                        \
  X(sem_trywait, "2.2.5")                                                                          \
  X(sem_wait, "2.2.5")

#ifdef __x86_64__
#define XPF_GLIBC_OLD_NAME(name, version) __asm__(".symver " #name "," #name "@GLIBC_" version);
#else
#define XPF_GLIBC_OLD_NAME(name, version) __asm__(".symver " #name "," #name "@GLIBC_2.17");
#endif
XPF_GLIBC_MOVED(XPF_GLIBC_OLD_NAME)
#undef XPF_GLIBC_OLD_NAME

#endif
#endif
