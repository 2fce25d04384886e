// Which time is shown: presets, live and pause, back, to the sides, or any two moments. The range is in the address.

import { showDialog } from './dialogs.mjs';
import { h, icon, setAttribute, setText } from './dom.mjs';
import { clock, duration, moment } from './format.mjs';
import { boundsOf, DEFAULT_LAST_MS, moved, PRESETS_MS, zoomed } from './link.mjs';
import { word } from './words.mjs';

const NAMES = new Map([[60_000, '1m'], [300_000, '5m'], [900_000, '15m'], [3_600_000, '1h'], [21_600_000, '6h'], [86_400_000, '24h'], [604_800_000, '7d'], [2_592_000_000, '30d']]);

const inputValue = (ms) => {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19);
};

export class RangeBar {
  /** changed(range): the page has it from the address; this only asks for the address to change. */
  constructor(app, range) {
    this.app = app;
    this.range = range;
    this.presets = PRESETS_MS.map((last) => h('button', { 'data-last': String(last), title: word('last', { span: duration(last / 1000) }), onclick: () => this.set({ last }) }, NAMES.get(last)));
    this.live = h('button', { class: 'live-button', onclick: () => (this.isLive ? this.pause() : this.goLive()) });
    this.text = h('button', { class: 'range-text', title: word('chooseRange'), onclick: () => this.ask() });
    this.element = h('div', { class: 'range-bar', role: 'toolbar', 'aria-label': word('range') },
      this.live,
      h('div', { class: 'segments' }, this.presets),
      h('div', { class: 'segments' },
        h('button', { title: `${word('earlier')} (a)`, 'aria-label': word('earlier'), onclick: () => this.move(-0.5) }, icon('left')),
        h('button', { title: `${word('later')} (d)`, 'aria-label': word('later'), onclick: () => this.move(0.5) }, icon('right')),
        h('button', { title: `${word('zoomOut')} (−)`, 'aria-label': word('zoomOut'), onclick: () => this.zoomBy(2) }, icon('out')),
        h('button', { title: `${word('zoomIn')} (+)`, 'aria-label': word('zoomIn'), onclick: () => this.zoomBy(0.5) }, icon('in'))),
      this.text);
    this.show(range);
  }

  get isLive() {
    return 'last' in this.range;
  }

  set(range) {
    this.app.go({ ...this.app.link, range });
  }

  goLive() {
    const { from, to } = boundsOf(this.range, this.app.now());
    this.set({ last: this.isLive ? this.range.last : to - from });
  }

  pause() {
    if (this.isLive) this.set(boundsOf(this.range, this.app.now()));
    else this.goLive();
  }

  reset() {
    this.set({ last: DEFAULT_LAST_MS });
  }

  zoomBy(factor) {
    this.set(zoomed(this.range, this.app.now(), factor));
  }

  move(part) {
    this.set(moved(this.range, this.app.now(), part));
  }

  show(range) {
    this.range = range;
    for (const button of this.presets) setAttribute(button, 'aria-pressed', String(this.isLive && Number(button.dataset.last) === range.last));
    this.live.replaceChildren(icon(this.isLive ? 'pause' : 'play'), h('span', {}, this.isLive ? word('pause') : word('live')));
    this.live.title = this.isLive ? `${word('pauseTitle')} (p)` : `${word('liveTitle')} (l)`;
    setAttribute(this.live, 'data-live', String(this.isLive));
    this.tick();
  }

  /** The two moments, which move when it is live. */
  tick() {
    const { from, to } = boundsOf(this.range, this.app.now());
    const isToday = new Date(from).toDateString() === new Date(this.app.now()).toDateString();
    const text = isToday ? `${clock(from)} – ${clock(to)}` : `${moment(from)} – ${moment(to)}`;
    setText(this.text, text);
  }

  ask() {
    const { from, to } = boundsOf(this.range, this.app.now());
    const [start, end] = [from, to].map((ms) => h('input', { type: 'datetime-local', step: '1', value: inputValue(ms), required: true }));
    const wrong = h('p', { class: 'wrong', role: 'alert', hidden: true }, word('rangeWrong'));
    const form = h('form', { method: 'dialog' },
      h('label', {}, h('span', {}, word('from')), start),
      h('label', {}, h('span', {}, word('to')), end),
      wrong,
      h('div', { class: 'dialog-buttons' }, h('button', { onclick: () => dialog.close() }, word('cancel')), h('button', { type: 'submit', class: 'primary' }, word('showRange'))));
    const dialog = showDialog(word('chooseRange'), form);
    form.addEventListener('submit', (event) => {
      const range = { from: new Date(start.value).getTime(), to: new Date(end.value).getTime() };
      wrong.hidden = range.to - range.from >= 5000;
      if (!wrong.hidden) event.preventDefault();
      else this.set(range);
    });
    start.focus();
  }
}
