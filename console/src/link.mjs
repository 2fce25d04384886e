// What the page shows, as the part of its address behind "#", and back:
//   #/process/4711.98765?last=900000&thread=0     #/host?from=1764086700000&to=1764087600000

export const PRESETS_MS = [60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000, 2_592_000_000];
export const DEFAULT_LAST_MS = 300_000;
const SPAN_MIN_MS = 5000;

const whole = (text) => (/^\d{1,15}$/.test(text || '') ? Number(text) : null);

/** { last } counts back from now and moves on; { from, to } stands still. What makes no sense is the default. */
function readRange(values) {
  const [last, from, to] = ['last', 'from', 'to'].map((name) => whole(values.get(name)));
  if (from !== null && to !== null && to - from >= SPAN_MIN_MS) return { from, to };
  return { last: last !== null && last >= SPAN_MIN_MS ? last : DEFAULT_LAST_MS };
}

export function readLink(hash) {
  const [path, search = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [page, ...parts] = path.split('/').map(decode);
  const values = new URLSearchParams(search);
  const range = readRange(values);
  for (const name of ['last', 'from', 'to']) values.delete(name);
  return { page: page || 'processes', part: parts.join('/'), range, options: Object.fromEntries(values) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function writeLink({ page, part = '', range = null, options = {} }) {
  const values = new URLSearchParams();
  if (range && 'last' in range) {
    if (range.last !== DEFAULT_LAST_MS) values.set('last', String(range.last));
  } else if (range) {
    values.set('from', String(Math.round(range.from)));
    values.set('to', String(Math.round(range.to)));
  }
  for (const [name, value] of Object.entries(options)) if (value) values.set(name, value);
  const search = values.toString();
  const path = part ? `${page}/${part.split('/').map(encodeURIComponent).join('/')}` : page;
  return `#/${path}${search ? `?${search}` : ''}`;
}

/** The range in absolute times. */
export const boundsOf = (range, now) => ('last' in range ? { from: now - range.last, to: now } : range);

export function zoomed(range, now, factor) {
  if ('last' in range) return { last: Math.max(SPAN_MIN_MS, Math.round(range.last * factor)) };
  const half = Math.max(SPAN_MIN_MS, (range.to - range.from) * factor) / 2;
  const middle = (range.from + range.to) / 2;
  return { from: Math.round(middle - half), to: Math.round(middle + half) };
}

/** By a part of the span to the side; what reaches now is live again. */
export function moved(range, now, part) {
  const { from, to } = boundsOf(range, now);
  const by = (to - from) * part;
  if (to + by >= now - 1000) return { last: to - from };
  return { from: Math.round(from + by), to: Math.round(to + by) };
}
