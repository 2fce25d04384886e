import xprofiler from './index.js';

export default xprofiler;
export const {
  start,
  setConfig,
  getXprofilerConfig,
  info,
  error,
  debug,
  runLogBypass,
  runCommandsListener,
  setHooks,
  initMallopt,
  metrics,
  prometheus,
  cpuProfile,
  heapProfile,
  allocProfile,
  gcProfile,
  heapSnapshot,
  diagReport,
  trace,
  on,
  once,
  off,
  pprofHandler,
} = xprofiler;
