/* The one-shot commands: cpu, heap, alloc, gc, snapshot, report. Start, watch, stop, wait for the
 * complete file, tell what is in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "command_table.h"
#include "print.h"
#include "shot.h"
#include "shot_report.h"
#include "text.h"

static int fail(const struct xpf_verdict *verdict, bool json) {
  xpf_verdict_print(verdict, json);
  return verdict->status;
}

/* The options that go to the target; time, thread and the rest are the work of shot.c. */
static cJSON *make_params(const struct xpf_invocation *invocation) {
  cJSON *params = xpf_options_params(&invocation->options);
  cJSON_DeleteItemFromObjectCaseSensitive(params, "thread_id");
  cJSON_DeleteItemFromObjectCaseSensitive(params, "profiling_time");
  return params;
}

static int fill(struct xpf_shots *shots, const struct xpf_shot_targets *targets) {
  shots->items = calloc(targets->count, sizeof *shots->items);
  if (shots->items == NULL)
    return -ENOMEM;
  shots->count = targets->count;
  for (size_t i = 0; i < targets->count; i++) {
    shots->items[i].target = targets->items[i];
    shots->items[i].files.root = -1;
  }
  return 0;
}

static int shoot(const struct xpf_invocation *invocation, const struct xpf_shot_targets *targets,
                 const struct xpf_shot_output *output) {
  const struct xpf_options *options = &invocation->options;
  struct xpf_verdict verdict;
  struct xpf_shots shots = {.kind = invocation->command->argument,
                            .command = invocation->command->name};
  cJSON *params = make_params(invocation);
  int status;

  shots.params = params;
  shots.total_ms = xpf_options_has(options, XPF_OPTION_TIME)
                       ? options->values[XPF_OPTION_TIME].number
                       : shots.kind->default_ms;
  shots.timeout_ms = xpf_options_has(options, XPF_OPTION_TIMEOUT) ? invocation->timeout_ms : 0;
  int error = params != NULL ? fill(&shots, targets) : -ENOMEM;
  if (error == 0)
    error = xpf_shots_run(&shots);
  if (error == 0) {
    status = xpf_shot_report(invocation, &shots, output);
  } else {
    xpf_verdict_set(&verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
    status = fail(&verdict, invocation->json);
  }
  xpf_shots_free(&shots);
  cJSON_Delete(params);
  return status;
}

int xpf_cmd_profile(const struct xpf_invocation *invocation) {
  struct xpf_shot_targets targets;
  struct xpf_shot_output output;
  struct xpf_verdict verdict;

  int status = xpf_shot_targets_choose(&targets, invocation, &verdict);
  if (status == 0)
    status = xpf_shot_output_plan(&output, invocation, targets.count, &verdict);
  if (status == 0)
    status = shoot(invocation, &targets, &output);
  else
    fail(&verdict, invocation->json);
  xpf_shot_targets_free(&targets);
  return status;
}
