/* Every setting of xprofd: X(ID, name, kind, default, min, max, value's name, help). Given as
 * --name value, as a line `name = value` of the configuration file, or as XPROFD_NAME in the
 * environment; '-' and '_' are the same. Command line before environment before file. */
#ifndef XPF_DAEMON_SETTING_LIST_H
#define XPF_DAEMON_SETTING_LIST_H
/* clang-format off */
#define XPF_SETTINGS(X)                                                                             \
  X(LISTEN, "listen", TEXT, "127.0.0.1:12300", 0, 0, "HOST:PORT", "Where HTTP is served: console, /metrics, API. Anything but loopback needs token_file, tls_cert and tls_key.") \
  X(RPC_LISTEN, "rpc_listen", TEXT, "127.0.0.1:12307", 0, 0, "HOST:PORT", "Where JSON-RPC is served over TCP; `none` turns it off. Loopback only.") \
  X(TOKEN_FILE, "token_file", TEXT, "", 0, 0, "FILE", "A file whose first line is the bearer token that clients must show; at least 16 characters.") \
  X(TLS_CERT, "tls_cert", TEXT, "", 0, 0, "FILE", "Certificate chain (PEM) of the HTTP server.")     \
  X(TLS_KEY, "tls_key", TEXT, "", 0, 0, "FILE", "Private key (PEM) of the HTTP server.")             \
  X(DATA_DIR, "data_dir", TEXT, "", 0, 0, "DIR", "Where the history and profiles are kept. Default: /var/lib/xprofd for root, else ~/.local/state/xprofd.") \
  X(STORE, "store", TEXT, "sqlite", 0, 0, "ENGINE", "What keeps the history: `sqlite`, or `none`.")  \
  X(KEEP_DAYS, "keep_days", NUMBER, "14", 0.01, 3650, "DAYS", "History and profiles older than this are removed.") \
  X(KEEP_MEGABYTES, "keep_megabytes", NUMBER, "512", 8, 1048576, "MB", "The history takes no more than this on disk (and profiles as much again); the oldest goes first.") \
  X(PLUGIN_DIR, "plugin_dir", TEXT, "", 0, 0, "DIR", "Executables in it are run as plugins, which print metrics. Default: none.") \
  X(PROC_DIR, "proc_dir", TEXT, "/proc", 0, 0, "DIR", "Where the proc file system of the host is mounted.") \
  X(SYS_DIR, "sys_dir", TEXT, "/sys", 0, 0, "DIR", "Where the sys file system of the host is mounted.") \
  X(CONSOLE_DIR, "console_dir", TEXT, "", 0, 0, "DIR", "Serves the console from this folder in place of the built-in one (for who works on it).")
/* clang-format on */
#endif
