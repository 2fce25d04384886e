#include "daemon/rpc_files.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/proc_text.h"

void xpf_rpc_file(struct xpf_rpc_call *call) {
  struct xpf_proc_text file = {0};
  char name[256];
  snprintf(name, sizeof name, "/proc/%s", call->method->path);
  int error = xpf_proc_text_read(&file, call->proc, call->method->path);
  if (error) {
    xpf_rpc_fail_read(call, name, error);
  } else if (call->is_raw) {
    xpf_sink_write(&call->out.sink, file.text, file.size);
  } else {
    xpf_rpc_json_begin(call, name);
    call->method->parse(call, file.text);
    xpf_rpc_json_end(call);
  }
  xpf_proc_text_free(&file);
}

/* ---- pieces ---- */

static void write_number(struct xpf_rpc_call *call, const char *word) {
  char *end = NULL;
  if (!word || !(isdigit((unsigned char)*word) || *word == '-')) {
    xpf_json_string(&call->json, word);
    return;
  }
  long long whole = strtoll(word, &end, 10);
  if (*end == '\0')
    xpf_json_int(&call->json, whole);
  else
    xpf_json_double(&call->json, strtod(word, NULL));
}

static void key_number(struct xpf_rpc_call *call, const char *key, const char *word) {
  xpf_json_key(&call->json, key);
  write_number(call, word);
}

static void key_list(struct xpf_rpc_call *call, const char *key) {
  xpf_json_key(&call->json, key);
  xpf_json_array_begin(&call->json);
}

static void key_object(struct xpf_rpc_call *call, const char *key) {
  xpf_json_key(&call->json, key);
  xpf_json_object_begin(&call->json);
}

/* The rest of a line without blanks around it. */
static char *trimmed(char *text) {
  while (isspace((unsigned char)*text))
    text++;
  char *end = text + strlen(text);
  while (end > text && isspace((unsigned char)end[-1]))
    *--end = '\0';
  return text;
}

/* Columns of a row, in the file's order. A scale turns the file's unit into the base unit. */
struct column {
  const char *key;
  enum { WORD, NUMBER, SKIP } form;
  double scale; /* 0: 1 */
};

static bool write_row(struct xpf_rpc_call *call, const struct column *columns, unsigned count,
                      char *line) {
  char *first = xpf_proc_text_word(&line);
  if (!first)
    return false;
  xpf_json_object_begin(&call->json);
  const char *word = first;
  for (unsigned i = 0; i < count && word; i++, word = xpf_proc_text_word(&line)) {
    if (columns[i].form == WORD)
      xpf_rpc_key_text(call, columns[i].key, word);
    else if (columns[i].form == NUMBER && columns[i].scale != 0)
      xpf_rpc_key_number(call, columns[i].key, strtod(word, NULL) * columns[i].scale);
    else if (columns[i].form == NUMBER)
      key_number(call, columns[i].key, word);
  }
  xpf_json_object_end(&call->json);
  return true;
}

#define COUNT_OF(table) ((unsigned)(sizeof(table) / sizeof((table)[0])))

static void write_rows(struct xpf_rpc_call *call, const char *key, const struct column *columns,
                       unsigned count, char *text) {
  key_list(call, key);
  char *line;
  while ((line = xpf_proc_text_line(&text)))
    if (*line != '#')
      write_row(call, columns, count, line);
  xpf_json_array_end(&call->json);
}

/* ---- memory ---- */

/* "MemTotal:  24682416 kB": bytes; "HugePages_Total:  0": a number. */
void xpf_rpc_parse_meminfo(struct xpf_rpc_call *call, char *text) {
  key_object(call, "values");
  char *line;
  while ((line = xpf_proc_text_line(&text))) {
    char *colon = strchr(line, ':');
    if (!colon)
      continue;
    *colon++ = '\0';
    const char *number = xpf_proc_text_word(&colon), *unit = xpf_proc_text_word(&colon);
    if (number)
      xpf_rpc_key_number(call, line,
                         strtod(number, NULL) * (unit && strcmp(unit, "kB") == 0 ? 1024 : 1));
  }
  xpf_json_object_end(&call->json);
}

void xpf_rpc_parse_vmstat(struct xpf_rpc_call *call, char *text) {
  key_object(call, "values");
  char *line;
  while ((line = xpf_proc_text_line(&text))) {
    const char *name = xpf_proc_text_word(&line), *number = xpf_proc_text_word(&line);
    if (name && number)
      key_number(call, name, number);
  }
  xpf_json_object_end(&call->json);
}

/* "Node 0, zone   Normal": the node's number and the zone's name. */
static bool read_zone(char **line, const char **node, const char **zone) {
  const char *word = xpf_proc_text_word(line);
  if (!word || strcmp(word, "Node") != 0)
    return false;
  char *number = xpf_proc_text_word(line);
  const char *label = xpf_proc_text_word(line);
  *zone = xpf_proc_text_word(line);
  if (!number || !label || !*zone)
    return false;
  number[strcspn(number, ",")] = '\0';
  *node = number;
  return true;
}

void xpf_rpc_parse_buddyinfo(struct xpf_rpc_call *call, char *text) {
  xpf_rpc_key_number(call, "page_bytes", (double)sysconf(_SC_PAGESIZE));
  key_list(call, "zones");
  char *line;
  while ((line = xpf_proc_text_line(&text))) {
    const char *node, *zone, *word;
    if (!read_zone(&line, &node, &zone))
      continue;
    xpf_json_object_begin(&call->json);
    key_number(call, "node", node);
    xpf_rpc_key_text(call, "zone", zone);
    key_list(call, "free_blocks_by_order");
    while ((word = xpf_proc_text_word(&line)))
      write_number(call, word);
    xpf_json_array_end(&call->json);
    xpf_json_object_end(&call->json);
  }
  xpf_json_array_end(&call->json);
}

/* Within a zone: lines "pages free 3902", "min 66", "nr_free_pages 3902", "protection: (0, …)",
 * then "pagesets" with a block for each CPU, which is left out. */
static void zoneinfo_line(struct xpf_rpc_call *call, char *line) {
  char *name = xpf_proc_text_word(&line);
  if (name && strcmp(name, "pages") == 0)
    name = xpf_proc_text_word(&line);
  const char *number = name ? xpf_proc_text_word(&line) : NULL;
  if (!number || !isdigit((unsigned char)*number) || xpf_proc_text_word(&line))
    return;
  name[strcspn(name, ":")] = '\0';
  key_number(call, name, number);
}

void xpf_rpc_parse_zoneinfo(struct xpf_rpc_call *call, char *text) {
  xpf_rpc_key_number(call, "page_bytes", (double)sysconf(_SC_PAGESIZE));
  key_list(call, "zones");
  bool is_open = false, is_pagesets = false;
  char *line;
  while ((line = xpf_proc_text_line(&text))) {
    const char *node, *zone;
    char *at = line;
    if (strncmp(line, "Node ", 5) == 0 && read_zone(&at, &node, &zone)) {
      if (is_open)
        xpf_json_object_end(&call->json);
      is_open = true;
      is_pagesets = false;
      xpf_json_object_begin(&call->json);
      key_number(call, "node", node);
      xpf_rpc_key_text(call, "zone", zone);
      continue;
    }
    is_pagesets = is_pagesets || strstr(line, "pagesets");
    bool is_after = strstr(line, "node_unreclaimable") || strstr(line, "start_pfn");
    if (is_open && (!is_pagesets || is_after))
      zoneinfo_line(call, line);
  }
  if (is_open)
    xpf_json_object_end(&call->json);
  xpf_json_array_end(&call->json);
}

static const struct column SLAB[] = {
    {"name", WORD, 0},
    {"active_objects", NUMBER, 0},
    {"objects", NUMBER, 0},
    {"object_bytes", NUMBER, 0},
    {"objects_per_slab", NUMBER, 0},
    {"pages_per_slab", NUMBER, 0},
    {"", SKIP, 0},
    {"", SKIP, 0},
    {"", SKIP, 0},
    {"", SKIP, 0},
    {"", SKIP, 0},
    {"", SKIP, 0},
    {"", SKIP, 0},
    {"active_slabs", NUMBER, 0},
    {"slabs", NUMBER, 0},
};

void xpf_rpc_parse_slabinfo(struct xpf_rpc_call *call, char *text) {
  xpf_rpc_key_number(call, "page_bytes", (double)sysconf(_SC_PAGESIZE));
  xpf_proc_text_line(&text); /* slabinfo - version: 2.1 */
  write_rows(call, "caches", SLAB, COUNT_OF(SLAB), text);
}

static const struct column SWAP[] = {
    {"name", WORD, 0},
    {"type", WORD, 0},
    {"size_bytes", NUMBER, 1024},
    {"used_bytes", NUMBER, 1024},
    {"priority", NUMBER, 0},
};

void xpf_rpc_parse_swaps(struct xpf_rpc_call *call, char *text) {
  xpf_proc_text_line(&text); /* the header */
  write_rows(call, "swaps", SWAP, COUNT_OF(SWAP), text);
}

/* "0x…-0x…   20480 load_module+0x… pages=4 vmalloc N0=4" */
void xpf_rpc_parse_vmallocinfo(struct xpf_rpc_call *call, char *text) {
  key_list(call, "areas");
  char *line;
  while ((line = xpf_proc_text_line(&text))) {
    const char *range = xpf_proc_text_word(&line), *bytes = xpf_proc_text_word(&line);
    if (!range || !bytes)
      continue;
    xpf_json_object_begin(&call->json);
    xpf_rpc_key_text(call, "range", range);
    key_number(call, "bytes", bytes);
    xpf_rpc_key_text(call, "about", trimmed(line));
    xpf_json_object_end(&call->json);
  }
  xpf_json_array_end(&call->json);
}

/* ---- processors ---- */

void xpf_rpc_parse_loadavg(struct xpf_rpc_call *call, char *text) {
  static const char *const KEYS[] = {"load1", "load5", "load15", "runnable", "tasks", "last_pid"};
  char *slash = strchr(text, '/'); /* "2/351" */
  if (slash)
    *slash = ' ';
  for (unsigned i = 0; i < COUNT_OF(KEYS); i++) {
    char *word = xpf_proc_text_word(&text);
    if (!word)
      break;
    word[strcspn(word, "\n")] = '\0';
    xpf_rpc_key_number(call, KEYS[i], strtod(word, NULL));
  }
}

/* "cpu MHz" becomes "cpu_mhz". */
static char *key_of(char *name) {
  for (char *at = name; *at; at++)
    *at = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '_';
  return name;
}

static void cpuinfo_field(struct xpf_rpc_call *call, const char *key, char *value) {
  if (strcmp(key, "cpu_mhz") == 0) {
    xpf_rpc_key_number(call, "cpu_hertz", strtod(value, NULL) * 1e6);
  } else if (strcmp(key, "cache_size") == 0) {
    xpf_rpc_key_number(call, "cache_bytes", strtod(value, NULL) * 1024);
  } else if (strcmp(key, "flags") == 0 || strcmp(key, "features") == 0 ||
             strcmp(key, "bugs") == 0) {
    key_list(call, key);
    char *word;
    while ((word = xpf_proc_text_word(&value)))
      xpf_json_string(&call->json, word);
    xpf_json_array_end(&call->json);
  } else if (*value && strspn(value, "0123456789") == strlen(value) && strlen(value) < 16) {
    key_number(call, key, value);
  } else {
    xpf_rpc_key_text(call, key, value);
  }
}

void xpf_rpc_parse_cpuinfo(struct xpf_rpc_call *call, char *text) {
  key_list(call, "processors");
  bool is_open = false;
  char *line;
  while ((line = xpf_proc_text_line(&text))) {
    char *colon = strchr(line, ':');
    if (!colon) {
      if (is_open)
        xpf_json_object_end(&call->json);
      is_open = false;
      continue;
    }
    *colon = '\0';
    if (!is_open)
      xpf_json_object_begin(&call->json);
    is_open = true;
    cpuinfo_field(call, key_of(trimmed(line)), trimmed(colon + 1));
  }
  if (is_open)
    xpf_json_object_end(&call->json);
  xpf_json_array_end(&call->json);
}

static unsigned count_words(char *line) {
  unsigned count = 0;
  while (xpf_proc_text_word(&line))
    count++;
  return count;
}

/* "  24:  0  1283  PCI-MSI 1-edge  virtio0": a count for each CPU, then what it is. "ERR: 0" has
 * one count only. */
static void interrupt_line(struct xpf_rpc_call *call, char *line, unsigned cpus) {
  char *colon = strchr(line, ':');
  if (!colon)
    return;
  *colon++ = '\0';
  double total = 0;
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_text(call, "name", trimmed(line));
  key_list(call, "by_cpu");
  for (unsigned i = 0; i < cpus; i++) {
    while (*colon == ' ' || *colon == '\t')
      colon++;
    if (!isdigit((unsigned char)*colon))
      break;
    const char *word = xpf_proc_text_word(&colon);
    total += strtod(word, NULL);
    write_number(call, word);
  }
  xpf_json_array_end(&call->json);
  xpf_rpc_key_number(call, "total", total);
  xpf_rpc_key_text(call, "about", trimmed(colon));
  xpf_json_object_end(&call->json);
}

static void parse_interrupts(struct xpf_rpc_call *call, const char *key, char *text) {
  char *header = xpf_proc_text_line(&text), *line;
  unsigned cpus = header ? count_words(header) : 0;
  xpf_rpc_key_number(call, "cpus", cpus);
  key_list(call, key);
  while ((line = xpf_proc_text_line(&text)))
    interrupt_line(call, line, cpus);
  xpf_json_array_end(&call->json);
}

void xpf_rpc_parse_interrupts(struct xpf_rpc_call *call, char *text) {
  parse_interrupts(call, "interrupts", text);
}

void xpf_rpc_parse_softirqs(struct xpf_rpc_call *call, char *text) {
  parse_interrupts(call, "softirqs", text);
}

static void stat_cpu(struct xpf_rpc_call *call, const char *name, char *line, double tick_s) {
  static const char *const STATES[] = {"user", "nice",    "system", "idle",  "iowait",
                                       "irq",  "softirq", "steal",  "guest", "guest_nice"};
  xpf_json_object_begin(&call->json);
  xpf_rpc_key_text(call, "cpu", name[3] ? name + 3 : "all");
  for (unsigned i = 0; i < COUNT_OF(STATES); i++) {
    const char *word = xpf_proc_text_word(&line);
    char key[32];
    snprintf(key, sizeof key, "%s_seconds_total", STATES[i]);
    if (word)
      xpf_rpc_key_number(call, key, strtod(word, NULL) * tick_s);
  }
  xpf_json_object_end(&call->json);
}

void xpf_rpc_parse_stat(struct xpf_rpc_call *call, char *text) {
  double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
  bool is_cpus = true;
  char *line;
  key_list(call, "cpus");
  while ((line = xpf_proc_text_line(&text))) {
    const char *name = xpf_proc_text_word(&line);
    if (!name)
      continue;
    if (strncmp(name, "cpu", 3) == 0 && is_cpus) {
      stat_cpu(call, name, line, tick_s);
      continue;
    }
    if (is_cpus)
      xpf_json_array_end(&call->json);
    is_cpus = false;
    const char *word = xpf_proc_text_word(&line); /* of "intr" and "softirq" the total */
    key_number(call, name, word);
  }
  if (is_cpus)
    xpf_json_array_end(&call->json);
}

/* ---- the rest ---- */

#define SECTOR 512 /* of diskstats, whatever the disk's own is */
static const struct column DISK[] = {
    {"major", NUMBER, 0},
    {"minor", NUMBER, 0},
    {"device", WORD, 0},
    {"reads_total", NUMBER, 0},
    {"reads_merged_total", NUMBER, 0},
    {"read_bytes_total", NUMBER, SECTOR},
    {"read_seconds_total", NUMBER, 1e-3},
    {"writes_total", NUMBER, 0},
    {"writes_merged_total", NUMBER, 0},
    {"written_bytes_total", NUMBER, SECTOR},
    {"write_seconds_total", NUMBER, 1e-3},
    {"io_now", NUMBER, 0},
    {"io_seconds_total", NUMBER, 1e-3},
    {"io_weighted_seconds_total", NUMBER, 1e-3},
    {"discards_total", NUMBER, 0},
    {"discards_merged_total", NUMBER, 0},
    {"discarded_bytes_total", NUMBER, SECTOR},
    {"discard_seconds_total", NUMBER, 1e-3},
    {"flushes_total", NUMBER, 0},
    {"flush_seconds_total", NUMBER, 1e-3},
};

void xpf_rpc_parse_diskstats(struct xpf_rpc_call *call, char *text) {
  write_rows(call, "disks", DISK, COUNT_OF(DISK), text);
}

/* "Linux version 6.1.0-18-amd64 (…) #1 SMP …" */
void xpf_rpc_parse_version(struct xpf_rpc_call *call, char *text) {
  char *line = xpf_proc_text_line(&text);
  xpf_rpc_key_text(call, "text", line ? line : "");
  const char *system = line ? xpf_proc_text_word(&line) : NULL;
  const char *word = system ? xpf_proc_text_word(&line) : NULL;
  const char *release = word ? xpf_proc_text_word(&line) : NULL;
  xpf_rpc_key_text(call, "system", system);
  xpf_rpc_key_text(call, "release", release);
}

static const struct column MODULE[] = {
    {"name", WORD, 0},    {"bytes", NUMBER, 0}, {"references", NUMBER, 0},
    {"used_by", WORD, 0}, {"state", WORD, 0},
};

void xpf_rpc_parse_modules(struct xpf_rpc_call *call, char *text) {
  write_rows(call, "modules", MODULE, COUNT_OF(MODULE), text);
}
