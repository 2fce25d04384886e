#include "usage.h"
#include <stdio.h>
#include <string.h>
#include "text.h"

#define DEFAULT_TIMEOUT_MS 5000

int xpf_usage_unknown_command(struct xpf_verdict *verdict, const char *name) {
  struct xpf_suggest suggest;
  char sentence[256];

  xpf_suggest_init(&suggest, name);
  xpf_ctl_command_suggest(&suggest);
  const char *best = xpf_suggest_result(&suggest);
  snprintf(sentence, sizeof sentence, xpf_text(XPF_TEXT_UNKNOWN_COMMAND), name);
  if (best != NULL)
    xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_DID_YOU_MEAN, sentence, best);
  else
    xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_UNKNOWN_COMMAND, name);
  xpf_verdict_hint(verdict, XPF_TEXT_USAGE_HINT_GENERAL);
  return verdict->status;
}

static int check_options(const struct xpf_ctl_command *command, const struct xpf_options *options,
                         struct xpf_verdict *verdict) {
  uint64_t wrong = options->given & ~command->options;
  char label[64];

  /* A key of the configuration, too. */
  if ((wrong & XPF_OPTION_BIT(LOG_DIR)) != 0 && command->takes_config)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_CONFIG_FIXED, "log_dir");
  for (int i = 0; i < XPF_OPTION_COUNT; i++)
    if ((wrong & (UINT64_C(1) << i)) != 0)
      return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_NOT_FOR_COMMAND, command->name,
                             xpf_option_label((enum xpf_option_id)i, label, sizeof label));
  if (options->config != NULL && !command->takes_config) {
    const cJSON *first = options->config->child;
    snprintf(label, sizeof label, "--%s", first != NULL ? first->string : "");
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_NOT_FOR_COMMAND, command->name,
                           label);
  }
  return 0;
}

/* The words behind a command that takes several processes are their pids. */
static int take_pids(struct xpf_options *options, struct xpf_verdict *verdict) {
  char message[sizeof verdict->message];
  for (int i = 1; i < options->words_count; i++)
    if (xpf_options_add_pid(options, options->words[i], message, sizeof message) != 0)
      return xpf_verdict_set_text(verdict, XPF_REASON_USAGE, message);
  return 0;
}

static bool has_target(const struct xpf_ctl_command *command, const struct xpf_options *options) {
  return options->pids_count > 0 ||
         (command->takes_many &&
          (xpf_options_has(options, XPF_OPTION_ALL) || xpf_options_has(options, XPF_OPTION_TITLE)));
}

static int check_target(const struct xpf_ctl_command *command, const struct xpf_options *options,
                        struct xpf_verdict *verdict) {
  if (command->needs_pid && !has_target(command, options))
    return xpf_verdict_set(verdict, XPF_REASON_USAGE,
                           command->takes_many ? XPF_TEXT_TARGET_MISSING : XPF_TEXT_PID_MISSING);
  if (options->pids_count > 1 && !command->takes_many)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_PIDS_ONE, command->name);
  return 0;
}

static int check_words(const struct xpf_ctl_command *command, struct xpf_options *options,
                       struct xpf_verdict *verdict) {
  if (command->takes_many)
    return take_pids(options, verdict);
  int wanted = 1 + command->words_max;

  if (options->words_count < 1 + command->words_min)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_OPERANDS_MISSING, command->name,
                           command->words);
  if (options->words_count <= wanted)
    return 0;
  const char *word = options->words[wanted];
  bool is_number = *word != '\0' && word[strspn(word, "0123456789")] == '\0';
  if (is_number && command->needs_pid && !xpf_options_has(options, XPF_OPTION_PID))
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_PID_POSITIONAL, word, word);
  return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_UNEXPECTED, word);
}

static void fill(struct xpf_invocation *invocation) {
  const struct xpf_options *options = &invocation->options;

  invocation->pid = (pid_t)options->values[XPF_OPTION_PID].number;
  invocation->thread_id = (unsigned)options->values[XPF_OPTION_THREAD].number;
  invocation->wait = xpf_options_has(options, XPF_OPTION_WAIT);
  invocation->timeout_ms = invocation->wait ? 0 : DEFAULT_TIMEOUT_MS;
  if (xpf_options_has(options, XPF_OPTION_TIMEOUT)) {
    double ms = options->values[XPF_OPTION_TIMEOUT].number * 1e3;
    invocation->timeout_ms = ms < 1 ? 1 : ms > 2e9 ? 2000000000 : (int)ms;
  }
}

int xpf_usage_check(struct xpf_invocation *invocation, struct xpf_verdict *verdict) {
  struct xpf_options *options = &invocation->options;

  if (options->words_count == 0) {
    xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_NO_COMMAND);
    xpf_verdict_hint(verdict, XPF_TEXT_USAGE_HINT_GENERAL);
    return verdict->status;
  }
  invocation->command = xpf_ctl_command_find(options->words[0]);
  if (invocation->command == NULL)
    return xpf_usage_unknown_command(verdict, options->words[0]);
  if (xpf_options_has(options, XPF_OPTION_HELP))
    return 0;
  int status = check_options(invocation->command, options, verdict);
  if (status == 0)
    status = check_words(invocation->command, options, verdict);
  if (status == 0)
    status = check_target(invocation->command, options, verdict);
  if (status != 0)
    xpf_verdict_hint(verdict, XPF_TEXT_USAGE_HINT, invocation->command->name);
  else
    fill(invocation);
  return status;
}
