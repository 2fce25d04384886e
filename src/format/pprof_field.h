/* The fields of a pprof Profile by number, and how its parts are told apart: what its reader and
 * its writer need besides the messages. Private to them. */
#ifndef XPF_FORMAT_PPROF_FIELD_H
#define XPF_FORMAT_PPROF_FIELD_H

enum xpf_pprof_field {
  XPF_PPROF_SAMPLE_TYPE = 1,
  XPF_PPROF_SAMPLE = 2,
  XPF_PPROF_MAPPING = 3,
  XPF_PPROF_LOCATION = 4,
  XPF_PPROF_FUNCTION = 5,
  XPF_PPROF_STRING_TABLE = 6,
  XPF_PPROF_TIME_NANOS = 9,
  XPF_PPROF_DURATION_NANOS = 10,
  XPF_PPROF_PERIOD_TYPE = 11,
  XPF_PPROF_PERIOD = 12,
  XPF_PPROF_DEFAULT_SAMPLE_TYPE = 14,
  XPF_PPROF_FIELD_LAST = 15
};

/* Wire types of protocol buffers. */
#define XPF_PPROF_VARINT  0
#define XPF_PPROF_FIXED64 1
#define XPF_PPROF_BYTES   2
#define XPF_PPROF_FIXED32 5
#endif
