// One chart: a canvas in a box that scrolls up and down, with the part of the axis that it shows.
//
// chart.show(content) gives it what to draw, { tree, frames, fillOf, theme, unit, isUpward, skip }; it tells
// what happens by the functions of `listener`: viewChanged(), hovered(node, x, y), selected(node), opened(node).

import { ROW, RULER, levelAt, levelY, nodeAt, paint } from './painter.mjs';
import { amount } from './amount.mjs';
import { listen } from './chart_input.mjs';

const ZOOM_MS = 180;
const BACK_MAX = 100;
const SPAN_MIN = 1e-9; // of the whole: what zooming in leaves at least

const isStill = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const ease = (part) => 1 - (1 - part) ** 3;

export class Chart {
  constructor(box, listener) {
    this.box = box;
    this.listener = listener;
    this.canvas = box.querySelector('canvas');
    this.space = box.querySelector('.space');
    this.pen = this.canvas.getContext('2d', { alpha: false });
    this.scene = null;
    this.back = [];
    this.motion = null;
    this.frame = 0;
    this.match = null;
    this.zoomed = -1;
    new ResizeObserver(() => this.resize()).observe(box);
    box.addEventListener('scroll', () => this.redraw(), { passive: true });
    listen(this);
  }

  get tree() {
    return this.scene.tree;
  }

  /** The width of the whole axis. */
  get whole() {
    return this.tree.count > 0 ? this.tree.total[0] : 0;
  }

  show(content) {
    const isUpward = content.isUpward || false;
    const ruler = content.tree.isTime ? RULER : 0;
    this.motion = null;
    this.back = [];
    this.zoomed = -1;
    this.scene = {
      skip: 0, ...content, isUpward, ruler, match: this.match, hovered: -1, selected: -1, from: 0, to: 0,
      rulerText: (value) => amount(value, 'nanoseconds'),
    };
    this.scene.to = this.whole;
    this.resize();
    this.box.scrollTop = isUpward ? this.box.scrollHeight : 0;
    this.redraw();
  }

  /** Other colours, same view. */
  recolour({ fillOf, theme }) {
    Object.assign(this.scene, { fillOf, theme });
    this.redraw();
  }

  setMatch(match) {
    this.match = match;
    if (this.scene) this.scene.match = match;
    this.redraw();
  }

  get rows() {
    return Math.max(0, this.tree.levels.length - 1 - this.scene.skip);
  }

  resize() {
    if (!this.scene) return;
    const { clientWidth: width, clientHeight: height } = this.box;
    const isAtEnd = this.box.scrollTop + (this.scene.height ?? height) >= (this.scene.contentHeight ?? 0) - 2;
    const content = Math.max(height, this.rows * ROW + this.scene.ruler);
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(width * this.ratio));
    this.canvas.height = Math.max(1, Math.round(height * this.ratio));
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.space.style.height = `${content}px`;
    Object.assign(this.scene, { width, height, contentHeight: content });
    // The root of a chart that grows upwards stays where it is seen.
    if (this.scene.isUpward && isAtEnd) this.box.scrollTop = content;
    this.draw(); // setting its size has emptied the canvas
  }

  redraw() {
    if (this.frame === 0) {
      this.frame = requestAnimationFrame((now) => {
        this.frame = 0;
        this.move(now);
        this.draw();
      });
    }
  }

  draw() {
    if (!this.scene || this.scene.width === 0) return;
    this.scene.scroll = this.box.scrollTop;
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    paint(this.pen, this.scene);
  }

  /** One step of the motion to where the view is going. */
  move(now) {
    if (!this.motion) return;
    const { from, to, goal, begin } = this.motion;
    const part = Math.min(1, Math.max(0, (now - begin) / ZOOM_MS));
    this.scene.from = from + (goal.from - from) * ease(part);
    this.scene.to = to + (goal.to - to) * ease(part);
    if (part < 1) {
      this.redraw();
      return;
    }
    Object.assign(this.scene, goal);
    this.motion = null;
    this.listener.viewChanged(this);
  }

  /** Where the view is, or where it is going. */
  get view() {
    const { from, to } = this.motion ? this.motion.goal : this.scene;
    return { from, to };
  }

  get isWhole() {
    const { from, to } = this.view;
    return from <= 0 && to >= this.whole;
  }

  clamp({ from, to }) {
    const { whole } = this;
    const span = Math.min(whole, Math.max(to - from, whole * SPAN_MIN));
    const begin = Math.min(whole - span, Math.max(0, from));
    return { from: begin, to: begin + span };
  }

  go(view, { isAtOnce = false } = {}) {
    this.zoomed = -1;
    const goal = this.clamp(view);
    if (isAtOnce || isStill()) {
      this.motion = null;
      Object.assign(this.scene, goal);
      this.listener.viewChanged(this);
    } else {
      this.motion = { from: this.scene.from, to: this.scene.to, goal, begin: performance.now() };
    }
    this.redraw();
  }

  remember() {
    this.back.push(this.view);
    if (this.back.length > BACK_MAX) this.back.shift();
  }

  zoomTo(node, options) {
    const goal = { from: this.tree.start[node], to: this.tree.start[node] + this.tree.total[node] };
    const { from, to } = this.view;
    if (goal.from === from && goal.to === to) return;
    this.remember();
    this.go(goal, options);
    this.zoomed = node;
  }

  /** Back to the view before; false when it is the first one. */
  zoomBack() {
    if (this.back.length === 0 && this.isWhole) return false;
    this.go(this.back.pop() || { from: 0, to: this.whole });
    return true;
  }

  reset() {
    if (this.isWhole) return;
    this.remember();
    this.go({ from: 0, to: this.whole });
  }

  /** By a factor (> 1 is nearer), keeping the place under x where it is. */
  zoomBy(factor, x = this.scene.width / 2, options = { isAtOnce: true }) {
    const { from, to } = this.view;
    const at = from + ((to - from) * x) / this.scene.width;
    this.go({ from: at - (at - from) / factor, to: at + (to - at) / factor }, options);
  }

  /** By a part of what is seen. */
  pan(part, options = { isAtOnce: true }) {
    const { from, to } = this.view;
    const by = (to - from) * part;
    this.go({ from: from + by, to: to + by }, options);
  }

  nodeAtPoint(x, y) {
    const { scene } = this;
    if (!scene || y < scene.ruler || x < 0 || x >= scene.width) return -1;
    const level = levelAt(scene, y);
    if (level < scene.skip) return -1;
    return nodeAt(scene.tree, level, scene.from + ((scene.to - scene.from) * x) / scene.width);
  }

  /** The nodes from the root to the one that was zoomed to, or the last that fills the whole view. */
  path() {
    const { tree } = this;
    const { from, to } = this.view;
    const slack = (to - from) * 1e-6;
    const path = [];
    for (let level = 0; level < tree.levels.length - 1; level++) {
      const node = nodeAt(tree, level, (from + to) / 2);
      if (node < 0 || tree.start[node] > from + slack || tree.start[node] + tree.total[node] < to - slack) break;
      path.push(node);
      if (node === this.zoomed) break;
    }
    return path;
  }

  levelOf(node) {
    let level = 0;
    while (this.tree.levels[level + 1] <= node) level++;
    return level;
  }

  hover(node) {
    if (this.scene.hovered === node) return;
    this.scene.hovered = node;
    this.redraw();
  }

  select(node, { isTold = true } = {}) {
    this.scene.selected = node;
    if (node >= 0) this.bringIntoView(node);
    if (isTold) this.listener.selected(this, node);
    this.redraw();
  }

  bringIntoView(node) {
    const { scene, box } = this;
    scene.scroll = box.scrollTop;
    const y = levelY(scene, this.levelOf(node));
    if (y < scene.ruler) box.scrollTop += y - scene.ruler - ROW;
    else if (y + ROW > scene.height) box.scrollTop += y + 2 * ROW - scene.height;
    const [from, to] = [scene.tree.start[node], scene.tree.start[node] + scene.tree.total[node]];
    const view = this.view;
    if (from >= view.to || to <= view.from) {
      const middle = (from + to) / 2;
      const span = Math.max(view.to - view.from, to - from);
      this.go({ from: middle - span / 2, to: middle + span / 2 });
    }
  }

  /** The neighbour of the selected node in a direction, or itself. */
  neighbour(direction) {
    const { tree, scene } = this;
    const node = scene.selected;
    if (node < 0) return this.path().pop() ?? 0;
    if (direction === 'parent') return tree.parent[node] >= 0 && this.levelOf(node) > scene.skip ? tree.parent[node] : node;
    if (direction === 'child') {
      const first = tree.firstChild[node];
      const end = first + tree.childCount[node];
      let widest = node;
      for (let child = first; child < end; child++) {
        if (widest === node || tree.total[child] > tree.total[widest]) widest = child;
      }
      return widest;
    }
    const level = this.levelOf(node);
    const next = node + (direction === 'left' ? -1 : 1);
    return next >= tree.levels[level] && next < tree.levels[level + 1] ? next : node;
  }

  /** Where a node is on the page, for what points at it. */
  placeOf(node) {
    const { scene } = this;
    const bounds = this.box.getBoundingClientRect();
    const scale = scene.width / (scene.to - scene.from);
    const x = Math.max(0, (scene.tree.start[node] - scene.from) * scale);
    return { x: bounds.left + Math.min(x, scene.width - 40) + 12, y: bounds.top + levelY(scene, this.levelOf(node)) + ROW };
  }
}
