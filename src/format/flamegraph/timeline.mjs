// The samples in the order of time as a tree to draw (its form: tree.mjs). Calls that go on from one sample to
// the next are one rectangle. The axis of width is nanoseconds since the start.

/** Rectangles in the order in which they begin, parents before their children. */
class Rectangles {
  constructor() {
    this.frame = [];
    this.parent = [];
    this.depth = [];
    this.start = [];
    this.end = [];
    this.self = [];
  }

  open(frame, parent, depth, start) {
    this.frame.push(frame);
    this.parent.push(parent);
    this.depth.push(depth);
    this.start.push(start);
    this.end.push(start);
    this.self.push(0);
    return this.frame.length - 1;
  }
}

function pathTo(nodes, node, path) {
  path.length = 0;
  for (let at = node; at >= 0; at = nodes.parent[at]) path.push(at);
  path.reverse();
}

function collect(profile, isHidden) {
  const { nodes, samples } = profile;
  const rectangles = new Rectangles();
  const root = rectangles.open(nodes.frame[0], -1, 0, 0);
  const open = [{ frame: nodes.frame[0], rectangle: root }];
  const path = [];
  let now = samples.start;
  let hidden = 0;
  samples.node.forEach((leaf, index) => {
    pathTo(nodes, leaf, path);
    const isOff = path.some((node) => isHidden[nodes.frame[node]]);
    if (isOff) path.length = 1;
    let depth = 1;
    while (depth < path.length && depth < open.length && open[depth].frame === nodes.frame[path[depth]]) depth++;
    open.length = depth;
    for (; depth < path.length; depth++) {
      const frame = nodes.frame[path[depth]];
      open.push({ frame, rectangle: rectangles.open(frame, open[depth - 1].rectangle, depth, now) });
    }
    now += samples.weight[index];
    for (const { rectangle } of open) rectangles.end[rectangle] = now;
    if (isOff) hidden += samples.weight[index];
    else rectangles.self[open[open.length - 1].rectangle] += samples.weight[index];
  });
  return { rectangles, hidden };
}

/** By depth, and as before within a depth. */
function sortByDepth({ depth }) {
  const levels = [];
  for (const each of depth) levels[each] = (levels[each] || 0) + 1;
  let at = 0;
  const next = levels.map((count) => {
    const from = at;
    at += count;
    return from;
  });
  const bounds = Int32Array.from([...next, at]);
  return { levels: bounds, placeOf: Int32Array.from(depth, (each) => next[each]++) };
}

export function timeline(profile, isHidden) {
  const { rectangles, hidden } = collect(profile, isHidden);
  const { levels, placeOf } = sortByDepth(rectangles);
  const count = rectangles.frame.length;
  const tree = {
    count,
    levels,
    isTime: true,
    hidden, // nanoseconds of the whole that are nobody's
    other: null,
    otherSelf: null,
    frame: new Int32Array(count),
    parent: new Int32Array(count).fill(-1),
    firstChild: new Int32Array(count),
    childCount: new Int32Array(count),
    start: new Float64Array(count),
    total: new Float64Array(count),
    self: new Float64Array(count),
  };
  for (let index = count - 1; index >= 0; index--) {
    const node = placeOf[index];
    tree.frame[node] = rectangles.frame[index];
    tree.start[node] = rectangles.start[index];
    tree.total[node] = rectangles.end[index] - rectangles.start[index];
    tree.self[node] = rectangles.self[index];
    if (index === 0) continue;
    const parent = placeOf[rectangles.parent[index]];
    tree.parent[node] = parent;
    tree.firstChild[parent] = node; // going backwards, the leftmost is the last to say so
    tree.childCount[parent]++;
  }
  return tree;
}
