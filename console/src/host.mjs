// The host: processors, waiting, memory, disks, network, and which processes use them.

import { Chart } from './chart.mjs';
import { ChartPage } from './chart_page.mjs';
import { h, setText } from './dom.mjs';
import { sumOf, valueOf } from './fields.mjs';
import { amount, duration, moment } from './format.mjs';
import { CPU_DONUT, hostCharts } from './host_charts.mjs';
import { FilesystemTable, ProcessTop, topKind } from './host_tables.mjs';
import { donut, keyList } from './marks.mjs';
import { word } from './words.mjs';

const SECTIONS = ['cpu', 'pressure', 'memory', 'disks', 'filesystems', 'network', 'tcp'];
const PARTS_MAX = 8; // of the ring of processes

export class HostPage extends ChartPage {
  constructor(app, link) {
    super(app, link);
    app.setTitle(word('page_host'));
    this.sections = new Map(SECTIONS.map((name) => [name, this.makeSection(name)]));
    this.cpuRing = this.makeRing('ring_cpu');
    this.pssRing = this.makeRing('ring_pss');
    this.shareRing = this.makeRing('ring_share');
    this.top = new ProcessTop(app, 'cpu');
    this.memoryTop = new ProcessTop(app, 'memory');
    this.ioTop = new ProcessTop(app, 'io');
    this.filesystems = new FilesystemTable(app);
    this.heading = h('h1', {}, word('page_host'));
    this.facts = h('dl', { class: 'facts' });
    this.element = h('div', { class: 'page host' },
      h('div', { class: 'page-head' }, h('div', { class: 'title' }, this.heading, this.makeJumps()), this.facts),
      h('div', { class: 'sticky' }, this.range.element, this.laneBox),
      [...this.sections.values()].map(({ element }) => element));
  }

  makeSection(name) {
    const charts = h('div', { class: 'charts' });
    return { charts, element: h('section', { class: 'section', 'aria-label': word(`section_${name}`) }, h('h2', {}, word(`section_${name}`)), charts) };
  }

  makeJumps() {
    const jump = (name) => h('button', { onclick: () => this.sections.get(name).element.scrollIntoView({ block: 'start' }) }, word(`section_${name}`));
    return h('nav', { class: 'jumps', 'aria-label': word('sections') }, SECTIONS.map(jump));
  }

  makeRing(name) {
    const ring = donut(word(name));
    const keys = keyList();
    const ofNow = h('small', { class: 'faint', hidden: true }, word('ofNow'));
    const card = h('section', { class: 'card ring' }, h('header', {}, h('h3', {}, word(name)), ofNow), h('div', { class: 'ring-body' }, ring.element, keys.element));
    return { card, ofNow, show: (parts, text, subtext) => { ring.show(parts, text, subtext); keys.show(parts); } };
  }

  kinds() {
    const { kinds } = this.app.world;
    return ['host_kernel', 'host_cpu_total', 'host_cpu', 'host_system', 'host_softirq', 'host_load', 'host_pressure', 'host_memory', 'host_vmstat', 'host_disk', 'host_filesystem', 'host_network', 'host_tcp', 'host_udp', 'host_sockets', 'host_process', 'process', 'node'].filter((kind) => kinds.has(kind));
  }

  start() {
    this.makeCharts();
    super.start();
  }

  destroy() {
    super.destroy();
    for (const table of [this.top, this.memoryTop, this.ioTop, this.filesystems]) table.destroy();
  }

  makeCharts() {
    const { world } = this.app;
    const page = this.context();
    this.entities = this.entityKeys();
    const made = hostCharts(world).map(([name, specs]) => [name, specs.map((spec) => new Chart({ ...spec, page, title: word(`chart_${spec.id}`), why: () => this.why(spec) }))]);
    this.setCharts(made.flatMap(([, charts]) => charts));
    const more = { cpu: [this.cpuRing.card, this.top.card], memory: [this.shareRing.card, this.pssRing.card, this.memoryTop.card], disks: [this.ioTop.card], filesystems: [this.filesystems.card] };
    for (const name of SECTIONS) {
      const charts = (made.find(([section]) => section === name)?.[1] || []).map(({ element }) => element);
      const cards = more[name] || [];
      const { element, charts: box } = this.sections.get(name);
      if (name === 'cpu') box.replaceChildren(cards[0], ...charts, ...cards.slice(1));
      else box.replaceChildren(...charts, ...cards);
      element.hidden = box.children.length === 0;
    }
  }

  entityKeys() {
    return ['host_cpu', 'host_softirq', 'host_disk', 'host_network'].map((kind) => [...this.app.world.of(kind).keys()].sort().join()).join(';');
  }

  changed() {
    if (this.entityKeys() === this.entities) return;
    this.makeCharts();
    this.timeline.load();
  }

  isOurs({ kind }) {
    return !['process', 'node', 'thread'].includes(kind);
  }

  update() {
    const cards = [this.pssRing, this.shareRing, this.top, this.memoryTop, this.ioTop, this.filesystems];
    for (const { ofNow } of cards) ofNow.hidden = 'last' in this.link.range;
    this.showFacts();
    this.showCpu();
    this.showMemory();
    for (const table of [this.top, this.memoryTop, this.ioTop, this.filesystems]) table.show();
  }

  /** Which host it is, and since when. */
  showFacts() {
    const { world } = this.app;
    const first = (kind) => world.list(kind)[0];
    const { nodename, sysname, release, machine } = first('host_kernel')?.info || {};
    const [cpus, uptime, memory] = [['host_cpu_total', 'cpus'], ['host_system', 'uptime'], ['host_memory', 'total']].map(([kind, field]) => valueOf(world, first(kind), field));
    const boot = valueOf(world, first('host_system'), 'boot_time');
    const rows = [
      [word('fact_kernel'), [sysname, release, machine].filter(Boolean).join(' ')],
      [word('fact_cpus'), cpus === null ? '' : String(cpus)],
      [word('memory'), memory === null ? '' : amount(memory, 'bytes')],
      [word('uptime'), uptime === null ? '' : duration(uptime - (uptime % 60)), boot === null ? null : moment(boot * 1000)],
    ].filter(([, value]) => value);
    const id = rows.join('\n');
    if (id === this.factsId) return;
    this.factsId = id;
    setText(this.heading, nodename || word('page_host'));
    this.facts.replaceChildren(...rows.map(([name, value, title]) => h('div', {}, h('dt', {}, name), h('dd', { title: title || value }, value))));
  }

  showCpu() {
    const { world } = this.app;
    const total = world.list('host_cpu_total')[0];
    const parts = CPU_DONUT.map(([state, colour]) => ({ label: word(`cpu_${state}`), colour, value: valueOf(world, total, state) }));
    const whole = parts.reduce((sum, { value }) => sum + (value || 0), 0);
    for (const each of parts) each.text = amount(whole > 0 && each.value !== null ? each.value / whole : null, 'ratio');
    this.cpuRing.show(parts, amount(valueOf(world, total, 'busy'), 'ratio'), word('busy'));
  }

  showMemory() {
    const { world } = this.app;
    const memory = valueOf(world, world.list('host_memory')[0], 'total');
    const sized = world.list(topKind(world)).map((process) => ({ process, value: sumOf(world, process, 'pss') })).filter(({ value }) => value !== null);
    sized.sort((left, right) => right.value - left.value);
    const sum = sized.reduce((total, { value }) => total + value, 0);
    const text = (value) => amount(value, 'bytes');
    this.shareRing.show(
      [{ label: word('processes'), colour: 'c1', value: sum, text: text(sized.length > 0 ? sum : null) }, { label: word('rest'), colour: 'track', value: memory === null ? 0 : Math.max(0, memory - sum), text: text(memory === null ? null : memory - sum) }],
      amount(memory && sized.length > 0 ? sum / memory : null, 'ratio'), 'PSS');
    const parts = sized.slice(0, PARTS_MAX).map(({ process, value }, index) => ({ label: this.top.nameOf(process), title: process.info.command, colour: `c${index + 1}`, value, text: text(value) }));
    const others = sized.slice(PARTS_MAX).reduce((total, { value }) => total + value, 0);
    if (others > 0) parts.push({ label: word('rest'), colour: 'track', value: others, text: text(others) });
    this.pssRing.show(parts, text(sized.length > 0 ? sum : null), 'PSS');
  }
}
