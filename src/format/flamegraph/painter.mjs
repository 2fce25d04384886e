// Draws a scene: the visible part of a tree. The pen is a canvas context, or anything that has its fillStyle,
// globalAlpha, font, fillRect and fillText (export.mjs draws SVG so).
//
// A scene: tree, frames, fillOf(node), theme, match (by frame, or null), hovered, selected, isUpward, skip (levels
// not drawn), from, to (of the axis), width, height, scroll, contentHeight, ruler (height), rulerText(value).

import { FONT, fit } from './lettering.mjs';
import { marks } from './amount.mjs';
import { placeOf } from './data.mjs';

export const ROW = 20;
export const RULER = 22;
const TINY = 1; // narrower frames share a block
const BLOCK = 3; // width of such a block at most
const LABEL = 26; // narrower frames have no label
const PADDING = 4;

/** First of lo … hi whose value is at least `least`; values rise. */
function search(lo, hi, valueOf, least) {
  let low = lo;
  let high = hi;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueOf(middle) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The node of a level that covers a place on the axis, or -1. */
export function nodeAt(tree, level, value) {
  if (level < 0 || level >= tree.levels.length - 1) return -1;
  const [lo, hi] = [tree.levels[level], tree.levels[level + 1]];
  const next = search(lo, hi, (each) => tree.start[each], value);
  const node = next < hi && tree.start[next] === value ? next : next - 1;
  return node >= lo && value < tree.start[node] + tree.total[node] ? node : -1;
}

export function levelY(scene, level) {
  const row = level - scene.skip;
  const top = scene.isUpward ? scene.contentHeight - (row + 1) * ROW : scene.ruler + row * ROW;
  return top - scene.scroll;
}

export function levelAt(scene, y) {
  const at = y + scene.scroll;
  const row = scene.isUpward ? Math.floor((scene.contentHeight - at) / ROW) : Math.floor((at - scene.ruler) / ROW);
  return row < 0 ? -1 : row + scene.skip;
}

function fillOf(scene, node) {
  if (scene.match === null) return scene.fillOf(node);
  return scene.match[scene.tree.frame[node]] ? scene.theme.match : scene.theme.dim;
}

function inkOf(scene, node) {
  if (scene.match === null) return scene.theme.ink;
  return scene.match[scene.tree.frame[node]] ? scene.theme.matchInk : scene.theme.dimInk;
}

/** Name, and the place in the file where there is room for it. */
function paintLabel(pen, scene, node, x, width, y) {
  const { frames, tree } = scene;
  const frame = tree.frame[node];
  const room = width - 2 * PADDING;
  const name = fit(frames.name[frame], room);
  if (name.text === '') return;
  pen.fillStyle = inkOf(scene, node);
  pen.fillText(name.text, x + PADDING, y + ROW / 2 + 0.5);
  const left = room - name.width - 10;
  if (left < 60 || name.text !== frames.name[frame]) return;
  const place = fit(placeOf(frames, frame), left);
  if (place.text === '') return;
  pen.globalAlpha = 0.6;
  pen.fillText(place.text, x + PADDING + name.width + 10, y + ROW / 2 + 0.5);
  pen.globalAlpha = 1;
}

/** From `node` on: those that share a block of a few pixels. Gives the node after them. */
function paintBlock(pen, scene, node, hi, y, scale) {
  const { tree, from } = scene;
  const startOf = (each) => tree.start[each];
  const x = (tree.start[node] - from) * scale;
  let edge = Math.floor(x) + 1;
  let next = node + 1;
  for (let pixel = 0; pixel < BLOCK; pixel++) {
    next = search(next, hi, startOf, from + edge / scale);
    // Frames do not overlap, so only the last one that begins here can be wide.
    const last = next - 1;
    if (last > node && tree.total[last] * scale >= TINY) {
      next = last;
      edge = Math.floor((tree.start[last] - from) * scale);
      break;
    }
    if (next >= hi || (tree.start[next] - from) * scale > edge + 1 || tree.total[next] * scale >= TINY) break;
    if (pixel < BLOCK - 1) edge++;
  }
  pen.fillStyle = fillOf(scene, node);
  pen.fillRect(Math.floor(x), y, Math.max(1, edge - Math.floor(x)), ROW - 1);
  return next;
}

function paintLevel(pen, scene, level, y) {
  const { tree, from, to, width } = scene;
  const scale = width / (to - from);
  const hi = tree.levels[level + 1];
  let node = search(tree.levels[level], hi, (each) => tree.start[each] + tree.total[each], from);
  while (node < hi && tree.start[node] < to) {
    const x = Math.max(0, (tree.start[node] - from) * scale);
    const end = Math.min(width, (tree.start[node] + tree.total[node] - from) * scale);
    if (tree.total[node] * scale < TINY) {
      node = paintBlock(pen, scene, node, hi, y, scale);
      continue;
    }
    if (end > x) {
      const gap = end - x > 3 ? 1 : 0.25;
      pen.fillStyle = fillOf(scene, node);
      pen.fillRect(x, y, end - x - gap, ROW - 1);
      if (end - x >= LABEL) paintLabel(pen, scene, node, x, end - x, y);
    }
    node++;
  }
}

/** A border around a node, or a veil over it. */
function paintMark(pen, scene, node, { border, veil }) {
  const { tree, from, to, width } = scene;
  let level = 0;
  while (tree.levels[level + 1] <= node) level++;
  const scale = width / (to - from);
  const y = levelY(scene, level);
  const x = Math.max(-2, (tree.start[node] - from) * scale);
  const end = Math.min(width + 2, (tree.start[node] + tree.total[node] - from) * scale);
  if (level < scene.skip || end < 0 || x > width || y < scene.ruler - ROW || y > scene.height) return;
  const wide = Math.max(2, end - x);
  if (veil) {
    pen.fillStyle = veil;
    pen.fillRect(x, y, wide - 1, ROW - 1);
    return;
  }
  pen.fillStyle = border;
  pen.fillRect(x, y, wide, 2);
  pen.fillRect(x, y + ROW - 3, wide, 2);
  pen.fillRect(x, y, 2, ROW - 1);
  pen.fillRect(x + wide - 2, y, 2, ROW - 1);
}

function paintRuler(pen, scene) {
  const { theme, from, to, width, ruler } = scene;
  pen.fillStyle = theme.page;
  pen.fillRect(0, 0, width, ruler);
  const scale = width / (to - from);
  for (const mark of marks(from, to, width / 110)) {
    const x = (mark - from) * scale;
    pen.fillStyle = theme.line;
    pen.fillRect(Math.round(x), 0, 1, ruler);
    pen.fillStyle = theme.faint;
    pen.fillText(scene.rulerText(mark), x + 5, ruler / 2);
  }
  pen.fillStyle = theme.line;
  pen.fillRect(0, ruler - 1, width, 1);
}

export function paint(pen, scene) {
  const { tree, theme, height } = scene;
  pen.font = FONT;
  pen.textBaseline = 'middle';
  pen.globalAlpha = 1;
  pen.fillStyle = theme.page;
  pen.fillRect(0, 0, scene.width, height);
  if (!(scene.to > scene.from)) return;
  const last = tree.levels.length - 1;
  const edges = [levelAt(scene, scene.ruler), levelAt(scene, height - 1)].sort((a, b) => a - b);
  for (let level = Math.max(scene.skip, edges[0]); level <= Math.min(last - 1, edges[1]); level++) {
    paintLevel(pen, scene, level, levelY(scene, level));
  }
  if (scene.hovered >= 0) paintMark(pen, scene, scene.hovered, { veil: theme.page === '#ffffff' ? '#00000022' : '#ffffff2e' });
  if (scene.selected >= 0) paintMark(pen, scene, scene.selected, { border: theme.select });
  if (scene.ruler > 0) paintRuler(pen, scene);
}
