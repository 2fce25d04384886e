// What the views show, worked out of the profile and the state: trees, totals, columns. Kept until the state
// that it depends on changes.

import { EXCLUDABLE } from './data.mjs';
import { callees, callers, functions, outermost, weigh } from './tree.mjs';
import { timeline } from './timeline.mjs';
import { changeOf } from './colours.mjs';

export class Model {
  constructor(profile, state) {
    this.profile = profile;
    this.state = state;
    this.kept = new Map();
    this.order = Array.from({ length: profile.nodes.count }, (_, node) => node);
  }

  keep(name, keys, make) {
    const key = keys.map((each) => this.state[each]).join('|');
    const kept = this.kept.get(name);
    if (kept && kept.key === key) return kept.value;
    const value = make();
    this.kept.set(name, { key, value });
    return value;
  }

  get isHidden() {
    return this.keep('hidden', ['idle'], () => {
      const { frames } = this.profile;
      return Uint8Array.from(frames.category, (kind) => (kind === EXCLUDABLE && !this.state.idle ? 1 : 0));
    });
  }

  get hasIdle() {
    return this.profile.frames.category.includes(EXCLUDABLE);
  }

  get unit() {
    return this.profile.values[this.state.value]?.unit || 'count';
  }

  /** The profile's own time, when it is known for both sides. */
  get canCompareByDuration() {
    const { facts } = this.profile;
    return facts.get('duration_ns') > 0 && facts.get('base_duration_ns') > 0;
  }

  /** What the base is multiplied with. */
  get factor() {
    return this.keep('factor', ['value', 'idle', 'scale'], () => {
      const { nodes, facts } = this.profile;
      if (this.state.scale === 'none') return 1;
      if (this.state.scale === 'duration') {
        return this.canCompareByDuration ? facts.get('duration_ns') / facts.get('base_duration_ns') : 1;
      }
      const { value } = this.state;
      const sums = weigh(this.profile, [nodes.self[value], nodes.base[value]], this.isHidden);
      return sums.total[0] > 0 && sums.other[0] > 0 ? sums.total[0] / sums.other[0] : 1;
    });
  }

  get weights() {
    return this.keep('weights', ['value', 'idle', 'scale', 'width'], () => {
      const { nodes, isComparison } = this.profile;
      const { value, width } = this.state;
      if (nodes.count === 0) return null;
      if (!isComparison) return weigh(this.profile, [nodes.self[value]], this.isHidden);
      const now = nodes.self[value];
      const base = nodes.base[value].map((each) => each * this.factor);
      return weigh(this.profile, width === 'old' ? [base, now] : [now, base], this.isHidden);
    });
  }

  get total() {
    return this.weights ? this.weights.total[0] : 0;
  }

  get isTime() {
    return this.state.view === 'flame' && this.state.order === 'time' && this.profile.samples !== null;
  }

  /** The tree of the view "flame" or "bottomup". */
  get tree() {
    if (this.isTime) return this.keep('time', ['idle'], () => timeline(this.profile, this.isHidden));
    const keys = ['value', 'idle', 'scale', 'width'];
    if (this.state.view === 'bottomup') {
      return this.keep('bottomup', keys, () => {
        const amounts = { total: this.weights.self, other: this.weights.otherSelf };
        const hasAmount = (node) => amounts.total[node] > 0 || (amounts.other !== null && amounts.other[node] > 0);
        return callers(this.profile, amounts, this.order.filter(hasAmount));
      });
    }
    return this.keep('flame', keys, () => callees(this.profile, this.weights, [0]));
  }

  get functions() {
    return this.keep('functions', ['value', 'idle', 'scale', 'width'], () => functions(this.profile, this.weights));
  }

  /** Frames that have a total: the rows of the table. */
  get rows() {
    return this.keep('rows', ['value', 'idle', 'scale', 'width'], () => {
      const { total, other } = this.functions;
      const root = this.profile.nodes.frame[0];
      const rows = [];
      total.forEach((value, frame) => {
        if (frame !== root && (value > 0 || (other && other[frame] > 0))) rows.push(frame);
      });
      return rows;
    });
  }

  /** Callers and callees of a function, or null when it has no total. */
  sandwich(frame) {
    return this.keep('sandwich', ['value', 'idle', 'scale', 'width', 'function'], () => {
      const nodes = outermost(this.profile, this.weights, frame);
      if (nodes.length === 0) return null;
      const amounts = { total: this.weights.total, other: this.weights.other };
      return { callers: callers(this.profile, amounts, nodes, frame), callees: callees(this.profile, this.weights, nodes) };
    });
  }

  /** { now, before } of an amount and the same amount of the other side. */
  sides(shown, other) {
    return this.state.width === 'old' ? { now: other, before: shown } : { now: shown, before: other };
  }

  /** How strongly a node changed, -1 … 1. */
  change(tree, node) {
    const { now, before } = this.sides(tree.total[node], tree.other[node]);
    return changeOf(now, before, this.total);
  }

  /** What 100 % is for the nodes of a tree. */
  wholeOf(tree) {
    return tree.isTime ? tree.total[0] - tree.hidden : this.total;
  }

  unitOf(tree) {
    return tree.isTime ? 'nanoseconds' : this.unit;
  }
}
