// The head of the console: pages, state of the stream, language, theme, help.

import { h, icon, setAttribute, setText } from './dom.mjs';
import { settings } from './settings.mjs';
import { word } from './words.mjs';

const TABS = ['processes', 'host', 'explore', 'events'];

export class Bar {
  constructor(app) {
    this.app = app;
    this.links = TABS.map((page) => h('a', { href: `#/${page}` }, word(`page_${page}`)));
    this.links.forEach((link, index) => link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      app.go({ page: TABS[index] });
    }));
    this.state = h('span', { class: 'state', role: 'status' }, h('i'), h('span'));
    this.host = h('span', { class: 'host-name', title: word('page_host') });
    this.element = h('header', { class: 'bar' },
      h('a', { class: 'brand', href: '#/processes', 'aria-label': 'xprofd' }, h('i', { class: 'logo', 'aria-hidden': 'true' }), h('span', {}, 'xprofd')),
      this.host,
      h('nav', { 'aria-label': word('pages') }, this.links),
      h('div', { class: 'bar-tools' },
        this.state,
        h('button', { class: 'quiet', lang: settings.language === 'zh' ? 'en' : 'zh', title: word('switchLanguage'), 'aria-label': word('switchLanguage'), onclick: () => app.switchLanguage() }, settings.language === 'zh' ? 'EN' : '中文'),
        h('button', { class: 'quiet', title: `${word('theme')} (t)`, 'aria-label': word('theme'), onclick: () => app.switchTheme() }, icon('theme')),
        h('button', { class: 'quiet', title: `${word('help')} (?)`, 'aria-label': word('help'), onclick: () => app.help() }, '?')));
  }

  showPage({ page }) {
    const shown = page === 'process' ? 'processes' : page;
    this.links.forEach((link, index) => setAttribute(link, 'aria-current', TABS[index] === shown ? 'page' : null));
  }

  showHost(name) {
    setText(this.host, name);
    this.host.hidden = name === '';
  }

  /** connecting, live, lost; a page that stands still says "paused". */
  showState(state) {
    this.state.dataset.state = state;
    setText(this.state.lastChild, word(`state_${state}`));
    this.state.title = word(`state_${state}_title`);
  }
}
