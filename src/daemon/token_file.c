#include "daemon/token_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int xpf_token_file_read(const char *path, char token[XPF_TOKEN_SIZE], char *why, size_t why_size) {
  FILE *file = fopen(path, "re");
  if (!file) {
    snprintf(why, why_size, "token_file: %.400s cannot be read: %s", path, strerror(errno));
    return -EINVAL;
  }
  bool has_line = fgets(token, XPF_TOKEN_SIZE, file) != NULL;
  fclose(file);
  size_t size = has_line ? strcspn(token, "\r\n") : 0;
  token[size] = '\0';
  if (size < XPF_TOKEN_MIN || size > XPF_TOKEN_MAX) {
    snprintf(why, why_size,
             "token_file: the first line of %.400s is the token and needs %d to %d characters; "
             "make one with: openssl rand -hex 32",
             path, XPF_TOKEN_MIN, XPF_TOKEN_MAX);
    return -EINVAL;
  }
  for (size_t i = 0; i < size; i++)
    if (token[i] <= ' ' || token[i] > '~') {
      snprintf(why, why_size,
               "token_file: the token in %.400s has a character that no header can have (only "
               "visible ASCII, no blanks)",
               path);
      return -EINVAL;
    }
  return 0;
}
