/* Stands in for libFuzzer where the compiler has none: runs a target on the files given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SIZE_MAX_BYTES (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
  static uint8_t text[SIZE_MAX_BYTES];
  for (int i = 1; i < argc; i++) {
    FILE *file = fopen(argv[i], "rb");
    if (file == NULL) {
      perror(argv[i]);
      return 1;
    }
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    /* A block of its own, so that the sanitizer sees a read behind it. */
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL)
      return 1;
    for (size_t at = 0; at < size; at++)
      data[at] = text[at];
    printf("%s\n", argv[i]);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
  }
  return 0;
}
