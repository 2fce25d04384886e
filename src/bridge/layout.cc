#include "bridge/layout.h"

#include <cstddef>
#include <cstdio>
#include <dlfcn.h>

/* Field sizes of 64-bit V8 without pointer compression, which is all that Node ships. */
static constexpr int WORD = 8;
static constexpr int SMI_SHIFT = 31;

namespace {
struct constant {
  int xpf_layout::*field;
  const char *names[4]; /* the first that exists; without any the layout is unusable */
};
} // namespace

static const struct constant CONSTANTS[] = {
    {&xpf_layout::fp_type, {"off_fp_context_or_frame_type", "off_fp_context"}},
    {&xpf_layout::fp_function, {"off_fp_function"}},
    {&xpf_layout::fp_bytecode_array, {"off_fp_bytecode_array"}},
    {&xpf_layout::fp_bytecode_offset, {"off_fp_bytecode_offset"}},
    {&xpf_layout::map_type, {"type_Map__MAP_TYPE"}},
    {&xpf_layout::first_function_type,
     {"FirstJSFunctionType", "type_JSFunction__JS_FUNCTION_TYPE"}},
    {&xpf_layout::shared_type, {"type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE"}},
    {&xpf_layout::scope_info_type, {"type_ScopeInfo__SCOPE_INFO_TYPE"}},
    {&xpf_layout::script_type, {"type_Script__SCRIPT_TYPE"}},
    {&xpf_layout::debug_info_type, {"type_DebugInfo__DEBUG_INFO_TYPE"}},
    {&xpf_layout::bytecode_array_type, {"type_BytecodeArray__BYTECODE_ARRAY_TYPE"}},
    {&xpf_layout::object_map, {"class_HeapObject__map__Map"}},
    {&xpf_layout::map_instance_type, {"class_Map__instance_type__uint16_t"}},
    {&xpf_layout::function_shared, {"class_JSFunction__shared__SharedFunctionInfo"}},
    {&xpf_layout::shared_name,
     {"class_SharedFunctionInfo__name_or_scope_info__Object",                     /* Node 18, 20 */
      "class_SharedFunctionInfo__name_or_scope_info__Tagged_Object_",             /* 22 */
      "class_SharedFunctionInfo__name_or_scope_info__Tagged_NameOrScopeInfoT_"}}, /* 24, 26 */
    {&xpf_layout::shared_script,
     {"class_SharedFunctionInfo__script_or_debug_info__HeapObject", /* 18, 20 */
      "class_SharedFunctionInfo__script__Tagged_HeapObject_",       /* 22 … 26 */
      "class_SharedFunctionInfo__raw_script__Tagged_Object_"}},
    {&xpf_layout::script_name, {"class_Script__name__Object"}},
    {&xpf_layout::script_source, {"class_Script__source__Object"}},
    {&xpf_layout::script_eval_from,
     {"class_Script__eval_from_shared_or_wrapped_arguments_or_sfi_table__Object", /* 18 */
      "class_Script__eval_from_shared_or_wrapped_arguments__Object",              /* 20 */
      "class_Script__eval_from_shared_or_wrapped_arguments__Tagged_Object_"}},    /* 22 … 26 */
    {&xpf_layout::string_length, {"class_String__length__int32_t"}},
    {&xpf_layout::string_chars, {"class_SeqOneByteString__chars__char"}},
    {&xpf_layout::cons_first, {"class_ConsString__first__String"}},
    {&xpf_layout::cons_second, {"class_ConsString__second__String"}},
    {&xpf_layout::sliced_parent, {"class_SlicedString__parent__String"}},
    {&xpf_layout::sliced_offset, {"class_SlicedString__offset__SMI"}},
    {&xpf_layout::thin_actual, {"class_ThinString__actual__String"}},
    {&xpf_layout::external_resource, {"class_ExternalString__resource__Object"}},
    {&xpf_layout::array_length, {"class_FixedArrayBase__length__SMI"}},
    {&xpf_layout::array_data, {"class_FixedArray__data__uintptr_t"}},
    {&xpf_layout::bytecode_data, {"class_BytecodeArray__data__uintptr_t"}},
    {&xpf_layout::not_string_mask, {"IsNotStringMask"}},
    {&xpf_layout::representation_mask, {"StringRepresentationMask"}},
    {&xpf_layout::encoding_mask, {"StringEncodingMask"}},
    {&xpf_layout::one_byte_tag, {"OneByteStringTag"}},
    {&xpf_layout::seq_tag, {"SeqStringTag"}},
    {&xpf_layout::cons_tag, {"ConsStringTag"}},
    {&xpf_layout::external_tag, {"ExternalStringTag"}},
    {&xpf_layout::sliced_tag, {"SlicedStringTag"}},
    {&xpf_layout::thin_tag, {"ThinStringTag"}},
    {&xpf_layout::scope_locals, {"scopeinfo_idx_ncontextlocals"}},
    {&xpf_layout::scope_first, {"scopeinfo_idx_first_vars"}},
};

static bool constant_find(const char *name, int *out) {
  char symbol[128];
  std::snprintf(symbol, sizeof symbol, "v8dbg_%s", name);
  const void *address = dlsym(RTLD_DEFAULT, symbol);
  if (address == nullptr)
    return false;
  *out = *static_cast<const int *>(address);
  return true;
}

static bool constants_read(struct xpf_layout *out) {
  for (const struct constant &constant : CONSTANTS) {
    bool found = false;
    for (const char *name : constant.names)
      if (!found && name != nullptr)
        found = constant_find(name, &(out->*constant.field));
    if (!found)
      return false;
  }
  return true;
}

/* A frame type is marked by the number shifted as a Smi of 32 bits. */
static uint64_t marker_find(const char *frame) {
  char name[96];
  int type;
  std::snprintf(name, sizeof name, "frametype_%s", frame);
  if (!constant_find(name, &type) || type <= 0)
    return XPF_LAYOUT_NO_MARKER;
  return static_cast<uint64_t>(type) << 1;
}

static bool markers_read(struct xpf_layout *out) {
  static const char *const exits[XPF_LAYOUT_EXITS_MAX] = {"ExitFrame",
                                                          "BuiltinExitFrame",
                                                          "ApiCallbackExitFrame",      /* 22 … */
                                                          "ApiAccessorExitFrame",      /* 24 */
                                                          "ApiNamedAccessorExitFrame", /* 26 */
                                                          "ApiIndexedAccessorExitFrame", /* 26 */
                                                          "ApiConstructExitFrame",       /* 26 */
                                                          "WasmExitFrame"};
  for (int i = 0; i < XPF_LAYOUT_EXITS_MAX; i++)
    out->exit_markers[i] = marker_find(exits[i]);
  out->entry_markers[0] = marker_find("EntryFrame");
  out->entry_markers[1] = marker_find("ConstructEntryFrame");
  out->construct_markers[0] = marker_find("ConstructFrame");
  out->construct_markers[1] = marker_find("FastConstructFrame"); /* 24 … */
  return out->entry_markers[0] != XPF_LAYOUT_NO_MARKER &&
         out->exit_markers[0] != XPF_LAYOUT_NO_MARKER;
}

/* The types of functions follow each other; before Node 22 only the first of them is told. */
static void function_types_derive(struct xpf_layout *out) {
  if (!constant_find("LastJSFunctionType", &out->last_function_type))
    out->last_function_type = out->first_function_type + 16;
}

static void fields_derive(struct xpf_layout *out) {
  out->script_line_offset = out->script_name + WORD;
  /* Since Node 22 bytecode lives in trusted space, has a wrapper, and its tables come in another
   * order and are of another type. */
  int wrapper;
  bool trusted = constant_find("class_BytecodeArray__wrapper__Tagged_BytecodeWrapper_", &wrapper);
  out->bytecode_positions = trusted ? wrapper + WORD : out->array_length + 3 * WORD;
  if (!trusted ||
      !constant_find("type_TrustedByteArray__TRUSTED_BYTE_ARRAY_TYPE", &out->position_table_type))
    if (!constant_find("type_ByteArray__BYTE_ARRAY_TYPE", &out->position_table_type))
      out->position_table_type = -1;
}

static bool words_fit() {
  int tagged_size, smi_shift;
  return constant_find("TaggedSize", &tagged_size) && tagged_size == WORD &&
         constant_find("SmiShiftSize", &smi_shift) && smi_shift == SMI_SHIFT;
}

void xpf_layout_read(struct xpf_layout *out) {
  *out = {};
  out->usable = words_fit() && constants_read(out) && markers_read(out);
  function_types_derive(out);
  fields_derive(out);
}
