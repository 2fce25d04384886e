// The controls above the charts.

import { find } from './panels.mjs';
import { word } from './words.mjs';

const SELECTS = ['value', 'order', 'root', 'colour', 'width', 'scale'];
const SEARCH_MS = 120;

export class Toolbar {
  constructor(viewer) {
    this.viewer = viewer;
    this.tabs = [...document.querySelectorAll('[role=tab]')];
    this.fillValues();
    this.listen();
  }

  fillValues() {
    const { values } = this.viewer.profile;
    find('value').replaceChildren(
      ...values.map(({ type }, index) => Object.assign(document.createElement('option'), { value: String(index), textContent: type })),
    );
  }

  listen() {
    const { viewer } = this;
    for (const tab of this.tabs) tab.addEventListener('click', () => viewer.set({ view: tab.dataset.view }));
    document.querySelector('[role=tablist]').addEventListener('keydown', (event) => this.moveTab(event));
    for (const key of SELECTS) {
      find(key).addEventListener('change', (event) => viewer.set({ [key]: this.read(key, event.target.value) }));
    }
    find('idle').addEventListener('change', (event) => viewer.set({ idle: event.target.checked }));
    find('theme').addEventListener('click', () => viewer.switchTheme());
    find('help').addEventListener('click', () => viewer.showHelp());
    find('copy').addEventListener('click', () => viewer.copyName());
    find('open').addEventListener('click', () => viewer.openSandwich());
    let timer = 0;
    find('query').addEventListener('input', (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => viewer.set({ query: event.target.value, group: '' }, viewer.state.zoom), SEARCH_MS);
    });
    find('search').addEventListener('submit', (event) => {
      event.preventDefault();
      viewer.nextMatch(1);
    });
    find('previous').addEventListener('click', () => viewer.nextMatch(-1));
    const filters = [...document.querySelectorAll('.filter')];
    for (const filter of filters) {
      filter.addEventListener('input', () => {
        filters.forEach((each) => (each.value = filter.value));
        viewer.setFilter(filter.value);
      });
    }
  }

  read(key, text) {
    return key === 'value' ? Number(text) : text;
  }

  moveTab(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = this.tabs.findIndex((tab) => tab.dataset.view === this.viewer.state.view);
    const next = this.tabs[(index + step + this.tabs.length) % this.tabs.length];
    this.viewer.set({ view: next.dataset.view });
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** Which controls there are, and what they say now. */
  show() {
    const { state, profile, model } = this.viewer;
    const isChart = state.view === 'flame' || state.view === 'bottomup';
    for (const tab of this.tabs) {
      const isSelected = tab.dataset.view === state.view;
      tab.setAttribute('aria-selected', String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
    }
    const isShown = {
      value: profile.values.length > 1 && !model.isTime,
      order: profile.samples !== null && state.view === 'flame',
      root: isChart,
      colour: true,
      width: profile.isComparison,
      scale: profile.isComparison,
    };
    for (const key of SELECTS) {
      find(key).hidden = !isShown[key];
      find(key).value = String(state[key]);
    }
    find('colour').querySelector('[value=change]').hidden = !profile.isComparison;
    find('scale').querySelector('[value=duration]').hidden = !model.canCompareByDuration;
    find('idle-label').hidden = !model.hasIdle;
    find('idle').checked = state.idle;
    const found = document.querySelector('[data-save=csv]');
    found.hidden = state.view !== 'table' && state.view !== 'sandwich';
    for (const kind of ['svg', 'png']) document.querySelector(`[data-save=${kind}]`).hidden = state.view === 'table';
    document.title = `${profile.title} · ${word(state.view)}`;
  }

  /** The next choice of a control that is there. */
  cycle(key) {
    if (key === 'idle') {
      if (!find('idle-label').hidden) this.viewer.set({ idle: !this.viewer.state.idle });
      return;
    }
    const control = find(key);
    if (control.hidden) return;
    const choices = [...control.options].filter((option) => !option.hidden).map(({ value }) => value);
    const next = choices[(choices.indexOf(control.value) + 1) % choices.length];
    this.viewer.set({ [key]: this.read(key, next) });
  }
}
