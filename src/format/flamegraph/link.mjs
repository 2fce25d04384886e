// What the page shows, as the part of its address behind "#", and back.

/** Names in the address, and how each is read; what is as DEFAULTS say is left out. */
const FIELDS = {
  view: (text) => (['flame', 'bottomup', 'sandwich', 'table'].includes(text) ? text : undefined),
  order: (text) => (['heavy', 'time'].includes(text) ? text : undefined),
  root: (text) => (['top', 'bottom'].includes(text) ? text : undefined),
  colour: (text) => (['kind', 'package', 'file', 'change'].includes(text) ? text : undefined),
  width: (text) => (['new', 'old'].includes(text) ? text : undefined),
  scale: (text) => (['total', 'duration', 'none'].includes(text) ? text : undefined),
  value: (text) => whole(text),
  idle: (text) => (text === '1' ? true : text === '0' ? false : undefined),
  function: (text) => whole(text),
  group: (text) => text,
  query: (text) => text,
  zoom: (text) => zoomOf(text),
};

function whole(text) {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** "12" is a node; "0.25-0.5" a part of the whole. */
function zoomOf(text) {
  if (/^\d{1,9}$/.test(text)) return { node: Number(text) };
  const [from, to] = text.split('-').map(Number);
  return from >= 0 && to > from && to <= 1 ? { from, to } : undefined;
}

function textOf(value) {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'object') return String(value);
  return 'node' in value ? String(value.node) : `${digits(value.from)}-${digits(value.to)}`;
}

// Without exponents, which have a minus of their own.
const digits = (value) => value.toFixed(12).replace(/\.?0+$/, '');

/** Only what the address says, and says well. */
export function readLink(hash) {
  const found = {};
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    const value = Object.hasOwn(FIELDS, key) ? FIELDS[key](text) : undefined;
    if (value !== undefined) found[key] = value;
  }
  return found;
}

export function writeLink(state, defaults) {
  const words = new URLSearchParams();
  for (const key of Object.keys(FIELDS)) {
    const value = state[key];
    if (value !== null && value !== undefined && value !== '' && value !== defaults[key]) words.set(key, textOf(value));
  }
  const text = words.toString();
  return text === '' ? '' : `#${text}`;
}
