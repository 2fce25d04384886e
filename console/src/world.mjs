// What there is now: kinds with their fields, entities with their latest values, kept up to date by the live stream.

import { unitOf } from './format.mjs';

const EVENTS_KEPT = 200;
const ENDED_KEPT = 200; // of a kind
const ENDED = { values: {}, quality: {}, before: {} };
const APART_MS = 400;

class Entity {
  constructor(raw) {
    this.kind = raw.kind;
    this.key = raw.key;
    this.values = {};
    this.quality = {};
    this.before = {};
    this.update(raw);
  }

  update({ parent, labels, info, since_ms: since, gone }) {
    this.parent = parent ?? this.parent ?? null;
    this.labels = labels ?? this.labels ?? {};
    this.info = info ?? this.info ?? {};
    this.since = since ?? this.since ?? 0;
    this.gone = gone ?? false;
  }

  take(values, quality, at) {
    // What was just asked for is also in the next frame: no rate is to be made of one reading.
    if (!values || (this.at && at - this.at < APART_MS)) return;
    if (this.at) {
      this.before = this.values;
      this.beforeAt = this.at;
    }
    this.values = values;
    this.quality = quality || {};
    this.at = at;
  }

  /** What a counter grew by in a second, between the last two frames. null: not known yet. */
  rate(key) {
    const [now, before] = [this.values[key], this.before[key]];
    const seconds = (this.at - this.beforeAt) / 1000;
    if (!Number.isFinite(now) || !Number.isFinite(before) || !(seconds > 0)) return null;
    return now >= before ? (now - before) / seconds : now / seconds; // it began anew
  }
}

export class World {
  constructor() {
    this.kinds = new Map();
    this.entities = new Map(); // kind → key → Entity
    this.events = [];
    this.at = 0;
  }

  setKinds({ kinds }) {
    this.kinds = new Map(
      kinds.map((kind) => [kind.name, { ...kind, fields: new Map(kind.fields.map((field) => [field.key, { ...field, rateUnit: unitOf(field) }])) }]),
    );
  }

  of(kind) {
    return this.entities.get(kind) || new Map();
  }

  list(kind) {
    return [...this.of(kind).values()];
  }

  find(kind, key) {
    return this.of(kind).get(key) || null;
  }

  field(kind, key) {
    return this.kinds.get(kind)?.fields.get(key) || null;
  }

  /** The number to show: a gauge as it is, a counter as its rate. */
  value(entity, key) {
    const field = entity && this.field(entity.kind, key);
    if (!field) return null;
    const value = field.type === 'counter' ? entity.rate(key) : entity.values[key];
    return Number.isFinite(value) ? value : null;
  }

  /** Why there is no (fresh) number: "", "stale", "absent", "denied". */
  quality(entity, key) {
    if (!entity || !this.field(entity.kind, key)) return 'absent';
    return entity.quality[key] || '';
  }

  came(raw, at) {
    if (!this.entities.has(raw.kind)) this.entities.set(raw.kind, new Map());
    const known = this.of(raw.kind).get(raw.key);
    const entity = known || new Entity(raw);
    if (known) known.update(raw);
    else this.of(raw.kind).set(raw.key, entity);
    if (entity.gone) Object.assign(entity, ENDED, { at: raw.updated_ms || at });
    if (raw.values && Object.keys(raw.values).length > 0) entity.take(raw.values, raw.quality, raw.updated_ms || at);
    return entity;
  }

  /** The whole of some kinds, as /api/entities tells it: who is not in it is gone. */
  setEntities(kinds, { at_ms: at, entities }) {
    const keys = new Set(entities.map(({ kind, key }) => `${kind} ${key}`));
    for (const kind of kinds) {
      for (const key of [...this.of(kind).keys()]) if (!keys.has(`${kind} ${key}`)) this.of(kind).delete(key);
    }
    for (const raw of entities) this.came(raw, at);
    this.at = Math.max(this.at, at);
  }

  gone({ kind, key }) {
    this.of(kind).delete(key);
  }

  /** It ended, and is shown on: for pages of the past. */
  end({ kind, key }, at) {
    const entity = this.find(kind, key);
    if (!entity) return;
    Object.assign(entity, ENDED, { gone: true, at });
    const ended = this.list(kind).filter(({ gone }) => gone);
    if (ended.length > ENDED_KEPT) this.gone(ended[0]);
  }

  /** Returns the entities that have new values. */
  frame({ at_ms: at, entities }) {
    this.at = at;
    return entities.map((raw) => {
      const entity = this.find(raw.kind, raw.key) || this.came({ kind: raw.kind, key: raw.key }, at);
      entity.take(raw.values, raw.quality, at);
      return entity;
    });
  }

  setEvents(events) {
    this.events = events.slice(0, EVENTS_KEPT);
  }

  addEvent(event) {
    this.events.unshift(event);
    this.events.length = Math.min(this.events.length, EVENTS_KEPT);
  }
}
