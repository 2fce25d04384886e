// What was written for the types of version 3 must compile.
import * as all from '../../lib/index.js';
import { start, setConfig, getXprofilerConfig, info, error, debug, runLogBypass, runCommandsListener, setHooks, XprofilerConfig } from '../../lib/index.js';
import type { XprofilerConfig as Renamed } from '../../lib/index.js';

const config: XprofilerConfig = { log_dir: '/tmp', log_interval: 5, log_level: 2, log_type: 1, log_format_alinode: false };
const renamed: Renamed = config;
interface Extended extends XprofilerConfig {
  server?: string;
}
const extended: Extended = { server: 'ws://127.0.0.1', enable_log_uv_handles: true };
all.start();
all.start(config);
start(renamed);
start(extended);
start(getXprofilerConfig());
start({ ...getXprofilerConfig(), log_level: 1 });

function configure(given?: XprofilerConfig): XprofilerConfig {
  return setConfig(given);
}
const now: XprofilerConfig = getXprofilerConfig();
const dir: string | undefined = now.log_dir;
const seconds: number | undefined = now.log_interval;
const level: 0 | 1 | 2 | undefined = getXprofilerConfig().log_level;
const type: 0 | 1 | undefined = configure(config).log_type;
const starter: (given?: XprofilerConfig) => void = all.start;
const getter: () => XprofilerConfig = all.getXprofilerConfig;
info('type', 'content');
error('type', 'content');
debug('type', 'content');
runLogBypass();
runCommandsListener();
setHooks();
const global: xprofiler.XprofilerConfig = config; // the name that needs no import

export { dir, seconds, level, type, starter, getter, global };
