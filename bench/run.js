'use strict';

// Runs rows of the benchmark and keeps their figures in docs/benchmarks.json, from which bench/page.js makes
// docs/benchmarks.md.
//   npm run bench                      all rows (about an hour and a half)
//   npm run bench -- startup cpu       some; a part of a name is enough
//   npm run bench -- --rounds 3        fewer or more rounds than the row has
//   npm run bench -- --minutes 2 idle  how long the idle processes are watched
//   npm run bench -- --no-save …       only prints
//   npm run bench -- --list

const fs = require('node:fs');
const path = require('node:path');

const { install } = require('./peers');
const { machine, rotate } = require('./sample');
const { table } = require('./table');

const data = path.join(__dirname, '..', 'docs', 'benchmarks.json');

function rows() {
  const folder = path.join(__dirname, 'rows');
  return fs
    .readdirSync(folder)
    .sort()
    .flatMap((name) => require(path.join(folder, name)));
}

function parse(words) {
  const options = { names: [], save: true };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === '--rounds' || word === '--minutes') {
      const number = Number(words[++at]);
      if (!(number >= 1)) {
        throw new Error(`${word} needs a number of at least 1`);
      }
      options[word.slice(2)] = number;
    } else if (word === '--no-save') {
      options.save = false;
    } else if (word === '--list') {
      options.list = true;
    } else if (word.startsWith('-')) {
      throw new Error(`unknown option ${word}; there are --rounds N, --minutes N, --no-save, --list`);
    } else {
      options.names.push(word);
    }
  }
  return options;
}

function choose(all, names) {
  const isExact = (name) => all.some(({ id }) => id === name);
  const fits = (id, name) => (isExact(name) ? id === name : id.includes(name));
  const chosen = names.length === 0 ? all : all.filter(({ id }) => names.some((name) => fits(id, name)));
  if (chosen.length === 0) {
    throw new Error(`no row has such a name; there are: ${all.map(({ id }) => id).join(' ')}`);
  }
  return chosen;
}

/** Every figure with five significant digits: more is noise and only makes the file long. */
function shorten(figures) {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, Number(Number(value).toPrecision(5))]));
}

async function measure(row, options) {
  if (row.together) {
    return row.together(options);
  }
  const rounds = options.rounds || row.rounds;
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const result = {};
    for (const variant of rotate(row.variants, round)) {
      result[variant] = shorten(await row.round(variant));
      process.stderr.write(`\r\x1b[K${row.id}: round ${round + 1} of ${rounds}, ${variant}`);
    }
    results.push(result);
  }
  process.stderr.write('\r\x1b[K');
  return results;
}

function save(id, measured) {
  const known = fs.existsSync(data) ? JSON.parse(fs.readFileSync(data, 'utf8')) : {};
  known[id] = measured;
  const sorted = Object.fromEntries(Object.entries(known).sort(([a], [b]) => (a < b ? -1 : 1)));
  const lines = Object.entries(sorted).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  fs.writeFileSync(data, `{\n${lines.join(',\n')}\n}\n`);
}

async function main() {
  const options = parse(process.argv.slice(2));
  const chosen = choose(rows(), options.names);
  if (options.list) {
    chosen.forEach(({ id, title }) => console.log(`${id.padEnd(20)} ${title}`));
    return;
  }
  install();
  for (const row of chosen) {
    const measured = { machine: machine(), rounds: await measure(row, options) };
    console.log(`\n${row.title} (${row.id}); ${measured.machine}\n${table(row, measured.rounds)}`);
    if (options.save) {
      save(row.id, measured);
    }
  }
}

module.exports = { rows, data };

if (require.main === module) {
  main().catch((error) => {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  });
}
