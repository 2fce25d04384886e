#include "host/freeze_unwind_linux.h"

#if defined(__x86_64__)
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "host/freeze_cfi_linux.h"
#include "host/freeze_task_linux.h"

/* Stacks of other threads and of instrumented code are read on purpose. */
#define XPF_READS_ANYTHING __attribute__((no_sanitize("address", "undefined", "thread")))

#define OBJECTS_MAX 1024

struct range {
  uint64_t start, end;
};

struct object {
  uint64_t start, end;
  const uint8_t *frame_header;
};

/* glibc's struct dl_find_object, with room for what a later version adds. */
struct found_object {
  unsigned long long flags;
  void *map_start, *map_end;
  void *link_map;
  void *frame_header;
  void *reserved[24];
};

static struct {
  struct range *stacks;
  size_t stacks_count, stacks_capacity;
  struct object objects[OBJECTS_MAX];
  size_t objects_count;
  unsigned long long loads, unloads;
  int (*find_object)(void *, struct found_object *);
} space;

/* ---- preparation ------------------------------------------------------------------------------
 */

static int stacks_add(uint64_t start, uint64_t end) {
  struct range *last = space.stacks_count ? &space.stacks[space.stacks_count - 1] : NULL;
  if (last && last->end == start) {
    last->end = end;
    return 0;
  }
  if (space.stacks_count == space.stacks_capacity) {
    size_t capacity = space.stacks_capacity ? space.stacks_capacity * 2 : 512;
    struct range *grown = mmap(NULL, capacity * sizeof *grown, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (grown == MAP_FAILED)
      return -ENOMEM;
    if (space.stacks) {
      memcpy(grown, space.stacks, space.stacks_count * sizeof *grown);
      munmap(space.stacks, space.stacks_capacity * sizeof *grown);
    }
    space.stacks = grown;
    space.stacks_capacity = capacity;
  }
  space.stacks[space.stacks_count++] = (struct range){start, end};
  return 0;
}

static uint64_t parse_hex(const char **text) {
  uint64_t value = 0;
  for (;; (*text)++) {
    char c = **text;
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0)
      return value;
    value = value << 4 | (uint64_t)digit;
  }
}

/* One line of maps. The main stack grows down: its gap below belongs to it. */
static int stacks_line(const char *line, uint64_t *previous_end) {
  uint64_t start = parse_hex(&line);
  if (*line++ != '-')
    return 0;
  uint64_t end = parse_hex(&line);
  bool writable = strncmp(line, " rw", 3) == 0;
  if (writable && strstr(line, "[stack]"))
    start = *previous_end;
  *previous_end = end;
  return writable ? stacks_add(start, end) : 0;
}

static int stacks_read(void) {
  char text[4096 + 512];
  size_t used = 0;
  uint64_t previous_end = 0;
  int result = 0;
  int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  space.stacks_count = 0;
  while (result == 0) {
    ssize_t got = read(fd, text + used, sizeof text - 1 - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    used += (size_t)got;
    text[used] = '\0';
    char *line = text, *end;
    while (result == 0 && (end = strchr(line, '\n'))) {
      *end = '\0';
      result = stacks_line(line, &previous_end);
      line = end + 1;
    }
    used -= (size_t)(line - text);
    memmove(text, line, used);
    if (used == sizeof text - 1)
      used = 0; /* a name longer than the buffer: its rest parses as no line */
  }
  close(fd);
  return result;
}

static int objects_unchanged(struct dl_phdr_info *info, size_t size, void *arg) {
  (void)size;
  *(bool *)arg = info->dlpi_adds == space.loads && info->dlpi_subs == space.unloads;
  return 1;
}

static int objects_add(struct dl_phdr_info *info, size_t size, void *arg) {
  (void)size;
  (void)arg;
  struct object object = {UINT64_MAX, 0, NULL};
  space.loads = info->dlpi_adds;
  space.unloads = info->dlpi_subs;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    uint64_t start = info->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
    if (header->p_type == PT_GNU_EH_FRAME)
      object.frame_header = (const uint8_t *)start;
    if (header->p_type != PT_LOAD)
      continue;
    object.start = start < object.start ? start : object.start;
    object.end = end > object.end ? end : object.end;
  }
  if (object.frame_header)
    space.objects[space.objects_count++] = object;
  return space.objects_count == OBJECTS_MAX;
}

void xpf_unwind_refresh(void) {
  bool unchanged = false;
  if (space.find_object)
    return;
  dl_iterate_phdr(objects_unchanged, &unchanged);
  if (unchanged && space.objects_count)
    return;
  space.objects_count = 0;
  dl_iterate_phdr(objects_add, NULL);
}

int xpf_unwind_prepare(bool own_table) {
  void *symbol = own_table ? NULL : dlsym(RTLD_DEFAULT, "_dl_find_object");
  memcpy(&space.find_object, &symbol, sizeof symbol);
  xpf_unwind_refresh();
  return stacks_read();
}

/* ---- walking: async-signal-safe from here on ---------------------------------------------------
 */

static const uint8_t *frame_header_of(uint64_t pc) {
  if (space.find_object) {
    struct found_object found;
    return space.find_object((void *)pc, &found) == 0 ? found.frame_header : NULL;
  }
  for (size_t i = 0; i < space.objects_count; i++)
    if (pc >= space.objects[i].start && pc < space.objects[i].end)
      return space.objects[i].frame_header;
  return NULL;
}

/* The end of the mapping that holds sp; 0 when it is no known stack. */
static uint64_t stack_end(uint64_t sp) {
  size_t low = 0, high = space.stacks_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (space.stacks[middle].end <= sp)
      low = middle + 1;
    else
      high = middle;
  }
  return low < space.stacks_count && space.stacks[low].start <= sp ? space.stacks[low].end : 0;
}

XPF_READS_ANYTHING bool xpf_cfi_peek(const struct xpf_cfi_stack *stack, uint64_t address,
                                     uint64_t *out) {
  if (address < stack->low || address > stack->high - 8)
    return false;
  *out = *(const uint64_t *)address;
  return true;
}

/* Generated code: the caller's frame lies where the frame pointer says. */
static bool step_by_frame_pointer(const struct xpf_cfi_stack *stack, struct xpf_cfi_registers *r) {
  uint64_t fp = r->value[XPF_CFI_RBP], saved, pc;
  if (fp < r->value[XPF_CFI_RSP] || (fp & 7) || !xpf_cfi_peek(stack, fp, &saved) ||
      !xpf_cfi_peek(stack, fp + 8, &pc))
    return false;
  r->value[XPF_CFI_RBP] = saved;
  r->value[XPF_CFI_RSP] = fp + 16;
  r->value[XPF_CFI_RIP] = pc;
  return true;
}

/* A call through a bad pointer: only the return address was pushed. */
static bool step_from_nowhere(const struct xpf_cfi_stack *stack, struct xpf_cfi_registers *r) {
  uint64_t sp = r->value[XPF_CFI_RSP];
  if (!xpf_cfi_peek(stack, sp, &r->value[XPF_CFI_RIP]))
    return false;
  r->value[XPF_CFI_RSP] = sp + 8;
  return true;
}

/* exact: pc is the interrupted instruction, not the one after a call. Updated for the caller. */
static bool step(const struct xpf_cfi_stack *stack, struct xpf_cfi_registers *r, bool *exact) {
  uint64_t pc = r->value[XPF_CFI_RIP], sp = r->value[XPF_CFI_RSP];
  uint64_t lookup = *exact ? pc : pc - 1;
  const uint8_t *header = frame_header_of(lookup);
  bool is_signal = false;
  enum xpf_cfi_result result =
      header ? xpf_cfi_step(header, lookup, stack, r, &is_signal) : XPF_CFI_NO_TABLE;
  if (result == XPF_CFI_NO_TABLE && *exact && pc < 4096) {
    if (!step_from_nowhere(stack, r))
      return false;
  } else if (result == XPF_CFI_NO_TABLE) {
    if (!step_by_frame_pointer(stack, r))
      return false;
  } else if (result != XPF_CFI_STEPPED) {
    return false;
  }
  *exact = is_signal;
  return r->value[XPF_CFI_RIP] != 0 && (r->value[XPF_CFI_RSP] > sp || is_signal);
}

static void load_registers(const ucontext_t *context, struct xpf_cfi_registers *r) {
  static const uint8_t order[XPF_CFI_REGISTERS] = {
      REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
      REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (int i = 0; i < XPF_CFI_REGISTERS; i++)
    r->value[i] = (uint64_t)context->uc_mcontext.gregs[order[i]];
}

uint32_t xpf_unwind(const void *context, uint64_t *out, uint32_t max) {
  struct xpf_cfi_registers r;
  struct xpf_cfi_stack stack;
  bool exact = true;
  uint32_t count = 0;
  load_registers(context, &r);
  stack.high = stack_end(r.value[XPF_CFI_RSP]);
  stack.low = r.value[XPF_CFI_RSP] - 128; /* an epilogue's popped registers stay in the red zone */
  while (count < max) {
    out[count++] = r.value[XPF_CFI_RIP];
    if (stack.high < stack.low + 8 || !step(&stack, &r, &exact))
      break;
    uint64_t sp = r.value[XPF_CFI_RSP];
    if (sp >= stack.high || sp < stack.low) {
      /* From an alternate signal stack back to the interrupted one. */
      if (!exact || !(stack.high = stack_end(sp)))
        break;
    }
    stack.low = sp;
  }
  return count;
}

#else
#include <errno.h>
int xpf_unwind_prepare(bool own_table) {
  (void)own_table;
  return -ENOTSUP;
}
void xpf_unwind_refresh(void) {}
uint32_t xpf_unwind(const void *context, uint64_t *out, uint32_t max) {
  (void)context, (void)out, (void)max;
  return 0;
}
#endif
