// One chart: uPlot with a legend that tells the values under the cursor, which all charts of a page share.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { cssColour, h, setAttribute, setText } from './dom.mjs';
import { amount, clock, NONE } from './format.mjs';
import { word } from './words.mjs';

const HEIGHT = 148;
const AXIS_WIDTH = 62;
const DIGIT_WIDTH = 6.2; // of FONT, at most
const SIDE = 6; // free at the right of the plot
const FONT = '11px ui-sans-serif, system-ui, sans-serif';
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, ...[1, 2, 3, 5, 7, 10, 30, 90, 365].map((days) => days * 86400)];
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

const two = (number) => String(number).padStart(2, '0');

function timeMark(seconds, step) {
  const date = new Date(seconds * 1000);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= 86400 || (isMidnight && step >= 60)) return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return step < 60 ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** A mark that would be cut off at the right, or lie over the lowest one of the other axis, is left out. */
function markWithin(plot, seconds, step) {
  const mark = timeMark(seconds, step);
  const at = plot.valToPos(seconds, 'x');
  const half = (mark.length * DIGIT_WIDTH) / 2;
  return at < half || at > plot.bbox.width / devicePixelRatio - half + SIDE ? null : mark;
}

/** Sum of several columns, each slot; null where none has a value. */
export function sum(columns) {
  if (columns.length === 1) return columns[0];
  return columns[0].map((_, index) => {
    const values = columns.map((column) => column[index]).filter((value) => value !== null && value !== undefined);
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
  });
}

const times = (column, by) => (by && column ? column.map((value) => (value === null ? null : value * by)) : column);

/** Layers on top of each other: what each adds to those before. */
export function stack(rows) {
  const total = new Array(rows[0]?.length || 0).fill(0);
  return rows.map((row) => row.map((value, index) => (value === null ? null : (total[index] += value))));
}

export class Chart {
  /**
   * series: [{ label, colour, parts: [{ kind, key, field, by }], isMax, isDashed, of, shape, help }]: parts are added up,
   * each times `by`; with `of`, other parts, it is their share of these; `shape` makes of a value what is shown.
   * unit; isStacked; top: the y axis reaches at least this far; limits: [{ label, value(): number or null, colour }]: lines
   * across, and told beside the title when they have a label.
   * page: { timeline, events(), zoom({from, to}), back() }
   */
  constructor(options) {
    Object.assign(this, { isStacked: false, top: 0, limits: [], note: '' }, options);
    this.hidden = new Set();
    this.isVisible = false;
    this.build();
  }

  build() {
    this.legend = h('ul', { class: 'legend' });
    this.empty = h('p', { class: 'chart-empty', hidden: true });
    this.box = h('div', { class: 'plot', tabindex: '0', role: 'img', 'aria-label': this.title, onkeydown: (event) => this.key(event) });
    this.remark = h('small', {}, this.note);
    this.heading = h('div', { class: 'chart-title' }, h('h3', {}, this.title), this.remark);
    this.element = h('section', { class: `card chart${this.isWide ? ' wide' : ''}` }, h('header', {}, this.heading, this.legend), h('div', { class: 'plot-frame' }, this.box, this.empty));
    this.fillLegend();
    this.watch();
  }

  fillLegend() {
    this.entries = this.series.map((series, index) => {
      const value = h('b', {}, NONE);
      const swatch = h('i', { class: series.isDashed ? 'swatch dashed' : 'swatch', style: { '--swatch': `var(--${series.colour})` } });
      const button = h('button', { 'aria-pressed': 'true', title: series.help || word('toggleSeries'), onclick: () => this.toggle(index) }, swatch, h('span', {}, series.label), value);
      return { button, value, item: h('li', {}, button) };
    });
    this.legend.replaceChildren(...this.entries.map(({ item }) => item));
    this.legend.hidden = false;
  }

  watch() {
    this.sizes = new ResizeObserver(([{ contentRect }]) => {
      const width = Math.floor(contentRect.width);
      if (width < 50 || width === this.width) return;
      this.width = width;
      if (this.plot) this.plot.setSize({ width, height: this.height || HEIGHT });
      else this.draw();
    });
    this.sizes.observe(this.box);
    this.views = new IntersectionObserver(
      ([{ isIntersecting }]) => {
        this.isVisible = isIntersecting;
        if (isIntersecting) this.draw();
      },
      { rootMargin: '200px' },
    );
    this.views.observe(this.element);
  }

  destroy() {
    this.sizes.disconnect();
    this.views.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  /** After a change of colours or of series. */
  remake(series = this.series) {
    this.series = series;
    this.plot?.destroy();
    this.plot = null;
    this.fillLegend();
    this.draw();
  }

  toggle(index) {
    if (this.hidden.has(index)) this.hidden.delete(index);
    else this.hidden.add(index);
    setAttribute(this.entries[index].button, 'aria-pressed', String(!this.hidden.has(index)));
    if (!this.isStacked) this.plot?.setSeries(index + 1, { show: !this.hidden.has(index) });
    this.draw();
  }

  /** What each series is in each slot, before stacking. */
  read() {
    const { timeline } = this.page;
    const add = (parts, isMax) => {
      const columns = parts.map(({ kind, key, field, by }) => times(timeline.values(kind, key, field, isMax), by)).filter(Boolean);
      return columns.length === 0 ? timeline.xs.map(() => null) : sum(columns);
    };
    return this.series.map(({ parts, isMax, of, shape }) => {
      const row = add(parts, isMax);
      if (shape) return row.map((value) => (value === null || value === undefined ? null : shape(value)));
      if (!of) return row;
      const whole = add(of, false);
      return row.map((value, index) => (value === null || !(whole[index] > 0) ? null : value / whole[index]));
    });
  }

  draw() {
    if (!this.isVisible || !this.width || !this.page.timeline.range) return;
    this.rows = this.read();
    const isEmpty = this.rows.every((row) => row.every((value) => value === null || value === undefined));
    const shown = this.rows.map((row, index) => (this.hidden.has(index) ? row.map(() => null) : row));
    const data = [this.page.timeline.xs, ...(this.isStacked ? this.stacked(shown).reverse() : shown)];
    if (!this.plot) this.plot = new uPlot(this.options(), data, this.box);
    else this.plot.setData(data);
    this.showEmpty(isEmpty);
    this.showLimits();
    this.showValues(this.plot.cursor.idx);
  }

  // Of what is hidden nothing is added, but its line is kept for the bands between lines.
  stacked(rows) {
    return stack(rows.map((row, index) => (this.hidden.has(index) ? this.rows[index].map((value) => (value === null ? null : 0)) : row)));
  }

  showEmpty(isEmpty) {
    this.empty.hidden = !isEmpty;
    if (isEmpty) setText(this.empty, this.page.timeline.isLoading ? word('loading') : this.why?.() || word('noData'));
  }

  /** Also those that are far above what is drawn. */
  showLimits() {
    const told = this.limits.filter(({ label, value }) => label && value() > 0).map(({ label, value }) => `${label} ${amount(value(), this.unit)}`);
    setText(this.remark, [this.note, ...told].filter(Boolean).join(' · '));
  }

  options() {
    const faint = cssColour('faint');
    const grid = { stroke: cssColour('grid'), width: 1 };
    const axis = { stroke: faint, font: FONT, grid, ticks: { show: false } };
    const isBytes = this.unit.startsWith('bytes');
    return {
      width: this.width,
      height: this.height || HEIGHT,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        sync: { key: 'console', setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6, width: 1.5 },
        bind: { dblclick: () => () => this.page.back() },
      },
      select: { show: true },
      scales: {
        x: { time: true, range: () => this.xRange() },
        y: { range: (_plot, _least, most) => [0, this.yTop(most)] },
      },
      axes: [
        { ...axis, size: 22, gap: 3, space: 64, incrs: TIME_STEPS, values: (plot, splits, _axis, _space, step) => splits.map((split) => markWithin(plot, split, step)) },
        { ...axis, size: AXIS_WIDTH, gap: 5, space: 28, ...(isBytes ? { incrs: BYTE_STEPS } : {}), values: (_plot, splits) => splits.map((split) => amount(split, this.unit, true)) },
      ],
      series: [{}, ...this.drawnSeries()],
      bands: this.isStacked ? this.series.slice(1).map((_, index) => ({ series: [index + 1, index + 2] })) : [],
      hooks: {
        setCursor: [(plot) => this.showValues(plot.cursor.idx)],
        setSelect: [(plot) => this.select(plot)],
        draw: [(plot) => this.drawMarks(plot)],
      },
    };
  }

  /** Layers from the top down: the line of one that is empty lies under that of the layer which is seen. */
  drawnSeries() {
    const all = this.series.map((series, index) => this.seriesOptions(series, index));
    return this.isStacked ? all.reverse() : all;
  }

  seriesOptions({ label, colour, isDashed }, index) {
    const stroke = cssColour(colour);
    return {
      label,
      stroke,
      show: !this.hidden.has(index) || this.isStacked,
      width: this.isStacked ? 1 : 1.4,
      dash: isDashed ? [4, 3] : undefined,
      fill: this.isStacked ? `${stroke}66` : this.series.length === 1 ? `${stroke}22` : undefined,
      points: { show: (_plot, _series, from, to) => to - from < 3 },
    };
  }

  xRange() {
    const { from, to } = this.page.timeline.bounds;
    return [from / 1000, to / 1000];
  }

  yTop(most) {
    const limits = this.limits.map(({ value }) => value()).filter((value) => value > 0 && value <= most * 2);
    const top = Math.max(most || 0, this.top, ...limits);
    return top > 0 ? top * 1.06 : this.unit === 'seconds' ? 0.001 : ['ratio', 'seconds/s'].includes(this.unit) ? 0.1 : this.unit.startsWith('bytes') ? 1024 : 1;
  }

  select(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const from = plot.posToVal(left, 'x') * 1000;
    const to = plot.posToVal(left + width, 'x') * 1000;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.page.zoom({ from, to });
  }

  /** Events, and limits as dashed lines. */
  drawMarks(plot) {
    const { ctx } = plot;
    const ratio = devicePixelRatio;
    const { left, top, width, height } = plot.bbox;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.lineWidth = ratio;
    for (const { at_ms: at, tone } of this.page.events()) {
      const x = Math.round(plot.valToPos(at / 1000, 'x', true)) + 0.5;
      if (x < left || x > left + width) continue;
      ctx.strokeStyle = cssColour(tone);
      ctx.setLineDash([2 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
      ctx.stroke();
    }
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    for (const { value, colour } of this.limits) {
      const at = value();
      const y = at > 0 ? Math.round(plot.valToPos(at, 'y', true)) + 0.5 : NaN; // none: no line
      if (!(y >= top && y <= top + height)) continue;
      ctx.strokeStyle = cssColour(colour || 'bad');
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  /** The legend: values under the cursor, or the latest ones. */
  showValues(index) {
    const isPointed = Number.isInteger(index) && this.plot?.cursor.left >= 0;
    this.entries.forEach(({ value }, series) => {
      const row = this.rows?.[series] || [];
      const shown = isPointed ? row[index] : lastOf(row);
      setText(value, amount(shown, this.unit));
    });
    if (isPointed) this.page.pointed?.(this.page.timeline.xs[index] * 1000);
    else this.page.pointed?.(null);
  }

  /** The cursor by keys; they tell the values to who listens, too. */
  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { xs } = this.page.timeline;
    const at = this.plot.cursor.left >= 0 && Number.isInteger(this.plot.cursor.idx) ? this.plot.cursor.idx : xs.length;
    const index = Math.min(xs.length - 1, Math.max(0, at + step * (event.shiftKey ? 10 : 1)));
    const left = this.plot.valToPos(xs[index], 'x');
    this.plot.setCursor({ left, top: 10 }, true, true);
    this.page.say?.(`${clock(xs[index] * 1000)}: ${this.series.map(({ label }, series) => `${label} ${amount(this.rows[series][index], this.unit)}`).join(', ')}`);
  }
}

function lastOf(row) {
  for (let index = row.length - 1; index >= Math.max(0, row.length - 12); index--) if (row[index] !== null && row[index] !== undefined) return row[index];
  return null;
}
