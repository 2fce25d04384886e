/* xprofctl: looks inside running Node.js processes that use xprofiler. */
#include <stdio.h>
#include <string.h>
#include "command_table.h"
#include "help.h"
#include "print.h"
#include "text.h"
#include "usage.h"
#include "verdict.h"
#include "xpf_version.h"
#include "xpf_protocol.h"

/* A script that asked for JSON gets JSON, even when another word of its line is wrong. */
static bool wants_json(int argc, char **argv) {
  for (int i = 0; i < argc; i++)
    if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--json=true") == 0)
      return true;
  return false;
}

static void print_version(bool json) {
  if (!json) {
    puts(XPF_VERSION);
    return;
  }
  cJSON *data = cJSON_CreateObject();
  cJSON_AddStringToObject(data, "version", XPF_VERSION);
  cJSON_AddNumberToObject(data, "protocol", XPF_PROTOCOL_VERSION);
  xpf_print_json_done(data);
  cJSON_Delete(data);
}

static int fail_usage(struct xpf_verdict *verdict, const struct xpf_invocation *invocation,
                      const char *message) {
  const struct xpf_options *options = &invocation->options;
  const struct xpf_ctl_command *command =
      options->words_count > 0 ? xpf_ctl_command_find(options->words[0]) : NULL;

  xpf_verdict_set_text(verdict, XPF_REASON_USAGE, message);
  if (command != NULL)
    xpf_verdict_hint(verdict, XPF_TEXT_USAGE_HINT, command->name);
  else
    xpf_verdict_hint(verdict, XPF_TEXT_USAGE_HINT_GENERAL);
  xpf_verdict_print(verdict, invocation->json);
  return verdict->status;
}

static int run(struct xpf_invocation *invocation, int argc, char **argv) {
  struct xpf_verdict verdict;
  char message[512];
  const struct xpf_options *options = &invocation->options;

  invocation->json = wants_json(argc, argv);
  if (xpf_options_parse(&invocation->options, argc, argv, message, sizeof message) != 0)
    return fail_usage(&verdict, invocation, message);
  if (xpf_options_has(options, XPF_OPTION_VERSION)) {
    print_version(invocation->json);
    return 0;
  }
  if (xpf_options_has(options, XPF_OPTION_HELP) && options->words_count == 0) {
    xpf_help_general(stdout);
    return 0;
  }
  int status = xpf_usage_check(invocation, &verdict);
  if (status != 0) {
    xpf_verdict_print(&verdict, invocation->json);
    return status;
  }
  if (xpf_options_has(options, XPF_OPTION_HELP)) {
    xpf_help_command(stdout, invocation->command);
    return 0;
  }
  return invocation->command->exec(invocation);
}

int main(int argc, char **argv) {
  static char line[1024];
  struct xpf_invocation invocation = {0};

  /* Unbuffered, a sentence would leave byte by byte and mix with those of other programs. */
  setvbuf(stderr, line, _IOLBF, sizeof line);
  xpf_text_choose();
  int status = run(&invocation, argc > 0 ? argc - 1 : 0, argv + 1);
  xpf_options_free(&invocation.options);
  int error = xpf_print_finish();
  if (error != 0) {
    xpf_print_line(stderr, xpf_text(XPF_TEXT_OUTPUT_LOST), strerror(-error));
    status = status != 0 ? status : XPF_EXIT_FAILED;
  }
  return status;
}
