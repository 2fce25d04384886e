// links: src/daemon/rpc_files.c src/daemon/rpc_answer.c src/daemon/rpc_perf_parse.c
// links: src/host/proc_text.c src/host/proc_grid.c src/format/json.c src/format/sink.c
// links: src/wire/ -lcjson -lm
/* Files of the kernel and output of perf as answers of JSON-RPC: whatever they hold, the answer is
 * one JSON object. The first byte says which parser. */
#include "daemon/rpc_files.h"
#include "daemon/rpc_perf_parse.h"
#include "fuzz.h"
#include "host/proc_grid.h"

static void (*const PARSERS[])(struct xpf_rpc_call *call, char *text) = {
#define PARSER(name) xpf_rpc_parse_##name,
    XPF_RPC_PARSERS(PARSER)
#undef PARSER
        xpf_rpc_parse_perf_report,
    xpf_rpc_parse_perf_script,
};
#define COUNT (sizeof PARSERS / sizeof PARSERS[0])

static void grid(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size);
  struct xpf_proc_grid_form form = {.columns = xpf_proc_grid_header_words(text), .skip_lines = 1};
  struct xpf_proc_grid grid;
  if (form.columns > 64)
    form.columns = 64;
  require(xpf_proc_grid_parse(&grid, text, &form) == 0);
  for (size_t row = 0; row < grid.count; row++) {
    require(grid.rows[row].name[0] != '\0');
    for (unsigned column = 0; column < form.columns; column++) {
      double growth = xpf_proc_grid_growth(&grid, &grid, row, column);
      require(!(growth < 0));
    }
  }
  xpf_proc_grid_free(&grid);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct xpf_rpc_method METHOD = {.name = "fuzz", .how = XPF_RPC_POOL};
  if (size == 0)
    return 0;
  struct xpf_rpc_call call = {.method = &METHOD, .at_ms = 1};
  xpf_memory_sink_init(&call.out, XPF_RPC_ANSWER_MAX);
  xpf_json_init(&call.json, &call.out.sink, false);
  char *text = fuzz_text(data + 1, size - 1);
  xpf_rpc_json_begin(&call, "fuzz");
  PARSERS[data[0] % COUNT](&call, text);
  xpf_rpc_json_end(&call);
  cJSON *root = cJSON_Parse(call.out.data);
  require(cJSON_IsObject(root));
  cJSON_Delete(root);
  free(text);
  xpf_memory_sink_free(&call.out);
  grid(data + 1, size - 1);
  return 0;
}
