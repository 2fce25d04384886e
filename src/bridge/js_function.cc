#include "bridge/js_function.h"

#include "bridge/object_text.h"

/* Bits of a ScopeInfo's flags, the same since V8 10. */
static constexpr uint32_t HAS_SAVED_CLASS = 1U << 10;
static constexpr uint32_t FUNCTION_NAME_MASK = 3U << 12;
static constexpr uint32_t HAS_INFERRED_NAME = 1U << 14;

/* From this number on the names of locals are in a hash table of one slot. */
static constexpr int64_t INLINED_NAMES_MAX = 75;
static constexpr int64_t LOCALS_MAX = 1 << 16;

namespace {
/* The parts of a ScopeInfo that follow the locals. */
struct scope {
  const struct xpf_layout *layout;
  uint64_t info;
  uint32_t flags;
  int64_t next; /* index of the first part */
};
} // namespace

static bool scope_word(const struct scope *scope, int64_t index, uint64_t *out) {
  return xpf_object_word(scope->info, static_cast<int>(8 + 8 * index), out);
}

static bool scope_smi(const struct scope *scope, int64_t index, int64_t *out) {
  uint64_t word;
  if (!scope_word(scope, index, &word) || !xpf_object_is_smi(word))
    return false;
  *out = xpf_object_smi(word);
  return true;
}

/* Node 18 … 22 keep the flags as a Smi, later ones as a plain number: half of the word is 0. */
static bool scope_open(const struct xpf_layout *layout, uint64_t info, struct scope *out) {
  uint64_t flags;
  int64_t locals;
  *out = {layout, info, 0, layout->scope_first};
  if (!xpf_object_is(layout, info, layout->scope_info_type) || !scope_word(out, 0, &flags) ||
      !scope_smi(out, layout->scope_locals, &locals) || locals < 0 || locals > LOCALS_MAX)
    return false;
  out->flags = static_cast<uint32_t>(xpf_object_is_smi(flags) ? flags >> 32 : flags);
  int64_t names = locals;
  uint64_t first;
  if (locals >= INLINED_NAMES_MAX && scope_word(out, layout->scope_first, &first) &&
      !xpf_object_is_string(layout, first))
    names = 1;
  out->next += names + locals + ((out->flags & HAS_SAVED_CLASS) != 0 ? 1 : 0);
  return true;
}

/* The name it was given, else the one V8 inferred from an assignment, else none. */
static void scope_name(const struct scope *scope, char *out, size_t size) {
  int64_t at = scope->next;
  uint64_t word;
  if ((scope->flags & FUNCTION_NAME_MASK) != 0) {
    if (scope_word(scope, at, &word) && xpf_object_text(scope->layout, word, out, size) &&
        out[0] != '\0')
      return;
    at += 2;
  }
  if ((scope->flags & HAS_INFERRED_NAME) != 0 && scope_word(scope, at, &word))
    xpf_object_text(scope->layout, word, out, size);
}

/* Since Node 24 the start and end of the text lie before the locals, earlier after the names; those
 * scopes that have none have an object there. -1: unknown. */
static int64_t scope_start(const struct scope *scope) {
  const int header = scope->layout->scope_locals + 1;
  int64_t at = header, start, end;
  if (scope->layout->scope_first == header)
    at = scope->next + ((scope->flags & FUNCTION_NAME_MASK) != 0 ? 2 : 0) +
         ((scope->flags & HAS_INFERRED_NAME) != 0 ? 1 : 0);
  bool fits =
      scope_smi(scope, at, &start) && scope_smi(scope, at + 1, &end) && start >= 0 && start <= end;
  return fits ? start : -1;
}

/* Is this a JSFunction with a SharedFunctionInfo? */
static bool is_function(const struct xpf_layout *layout, uint64_t function) {
  int type = xpf_object_type(layout, function);
  uint64_t shared;
  return type >= layout->first_function_type && type <= layout->last_function_type &&
         xpf_object_word(function, layout->function_shared, &shared) &&
         xpf_object_is(layout, shared, layout->shared_type);
}

/* With a debugger attached Node 18 and 20 keep the script behind a DebugInfo. */
static bool script_find(const struct xpf_layout *layout, uint64_t shared, uint64_t *script) {
  uint64_t slot;
  if (!xpf_object_word(shared, layout->shared_script, &slot))
    return false;
  *script = slot;
  if (xpf_object_is(layout, slot, layout->script_type))
    return true;
  if (!xpf_object_is(layout, slot, layout->debug_info_type))
    return false;
  for (int offset = 8; offset <= 32; offset += 8)
    if (xpf_object_word(slot, offset, script) &&
        xpf_object_is(layout, *script, layout->script_type))
      return true;
  return false;
}

static void place_fill(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                       uint64_t script, int64_t position, struct xpf_js_frame *out) {
  uint64_t source, line_offset;
  struct xpf_source_place place;
  if (position < 0 || !xpf_object_word(script, layout->script_source, &source) ||
      !xpf_source_place(layout, scan, source, position, &place))
    return;
  out->line = place.line;
  out->column = place.column;
  if (xpf_object_word(script, layout->script_line_offset, &line_offset) &&
      xpf_object_is_smi(line_offset) && xpf_object_smi(line_offset) > 0)
    out->line += static_cast<int>(xpf_object_smi(line_offset));
}

static void script_fill(const struct xpf_layout *layout, uint64_t script,
                        struct xpf_js_frame *out) {
  uint64_t name, eval_from;
  out->is_user_javascript = true;
  if (xpf_object_word(script, layout->script_name, &name))
    xpf_object_text(layout, name, out->script, sizeof out->script);
  out->is_eval = xpf_object_word(script, layout->script_eval_from, &eval_from) &&
                 xpf_object_is(layout, eval_from, layout->shared_type);
}

bool xpf_js_function_describe(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                              uint64_t function, int64_t position, struct xpf_js_frame *out) {
  uint64_t shared, name, script;
  struct scope scope;
  int64_t start = -1;
  if (!is_function(layout, function) ||
      !xpf_object_word(function, layout->function_shared, &shared) ||
      !xpf_object_word(shared, layout->shared_name, &name))
    return false;
  if (scope_open(layout, name, &scope)) {
    scope_name(&scope, out->function, sizeof out->function);
    start = scope_start(&scope);
  } else if (!xpf_object_is_smi(name) &&
             !xpf_object_text(layout, name, out->function, sizeof out->function)) {
    return false;
  }
  if (script_find(layout, shared, &script)) {
    script_fill(layout, script, out);
    out->is_function_start = position < 0;
    place_fill(layout, scan, script, position >= 0 ? position : start, out);
  }
  return true;
}
