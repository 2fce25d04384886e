'use strict';

// Numbers of repeated runs, and how they are told: medians with quartiles, and differences taken inside a
// round, so that a slow minute of the machine hits both sides.

const os = require('node:os');

function quantile(sorted, q) {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const next = sorted[Math.min(low + 1, sorted.length - 1)];
  return sorted[low] + (next - sorted[low]) * (at - low);
}

/** { median, low, high }: low and high are the quartiles. */
function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

function text(values, digits) {
  const { median, low, high } = summary(values);
  return `${median.toFixed(digits)} (${low.toFixed(digits)} … ${high.toFixed(digits)})`;
}

/** The same order for nobody: each round begins with another variant. */
function rotate(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/**
 * Prints one Markdown table: a row for each figure, a column for each variant, then for each variant after the
 * first its difference from the first. rounds: [{ variant: { figure: number } }].
 */
function report(rounds, variants, figures) {
  const [base, ...others] = variants;
  const heads = ['figure', ...variants, ...others.map((name) => `${name} − ${base}`)];
  console.log(`| ${heads.join(' | ')} |`);
  console.log(`|${'---|'.repeat(heads.length)}`);
  for (const { key, name, digits } of figures) {
    const of = (variant) => rounds.map((round) => round[variant][key]);
    const difference = (variant) => rounds.map((round) => round[variant][key] - round[base][key]);
    const cells = [
      ...variants.map((variant) => text(of(variant), digits)),
      ...others.map((variant) => `**${text(difference(variant), digits)}**`),
    ];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
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

module.exports = { summary, rotate, report, machine, count };
