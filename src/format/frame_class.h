/* What kind of code a call frame is, and whose. From its name and url alone, so it says the same of
 * every format. Pure. [any] */
#ifndef XPF_FORMAT_FRAME_CLASS_H
#define XPF_FORMAT_FRAME_CLASS_H
#include <stddef.h>

/* X(ID, word of files and of --json, words for a person) */
#define XPF_FRAME_CLASSES(X)                                                                       \
  X(ROOT, "root", "root")                   /* (root) */                                           \
  X(PROGRAM, "program", "native (program)") /* (program): not JavaScript, not idle */              \
  X(IDLE, "idle", "idle")                   /* (idle) */                                           \
  X(GC, "gc", "garbage collector")          /* (garbage collector), and those of .gcprofile */     \
  X(JS, "js", "application")                /* a script of the application */                      \
  X(PACKAGE, "package", "package")          /* below a node_modules */                             \
  X(NODE, "node", "node internal")          /* node:…, and internal/… of old versions */       \
  X(WASM, "wasm", "WebAssembly")                                                                   \
  X(NATIVE, "native", "native") /* no url: V8's builtins, C++, other languages */

enum xpf_frame_class {
#define XPF_FRAME_CLASS_ENUM(id, word, title) XPF_FRAME_##id,
  XPF_FRAME_CLASSES(XPF_FRAME_CLASS_ENUM)
#undef XPF_FRAME_CLASS_ENUM
      XPF_FRAME_CLASSES_COUNT
};

enum xpf_frame_class xpf_frame_class_of(const char *function_name, const char *url);
/* "js" of XPF_FRAME_JS. */
const char *xpf_frame_class_word(enum xpf_frame_class frame_class);
const char *xpf_frame_class_title(enum xpf_frame_class frame_class);
/* The npm package a url lies in, "lodash" or "@scope/name": a part of the url (not terminated), its
 * size in *size; NULL outside node_modules. The innermost one counts. */
const char *xpf_frame_package(const char *url, size_t *size);
/* The url as a person wants it: without file:// and with %20 … decoded. Returns buffer; what does
 * not fit is cut. */
const char *xpf_frame_path(const char *url, char *buffer, size_t size);
/* "(anonymous)" for an empty name. */
const char *xpf_frame_name(const char *function_name);
#endif
