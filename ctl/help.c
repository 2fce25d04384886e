#include "help.h"
#include <string.h>
#include "config_option.h"
#include "manual.h"
#include "print.h"
#include "shot_kind.h"
#include "shot_output.h"
#include "text.h"
#include "usage.h"
#include "verdict.h"

#define NAME_COLUMNS   24
#define OPTION_COLUMNS 34

static void print_option(FILE *out, const struct xpf_option *option) {
  char left[128], letter[8] = "    ";

  if (option->letter != 0)
    snprintf(letter, sizeof letter, "-%c, ", option->letter);
  snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->value != NULL ? " " : "",
           option->value != NULL ? option->value : "");
  fprintf(out, "  %-*s %s", OPTION_COLUMNS, left, xpf_text_pick(option->en, option->zh));
  if (option->other_name != NULL) {
    snprintf(left, sizeof left, xpf_text(XPF_TEXT_HELP_OPTION_ALIAS), option->other_name);
    fprintf(out, " (%s)", left);
  }
  fputc('\n', out);
}

void xpf_help_general(FILE *out) {
  xpf_print_line(out, xpf_text(XPF_TEXT_HELP_USAGE), xpf_text(XPF_TEXT_HELP_GENERAL));
  fprintf(out, "\n%s\n\n%s\n", xpf_text(XPF_TEXT_HELP_ABOUT), xpf_text(XPF_TEXT_HELP_COMMANDS));
  for (unsigned i = 0; i < xpf_ctl_commands_count; i++)
    if (!xpf_ctl_commands[i].is_hidden)
      fprintf(out, "  %-*s %s\n", NAME_COLUMNS, xpf_ctl_commands[i].name,
              xpf_text_pick(xpf_ctl_commands[i].summary_en, xpf_ctl_commands[i].summary_zh));
  fprintf(out, "\n%s\n", xpf_text(XPF_TEXT_HELP_OPTIONS));
  for (int i = 0; i < XPF_OPTION_COUNT; i++)
    if (xpf_option_table[i].letter != 0 || i == XPF_OPTION_JSON || i == XPF_OPTION_WAIT ||
        i == XPF_OPTION_TIMEOUT)
      print_option(out, &xpf_option_table[i]);
  fprintf(out, "\n%s\n", xpf_text(XPF_TEXT_HELP_MORE));
}

static void print_shot(FILE *out, const struct xpf_shot_kind *kind) {
  char text[256];
  fprintf(out, "\n%s\n", xpf_text(XPF_TEXT_HELP_SHOT));
  if (kind->default_ms > 0)
    xpf_print_line(out, xpf_text(XPF_TEXT_HELP_SHOT_TIME),
                   xpf_print_duration(kind->default_ms / 1e3, text, sizeof text));
  xpf_print_line(out, xpf_text(XPF_TEXT_HELP_SHOT_FORMATS),
                 xpf_shot_output_formats(kind, text, sizeof text));
}

const char *xpf_help_usage(const struct xpf_ctl_command *command, char *usage, size_t size) {
  bool has_options = (command->options & ~(XPF_OPTION_BIT(JSON) | XPF_OPTION_BIT(HELP) |
                                           XPF_OPTION_BIT(VERSION))) != 0;
  snprintf(usage, size, "xprofctl %s%s%s%s%s%s%s", command->name,
           command->needs_pid ? " -p PID" : "",
           (command->options & XPF_OPTION_BIT(ACTION)) != 0 ? " --action COMMAND" : "",
           command->words != NULL ? " " : "", command->words != NULL ? command->words : "",
           has_options ? " " : "", has_options ? xpf_text(XPF_TEXT_HELP_OPTIONS_WORD) : "");
  return usage;
}

void xpf_help_command(FILE *out, const struct xpf_ctl_command *command) {
  char usage[160];

  xpf_help_usage(command, usage, sizeof usage);
  xpf_print_line(out, xpf_text(XPF_TEXT_HELP_USAGE), usage);
  fprintf(out, "\n%s\n", xpf_text_pick(command->summary_en, command->summary_zh));
  if (command->alias != NULL)
    xpf_print_line(out, xpf_text(XPF_TEXT_HELP_ALIAS), command->alias);
  if (command->takes_many)
    print_shot(out, command->argument);
  fprintf(out, "\n%s\n", xpf_text(XPF_TEXT_HELP_OPTIONS));
  for (int i = 0; i < XPF_OPTION_COUNT; i++)
    if ((command->options & (UINT64_C(1) << i)) != 0 && i != XPF_OPTION_VERSION)
      print_option(out, &xpf_option_table[i]);
  if (command->takes_config) {
    fprintf(out, "\n%s\n", xpf_text(XPF_TEXT_HELP_KEYS));
    xpf_config_option_help(out);
  }
}

static int fail_topic(const struct xpf_invocation *invocation, const char *topic) {
  struct xpf_verdict verdict;
  xpf_usage_unknown_command(&verdict, topic);
  xpf_verdict_print(&verdict, invocation->json);
  return verdict.status;
}

int xpf_cmd_help(const struct xpf_invocation *invocation) {
  const char *topic = invocation->options.words_count > 1 ? invocation->options.words[1] : NULL;
  const struct xpf_ctl_command *command = topic != NULL ? xpf_ctl_command_find(topic) : NULL;

  if (xpf_options_has(&invocation->options, XPF_OPTION_MAN))
    xpf_manual_print(stdout);
  else if (topic == NULL)
    xpf_help_general(stdout);
  else if (command != NULL)
    xpf_help_command(stdout, command);
  else
    return fail_topic(invocation, topic);
  return 0;
}
