// Columns of values over one time axis, for all charts of a page: loaded from the history, continued by the live stream.

import { boundsOf } from './link.mjs';

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400];
const SLOTS_MAX = 720;
const FILL_MS = 3500; // when the history has what came while it was being asked
const KEYS_PER_REQUEST = 40;

export function stepOf(span) {
  const found = STEPS_S.find((step) => span / (step * 1000) <= SLOTS_MAX);
  return 1000 * (found || Math.ceil(span / SLOTS_MAX / 86_400_000) * 86400);
}

const idOf = ({ kind, key, field }) => `${kind}\n${key}\n${field}`;

class Column {
  constructor(wish) {
    Object.assign(this, wish);
    this.mean = [];
    this.max = [];
  }

  reset(count) {
    this.mean = new Array(count).fill(null);
    this.max = new Array(count).fill(null);
    this.slot = -1;
    this.isFilled = false;
  }

  drop(count) {
    this.mean.splice(0, count);
    this.max.splice(0, count);
  }

  /** A value that just came, of the slot that begins at `slot`. */
  add(index, slot, value) {
    if (this.slot !== slot) {
      this.slot = slot;
      this.sum = 0;
      this.count = 0;
    }
    this.sum += value;
    this.count++;
    this.mean[index] = this.sum / this.count;
    this.max[index] = this.count === 1 ? value : Math.max(this.max[index] ?? value, value);
  }
}

/** Groups of wishes that one request answers: of one kind, the same fields. */
export function requestsOf(wishes) {
  const byEntity = new Map();
  for (const { kind, key, field } of wishes) {
    const id = `${kind}\n${key}`;
    if (!byEntity.has(id)) byEntity.set(id, { kind, key, fields: new Set() });
    byEntity.get(id).fields.add(field);
  }
  const groups = new Map();
  for (const { kind, key, fields } of byEntity.values()) {
    const names = [...fields].sort().join(',');
    const id = `${kind} ${names}`;
    if (!groups.has(id)) groups.set(id, { kind, fields: names, keys: [] });
    groups.get(id).keys.push(key);
  }
  return [...groups.values()].flatMap(({ kind, fields, keys }) => {
    const parts = [];
    for (let at = 0; at < keys.length; at += KEYS_PER_REQUEST) parts.push({ kind, fields, key: keys.slice(at, at + KEYS_PER_REQUEST).join(',') });
    return parts;
  });
}

export class Timeline {
  /** getSeries(values, signal): of the API; world: for live values and how long values hold; changed(): draw again. */
  constructor({ getSeries, world, changed, failed }) {
    Object.assign(this, { getSeries, world, changed, failed });
    this.columns = new Map();
    this.xs = [];
    this.range = null;
    this.isLoading = false;
  }

  get isLive() {
    return 'last' in this.range;
  }

  /** What is to be had. Columns that stay keep their values. */
  want(wishes) {
    const next = new Map();
    let isNew = false;
    for (const wish of wishes) {
      const id = idOf(wish);
      if (next.has(id)) continue;
      const known = this.columns.get(id);
      if (!known) isNew = true;
      const column = known || new Column(wish);
      if (!known) column.reset(this.xs.length);
      next.set(id, column);
    }
    this.columns = next;
    return isNew;
  }

  setRange(range, now) {
    this.range = range;
    const { from, to } = boundsOf(range, now);
    this.step = stepOf(to - from);
    this.start = Math.floor(from / this.step) * this.step;
    const count = Math.floor(to / this.step) - Math.floor(from / this.step) + 1;
    this.xs = Array.from({ length: count }, (_, index) => (this.start + index * this.step) / 1000);
    this.bounds = { from, to };
    for (const column of this.columns.values()) column.reset(count);
  }

  stop() {
    this.abort?.abort();
    clearTimeout(this.timer);
  }

  /** Asks the history for all that is wanted. */
  async load({ isSecond = false } = {}) {
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    this.isLoading = !isSecond;
    const to = this.start + this.xs.length * this.step;
    const ask = { from: this.start, to, step: this.step };
    const requests = requestsOf([...this.columns.values()]);
    const results = await Promise.allSettled(
      requests.map(async (request) => {
        const answer = await this.getSeries({ ...request, ...ask }, abort.signal);
        if (this.abort === abort) this.take(request.kind, answer);
      }),
    );
    if (this.abort !== abort) return;
    this.isLoading = false;
    const fault = results.find(({ status }) => status === 'rejected');
    if (fault) this.failed(fault.reason);
    this.changed();
    if (this.isLive && !isSecond) this.timer = setTimeout(() => this.load({ isSecond: true }), FILL_MS);
  }

  take(kind, { from_ms: from, step_ms: step, series }) {
    const width = Math.max(1, Math.round(step / this.step)); // an answer may be coarser than asked for
    for (const { key, field, values, max } of series) {
      const column = this.columns.get(idOf({ kind, key, field }));
      if (!column) continue;
      column.isFilled = true;
      values.forEach((value, at) => {
        if (value === null) return;
        const first = Math.round((from + at * step - this.start) / this.step);
        for (let index = Math.max(0, first); index < Math.min(first + width, this.xs.length); index++) {
          if (column.mean[index] !== null && index === this.xs.length - 1) continue; // what is live is newer
          column.mean[index] = value;
          column.max[index] = max?.[at] ?? value;
        }
      });
    }
  }

  /** Moves on to `at`, and takes the values of entities that have new ones. */
  frame(at, entities) {
    if (!this.range || !this.isLive) return;
    this.moveTo(at);
    const slot = Math.floor(at / this.step) * this.step;
    const index = Math.round((slot - this.start) / this.step);
    if (index < 0) return;
    const fresh = new Map(entities.map((entity) => [`${entity.kind}\n${entity.key}`, entity]));
    for (const column of this.columns.values()) {
      const entity = fresh.get(`${column.kind}\n${column.key}`);
      const value = entity ? this.world.value(entity, column.field) : null;
      if (value !== null) column.add(index, slot, value);
    }
  }

  moveTo(at) {
    this.bounds = boundsOf(this.range, at);
    const first = Math.floor(this.bounds.from / this.step) * this.step;
    const last = Math.floor(this.bounds.to / this.step) * this.step;
    const end = this.start + (this.xs.length - 1) * this.step;
    if (first > end) return this.setRange(this.range, at); // asleep for long
    const added = Math.round((last - end) / this.step);
    for (let index = 1; index <= added; index++) {
      this.xs.push((end + index * this.step) / 1000);
      for (const column of this.columns.values()) {
        column.mean.push(null);
        column.max.push(null);
      }
    }
    const dropped = Math.max(0, Math.round((first - this.start) / this.step));
    this.xs.splice(0, dropped);
    for (const column of this.columns.values()) column.drop(dropped);
    this.start += dropped * this.step;
    return undefined;
  }

  /**
   * The values of a column, one a slot; null: none. A value holds as long as its kind promises, so that what is read
   * every ten seconds is a line and no dots.
   */
  values(kind, key, field, isMax = false) {
    const column = this.columns.get(idOf({ kind, key, field }));
    if (!column) return null;
    const source = isMax ? column.max : column.mean;
    const holds = Math.floor((this.world.kinds.get(kind)?.stale_after_ms || 0) / this.step);
    if (holds < 2) return source;
    const filled = source.slice();
    const now = Math.floor((this.world.at - this.start) / this.step);
    let age = Infinity;
    for (let index = 0; index < filled.length && index <= now; index++) {
      age = filled[index] === null ? age + 1 : 0;
      if (age > 0 && age <= holds) filled[index] = filled[index - 1];
    }
    return filled;
  }
}
