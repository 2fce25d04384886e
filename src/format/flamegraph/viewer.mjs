// The viewer: its state, and what changes on the page when the state does.

import { Chart } from './chart.mjs';
import { Colours, THEMES, isMeta } from './colours.mjs';
import { columnsOf } from './columns.mjs';
import { percent } from './amount.mjs';
import { placeOf } from './data.mjs';
import { listenForKeys } from './keys.mjs';
import { readLink, writeLink } from './link.mjs';
import { Model } from './model.mjs';
import { find, showCrumbs, showDetail, showFacts, showFound, showLegend, showTooltip, toast } from './panels.mjs';
import { listenToSaving } from './saving.mjs';
import { matchFrames, matchTree } from './search.mjs';
import { FunctionTable } from './table.mjs';
import { Toolbar } from './toolbar.mjs';
import { help, word } from './words.mjs';

const NARROW = 700; // pixels: a telephone
const SEEN = 40; // pixels: a match that is narrower is zoomed to
const LINK_MS = 150; // browsers limit how often an address changes

export class Viewer {
  constructor(profile, theme) {
    this.profile = profile;
    this.theme = theme;
    this.defaults = {
      view: 'flame', order: 'heavy', root: 'top', colour: profile.isComparison ? 'change' : 'kind', width: 'new', scale: profile.scale,
      value: profile.value, idle: false, function: null, group: '', query: '', zoom: null,
    };
    this.state = { ...this.defaults };
    this.model = new Model(profile, this.state);
    this.matchIndex = -1;
    const listener = {
      viewChanged: (chart) => this.viewChanged(chart),
      hovered: (chart, node, x, y) => this.hovered(chart, node, x, y),
      selected: (chart, node) => this.selected(chart, node),
      opened: (chart, node) => this.openSandwich(chart.tree.frame[node]),
    };
    this.chart = new Chart(find('chart'), listener);
    this.callers = new Chart(find('callers'), listener);
    this.callees = new Chart(find('callees'), listener);
    this.fullTable = new FunctionTable(find('full-table'), { opened: (frame) => this.openSandwich(frame), marked: (frame) => this.pointAt(frame) });
    this.sideTable = new FunctionTable(find('side-table'), { opened: (frame) => this.set({ function: frame }), marked: (frame) => this.set({ function: frame }) });
    this.toolbar = new Toolbar(this);
    showFacts(profile);
    listenForKeys(this);
    listenToSaving(this);
    this.follow();
    addEventListener('hashchange', () => this.follow());
    addEventListener('resize', () => this.resized());
  }

  get activeChart() {
    if (this.state.view === 'table' || !this.model.weights) return null;
    if (this.state.view !== 'sandwich') return this.chart.scene ? this.chart : null;
    const focused = [this.callers, this.callees].find(({ box }) => box.contains(document.activeElement));
    return (focused || this.callees).scene ? focused || this.callees : null;
  }

  /** Shows what the address says. */
  follow() {
    const hash = location.hash;
    if (this.written === hash) return;
    const state = { ...this.defaults, ...readLink(hash) };
    if (!this.profile.values[state.value]) state.value = this.defaults.value;
    if (state.function !== null && state.function >= this.profile.frames.count) state.function = null;
    if (state.scale === 'duration' && !this.model.canCompareByDuration) state.scale = 'total';
    if (state.colour === 'change' && !this.profile.isComparison) state.colour = this.defaults.colour;
    if (state.order === 'time' && !this.profile.samples) state.order = 'heavy';
    find('query').value = state.query;
    this.shownTree = null;
    this.set(state, state.zoom);
  }

  /** Changes the state, and the page with it. */
  set(changes, zoom = null) {
    const before = { ...this.state };
    Object.assign(this.state, changes);
    const { state } = this;
    const isOther = (...keys) => keys.some((key) => state[key] !== before[key]);
    if (!this.colours || isOther('colour')) this.colours = new Colours(this.profile, this.theme, state.colour);
    if (isOther('view')) showTooltip(this.model, this.colours, null);
    this.toolbar.show();
    this.showMatch();
    this.showPanel(zoom);
    showLegend(this.model, this.colours, state, (group) => this.set({ group, query: this.clearQuery(group) }));
    this.countMatches();
    this.writeLink();
  }

  /** A highlighted group takes the place of a search. */
  clearQuery(group) {
    if (group === '') return this.state.query;
    find('query').value = '';
    return '';
  }

  showPanel(zoom) {
    const { state, model } = this;
    const isEmpty = !(model.total > 0) && !(model.weights?.other?.[0] > 0);
    find('panel-chart').hidden = isEmpty || (state.view !== 'flame' && state.view !== 'bottomup');
    find('panel-sandwich').hidden = isEmpty || state.view !== 'sandwich';
    find('panel-table').hidden = isEmpty || state.view !== 'table';
    find('panel-chart').setAttribute('aria-labelledby', `tab-${state.view}`);
    find('path').hidden = find('panel-chart').hidden;
    this.showEmpty(isEmpty);
    if (isEmpty) return;
    if (state.view === 'sandwich') this.showSandwich(zoom);
    else if (state.view === 'table') this.showTable();
    else this.showChart(zoom);
  }

  showEmpty(isEmpty) {
    const box = find('empty');
    box.hidden = !isEmpty;
    const isOnlyIdle = this.model.hasIdle && !this.state.idle;
    box.querySelector('span').textContent = word(isOnlyIdle ? 'onlyIdle' : 'nothing');
    box.querySelector('button').hidden = !isOnlyIdle;
    box.querySelector('button').onclick = () => this.set({ idle: true });
  }

  fillWith(colours, tree) {
    if (this.state.colour !== 'change' || tree.other === null) return (node) => colours.fill[tree.frame[node]];
    const kept = new Array(tree.count);
    return (node) => (kept[node] ??= colours.change(this.model.change(tree, node)));
  }

  get look() {
    return { theme: THEMES[this.theme], frames: this.profile.frames };
  }

  showChart(zoom) {
    const { model, chart, state } = this;
    const { tree } = model;
    const isUpward = state.root === 'bottom';
    const look = { ...this.look, fillOf: this.fillWith(this.colours, tree) };
    if (this.shownTree === tree && chart.scene.isUpward === isUpward) {
      chart.recolour(look);
    } else {
      this.shownTree = tree;
      chart.rootFrame = this.profile.nodes.frame[0];
      chart.show({ ...look, tree, isUpward });
      this.applyZoom(chart, zoom);
      this.selected(chart, -1);
    }
    this.viewChanged(chart);
  }

  applyZoom(chart, zoom) {
    if (!zoom) return;
    if (zoom.node < chart.tree.count) chart.zoomTo(zoom.node, { isAtOnce: true });
    else if (zoom.to) chart.go({ from: zoom.from * chart.whole, to: zoom.to * chart.whole }, { isAtOnce: true });
    else return;
    if (zoom.node > 0) chart.bringIntoView(zoom.node);
  }

  showTable() {
    this.fullTable.show(this.tableContent(false));
    this.pointAt(this.fullTable.current >= 0 ? this.fullTable.current : null);
  }

  tableContent(isCompact) {
    const { model } = this;
    const columns = columnsOf(model, this.colours, { isCompact, isNarrow: innerWidth < NARROW });
    return { rows: model.rows, columns, sort: { key: columns[0].key, isDown: true } };
  }

  showSandwich() {
    this.sideTable.show(this.tableContent(true));
    if (this.state.function === null) this.state.function = this.firstFunction();
    const frame = this.state.function;
    const trees = frame === null ? null : this.model.sandwich(frame);
    const key = trees?.callees;
    this.sideTable.mark(frame);
    if (trees && this.shownSandwich !== key) {
      const look = (tree) => ({ ...this.look, tree, fillOf: this.fillWith(this.colours, tree) });
      this.callers.show({ ...look(trees.callers), isUpward: true, skip: 1 });
      this.callees.show(look(trees.callees));
    } else if (trees) {
      for (const chart of [this.callers, this.callees]) chart.recolour({ ...this.look, fillOf: this.fillWith(this.colours, chart.tree) });
    }
    this.shownSandwich = key;
    find('panel-sandwich').querySelector('.halves').hidden = !trees;
    this.pointAt(frame);
  }

  /** The first row that is a function, not what V8 calls (program) or (garbage collector). */
  firstFunction() {
    const { rows } = this.sideTable;
    return rows.find((frame) => !isMeta(this.profile.frames.category[frame])) ?? rows[0] ?? null;
  }

  resized() {
    if (this.state.view === 'table') this.showTable();
  }

  /** What the panels say about a node of a chart. */
  thingOf(chart, node) {
    const { tree } = chart;
    const get = (column) => (tree[column] === null ? null : tree[column][node]);
    return {
      frame: tree.frame[node], total: get('total'), self: get('self'), other: get('other'), otherSelf: get('otherSelf'),
      whole: this.model.wholeOf(tree), unit: this.model.unitOf(tree),
    };
  }

  thingOfFunction(frame) {
    const { functions, total: whole, unit } = this.model;
    const get = (column) => (functions[column] === null ? null : functions[column][frame]);
    return { frame, total: get('total'), self: get('self'), other: get('other'), otherSelf: get('otherSelf'), whole, unit };
  }

  pointAt(frame) {
    this.pointed = frame;
    showDetail(this.model, frame === null ? null : this.thingOfFunction(frame));
  }

  hovered(chart, node, x, y) {
    showTooltip(this.model, this.colours, node >= 0 ? this.thingOf(chart, node) : null, x, y);
  }

  selected(chart, node) {
    this.pointed = node >= 0 ? chart.tree.frame[node] : null;
    showDetail(this.model, node >= 0 ? this.thingOf(chart, node) : null);
  }

  viewChanged(chart) {
    if (chart !== this.chart || this.state.view === 'sandwich' || this.state.view === 'table') return;
    const path = chart.path();
    showCrumbs(chart, this.profile.frames, path, (node) => chart.zoomTo(node));
    this.state.zoom = this.zoomOf(chart, path[path.length - 1]);
    this.writeLink();
  }

  zoomOf(chart, node) {
    if (chart.isWhole) return null;
    const { from, to } = chart.view;
    const { tree } = chart;
    if (node !== undefined && tree.start[node] === from && tree.start[node] + tree.total[node] === to) return { node };
    return { from: from / chart.whole, to: to / chart.whole };
  }

  writeLink() {
    clearTimeout(this.linkTimer);
    this.linkTimer = setTimeout(() => {
      this.written = writeLink(this.state, this.defaults);
      if (this.written === location.hash) return;
      history.replaceState(null, '', this.written === '' ? location.pathname + location.search : this.written);
    }, LINK_MS);
  }

  /** Finds what the query or the highlighted group says. */
  showMatch() {
    const { query, group } = this.state;
    const key = `${query}|${group}|${this.state.colour}`;
    if (this.matchKey === key) return;
    this.matchKey = key;
    this.matchIndex = -1;
    this.match = matchFrames(this.profile.frames, query);
    if (this.match === null && group !== '' && this.colours.group.includes(group)) {
      this.match = { found: Uint8Array.from(this.colours.group, (each) => (each === group ? 1 : 0)), isPlain: false };
    }
    const found = this.match ? this.match.found : null;
    for (const chart of [this.chart, this.callers, this.callees]) chart.setMatch(found);
    this.fullTable.setFilter((frame) => this.isListed(frame));
    this.sideTable.setFilter((frame) => this.isListed(frame));
  }

  isListed(frame) {
    if (this.match && !this.match.found[frame]) return false;
    return !this.filter || this.filter.found[frame] === 1;
  }

  setFilter(text) {
    this.filter = matchFrames(this.profile.frames, text);
    for (const table of [this.fullTable, this.sideTable]) table.setFilter((frame) => this.isListed(frame));
  }

  countMatches() {
    this.matches = null;
    if (!this.match || !this.model.weights) {
      showFound({ text: '', note: '', hasMore: false });
      return;
    }
    const tree = this.state.view === 'sandwich' || this.state.view === 'table' ? callTree(this.model) : this.model.tree;
    this.matches = matchTree(tree, this.match.found);
    const { sum, functions, nodes } = this.matches;
    const isFound = functions > 0;
    showFound({
      share: isFound ? percent(sum, this.model.wholeOf(tree)) : '',
      text: (isFound ? `${functions} ${word('matchedFunctions')}` : word('noMatch')) + (this.match.isPlain ? ' *' : ''),
      note: this.match.isPlain ? word('notRegex') : '',
      hasMore: nodes.length > 0 && tree === this.chart.scene?.tree,
    });
  }

  /** The next of the outermost matches, the widest first. */
  nextMatch(step) {
    if (!this.matches || this.matches.nodes.length === 0 || this.activeChart !== this.chart) return;
    const { nodes } = this.matches;
    this.matchIndex = (this.matchIndex + step + nodes.length) % nodes.length;
    const node = nodes[this.matchIndex];
    const { from, to } = this.chart.view;
    if ((this.chart.tree.total[node] / (to - from)) * this.chart.scene.width < SEEN) this.chart.zoomTo(node);
    this.chart.select(node);
  }

  goBack() {
    const menu = find('downloads');
    if (!menu.hidden) menu.hidden = true;
    else if (this.activeChart?.zoomBack()) return;
    else if (this.state.query !== '' || this.state.group !== '') {
      find('query').value = '';
      this.set({ query: '', group: '' });
    } else if (this.state.view === 'sandwich' || this.state.view === 'table') this.set({ view: 'flame' });
  }

  openSandwich(frame = this.pointed) {
    if (frame === null || frame === undefined || frame === this.profile.nodes.frame[0]) this.set({ view: 'sandwich' });
    else this.set({ view: 'sandwich', function: frame });
  }

  async copyName() {
    if (this.pointed === null || this.pointed === undefined) return;
    const name = this.profile.frames.raw[this.pointed] || placeOf(this.profile.frames, this.pointed, 'file');
    try {
      await navigator.clipboard.writeText(name);
    } catch {
      copyBySelection(name); // pages from disk may not have a clipboard
    }
    toast(`${word('copied')}: ${this.profile.frames.name[this.pointed]}`);
  }

  cycle(key) {
    this.toolbar.cycle(key);
  }

  focusSearch() {
    find('query').focus();
    find('query').select();
  }

  leaveInput(input) {
    if (input.value !== '') {
      input.value = '';
      input.dispatchEvent(new Event('input', { bubbles: true }));
    } else {
      input.blur();
      this.activeChart?.box.focus();
    }
  }

  switchTheme(theme = this.theme === 'dark' ? 'light' : 'dark') {
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
    this.colours = null;
    this.set({}, this.state.zoom);
  }

  showHelp() {
    const list = find('help-box').querySelector('dl');
    list.replaceChildren(
      ...help().flatMap(([names, text]) => {
        const term = document.createElement('dt');
        names.forEach((name) => term.append(Object.assign(document.createElement('kbd'), { textContent: name }), ' '));
        return [term, Object.assign(document.createElement('dd'), { textContent: text })];
      }),
    );
    find('help-box').showModal();
  }
}

/** The tree of calls, whatever view is shown: its shares are those of the whole. */
function callTree(model) {
  return Object.create(model, { state: { value: { ...model.state, view: 'flame', order: 'heavy' } } }).tree;
}

function copyBySelection(text) {
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
