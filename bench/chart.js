'use strict';

// One figure of a row as an SVG: a bar for each variant, its median as a number, the confidence interval as a
// whisker. The scale is logarithmic when the largest is over 50 times the smallest.

const { summary } = require('./sample');

const WIDTH = 760;
const LEFT = 230;
const RIGHT = 130;
const ROW = 30;
const TOP = 46;

function escape(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function makeScale(bars) {
  const most = Math.max(...bars.map(({ high }) => high));
  const positive = bars.map(({ median }) => median).filter((value) => value > 0);
  const least = Math.min(...positive);
  const room = WIDTH - LEFT - RIGHT;
  if (!(most > 0)) {
    return { place: () => 0, isLogarithmic: false };
  }
  if (most / least <= 50) {
    return { place: (value) => (Math.max(value, 0) / most) * room, isLogarithmic: false };
  }
  const floor = Math.log10(least) - 0.5;
  const span = Math.log10(most) - floor;
  return {
    place: (value) => (value > 0 ? Math.max(0, ((Math.log10(value) - floor) / span) * room) : 0),
    isLogarithmic: true,
  };
}

function number(value) {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

function bar({ name, median, low, high, count }, index, place) {
  const y = TOP + index * ROW;
  const isOurs = name.startsWith('xprofiler') && !name.includes('3.1.0');
  const width = place(median);
  const [from, to] = [LEFT + place(low), LEFT + place(high)];
  const middle = y + 9;
  const whisker =
    count > 1
      ? `<path class="whisker" d="M${from.toFixed(1)} ${middle}H${to.toFixed(1)}M${from.toFixed(1)} ${middle - 4}v8M${to.toFixed(1)} ${middle - 4}v8"/>`
      : '';
  return `<text class="name" x="${LEFT - 10}" y="${y + 14}">${escape(name)}</text>
<rect class="${isOurs ? 'ours' : 'other'}" x="${LEFT}" y="${y}" width="${Math.max(width, 1).toFixed(1)}" height="18" rx="2"/>
${whisker}<text class="value" x="${(Math.max(to, LEFT + width) + 8).toFixed(1)}" y="${y + 14}">${number(median)}</text>`;
}

/** list: [{ name, values }]; variants without values are left out. */
function chart(title, list) {
  const bars = list
    .filter(({ values }) => values.length > 0)
    .map(({ name, values }) => ({ name, count: values.length, ...summary(values) }));
  const { place, isLogarithmic } = makeScale(bars);
  const height = TOP + bars.length * ROW + 6;
  const head = isLogarithmic ? `${title} (logarithmic)` : title;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(head)}">
<style>
svg { background: #fff; font: 13px system-ui, sans-serif }
.head { font-weight: 600; fill: #1f2328 } .name { text-anchor: end; fill: #1f2328 } .value { fill: #1f2328 }
.ours { fill: #1a7f64 } .other { fill: #a8b3bd } .whisker { stroke: #1f2328; fill: none }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 } .head, .name, .value { fill: #e6edf3 }
.ours { fill: #3fb68b } .other { fill: #57606a } .whisker { stroke: #e6edf3 }
}
</style>
<text class="head" x="10" y="24">${escape(head)}</text>
${bars.map((each, index) => bar(each, index, place)).join('\n')}
</svg>
`;
}

module.exports = { chart };
