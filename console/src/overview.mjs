// All processes of this host: who they are, how they are, what happened.

import { api } from './api.mjs';
import { h, setAttribute, setText } from './dom.mjs';
import { EndedList } from './ended.mjs';
import { EventList } from './event_list.mjs';
import { delayOf, latencyOf, mainThreadOf, nameOf, PROCESS, processValue, shareOf, THREAD, threadsOf, utilizationOf, valueOf } from './fields.mjs';
import { amount, NONE } from './format.mjs';
import { Grid } from './grid.mjs';
import { writeLink } from './link.mjs';
import { meter, sparkline } from './marks.mjs';
import { Tiles } from './tiles.mjs';
import { requestsOf } from './timeline.mjs';
import { word } from './words.mjs';

const KEPT = 60; // seconds of a sparkline
const PAST_MAX = 200; // processes whose last minute is asked for

const FIELDS = [
  ...Object.values(PROCESS).flatMap((places) => places.flatMap(([, fields]) => fields)),
  ...[THREAD.gc, THREAD.loopP99, THREAD.blocked, THREAD.idle, THREAD.responses, THREAD.httpP99, 'heap_used', 'heap_limit', 'loop_utilization'],
  ...Tiles.fields,
];

/** What one line of the table is about. */
class Row {
  constructor(key) {
    this.key = key;
    this.cpus = [];
  }

  read(world) {
    const { key } = this;
    this.process = world.find('process', key);
    this.node = world.find('node', key);
    this.main = mainThreadOf(world, key);
    const entity = this.node || this.process;
    this.name = nameOf(this.node ? { ...this.node, info: { ...this.process?.info, ...this.node.info, name: this.node.labels.name || this.process?.info.name } } : this.process);
    this.pid = Number(entity.labels.pid || key.split('.')[0]);
    this.core = this.process?.info.core || (this.node ? 'running' : 'none');
    this.version = (this.node || this.process).info.node_version || this.process?.info.node_version || '';
    this.readFigures(world);
  }

  readFigures(world) {
    const { key, main } = this;
    const threads = this.node ? threadsOf(world, key) : [];
    const each = (read, names, join) => {
      const values = threads.map((thread) => read(world, thread, names)).filter((value) => value !== null);
      return values.length === 0 ? null : join(values);
    };
    const add = (values) => values.reduce((total, value) => total + value, 0);
    const most = (values) => Math.max(...values);
    this.threads = threads.length || null;
    this.cpu = processValue(world, key, 'cpu');
    this.rss = processValue(world, key, 'rss');
    this.wait = processValue(world, key, 'wait');
    this.throttled = processValue(world, key, 'throttled');
    this.heap = valueOf(world, main, 'heap_used');
    this.limit = valueOf(world, main, 'heap_limit');
    this.gc = shareOf(world, main, THREAD.gc);
    this.loop = each(delayOf, null, most);
    this.elu = utilizationOf(world, main);
    this.requests = each(valueOf, THREAD.responses, add);
    this.latency = each(latencyOf, THREAD.httpP99, most);
  }
}

const number = (id, unit, priority, width, { warn, bad } = {}) => ({
  id, width, priority, isNumber: true,
  sort: (row) => row[id],
  show(cell, row) {
    setText(cell, amount(row[id], unit));
    setAttribute(cell, 'data-tone', bad && row[id] >= bad ? 'bad' : warn && row[id] >= warn ? 'warn' : null);
  },
});

function columns() {
  const list = [
    {
      id: 'name', width: 130, priority: 0, isWide: true, class: 'name',
      sort: (row) => row.name,
      show(cell, row) {
        Grid.showLink(cell, row.name, writeLink({ page: 'process', part: row.key }));
        if (!cell.badge) cell.append((cell.badge = h('span', { class: 'badge' })));
        setText(cell.badge, word(`core_${row.core}`));
        setAttribute(cell.badge, 'data-core', row.core);
        setAttribute(cell.badge, 'title', word(`core_${row.core}_title`));
      },
    },
    { id: 'pid', width: 56, priority: 4, isNumber: true, sort: (row) => row.pid, text: (row) => String(row.pid) },
    { id: 'version', width: 72, priority: 7, sort: (row) => row.version, text: (row) => row.version || NONE },
    number('cpu', 'ratio', 0, 62, { warn: 0.8, bad: 0.97 }),
    {
      id: 'course', width: 84, priority: 3,
      show(cell, row) {
        if (!cell.mark) cell.append((cell.mark = sparkline()).element);
        cell.mark.show(row.cpus, 1.15 * Math.max(0.1, ...row.cpus.filter((value) => value !== null)), KEPT);
      },
    },
    number('rss', 'bytes', 1, 76),
    {
      id: 'heap', width: 178, priority: 4, isNumber: true, class: 'heap',
      sort: (row) => row.heap,
      show(cell, row) {
        if (!cell.mark) {
          cell.mark = meter();
          cell.append((cell.label = h('span')), cell.mark.element);
        }
        setText(cell.label, row.heap === null ? NONE : `${amount(row.heap, 'bytes')} / ${amount(row.limit, 'bytes', true)}`);
        cell.mark.show(row.heap !== null && row.limit ? row.heap / row.limit : null);
      },
    },
    number('gc', 'seconds/s', 4, 60, { warn: 0.05, bad: 0.2 }),
    number('loop', 'seconds', 1, 72, { warn: 0.1, bad: 0.5 }),
    number('elu', 'ratio', 5, 62, { warn: 0.8, bad: 0.95 }),
    number('requests', '/s', 2, 74),
    number('latency', 'seconds', 2, 72, { warn: 1, bad: 5 }),
    number('wait', 'seconds/s', 6, 66, { warn: 0.1, bad: 0.5 }),
    number('throttled', 'seconds/s', 7, 66, { warn: 0.01, bad: 0.1 }),
    number('threads', '', 8, 58),
  ];
  return list.map((column) => ({ ...column, label: word(`column_${column.id}`), title: word(`column_${column.id}_title`) }));
}

export class OverviewPage {
  constructor(app, link) {
    this.app = app;
    this.link = link;
    this.rows = new Map();
    app.setTitle(word('page_processes'));
    this.tiles = new Tiles(app);
    this.filter = h('input', { type: 'search', placeholder: word('filterProcesses'), 'aria-label': word('filterProcesses'), spellcheck: 'false', value: link.options.filter || '', oninput: () => this.setFilter() });
    this.count = h('span', { class: 'faint', role: 'status' });
    this.grid = new Grid({
      id: 'processes', label: word('page_processes'), columns: columns(), keyOf: (row) => row.key,
      sortBy: readSort(link.options.sort) || ['cpu', -1],
      open: (row) => app.go({ page: 'process', part: row.key, options: {} }),
      empty: () => (this.filter.value ? word('noMatch') : word('noProcesses')),
      sorted: ([id, direction]) => this.remember({ sort: id === 'cpu' && direction < 0 ? '' : `${direction < 0 ? '-' : ''}${id}` }),
    });
    this.ended = new EndedList(app, link, (options) => this.remember(options));
    this.advice = h('p', { class: 'advice', hidden: true });
    this.events = new EventList({ limit: 40 });
    this.element = h('div', { class: 'page overview' },
      this.tiles.element,
      h('div', { class: 'overview-body' },
        h('div', { class: 'overview-lists' },
          h('section', { class: 'card processes', 'aria-label': word('page_processes') },
            h('header', {}, h('h2', {}, word('page_processes')), this.count, this.filter), this.grid.element, this.advice),
          this.ended.element),
        h('aside', { class: 'card recent' }, h('header', {}, h('h2', {}, word('recent')), h('a', { href: '#/events' }, word('all'))), this.events.element)));
  }

  kinds() {
    const { kinds } = this.app.world;
    return ['process', 'node', 'thread', ...Tiles.kinds].filter((kind) => kinds.has(kind));
  }

  /** Of hundreds of processes only what is shown. */
  entityFilter() {
    return { fields: FIELDS.join(',') };
  }

  liveFilter() {
    return { kind: this.kinds().join(','), fields: FIELDS.join(',') };
  }

  navigate(link) {
    this.link = link;
  }

  start() {
    this.update(); // makes the rows
    this.loadPast();
    this.ended.load();
  }

  destroy() {
    this.grid.destroy();
    this.ended.destroy();
    this.abort?.abort();
  }

  remember(options) {
    this.link = { ...this.link, options: { ...this.link.options, ...options } };
    history.replaceState(null, '', writeLink(this.link));
    this.app.link = this.link;
  }

  setFilter() {
    this.remember({ filter: this.filter.value.trim() });
    this.update();
    this.ended.show(this.filter.value.trim());
  }

  focusFilter() {
    this.filter.focus();
    this.filter.select();
  }

  /** The last minute of CPU, so that the lines do not begin empty. */
  async loadPast() {
    const { world } = this.app;
    this.abort = new AbortController();
    const { signal } = this.abort;
    const keys = [...this.rows.keys()].slice(0, PAST_MAX);
    const ask = { from: -1000 * KEPT, step: 1000 };
    const wishes = keys.flatMap((key) => {
      if (world.find('node', key)) return [{ kind: 'node', key, field: 'cpu_now' }];
      return ['cpu_user', 'cpu_system'].filter((field) => world.field('process', field)).map((field) => ({ kind: 'process', key, field }));
    });
    try {
      for (const request of requestsOf(this.tiles.wishes())) this.tiles.takePast(request, await api.series({ ...request, ...ask }, signal));
      for (const request of requestsOf(wishes)) this.takePast(await api.series({ ...request, ...ask }, signal));
    } catch {
      return; // no history: the lines begin now
    }
    this.grid.draw();
  }

  takePast({ series }) {
    const past = new Map();
    for (const { key, values } of series) {
      const known = past.get(key);
      past.set(key, known ? known.map((value, index) => (value === null ? null : value + (values[index] ?? 0))) : values);
    }
    for (const [key, values] of past) {
      const row = this.rows.get(key);
      if (row) row.cpus = [...values.slice(0, Math.max(0, values.length - row.cpus.length)), ...row.cpus].slice(-KEPT);
    }
  }

  frame() {
    this.update(true);
  }

  changed() {
    this.ended.loadSoon(); // the list itself is shown with the next frame
  }

  happened() {
    this.events.show(this.app.world.events, this.app.now());
  }

  update(isFrame = false) {
    const { world } = this.app;
    const keys = new Set([...world.of('process').keys(), ...world.of('node').keys()]);
    for (const key of this.rows.keys()) if (!keys.has(key)) this.rows.delete(key);
    for (const key of keys) {
      if (!this.rows.has(key)) this.rows.set(key, new Row(key));
      const row = this.rows.get(key);
      row.read(world);
      if (isFrame) {
        row.cpus.push(row.cpu);
        if (row.cpus.length > KEPT) row.cpus.shift();
      }
    }
    const all = [...this.rows.values()];
    const words = this.filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const shown = all.filter((row) => words.every((each) => `${row.name} ${row.pid} ${row.version} ${row.core} ${word(`core_${row.core}`)}`.toLowerCase().includes(each)));
    this.grid.setRows(shown);
    this.showCounts(all);
    this.tiles.show(isFrame);
    this.happened();
  }

  showCounts(all) {
    const without = all.filter(({ core }) => core === 'none');
    setText(this.count, word('processCount', { count: all.length, with: all.filter(({ core }) => core === 'running').length }));
    this.advice.hidden = without.length === 0;
    if (without.length === 0) return;
    const command = `xprofctl attach -p ${without[0].pid}`;
    if (this.command === command && this.withoutCount === without.length) return;
    this.command = command;
    this.withoutCount = without.length;
    this.advice.replaceChildren(word('withoutCore', { count: without.length }), ' ', h('code', {}, command));
  }
}

const readSort = (text) => (text ? [text.replace(/^-/, ''), text.startsWith('-') ? -1 : 1] : null);
