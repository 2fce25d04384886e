// links: src/core/new_file.c src/core/standard_fds.c
// links: src/core/log.c src/core/log_queue.c src/core/log_files.c src/core/log_retention.c
// links: src/format/sink.c src/format/json.c src/wire/document.c src/wire/utf8.c -lcjson -lm
/* Any text for the log: one line of well-formed UTF-8 without control characters, in each format;
 * in the JSON format an object with exactly that text. Any name as that of a file to delete: only
 * names we give. Input: level and format, a component up to a NUL, the text. */
#include <dirent.h>
#include <fcntl.h>

#include "core/log.h"
#include "core/log_retention.h"
#include "fuzz.h"
#include "wire/document.h"
#include "wire/utf8.h"

static char dir[64];

static void remove_dir(void) {
  char command[96];
  snprintf(command, sizeof command, "rm -rf '%s'", dir);
  if (system(command) != 0)
    perror(dir);
}

static void make_dir(void) {
  snprintf(dir, sizeof dir, "/dev/shm/xpf-fuzz-log-XXXXXX");
  if (mkdtemp(dir) == NULL) {
    snprintf(dir, sizeof dir, "/tmp/xpf-fuzz-log-XXXXXX");
    require(mkdtemp(dir) != NULL);
  }
  atexit(remove_dir);
}

/* The only log file with something in it; emptied. */
static char *take_log(size_t *size) {
  DIR *list = opendir(dir);
  char *text = NULL;
  require(list != NULL);
  for (struct dirent *entry; (entry = readdir(list));) {
    if (xpf_log_name_day(entry->d_name) == 0)
      continue;
    int fd = openat(dirfd(list), entry->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    off_t end = lseek(fd, 0, SEEK_END);
    if (end > 0) {
      require(text == NULL);
      text = malloc((size_t)end + 1);
      require(text != NULL && pread(fd, text, (size_t)end, 0) == end && ftruncate(fd, 0) == 0);
      text[end] = '\0';
      *size = (size_t)end;
    }
    close(fd);
  }
  closedir(list);
  return text;
}

static void check_line(const char *line, size_t size, bool is_json) {
  require(size > 0 && line[size - 1] == '\n');
  require(xpf_utf8_check(line, size) == size);
  for (size_t i = 0; i + 1 < size; i++)
    require((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
  if (!is_json) {
    require(line[0] == '[');
    return;
  }
  struct xpf_document document;
  require(xpf_document_parse(&document, line, size - 1, 1000) == 0);
  require(cJSON_IsString(cJSON_GetObjectItemCaseSensitive(document.root, "time")));
  cJSON_Delete(document.root);
}

static void check_name(const char *name) {
  int day = xpf_log_name_day(name);
  require(day >= 0 && day <= 99999999);
  require(day == 0 || (strlen(name) >= 17 && strcmp(name + strlen(name) - 4, ".log") == 0));
  require(!xpf_log_is_profile_name(name) || (strncmp(name, "x-", 2) == 0 && !strchr(name, '/')));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_log_options options = {.level = XPF_LOG_DEBUG, .max_age_days = 30};
  struct xpf_log *log;
  if (size < 1)
    return 0;
  if (dir[0] == '\0')
    make_dir();
  memcpy(options.dir, dir, sizeof dir);
  options.format = (enum xpf_log_format)(data[0] / 3 % 3);
  options.max_total_mb = options.profile_max_total_mb = 1024;
  char *component = fuzz_text(data + 1, size - 1);
  size_t used = strlen(component) + 1;
  char *text =
      fuzz_text(used < size - 1 ? data + 1 + used : NULL, used < size - 1 ? size - 1 - used : 0);
  require(xpf_log_new(&log, &options) == 0);
  xpf_log_post(log, (enum xpf_log_level)(data[0] % 3), component, data[0], text);
  require(xpf_log_drain(log) == 1);
  xpf_log_free(log);
  char *line = take_log(&used);
  require(line != NULL);
  check_line(line, used, options.format == XPF_FORMAT_JSON);
  check_name(component);
  free(line);
  free(component);
  free(text);
  return 0;
}
