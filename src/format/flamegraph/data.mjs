// The data of the page, in <script type="application/json" id="data">, and what the views read.
//
// One JSON object, written by src/format/flamegraph.c, columns instead of rows:
//   version   1
//   title     text of the page's head
//   kind      "cpu" | "heap" | "gc" | "other"
//   facts     [[key, value], …] of the head; keys: process, duration_ns, samples, interval_ns,
//             interval_bytes, started_ms, and for a comparison the same of the base with "base_" before it
//   values    [{ type, unit }, …] unit: "nanoseconds" | "bytes" | "count" | any other word
//   value     index of the one to show first
//   strings   texts; [0] is ""
//   categories words of the kinds of code (XPF_FRAME_CLASSES), in the order of their numbers
//   frames    { name, url, package: indices of strings; line, column: 1-based, 0 unknown; category }
//   nodes     { up, frame, self: [column for each value], base: the same of the base, or absent }
//             up: distance to the parent's row, 0 for the root, which is row 0
//   samples   absent, or { node, weight, start }: runs of equal samples in the order of time; node as the
//             difference to the row before, weight and start (of the first one) in nanoseconds
//   scale     comparisons: "total" | "duration" | "none", how the base is scaled at first

/** The category that is left out unless asked for. */
export const EXCLUDABLE = 'idle';

const ROOT_NAME = '(root)';
// Characters that are invisible, or that make their neighbours appear elsewhere.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The text with invisible characters and changes of direction spelt out. */
export function visible(text) {
  return text.replace(UNSEEN, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

function commonFolder(urls) {
  let common = null;
  for (const url of urls) {
    const folder = url.slice(0, url.lastIndexOf('/') + 1);
    if (common === null) common = folder;
    while (!folder.startsWith(common)) common = common.slice(0, common.lastIndexOf('/', common.length - 2) + 1);
    if (common === '') break;
  }
  return common || '';
}

/** file:///a%20b.js as a path; anything else as it is. */
function plainUrl(url) {
  if (!url.startsWith('file://')) return url;
  try {
    return decodeURI(url.slice('file://'.length));
  } catch {
    return url.slice('file://'.length);
  }
}

/** Frames as the views need them: names as shown, and urls in a long and a short form. */
function readFrames({ frames, strings, categories }) {
  const count = frames.name.length;
  const urls = frames.url.map((index) => plainUrl(strings[index]));
  const isOwn = (index) => urls[index].startsWith('/') && !urls[index].includes('/node_modules/');
  const base = commonFolder(urls.filter((_url, index) => isOwn(index)));
  const shorten = (url, index) => {
    const modules = url.lastIndexOf('/node_modules/');
    if (modules >= 0) return url.slice(modules + '/node_modules/'.length);
    return isOwn(index) ? url.slice(base.length) : url;
  };
  const raw = frames.name.map((index) => strings[index]);
  return {
    count,
    raw,
    name: raw.map((name) => (name === '' ? '(anonymous)' : visible(name))),
    file: urls.map((url) => visible(url)),
    short: urls.map((url, index) => visible(shorten(url, index))),
    package: frames.package.map((index) => visible(strings[index])),
    category: frames.category.map((index) => categories[index] || 'native'),
    line: frames.line,
    column: frames.column,
  };
}

function readNodes({ nodes }) {
  const count = nodes.frame.length;
  const parent = new Int32Array(count);
  const next = new Int32Array(count).fill(-1);
  const first = new Int32Array(count).fill(-1);
  for (let node = 0; node < count; node++) parent[node] = node === 0 ? -1 : node - nodes.up[node];
  for (let node = count - 1; node > 0; node--) {
    next[node] = first[parent[node]];
    first[parent[node]] = node;
  }
  const columns = (list) => list.map((column) => Float64Array.from(column));
  return {
    count,
    parent,
    first,
    next,
    frame: Int32Array.from(nodes.frame),
    self: columns(nodes.self),
    base: nodes.base ? columns(nodes.base) : null,
  };
}

function readSamples({ samples }) {
  if (!samples || samples.node.length === 0) return null;
  const node = new Int32Array(samples.node.length);
  let last = 0;
  samples.node.forEach((difference, index) => {
    last += difference;
    node[index] = last;
  });
  return { node, weight: Float64Array.from(samples.weight), start: samples.start };
}

/** What the views read. `data` is the parsed JSON. */
export function readProfile(data) {
  const profile = {
    title: visible(data.title),
    kind: data.kind,
    facts: new Map(data.facts),
    values: data.values,
    value: data.value,
    scale: data.scale || 'total',
    frames: readFrames(data),
    nodes: readNodes(data),
    samples: readSamples(data),
  };
  profile.isComparison = profile.nodes.base !== null;
  if (profile.nodes.count > 0 && profile.frames.raw[profile.nodes.frame[0]] === '') {
    profile.frames.name[profile.nodes.frame[0]] = ROOT_NAME;
  }
  return profile;
}

/** "file.js:12" of a frame, or ''. */
export function placeOf(frames, frame, form = 'short') {
  const file = frames[form][frame];
  if (file === '') return '';
  const line = frames.line[frame];
  if (line === 0) return file;
  return form === 'file' && frames.column[frame] > 0 ? `${file}:${line}:${frames.column[frame]}` : `${file}:${line}`;
}
