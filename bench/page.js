'use strict';

// Writes the tables and charts of docs/benchmarks.md from docs/benchmarks.json.
//   node bench/page.js [--check]     --check: says whether the page is that of the data, changes nothing

const fs = require('node:fs');
const path = require('node:path');

const { rows, data } = require('./run');
const { chart } = require('./chart');
const { table, valuesOf } = require('./table');

const docs = path.join(__dirname, '..', 'docs');
const page = path.join(docs, 'benchmarks.md');
const [BEGIN, END] = ['<!-- results -->', '<!-- /results -->'];

function charts(row, rounds) {
  return row.figures
    .filter((figure) => figure.chart)
    .map(({ key, name }) => {
      const list = row.variants.map((variant) => ({ name: variant, values: valuesOf(rounds, variant, key) }));
      return { file: `img/bench/${row.id}-${key}.svg`, name, text: chart(name, list) };
    });
}

function section(row, { machine, rounds }) {
  const pictures = charts(row, rounds).map(({ file, name }) => `![${row.title}: ${name}](${file})`);
  const count = row.together ? 'side by side' : `${rounds.length} round${rounds.length === 1 ? '' : 's'}`;
  return [
    `## ${row.title}`,
    `\`npm run bench -- ${row.id}\`. ${row.words}`,
    `Target: ${row.target}.${row.verdict ? ` **${row.verdict}**` : ''}`,
    ...pictures,
    table(row, rounds),
    `${count}; ${machine}.`,
  ].join('\n\n');
}

function main() {
  const isCheck = process.argv.includes('--check');
  const known = fs.existsSync(data) ? JSON.parse(fs.readFileSync(data, 'utf8')) : {};
  const measured = rows().filter(({ id }) => known[id]);
  const body = measured.map((row) => section(row, known[row.id])).join('\n\n');
  const before = fs.readFileSync(page, 'utf8');
  const [from, to] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (from < 0 || to < from) {
    throw new Error(`${page} has no place for the results: ${BEGIN} … ${END}`);
  }
  const files = measured.flatMap((row) => charts(row, known[row.id].rounds)).map(({ file, text }) => [path.join(docs, file), text]);
  files.push([page, `${before.slice(0, from)}${BEGIN}\n${body ? `\n${body}\n\n` : ''}${before.slice(to)}`]);
  const stale = files.filter(([file, text]) => !fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text);
  if (isCheck && stale.length > 0) {
    stale.forEach(([file]) => console.error(`${file} is not that of the data; run: node bench/page.js`));
    process.exitCode = 1;
    return;
  }
  if (!isCheck) {
    fs.mkdirSync(path.join(docs, 'img', 'bench'), { recursive: true });
    stale.forEach(([file, text]) => fs.writeFileSync(file, text));
  }
}

main();
