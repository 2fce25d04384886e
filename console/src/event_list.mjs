// Events in a list.

import { h, setText } from './dom.mjs';
import { when } from './format.mjs';
import { writeLink } from './link.mjs';
import { eventWord, sentence, word } from './words.mjs';
import { toneOf } from './words_events.mjs';

/** Where an event leads: its process, or its entity. */
function hrefOf({ kind, key, at_ms: at }) {
  if (!kind || !key) return null;
  const range = { from: at - 120_000, to: at + 60_000 };
  if (kind === 'process' || kind === 'node' || kind === 'thread') return writeLink({ page: 'process', part: key.split('/')[0], range });
  return writeLink({ page: 'explore', part: kind, options: { key }, range });
}

export class EventList {
  constructor({ limit = 50, empty = word('noEvents') } = {}) {
    this.limit = limit;
    this.empty = empty;
    this.element = h('ol', { class: 'events' });
  }

  show(events, now) {
    const shown = events.slice(0, this.limit);
    const id = shown.map(({ at_ms: at, name, key }) => `${at} ${name} ${key}`).join('\n');
    if (id === this.id && shown.length > 0) return;
    this.id = id;
    if (shown.length === 0) {
      this.element.replaceChildren(h('li', { class: 'none' }, this.empty));
      return;
    }
    this.element.replaceChildren(...shown.map((event) => this.row(event, now)));
  }

  row(event, now) {
    const href = hrefOf(event);
    const name = eventWord(event.name);
    const time = h('time', { datetime: new Date(event.at_ms).toISOString() });
    setText(time, when(event.at_ms, now));
    return h('li', {}, h('i', { class: 'dot', 'data-tone': toneOf(event) }), time, href ? h('a', { href }, name) : h('b', {}, name), h('span', {}, sentence(event.text)));
  }
}
