// The charts of a process: which fields, of which thread, in which colours.

import { asDuration, asShare, restOf, THREAD } from './fields.mjs';
import { word } from './words.mjs';

const SPACES = [['new', 'c3'], ['old', 'c1'], ['code', 'c5'], ['map', 'c8'], ['lo', 'c4'], ['new_lo', 'c6'], ['code_lo', 'c7'], ['trusted', 'c2'], ['trusted_lo', 'c8'], ['read_only', 'c8']];
const CLASSES = [['js_main', 'c1'], ['js_workers', 'c3'], ['libuv', 'c4'], ['v8', 'c2'], ['xprofiler', 'c5'], ['other', 'c8']];
const GCS = [['scavange', 'c3'], ['minor_marksweep', 'c6'], ['incremental_marking', 'c4'], ['marksweep', 'c5'], ['weak_callbacks', 'c8']];
const HANDLES = [['active_handles', 'c1'], ['active_tcp_handles', 'c3'], ['active_timer_handles', 'c4'], ['active_udp_handles', 'c6'], ['active_requests', 'c2']];
const THREAD_COLOURS = ['c1', 'c3', 'c4', 'c2', 'c5', 'c6', 'c7', 'c8'];
const THREADS_MAX = 24;

const share = { shape: asShare };
const time = { shape: asDuration };

const line = (label, colour, kind, key, fields, more = {}) => ({ label, colour, parts: [].concat(fields).map((field) => ({ kind, key, field })), ...more });

/** Only what the kinds have. */
const known = (world, charts) =>
  charts
    .map((chart) => ({ ...chart, series: chart.series.filter(({ parts }) => parts.length > 0 && parts.every(({ kind, field }) => world.field(kind, field))) }))
    .filter(({ series }) => series.length > 0);

function threadCharts(thread, world) {
  const of = (label, colour, fields, more) => line(label, colour, 'thread', thread, fields, more);
  const entity = () => world.find('thread', thread);
  // The gauge is of the time since the last record of the log: too slow for who watches.
  const utilization = world.field('thread', THREAD.idle) ? of(word('elu'), 'c1', THREAD.idle, { shape: restOf }) : of(word('elu'), 'c1', 'loop_utilization');
  return [
    {
      id: 'loop', unit: 'seconds', note: word('sinceRecord'),
      series: [of(word('longest'), 'c2', THREAD.loopMax, { isMax: true }), of('p99', 'c1', THREAD.loopP99, { isMax: true }), of('p50', 'c3', THREAD.loopP50), of(word('blockedNow'), 'c5', THREAD.blocked, { isMax: true, isDashed: true })],
    },
    { id: 'elu', unit: 'ratio', top: 1, series: [utilization, of(word('threadCpu'), 'c2', 'thread_cpu_seconds', share), of(word('threadWait'), 'c5', 'thread_run_queue_wait_seconds', { ...share, isDashed: true })] },
    { id: 'gc', unit: 'seconds/s', isStacked: true, series: GCS.map(([name, colour]) => of(word(`gc_${name}`), colour, `total_${name}_duration`, share)) },
    {
      id: 'heap', unit: 'bytes', isStacked: true,
      series: SPACES.map(([name, colour]) => of(name, colour, `${name}_space_used`)),
      limits: [{ label: word('limit'), value: () => entity()?.values.heap_limit ?? null }],
    },
    { id: 'external', unit: 'bytes', series: [of(word('heapTotal'), 'c1', 'heap_total'), of(word('heapUsed'), 'c3', 'heap_used'), of(word('external'), 'c2', 'amount_of_external_allocated_memory'), of(word('arrayBuffers'), 'c4', 'array_buffers'), of('malloc', 'c6', 'malloced_memory')] },
    { id: 'httpRate', unit: '/s', series: [of(word('requestsBegun'), 'c3', THREAD.requests), of(word('responses'), 'c1', THREAD.responses), of(word('timeouts'), 'c5', 'http_timeouts_total'), of(word('outgoing'), 'c4', 'client_requests_total', { isDashed: true })] },
    {
      id: 'httpLatency', unit: 'seconds', note: word('sinceRecord'),
      series: [of('p50', 'c3', THREAD.httpP50, time), of('p95', 'c4', THREAD.httpP95, time), of('p99', 'c1', THREAD.httpP99, { ...time, isMax: true }), of(word('outgoingP99'), 'c2', 'client_p99_seconds', { ...time, isDashed: true })],
    },
    { id: 'inFlight', unit: '', series: [of(word('incoming'), 'c1', 'http_in_flight'), of(word('outgoing'), 'c4', 'client_in_flight')] },
    { id: 'handles', unit: '', series: HANDLES.map(([name, colour]) => of(word(name), colour, name)) },
  ];
}

function cpuByThread(threads) {
  return threads.slice(0, THREADS_MAX).map(({ key, labels }, index) => {
    const name = labels.thread_id === '0' ? word('mainThread') : word('threadNumber', { id: labels.thread_id });
    return line(name, THREAD_COLOURS[index % THREAD_COLOURS.length], 'thread', key, 'thread_cpu_seconds', share);
  });
}

function nodeCharts(world, key, threads) {
  const of = (label, colour, fields, more) => line(label, colour, 'node', key, fields, more);
  const limit = (field, name) => ({ label: word(name), value: () => world.find('node', key)?.values[field] ?? null });
  return [
    { id: 'cpuClass', unit: 'ratio', isStacked: true, top: 0.1, series: CLASSES.map(([name, colour]) => of(word(`class_${name}`), colour, `cpu_${name}_seconds`)) },
    { id: 'cpuThread', unit: 'ratio', top: 0.1, series: cpuByThread(threads) },
    { id: 'wait', unit: 'seconds/s', series: [of(word('runQueue'), 'c5', 'run_queue_wait_seconds'), of(word('cgroupWait'), 'c4', 'cgroup_cpu_some_seconds', { ...share, isDashed: true })] },
    { id: 'throttled', unit: 'seconds/s', series: [of(word('throttled'), 'c5', 'cgroup_cpu_throttled_seconds'), of(word('cgroupCpu'), 'c1', 'cgroup_cpu_usage_seconds')], limits: [limit('cgroup_cpu_limit', 'cgroupLimit')] },
    { id: 'rss', unit: 'bytes', isStacked: true, series: [of(word('anon'), 'c1', 'rss_anon'), of(word('files'), 'c3', 'rss_file'), of(word('shared'), 'c4', 'rss_shmem'), of(word('swap'), 'c5', 'swap')], limits: [limit('cgroup_memory_limit', 'cgroupLimit')] },
    { id: 'switches', unit: '/s', series: [of(word('voluntary'), 'c3', 'voluntary_switches'), of(word('involuntary'), 'c5', 'involuntary_switches')] },
  ];
}

/** What is seen without the core. */
function outsideCharts(key) {
  const of = (label, colour, fields, more) => line(label, colour, 'process', key, fields, more);
  return [
    { id: 'cpuMode', unit: 'ratio', isStacked: true, top: 0.1, series: [of(word('user'), 'c1', 'cpu_user'), of(word('system'), 'c2', 'cpu_system')] },
    { id: 'wait', unit: 'seconds/s', series: [of(word('allThreads'), 'c5', 'wait'), of(word('mainThread'), 'c4', 'main_wait')] },
    { id: 'rss', unit: 'bytes', isStacked: true, series: [of(word('anon'), 'c1', 'rss_anon'), of(word('files'), 'c3', 'rss_file'), of(word('shared'), 'c4', 'rss_shmem'), of(word('swap'), 'c5', 'swap')] },
    { id: 'switches', unit: '/s', series: [of(word('voluntary'), 'c3', 'voluntary_switches'), of(word('involuntary'), 'c5', 'involuntary_switches')] },
  ];
}

/** What only the outside tells, with or without the core. */
function moreCharts(key) {
  const of = (label, colour, fields, more) => line(label, colour, 'process', key, fields, more);
  return [
    { id: 'pss', unit: 'bytes', series: [of('RSS', 'c1', 'rss'), of('PSS', 'c3', 'pss'), of('USS', 'c4', 'uss')] },
    { id: 'faults', unit: '/s', series: [of(word('minorFaults'), 'c3', 'minor_faults'), of(word('majorFaults'), 'c5', 'major_faults')] },
    { id: 'io', unit: 'bytes/s', series: [of(word('readCalls'), 'c3', 'read_chars', { isDashed: true }), of(word('writeCalls'), 'c4', 'write_chars', { isDashed: true }), of(word('readDisk'), 'c1', 'read_bytes'), of(word('writtenDisk'), 'c2', 'write_bytes')] },
    { id: 'sockets', unit: '', series: [of('established', 'c1', 'tcp_established'), of('close_wait', 'c5', 'tcp_close_wait'), of('listen', 'c3', 'tcp_listen'), of(word('acceptQueue'), 'c2', 'accept_queue', { isMax: true }), of(word('fds'), 'c8', 'fds')] },
  ];
}

/** Specifications of charts for a process; thread: the key of the thread shown. */
export function processCharts(world, key, thread, threads) {
  const hasCore = world.find('node', key) || threads.length > 0;
  const charts = hasCore ? [...threadCharts(thread, world), ...nodeCharts(world, key, threads)] : outsideCharts(key);
  const order = ['loop', 'elu', 'cpuClass', 'cpuThread', 'cpuMode', 'gc', 'heap', 'httpRate', 'httpLatency', 'wait', 'throttled', 'rss', 'external', 'handles', 'inFlight'];
  const rank = ({ id }) => (order.includes(id) ? order.indexOf(id) : order.length);
  charts.sort((left, right) => rank(left) - rank(right));
  return known(world, [...charts, ...(world.find('process', key) ? moreCharts(key) : [])]);
}

