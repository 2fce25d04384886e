// A table that sorts, is worked with by keys, leaves out columns when it is narrow, and draws only the rows that are in view.

import { h, setAttribute, setText } from './dom.mjs';
import { word } from './words.mjs';

const ROW = 34;
const MARGIN = 6; // rows drawn beyond the view
const SPACE = 12; // between columns

/** Numbers by size, texts by letters; what is missing comes last in both orders. */
function compare(left, right, direction) {
  const isMissing = (value) => value === null || value === undefined || value === '';
  if (isMissing(left) || isMissing(right)) return Number(isMissing(left)) - Number(isMissing(right));
  if (typeof left === 'string' || typeof right === 'string') return direction * String(left).localeCompare(String(right), undefined, { numeric: true });
  return direction * (left - right);
}

/** The columns that fit: those of the lowest priority go first. */
function fitting(columns, width) {
  let left = columns;
  const needed = () => left.reduce((total, { width: own }) => total + own + SPACE, SPACE);
  while (needed() > width && left.some(({ priority }) => priority > 0)) {
    const last = left.reduce((worst, column) => (column.priority >= worst.priority ? column : worst));
    left = left.filter((column) => column !== last);
  }
  return left;
}

export class Grid {
  /**
   * columns: [{ id, label, title, width, priority (0 always shown), isNumber, isWide, sort(row), show(cell, row), text(row) }]
   * keyOf(row); hrefOf(row) and open(row) when rows lead somewhere; sortBy: [column's id, 1 or -1]; empty(): a sentence
   */
  constructor(options) {
    Object.assign(this, { rowHeight: ROW, maxHeight: '', columns: [], sortBy: null }, options);
    this.rows = [];
    this.order = [];
    this.drawn = new Map();
    this.current = -1;
    this.head = h('div', { role: 'row', class: 'grid-head' });
    this.space = h('div', { class: 'grid-space', role: 'rowgroup' });
    this.none = h('p', { class: 'grid-none', hidden: true });
    this.element = h('div', { class: 'grid', role: 'grid', tabindex: '0', 'aria-label': this.label, onkeydown: (event) => this.key(event) },
      h('div', { role: 'rowgroup', class: 'grid-top' }, this.head), this.space, this.none);
    if (this.maxHeight) this.element.style.maxHeight = this.maxHeight;
    this.element.addEventListener('scroll', () => this.draw(), { passive: true });
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.element);
  }

  destroy() {
    this.sizes.disconnect();
  }

  setColumns(columns) {
    this.columns = columns;
    this.width = 0;
    this.resize();
  }

  resize() {
    const width = this.element.clientWidth;
    if (width === 0) return;
    if (width !== this.width) {
      this.width = width;
      const shown = fitting(this.columns, width);
      const names = shown.map(({ id }) => id).join();
      if (names !== this.names) {
        this.names = names;
        this.shown = shown;
        this.makeHead();
        this.space.replaceChildren();
        this.drawn.clear();
      }
      this.element.style.setProperty('--columns', this.shown.map(({ width: own, isWide }) => (isWide ? `minmax(${own}px, ${isWide === true ? 1 : isWide}fr)` : `${own}px`)).join(' '));
    }
    this.draw();
  }

  makeHead() {
    this.head.replaceChildren(
      ...this.shown.map((column) => {
        const button = column.sort ? h('button', { title: column.title || null, onclick: () => this.sort(column.id) }, column.label) : h('span', { title: column.title || null }, column.label);
        return h('div', { role: 'columnheader', class: column.isNumber ? 'cell number' : 'cell' }, button);
      }),
    );
    this.showSort();
  }

  showSort() {
    this.shown.forEach(({ id }, index) => {
      const isSorted = this.sortBy?.[0] === id;
      setAttribute(this.head.children[index], 'aria-sort', isSorted ? (this.sortBy[1] > 0 ? 'ascending' : 'descending') : null);
    });
  }

  sort(id) {
    const column = this.columns.find((each) => each.id === id);
    const first = column.isNumber ? -1 : 1;
    this.sortBy = [id, this.sortBy?.[0] === id ? -this.sortBy[1] : first];
    this.showSort();
    this.sorted?.(this.sortBy);
    this.setRows(this.rows);
  }

  setRows(rows) {
    const key = this.current >= 0 ? this.keyOf(this.order[this.current]) : null;
    this.rows = rows;
    const column = this.sortBy && this.columns.find(({ id }) => id === this.sortBy[0]);
    this.order = rows.slice();
    if (column?.sort) {
      const values = new Map(rows.map((row) => [row, column.sort(row)]));
      this.order.sort((left, right) => compare(values.get(left), values.get(right), this.sortBy[1]) || compare(this.keyOf(left), this.keyOf(right), 1));
    }
    this.current = key === null ? -1 : this.order.findIndex((row) => this.keyOf(row) === key);
    this.element.setAttribute('aria-rowcount', String(rows.length + 1));
    this.space.style.height = `${this.order.length * this.rowHeight}px`;
    this.none.hidden = rows.length > 0;
    if (rows.length === 0) setText(this.none, this.empty());
    this.draw();
  }

  draw() {
    if (!this.shown) return;
    const top = this.element.scrollTop;
    const height = this.element.clientHeight || 800;
    const from = Math.max(0, Math.floor(top / this.rowHeight) - MARGIN);
    const to = Math.min(this.order.length, Math.ceil((top + height) / this.rowHeight) + MARGIN);
    const keys = new Set();
    for (let index = from; index < to; index++) {
      const row = this.order[index];
      const key = this.keyOf(row);
      keys.add(key);
      let line = this.drawn.get(key);
      if (!line) {
        line = this.makeRow();
        this.drawn.set(key, line);
        this.space.append(line.element);
      }
      this.showRow(line, row, index);
    }
    for (const [key, { element }] of this.drawn) {
      if (keys.has(key)) continue;
      element.remove();
      this.drawn.delete(key);
    }
  }

  makeRow() {
    const cells = this.shown.map((column) => h('div', { role: 'gridcell', class: `cell${column.isNumber ? ' number' : ''}${column.class ? ` ${column.class}` : ''}` }));
    const line = { cells, element: h('div', { role: 'row', class: `grid-row${this.open ? ' opens' : ''}` }, cells) };
    line.element.addEventListener('click', (event) => {
      if (event.target.closest('a, button') || getSelection().toString()) return;
      this.moveTo(this.order.indexOf(line.row));
      this.open?.(line.row);
    });
    return line;
  }

  showRow(line, row, index) {
    line.row = row;
    line.element.style.transform = `translateY(${index * this.rowHeight}px)`;
    setAttribute(line.element, 'aria-rowindex', String(index + 2));
    setAttribute(line.element, 'aria-selected', index === this.current ? 'true' : null);
    line.element.classList.toggle('odd', index % 2 === 1);
    line.element.id = `${this.id}-${index}`;
    this.shown.forEach((column, at) => {
      if (column.show) column.show(line.cells[at], row);
      else setText(line.cells[at], column.text(row));
    });
  }

  moveTo(index) {
    if (this.order.length === 0) return;
    this.current = Math.min(this.order.length - 1, Math.max(0, index));
    const top = this.current * this.rowHeight;
    const room = this.element.clientHeight - this.head.offsetHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + this.rowHeight > this.element.scrollTop + room) this.element.scrollTop = top + this.rowHeight - room;
    this.draw();
    this.element.setAttribute('aria-activedescendant', `${this.id}-${this.current}`);
  }

  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity, j: 1, k: -1 };
    if (event.key in steps) this.moveTo(this.current < 0 && event.key !== 'End' ? 0 : this.current + steps[event.key]);
    else if (event.key === 'Enter' && this.current >= 0 && this.open) this.open(this.order[this.current]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** A name that leads somewhere, as a link: it can also be opened in a new tab. */
  static showLink(cell, text, href) {
    let link = cell.querySelector('a');
    if (!link) {
      link = h('a', { tabindex: '-1' });
      cell.prepend(link);
    }
    setText(link, text);
    setAttribute(link, 'href', href);
    setAttribute(link, 'title', text);
  }

  /** A value, or why there is none. */
  static showValue(cell, text, quality) {
    setText(cell, text);
    setAttribute(cell, 'data-quality', quality || null);
    setAttribute(cell, 'title', quality ? word(`quality_${quality}`) : null);
  }
}
