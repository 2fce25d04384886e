/* The wire between xprofiler's core, xprofctl, xprofd and lib/xctl.js.
 *
 * JSON-RPC 2.0, UTF-8, one message a line ('\n'), over a Unix stream socket `<private
 * dir>/<pid>.sock`. The private directory is `xprofiler-<uid>` (mode 0700) inside the first usable
 * of XPF_RUNTIME_ROOTS. A client may send any number of requests; replies carry the id of their
 * request and may come in any order. Change XPF_PROTOCOL_VERSION when an old client would misread a
 * new server.
 */
#ifndef XPF_PROTOCOL_H
#define XPF_PROTOCOL_H

#define XPF_PROTOCOL_VERSION 1

/* Longest accepted line, its newline not counted. A longer one is answered with an error and
 * skipped. */
#define XPF_LINE_MAX_BYTES (1024 * 1024)
/* Connections served at once. One more takes the place of the longest-idle one without work; when
 * all have work it is answered with XPF_RPC_BUSY and closed. */
#define XPF_CLIENTS_MAX 256
/* Requests in work on one connection; one more is answered with XPF_RPC_BUSY. */
#define XPF_REQUESTS_MAX 64
/* A connection with nothing in work is closed after this time without a byte. */
#define XPF_IDLE_MS 60000
/* A client that does not read is closed once this much waits for it. */
#define XPF_OUTPUT_MAX_BYTES (8 * 1024 * 1024)
/* Without `wait`, a command that a blocked thread has not begun yet is answered after this time. */
#define XPF_PENDING_MS 1000
/* How often a waiting client is sent a `progress` notification. */
#define XPF_PROGRESS_MS 1000

/* Where the private directory is looked for, in this order, by both sides. */
#define XPF_RUNTIME_ROOTS                                                                          \
  { "/tmp", "/var/tmp", "/dev/shm" }
#define XPF_RUNTIME_DIR_FORMAT "xprofiler-%u"
#define XPF_SOCKET_FORMAT      "%d.sock"

/* Error codes: the five of JSON-RPC 2.0, then ours. X(name, code, what it means). */
#define XPF_RPC_ERRORS(X)                                                                          \
  X(XPF_RPC_PARSE, -32700, "the line is not JSON, not UTF-8 or too long")                          \
  X(XPF_RPC_INVALID, -32600, "the JSON is not a request")                                          \
  X(XPF_RPC_METHOD, -32601, "unknown method")                                                      \
  X(XPF_RPC_PARAMS, -32602, "a parameter has a wrong type or value; data.field names it")          \
  X(XPF_RPC_INTERNAL, -32603, "the target failed; the message says how")                           \
  X(XPF_RPC_REFUSED, -32000, "not possible in the present state")                                  \
  X(XPF_RPC_THREAD, -32001, "no such thread, or it ended before the work began")                   \
  X(XPF_RPC_ENDED, -32002, "the thread or process ended in the middle of the work")                \
  X(XPF_RPC_IO, -32003, "a file could not be written")                                             \
  X(XPF_RPC_CANCELLED, -32004, "cancelled by the client")                                          \
  X(XPF_RPC_BUSY, -32005, "too many clients or requests")                                          \
  X(XPF_RPC_UNSUPPORTED, -32006, "this platform or Node version cannot do it")                     \
  X(XPF_RPC_MEMORY, -32007, "the memory budget would be or was exceeded")

enum xpf_rpc_code {
#define XPF_RPC_ENUM(name, code, meaning) name = code,
  XPF_RPC_ERRORS(XPF_RPC_ENUM)
#undef XPF_RPC_ENUM
};

#endif
