/* Words of the command line to typed values. Table-driven (option_list.h); options may stand before
 * or after the command, as `-p 12`, `-p12`, `-p=12`, `--pid 12`, `--pid=12`. No output, no exit. */
#ifndef XPF_CTL_OPTIONS_H
#define XPF_CTL_OPTIONS_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <cjson/cJSON.h>
#include "option_list.h"

enum xpf_option_id {
#define XPF_OPTION_ENUM(id, ...) XPF_OPTION_##id,
  XPF_OPTIONS(XPF_OPTION_ENUM)
#undef XPF_OPTION_ENUM
      XPF_OPTION_COUNT
};
#define XPF_OPTION_BIT(id) (UINT64_C(1) << XPF_OPTION_##id)

enum xpf_option_kind {
  XPF_OPTION_KIND_FLAG,
  XPF_OPTION_KIND_PID,
  XPF_OPTION_KIND_WHOLE,
  XPF_OPTION_KIND_NUMBER,
  XPF_OPTION_KIND_DURATION, /* its number is milliseconds */
  XPF_OPTION_KIND_TEXT,
  XPF_OPTION_KIND_NAME, /* one path component */
};

struct xpf_option {
  char letter;
  const char *name, *other_name, *param;
  enum xpf_option_kind kind;
  double min, max;
  const char *value, *en, *zh;
};
extern const struct xpf_option xpf_option_table[XPF_OPTION_COUNT];

struct xpf_option_value {
  const char *text; /* NULL for flags; borrowed from argv */
  double number;
};

#define XPF_PIDS_MAX  64
#define XPF_WORDS_MAX (1 + XPF_PIDS_MAX)
struct xpf_options {
  uint64_t given; /* XPF_OPTION_BIT()s; of a flag: given and not `=false` */
  struct xpf_option_value values[XPF_OPTION_COUNT]; /* the last one of those given several times */
  pid_t pids[XPF_PIDS_MAX];                         /* every -p */
  int pids_count;
  const char *words[XPF_WORDS_MAX]; /* the command, then what follows it */
  int words_count;
  cJSON *config; /* keys of set_config, NULL when none */
};

/* argv without the program's name. 0; else negative with a sentence in *message (of message_size
 * bytes), in the chosen language. What was understood up to there is in *out. Call _free in both
 * cases. */
int xpf_options_parse(struct xpf_options *out, int argc, char **argv, char *message,
                      size_t message_size);
void xpf_options_free(struct xpf_options *options);
bool xpf_options_has(const struct xpf_options *options, enum xpf_option_id id);
/* Adds a process that was given as a word. 0, or negative as _parse. */
int xpf_options_add_pid(struct xpf_options *options, const char *text, char *message,
                        size_t message_size);
/* "--pid" of XPF_OPTION_PID. */
const char *xpf_option_label(enum xpf_option_id id, char *buffer, size_t size);
/* The parameters of the protocol that were given, as a new object. NULL when out of memory. */
cJSON *xpf_options_params(const struct xpf_options *options);
/* The option of that name (name_size bytes, without dashes in front) or letter; -1 when there is
 * none. */
int xpf_option_by_name(const char *name, size_t name_size);
int xpf_option_by_letter(char letter);
/* '-' and '_' are the same. */
bool xpf_option_name_is(const char *name, const char *typed, size_t typed_size);
#endif
