// What a search finds.

/** A test of texts. Capital letters matter when the query has some. `isPlain`: it is no regular expression. */
function matcher(query) {
  const flags = /\p{Lu}/u.test(query.replace(/\\./g, '')) ? 'u' : 'iu';
  for (const each of [flags, flags.replace('u', '')]) {
    try {
      const pattern = new RegExp(query, each);
      return { test: (text) => pattern.test(text), isPlain: false };
    } catch {
      // "(idle)" is one, "foo(" is none
    }
  }
  const isExact = !flags.includes('i');
  const wanted = isExact ? query : query.toLowerCase();
  return { test: (text) => (isExact ? text : text.toLowerCase()).includes(wanted), isPlain: true };
}

/** By frame: 1 where name, package or file match. null: nothing is asked. */
export function matchFrames(frames, query) {
  if (query === '') return null;
  const { test, isPlain } = matcher(query);
  const found = new Uint8Array(frames.count);
  for (let frame = 0; frame < frames.count; frame++) {
    const isFound = test(frames.name[frame]) || test(frames.file[frame]) || (frames.package[frame] !== '' && test(frames.package[frame]));
    found[frame] = isFound ? 1 : 0;
  }
  return { found, isPlain };
}

/** In a tree: how much is in or under matching frames, how many functions match, and the outermost nodes. */
export function matchTree(tree, found) {
  const inside = new Uint8Array(tree.count);
  const functions = new Set();
  const nodes = [];
  let sum = 0;
  for (let node = 0; node < tree.count; node++) {
    const isMatch = found[tree.frame[node]] === 1;
    const isUnder = node > 0 && inside[tree.parent[node]] === 1;
    inside[node] = isMatch || isUnder ? 1 : 0;
    if (isMatch) functions.add(tree.frame[node]);
    if (!isMatch || isUnder) continue;
    sum += tree.total[node];
    nodes.push(node);
  }
  nodes.sort((a, b) => tree.total[b] - tree.total[a] || a - b);
  return { sum, functions: functions.size, nodes };
}
