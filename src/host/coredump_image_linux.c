#include "host/coredump_image_linux.h"

#if defined(__x86_64__)
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>
#include <unistd.h>
#include "host/coredump_memory_linux.h"
#include "host/coredump_pen_linux.h"

#define PAGE             4096ull
#define ALIGN(n, to)     (((n) + (to)-1) / (to) * (to))
#define XSTATE_HEADER_AT 512
#define FP_MAGIC_AT      464 /* struct _fpx_sw_bytes of the kernel, at the end of the fxsave area */
#define FP_MAGIC         0x46505853
#define NOTE_X86_XSTATE  0x202
#define FRAME_SEARCH     4096

static bool is_kept(const struct xpf_coredump_area *area) {
  return (area->flags & XPF_AREA_READ) && !(area->flags & XPF_AREA_DEVICE);
}

/* ---- notes
 * ------------------------------------------------------------------------------------------ */

static void note(struct xpf_coredump_pen *pen, const char *owner, uint32_t type, uint32_t bytes) {
  uint32_t head[3] = {(uint32_t)strlen(owner) + 1, bytes, type};
  xpf_coredump_pen_put(pen, head, sizeof head);
  xpf_coredump_pen_put(pen, owner, head[0]);
  xpf_coredump_pen_align(pen, 4);
}

static void note_whole(struct xpf_coredump_pen *pen, uint32_t type, const void *data,
                       uint32_t bytes) {
  note(pen, "CORE", type, bytes);
  xpf_coredump_pen_put(pen, data, bytes);
  xpf_coredump_pen_align(pen, 4);
}

static void general_of_context(const ucontext_t *context, struct user_regs_struct *regs) {
  const greg_t *g = context->uc_mcontext.gregs;
  uint64_t segments = (uint64_t)g[REG_CSGSFS]; /* cs, gs, fs, ss */
  regs->r15 = (uint64_t)g[REG_R15], regs->r14 = (uint64_t)g[REG_R14];
  regs->r13 = (uint64_t)g[REG_R13], regs->r12 = (uint64_t)g[REG_R12];
  regs->r11 = (uint64_t)g[REG_R11], regs->r10 = (uint64_t)g[REG_R10];
  regs->r9 = (uint64_t)g[REG_R9], regs->r8 = (uint64_t)g[REG_R8];
  regs->rbp = (uint64_t)g[REG_RBP], regs->rbx = (uint64_t)g[REG_RBX];
  regs->rax = (uint64_t)g[REG_RAX], regs->rcx = (uint64_t)g[REG_RCX];
  regs->rdx = (uint64_t)g[REG_RDX], regs->rsi = (uint64_t)g[REG_RSI];
  regs->rdi = (uint64_t)g[REG_RDI], regs->rip = (uint64_t)g[REG_RIP];
  regs->rsp = (uint64_t)g[REG_RSP], regs->eflags = (uint64_t)g[REG_EFL];
  regs->orig_rax = UINT64_MAX;
  regs->cs = segments & 0xffff;
  regs->gs = segments >> 16 & 0xffff;
  regs->fs = segments >> 32 & 0xffff;
  regs->ss = segments >> 48 & 0xffff;
}

static const struct xpf_coredump_area *area_of(const struct xpf_coredump_map *map,
                                               uint64_t address) {
  for (uint32_t i = 0; i < map->count; i++)
    if (address >= map->areas[i].start && address < map->areas[i].end)
      return &map->areas[i];
  return NULL;
}

/* Of a thread that could not be stopped the kernel tells pc and sp only. The first pair above sp
 * that looks like a saved frame pointer and a return address is where its frame pointer most likely
 * is; without one a debugger often ends at the first frame. 0 = none found. */
static __attribute__((no_sanitize("address", "thread"))) uint64_t
guess_frame_pointer(const struct xpf_coredump_map *map, uint64_t sp) {
  const struct xpf_coredump_area *stack = area_of(map, sp);
  uint64_t needed = XPF_AREA_READ | XPF_AREA_WRITE;
  if (!stack || (stack->flags & needed) != needed || stack->inode != 0 || sp % 8 ||
      (stack->flags & (XPF_AREA_DEVICE | XPF_AREA_DONT_FORK | XPF_AREA_DONT_DUMP)))
    return 0;
  for (uint64_t at = sp; at < sp + FRAME_SEARCH && at + 16 <= stack->end; at += 8) {
    uint64_t saved = ((const uint64_t *)at)[0];
    if (saved <= at || saved >= stack->end || saved % 8)
      continue;
    const struct xpf_coredump_area *code = area_of(map, ((const uint64_t *)at)[1]);
    if (code && (code->flags & XPF_AREA_EXECUTE))
      return at;
  }
  return 0;
}

/* One thread: context, or pc and sp alone. */
struct portrait {
  pid_t tid;
  const ucontext_t *context;
  const uint64_t *general; /* else complete registers */
  const unsigned char *fp; /* with general: fxsave */
  uint64_t pc, sp, fs_base, gs_base;
};

static void note_status(struct xpf_coredump_pen *pen, const struct xpf_coredump_image *image,
                        const struct portrait *portrait) {
  struct elf_prstatus status;
  struct user_regs_struct regs;
  memset(&status, 0, sizeof status);
  memset(&regs, 0, sizeof regs);
  _Static_assert(sizeof status.pr_reg == sizeof regs, "registers");
  if (portrait->context) {
    general_of_context(portrait->context, &regs);
  } else if (portrait->general) {
    memcpy(&regs, portrait->general, sizeof regs);
  } else {
    regs.rip = portrait->pc;
    regs.rsp = portrait->sp;
    regs.rbp = guess_frame_pointer(image->map, portrait->sp);
    regs.orig_rax = UINT64_MAX;
    regs.cs = 0x33, regs.ss = 0x2b;
  }
  if (!portrait->general) {
    regs.fs_base = portrait->fs_base;
    regs.gs_base = portrait->gs_base;
  }
  memcpy(&status.pr_reg, &regs, sizeof regs);
  status.pr_pid = portrait->tid;
  status.pr_ppid = image->parent;
  status.pr_pgrp = image->group;
  status.pr_sid = image->session;
  status.pr_fpvalid = portrait->context || portrait->fp;
  status.pr_cursig = (short)image->signal; /* in all, as the kernel: readers take the last one */
  status.pr_info.si_signo = image->signal;
  note_whole(pen, NT_PRSTATUS, &status, sizeof status);
}

static void note_info(struct xpf_coredump_pen *pen, const struct xpf_coredump_image *image) {
  struct elf_prpsinfo info;
  memset(&info, 0, sizeof info);
  info.pr_sname = 'R';
  info.pr_uid = image->uid;
  info.pr_gid = image->gid;
  info.pr_pid = image->process;
  info.pr_ppid = image->parent;
  info.pr_pgrp = image->group;
  info.pr_sid = image->session;
  memcpy(info.pr_fname, image->command, sizeof info.pr_fname);
  memcpy(info.pr_psargs, image->arguments, sizeof info.pr_psargs);
  note_whole(pen, NT_PRPSINFO, &info, sizeof info);
}

static void note_signal(struct xpf_coredump_pen *pen, const struct xpf_coredump_image *image) {
  siginfo_t info;
  if (!image->signal)
    return;
  memset(&info, 0, sizeof info);
  info.si_signo = image->signal;
  note_whole(pen, NT_SIGINFO, &info, sizeof info);
}

static bool is_file(const struct xpf_coredump_map *map, const struct xpf_coredump_area *area) {
  return area->inode != 0 && map->names[area->name] == '/' && !(area->flags & XPF_AREA_DONT_DUMP);
}

/* Which files are mapped where: debuggers find libraries and read-only data by it. */
static void note_files(struct xpf_coredump_pen *pen, const struct xpf_coredump_map *map) {
  uint64_t count = 0, bytes = 16;
  for (uint32_t i = 0; i < map->count; i++)
    if (is_file(map, &map->areas[i])) {
      count++;
      bytes += 24 + strlen(map->names + map->areas[i].name) + 1;
    }
  note(pen, "CORE", NT_FILE, (uint32_t)bytes);
  xpf_coredump_pen_put(pen, &count, sizeof count);
  xpf_coredump_pen_put(pen, &(uint64_t){PAGE}, 8);
  for (uint32_t i = 0; i < map->count; i++) {
    const struct xpf_coredump_area *area = &map->areas[i];
    uint64_t entry[3] = {area->start, area->end, area->file_offset / PAGE};
    if (is_file(map, area))
      xpf_coredump_pen_put(pen, entry, sizeof entry);
  }
  for (uint32_t i = 0; i < map->count; i++) {
    const char *name = map->names + map->areas[i].name;
    if (is_file(map, &map->areas[i]))
      xpf_coredump_pen_put(pen, name, strlen(name) + 1);
  }
  xpf_coredump_pen_align(pen, 4);
}

/* fxsave, and with it the whole xsave area when the kernel saved one. */
static void note_fp(struct xpf_coredump_pen *pen, const struct portrait *portrait) {
  const unsigned char *fp = portrait->context
                                ? (const unsigned char *)portrait->context->uc_mcontext.fpregs
                                : portrait->fp;
  struct {
    uint32_t magic, extended_size;
    uint64_t features;
    uint32_t xstate_size, unused[7];
  } mark;
  static const unsigned char zeros[40];
  if (!fp)
    return;
  note_whole(pen, NT_FPREGSET, fp, sizeof(struct user_fpregs_struct));
  memcpy(&mark, fp + FP_MAGIC_AT, sizeof mark);
  if (!portrait->context || mark.magic != FP_MAGIC || mark.xstate_size <= XSTATE_HEADER_AT ||
      mark.xstate_size > mark.extended_size)
    return;
  note(pen, "LINUX", NOTE_X86_XSTATE, mark.xstate_size);
  xpf_coredump_pen_put(pen, fp, FP_MAGIC_AT);
  xpf_coredump_pen_put(pen, &mark.features, 8); /* where a debugger looks for XCR0 */
  xpf_coredump_pen_put(pen, zeros, sizeof zeros);
  xpf_coredump_pen_put(pen, fp + XSTATE_HEADER_AT, mark.xstate_size - XSTATE_HEADER_AT);
  xpf_coredump_pen_align(pen, 4);
}

static void note_thread(struct xpf_coredump_pen *pen, struct xpf_coredump_image *image,
                        const struct portrait *portrait) {
  bool is_first = image->threads == 0;
  note_status(pen, image, portrait);
  if (is_first) {
    note_info(pen, image);
    note_signal(pen, image);
    if (image->auxv_bytes)
      note_whole(pen, NT_AUXV, image->auxv, image->auxv_bytes);
    note_files(pen, image->map);
  }
  note_fp(pen, portrait);
  image->threads++;
  image->unstopped += !portrait->context && !portrait->general;
}

static void note_caller(struct xpf_coredump_pen *pen, struct xpf_coredump_image *image) {
  struct portrait portrait = {.tid = image->caller_tid, .context = image->caller.context};
  const struct user_regs_struct *regs = (const struct user_regs_struct *)image->caller.general;
  if (portrait.context) {
    portrait.fs_base = regs->fs_base;
    portrait.gs_base = regs->gs_base;
  } else {
    portrait.general = image->caller.general;
    portrait.fp = image->caller.fp;
  }
  note_thread(pen, image, &portrait);
}

static void note_row(struct xpf_coredump_pen *pen, struct xpf_coredump_image *image,
                     const struct xpf_freeze_row *row) {
  struct portrait portrait = {.tid = row->tid,
                              .context = row->context,
                              .pc = row->pc,
                              .sp = row->sp,
                              .fs_base = row->fs_base,
                              .gs_base = row->gs_base};
  if (row->state != XPF_FREEZE_GONE)
    note_thread(pen, image, &portrait);
}

/* The first thread is the one a debugger selects. */
static void put_notes(struct xpf_coredump_pen *pen, struct xpf_coredump_image *image) {
  pid_t first = image->caller_first ? image->caller_tid : image->process;
  image->threads = image->unstopped = 0;
  if (first == image->caller_tid)
    note_caller(pen, image);
  for (uint32_t i = 0; i < image->rows_count; i++)
    if (image->rows[i].tid == first)
      note_row(pen, image, &image->rows[i]);
  if (first != image->caller_tid)
    note_caller(pen, image);
  for (uint32_t i = 0; i < image->rows_count; i++)
    if (image->rows[i].tid != first)
      note_row(pen, image, &image->rows[i]);
}

/* ---- headers
 * ----------------------------------------------------------------------------------------- */

struct plan {
  uint32_t loads;
  uint64_t notes_at, notes_bytes, data_at, end;
};

static bool needs_extension(const struct plan *plan) {
  return plan->loads + 1 >= PN_XNUM;
}

static void put_file_header(struct xpf_coredump_pen *pen, const struct plan *plan) {
  Elf64_Ehdr header = {.e_type = ET_CORE,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_phoff = sizeof header,
                       .e_ehsize = sizeof header,
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = (Elf64_Half)(plan->loads + 1)};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  if (needs_extension(plan)) { /* the true number is in section 0, after the program headers */
    header.e_phnum = PN_XNUM;
    header.e_shoff = sizeof header + (plan->loads + 1ull) * sizeof(Elf64_Phdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 1;
  }
  xpf_coredump_pen_put(pen, &header, sizeof header);
}

static void put_program_headers(struct xpf_coredump_pen *pen, const struct xpf_coredump_map *map,
                                const struct plan *plan) {
  Elf64_Phdr notes = {
      .p_type = PT_NOTE, .p_offset = plan->notes_at, .p_filesz = plan->notes_bytes, .p_align = 4};
  uint64_t at = plan->data_at;
  xpf_coredump_pen_put(pen, &notes, sizeof notes);
  for (uint32_t i = 0; i < map->count; i++) {
    const struct xpf_coredump_area *area = &map->areas[i];
    Elf64_Phdr load = {.p_type = PT_LOAD,
                       .p_offset = at,
                       .p_vaddr = area->start,
                       .p_filesz = area->dump_bytes,
                       .p_memsz = area->end - area->start,
                       .p_align = PAGE};
    if (!is_kept(area))
      continue;
    load.p_flags = (area->flags & XPF_AREA_READ ? PF_R : 0) |
                   (area->flags & XPF_AREA_WRITE ? PF_W : 0) |
                   (area->flags & XPF_AREA_EXECUTE ? PF_X : 0);
    xpf_coredump_pen_put(pen, &load, sizeof load);
    at += area->dump_bytes;
  }
  if (needs_extension(plan)) {
    Elf64_Shdr section = {.sh_info = plan->loads + 1};
    xpf_coredump_pen_put(pen, &section, sizeof section);
  }
}

static void make_plan(struct xpf_coredump_image *image, struct plan *plan) {
  struct xpf_coredump_pen pen = {.fd = -1};
  memset(plan, 0, sizeof *plan);
  put_notes(&pen, image);
  plan->notes_bytes = pen.offset;
  for (uint32_t i = 0; i < image->map->count; i++) {
    plan->loads += is_kept(&image->map->areas[i]);
    plan->end += image->map->areas[i].dump_bytes;
  }
  plan->notes_at = sizeof(Elf64_Ehdr) + (plan->loads + 1ull) * sizeof(Elf64_Phdr);
  if (needs_extension(plan))
    plan->notes_at += sizeof(Elf64_Shdr);
  plan->data_at = ALIGN(plan->notes_at + plan->notes_bytes, PAGE);
  plan->end += plan->data_at;
}

static int put_headers(struct xpf_coredump_image *image, const struct plan *plan) {
  struct xpf_coredump_pen pen = {
      .fd = image->fd, .buffer = image->buffer, .size = sizeof image->buffer};
  put_file_header(&pen, plan);
  put_program_headers(&pen, image->map, plan);
  put_notes(&pen, image);
  return xpf_coredump_pen_flush(&pen);
}

int xpf_coredump_image_write(struct xpf_coredump_image *image) {
  struct xpf_coredump_memory memory = {.fd = image->fd,
                                       .pagemap_fd = image->pagemap_fd,
                                       .max_bytes = image->max_bytes,
                                       .pages = image->pages,
                                       .pages_max = sizeof image->pages / sizeof *image->pages};
  struct plan plan;
  int result = xpf_coredump_memory_open(&memory);
  for (uint32_t i = 0; i < image->map->count && result == 0; i++) {
    struct xpf_coredump_area *area = &image->map->areas[i];
    area->dump_bytes =
        is_kept(area) ? xpf_coredump_memory_size(&memory, area, image->map->names + area->name) : 0;
  }
  if (result != 0)
    return result;
  make_plan(image, &plan);
  if (ftruncate(image->fd, (off_t)plan.end) != 0) /* also tells whether the file may be so large */
    return -errno;
  result = put_headers(image, &plan);
  uint64_t at = plan.data_at;
  for (uint32_t i = 0; i < image->map->count && result == 0; i++) {
    const struct xpf_coredump_area *area = &image->map->areas[i];
    result = xpf_coredump_memory_write(&memory, area, at);
    at += area->dump_bytes;
  }
  image->bytes = plan.end;
  image->data_bytes = memory.written_bytes + plan.notes_at + plan.notes_bytes;
  return result;
}
#endif
