/* completion and complete. */
#include <stdio.h>
#include "command_table.h"
#include "completion.h"
#include "text.h"
#include "verdict.h"

int xpf_cmd_completion(const struct xpf_invocation *invocation) {
  struct xpf_verdict verdict;
  const char *shell = invocation->options.words[1];
  const char *script = xpf_completion_script(shell);

  if (script != NULL) {
    fputs(script, stdout);
    return 0;
  }
  xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_COMPLETION_SHELL, shell);
  xpf_verdict_hint(&verdict, XPF_TEXT_USAGE_HINT, "completion");
  xpf_verdict_print(&verdict, invocation->json);
  return verdict.status;
}

int xpf_cmd_complete(const struct xpf_invocation *invocation) {
  xpf_completion_print(stdout, invocation->options.words + 1, invocation->options.words_count - 1);
  return 0;
}
