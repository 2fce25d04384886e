// The columns of the table of functions: of one profile, or of a comparison.

import { amount, percent, signed } from './amount.mjs';
import { placeOf } from './data.mjs';
import { word } from './words.mjs';

const byText = (textOf) => (a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0);

function amountColumn(key, label, values, { unit, whole, width, hasBar = true }) {
  return {
    key,
    label: word(label),
    width,
    isNumber: true,
    order: (a, b) => values[a] - values[b],
    value: (row) => values[row],
    text: (row) => `${amount(values[row], unit)}  ${percent(values[row], whole).padStart(7, '\u2007')}`,
    bar: hasBar ? (row) => values[row] / whole : null,
  };
}

function changeColumn(key, label, now, before, { unit, width }) {
  const change = (row) => now[row] - before[row];
  return {
    key,
    label: word(label),
    width,
    isNumber: true,
    order: (a, b) => change(a) - change(b),
    value: change,
    text: (row) => signed(change(row), unit),
    tint: (row) => (change(row) > 0 ? 'more' : change(row) < 0 ? 'less' : ''),
  };
}

function nameColumns({ profile: { frames } }, colours, isCompact) {
  const name = {
    key: 'name',
    label: word('functionColumn'),
    width: isCompact ? 'minmax(90px, 1fr)' : 'minmax(120px, 1.2fr)',
    order: byText((row) => frames.name[row]),
    value: (row) => frames.name[row],
    text: (row) => frames.name[row],
    swatch: (row) => colours.fill[row],
    title: (row) => `${frames.name[row]}\n${placeOf(frames, row, 'file')}`,
    // Without a column for the place its end tells apart what has no name.
    note: (row) => (isCompact && frames.name[row] === '(anonymous)' ? placeOf(frames, row).replace(/^.*\//, '') : ''),
  };
  const place = {
    key: 'place',
    label: word('placeColumn'),
    width: 'minmax(80px, 1fr)',
    order: byText((row) => placeOf(frames, row)),
    value: (row) => placeOf(frames, row, 'file'),
    text: (row) => placeOf(frames, row),
    title: (row) => placeOf(frames, row, 'file'),
  };
  return isCompact ? [name] : [name, place];
}

export function columnsOf(model, colours, { isCompact, isNarrow }) {
  const { self, total, other, otherSelf } = model.functions;
  const { unit } = model;
  const whole = model.total;
  const names = nameColumns(model, colours, isCompact || isNarrow);
  if (other === null) {
    const width = isCompact || isNarrow ? '118px' : '150px';
    return [
      amountColumn('self', 'selfColumn', self, { unit, whole, width }),
      amountColumn('total', 'totalColumn', total, { unit, whole, width }),
      ...names,
    ];
  }
  const ofSelf = model.sides(self, otherSelf);
  const ofTotal = model.sides(total, other);
  const wholes = model.sides(whole, model.weights.other[0]);
  const change = { unit, width: isCompact || isNarrow ? '84px' : '96px' };
  const side = (of) => ({ unit, whole: of, width: '136px', hasBar: false });
  const changes = [
    changeColumn('selfChange', 'selfChange', ofSelf.now, ofSelf.before, change),
    changeColumn('totalChange', 'totalChange', ofTotal.now, ofTotal.before, change),
  ];
  if (isCompact || isNarrow) return [...changes, ...names];
  return [
    changes[0],
    amountColumn('selfBefore', 'selfBefore', ofSelf.before, side(wholes.before)),
    amountColumn('selfAfter', 'selfAfter', ofSelf.now, side(wholes.now)),
    changes[1],
    amountColumn('totalBefore', 'totalBefore', ofTotal.before, side(wholes.before)),
    amountColumn('totalAfter', 'totalAfter', ofTotal.now, side(wholes.now)),
    ...names,
  ];
}
