// The charts of the host by section: which fields, in which colours.

import { asShare } from './fields.mjs';
import { word } from './words.mjs';

const COLOURS = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'];
const LINES_MAX = 32;

const part = (kind, key, fields) => [].concat(fields).map((field) => (typeof field === 'string' ? { kind, key, field } : { kind, key, ...field }));
const line = (label, colour, kind, fields, more = {}) => ({ label, colour, parts: part(kind, more.key ?? '', fields), ...more });

const nameOf = (entity) => Object.values(entity.labels).join(' ') || entity.key;

/** One line for each entity of a kind. */
function lineEach(world, kind, fields, { label = nameOf, only = () => true, of, ...more } = {}) {
  return world
    .list(kind)
    .filter(only)
    .sort((left, right) => left.key.localeCompare(right.key, undefined, { numeric: true }))
    .slice(0, LINES_MAX)
    .map((entity, index) => ({ label: label(entity), colour: COLOURS[index % COLOURS.length], parts: part(kind, entity.key, fields), of: of?.(entity.key), ...more }));
}

/** Reads and writes of each: two lines. */
function bothEach(world, kind, [first, second], names, only) {
  const pick = (field, name, isDashed) => lineEach(world, kind, field, { label: (entity) => `${nameOf(entity)} ${name}`, only, isDashed });
  return [...pick(first, names[0], false), ...pick(second, names[1], true)];
}

/** That a kind has more entities than a chart has lines. */
function noteOf(world, kind) {
  const all = world.of(kind).size;
  return all > LINES_MAX ? word('firstOf', { count: LINES_MAX, all }) : '';
}

const STATES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];
const CPU_STATES = [['user', 'c1'], ['nice', 'c3'], ['system', 'c2'], ['iowait', 'c4'], ['irq', 'c6'], ['softirq', 'c7'], ['steal', 'c5']];

function cpu(world) {
  const total = world.list('host_cpu_total')[0];
  const cpus = () => total?.values.cpus || world.of('host_cpu').size || 1;
  const label = ({ labels, key }) => `CPU ${labels.cpu ?? key}`;
  // Of the time that the kernel counted, not of the clock's: it is never more than the whole.
  const all = STATES.filter((state) => world.field('host_cpu', state) && world.field('host_cpu_total', state));
  const whole = (kind, key) => part(kind, key, all);
  const each = (fields) => [line(word('allCpus'), 'text', 'host_cpu_total', fields, { of: whole('host_cpu_total', ''), isDashed: true }), ...lineEach(world, 'host_cpu', fields, { label, of: (key) => whole('host_cpu', key) })];
  const softirq = (name) => ({ id: `softirq_${name}`, unit: '/s', note: noteOf(world, 'host_softirq'), series: lineEach(world, 'host_softirq', name, { label }) });
  const note = noteOf(world, 'host_cpu');
  return [
    { id: 'cpuStates', unit: 'ratio', isStacked: true, top: 1, series: CPU_STATES.map(([state, colour]) => line(word(`cpu_${state}`), colour, 'host_cpu_total', state, { of: whole('host_cpu_total', '') })) },
    { id: 'cpuIdle', unit: 'ratio', top: 1, note, series: each('idle') },
    { id: 'cpuUser', unit: 'ratio', top: 0.1, note, series: each(['user', 'system', 'nice']) },
    { id: 'cpuIrqs', unit: 'ratio', note, series: each(['irq', 'softirq']) },
    { id: 'cpuIrq', unit: 'ratio', note, series: each('irq') },
    ...['net_tx', 'net_rx', 'tasklet', 'hrtimer'].map(softirq),
    {
      id: 'load', unit: 'cores',
      series: [line(word('minutes', { count: 1 }), 'c1', 'host_load', 'load1'), line(word('minutes', { count: 5 }), 'c3', 'host_load', 'load5'), line(word('minutes', { count: 15 }), 'c4', 'host_load', 'load15')],
      limits: [{ value: () => 0.7 * cpus(), colour: 'warn' }, { value: cpus, colour: 'bad' }],
      note: word('loadMarks', { heavy: (0.7 * cpus()).toFixed(1), full: cpus() }),
    },
    { id: 'system', unit: '/s', series: [line(word('contextSwitches'), 'c1', 'host_system', 'context_switches'), line(word('interrupts'), 'c2', 'host_system', 'interrupts'), line('softirqs', 'c7', 'host_system', 'softirqs')] },
    { id: 'tasks', unit: '', series: [line(word('running'), 'c1', 'host_system', 'running'), line(word('blockedTasks'), 'c5', 'host_system', 'blocked')] },
  ];
}

function pressure() {
  const of = (label, colour, field) => line(label, colour, 'host_pressure', field, { shape: asShare });
  return [
    { id: 'pressureSome', unit: 'seconds/s', series: [of('CPU', 'c1', 'cpu_some'), of(word('memory'), 'c3', 'memory_some'), of('IO', 'c4', 'io_some')] },
    { id: 'pressureFull', unit: 'seconds/s', series: [of('CPU', 'c1', 'cpu_full'), of(word('memory'), 'c3', 'memory_full'), of('IO', 'c4', 'io_full'), of('IRQ', 'c7', 'irq_full')] },
  ];
}

function memory() {
  const of = (label, colour, fields, more) => line(label, colour, 'host_memory', fields, more);
  const vm = (label, colour, field) => line(label, colour, 'host_vmstat', field);
  return [
    { id: 'memoryAreas', unit: 'bytes', isStacked: true, series: [of(word('used'), 'c1', 'used'), of(word('reclaimable'), 'c3', ['available', { field: 'free', by: -1 }]), of(word('free'), 'c8', 'free')] },
    { id: 'memoryKernel', unit: 'bytes', series: [of(word('slabReclaimable'), 'c3', 'slab_reclaimable'), of(word('slabUnreclaimable'), 'c1', 'slab_unreclaimable'), of(word('pageTables'), 'c2', 'page_tables'), of(word('dirty'), 'c4', 'dirty'), of(word('swap'), 'c5', 'swap_used')] },
    { id: 'paging', unit: '/s', series: [vm(word('majorFaults'), 'c5', 'major_page_faults'), vm(word('swappedIn'), 'c3', 'swapped_in'), vm(word('swappedOut'), 'c4', 'swapped_out'), vm(word('scannedDirect'), 'c2', 'scanned_direct')] },
  ];
}

function disks(world) {
  return [
    { id: 'diskThroughput', unit: 'bytes/s', series: bothEach(world, 'host_disk', ['read_bytes', 'written_bytes'], [word('read'), word('written')]) },
    { id: 'diskUtil', unit: 'ratio', top: 1, note: word('diskUtilNote'), series: lineEach(world, 'host_disk', 'utilization', { isMax: true }) },
    { id: 'diskAwait', unit: 'seconds', series: bothEach(world, 'host_disk', ['read_await', 'write_await'], [word('read'), word('written')]) },
    { id: 'diskQueue', unit: '', series: lineEach(world, 'host_disk', 'queue') },
  ];
}

const isReal = ({ labels, key }) => (labels.device ?? key) !== 'lo';

function network(world) {
  const add = (side) => ['errs', 'drop', 'fifo'].map((name) => `${side}_${name}`);
  return [
    { id: 'netThroughput', unit: 'bytes/s', series: bothEach(world, 'host_network', ['receive_bytes', 'transmit_bytes'], [word('received'), word('sent')], isReal) },
    { id: 'netProblems', unit: '/s', series: bothEach(world, 'host_network', [add('receive'), add('transmit')], [word('received'), word('sent')], isReal) },
  ];
}

function tcp() {
  const of = (label, colour, fields, more) => line(label, colour, 'host_tcp', fields, more);
  return [
    { id: 'tcpRetransmits', unit: 'ratio', series: [of(word('retransmitRatio'), 'c5', 'retransmit_ratio', { isMax: true })] },
    { id: 'tcpLosses', unit: '/s', series: [of(word('retransmits'), 'c5', 'retransmits'), of(word('timeouts'), 'c2', 'timeouts'), of(word('lostRetransmits'), 'c4', 'lost_retransmits'), of(word('outOfOrder'), 'c3', 'ofo_queued'), of(word('reorders'), 'c6', ['sack_reorders', 'ts_reorders', 'reno_reorders'])] },
    { id: 'tcpListen', unit: '/s', series: [of(word('listenOverflows'), 'c5', 'listen_overflows'), of(word('listenDrops'), 'c2', 'listen_drops'), of(word('synCookies'), 'c4', 'syncookies_sent'), of(word('synDrops'), 'c6', 'syn_queue_drops')] },
    { id: 'tcpConnections', unit: '', series: [of('established', 'c1', 'established'), line('time_wait', 'c4', 'host_sockets', 'tcp_time_waits'), line(word('orphaned'), 'c5', 'host_sockets', 'tcp_orphans')] },
    { id: 'tcpOpens', unit: '/s', series: [of(word('outgoing'), 'c3', 'active_opens'), of(word('incoming'), 'c1', 'passive_opens'), of(word('resets'), 'c5', ['resets', 'out_resets']), of(word('attemptFails'), 'c4', 'attempt_fails')] },
    { id: 'udp', unit: '/s', series: [line(word('received'), 'c1', 'host_udp', 'in_datagrams'), line(word('sent'), 'c3', 'host_udp', 'out_datagrams'), line(word('errors'), 'c5', 'host_udp', ['in_errors', 'receive_buffer_errors', 'send_buffer_errors'])] },
  ];
}

const SECTIONS = { cpu, pressure, memory, disks, network, tcp };

/** [[section, specifications of charts]]: only what this xprofd knows. */
export function hostCharts(world) {
  return Object.entries(SECTIONS).map(([name, make]) => {
    const charts = make(world).map((chart) => ({ ...chart, series: chart.series.filter(({ parts }) => parts.every(({ kind, field }) => world.field(kind, field))) }));
    return [name, charts.filter(({ series }) => series.length > 0)];
  });
}

export const CPU_DONUT = [...CPU_STATES, ['idle', 'track']];
