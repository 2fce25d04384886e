/**
 * Sees inside a running Node.js process: metrics, CPU, heap and GC profiles, snapshots, reports.
 * Call it as early as possible; may be called in every worker too.
 */
declare function xprofiler(config?: xprofiler.UserConfig): void;

declare namespace xprofiler {
  /** Every key of the configuration. Priority: argument > environment XPROFILER_<KEY> > default. */
  export interface Config {
    /** Directory of logs and profiles. Default `<tmp>/xprofiler-<uid>`. */
    log_dir: string;
    /** Period of the log records, seconds. Default 60. */
    log_interval: number;
    /** 0 info, 1 error, 2 debug; a line is written when its level is not above. Default 1. */
    log_level: number;
    /** 0 file, 1 file and standard output. Default 0. */
    log_type: number;
    /** Write the alinode log format. Default false. */
    log_format_alinode: boolean;
    /** Count HTTP requests. Default true. */
    patch_http: boolean;
    /** A response later than this counts as a timeout, seconds (0.5 is fine). Default 30. */
    patch_http_timeout: number;
    /** start() throws when no socket can be made; otherwise it is only reported. Default true. */
    check_throw: boolean;
    /** Step of the heap limit growth, MB. Default 256. */
    auto_incr_heap_limit_size: number;
    /** Log libuv handles by type. Default true. */
    enable_log_uv_handles: boolean;
    /** Act on V8 fatal errors and out of memory. Default true. */
    enable_fatal_error_hook: boolean;
    /** Write a diagnostic report on a fatal error. Default true. */
    enable_fatal_error_report: boolean;
    /** Write a core file on a fatal error. Default false. */
    enable_fatal_error_coredump: boolean;
    /** Note HTTP requests in CPU profiles. Default false. */
    enable_http_profiling: boolean;
    /** Raise the heap limit of the main thread when it is nearly reached. Default false. */
    enable_auto_incr_heap_limit: boolean;
    /** glibc: fix the mmap threshold so that freed memory goes back. Default false. */
    enable_avoid_rss_leak: boolean;
    /** The threshold of enable_avoid_rss_leak, KB. Default 128. */
    m_mmap_threshold: number;
    /** Format of the log lines. Default xprofiler. */
    log_format: 'xprofiler' | 'alinode' | 'json';
    /** Older log files of ours are deleted, days. Default 30. */
    log_max_age_days: number;
    /** Oldest log files are deleted beyond this total, MB. Default 1024. */
    log_max_total_mb: number;
    /** Oldest profile files (older than an hour) are deleted beyond this total, MB. Default 8192. */
    profile_max_total_mb: number;
    /** The heap limit never grows beyond, MB; 0 = 80 % of the memory of the host or cgroup. Default 0. */
    auto_incr_heap_limit_max: number;
    /** Measure outgoing HTTP requests too. Default true. */
    patch_http_client: boolean;
    /** Mask environment values with secret-looking names in reports. Default true. */
    enable_mask_secrets: boolean;
    /** lazy, or ready: prepared at start, so that starting a profile causes no pause. Default lazy. */
    cpu_profiler: 'lazy' | 'ready';
  }

  /** What a caller may give: numbers also as text, flags also as 'YES' and 'NO'. */
  export type UserConfig = {
    [K in keyof Config]?:
      | Config[K]
      | (Config[K] extends number ? string : never)
      | (Config[K] extends boolean ? 'YES' | 'NO' : never);
  };

  /** Figures by name; the names are those of the log lines. */
  export interface Figures {
    [name: string]: number | string | boolean | null | Figures | Figures[];
  }

  export interface Metrics {
    /** Of the whole process. */
    process: Figures;
    /** Of each JavaScript thread: workers, then the main thread. */
    threads: Figures[];
  }

  export function start(config?: UserConfig): void;
  /** Validates and stores without starting anything; gives the complete configuration. */
  export function setConfig(config: UserConfig): Config;
  /** @throws Error before start() or setConfig() */
  export function getXprofilerConfig(): Config;

  /** Writes one line to the info log; `type` is the line's component. */
  export function info(type: string, content: string): void;
  /** Writes one line to the error log. */
  export function error(type: string, content: string): void;
  /** Writes one line to the debug log. */
  export function debug(type: string, content: string): void;

  // The single steps of start(), for programs that want only some of them.
  /** Starts the periodic log records. */
  export function runLogBypass(): void;
  /** Starts to answer commands. */
  export function runCommandsListener(): void;
  /** Installs the hooks for fatal errors and the heap limit. */
  export function setHooks(): void;
  /** Applies enable_avoid_rss_leak. */
  export function initMallopt(): void;

  /** The present figures as an object. */
  export function metrics(): Metrics;
  /** The present figures in the Prometheus text format. */
  export function prometheus(): string;

  export { xprofiler as default };
}

export = xprofiler;
