#include "host/coredump.h"
#include <errno.h>

#if defined(__x86_64__)
#include <asm/prctl.h>
#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "host/coredump_image_linux.h"
#include "host/coredump_map_linux.h"
#include "host/freeze.h"
#include "host/freeze_task_linux.h"

#define DEFAULT_FREEZE_MS   50
#define DEFAULT_DEADLINE_MS 120000
#define AREAS_MIN           2048
#define CHILD_NICE          15
#define POLL_NS             (5 * 1000 * 1000)
#define CLOSE_MAX           65536

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* Shared with the copy, which leaves its result here: a stolen wait() status loses nothing. */
struct work {
  struct xpf_coredump_image image;
  _Atomic int is_finished;
  int error;
};

struct dump {
  const struct xpf_coredump_options *options;
  struct xpf_coredump_result *result;
  struct work *work;
  struct xpf_coredump_map before, now;
  uint64_t started_ns, forked_ns;
};

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* ---- in the copy: system calls only
 * ------------------------------------------------------------------ */

/* Protection keys deny this thread memory that others may read (V8's code pages). */
static void open_protection_keys(void) {
  unsigned a, b, c, d;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & (1u << 4)))
    __asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(0), "c"(0), "d"(0)); /* wrpkru */
}

static bool close_range_call(unsigned first, unsigned last) {
  return first > last || syscall(SYS_close_range, first, last, 0) == 0;
}

/* Inherited descriptors would keep files, pipes and listening sockets open for seconds. */
static void close_others(int a, int b) {
  unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);
  if (a < 0 || b < 0)
    low = high;
  if ((low == 0 || close_range_call(0, low - 1)) &&
      (low == high || close_range_call(low + 1, high - 1)) && close_range_call(high + 1, ~0u))
    return;
  struct rlimit limit = {CLOSE_MAX, CLOSE_MAX};
  getrlimit(RLIMIT_NOFILE, &limit);
  for (unsigned fd = 0; fd < limit.rlim_cur && fd < CLOSE_MAX; fd++)
    if ((int)fd != a && (int)fd != b)
      close((int)fd);
}

static void be_the_first_to_die(void) {
  struct rlimit none = {0, 0};
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t ignored = write(fd, "1000", 4);
    (void)ignored;
    close(fd);
  }
  syscall(SYS_setpriority, PRIO_PROCESS, 0, CHILD_NICE);
  setrlimit(RLIMIT_CORE, &none);
}

static _Noreturn void run_copy(struct work *work) {
  struct xpf_coredump_image *image = &work->image;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "xpf-coredump");
  if (getppid() == image->process) {
    image->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    be_the_first_to_die();
    close_others(image->fd, image->pagemap_fd);
    prctl(PR_SET_DUMPABLE, 0);
    open_protection_keys();
    work->error = xpf_coredump_image_write(image);
    atomic_store(&work->is_finished, 1);
  }
  for (;;)
    syscall(SYS_exit_group, 0);
}

/* ---- preparation
 * --------------------------------------------------------------------------------------- */

/* The registers of the call: this is inlined, so they are of a frame that lives until the copy. */
static inline __attribute__((always_inline)) void capture(struct xpf_coredump_caller *caller) {
  struct user_regs_struct *regs = (struct user_regs_struct *)caller->general;
  _Static_assert(sizeof *regs == sizeof caller->general, "registers");
  __asm__ volatile(
      "movq %%rbx, %c1(%0)\n\tmovq %%rbp, %c2(%0)\n\tmovq %%rsp, %c3(%0)\n\t"
      "movq %%r12, %c4(%0)\n\tmovq %%r13, %c5(%0)\n\tmovq %%r14, %c6(%0)\n\t"
      "movq %%r15, %c7(%0)\n\tleaq 0(%%rip), %%rax\n\tmovq %%rax, %c8(%0)"
      :
      : "r"(regs), "i"(offsetof(struct user_regs_struct, rbx)),
        "i"(offsetof(struct user_regs_struct, rbp)), "i"(offsetof(struct user_regs_struct, rsp)),
        "i"(offsetof(struct user_regs_struct, r12)), "i"(offsetof(struct user_regs_struct, r13)),
        "i"(offsetof(struct user_regs_struct, r14)), "i"(offsetof(struct user_regs_struct, r15)),
        "i"(offsetof(struct user_regs_struct, rip))
      : "rax", "memory");
  regs->orig_rax = UINT64_MAX;
  regs->cs = 0x33;
  regs->ss = 0x2b;
  regs->eflags = 0x202;
  __asm__ volatile("fxsave64 %0" : "=m"(caller->fp));
}

static void read_arguments(struct xpf_coredump_image *image) {
  ssize_t length =
      xpf_freeze_read_file(AT_FDCWD, "/proc/self/comm", image->command, sizeof image->command);
  if (length > 0 && image->command[length - 1] == '\n')
    image->command[length - 1] = '\0';
  length = xpf_freeze_read_file(AT_FDCWD, "/proc/self/cmdline", image->arguments,
                                sizeof image->arguments);
  for (ssize_t i = 0; i + 1 < length; i++)
    if (image->arguments[i] == '\0')
      image->arguments[i] = ' ';
  length =
      xpf_freeze_read_file(AT_FDCWD, "/proc/self/auxv", (char *)image->auxv, sizeof image->auxv);
  image->auxv_bytes = length > 0 ? (uint32_t)length : 0;
}

static void describe_process(struct dump *dump, int out_fd) {
  struct xpf_coredump_image *image = &dump->work->image;
  struct user_regs_struct *regs = (struct user_regs_struct *)image->caller.general;
  image->fd = out_fd;
  image->process = getpid();
  image->parent = getppid();
  image->group = getpgrp();
  image->session = getsid(0);
  image->caller_tid = (pid_t)syscall(SYS_gettid);
  image->uid = getuid();
  image->gid = getgid();
  image->signal = dump->options->signal;
  image->caller_first = dump->options->caller_first;
  image->max_bytes = dump->options->max_bytes;
  image->caller.context = dump->options->context;
  syscall(SYS_arch_prctl, ARCH_GET_FS, &regs->fs_base);
  syscall(SYS_arch_prctl, ARCH_GET_GS, &regs->gs_base);
  read_arguments(image);
}

/* Tables with room for twice the areas there are, and the kernel's flags of all areas. */
static int prepare_maps(struct dump *dump) {
  uint32_t capacity = AREAS_MIN;
  for (;;) {
    int result = xpf_coredump_map_init(&dump->before, capacity);
    if (result == 0)
      result = xpf_coredump_map_read(&dump->before, true);
    if (result != 0)
      return result;
    if (dump->before.count <= capacity / 2)
      return xpf_coredump_map_init(&dump->now, capacity);
    xpf_coredump_map_free(&dump->before);
    capacity *= 2;
  }
}

static int prepare(struct dump *dump) {
  struct work *work = mmap(NULL, sizeof *work, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (work == MAP_FAILED)
    return -ENOMEM;
  madvise(work, sizeof *work, MADV_DONTDUMP);
  dump->work = work;
  return prepare_maps(dump);
}

static void clean_up(struct dump *dump) {
  xpf_coredump_map_free(&dump->before);
  xpf_coredump_map_free(&dump->now);
  if (dump->work)
    munmap(dump->work, sizeof *dump->work);
}

/* ---- the pause: system calls and own memory only
 * -------------------------------------------------------- */

/* The areas as they are now. Reading all kernel flags again is the slow way. */
static int refresh_map(struct dump *dump) {
  int result = xpf_coredump_map_read(&dump->now, false);
  if (result == 0 && !xpf_coredump_map_adopt(&dump->now, &dump->before))
    result = xpf_coredump_map_read(&dump->now, true);
  return result == 0 && dump->now.is_cut ? -EAGAIN : result;
}

/* Returns the pid of the copy or -errno. */
static pid_t copy_process(struct dump *dump, const struct xpf_freeze_all *all) {
  struct xpf_coredump_image *image = &dump->work->image;
  int result = refresh_map(dump);
  if (result != 0)
    return result;
  image->map = &dump->now;
  image->rows = all->rows;
  image->rows_count = all->count;
  xpf_coredump_map_expose(&dump->now, true);
  /* As fork(), but without its handlers and with no exit signal. */
  long pid = syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
  if (pid == 0)
    run_copy(dump->work);
  int error = errno;
  xpf_coredump_map_expose(&dump->now, false);
  return pid < 0 ? -error : (pid_t)pid;
}

static pid_t pause_and_copy(struct dump *dump) {
  uint32_t freeze_ms = dump->options->freeze_ms;
  struct xpf_freeze_all all;
  int result = xpf_freeze_all(freeze_ms ? freeze_ms : DEFAULT_FREEZE_MS, &all);
  if (result != 0)
    return result;
  pid_t pid = copy_process(dump, &all);
  dump->result->paused_ns = xpf_freeze_release();
  dump->forked_ns = now_ns();
  return pid;
}

/* ---- waiting
 * ---------------------------------------------------------------------------------------------- */

static bool has_ended(pid_t pid, int flags) {
  pid_t got;
  do
    got = waitpid(pid, NULL, __WALL | flags);
  while (got < 0 && errno == EINTR);
  return got != 0; /* also when somebody else took its status */
}

static int await_copy(struct dump *dump, pid_t pid) {
  const struct xpf_coredump_options *options = dump->options;
  uint64_t deadline_ms = options->deadline_ms ? options->deadline_ms : DEFAULT_DEADLINE_MS;
  int reason = 0;
  while (!has_ended(pid, WNOHANG)) {
    if (now_ns() - dump->started_ns > deadline_ms * 1000000ull)
      reason = -ETIMEDOUT;
    else if (options->is_cancelled && options->is_cancelled(options->arg))
      reason = -ECANCELED;
    if (reason != 0) {
      kill(pid, SIGKILL);
      has_ended(pid, 0);
      break;
    }
    nanosleep(&(struct timespec){0, POLL_NS}, NULL);
  }
  dump->result->child_ms = (now_ns() - dump->forked_ns) / 1000000;
  if (atomic_load(&dump->work->is_finished))
    return dump->work->error;
  return reason != 0 ? reason : -EIO;
}

__attribute__((noinline)) int xpf_coredump_write(int out_fd,
                                                 const struct xpf_coredump_options *options,
                                                 struct xpf_coredump_result *result) {
  struct dump dump = {.options = options, .result = result, .started_ns = now_ns()};
  struct stat status;
  memset(result, 0, sizeof *result);
  if (fstat(out_fd, &status) != 0)
    return -errno;
  if (!S_ISREG(status.st_mode))
    return -EINVAL;
  int error = prepare(&dump);
  if (error == 0) {
    capture(&dump.work->image.caller);
    describe_process(&dump, out_fd);
    pid_t pid = pause_and_copy(&dump);
    error = pid < 0 ? pid : await_copy(&dump, pid);
    result->bytes = dump.work->image.bytes;
    result->data_bytes = dump.work->image.data_bytes;
    result->threads = dump.work->image.threads;
    result->unstopped = dump.work->image.unstopped;
  }
  clean_up(&dump);
  return error;
}

#else
int xpf_coredump_write(int out_fd, const struct xpf_coredump_options *options,
                       struct xpf_coredump_result *result) {
  (void)out_fd, (void)options, (void)result;
  return -ENOTSUP;
}
#endif
