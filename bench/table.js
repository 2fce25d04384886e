'use strict';

// The figures of a row as a Markdown table: a line for each variant, a column for each figure, and how it
// compares with the base, taken inside each round.

const { text } = require('./sample');

const compared = {
  difference: { head: (base) => `over ${base}`, of: (value, base) => value - base },
  ratio: { head: (base) => `÷ ${base}`, of: (value, base) => value / base },
};

function valuesOf(rounds, variant, key) {
  return rounds.map((round) => round[variant]?.[key]).filter((value) => Number.isFinite(value));
}

function comparedValues(row, rounds, variant, key) {
  const { of } = compared[row.compare];
  return rounds
    .filter((round) => round[variant] && round[row.base])
    .map((round) => of(round[variant][key], round[row.base][key]))
    .filter(Number.isFinite);
}

function cell(values, digits) {
  return values.length === 0 ? '–' : text(values, digits);
}

function line(cells) {
  return `| ${cells.join(' | ')} |`;
}

function table(row, rounds) {
  const comparison = compared[row.compare];
  const heads = row.figures.flatMap(({ name }) => (comparison ? [name, comparison.head(row.base)] : [name]));
  const body = row.variants.map((variant) => {
    const cells = row.figures.flatMap(({ key, digits }) => {
      const own = cell(valuesOf(rounds, variant, key), digits);
      if (!comparison) {
        return [own];
      }
      const places = row.compare === 'ratio' ? 3 : digits;
      return [own, variant === row.base ? '' : `**${cell(comparedValues(row, rounds, variant, key), places)}**`];
    });
    return line([variant, ...cells]);
  });
  return [line(['', ...heads]), `|${'---|'.repeat(heads.length + 1)}`, ...body].join('\n');
}

module.exports = { table, valuesOf };
