// Values as a person reads them, by the unit of their field.

import { moment } from '../../src/format/flamegraph/amount.mjs';

const BYTES = [[1024 ** 4, 'TiB'], [1024 ** 3, 'GiB'], [1024 ** 2, 'MiB'], [1024, 'KiB'], [1, 'B']];
const COUNTS = [[1e9, 1e9, 'G'], [1e6, 1e6, 'M'], [1e4, 1e3, 'k']]; // from which value, divided by what
export const NONE = '–';

/** Three digits: 1.23, 12.3, 123; without zeros at the end of a fraction when it is short. */
function digits(value, isShort = false) {
  const size = Math.abs(value);
  if (isShort && size > 0 && size < 0.01) return String(Number(value.toPrecision(1))); // of an axis with small steps
  const text = size >= 99.95 ? String(Math.round(value)) : value.toFixed(size >= 9.995 ? 1 : 2);
  return isShort && text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function bytes(value, isShort) {
  const [size, name] = BYTES.find(([least]) => Math.abs(value) >= least) || BYTES[BYTES.length - 1];
  return `${size === 1 ? Math.round(value) : digits(value / size, isShort)} ${name}`;
}

function seconds(value, isShort) {
  const size = Math.abs(value);
  if (size === 0) return '0 ms';
  if (size < 0.0009995) return `${digits(value * 1e6, isShort)} µs`;
  if (size < 0.9995) return `${digits(value * 1e3, isShort)} ms`;
  if (size < 120) return `${digits(value, isShort)} s`;
  return duration(value);
}

/** "3 d 4 h", "12 min": two parts at most. */
export function duration(value) {
  const parts = [];
  let left = Math.max(0, Math.round(value));
  for (const [size, name] of [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']]) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || (name === 's' && parts.length === 0)) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ');
}

function percent(value, isShort) {
  const size = Math.abs(value * 100);
  if (isShort && size > 0 && size < 0.1) return `${digits(value * 100, true)} %`;
  const text = size >= 99.95 ? String(Math.round(value * 100)) : (value * 100).toFixed(size >= 9.995 || size === 0 ? (isShort ? 0 : 1) : isShort ? 1 : 2);
  return `${isShort && text.includes('.') ? text.replace(/\.0+$/, '') : text} %`;
}

function count(value, isShort) {
  const step = COUNTS.find(([least]) => Math.abs(value) >= least);
  if (step) return `${digits(value / step[1], isShort)} ${step[2]}`;
  return Number.isInteger(value) ? value.toLocaleString('en-US') : digits(value, isShort);
}

/**
 * Text of a value. unit: of a field ("bytes", "seconds", "ratio", "celsius", ""), or that of its rate ("bytes/s"; seconds
 * of something in each second are a share). isShort: for axes.
 */
export function amount(value, unit, isShort = false) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  switch (unit) {
    case 'bytes': return bytes(value, isShort);
    case 'bytes/s': return `${bytes(value, isShort)}/s`;
    case 'seconds': return seconds(value, isShort);
    case 'ratio': return percent(value, isShort);
    case 'ratio/s': return `${digits(value, isShort)}/s`;
    case 'seconds/s': return percent(value, isShort);
    case 'celsius': return `${digits(value, isShort)} °C`;
    case '/s': return `${count(value, isShort)}/s`;
    case 'cores': return digits(value, isShort);
    case '': return count(value, isShort);
    default: return `${count(value, isShort)} ${unit}`;
  }
}

export const unitOf = (field) => (field.type === 'counter' ? `${field.unit}/s` : field.unit);

const two = (number) => String(number).padStart(2, '0');

export function clock(ms) {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The clock, with the day when it is not today. */
export function when(ms, now = Date.now()) {
  return new Date(ms).toDateString() === new Date(now).toDateString() ? clock(ms) : moment(ms);
}

export { moment };
