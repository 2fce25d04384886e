// The parts of the page around the charts: head, path, legend, what is pointed at.

import { amount, moment, percent, points, signed } from './amount.mjs';
import { placeOf } from './data.mjs';
import { word } from './words.mjs';

export const find = (id) => document.getElementById(id);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const FACTS = [
  ['process', 'process', (value) => String(value)],
  ['duration_ns', 'durationFact', (value) => amount(value, 'nanoseconds')],
  ['samples', 'samples', (value) => amount(value, 'count')],
  ['interval_ns', 'interval', (value) => amount(value, 'nanoseconds')],
  ['interval_bytes', 'interval', (value) => amount(value, 'bytes')],
  ['started_ms', 'started', (value) => moment(value)],
];

export function showFacts(profile) {
  find('title').textContent = profile.title;
  find('title').title = profile.title;
  const rows = FACTS.flatMap(([key, name, textOf]) => {
    const texts = [profile.facts.get(key), profile.facts.get(`base_${key}`)].map((value) => (value ? textOf(value) : ''));
    if (texts.every((text) => text === '')) return [];
    const isSame = texts[1] === '' || texts[0] === texts[1];
    const row = element('div');
    row.append(element('dt', word(name)), element('dd', isSame ? texts[0] : `${texts[1] || '?'} → ${texts[0] || '?'}`));
    return [row];
  });
  find('facts').replaceChildren(...rows);
}

/** Buttons for the nodes from the root to what fills the view. */
export function showCrumbs(chart, frames, path, go) {
  const buttons = path.map((node, index) => {
    const button = element('button', index === 0 && chart.tree.frame[node] === chart.rootFrame ? word('all') : frames.name[chart.tree.frame[node]]);
    button.type = 'button';
    if (index === path.length - 1) button.setAttribute('aria-current', 'location');
    button.addEventListener('click', () => go(node));
    return button;
  });
  const box = find('crumbs');
  box.replaceChildren(...buttons);
  box.scrollLeft = box.scrollWidth;
  const { from, to } = chart.view;
  const range = find('range').style;
  range.left = `${(100 * from) / chart.whole}%`;
  range.width = `${(100 * (to - from)) / chart.whole}%`;
}

/** What is known of one thing in the views: { frame, total, self, other, otherSelf, whole, unit }. */
function amountRows(model, { total, self, other, otherSelf, whole, unit }) {
  const rows = [['totalColumn', total, other], ['selfColumn', self, otherSelf]];
  if (other === null) {
    return rows.map(([name, value]) => [[word(name), amount(value, unit), percent(value, whole)]]);
  }
  return rows.map(([name, shown, opposite]) => {
    const { now, before } = model.sides(shown, opposite);
    const wholes = model.sides(whole, model.weights.other[0]);
    const text = `${amount(before, unit)} → ${amount(now, unit)}`;
    return [[word(name), text, `${signed(now - before, unit)}  ${points(now, wholes.now, before, wholes.before)}`]];
  });
}

export function showTooltip(model, colours, thing, x, y) {
  const tip = find('tooltip');
  if (!thing) {
    tip.hidden = true;
    return;
  }
  const { frames } = model.profile;
  const list = element('dl');
  for (const [[name, value, share]] of amountRows(model, thing)) {
    list.append(element('dt', name), element('dd', value), element('dd', share));
  }
  const kind = element('div', undefined, 'kind');
  const swatch = element('span', undefined, 'swatch');
  swatch.style.background = colours.fill[thing.frame];
  const group = frames.package[thing.frame];
  const kindName = kindWord(frames.category[thing.frame]);
  kind.append(swatch, element('span', group && group !== kindName ? `${kindName} · ${group}` : kindName));
  tip.replaceChildren(element('b', frames.name[thing.frame]), element('div', placeOf(frames, thing.frame, 'file'), 'place'), list, kind);
  tip.hidden = false;
  const bounds = tip.getBoundingClientRect();
  const left = Math.min(x + 14, innerWidth - bounds.width - 8);
  const top = y + 18 + bounds.height > innerHeight ? y - bounds.height - 10 : y + 18;
  tip.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
}

/** The line at the bottom; the same in words for those who listen. */
export function showDetail(model, thing) {
  const box = find('detail');
  box.classList.toggle('none', !thing);
  if (!thing) {
    for (const each of [...box.children].slice(0, 3)) each.textContent = '';
    box.children[1].textContent = word('hint');
    return;
  }
  const { frames } = model.profile;
  const text = amountRows(model, thing).map(([[name, value, share]]) => `${name} ${value} (${share})`).join(' · ');
  const [name, place, amounts] = box.children;
  name.textContent = frames.name[thing.frame];
  place.textContent = placeOf(frames, thing.frame, 'file');
  place.title = place.textContent;
  amounts.textContent = text;
  find('spoken').textContent = `${name.textContent} ${placeOf(frames, thing.frame)}: ${text}`;
}

const kindWord = (kind) => word(`kind_${kind}`);

const LEGEND_MAX = 40;

export function showLegend(model, colours, state, choose) {
  const box = find('legend');
  if (state.colour === 'change') {
    const ramp = element('span', undefined, 'ramp');
    const stops = [-1, -0.5, 0, 0.5, 1].map((strength) => colours.change(strength));
    ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
    const scale = element('span', undefined, 'scale');
    scale.append(element('i', word('shrank')), ramp, element('i', word('grew')));
    box.replaceChildren(scale);
    return;
  }
  const rows = model.weights ? colours.legend(model.functions.self) : [];
  const isKind = state.colour === 'kind';
  box.replaceChildren(
    ...rows.slice(0, LEGEND_MAX).map(({ group, sum, colour, kind }) => {
      const button = element('button');
      button.type = 'button';
      button.setAttribute('aria-pressed', String(state.group === group));
      const swatch = element('span', undefined, 'swatch');
      swatch.style.background = colour;
      const name = isKind || group === kind ? kindWord(group) : group;
      button.append(swatch, element('span', name), element('i', percent(sum, model.total)));
      button.addEventListener('click', () => choose(state.group === group ? '' : group));
      return button;
    }),
  );
}

export function showFound({ text, share, note, hasMore }) {
  const found = find('found');
  found.replaceChildren(...(share ? [element('b', share), ` ${word('matched')} · `] : []), text);
  found.title = note;
  find('previous').hidden = !hasMore;
  find('next').hidden = !hasMore;
}

let toastTimer = 0;

export function toast(text) {
  const box = find('toast');
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), 1800);
}
