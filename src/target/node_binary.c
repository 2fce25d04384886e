#include "target/node_binary.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/proc_file.h"

/* What the inspector of every Node answers as its name; it stands in the executable as it is. */
#define MARK      "node.js/v"
#define LIBRARY   "/libnode.so"
#define BYTES_MAX ((uint64_t)1 << 30)

/* What is looked into at a time, and what two of them share: a mark must not be cut in two. */
#define WINDOW  ((uint64_t)4 << 20)
#define OVERLAP 64u

/* X(major, NODE_MODULE_VERSION) of the versions with long-term support that the package serves. */
#define NODE_ABIS(X) X(18, 108) X(20, 115) X(22, 127) X(24, 137) X(26, 147)

/* X(e_machine, Node's name) */
#define MACHINES(X)                                                                                \
  X(EM_X86_64, "x64")                                                                              \
  X(EM_AARCH64, "arm64")                                                                           \
  X(EM_386, "ia32")                                                                                \
  X(EM_ARM, "arm")                                                                                 \
  X(EM_PPC64, "ppc64")                                                                             \
  X(EM_S390, "s390x")                                                                              \
  X(EM_RISCV, "riscv64")

static const struct {
  unsigned major, abi;
} abis[] = {
#define ABI_ROW(major, abi) {major, abi},
    NODE_ABIS(ABI_ROW)
#undef ABI_ROW
};

static const struct {
  unsigned value;
  const char *name;
} machines[] = {
#define MACHINE_ROW(value, name) {value, name},
    MACHINES(MACHINE_ROW)
#undef MACHINE_ROW
};

/* Of the majors that are known. 0 = unknown. */
static unsigned abi_of(unsigned major) {
  for (size_t i = 0; i < sizeof abis / sizeof *abis; i++)
    if (abis[i].major == major)
      return abis[i].abi;
  return 0;
}

const char *xpf_node_machine(void) {
#if defined(__x86_64__)
  return "x64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return "";
#endif
}

/* Digits up to `end`, saturating far above any version. */
static const char *read_part(const char *at, const char *limit, unsigned *out) {
  const char *begin = at;
  *out = 0;
  while (at < limit && *at >= '0' && *at <= '9' && at - begin < 6)
    *out = *out * 10 + (unsigned)(*at++ - '0');
  return at > begin ? at : NULL;
}

static bool read_version(const char *at, const char *limit, struct xpf_node_binary *out) {
  at = read_part(at, limit, &out->major);
  if (at == NULL || at >= limit || *at != '.')
    return false;
  at = read_part(at + 1, limit, &out->minor);
  if (at == NULL || at >= limit || *at != '.')
    return false;
  return read_part(at + 1, limit, &out->patch) != NULL;
}

/* A program that talks about Node has the mark too, but no version behind it. */
static bool find_version(const char *bytes, size_t size, struct xpf_node_binary *out) {
  const char *limit = bytes + size, *at = bytes;
  while (at < limit && (at = memmem(at, (size_t)(limit - at), MARK, strlen(MARK))) != NULL) {
    at += strlen(MARK);
    if (read_version(at, limit, out))
      return true;
  }
  return false;
}

static bool asks_for_musl(const unsigned char *bytes, size_t size) {
  Elf64_Ehdr header;
  memcpy(&header, bytes, sizeof header);
  for (unsigned i = 0; i < header.e_phnum && i < 128; i++) {
    Elf64_Phdr segment;
    uint64_t at = header.e_phoff + (uint64_t)i * header.e_phentsize;
    if (header.e_phoff > size || header.e_phentsize < sizeof segment || at + sizeof segment > size)
      return false;
    memcpy(&segment, bytes + at, sizeof segment);
    if (segment.p_type != PT_INTERP || segment.p_offset > size ||
        segment.p_filesz > size - segment.p_offset)
      continue;
    return memmem(bytes + segment.p_offset, segment.p_filesz, "ld-musl", 7) != NULL;
  }
  return false;
}

static void read_head(const void *bytes, size_t size, struct xpf_node_binary *out) {
  const unsigned char *head = bytes;
  uint16_t machine;

  memcpy(&machine, head + offsetof(Elf64_Ehdr, e_machine), sizeof machine);
  for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
    if (machines[i].value == machine)
      snprintf(out->machine, sizeof out->machine, "%s", machines[i].name);
  if (head[EI_CLASS] == ELFCLASS64)
    out->is_musl = asks_for_musl(head, size);
}

static bool is_elf(const void *bytes, size_t size) {
  return size >= sizeof(Elf64_Ehdr) && memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

static void take_version(const void *bytes, size_t size, struct xpf_node_binary *out) {
  out->is_node = find_version(bytes, size, out);
  if (out->is_node)
    out->abi = abi_of(out->major);
}

void xpf_node_binary_parse(const void *bytes, size_t size, struct xpf_node_binary *out) {
  *out = (struct xpf_node_binary){0};
  if (!is_elf(bytes, size))
    return;
  read_head(bytes, size, out);
  take_version(bytes, size, out);
}

/* One window of the file after the other: as a whole it would count as our memory for a while. */
static int read_windows(int fd, uint64_t size, struct xpf_node_binary *out) {
  for (uint64_t at = 0; at < size && !out->is_node; at += WINDOW) {
    uint64_t left = size - at;
    size_t length = left < WINDOW + OVERLAP ? (size_t)left : WINDOW + OVERLAP;
    void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, (off_t)at);
    if (bytes == MAP_FAILED)
      return -errno;
    bool is_usable = at > 0 || is_elf(bytes, length);
    if (at == 0 && is_usable)
      read_head(bytes, length, out);
    if (is_usable)
      take_version(bytes, length, out);
    munmap(bytes, length);
    if (!is_usable)
      return 0;
  }
  return 0;
}

int xpf_node_binary_read(const char *path, struct xpf_node_binary *out) {
  struct stat entry;
  int error, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  *out = (struct xpf_node_binary){0};
  if (fd < 0)
    return -errno;
  if (fstat(fd, &entry) != 0)
    error = -errno;
  else if (!S_ISREG(entry.st_mode) || entry.st_size == 0 || (uint64_t)entry.st_size > BYTES_MAX)
    error = -ENOEXEC;
  else
    error = read_windows(fd, (uint64_t)entry.st_size, out);
  close(fd);
  return error;
}

/* The path of the library as the process sees it, or "". */
static void find_library(pid_t pid, char *path, size_t size) {
  struct xpf_proc_lines lines;
  char maps[32];

  *path = '\0';
  snprintf(maps, sizeof maps, "/proc/%d/maps", (int)pid);
  if (xpf_proc_lines_open(&lines, AT_FDCWD, maps) != 0)
    return;
  for (char *line; *path == '\0' && (line = xpf_proc_lines_next(&lines)) != NULL;) {
    const char *file = strchr(line, '/');
    if (file != NULL && strstr(file, LIBRARY) != NULL)
      snprintf(path, size, "/proc/%d/root%s", (int)pid, file);
  }
  xpf_proc_lines_close(&lines);
}

int xpf_node_binary_of(pid_t pid, struct xpf_node_binary *out) {
  struct xpf_node_binary library;
  char path[4096];

  snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
  int error = xpf_node_binary_read(path, out);
  if (error != 0 || out->is_node)
    return error;
  find_library(pid, path, sizeof path);
  if (*path != '\0' && xpf_node_binary_read(path, &library) == 0 && library.is_node) {
    library.is_musl = out->is_musl; /* a library names no interpreter */
    *out = library;
  }
  return 0;
}
