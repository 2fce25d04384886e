// Any kind, any entity, any field: what plugins and control groups tell is seen here without code of its own.

import { Chart } from './chart.mjs';
import { ChartPage } from './chart_page.mjs';
import { h, setAttribute, setText } from './dom.mjs';
import { nameOf } from './fields.mjs';
import { amount, when } from './format.mjs';
import { Grid } from './grid.mjs';
import { writeLink } from './link.mjs';
import { word } from './words.mjs';

const COLOURS = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'];
const LINES_MAX = 16; // entities in one chart
const CHARTS_MAX = 12;
const COLUMNS_MAX = 6; // fields beside the name in the table of entities

export class ExplorePage extends ChartPage {
  constructor(app, link) {
    super(app, link);
    this.needsNewKinds = true; // plugins bring new ones
    this.kind = link.part;
    app.setTitle(this.kind || word('page_explore'));
    this.readOptions(link.options);
    this.kindList = h('nav', { class: 'kind-list', 'aria-label': word('kinds') });
    this.kindSelect = h('select', { class: 'kind-select', 'aria-label': word('kinds'), onchange: () => app.go({ page: 'explore', part: this.kindSelect.value, options: {} }) });
    this.filter = h('input', { type: 'search', placeholder: word('filterEntities'), 'aria-label': word('filterEntities'), spellcheck: 'false', oninput: () => this.update() });
    this.help = h('p', { class: 'faint' });
    this.grid = new Grid({ id: 'entities', label: word('entities'), rowHeight: 28, maxHeight: '300px', keyOf: ({ key }) => key, open: (entity) => this.choose(entity.key), empty: () => (this.filter.value ? word('noMatch') : word('noEntities')) });
    this.entityBox = h('section', { class: 'card', hidden: true }, h('header', {}, h('h2', {}, word('entities')), this.filter), this.grid.element);
    this.fieldName = h('h2', {}, word('fields'));
    this.clear = h('button', { hidden: true, onclick: () => this.choose('') }, word('allEntities'));
    this.fieldFilter = h('input', { type: 'search', placeholder: word('filterFields'), 'aria-label': word('filterFields'), spellcheck: 'false', oninput: () => this.update() });
    this.fieldGrid = new Grid({ id: 'fields', label: word('fields'), rowHeight: 28, maxHeight: '420px', keyOf: ({ key }) => key, open: ({ key }) => this.toggle(key), empty: () => word('noMatch'), columns: this.fieldColumns() });
    this.chartBox = h('div', { class: 'charts' });
    this.hint = h('p', { class: 'faint hint' }, word('chooseFields'));
    this.element = h('div', { class: 'page explore' }, this.kindList,
      h('div', { class: 'explore-body' }, h('div', { class: 'page-head' }, h('div', { class: 'title' }, h('h1', {}, this.kind || word('page_explore')), this.kindSelect), this.help),
        this.entityBox,
        h('section', { class: 'card' }, h('header', {}, this.fieldName, this.clear, this.fieldFilter), this.fieldGrid.element),
        h('div', { class: 'sticky' }, this.range.element, this.laneBox), this.hint, this.chartBox));
  }

  readOptions({ key = '', fields = '' }) {
    this.key = key;
    this.fields = fields ? fields.split(',') : [];
  }

  kinds() {
    const { kinds } = this.app.world;
    if (!this.kind || !kinds.has(this.kind)) this.kind = kinds.has('host_load') && !this.kind ? 'host_load' : this.kind || [...kinds.keys()][0];
    return kinds.has(this.kind) ? [this.kind] : [];
  }

  pastRange() {
    return this.rangeOfPast();
  }

  /** The stream knows nothing of kinds that are gone, and needs one. */
  liveFilter() {
    const { kinds } = this.app.world;
    const living = (name) => kinds.has(name) && !kinds.get(name).gone;
    return { kind: [this.kind, 'host_load', ...kinds.keys()].find(living) };
  }

  /** Those that are there before those that were. */
  listed() {
    const all = this.app.world.list(this.kind);
    return [...all.filter(({ gone }) => !gone), ...all.filter(({ gone }) => gone)];
  }

  navigate(link) {
    const isOther = JSON.stringify(link.range) !== JSON.stringify(this.link.range);
    super.navigate(link);
    if (isOther) this.showRange();
  }

  async showRange() {
    const { kinds } = this.app.world;
    const shown = kinds.get(this.kind);
    if (!shown || !(await this.reload())) return;
    const now = this.app.world.kinds;
    if (!now.has(this.kind)) now.set(this.kind, { ...shown, gone: true }); // not of this range: without data
    this.showKinds();
    this.changed();
    this.update();
  }

  start() {
    const kind = this.app.world.kinds.get(this.kind);
    if (!kind) {
      this.app.showProblem(word('noKind', { kind: this.kind }));
      return;
    }
    setText(this.element.querySelector('h1'), kind.name);
    setText(this.help, kind.gone ? word('kindGone') : kind.help);
    this.showKinds();
    this.grid.setColumns(this.entityColumns(kind));
    this.grid.sortBy = ['name', 1];
    if (this.fields.length === 0) this.fields = [...kind.fields.keys()].slice(0, 2);
    this.makeCharts();
    super.start();
  }

  destroy() {
    super.destroy();
    this.grid.destroy();
    this.fieldGrid.destroy();
  }

  options(options) {
    const before = `${this.key} ${this.fields}`;
    this.readOptions(options);
    if (this.fields.length === 0) this.fields = [...(this.app.world.kinds.get(this.kind)?.fields.keys() || [])].slice(0, 2);
    if (`${this.key} ${this.fields}` === before) return;
    this.makeCharts();
    this.timeline.load();
    this.update();
  }

  focusFilter() {
    (this.entityBox.hidden ? this.fieldFilter : this.filter).focus();
  }

  isOurs(event) {
    return event.kind === this.kind && (!this.key || event.key === this.key);
  }

  showKinds() {
    const names = [...this.app.world.kinds.keys()].sort();
    const isGone = (name) => this.app.world.kinds.get(name).gone;
    const linkTo = (name) => writeLink({ page: 'explore', part: name, range: this.link.range });
    this.kindList.replaceChildren(...names.map((name) => h('a', { href: linkTo(name), title: isGone(name) ? word('kindGone') : this.app.world.kinds.get(name).help, 'data-gone': isGone(name), 'aria-current': name === this.kind ? 'page' : null }, name)));
    this.kindSelect.replaceChildren(...names.map((name) => h('option', { value: name }, isGone(name) ? `${name} (${word('core_gone')})` : name)));
    this.kindSelect.value = this.kind;
    this.kindList.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }

  entityColumns(kind) {
    const { world } = this.app;
    const fields = [...kind.fields.values()].slice(0, COLUMNS_MAX);
    return [
      { id: 'name', width: 140, priority: 0, isWide: true, label: word('column_entity'), sort: nameOf, show: (cell, entity) => this.showName(cell, entity) },
      ...fields.map(({ key, help, rateUnit }, index) => ({
        id: key, width: 104, priority: index + 1, isNumber: true, label: key, title: help,
        sort: (entity) => world.value(entity, key),
        show: (cell, entity) => Grid.showValue(cell, amount(world.value(entity, key), rateUnit), world.quality(entity, key)),
      })),
    ];
  }

  showName(cell, entity) {
    Grid.showLink(cell, nameOf(entity) || word('theOnlyOne'), writeLink({ page: 'explore', part: this.kind, range: this.link.range, options: { key: entity.key, fields: this.fields.join(',') } }));
    if (entity.gone && !cell.badge) cell.append((cell.badge = h('span', { class: 'badge' }, word('core_gone'))));
    if (!cell.badge) return;
    cell.badge.hidden = !entity.gone;
    if (entity.gone) setAttribute(cell.badge, 'title', word('lastSeen', { at: when(entity.at, this.app.now()) }));
  }

  fieldColumns() {
    const { world } = this.app;
    return [
      { id: 'key', width: 190, priority: 0, isWide: 0.6, label: word('column_field'), sort: ({ key }) => key, show: (cell, field) => this.showToggle(cell, field) },
      { id: 'value', width: 96, priority: 0, isNumber: true, label: word('column_value'), show: (cell, { key, rateUnit }) => Grid.showValue(cell, this.one ? amount(world.value(this.one, key), rateUnit) : '', this.one ? world.quality(this.one, key) : '') },
      { id: 'type', width: 62, priority: 2, label: word('column_type'), sort: ({ type }) => type, text: ({ type }) => word(`type_${type}`) },
      { id: 'help', width: 180, priority: 1, isWide: true, class: 'faint', label: word('column_help'), show: (cell, { help, source }) => { setText(cell, help); setAttribute(cell, 'title', source ? `${help} — ${source}` : help); } },
    ];
  }

  showToggle(cell, { key }) {
    let button = cell.firstChild;
    if (!button) {
      button = h('button', { class: 'check', role: 'checkbox', onclick: () => this.toggle(button.dataset.key) }, h('i'), h('span'));
      cell.append(button);
    }
    button.dataset.key = key;
    setText(button.lastChild, key);
    setAttribute(button, 'aria-checked', String(this.fields.includes(key)));
  }

  toggle(key) {
    const fields = this.fields.includes(key) ? this.fields.filter((each) => each !== key) : [...this.fields, key].slice(-CHARTS_MAX);
    this.app.go({ ...this.app.link, options: { ...this.app.link.options, fields: fields.join(',') } }, true);
  }

  choose(key) {
    this.app.go({ ...this.app.link, options: { ...this.app.link.options, key } });
  }

  makeCharts() {
    const { world } = this.app;
    const kind = world.kinds.get(this.kind);
    const page = this.context();
    const all = this.listed();
    this.shownKeys = (this.key ? [this.key] : all.map(({ key }) => key)).slice(0, LINES_MAX);
    const charts = this.fields
      .map((key) => kind.fields.get(key))
      .filter(Boolean)
      .map(({ key, rateUnit }) => {
        const series = this.shownKeys.map((entity, index) => ({ label: nameOf(world.find(this.kind, entity) || { info: {}, labels: {}, key: entity, kind: this.kind }), colour: COLOURS[index % COLOURS.length], parts: [{ kind: this.kind, key: entity, field: key }] }));
        return new Chart({ id: key, title: key, note: this.noteOf(key), unit: rateUnit, series, page, why: () => this.why({ series }) });
      });
    this.setCharts(charts);
    this.chartBox.replaceChildren(...charts.map(({ element }) => element));
    this.hint.hidden = charts.length > 0;
  }

  /** What it is, and that there are more of them than lines. */
  noteOf(key) {
    const { help, type } = this.app.world.kinds.get(this.kind).fields.get(key);
    const all = this.key ? 1 : this.listed().length;
    const some = all > LINES_MAX ? ` · ${word('firstOf', { count: LINES_MAX, all })}` : '';
    return `${help}${type === 'counter' ? ` (${word('perSecond')})` : ''}${some}`;
  }

  changed() {
    for (const chart of this.charts) chart.note = this.noteOf(chart.id);
    if (!this.key && this.listed().slice(0, LINES_MAX).map(({ key }) => key).join() !== this.shownKeys.join()) {
      this.makeCharts();
      this.timeline.load();
    }
  }

  update() {
    const { world } = this.app;
    const kind = world.kinds.get(this.kind);
    if (!kind) return;
    const all = this.listed();
    const match = (text, filter) => text.toLowerCase().includes(filter.value.trim().toLowerCase());
    this.one = this.key ? world.find(this.kind, this.key) : all.length === 1 ? all[0] : null;
    this.entityBox.hidden = all.length === 1 && !this.key;
    this.clear.hidden = !this.key;
    setText(this.fieldName, this.one && all.length > 1 ? nameOf(this.one) : word('fields'));
    this.fieldName.title = this.one?.at ? when(this.one.at, this.app.now()) : '';
    this.grid.setRows(all.filter((entity) => match(`${entity.key} ${nameOf(entity)} ${Object.values(entity.labels).join(' ')}`, this.filter)));
    this.fieldGrid.setRows([...kind.fields.values()].filter(({ key, help }) => match(`${key} ${help}`, this.fieldFilter)));
  }
}
