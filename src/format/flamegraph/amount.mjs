// Amounts as a person reads them.

const STEPS = {
  nanoseconds: [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']],
  bytes: [[1024 ** 4, 'TiB'], [1024 ** 3, 'GiB'], [1024 ** 2, 'MiB'], [1024, 'KiB'], [1, 'B']],
};

/** Three significant digits at least, whole numbers whole: 1.23, 12.3, 123, 12,345. */
function plain(value) {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 10 ? 1 : 2);
}

export function amount(value, unit) {
  const steps = STEPS[unit];
  if (!steps) return unit === 'count' || unit === '' ? plain(value) : `${plain(value)} ${unit}`;
  if (value === 0) return `0 ${unit === 'bytes' ? 'B' : 'ms'}`;
  const [size, name] = steps.find(([least]) => Math.abs(value) >= least) || steps[steps.length - 1];
  return `${plain(value / size)} ${name}`;
}

export function signed(value, unit) {
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${amount(Math.abs(value), unit)}`;
}

/** A share of the whole in percent, "" of nothing. */
export function percent(part, whole) {
  if (!(whole > 0)) return '';
  const value = (100 * part) / whole;
  const size = Math.abs(value);
  if (size > 0 && size < 0.005) return '<0.01 %';
  return `${value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)} %`;
}

/** Change in percentage points. */
export function points(part, whole, otherPart, otherWhole) {
  const share = (value, of) => (of > 0 ? (100 * value) / of : 0);
  const change = share(part, whole) - share(otherPart, otherWhole);
  const sign = change > 0.005 ? '+' : change < -0.005 ? '−' : '±';
  return `${sign}${Math.abs(change).toFixed(2)} %`;
}

/** A moment in the reader's own time zone. */
export function moment(ms) {
  const date = new Date(ms);
  const two = (number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Marks of an axis of `span`: their distance is 1, 2 or 5 times a power of ten, `count` of them at most. */
export function marks(from, to, count) {
  const span = to - from;
  if (!(span > 0)) return [];
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw);
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}
