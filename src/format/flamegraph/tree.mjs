// Trees to draw, made from the nodes of the profile. All of one form:
//   count, frame, parent, start, total, self   typed arrays; total and start along the axis of width
//   other, otherSelf                            comparisons: the same of the other profile, else null
//   firstChild, childCount                      the children of a node stand together
//   levels                                      levels[d] … levels[d + 1] are the nodes of depth d
// Nodes stand in the order of their depth, and within a depth from left to right.

/** Growing columns. */
class Columns {
  constructor(capacity, hasOther) {
    this.count = 0;
    this.capacity = capacity;
    this.frame = new Int32Array(capacity);
    this.parent = new Int32Array(capacity);
    this.firstChild = new Int32Array(capacity);
    this.childCount = new Int32Array(capacity);
    this.total = new Float64Array(capacity);
    this.self = new Float64Array(capacity);
    this.other = hasOther ? new Float64Array(capacity) : null;
    this.otherSelf = hasOther ? new Float64Array(capacity) : null;
  }

  add(frame, parent) {
    if (this.count === this.capacity) this.grow();
    this.frame[this.count] = frame;
    this.parent[this.count] = parent;
    return this.count++;
  }

  grow() {
    this.capacity *= 2;
    for (const [key, column] of Object.entries(this)) {
      if (!ArrayBuffer.isView(column)) continue;
      this[key] = new column.constructor(this.capacity);
      this[key].set(column);
    }
  }

  finish(levels) {
    const tree = { count: this.count, levels: Int32Array.from(levels), start: new Float64Array(this.count) };
    for (const [key, column] of Object.entries(this)) {
      if (ArrayBuffer.isView(column)) tree[key] = column.subarray(0, this.count);
    }
    return { other: null, otherSelf: null, ...tree };
  }
}

/** Children begin where their parent begins and follow one another; what is left is the parent's own. */
function place(tree) {
  for (let node = 0; node < tree.count; node++) {
    let at = tree.start[node];
    const end = tree.firstChild[node] + tree.childCount[node];
    for (let child = tree.firstChild[node]; child < end; child++) {
      tree.start[child] = at;
      at += tree.total[child];
    }
  }
  return tree;
}

/**
 * Collects what stands under one node of the new tree, by frame. An item (a node of the profile, or the way up
 * from one) is in one group at a time: `link` chains the items of a group.
 */
class Groups {
  constructor(framesCount, itemsCount, columns) {
    this.columns = columns;
    this.link = new Int32Array(itemsCount);
    this.head = [];
    this.mark = new Int32Array(framesCount).fill(-1);
    this.nodeOf = new Int32Array(framesCount);
  }

  add(parent, frame, item) {
    let node = this.nodeOf[frame];
    if (this.mark[frame] !== parent) {
      this.mark[frame] = parent;
      node = this.columns.add(frame, parent);
      this.nodeOf[frame] = node;
      this.head[node] = -1;
    }
    this.link[item] = this.head[node];
    this.head[node] = item;
    return node;
  }

  /** Sorts the children that were just added, `first` … count, the widest first. */
  sort(parent, first) {
    const { columns } = this;
    columns.firstChild[parent] = first;
    columns.childCount[parent] = columns.count - first;
    if (columns.count - first < 2) return;
    const order = Array.from({ length: columns.count - first }, (_, index) => first + index);
    order.sort((a, b) => columns.total[b] - columns.total[a] || columns.frame[a] - columns.frame[b]);
    for (const key of ['frame', 'total', 'self', 'other', 'otherSelf']) {
      if (!columns[key]) continue;
      const sorted = order.map((node) => columns[key][node]);
      sorted.forEach((value, index) => (columns[key][first + index] = value));
    }
    const heads = order.map((node) => this.head[node]);
    heads.forEach((head, index) => (this.head[first + index] = head));
  }
}

/**
 * Totals of all nodes: { self, total, other, otherSelf }. Frames for which `isHidden` are left out with all that
 * they call. Parents stand before their children.
 */
export function weigh(profile, columns, isHidden) {
  const { nodes } = profile;
  const hidden = new Uint8Array(nodes.count);
  for (let node = 0; node < nodes.count; node++) {
    const parent = nodes.parent[node];
    hidden[node] = isHidden[nodes.frame[node]] || (parent >= 0 && hidden[parent]) ? 1 : 0;
  }
  const [shown, other] = columns.map((self) => {
    const own = self.map((value, node) => (hidden[node] ? 0 : value));
    const total = own.slice();
    for (let node = nodes.count - 1; node > 0; node--) total[nodes.parent[node]] += total[node];
    return { own, total };
  });
  return {
    hidden,
    self: shown.own,
    total: shown.total,
    otherSelf: other ? other.own : null,
    other: other ? other.total : null,
  };
}

/** A new tree with its root, which holds the items. */
function plant(profile, weights, items, frame, link) {
  const columns = new Columns(1024, weights.other !== null);
  const groups = new Groups(profile.frames.count, link, columns);
  const root = columns.add(frame, -1);
  groups.head[root] = -1;
  for (const item of items) {
    groups.link[item] = groups.head[root];
    groups.head[root] = item;
  }
  return { columns, groups };
}

/** Level by level: `expand(node)` adds the children of one node. */
function growLevels(columns, expand) {
  const levels = [0];
  let from = 0;
  while (from < columns.count) {
    const to = columns.count;
    levels.push(to);
    for (let node = from; node < to; node++) expand(node);
    from = to;
  }
  return place(columns.finish(levels));
}

/** What is called from the given nodes (none of them under another), merged by frame. */
export function callees(profile, weights, roots) {
  const { nodes } = profile;
  const { columns, groups } = plant(profile, weights, roots, nodes.frame[roots[0] || 0], nodes.count);
  const gather = (node, item) => {
    columns.total[node] += weights.total[item];
    columns.self[node] += weights.self[item];
    if (weights.other === null) return;
    columns.other[node] += weights.other[item];
    columns.otherSelf[node] += weights.otherSelf[item];
  };
  for (const root of roots) gather(0, root);
  return growLevels(columns, (parent) => {
    const first = columns.count;
    for (let item = groups.head[parent]; item >= 0; item = groups.link[item]) {
      for (let child = nodes.first[item]; child >= 0; child = nodes.next[child]) {
        if (weights.hidden[child] || isEmpty(weights, child)) continue;
        gather(groups.add(parent, nodes.frame[child], child), child);
      }
    }
    groups.sort(parent, first);
  });
}

function isEmpty(weights, node) {
  return weights.total[node] === 0 && (weights.other === null || weights.other[node] === 0);
}

// A tree of callers has a node for each step up from each node: paths below this share of the whole end early
// when there would be more steps than that.
const STEPS_MAX = 4e6;
const SHARE_MIN = 2e-5;

/**
 * Who calls: the ways up from the given nodes, merged by frame. `amounts` are { total, other }: what each node
 * brings. With `frame` the root is that function and the nodes are its own; without, it stands for all, and the
 * nodes are the first level.
 */
export function callers(profile, amounts, items, frame) {
  const { nodes } = profile;
  const isAll = frame === undefined;
  const depth = new Int32Array(nodes.count);
  for (let node = 1; node < nodes.count; node++) depth[node] = depth[nodes.parent[node]] + 1;
  const steps = items.reduce((sum, item) => sum + depth[item], 0);
  const { columns, groups } = plant(profile, amounts, items, isAll ? nodes.frame[0] : frame, nodes.count);
  const at = Int32Array.from({ length: nodes.count }, (_, node) => node);
  const gather = (node, item) => {
    columns.total[node] += amounts.total[item];
    if (amounts.other !== null) columns.other[node] += amounts.other[item];
  };
  for (const item of items) gather(0, item);
  const least = steps > STEPS_MAX ? columns.total[0] * SHARE_MIN : 0;
  return growLevels(columns, (parent) => {
    const first = columns.count;
    columns.firstChild[parent] = first;
    if (columns.total[parent] < least) return;
    let own = columns.total[parent];
    for (let item = groups.head[parent], following; item >= 0; item = following) {
      following = groups.link[item];
      const up = isAll && parent === 0 ? item : nodes.parent[at[item]];
      if (up <= 0) continue; // the root calls, but is nobody's caller
      at[item] = up;
      gather(groups.add(parent, nodes.frame[up], item), item);
      own -= amounts.total[item];
    }
    columns.self[parent] = Math.max(0, own);
    groups.sort(parent, first);
  });
}

/** The nodes of a function that are not called by itself, and thus hold its total between them. */
export function outermost(profile, weights, frame) {
  const { nodes } = profile;
  const inside = new Uint8Array(nodes.count);
  const found = [];
  for (let node = 0; node < nodes.count; node++) {
    const parent = nodes.parent[node];
    if (parent >= 0 && inside[parent]) inside[node] = 1;
    else if (nodes.frame[node] === frame && !weights.hidden[node]) {
      inside[node] = 1;
      found.push(node);
    }
  }
  return found;
}

/** Calls enter(node) and leave(node) for each node, depth first. */
function walk({ count, first, next, parent }, enter, leave) {
  let node = count > 0 ? 0 : -1;
  while (node >= 0) {
    enter(node);
    if (first[node] >= 0) {
      node = first[node];
      continue;
    }
    while (node >= 0) {
      leave(node);
      if (next[node] >= 0) break;
      node = parent[node];
    }
    if (node >= 0) node = next[node];
  }
}

/** Every function's self and total: { self, total, other, otherSelf } by frame. Recursion counts once. */
export function functions(profile, weights) {
  const { nodes, frames } = profile;
  const table = {};
  for (const key of ['self', 'total', 'other', 'otherSelf']) {
    table[key] = weights[key] === null ? null : new Float64Array(frames.count);
  }
  const open = new Int32Array(frames.count);
  walk(
    nodes,
    (node) => {
      const frame = nodes.frame[node];
      const isOuter = open[frame]++ === 0;
      if (weights.hidden[node]) return;
      table.self[frame] += weights.self[node];
      if (isOuter) table.total[frame] += weights.total[node];
      if (table.other === null) return;
      table.otherSelf[frame] += weights.otherSelf[node];
      if (isOuter) table.other[frame] += weights.other[node];
    },
    (node) => open[nodes.frame[node]]--,
  );
  return table;
}
