// What happened, in any range.

import { ChartPage } from './chart_page.mjs';
import { h, setText } from './dom.mjs';
import { EventList } from './event_list.mjs';
import { eventWord, sentence, word } from './words.mjs';

export class EventsPage extends ChartPage {
  constructor(app, link) {
    super(app, link);
    app.setTitle(word('page_events'));
    this.filter = h('input', { type: 'search', placeholder: word('filterEvents'), 'aria-label': word('filterEvents'), spellcheck: 'false', oninput: () => this.update() });
    this.count = h('span', { class: 'faint', role: 'status' });
    this.list = new EventList({ limit: 300, empty: word('noEventsInRange') });
    this.element = h('div', { class: 'page events-page' },
      h('div', { class: 'page-head' }, h('div', { class: 'title' }, h('h1', {}, word('page_events')))),
      h('div', { class: 'sticky' }, this.range.element, this.laneBox),
      h('section', { class: 'card recent' }, h('header', {}, h('h2', {}, word('page_events')), this.count, this.filter), this.list.element));
  }

  kinds() {
    const { kinds } = this.app.world;
    return kinds.has('host_load') ? ['host_load'] : [...kinds.keys()].slice(0, 1); // the stream needs one
  }

  pollsEvents() {
    return true;
  }

  happened() {}

  focusFilter() {
    this.filter.focus();
  }

  eventsShown() {
    this.update();
  }

  update() {
    const text = this.filter.value.trim().toLowerCase();
    const shown = this.marked.filter((event) => `${event.name} ${eventWord(event.name)} ${event.text} ${sentence(event.text)} ${event.key}`.toLowerCase().includes(text));
    setText(this.count, this.marked.length > 0 ? String(shown.length) : '');
    this.list.show(shown, this.app.now());
  }
}
