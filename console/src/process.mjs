// One process: its figures over time, its threads, its profiles.

import { Chart } from './chart.mjs';
import { ChartPage } from './chart_page.mjs';
import { copyText, h, icon, setAttribute, setText } from './dom.mjs';
import { EventList } from './event_list.mjs';
import { nameOf, threadsOf } from './fields.mjs';
import { duration, when } from './format.mjs';
import { processCharts } from './process_charts.mjs';
import { Profiles } from './profiles.mjs';
import { word } from './words.mjs';

const FACTS = ['node_version', 'v8_version', 'version', 'user', 'cwd', 'script', 'command', 'cgroup', 'log_dir'];

const ENDED_MAX = 16; // threads that are shown on

export class ProcessPage extends ChartPage {
  constructor(app, link) {
    super(app, link);
    this.key = link.part;
    this.pid = Number(this.key.split('.')[0]);
    this.thread = /^\d+$/.test(link.options.thread || '') ? link.options.thread : '0';
    this.heading = h('h1', {}, word('processNumber', { pid: this.pid }));
    this.badge = h('span', { class: 'badge', hidden: true });
    this.facts = h('dl', { class: 'facts' });
    this.threads = h('div', { class: 'segments threads', role: 'group', 'aria-label': word('threads'), hidden: true });
    this.advice = h('div', { class: 'card advice', hidden: true });
    this.profiles = new Profiles(app, { key: this.key, pid: this.pid, thread: () => Number(this.thread) });
    this.grid = h('div', { class: 'charts' });
    this.events = new EventList({ limit: 30, empty: word('noEventsInRange') });
    this.element = h('div', { class: 'page process' },
      h('div', { class: 'page-head' }, h('div', { class: 'title' }, this.heading, this.badge), this.facts),
      this.advice, this.profiles.element,
      h('div', { class: 'sticky' }, this.range.element, this.threads, this.laneBox),
      this.grid,
      h('section', { class: 'card recent' }, h('header', {}, h('h2', {}, word('page_events'))), this.events.element));
  }

  kinds() {
    const { kinds } = this.app.world;
    return ['process', 'node', 'thread'].filter((kind) => kinds.has(kind));
  }

  pastRange() {
    return this.rangeOfPast();
  }

  /** It and what belongs to it. */
  entityFilter() {
    return { key: this.key };
  }

  liveFilter() {
    return { kind: this.kinds().join(','), key: this.key };
  }

  navigate(link) {
    const isOther = JSON.stringify(link.range) !== JSON.stringify(this.link.range);
    super.navigate(link);
    if (isOther) this.showRange();
  }

  /** Who it was and which threads it had, when that was not known before. */
  async showRange() {
    if (!(await this.reload())) return;
    this.changed();
    this.update();
  }

  isOurs({ kind, key }) {
    if (kind === 'cgroup') return !this.cgroup || key === this.cgroup;
    return !key || !['process', 'node', 'thread'].includes(kind) || key.split('/')[0] === this.key;
  }

  pollsEvents() {
    return true;
  }

  start() {
    this.makeCharts();
    super.start();
    const { world } = this.app;
    if (world.find('node', this.key) || this.timeline.columns.size > 0) this.profiles.start();
  }

  destroy() {
    super.destroy();
    this.profiles.stop();
  }

  makeCharts() {
    const { world } = this.app;
    const threads = this.listThreads();
    this.threadKeys = threads.map(({ key }) => key).join();
    const thread = threads.find(({ labels, key }) => (labels.thread_id ?? key.split('/')[1]) === this.thread)?.key || `${this.key}/${this.thread}`;
    const specs = processCharts(world, this.key, thread, threads);
    const page = this.context();
    this.setCharts(specs.map((spec) => new Chart({ ...spec, page, title: word(`chart_${spec.id}`), why: () => this.why(spec) })));
    this.grid.replaceChildren(...this.charts.map(({ element }) => element));
  }

  listThreads() {
    const threads = threadsOf(this.app.world, this.key);
    const ended = threads.filter(({ gone }) => gone).sort((left, right) => right.at - left.at).slice(0, ENDED_MAX);
    return [...threads.filter(({ gone }) => !gone), ...ended].sort((left, right) => Number(left.labels.thread_id) - Number(right.labels.thread_id));
  }

  options({ thread }) {
    const wanted = /^\d+$/.test(thread || '') ? thread : '0';
    if (wanted !== this.thread) this.showThread(wanted);
  }

  showThread(id) {
    this.thread = id;
    this.makeCharts();
    this.timeline.load();
    this.draw();
    this.update();
  }

  /** Threads or the core came or went: the charts follow. */
  changed() {
    const keys = this.listThreads().map(({ key }) => key).join();
    if (keys === this.threadKeys) return;
    this.makeCharts();
    this.timeline.load();
  }

  update() {
    const { world } = this.app;
    const [process, node] = ['process', 'node'].map((kind) => world.find(kind, this.key));
    const entity = node || process;
    this.cgroup = process?.info.cgroup || this.cgroup; // also when the process has ended by what its cgroup did
    this.showTitle(process, node);
    this.showFacts(process, node);
    this.showThreads();
    const isGone = !entity || entity.gone;
    const core = isGone ? 'gone' : process?.info.core || (node ? 'running' : 'none');
    setAttribute(this.element, 'data-gone', isGone ? 'true' : null);
    this.profiles.showEnded(isGone);
    this.profiles.element.hidden = isGone ? !this.profiles.hasSome : !node && core !== 'running';
    this.showAdvice(core);
  }

  showTitle(process, node) {
    const name = node ? node.labels.name || nameOf(process || node) : process ? nameOf(process) : word('processNumber', { pid: this.pid });
    setText(this.heading, name);
    this.app.setTitle(`${name} (${this.pid})`);
    const state = (node || process)?.gone !== false ? 'gone' : process?.info.core || 'running';
    this.badge.hidden = false;
    setText(this.badge, word(`core_${state}`));
    setAttribute(this.badge, 'data-core', state);
    setAttribute(this.badge, 'title', word(`core_${state}_title`));
  }

  showFacts(process, node) {
    const info = { ...process?.info, ...node?.info };
    const uptime = node?.values.uptime ?? process?.values.uptime ?? this.app.world.find('thread', `${this.key}/0`)?.values.uptime;
    const rows = [[word('pid'), String(this.pid)], ...FACTS.filter((key) => info[key]).map((key) => [word(`fact_${key}`), info[key]])];
    if (Number.isFinite(uptime)) rows.splice(1, 0, [word('uptime'), duration(uptime)]);
    const ended = [process, node].find((entity) => entity?.gone && entity.at);
    if (ended) rows.splice(1, 0, [word('lastSeenName'), when(ended.at, this.app.now())]);
    const id = rows.join('\n');
    if (id === this.factsId) return;
    this.factsId = id;
    this.facts.replaceChildren(...rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', { title: value }, value))));
  }

  showThreads() {
    const threads = this.listThreads();
    const ids = threads.map(({ labels, key }) => labels.thread_id ?? key.split('/')[1]);
    const id = `${ids.join()} ${this.thread}`;
    if (id === this.threadsId) return;
    this.threadsId = id;
    this.threads.hidden = ids.length < 2;
    this.threads.replaceChildren(...ids.map((thread) => h('button', { 'aria-pressed': String(thread === this.thread), onclick: () => this.app.go({ ...this.app.link, options: { ...this.app.link.options, thread: thread === '0' ? '' : thread } }) },
      thread === '0' ? word('mainThread') : word('threadNumber', { id: thread }))));
  }

  showAdvice(core) {
    if (core === this.advised) return;
    this.advised = core;
    this.advice.hidden = core === 'running';
    if (core === 'running') return;
    const command = `xprofctl attach -p ${this.pid}`;
    const content = [h('p', {}, word(`advice_${core}`))];
    if (core === 'none') {
      content.push(h('p', { class: 'command' }, h('code', {}, command), h('button', { class: 'quiet', title: word('copy'), 'aria-label': word('copy'), onclick: async () => this.app.toast((await copyText(command)) ? word('copied') : word('notCopied')) }, icon('copy'))));
    }
    this.advice.replaceChildren(...content);
  }

  eventsShown(events) {
    this.events.show(events, this.app.now());
  }

  takeProfile(kind) {
    if (!this.profiles.element.hidden && !('gone' in this.element.dataset)) this.profiles.take(kind);
  }

  profileChanged(profile) {
    this.profiles.changed(profile);
  }
}
