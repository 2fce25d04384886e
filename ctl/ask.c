#include "ask.h"
#include "target.h"

int xpf_ask(const struct xpf_invocation *invocation, const char *method, cJSON *take_params,
            cJSON **result) {
  struct xpf_verdict verdict;
  struct xpf_fault fault = {0};
  struct xpf_client *client;
  int timeout_ms = invocation->timeout_ms;

  *result = NULL;
  int status = xpf_target_open(&client, invocation->pid, timeout_ms, &verdict);
  if (status == 0) {
    int error =
        xpf_client_call(client, method, take_params, timeout_ms, NULL, NULL, result, &fault);
    take_params = NULL;
    if (error != 0)
      status = xpf_target_explain(&verdict, invocation->pid, error, timeout_ms, &fault);
    xpf_client_close(client);
  }
  cJSON_Delete(take_params);
  if (status != 0)
    xpf_verdict_print(&verdict, invocation->json);
  return status;
}
