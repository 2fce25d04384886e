// links: src/target/node_binary.c src/host/proc_file.c
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../src/target/node_binary.h"

#define HEAD (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))

/* An executable for `machine`, with an interpreter and a text somewhere in it. */
static size_t make(char *out, unsigned machine, const char *interpreter, const char *text) {
  Elf64_Ehdr header = {.e_machine = (Elf64_Half)machine,
                       .e_phoff = sizeof header,
                       .e_phnum = 1,
                       .e_phentsize = sizeof(Elf64_Phdr)};
  Elf64_Phdr segment = {.p_type = PT_INTERP, .p_offset = HEAD, .p_filesz = strlen(interpreter) + 1};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  memcpy(out, &header, sizeof header);
  memcpy(out + sizeof header, &segment, sizeof segment);
  strcpy(out + HEAD, interpreter);
  size_t at = HEAD + strlen(interpreter) + 1;
  strcpy(out + at, text);
  return at + strlen(text) + 1;
}

static struct xpf_node_binary parse(unsigned machine, const char *interpreter, const char *text) {
  char file[1024];
  struct xpf_node_binary binary;
  size_t size = make(file, machine, interpreter, text);
  /* A block of its own, so that the sanitizer sees a read behind it. */
  char *copy = malloc(size);
  assert_non_null(copy);
  memcpy(copy, file, size);
  xpf_node_binary_parse(copy, size, &binary);
  free(copy);
  return binary;
}

static void test_glibc_and_musl(void **state) {
  (void)state;
  struct xpf_node_binary glibc =
      parse(EM_X86_64, "/lib64/ld-linux-x86-64.so.2", "xx node.js/v20.11.1 yy");
  assert_true(glibc.is_node);
  assert_int_equal(glibc.major, 20);
  assert_int_equal(glibc.minor, 11);
  assert_int_equal(glibc.patch, 1);
  assert_int_equal(glibc.abi, 115);
  assert_false(glibc.is_musl);
  assert_string_equal(glibc.machine, "x64");
  struct xpf_node_binary musl = parse(EM_AARCH64, "/lib/ld-musl-aarch64.so.1", "node.js/v24.0.0");
  assert_true(musl.is_musl);
  assert_int_equal(musl.abi, 137);
  assert_string_equal(musl.machine, "arm64");
}

/* A program that speaks with inspectors has the words, without a version. */
static void test_mark_without_version(void **state) {
  static const char *const texts[] = {
      "node.js/v", "node.js/vXY", "node.js/v20", "node.js/v20.1", "node.js/v20.1.", "node.js/v.1.2",
      ""};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_false(parse(EM_X86_64, "/ld", texts[i]).is_node);
  struct xpf_node_binary both = parse(EM_X86_64, "/ld", "node.js/v and node.js/v22.3.4");
  assert_true(both.is_node);
  assert_int_equal(both.major, 22);
}

static void test_unknown(void **state) {
  struct xpf_node_binary binary;
  (void)state;
  assert_int_equal(parse(EM_X86_64, "/ld", "node.js/v99.0.0").abi, 0);
  assert_string_equal(parse(EM_SPARC, "/ld", "node.js/v20.0.0").machine, "");
  xpf_node_binary_parse(
      "#!/bin/sh node.js/v20.0.0 ...................................................", 70, &binary);
  assert_false(binary.is_node);
  xpf_node_binary_parse(ELFMAG, 4, &binary);
  assert_false(binary.is_node);
}

/* Offsets that lead out of the file. */
static void test_hostile_headers(void **state) {
  char file[1024];
  struct xpf_node_binary binary;
  size_t size = make(file, EM_X86_64, "/lib/ld-musl", "node.js/v20.0.0");
  (void)state;
  Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)file;
  Elf64_Phdr *segment = (Elf64_Phdr *)(void *)(file + sizeof *header);
  segment->p_offset = UINT64_MAX - 3;
  xpf_node_binary_parse(file, size, &binary);
  assert_false(binary.is_musl);
  segment->p_offset = HEAD;
  segment->p_filesz = UINT64_MAX;
  xpf_node_binary_parse(file, size, &binary);
  assert_false(binary.is_musl);
  header->e_phoff = UINT64_MAX - 8;
  xpf_node_binary_parse(file, size, &binary);
  assert_true(binary.is_node);
  header->e_phoff = sizeof *header;
  header->e_phentsize = 1;
  xpf_node_binary_parse(file, size, &binary);
  assert_false(binary.is_musl);
}

static void test_files(void **state) {
  struct xpf_node_binary binary;
  (void)state;
  assert_int_equal(xpf_node_binary_read("/missing", &binary), -ENOENT);
  assert_int_equal(xpf_node_binary_read("/tmp", &binary), -ENOEXEC);
  assert_int_equal(xpf_node_binary_read("/dev/null", &binary), -ENOEXEC);
  assert_int_equal(xpf_node_binary_of(getpid(), &binary), 0);
  assert_int_equal(strcmp(binary.machine, xpf_node_machine()), 0);
}

/* Files are looked at in parts of 4 MiB: a mark that lies across two of them is found. */
static void test_mark_between_two_windows(void **state) {
  (void)state;
  const off_t border = 4 << 20;
  char head[1024], path[] = "/tmp/xpf-binary-XXXXXX";
  size_t size = make(head, EM_X86_64, "/lib/ld-musl-x86_64.so.1", "");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, head, size), (ssize_t)size);
  for (off_t back = 0; back < 20; back++) {
    static const char MARKED[] = "node.js/v22.3.14";
    struct xpf_node_binary binary;
    assert_int_equal(ftruncate(fd, border - 64), 0);
    assert_int_equal(pwrite(fd, MARKED, sizeof MARKED, border - back), sizeof MARKED);
    assert_int_equal(xpf_node_binary_read(path, &binary), 0);
    assert_true(binary.is_node && binary.is_musl);
    assert_int_equal(binary.patch, 14);
  }
  close(fd);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_glibc_and_musl), cmocka_unit_test(test_mark_without_version),
      cmocka_unit_test(test_unknown),        cmocka_unit_test(test_hostile_headers),
      cmocka_unit_test(test_files),          cmocka_unit_test(test_mark_between_two_windows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
