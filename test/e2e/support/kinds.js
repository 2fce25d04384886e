'use strict';

// The three profiles: names of their commands, the words of their refusals, their files.

const PROFILES = [
  { kind: 'cpuprofile', start: 'start_cpu_profiling', stop: 'stop_cpu_profiling' },
  {
    kind: 'heapprofile',
    start: 'start_heap_profiling',
    stop: 'stop_heap_profiling',
    startAction: 'start_sampling_heap_profiling',
    stopAction: 'stop_sampling_heap_profiling',
  },
  { kind: 'gcprofile', start: 'start_gc_profiling', stop: 'stop_gc_profiling' },
].map((profile) => ({ startAction: profile.start, stopAction: profile.stop, ...profile }));

const DUMPS = [
  { command: 'heapdump', kind: 'heapdump', extension: 'heapsnapshot' },
  { command: 'diag_report', kind: 'diagreport', extension: 'diag' },
];

/** Every command that needs a JS thread. */
const THREAD_COMMANDS = [...PROFILES.flatMap(({ start, stop }) => [start, stop]), ...DUMPS.map(({ command }) => command)];

module.exports = { PROFILES, DUMPS, THREAD_COMMANDS };
