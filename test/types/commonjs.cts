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

export { config, seconds, rss, text };
