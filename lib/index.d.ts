/// <reference types="node" />
import type { IncomingMessage, ServerResponse } from 'node:http';

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
    log_level: 0 | 1 | 2;
    /** 0 file, 1 file and standard output. Default 0. */
    log_type: 0 | 1;
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
      | (Config[K] extends number ? number | string : never)
      | (Config[K] extends boolean ? 'YES' | 'NO' : never);
  };

  /** A configuration or a part of one, by the name that it has in version 3. */
  export interface XprofilerConfig extends Partial<Config> {}

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
  /**
   * Validates and stores without starting anything; gives the complete configuration.
   * @throws TypeError without a configuration
   */
  export function setConfig(config: UserConfig | undefined): Config;
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

  // ---- profiles (docs/api.md)

  /** What every call of this part takes. */
  export interface OutputOptions {
    /** worker_threads.threadId of the thread to look into. Default: the thread of the caller. */
    threadId?: number;
    /** Where to write, instead of a name of its own in log_dir; the extension is added when it is missing. */
    filepath?: string;
    /** Ends it early: the promise is rejected with an AbortError, and nothing is written. */
    signal?: AbortSignal;
  }

  export interface TimedOptions extends OutputOptions {
    /** How long, milliseconds. Default 10000. */
    durationMs?: number;
  }

  /** pprof: packed with gzip. html: a flame graph in one page, like flamegraph. trace: Chrome trace JSON. */
  export type CpuFormat = 'cpuprofile' | 'pprof' | 'folded' | 'flamegraph' | 'html' | 'speedscope' | 'trace';
  export type HeapFormat = 'heapprofile' | 'pprof' | 'folded' | 'flamegraph' | 'html' | 'speedscope';

  export interface CpuProfileOptions extends TimedOptions {
    /** 50 … 1000000. Default 1000. */
    samplingIntervalUs?: number;
    /** Default cpuprofile. */
    format?: CpuFormat;
  }

  export interface AllocProfileOptions extends TimedOptions {
    /** Mean distance of samples in allocated bytes, 1024 … 1073741824. Default 524288. */
    samplingIntervalBytes?: number;
    /** Frames kept of each stack, 1 … 512. Default 64. */
    stackDepth?: number;
    /** Default heapprofile. */
    format?: HeapFormat;
  }

  export interface HeapProfileOptions extends AllocProfileOptions {
    /** Count objects too that were collected meanwhile. Needs Node.js 20. */
    collected?: boolean;
  }

  export interface GcProfileOptions extends TimedOptions {
    format?: 'gcprofile';
  }

  export interface TraceOptions extends Omit<TimedOptions, 'threadId'> {
    /** Only 0: the trace of the main thread has the events of all threads. */
    threadId?: 0;
    /** Categories of trace events (docs/trace.md). */
    categories?: string | readonly string[];
    /** The trace ends when its file has this size. Default 256. */
    maxFileMb?: number;
    format?: 'trace.json';
  }

  export interface HeapSnapshotOptions extends OutputOptions {
    /** Numbers in the snapshot. */
    numericValues?: boolean;
    /** V8's internal objects too. Needs Node.js 20. */
    internals?: boolean;
    /** Give up when the process grows beyond. */
    maxRssMb?: number;
  }

  interface ToFile {
    /** Default file: the promise gives its path, once it is complete. */
    output?: 'file';
  }
  interface ToBuffer {
    /** The promise gives the bytes; no file is made. At most 512 MiB. */
    output: 'buffer';
    filepath?: undefined;
  }

  /** What a rejected promise has. */
  export interface XprofilerError extends Error {
    code:
      | 'XPROFILER_PARAMS'
      | 'XPROFILER_REFUSED'
      | 'XPROFILER_THREAD'
      | 'XPROFILER_ENDED'
      | 'XPROFILER_IO'
      | 'XPROFILER_CANCELLED'
      | 'XPROFILER_BUSY'
      | 'XPROFILER_UNSUPPORTED'
      | 'XPROFILER_MEMORY'
      | 'XPROFILER_INTERNAL'
      | 'XPROFILER_NOT_STARTED'
      | 'ABORT_ERR';
    /** The option to blame, if there is one. */
    field?: string;
  }

  interface Take<Options> {
    (options: Options & ToBuffer): Promise<Buffer>;
    (options?: Options & ToFile): Promise<string>;
  }

  /** Where the time goes. */
  export const cpuProfile: Take<CpuProfileOptions>;
  /** Who allocated what is still alive. */
  export const heapProfile: Take<HeapProfileOptions>;
  /** Who allocates: collected objects too. Needs Node.js 20. */
  export const allocProfile: Take<AllocProfileOptions>;
  /** Every garbage collection. */
  export const gcProfile: Take<GcProfileOptions>;
  /** Every object of the heap; pauses the thread. */
  export const heapSnapshot: Take<HeapSnapshotOptions>;
  /** Stacks, heap, handles, limits. */
  export const diagReport: Take<OutputOptions>;
  /** Trace events of Node.js and V8, of all threads. */
  export const trace: Take<TraceOptions>;

  // ---- events

  export interface StallEvent {
    /** How long this thread's event loop was kept in one turn. */
    durationMs: number;
    /** In its middle, as in Error.stack; not when it was in native code then. */
    stack?: string;
  }
  export interface GcEvent {
    kind: 'scavenge' | 'minormarksweep' | 'marksweep' | 'marking' | 'weakcallbacks';
    durationMs: number;
    /** As Date.now(). */
    at: number;
  }
  export interface ProfileEvent {
    filepath: string;
    /** Of the protocol: start_cpu_profiling, heapdump … */
    command: string;
    bytes: number;
    threadId?: number;
    endedBy?: string;
  }
  export interface EventMap {
    /** The event loop of this thread was blocked for thresholdMs. */
    stall: StallEvent;
    /** A collection in this thread. */
    gc: GcEvent;
    /** A file was written, whoever asked for it. */
    profile: ProfileEvent;
  }
  export interface ListenerOptions {
    /** Of stall, for all its listeners. Default 200. */
    thresholdMs?: number;
  }

  /** Costs nothing while nobody listens, and never keeps the process alive. */
  export function on<Name extends keyof EventMap>(
    name: Name,
    listener: (event: EventMap[Name]) => void,
    options?: ListenerOptions,
  ): typeof xprofiler;
  export function once<Name extends keyof EventMap>(
    name: Name,
    listener: (event: EventMap[Name]) => void,
    options?: ListenerOptions,
  ): typeof xprofiler;
  export function off<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): typeof xprofiler;

  // ---- /debug/pprof

  export interface PprofOptions {
    /** More is refused. Default 300. */
    maxSeconds?: number;
    /** Asked before every answer; false: 403. */
    authorize?: (req: IncomingMessage) => boolean | Promise<boolean>;
    /** Without ?thread=. Default: the thread of the caller. */
    threadId?: number;
    /** Of /profile, microseconds. Default 1000. */
    samplingIntervalUs?: number;
    /** Of /heap and /allocs. Default 524288. */
    samplingIntervalBytes?: number;
  }
  export interface PprofHandler {
    (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): void;
    (request: { raw: IncomingMessage }, reply: { raw: ServerResponse; hijack(): unknown }): void;
  }
  /** Answers /debug/pprof/{profile,heap,allocs} in the way of Go's net/http/pprof. */
  export function pprofHandler(options?: PprofOptions): PprofHandler;

  export { xprofiler as default };
}

export = xprofiler;
export as namespace xprofiler;
