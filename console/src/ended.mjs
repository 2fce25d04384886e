// Processes that are no more, but were seen in a range: from here the way leads to their pages.

import { api } from './api.mjs';
import { h, setText } from './dom.mjs';
import { nameOf } from './fields.mjs';
import { duration, moment, when } from './format.mjs';
import { Grid } from './grid.mjs';
import { boundsOf, writeLink } from './link.mjs';
import { word } from './words.mjs';

const SPANS_MS = [900_000, 3_600_000, 86_400_000, 604_800_000, 2_592_000_000];
const SPAN_MS = 3_600_000;
const AGAIN_MS = 2000;
const SHOWN_MS = 900_000; // before its end
const AROUND_MS = 10_000;

/** A process and its node, as one row. */
function rowsOf(entities) {
  const rows = new Map();
  for (const { kind, key, labels, info, gone, since_ms: since, updated_ms: until } of entities) {
    if (!gone) continue;
    const row = rows.get(key) || { key, pid: Number(labels.pid || key.split('.')[0]), since, until, version: '' };
    if (kind === 'node' || !row.name) row.name = labels.name || nameOf({ kind, key, labels, info });
    row.version ||= info.node_version || '';
    row.since = Math.min(row.since, since);
    row.until = Math.max(row.until, until);
    rows.set(key, row);
  }
  return [...rows.values()];
}

/** Its last quarter of an hour. */
const rangeOf = ({ since, until }) => ({ from: Math.max(since, until - SHOWN_MS) - AROUND_MS, to: until + AROUND_MS });

export class EndedList {
  /** remember(options): keeps in the address what is chosen */
  constructor(app, link, remember) {
    this.app = app;
    this.link = link;
    const span = Number(link.options.ended);
    this.fixed = 'from' in link.range ? link.range : null;
    this.span = SPANS_MS.includes(span) ? span : SPAN_MS;
    this.rows = [];
    this.filter = '';
    this.count = h('span', { class: 'faint', role: 'status' });
    this.choice = h('select', { 'aria-label': word('endedWithin'), onchange: () => { this.choose(); remember({ ended: this.fixed ? '' : String(this.span) }); } },
      this.fixed ? h('option', { value: 'fixed' }, `${moment(this.fixed.from)} – ${moment(this.fixed.to)}`) : null,
      SPANS_MS.map((each) => h('option', { value: String(each) }, word(`span_${each}`))));
    this.choice.value = this.fixed ? 'fixed' : String(this.span);
    this.range = this.fixed;
    this.grid = new Grid({
      id: 'ended', label: word('endedProcesses'), columns: this.columns(), rowHeight: 28, maxHeight: '340px', keyOf: ({ key }) => key, sortBy: ['ended', -1],
      open: (row) => app.go({ page: 'process', part: row.key, range: rangeOf(row) }),
      empty: () => this.refusal || (this.filter ? word('noMatch') : word('endedNone')),
    });
    this.element = h('details', { class: 'card ended', open: this.fixed !== null || SPANS_MS.includes(span), ontoggle: () => { remember({ ended: this.element.open && !this.range ? String(this.span) : '' }); this.load(); } },
      h('summary', {}, h('h2', {}, word('endedProcesses'))),
      h('div', { class: 'ended-head' }, h('label', { class: 'for' }, h('span', { class: 'faint' }, word('endedWithin')), this.choice), this.count));
  }

  columns() {
    const list = [
      { id: 'name', width: 130, priority: 0, isWide: true, class: 'name', sort: ({ name }) => name, show: (cell, row) => Grid.showLink(cell, row.name, writeLink({ page: 'process', part: row.key, range: rangeOf(row) })) },
      { id: 'pid', width: 70, priority: 1, isNumber: true, sort: ({ pid }) => pid, text: ({ pid }) => String(pid) },
      { id: 'version', width: 76, priority: 4, sort: ({ version }) => version, text: ({ version }) => version },
      { id: 'began', width: 128, priority: 3, isNumber: true, sort: ({ since }) => since, text: ({ since }) => when(since, this.app.now()) },
      { id: 'ended', width: 128, priority: 0, isNumber: true, sort: ({ until }) => until, text: ({ until }) => when(until, this.app.now()) },
      { id: 'lasted', width: 92, priority: 2, isNumber: true, sort: ({ since, until }) => until - since, text: ({ since, until }) => duration((until - since) / 1000) },
    ];
    return list.map((column) => ({ ...column, label: word(`column_${column.id}`) }));
  }

  choose() {
    this.range = this.choice.value === 'fixed' ? this.fixed : null;
    if (!this.range) this.span = Number(this.choice.value);
    this.load();
  }

  async load() {
    if (!this.element.open) return;
    if (!this.grid.element.isConnected) this.element.append(this.grid.element);
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const { from, to } = this.range || boundsOf({ last: this.span }, this.app.now());
    const kinds = ['process', 'node'].filter((kind) => this.app.world.kinds.has(kind));
    try {
      const values = { kind: kinds.join(','), fields: 'threads', from: Math.round(from), to: this.range ? Math.round(to) : '' };
      this.rows = rowsOf((await api.entities(values, signal)).entities);
      this.refusal = '';
    } catch (error) {
      if (signal.aborted) return;
      this.rows = [];
      this.refusal = error.status === 404 ? word('endedNoHistory') : error.message;
    }
    this.show(this.filter);
  }

  /** Some process ended: not asked for each of a hundred. */
  loadSoon() {
    if (this.timer || !this.element.open || this.range) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.load();
    }, AGAIN_MS);
  }

  show(filter) {
    this.filter = filter;
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = this.rows.filter(({ name, pid, version }) => words.every((each) => `${name} ${pid} ${version}`.toLowerCase().includes(each)));
    setText(this.count, this.rows.length > 0 ? word('endedCount', { count: shown.length }) : '');
    this.grid.setRows(shown);
  }

  destroy() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.grid.destroy();
  }
}
