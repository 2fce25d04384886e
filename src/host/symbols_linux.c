#include "host/symbols.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANGLED_MAX   1024 /* a demangler may take exponential time */
#define IDENTITY_SIZE 4096 /* bytes that must agree between file and memory: headers, build id */

typedef char *(*demangle_function)(const char *mangled, char *buffer, size_t *size, int *status);

/* One address that dladdr() put into an object but gave no name. */
struct open_question {
  uint64_t address; /* relative to the object's load address */
  uint64_t base;    /* where the object's headers are mapped: tells objects apart */
  uint32_t index;
  uint64_t best;    /* value of the symbol found; valid with name */
  const char *name; /* in the mapped file */
};

struct mapped_file {
  const unsigned char *data;
  size_t size;
};

static void copy_text(char *out, size_t size, const char *text) {
  size_t length = strnlen(text, size - 1);
  memcpy(out, text, length);
  out[length] = '\0';
}

static demangle_function find_demangler(void) {
  demangle_function function;
  void *symbol = dlsym(RTLD_DEFAULT, "__cxa_demangle");
  memcpy(&function, &symbol, sizeof symbol);
  return function;
}

static void name_symbol(struct xpf_symbol *out, const char *name, demangle_function demangle) {
  int status = -1;
  char *plain = NULL;
  if (demangle && name[0] == '_' && name[1] == 'Z' && strnlen(name, MANGLED_MAX) < MANGLED_MAX)
    plain = demangle(name, NULL, NULL, &status);
  copy_text(out->name, sizeof out->name, plain && status == 0 ? plain : name);
  free(plain);
}

/* ---- files
 * ----------------------------------------------------------------------------------------- */

static bool map_file(const char *path, struct mapped_file *file) {
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return false;
  file->data = MAP_FAILED;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
      (uint64_t)status.st_size > sizeof(ElfW(Ehdr))) {
    file->size = (size_t)status.st_size;
    file->data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
  }
  close(fd);
  return file->data != MAP_FAILED;
}

/* [offset, offset + size) lies in the file. */
static bool has_bytes(const struct mapped_file *file, uint64_t offset, uint64_t size) {
  return offset <= file->size && size <= file->size - offset;
}

/* The file is what was loaded: its first page, with the build id, is that of the memory. The path
 * may name a newer file after an upgrade. */
static bool is_loaded_file(const struct mapped_file *file, uint64_t base) {
  const unsigned char *memory = (const unsigned char *)base;
  size_t size = file->size < IDENTITY_SIZE ? file->size : IDENTITY_SIZE;
  const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)file->data;
  return memcmp(file->data, ELFMAG, SELFMAG) == 0 &&
         header->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
         memcmp(file->data, memory, size) == 0;
}

static const ElfW(Shdr) *
    find_symbol_table(const struct mapped_file *file, const ElfW(Shdr) * *strings) {
  const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)file->data;
  if (header->e_shentsize != sizeof(ElfW(Shdr)) || header->e_shoff % 8 ||
      !has_bytes(file, header->e_shoff, (uint64_t)header->e_shnum * sizeof(ElfW(Shdr))))
    return NULL;
  const ElfW(Shdr) *sections = (const ElfW(Shdr) *)(file->data + header->e_shoff);
  for (unsigned i = 0; i < header->e_shnum; i++) {
    const ElfW(Shdr) *table = &sections[i];
    if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum)
      continue;
    *strings = &sections[table->sh_link];
    if (table->sh_entsize == sizeof(ElfW(Sym)) && table->sh_offset % 8 == 0 &&
        has_bytes(file, table->sh_offset, table->sh_size) &&
        has_bytes(file, (*strings)->sh_offset, (*strings)->sh_size))
      return table;
  }
  return NULL;
}

/* ---- the symbol table
 * -------------------------------------------------------------------------------- */

static int by_object(const void *a, const void *b) {
  const struct open_question *x = a, *y = b;
  if (x->base != y->base)
    return x->base < y->base ? -1 : 1;
  return x->address < y->address ? -1 : x->address > y->address;
}

/* The first question at or above `address`. */
static uint32_t first_from(const struct open_question *questions, uint32_t count,
                           uint64_t address) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (questions[middle].address < address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* One pass over the table answers all questions of the object. */
static void scan_table(const struct mapped_file *file, const ElfW(Shdr) * table,
                       const ElfW(Shdr) * strings, struct open_question *questions,
                       uint32_t count) {
  const ElfW(Sym) *symbols = (const ElfW(Sym) *)(file->data + table->sh_offset);
  const char *names = (const char *)file->data + strings->sh_offset;
  size_t total = table->sh_size / sizeof *symbols;
  for (size_t i = 0; i < total; i++) {
    const ElfW(Sym) *symbol = &symbols[i];
    unsigned type = symbol->st_info & 0xf;
    if ((type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) ||
        symbol->st_shndx == SHN_UNDEF || symbol->st_size == 0 ||
        symbol->st_name >= strings->sh_size)
      continue;
    const char *name = names + symbol->st_name;
    if (!memchr(name, '\0', strings->sh_size - symbol->st_name))
      continue;
    uint32_t at = first_from(questions, count, symbol->st_value);
    for (; at < count && questions[at].address - symbol->st_value < symbol->st_size; at++) {
      if (questions[at].name && questions[at].best >= symbol->st_value)
        continue;
      questions[at].best = symbol->st_value;
      questions[at].name = name;
    }
  }
}

/* Questions of one object. */
static void ask_file(struct open_question *questions, uint32_t count, struct xpf_symbol *out,
                     demangle_function demangle) {
  struct mapped_file file;
  const ElfW(Shdr) * strings;
  if (!map_file(out[questions[0].index].object, &file))
    return;
  const ElfW(Shdr) *table =
      is_loaded_file(&file, questions[0].base) ? find_symbol_table(&file, &strings) : NULL;
  if (table)
    scan_table(&file, table, strings, questions, count);
  for (uint32_t i = 0; i < count; i++) {
    struct xpf_symbol *symbol = &out[questions[i].index];
    if (!questions[i].name)
      continue;
    name_symbol(symbol, questions[i].name, demangle);
    symbol->offset = questions[i].address - questions[i].best;
  }
  munmap((void *)file.data, file.size);
}

/* ---- one call
 * ------------------------------------------------------------------------------------------ */

struct found_object {
  Dl_info info;
  uint64_t load_address; /* what its symbols' values are relative to */
  bool is_program;
};

static bool find_object(uint64_t address, struct found_object *out) {
#ifdef __GLIBC__
  struct link_map *map = NULL;
  if (!dladdr1((void *)address, &out->info, (void **)&map, RTLD_DL_LINKMAP) || !map)
    return false;
  out->load_address = map->l_addr;
  out->is_program = map->l_name[0] == '\0';
#else
  if (!dladdr((void *)address, &out->info) || !out->info.dli_fbase)
    return false;
  const ElfW(Ehdr) *header = out->info.dli_fbase;
  out->load_address = header->e_type == ET_EXEC ? 0 : (uint64_t)out->info.dli_fbase;
  out->is_program = (uint64_t)out->info.dli_fbase + header->e_phoff == getauxval(AT_PHDR);
#endif
  return out->info.dli_fbase != NULL;
}

/* dladdr() names the program as it was called; the link is always the file that runs. */
static void copy_object(char *out, size_t size, const struct found_object *object) {
  ssize_t length = 0;
  if (object->is_program && (length = readlink("/proc/self/exe", out, size - 1)) > 0)
    out[length] = '\0';
  else
    copy_text(out, size, object->info.dli_fname ? object->info.dli_fname : "");
}

/* True when the file must be asked. */
static bool ask_loader(struct xpf_symbol *out, struct open_question *question,
                       demangle_function demangle) {
  struct found_object found;
  if (!find_object(out->address, &found))
    return false;
  const Dl_info *info = &found.info;
  copy_object(out->object, sizeof out->object, &found);
  out->offset = out->address - (uint64_t)info->dli_fbase;
  if (info->dli_sname && info->dli_saddr) {
    name_symbol(out, info->dli_sname, demangle);
    out->offset = out->address - (uint64_t)info->dli_saddr;
    return false;
  }
  question->address = out->address - found.load_address;
  question->base = (uint64_t)info->dli_fbase;
  question->name = NULL;
  return out->object[0] == '/';
}

int xpf_symbols_resolve(const uint64_t *addresses, uint32_t count, struct xpf_symbol *out) {
  demangle_function demangle = find_demangler();
  uint32_t open = 0;
  int named = 0;
  if (count > XPF_SYMBOLS_BATCH_MAX)
    return -E2BIG;
  struct open_question *questions = calloc(count ? count : 1, sizeof *questions);
  if (!questions)
    return -ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    out[i].address = addresses[i];
    out[i].offset = 0;
    out[i].name[0] = out[i].object[0] = '\0';
    questions[open].index = i;
    open += ask_loader(&out[i], &questions[open], demangle);
  }
  qsort(questions, open, sizeof *questions, by_object);
  for (uint32_t from = 0, to; from < open; from = to) {
    for (to = from + 1; to < open && questions[to].base == questions[from].base; to++)
      ;
    ask_file(questions + from, to - from, out, demangle);
  }
  free(questions);
  for (uint32_t i = 0; i < count; i++)
    named += out[i].name[0] != '\0';
  return named;
}
