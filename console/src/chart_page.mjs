// What pages with charts have in common: one range, one timeline, a cursor that all charts share, events on the axis.

import { api } from './api.mjs';
import { h, setText } from './dom.mjs';
import { clock, when } from './format.mjs';
import { boundsOf, writeLink } from './link.mjs';
import { RangeBar } from './range_bar.mjs';
import { Timeline } from './timeline.mjs';
import { eventWord, sentence, word } from './words.mjs';
import { toneOf } from './words_events.mjs';

const EVENTS_MAX = 300;
const POLL_MS = 3000;
const BACK_MAX = 50;

export class ChartPage {
  constructor(app, link) {
    this.app = app;
    this.link = link;
    this.charts = [];
    this.marked = [];
    this.past = []; // ranges shown before
    this.timeline = new Timeline({
      world: app.world,
      getSeries: (values, signal) => api.series(values, signal),
      changed: () => this.draw(),
      failed: (error) => this.failed(error),
    });
    this.range = new RangeBar(app, link.range);
    this.lane = h('ol', { class: 'lane', 'aria-label': word('eventsOnAxis'), onkeydown: (event) => this.laneKey(event) });
    this.pointer = h('span', { class: 'lane-pointer faint' });
    this.laneBox = h('div', { class: 'lane-box' }, h('span', { class: 'lane-name faint' }, word('page_events')), this.lane, this.pointer);
  }

  /** Without a history (it is turned off, or of another range) charts begin now, and say so. */
  failed(error) {
    if ([404, 501, 503].includes(error.status)) this.timeline.note = error.message;
    else this.app.fail(error, () => this.timeline.load());
  }

  /** Why a chart of these series is empty, when its values say so. */
  why({ series }) {
    const { world } = this.app;
    if (this.timeline.note) return this.timeline.note;
    const reasons = series.flatMap(({ parts }) => parts.map(({ kind, key, field }) => world.quality(world.find(kind, key), field)));
    const isEach = (reason) => this.timeline.isLive && reasons.length > 0 && reasons.every((each) => each === reason);
    return ['denied', 'absent'].filter(isEach).map((reason) => word(`quality_${reason}`))[0] || word('noData');
  }

  /** For charts. */
  context() {
    return {
      timeline: this.timeline,
      events: () => this.marked,
      zoom: (range) => this.range.set(range),
      back: () => this.back(),
      say: (text) => this.app.say(text),
      pointed: (at) => setText(this.pointer, at === null ? '' : clock(at)),
    };
  }

  /** Charts in place of those there are; each has a `wishes` for the timeline in its series. */
  setCharts(charts) {
    for (const chart of this.charts) chart.destroy();
    this.charts = charts;
    this.wish();
  }

  wish() {
    const wishes = this.charts.flatMap(({ series }) => series.flatMap(({ parts, of = [] }) => [...parts, ...of]));
    return this.timeline.want([...wishes, ...(this.moreWishes?.() || [])]);
  }

  start() {
    this.timeline.setRange(this.link.range, this.app.now());
    this.timeline.load();
    this.loadEvents();
    if (this.pollsEvents()) this.polling = setInterval(() => this.timeline.isLive && this.loadEvents(), POLL_MS);
  }

  /** The stream tells events of its own kinds only; a page that marks others asks for them too. */
  pollsEvents() {
    return false;
  }

  navigate(link) {
    const isOther = JSON.stringify(link.range) !== JSON.stringify(this.link.range);
    const isBack = this.isGoingBack;
    this.isGoingBack = false;
    if (isOther && !isBack) this.past.push(this.link.range);
    if (this.past.length > BACK_MAX) this.past.shift();
    this.link = link;
    if (isOther) {
      this.range.show(link.range);
      this.timeline.setRange(link.range, this.app.now());
      this.draw();
      this.timeline.load();
      this.loadEvents();
    }
    this.options?.(link.options);
  }

  /** For pages that also show what is gone: that of their range, in /api/kinds and /api/entities. */
  rangeOfPast() {
    const { from, to } = boundsOf(this.link.range, this.app.now());
    return { from: Math.round(from), to: 'last' in this.link.range ? '' : Math.round(to) };
  }

  /** Asks again what there is (or was), when the range is another. */
  async reload() {
    this.reloading?.abort();
    this.reloading = new AbortController();
    const { signal } = this.reloading;
    try {
      await this.app.load(this, signal);
    } catch (error) {
      if (!signal.aborted) this.app.fail(error, () => this.reload());
    }
    return !signal.aborted;
  }

  caughtUp() {
    this.wish();
    this.timeline.load();
    this.loadEvents();
  }

  destroy() {
    clearInterval(this.polling);
    this.timeline.stop();
    this.abort?.abort();
    this.reloading?.abort();
    for (const chart of this.charts) chart.destroy();
  }

  /** The range before; the list of pages before is the browser's. */
  back() {
    const range = this.past.pop();
    if (!range) return;
    this.isGoingBack = true;
    this.range.set(range);
  }

  restyle() {
    for (const chart of this.charts) chart.remake();
  }

  frame(at, entities) {
    this.timeline.frame(at, entities);
    this.update(true);
    this.draw();
    this.range.tick();
  }

  draw() {
    for (const chart of this.charts) chart.draw();
    this.placeEvents();
  }

  async loadEvents() {
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const { from, to } = boundsOf(this.link.range, this.app.now());
    try {
      const { events } = await api.events({ from: Math.round(from), to: Math.round(to) + 1, limit: EVENTS_MAX }, signal);
      const known = events[0]?.at_ms ?? from; // what the stream told since then is not written yet
      const fresh = this.timeline.isLive ? (this.found || []).filter(({ at_ms: at }) => at > known) : [];
      this.found = [...fresh, ...events];
    } catch {
      this.found = [];
    }
    if (!signal.aborted) this.showEvents();
  }

  happened(event) {
    if (!this.timeline.isLive) return;
    this.found = [event, ...(this.found || [])].slice(0, EVENTS_MAX);
    this.showEvents();
  }

  /** Which events this page marks; a page of one thing leaves out those of others. */
  isOurs() {
    return true;
  }

  showEvents() {
    this.marked = (this.found || []).filter((event) => this.isOurs(event)).map((event) => ({ ...event, tone: toneOf(event) }));
    this.fillLane();
    this.draw();
    this.eventsShown?.(this.marked);
  }

  /** Marks that stay are the same elements: whose focus is on one keeps it. */
  fillLane() {
    const known = new Map([...this.lane.children].map((item) => [item.dataset.id, item]));
    const items = this.marked.map((event) => {
      const id = `${event.at_ms} ${event.name} ${event.key ?? ''} ${event.text}`;
      const item = known.get(id) || this.laneItem(event, id);
      known.delete(id);
      return item;
    });
    for (const item of [...this.lane.children]) if (!items.includes(item)) item.remove();
    items.forEach((item, index) => this.lane.children[index] !== item && this.lane.insertBefore(item, this.lane.children[index] || null));
  }

  laneItem({ at_ms: at, name, text, tone }, id) {
    const told = `${when(at, this.app.now())} ${eventWord(name)}${text ? `: ${sentence(text)}` : ''}`;
    const button = h('button', { 'data-tone': tone, title: told, 'aria-label': told, tabindex: '-1', onclick: () => this.range.set({ from: at - 60_000, to: at + 60_000 }) });
    return h('li', { 'data-at': String(at), 'data-id': id }, button);
  }

  laneButtons() {
    return [...this.lane.children].filter(({ hidden }) => !hidden).map((item) => item.firstChild);
  }

  /** Hundreds of marks are one stop of the Tab key; arrows go from one to the next. */
  laneKey(event) {
    const step = { ArrowLeft: 1, ArrowRight: -1 }[event.key]; // the newest comes first, at the right
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = this.laneButtons();
    const next = shown[shown.indexOf(document.activeElement) + step];
    event.preventDefault();
    event.stopPropagation();
    next?.focus();
    this.setLaneStop();
  }

  /** Where the Tab key stops: where it was, else at the newest. */
  setLaneStop() {
    const shown = this.laneButtons();
    const stop = shown.find((button) => button === document.activeElement) || shown[0];
    for (const button of shown) if (button.tabIndex !== (button === stop ? 0 : -1)) button.tabIndex = button === stop ? 0 : -1;
  }

  placeEvents() {
    const { bounds } = this.timeline;
    if (!bounds) return;
    for (const item of this.lane.children) {
      const part = (Number(item.dataset.at) - bounds.from) / (bounds.to - bounds.from);
      item.hidden = part < 0 || part > 1;
      item.style.left = `${(100 * part).toFixed(2)}%`;
    }
    this.setLaneStop();
  }

  setOptions(options) {
    const link = { ...this.app.link, options: { ...this.app.link.options, ...options } };
    history.replaceState(null, '', writeLink(link));
    this.app.link = link;
    this.link = link;
  }
}

