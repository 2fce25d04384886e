#include "completion.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "board_table.h"
#include "cell_text.h"
#include "command_table.h"
#include "config_option.h"
#include "format/format_table.h"
#include "print.h"
#include "process_list.h"
#include "target/process_name.h"
#include "target/reply_field.h"
#include "target.h"
#include "text.h"

/* Who waits for a completion waits with a finger on the key. */
#define ANSWER_MS     400
#define ABOUT_COLUMNS 72
#define NO_OPTION     (-1)
#define CONFIG_VALUE  (-2) /* the value of a configuration key */

struct line {
  FILE *out;
  const struct xpf_ctl_command *command;
  pid_t pid; /* 0: not named yet */
  int words; /* behind the command */
  int option;
  const struct xpf_config_option *key;
  const char *current; /* what the candidates begin with */
  const char *before;  /* what stands in front of them: "--pid=" */
  int before_size;
};

/* ---- candidates ---- */

static void offer(void *arg, const char *text, const char *about) {
  struct line *line = arg;
  char clean[4 * ABOUT_COLUMNS + 8];
  if (strncmp(text, line->current, strlen(line->current)) != 0)
    return;
  fprintf(line->out, "%.*s", line->before_size, line->before);
  xpf_print_text(line->out, text);
  if (*about != '\0') {
    fputc('\t', line->out);
    fputs(xpf_cell_fit(clean, sizeof clean, about, ABOUT_COLUMNS, true), line->out);
  }
  fputc('\n', line->out);
}

static void offer_option(void *arg, const char *name, const char *about) {
  char dashed[96];
  snprintf(dashed, sizeof dashed, "--%s", name);
  offer(arg, dashed, about);
}

static void offer_pids(struct line *line) {
  struct xpf_process_list list;
  if (xpf_process_list_read(&list, ANSWER_MS, false) == 0)
    for (size_t i = 0; i < list.count; i++) {
      char pid[16], name[512];
      const struct xpf_process_row *row = &list.rows[i];
      snprintf(pid, sizeof pid, "%d", (int)row->pid);
      offer(line, pid, xpf_process_name(name, sizeof name, row->info, row->command_line));
    }
  xpf_process_list_free(&list);
}

/* The reply of the process that was named, or NULL. */
static cJSON *ask(const struct line *line, const char *method) {
  struct xpf_verdict verdict;
  struct xpf_client *client;
  cJSON *result = NULL;
  if (line->pid == 0 || xpf_target_open(&client, line->pid, ANSWER_MS, &verdict) != 0)
    return NULL;
  xpf_client_call(client, method, NULL, ANSWER_MS, NULL, NULL, &result, NULL);
  xpf_client_close(client);
  return result;
}

static void offer_threads(struct line *line) {
  cJSON *result = ask(line, "list_environments");
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(result, "environments"), *item;
  cJSON_ArrayForEach(item, list) {
    char id[24];
    bool is_main = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "is_main_thread"));
    snprintf(id, sizeof id, "%.0f", xpf_reply_field_number(item, "thread_id", 0));
    offer(line, id, is_main ? xpf_text(XPF_TEXT_TOP_MAIN) : "");
  }
  cJSON_Delete(result);
}

static void offer_metrics(struct line *line) {
  cJSON *result = ask(line, "metrics");
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(result, "threads");
  const cJSON *process = cJSON_GetObjectItemCaseSensitive(result, "process"), *item;
  cJSON_ArrayForEach(item, process) {
    offer(line, item->string, "");
  }
  cJSON_ArrayForEach(item, cJSON_GetArrayItem(threads, 0)) {
    offer(line, item->string, "");
  }
  cJSON_Delete(result);
}

static void offer_commands(struct line *line, bool only_jobs) {
  for (unsigned i = 0; i < xpf_ctl_commands_count; i++) {
    const struct xpf_ctl_command *command = &xpf_ctl_commands[i];
    if (!command->is_hidden && (command->is_job || !only_jobs))
      offer(line, command->name, xpf_text_pick(command->summary_en, command->summary_zh));
  }
}

static void offer_formats(struct line *line, bool readable) {
  for (unsigned i = 0; i < xpf_formats_count; i++)
    if (readable ? xpf_formats[i].read != NULL : xpf_formats[i].write != NULL)
      offer(line, xpf_formats[i].name,
            xpf_text_pick(xpf_formats[i].about_en, xpf_formats[i].about_zh));
}

static void offer_words(struct line *line, const char *words) {
  char word[64];
  while (*words != '\0') {
    size_t size = strcspn(words, "|");
    snprintf(word, sizeof word, "%.*s", (int)size, words);
    offer(line, word, "");
    words += size + (words[size] == '|');
  }
}

/* ---- what is asked for ---- */

static void complete_value(struct line *line) {
  switch (line->option) {
  case CONFIG_VALUE:
    xpf_config_option_values(line->key, offer, line);
    return;
  case XPF_OPTION_PID:
    offer_pids(line);
    return;
  case XPF_OPTION_THREAD:
    offer_threads(line);
    return;
  case XPF_OPTION_FORMAT:
  case XPF_OPTION_FROM:
    offer_formats(line, line->option == XPF_OPTION_FROM);
    return;
  case XPF_OPTION_ACTION:
    offer_commands(line, true);
    return;
  case XPF_OPTION_SORT:
    for (int i = 0; i < XPF_BOARD_SORT_COUNT; i++)
      offer(line, xpf_board_sort_name(i), "");
    return;
  case XPF_OPTION_SCALE:
    offer_words(line, xpf_option_table[XPF_OPTION_SCALE].value);
    return;
  case XPF_OPTION_OUTPUT:
    fputs(":files\n", line->out);
    return;
  case XPF_OPTION_PACKAGE:
  case XPF_OPTION_LOG_DIR:
    fputs(":dirs\n", line->out);
    return;
  default:
    return;
  }
}

static void complete_option(struct line *line) {
  uint64_t options = line->command != NULL
                         ? line->command->options
                         : XPF_OPTION_BIT(HELP) | XPF_OPTION_BIT(VERSION) | XPF_OPTION_BIT(JSON);
  for (int i = 0; i < XPF_OPTION_COUNT; i++)
    if ((options & (UINT64_C(1) << i)) != 0)
      offer_option(line, xpf_option_table[i].name,
                   xpf_text_pick(xpf_option_table[i].en, xpf_option_table[i].zh));
  if (line->command != NULL && line->command->takes_config)
    xpf_config_option_each(offer_option, line);
}

static void complete_word(struct line *line) {
  const struct xpf_ctl_command *command = line->command;
  if (command->takes_many) {
    offer_pids(line);
  } else if (command->words == NULL || line->words >= command->words_max) {
    complete_option(line); /* nothing but options may follow */
  } else if (command->exec == xpf_cmd_help) {
    offer_commands(line, false);
  } else if (command->exec == xpf_cmd_watch) {
    offer_metrics(line);
  } else if (strchr(command->words, '|') != NULL) {
    offer_words(line, command->words);
  } else {
    fputs(":files\n", line->out);
  }
}

/* ---- the words before ---- */

static void take_value(struct line *line, const char *value) {
  if (line->option == XPF_OPTION_PID)
    line->pid = (pid_t)atoi(value);
  line->option = NO_OPTION;
}

/* Sets option when the option's value is still to come. Returns the value in the same word, or
 * NULL.
 */
static const char *take_long(struct line *line, const char *name) {
  bool negated;
  const char *equals = strchr(name, '=');
  size_t size = equals != NULL ? (size_t)(equals - name) : strlen(name);
  int id = xpf_option_by_name(name, size);
  line->option = NO_OPTION;
  if (id >= 0) {
    if (xpf_option_table[id].kind != XPF_OPTION_KIND_FLAG)
      line->option = id;
  } else if ((line->key = xpf_config_option_find(name, size, &negated)) != NULL &&
             (equals != NULL || xpf_config_option_takes_value(line->key))) {
    line->option = CONFIG_VALUE;
  }
  return equals != NULL ? equals + 1 : NULL;
}

/* "-p", "-p12": the same for letters. */
static const char *take_letters(struct line *line, const char *letters) {
  line->option = NO_OPTION;
  for (const char *at = letters; *at != '\0'; at++) {
    int id = xpf_option_by_letter(*at);
    if (id < 0 || xpf_option_table[id].kind == XPF_OPTION_KIND_FLAG)
      continue;
    line->option = id;
    return at[1] == '\0' ? NULL : at[1] == '=' ? at + 2 : at + 1;
  }
  return NULL;
}

static bool is_option(const char *word) {
  return word[0] == '-' && word[1] != '\0';
}

static const char *take_option(struct line *line, const char *word) {
  return word[1] == '-' ? take_long(line, word + 2) : take_letters(line, word + 1);
}

static void take_word(struct line *line, const char *word) {
  if (line->option != NO_OPTION) {
    take_value(line, word);
  } else if (is_option(word)) {
    const char *value = take_option(line, word);
    if (value != NULL)
      take_value(line, value);
  } else if (line->command == NULL) {
    line->command = xpf_ctl_command_find(word);
  } else {
    line->words++;
  }
}

void xpf_completion_print(FILE *out, const char *const *words, int count) {
  struct line line = {.out = out, .option = NO_OPTION, .before = "", .current = ""};
  if (count < 2)
    return;
  for (int i = 1; i + 1 < count; i++)
    take_word(&line, words[i]);
  line.current = words[count - 1];
  if (line.option == NO_OPTION && is_option(line.current)) {
    const char *value = take_option(&line, line.current);
    if (value == NULL || line.option == NO_OPTION) {
      complete_option(&line);
      return;
    }
    line.before = line.current;
    line.before_size = (int)(value - line.current);
    line.current = value;
  }
  if (line.option != NO_OPTION)
    complete_value(&line);
  else if (*line.current == '-')
    complete_option(&line);
  else if (line.command == NULL)
    offer_commands(&line, false);
  else
    complete_word(&line);
}
