'use strict';

// Numbers of repeated runs, and how they are told: medians with a 95 % confidence interval, and ratios or
// differences taken inside a round, so that a slow minute of the machine hits both sides.

const os = require('node:os');

const RESAMPLES = 2000;

function quantile(sorted, q) {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const next = sorted[Math.min(low + 1, sorted.length - 1)];
  return sorted[low] + (next - sorted[low]) * (at - low);
}

function median(values) {
  return quantile([...values].sort((a, b) => a - b), 0.5);
}

/** The same draws in every run, so that a page made again from the same data is the same page. */
function makeRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** { median, low, high }: low and high bound the median with 95 % confidence (percentile bootstrap). */
function summary(values) {
  const random = makeRandom(values.length);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)])),
  ).sort((a, b) => a - b);
  return { median: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

function round(number, digits) {
  return Number(number.toFixed(digits)).toString() === '-0' ? (0).toFixed(digits) : number.toFixed(digits);
}

/** "12.3 (11.9 … 13.0)" */
function text(values, digits) {
  const { median: middle, low, high } = summary(values);
  if (values.length === 1) {
    return round(middle, digits);
  }
  return `${round(middle, digits)} (${round(low, digits)} … ${round(high, digits)})`;
}

/** The same order for nobody: each round begins with another variant. */
function rotate(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** What the figures depend on. */
function machine() {
  const [cpu] = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const load = os.loadavg()[0].toFixed(2);
  const kernel = `Linux ${os.release().replace(/[^\d.].*$/, '')}`;
  return `${os.cpus().length} × ${cpu.model.trim()}, ${memory}, ${kernel}, Node ${process.version}; load average ${load} at the beginning`;
}

function count(argument, standard) {
  const number = Number(argument);
  return Number.isInteger(number) && number > 0 ? number : standard;
}

module.exports = { summary, median, text, rotate, machine, count };
