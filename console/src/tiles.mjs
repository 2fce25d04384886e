// The host in one line: what is used up and what is waited for.

import { h, setAttribute, setText } from './dom.mjs';
import { shareOf, sumOf, valueOf } from './fields.mjs';
import { amount, NONE } from './format.mjs';
import { meter, sparkline } from './marks.mjs';
import { word } from './words.mjs';

const KEPT = 60;

const first = (world, kind) => world.list(kind)[0];
const isReal = ({ key, labels }) => (labels.device || key) !== 'lo';
const share = (value) => amount(value, 'ratio');

const TILES = [
  {
    id: 'cpu', spark: true, top: 1, past: ['host_cpu_total', 'busy'],
    read(world) {
      const total = first(world, 'host_cpu_total');
      return { value: valueOf(world, total, 'busy'), detail: word('ofCpus', { count: total?.values.cpus ?? '?' }) };
    },
    text: share,
  },
  {
    id: 'load', spark: true, past: ['host_load', 'load1'],
    read(world) {
      const load = first(world, 'host_load');
      const cpus = first(world, 'host_cpu_total')?.values.cpus;
      const [one, five, fifteen] = ['load1', 'load5', 'load15'].map((field) => valueOf(world, load, field));
      return { value: one, detail: `${amount(five, 'cores')} · ${amount(fifteen, 'cores')}`, tone: cpus && one > cpus ? 'bad' : cpus && one > 0.7 * cpus ? 'warn' : null };
    },
    text: (value) => amount(value, 'cores'),
  },
  {
    id: 'memory', meter: true,
    read(world) {
      const memory = first(world, 'host_memory');
      const [used, total] = [valueOf(world, memory, 'used'), valueOf(world, memory, 'total')];
      return { value: used, share: used !== null && total ? used / total : null, detail: word('ofTotal', { total: amount(total, 'bytes') }) };
    },
    text: (value) => amount(value, 'bytes'),
  },
  {
    id: 'pressure',
    read(world) {
      const [cpu, memory, io] = ['cpu_some', 'memory_some', 'io_some'].map((field) => shareOf(world, first(world, 'host_pressure'), field));
      return { value: cpu, detail: `${word('memory')} ${share(memory)} · IO ${share(io)}`, tone: cpu > 0.5 ? 'bad' : cpu > 0.2 ? 'warn' : null };
    },
    text: share,
  },
  {
    id: 'disk', spark: true, top: 1, past: ['host_disk', 'utilization'], isMost: true,
    read(world) {
      const disks = world.list('host_disk').map((disk) => [valueOf(world, disk, 'utilization'), disk]);
      const [value, disk] = disks.reduce((most, each) => ((each[0] ?? -1) > (most[0] ?? -1) ? each : most), [null, null]);
      return { value, detail: disk ? disk.labels.device || disk.key : NONE };
    },
    text: share,
  },
  {
    id: 'network', spark: true, past: ['host_network', 'receive_bytes'],
    read(world) {
      const all = world.list('host_network').filter(isReal);
      const add = (names) => all.map((each) => sumOf(world, each, names)).reduce((total, value) => (value === null ? total : (total ?? 0) + value), null);
      const [received, sent] = [add('receive_bytes'), add('transmit_bytes')];
      return { value: received, detail: `${word('sent')} ${amount(sent, 'bytes/s')}` };
    },
    text: (value) => amount(value, 'bytes/s'),
  },
];

export class Tiles {
  constructor(app) {
    this.app = app;
    this.tiles = TILES.map((tile) => {
      const value = h('b', {}, NONE);
      const detail = h('small', {}, '');
      const mark = tile.meter ? meter() : tile.spark ? sparkline() : null;
      const element = h('a', { class: 'tile', href: `#/host` }, h('span', {}, word(`tile_${tile.id}`)), value, detail, mark ? mark.element : null);
      return { tile, value, detail, mark, element, kept: [] };
    });
    this.element = h('section', { class: 'tiles', 'aria-label': word('hostSummary') }, this.tiles.map(({ element }) => element));
  }

  static kinds = ['host_cpu_total', 'host_load', 'host_memory', 'host_pressure', 'host_disk', 'host_network'];

  static fields = ['busy', 'cpus', 'load1', 'load5', 'load15', 'used', 'total', 'cpu_some', 'memory_some', 'io_some', 'utilization', 'receive_bytes', 'transmit_bytes'];

  /** What is asked of the history, so that the lines do not begin empty. */
  wishes() {
    const { world } = this.app;
    return TILES.filter(({ past }) => past && world.field(...past)).flatMap(({ past: [kind, field] }) => world.list(kind).filter(isReal).map(({ key }) => ({ kind, key, field })));
  }

  takePast({ kind }, { series }) {
    const found = this.tiles.find(({ tile }) => tile.past?.[0] === kind);
    if (!found || series.length === 0) return;
    const join = found.tile.isMost ? Math.max : (left, right) => left + right;
    const past = series.map(({ values }) => values).reduce((all, values) => all.map((value, index) => (value === null || values[index] === null ? (value ?? values[index]) : join(value, values[index]))));
    const before = past.slice(0, Math.max(0, past.length - found.kept.length));
    found.kept = [...before, ...found.kept].slice(-KEPT);
  }

  show(isFrame) {
    for (const { tile, value, detail, mark, element, kept } of this.tiles) {
      const found = tile.read(this.app.world);
      setText(value, tile.text(found.value));
      setText(detail, found.detail);
      setAttribute(element, 'data-tone', found.tone || null);
      if (isFrame) kept.push(found.value);
      if (kept.length > KEPT) kept.shift();
      if (tile.meter) mark.show(found.share);
      else if (mark) mark.show(kept, Math.max(tile.top || 0, ...kept.filter((each) => each !== null)) || 1, KEPT);
    }
  }
}
