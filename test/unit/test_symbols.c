// links: src/host/symbols_linux.c -ldl -lstdc++
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "host/symbols.h"

extern char *__cxa_demangle(const char *, char *, size_t *, int *);

static __attribute__((noinline)) int local_function(int x) {
  return x * 3 + 1;
}

/* A C++ name in a C file: what demangling is tried on. */
__attribute__((noinline)) int mangled(void) __asm__("_ZN5outer5innerEi");
int mangled(void) {
  return 5;
}

static uint64_t of_local(void) {
  int (*function)(int) = local_function;
  uint64_t address;
  memcpy(&address, &function, sizeof address);
  return address;
}

static uint64_t of_mangled(void) {
  int (*function)(void) = mangled;
  uint64_t address;
  memcpy(&address, &function, sizeof address);
  return address;
}

static uint64_t of_libc(void) {
  int (*function)(const char *) = atoi;
  uint64_t address;
  memcpy(&address, &function, sizeof address);
  return address;
}

static void a_local_function_is_found_in_symtab(void **state) {
  struct xpf_symbol symbol;
  uint64_t address = of_local() + 3;
  char exe[512] = "";
  (void)state;
  assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
  assert_int_equal(xpf_symbols_resolve(&address, 1, &symbol), 1);
  assert_string_equal(symbol.name, "local_function");
  assert_int_equal(symbol.offset, 3);
  assert_int_equal(symbol.address, address);
  assert_string_equal(symbol.object, exe);
}

static void a_library_function_is_found(void **state) {
  struct xpf_symbol symbol;
  uint64_t address = of_libc() + 1;
  (void)state;
  assert_int_equal(xpf_symbols_resolve(&address, 1, &symbol), 1);
  assert_non_null(strstr(symbol.name, "atoi"));
  assert_int_equal(symbol.offset, 1);
}

static void a_cpp_name_is_demangled(void **state) {
  struct xpf_symbol symbol;
  uint64_t address = of_mangled();
  int status;
  (void)state;
  free(__cxa_demangle("_Z1fv", NULL, NULL, &status)); /* keeps libstdc++ linked */
  assert_int_equal(xpf_symbols_resolve(&address, 1, &symbol), 1);
  assert_string_equal(symbol.name, "outer::inner(int)");
}

static void wild_and_generated_addresses_have_no_name(void **state) {
  void *code =
      mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t addresses[] = {0,
                          1,
                          4095,
                          UINT64_MAX,
                          1ull << 63,
                          0xffffffffff600000ull,
                          (uint64_t)code,
                          (uint64_t)code + 8191,
                          (uint64_t)&code};
  struct xpf_symbol symbols[sizeof addresses / sizeof *addresses];
  (void)state;
  assert_ptr_not_equal(code, MAP_FAILED);
  assert_int_equal(xpf_symbols_resolve(addresses, sizeof addresses / sizeof *addresses, symbols),
                   0);
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    assert_string_equal(symbols[i].name, "");
    assert_string_equal(symbols[i].object, "");
    assert_int_equal(symbols[i].address, addresses[i]);
  }
  munmap(code, 8192);
}

static void a_batch_keeps_its_order(void **state) {
  uint64_t addresses[] = {of_libc(), of_local() + 2, 7, of_mangled() + 1, of_local()};
  struct xpf_symbol symbols[5];
  (void)state;
  assert_int_equal(xpf_symbols_resolve(addresses, 5, symbols), 4);
  assert_non_null(strstr(symbols[0].name, "atoi"));
  assert_string_equal(symbols[1].name, "local_function");
  assert_int_equal(symbols[1].offset, 2);
  assert_string_equal(symbols[2].name, "");
  assert_string_equal(symbols[3].name, "outer::inner(int)");
  assert_string_equal(symbols[4].name, "local_function");
  assert_int_equal(symbols[4].offset, 0);
}

static void limits_are_told(void **state) {
  (void)state;
  assert_int_equal(xpf_symbols_resolve(NULL, 0, NULL), 0);
  assert_int_equal(xpf_symbols_resolve(NULL, XPF_SYMBOLS_BATCH_MAX + 1, NULL), -E2BIG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_local_function_is_found_in_symtab),
      cmocka_unit_test(a_library_function_is_found),
      cmocka_unit_test(a_cpp_name_is_demangled),
      cmocka_unit_test(wild_and_generated_addresses_have_no_name),
      cmocka_unit_test(a_batch_keeps_its_order),
      cmocka_unit_test(limits_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
