// The same for ES modules: default and named imports.
import xprofiler, { start, setConfig, getXprofilerConfig, info, metrics, prometheus, cpuProfile, pprofHandler, on } from '../../lib/index.js';
import { createServer } from 'node:http';
import type { Config, UserConfig, Metrics } from '../../lib/index.js';

const user: UserConfig = { log_interval: 5, log_format: 'json' };
xprofiler(user);
start(user);
xprofiler.start();
const config: Config = setConfig({});
const same: Config = getXprofilerConfig();
info('type', 'content');
const all: Metrics = metrics();
const text: string = prometheus();

const file: string = await cpuProfile({ durationMs: 10 });
createServer(pprofHandler());
on('profile', ({ filepath }) => filepath);

// @ts-expect-error not a key
start({ unknown: 1 });

export { config, same, all, text, file };
