// The table of functions: sorted, filtered, and with elements only for the rows that are seen.
//
// table.show({ rows, columns }): rows are numbers of frames; a column is { key, label, isNumber, text(row),
// bar(row) or none, order(a, b), swatch(row) or none, title(row) or none, note(row) or none }.
// A note is faint, behind the text, and cut in front.

const ROW_HEIGHT = 24;
const BEYOND = 8; // rows kept above and below

function make(tag, className, parent, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

export class FunctionTable {
  constructor(box, { opened, marked }) {
    Object.assign(this, { box, opened, marked, rows: [], columns: [], sort: null, current: -1, filter: () => true });
    box.classList.add('table');
    box.setAttribute('role', 'grid');
    box.tabIndex = 0;
    this.head = make('div', 'table-head', box, { role: 'row' });
    this.body = make('div', 'table-body', box, { role: 'rowgroup' });
    box.addEventListener('scroll', () => this.draw(), { passive: true });
    box.addEventListener('keydown', (event) => this.key(event));
    this.body.addEventListener('click', (event) => {
      const row = event.target.closest('[data-row]');
      if (row) this.open(Number(row.dataset.row));
    });
    new ResizeObserver(() => this.draw()).observe(box);
  }

  show({ rows, columns, sort }) {
    const isNew = columns.map(({ key }) => key).join() !== this.columns.map(({ key }) => key).join();
    Object.assign(this, { all: rows, columns });
    if (isNew || !this.sort) this.sort = sort;
    this.box.style.setProperty('--columns', columns.map(({ width }) => width).join(' '));
    this.drawHead();
    this.arrange();
  }

  /** Only rows for which the function is true. */
  setFilter(filter) {
    this.filter = filter;
    if (this.all) this.arrange();
  }

  arrange() {
    const column = this.columns.find(({ key }) => key === this.sort.key);
    const sign = this.sort.isDown ? -1 : 1;
    this.rows = this.all.filter(this.filter).sort((a, b) => sign * column.order(a, b) || a - b);
    this.body.style.height = `${this.rows.length * ROW_HEIGHT}px`;
    this.box.setAttribute('aria-rowcount', String(this.rows.length + 1));
    this.draw();
  }

  drawHead() {
    this.head.replaceChildren();
    for (const { key, label, isNumber } of this.columns) {
      const isSorted = this.sort.key === key;
      const order = isSorted ? (this.sort.isDown ? 'descending' : 'ascending') : 'none';
      const cell = make('div', `cell ${isNumber ? 'number' : ''} column-${key}`, this.head, { role: 'columnheader', 'aria-sort': order });
      const button = make('button', 'sort', cell, { type: 'button' });
      button.textContent = label + (isSorted ? (this.sort.isDown ? ' ▾' : ' ▴') : '');
      button.addEventListener('click', () => {
        const isDown = this.sort.key === key ? !this.sort.isDown : Boolean(isNumber);
        this.sort = { key, isDown };
        this.drawHead();
        this.head.querySelector(`.column-${key} button`).focus();
        this.arrange();
      });
    }
  }

  draw() {
    const { scrollTop, clientHeight } = this.box;
    if (clientHeight === 0) return;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - BEYOND);
    const last = Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + BEYOND);
    const fragment = document.createDocumentFragment();
    for (let index = first; index < last; index++) fragment.append(this.row(index));
    this.body.replaceChildren(fragment);
  }

  row(index) {
    const row = this.rows[index];
    const element = document.createElement('div');
    element.className = `table-row${row === this.current ? ' current' : ''}`;
    element.id = `${this.box.id}-${row}`;
    element.dataset.row = row;
    element.setAttribute('role', 'row');
    element.setAttribute('aria-rowindex', String(index + 2));
    element.setAttribute('aria-selected', String(row === this.current));
    element.style.top = `${index * ROW_HEIGHT}px`;
    for (const column of this.columns) this.cell(column, row, element);
    return element;
  }

  cell({ key, isNumber, text, bar, swatch, title, tint, note }, row, parent) {
    const cell = make('div', `cell ${isNumber ? 'number' : ''} column-${key}`, parent, { role: 'gridcell' });
    if (bar) make('div', 'share', cell).style.width = `${Math.min(100, Math.max(0, 100 * bar(row)))}%`;
    if (swatch) make('span', 'swatch', cell).style.background = swatch(row);
    const label = make('span', 'cell-text', cell);
    label.textContent = text(row);
    if (tint) label.dataset.tint = tint(row);
    if (note?.(row)) make('bdi', '', make('span', 'cell-note', cell)).textContent = note(row);
    if (title) cell.title = title(row);
  }

  open(row) {
    this.mark(row);
    this.opened(row);
  }

  /** Makes a row the current one, and shows it. */
  mark(row) {
    this.current = row;
    const index = this.rows.indexOf(row);
    if (index >= 0) {
      const top = index * ROW_HEIGHT;
      const height = this.box.clientHeight - this.head.offsetHeight;
      if (top < this.box.scrollTop) this.box.scrollTop = top;
      else if (height > 0 && top + ROW_HEIGHT > this.box.scrollTop + height) this.box.scrollTop = top + ROW_HEIGHT - height;
      this.box.setAttribute('aria-activedescendant', `${this.box.id}-${row}`);
    }
    this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.box) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const index = this.rows.indexOf(this.current);
    if (event.key in steps && this.rows.length > 0) {
      const next = Math.min(this.rows.length - 1, Math.max(0, index + steps[event.key]));
      this.mark(this.rows[next]);
      this.marked?.(this.rows[next]);
    } else if (event.key === 'Enter' && index >= 0) this.open(this.current);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
