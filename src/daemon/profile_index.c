#include "daemon/profile_index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTION_MAX (4u * 1024 * 1024)
#define PATH_SIZE       4096
#define SUFFIX          ".json"

static const char *const STATES[] = {"running", "writing", "complete", "failed"};

static cJSON *number_or_null(double value) {
  return isnan(value) ? cJSON_CreateNull() : cJSON_CreateNumber(value);
}

static cJSON *formats_of(const struct xpf_take_kind *kind) {
  cJSON *list = cJSON_CreateArray();
  char word[32];
  for (const char *at = kind->formats; *at;) {
    size_t size = strcspn(at, " ");
    snprintf(word, sizeof word, "%.*s", (int)size, at);
    cJSON_AddItemToArray(list, cJSON_CreateString(word));
    at += size + (at[size] == ' ');
  }
  return list;
}

cJSON *xpf_take_to_json(const struct xpf_take *take, int64_t now_ms) {
  cJSON *json = cJSON_CreateObject();
  if (!json)
    return NULL;
  cJSON_AddStringToObject(json, "id", take->id);
  cJSON_AddNumberToObject(json, "pid", take->pid);
  cJSON_AddStringToObject(json, "key", take->key);
  cJSON_AddStringToObject(json, "name", take->name);
  cJSON_AddNumberToObject(json, "thread_id", (double)take->thread_id);
  cJSON_AddStringToObject(json, "kind", take->kind->name);
  cJSON_AddStringToObject(json, "state", STATES[xpf_take_state(take, now_ms)]);
  cJSON_AddNumberToObject(json, "started_ms", (double)take->started_ms);
  cJSON_AddNumberToObject(json, "ends_ms", (double)take->ends_ms);
  cJSON_AddItemToObject(json, "paused_ms", number_or_null(take->paused_ms));
  cJSON_AddItemToObject(json, "size", number_or_null(take->size));
  cJSON_AddItemToObject(json, "error",
                        take->error[0] ? cJSON_CreateString(take->error) : cJSON_CreateNull());
  cJSON_AddItemToObject(json, "formats",
                        take->is_failed ? cJSON_CreateArray() : formats_of(take->kind));
  cJSON_AddItemToObject(json, "summary",
                        take->summary ? cJSON_Duplicate(take->summary, true) : cJSON_CreateNull());
  return json;
}

static bool is_id(const char *text, size_t size) {
  return size > 0 && size < sizeof((struct xpf_take *)0)->id &&
         strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz-") >= size;
}

static void copy_string(char *out, size_t size, const cJSON *json, const char *name) {
  const cJSON *item = cJSON_GetObjectItem(json, name);
  snprintf(out, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

static double number_of(const cJSON *json, const char *name) {
  const cJSON *item = cJSON_GetObjectItem(json, name);
  return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static int64_t time_of(const cJSON *json, const char *name) {
  double ms = number_of(json, name);
  return ms > 0 && ms < 1e15 ? (int64_t)ms : 0;
}

static struct xpf_take *take_of_json(const char *id, size_t id_size, cJSON *json) {
  const cJSON *kind_name = cJSON_GetObjectItem(json, "kind");
  const struct xpf_take_kind *kind =
      cJSON_IsString(kind_name) ? xpf_take_kind_find(kind_name->valuestring) : NULL;
  struct xpf_take *take = kind ? calloc(1, sizeof *take) : NULL;
  if (!take)
    return NULL;
  double pid = number_of(json, "pid"), thread_id = number_of(json, "thread_id");
  snprintf(take->id, sizeof take->id, "%.*s", (int)id_size, id);
  take->kind = kind;
  take->pid = pid > 0 && pid < 1e9 ? (pid_t)pid : 0;
  take->thread_id = thread_id >= 0 && thread_id < 1e9 ? (long)thread_id : 0;
  copy_string(take->key, sizeof take->key, json, "key");
  copy_string(take->name, sizeof take->name, json, "name");
  copy_string(take->error, sizeof take->error, json, "error");
  take->is_failed = take->error[0] != '\0';
  take->started_ms = time_of(json, "started_ms");
  take->ends_ms = time_of(json, "ends_ms");
  take->paused_ms = number_of(json, "paused_ms");
  take->size = number_of(json, "size");
  cJSON *summary = cJSON_DetachItemFromObject(json, "summary");
  if (cJSON_IsNull(summary)) {
    cJSON_Delete(summary);
    summary = NULL;
  }
  take->summary = summary;
  return take;
}

/* The whole file, or NULL. */
static char *read_small(int dir, const char *name, size_t *size) {
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat about;
  char *text = NULL;
  if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
      about.st_size <= (off_t)DESCRIPTION_MAX)
    text = malloc((size_t)about.st_size + 1);
  if (text) {
    ssize_t got = read(fd, text, (size_t)about.st_size);
    *size = got > 0 ? (size_t)got : 0;
  }
  if (fd >= 0)
    close(fd);
  return text;
}

static struct xpf_take *read_one(int dir, const char *name, size_t id_size) {
  size_t size = 0;
  char *text = read_small(dir, name, &size);
  cJSON *json = text ? cJSON_ParseWithLength(text, size) : NULL;
  struct xpf_take *take = json ? take_of_json(name, id_size, json) : NULL;
  cJSON_Delete(json);
  free(text);
  return take;
}

/* The length of the id that a file name of ours begins with, or 0. */
static size_t id_size_of(const char *name) {
  size_t size = strcspn(name, ".");
  return name[size] == '.' && is_id(name, size) ? size : 0;
}

/* A description that ends right behind the id; "x.speedscope.json" is none. */
static bool is_description(const char *name, size_t id_size) {
  return strcmp(name + id_size, SUFFIX) == 0;
}

/* As it was taken, not converted: what was converted is made anew when it is asked for. */
static bool is_original(const char *name, size_t id_size) {
  for (unsigned i = 0; i < xpf_take_kinds_count; i++)
    if (strcmp(name + id_size + 1, xpf_take_kinds[i].extension) == 0)
      return true;
  return false;
}

static bool is_described(int dir, const char *name, size_t id_size) {
  char description[256];
  snprintf(description, sizeof description, "%.*s" SUFFIX, (int)id_size, name);
  return faccessat(dir, description, F_OK, 0) == 0;
}

int xpf_profile_index_read(const char *path, void (*found)(void *arg, struct xpf_take *take),
                           void *arg) {
  DIR *dir = opendir(path);
  if (!dir)
    return -errno;
  int fd = dirfd(dir);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    size_t id_size = id_size_of(entry->d_name);
    if (id_size == 0)
      continue;
    if (!is_description(entry->d_name, id_size)) {
      if (!is_original(entry->d_name, id_size) || !is_described(fd, entry->d_name, id_size))
        unlinkat(fd, entry->d_name, 0); /* xprofd ended before it was complete */
      continue;
    }
    struct xpf_take *take = read_one(fd, entry->d_name, id_size);
    if (take)
      found(arg, take);
  }
  closedir(dir);
  return 0;
}

struct work {
  uv_work_t request; /* first */
  char dir[PATH_SIZE - 512], id[96];
  char *text; /* NULL: remove */
};

static void write_text(const struct work *work) {
  char path[PATH_SIZE], temporary[PATH_SIZE];
  snprintf(path, sizeof path, "%s/%s" SUFFIX, work->dir, work->id);
  snprintf(temporary, sizeof temporary, "%s/.%s" SUFFIX, work->dir, work->id);
  FILE *file = fopen(temporary, "we");
  if (!file)
    return;
  bool is_written = fputs(work->text, file) >= 0;
  if (fclose(file) != 0 || !is_written || rename(temporary, path) != 0)
    unlink(temporary);
}

static void remove_files(const struct work *work) {
  DIR *dir = opendir(work->dir);
  if (!dir)
    return;
  size_t size = strlen(work->id);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (strncmp(entry->d_name, work->id, size) == 0 && entry->d_name[size] == '.')
      unlinkat(dirfd(dir), entry->d_name, 0);
  closedir(dir);
}

static void run(uv_work_t *request) {
  const struct work *work = (struct work *)request;
  if (work->text)
    write_text(work);
  else
    remove_files(work);
}

static void done(uv_work_t *request, int status) {
  struct work *work = (struct work *)request;
  (void)status;
  free(work->text);
  free(work);
}

static void queue(uv_loop_t *loop, const char *dir, const char *id, char *take_text) {
  struct work *work = calloc(1, sizeof *work);
  if (!work) {
    free(take_text);
    return;
  }
  snprintf(work->dir, sizeof work->dir, "%s", dir);
  snprintf(work->id, sizeof work->id, "%s", id);
  work->text = take_text;
  if (uv_queue_work(loop, &work->request, run, done) != 0)
    done(&work->request, -1);
}

void xpf_profile_index_write(uv_loop_t *loop, const char *dir, const char *id, const cJSON *json) {
  char *text = cJSON_PrintUnformatted(json);
  if (text)
    queue(loop, dir, id, text);
}

void xpf_profile_index_remove(uv_loop_t *loop, const char *dir, const char *id) {
  queue(loop, dir, id, NULL);
}
