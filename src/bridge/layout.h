/* Where V8 keeps what a debugger needs: read once from the `v8dbg_*` constants that Node exports
 * for post-mortem debuggers, so that no V8 version is asked for. What those do not tell is derived
 * in layout.cc, each time from a constant that changed together with it. Offsets are bytes from the
 * untagged object or from the frame pointer. */
#ifndef XPF_BRIDGE_LAYOUT_H
#define XPF_BRIDGE_LAYOUT_H

#include <cstdint>

constexpr int XPF_LAYOUT_EXITS_MAX = 8;
constexpr uint64_t XPF_LAYOUT_NO_MARKER = ~UINT64_C(0);

struct xpf_layout {
  bool usable; /* false: this Node does not tell enough, or compresses pointers */

  /* frames: slots, and the markers that frames without a function carry in their type slot */
  int fp_type, fp_function, fp_bytecode_array, fp_bytecode_offset;
  uint64_t entry_markers[2], construct_markers[2], exit_markers[XPF_LAYOUT_EXITS_MAX];

  /* instance types */
  int map_type, first_function_type, last_function_type, shared_type, scope_info_type, script_type;
  int debug_info_type, bytecode_array_type, position_table_type;

  /* fields */
  int object_map, map_instance_type;
  int function_shared, shared_name, shared_script;
  int script_name, script_source, script_line_offset, script_eval_from;
  int string_length, string_chars, cons_first, cons_second, sliced_parent, sliced_offset;
  int thin_actual, external_resource;
  int array_length, array_data;
  int bytecode_data, bytecode_positions;

  /* strings: bits of the instance type */
  int not_string_mask, representation_mask, encoding_mask, one_byte_tag;
  int seq_tag, cons_tag, external_tag, sliced_tag, thin_tag;

  int scope_locals; /* index of the count of context locals, from the first field */
  int scope_first;  /* index of the first variable part */
};

/* [any] The answer is the same for the whole life of the process. Not async-signal-safe. */
void xpf_layout_read(struct xpf_layout *out);

#endif
