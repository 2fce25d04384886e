/* Why a file could not be read, and where. Filled by readers, made a sentence of where a human
 * asked. Inline: private to the readers of this folder and to who prints it. */
#ifndef XPF_FORMAT_READ_ERROR_H
#define XPF_FORMAT_READ_ERROR_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "format/source.h"

/* X(ID, English, Chinese); %s is the detail: a field, a word. */
#define XPF_READ_REASONS(X)                                                                        \
  X(NONE, "no error%s", "没有错误%s")                                                              \
  X(TRUNCATED, "the file ends in the middle%s", "文件不完整%s")                                    \
  X(EMPTY, "the file is empty%s", "文件为空%s")                                                    \
  X(SYNTAX, "that is not valid: %s", "格式错误: %s")                                               \
  X(MISSING, "%s is missing", "缺少 %s")                                                           \
  X(WRONG_TYPE, "%s has the wrong type", "%s 类型错误")                                            \
  X(OUT_OF_RANGE, "%s is out of range", "%s 超出范围")                                             \
  X(UNKNOWN_ID, "%s is the id of nothing", "%s 引用的 id 不存在")                                  \
  X(TWICE, "%s occurs twice", "%s 重复")                                                           \
  X(NO_TREE, "the nodes are no tree: %s", "节点不构成树: %s")                                      \
  X(TOO_DEEP, "it is nested too deeply%s", "嵌套过深%s")                                           \
  X(TOO_LARGE, "%s is too large", "%s 过大")                                                       \
  X(GZIP, "the gzip data are damaged%s", "gzip 数据已损坏%s")                                      \
  X(UNKNOWN_FORMAT, "the format is not known%s", "无法识别的格式%s")                               \
  X(INPUT, "reading failed: %s", "读取失败: %s")                                                   \
  X(MEMORY, "out of memory%s", "内存不足%s")

enum xpf_read_reason {
#define XPF_READ_REASON_ENUM(id, en, zh) XPF_READ_##id,
  XPF_READ_REASONS(XPF_READ_REASON_ENUM)
#undef XPF_READ_REASON_ENUM
};

struct xpf_read_error {
  enum xpf_read_reason reason;
  uint64_t offset; /* of the (unpacked) bytes */
  char detail[96];
};

/* Keeps the first error. -EINVAL or another code is what readers return; this returns -1 so that
 * `return xpf_read_fail(…)` is short. */
static inline int xpf_read_fail(struct xpf_read_error *error, enum xpf_read_reason reason,
                                uint64_t offset, const char *detail) {
  if (error->reason == XPF_READ_NONE) {
    error->reason = reason;
    error->offset = offset;
    snprintf(error->detail, sizeof(error->detail), "%s", detail);
  }
  return -1;
}

/* The source itself failed. -1. */
static inline int xpf_read_fail_source(struct xpf_read_error *error,
                                       const struct xpf_source *source) {
  enum xpf_read_reason reason = source->error == -EBADMSG   ? XPF_READ_GZIP
                                : source->error == -ENODATA ? XPF_READ_TRUNCATED
                                                            : XPF_READ_INPUT;
  return xpf_read_fail(error, reason, xpf_source_offset(source),
                       reason == XPF_READ_INPUT ? strerror(-source->error) : "");
}

/* What a reader returns when it failed. */
static inline int xpf_read_code(const struct xpf_read_error *error) {
  if (error->reason == XPF_READ_NONE)
    return 0;
  return error->reason == XPF_READ_MEMORY  ? -ENOMEM
         : error->reason == XPF_READ_INPUT ? -EIO
                                           : -EINVAL;
}
#endif
