/* watch: chosen metrics, a line each time. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ask.h"
#include "command_table.h"
#include "host/os.h"
#include "print.h"
#include "target/reply_field.h"
#include "suggest.h"
#include "target.h"
#include "text.h"
#include "timestamp.h"

#define INTERVAL_S       1.0
#define VALUE_COLUMNS    10
#define INTERVAL_NS_UNIT 1e9

/* "key", or "key/s": what it grew by in a second. */
struct column {
  const char *word;
  char key[96];
  bool is_rate;
  double before; /* of a rate; NaN: not known */
};

struct watch {
  const struct xpf_invocation *invocation;
  struct xpf_client *client;
  struct column columns[XPF_WORDS_MAX];
  int count;
  bool has_rates;
  uint64_t before_ns;
};

/* ---- an answer ---- */

static const cJSON *thread_of(const cJSON *result, unsigned thread_id) {
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(result, "threads"), *thread;
  cJSON_ArrayForEach(thread, threads) {
    if (xpf_reply_field_number(thread, "thread_id", -1) == thread_id)
      return thread;
  }
  return NULL;
}

/* Of the thread first when one was named: `rss` is in both. */
static const cJSON *find(const struct watch *watch, const cJSON *result, const char *key) {
  const cJSON *process = cJSON_GetObjectItemCaseSensitive(result, "process");
  const cJSON *thread = thread_of(result, watch->invocation->thread_id);
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(process, key);
  if (item == NULL || xpf_options_has(&watch->invocation->options, XPF_OPTION_THREAD)) {
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(thread, key);
    item = own != NULL ? own : item;
  }
  return item;
}

static void suggest_all(struct xpf_suggest *suggest, const cJSON *object) {
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    xpf_suggest_offer(suggest, item->string);
  }
}

static int fail(const struct xpf_invocation *invocation, const struct xpf_verdict *verdict) {
  xpf_verdict_print(verdict, invocation->json);
  return verdict->status;
}

static int fail_key(const struct watch *watch, const cJSON *result, const struct column *column) {
  const struct xpf_invocation *invocation = watch->invocation;
  struct xpf_suggest suggest;
  struct xpf_verdict verdict;
  char sentence[256];

  xpf_suggest_init(&suggest, column->key);
  suggest_all(&suggest, cJSON_GetObjectItemCaseSensitive(result, "process"));
  suggest_all(&suggest, thread_of(result, invocation->thread_id));
  const char *best = xpf_suggest_result(&suggest);
  snprintf(sentence, sizeof sentence, xpf_text(XPF_TEXT_WATCH_UNKNOWN), (int)invocation->pid,
           column->key);
  if (best != NULL)
    xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_DID_YOU_MEAN, sentence, best);
  else
    xpf_verdict_set_text(&verdict, XPF_REASON_USAGE, sentence);
  xpf_verdict_hint(&verdict, XPF_TEXT_WATCH_LIST_HINT, (int)invocation->pid);
  return fail(invocation, &verdict);
}

static int check(const struct watch *watch, const cJSON *result) {
  const struct xpf_invocation *invocation = watch->invocation;
  struct xpf_verdict verdict;

  if (thread_of(result, invocation->thread_id) == NULL) {
    xpf_verdict_set(&verdict, XPF_REASON_NOTHING, XPF_TEXT_WATCH_NO_THREAD, (int)invocation->pid,
                    invocation->thread_id);
    xpf_verdict_hint(&verdict, XPF_TEXT_HINT_THREAD, (int)invocation->pid);
    return fail(invocation, &verdict);
  }
  for (int i = 0; i < watch->count; i++) {
    const struct column *column = &watch->columns[i];
    const cJSON *item = find(watch, result, column->key);
    if (item == NULL)
      return fail_key(watch, result, column);
    if (column->is_rate && !cJSON_IsNumber(item) && !cJSON_IsNull(item)) {
      xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_WATCH_NO_RATE, column->key);
      return fail(invocation, &verdict);
    }
  }
  return 0;
}

/* ---- the keys ---- */

static void print_keys(const cJSON *object) {
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    char *text = cJSON_PrintUnformatted(item);
    xpf_print_line(stdout, "  %-44s %.60s", item->string, text != NULL ? text : "?");
    cJSON_free(text);
  }
}

static int list_keys(const struct watch *watch, const cJSON *result) {
  const struct xpf_invocation *invocation = watch->invocation;
  int status = check(watch, result);
  if (status != 0)
    return status;
  if (invocation->json) {
    cJSON *data = cJSON_CreateObject();
    cJSON_AddItemReferenceToObject(data, "process",
                                   cJSON_GetObjectItemCaseSensitive(result, "process"));
    cJSON_AddItemReferenceToObject(data, "thread",
                                   (cJSON *)thread_of(result, invocation->thread_id));
    xpf_print_json_done(data);
    cJSON_Delete(data);
    return 0;
  }
  xpf_print_line(stdout, "%s", xpf_text(XPF_TEXT_WATCH_OF_PROCESS));
  print_keys(cJSON_GetObjectItemCaseSensitive(result, "process"));
  xpf_print_line(stdout, xpf_text(XPF_TEXT_WATCH_OF_THREAD), invocation->thread_id);
  print_keys(thread_of(result, invocation->thread_id));
  xpf_print_line(stdout, "%s", xpf_text(XPF_TEXT_WATCH_LIST_END));
  return 0;
}

/* ---- lines ---- */

static int width_of(const struct column *column) {
  int size = (int)strlen(column->word);
  return size < VALUE_COLUMNS ? VALUE_COLUMNS : size;
}

static void print_titles(const struct watch *watch) {
  printf("%-24s", xpf_text(XPF_TEXT_WATCH_TIME));
  for (int i = 0; i < watch->count; i++)
    printf("  %*s", width_of(&watch->columns[i]), watch->columns[i].word);
  putchar('\n');
}

/* A counter that began anew (another thread has the id) has no rate this time. */
static double take_rate(struct column *column, const cJSON *item, double seconds) {
  double now = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
  double grown = now - column->before;
  column->before = now;
  return seconds > 0 && grown >= 0 ? round(grown / seconds * 100) / 100 : (double)NAN;
}

static cJSON *value_of(struct watch *watch, struct column *column, const cJSON *result,
                       double seconds) {
  const cJSON *item = find(watch, result, column->key);
  if (!column->is_rate)
    return item != NULL ? cJSON_Duplicate(item, true) : cJSON_CreateNull();
  double rate = take_rate(column, item, seconds);
  return isnan(rate) ? cJSON_CreateNull() : cJSON_CreateNumber(rate);
}

static void print_values(const struct watch *watch, cJSON *const *values, const char *time) {
  printf("%-24s", time);
  for (int i = 0; i < watch->count; i++) {
    char *text = cJSON_IsNull(values[i]) ? NULL : cJSON_PrintUnformatted(values[i]);
    char cell[512];
    snprintf(cell, sizeof cell, "  %*.500s", width_of(&watch->columns[i]),
             text != NULL ? text : "-");
    xpf_print_text(stdout, cell);
    cJSON_free(text);
  }
  putchar('\n');
}

/* result NULL: no answer came in time. `prints` false: only what rates need is kept. */
static void take_line(struct watch *watch, const cJSON *result, bool prints) {
  cJSON *values[XPF_WORDS_MAX];
  char time[XPF_TIMESTAMP_BYTES];
  uint64_t now_ns = xpf_os_now_ns();
  double seconds = watch->before_ns != 0 ? (double)(now_ns - watch->before_ns) / 1e9 : 0;

  for (int i = 0; i < watch->count; i++)
    values[i] = value_of(watch, &watch->columns[i], result, seconds);
  watch->before_ns = now_ns;
  xpf_timestamp_utc(time);
  if (prints && watch->invocation->json) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "time", time);
    for (int i = 0; i < watch->count; i++)
      cJSON_AddItemReferenceToObject(object, watch->columns[i].word, values[i]);
    xpf_print_json(object);
    cJSON_Delete(object);
  } else if (prints) {
    print_values(watch, values, time);
  }
  for (int i = 0; i < watch->count; i++)
    cJSON_Delete(values[i]);
}

/* ---- the loop ---- */

/* A target closes a connection on which nothing came for a minute (XPF_IDLE_MS), and lines may be
 * further apart: one that was closed since the last line is made anew, once. */
static int ask(struct watch *watch, bool is_first, cJSON **result) {
  const struct xpf_invocation *invocation = watch->invocation;
  int limit_ms = invocation->timeout_ms;
  struct xpf_verdict verdict;
  struct xpf_fault fault = {0};
  int error = xpf_client_call(watch->client, "metrics", NULL, limit_ms, NULL, NULL, result, &fault);

  if (error == -ECONNRESET && !is_first) {
    xpf_client_close(watch->client);
    if (xpf_target_open(&watch->client, invocation->pid, limit_ms, &verdict) == 0)
      error = xpf_client_call(watch->client, "metrics", NULL, limit_ms, NULL, NULL, result, &fault);
  }
  if (error == 0 || error == -ETIMEDOUT)
    return 0; /* a process that hangs is what one watches for: its lines have no values */
  xpf_target_explain(&verdict, invocation->pid, error, limit_ms, &fault);
  return fail(invocation, &verdict);
}

static void sleep_until(uint64_t due_ns) {
  uint64_t now_ns = xpf_os_now_ns();
  if (due_ns <= now_ns)
    return;
  struct timespec pause = {.tv_sec = (time_t)((due_ns - now_ns) / 1000000000),
                           .tv_nsec = (long)((due_ns - now_ns) % 1000000000)};
  nanosleep(&pause, NULL);
}

static int print_lines(struct watch *watch) {
  const struct xpf_options *options = &watch->invocation->options;
  bool for_ever = !xpf_options_has(options, XPF_OPTION_TIMES);
  double wanted = options->values[XPF_OPTION_TIMES].number, printed = 0;
  double seconds = xpf_options_has(options, XPF_OPTION_DELAY)
                       ? options->values[XPF_OPTION_DELAY].number
                       : INTERVAL_S;
  uint64_t period_ns = (uint64_t)(seconds * INTERVAL_NS_UNIT), due_ns = xpf_os_now_ns();

  for (bool is_first = true; for_ever || printed < wanted; is_first = false) {
    cJSON *result = NULL;
    int status = ask(watch, is_first, &result);
    if (status == 0 && is_first && result != NULL)
      status = watch->count == 0 ? list_keys(watch, result) : check(watch, result);
    if (status != 0 || watch->count == 0) {
      cJSON_Delete(result);
      return status;
    }
    if (is_first && !watch->invocation->json)
      print_titles(watch);
    bool prints = !is_first || !watch->has_rates;
    take_line(watch, result, prints);
    cJSON_Delete(result);
    printed += prints;
    if (fflush(stdout) != 0)
      return 0; /* whoever read it has gone; ctl_main.c says so */
    due_ns += period_ns;
    if (due_ns < xpf_os_now_ns())
      due_ns = xpf_os_now_ns();
    if (for_ever || printed < wanted)
      sleep_until(due_ns);
  }
  return 0;
}

static void read_words(struct watch *watch) {
  const struct xpf_options *options = &watch->invocation->options;
  for (int i = 1; i < options->words_count; i++) {
    struct column *column = &watch->columns[watch->count++];
    size_t size = strlen(options->words[i]);
    *column = (struct column){.word = options->words[i], .before = (double)NAN};
    column->is_rate = size > 2 && strcmp(options->words[i] + size - 2, "/s") == 0;
    snprintf(column->key, sizeof column->key, "%.*s", (int)(column->is_rate ? size - 2 : size),
             options->words[i]);
    watch->has_rates |= column->is_rate;
  }
}

int xpf_cmd_watch(const struct xpf_invocation *invocation) {
  struct watch watch = {.invocation = invocation};
  struct xpf_verdict verdict;

  read_words(&watch);
  int status = xpf_target_open(&watch.client, invocation->pid, invocation->timeout_ms, &verdict);
  if (status != 0)
    return fail(invocation, &verdict);
  status = print_lines(&watch);
  xpf_client_close(watch.client);
  return status;
}
