// What a CommonJS user with TypeScript writes must compile; what is wrong must not.
import xprofiler = require('../../lib/index.js');

xprofiler();
xprofiler({ log_dir: '/tmp', log_interval: 1, patch_http: 'NO', log_level: '2', cpu_profiler: 'ready' });
xprofiler.start({ patch_http_timeout: 0.5 });

const config: xprofiler.Config = xprofiler.setConfig({ enable_avoid_rss_leak: true, m_mmap_threshold: 256 });
const seconds: number = xprofiler.getXprofilerConfig().log_interval;
xprofiler.info('type', 'content');
xprofiler.error('type', 'content');
xprofiler.debug('type', 'content');
xprofiler.runLogBypass();
xprofiler.runCommandsListener();
xprofiler.setHooks();
xprofiler.initMallopt();
const metrics: xprofiler.Metrics = xprofiler.metrics();
const rss: unknown = metrics.process.rss;
const text: string = xprofiler.prometheus();

const file: Promise<string> = xprofiler.cpuProfile();
const bytes: Promise<Buffer> = xprofiler.heapProfile({ output: 'buffer', format: 'pprof', collected: true });
const signal = AbortSignal.timeout(1000);
xprofiler.cpuProfile({ durationMs: 1, threadId: 1, samplingIntervalUs: 100, format: 'html', filepath: '/tmp/x', signal });
xprofiler.trace({ categories: ['v8'], maxFileMb: 1 }).then((path: string) => path.length);
xprofiler.heapSnapshot({ output: 'buffer', maxRssMb: 100 }).catch((error: xprofiler.XprofilerError) => error.code);
xprofiler.on('stall', ({ durationMs, stack }) => [durationMs.toFixed(), stack?.length], { thresholdMs: 50 });
xprofiler.once('gc', ({ kind }) => kind === 'scavenge').off('profile', ({ filepath }) => filepath);
const handler = xprofiler.pprofHandler({ authorize: async (req) => req.headers.host === 'x' });

// @ts-expect-error no such format of a CPU profile
xprofiler.cpuProfile({ format: 'heapprofile' });
// @ts-expect-error a buffer has no path
xprofiler.cpuProfile({ output: 'buffer', filepath: '/tmp/x' });
// @ts-expect-error no such event
xprofiler.on('stop', () => {});
// @ts-expect-error no such option
xprofiler.diagReport({ durationMs: 1 });
// @ts-expect-error a flag is not a number
xprofiler({ patch_http: 1 });
// @ts-expect-error no such key
xprofiler({ log_directory: '/tmp' });
// @ts-expect-error the configuration is required here
xprofiler.setConfig();
// @ts-expect-error a word of the list
xprofiler({ log_format: 'xml' });
// @ts-expect-error two strings
xprofiler.info('type', 1);

export { config, seconds, rss, text, file, bytes, handler };
