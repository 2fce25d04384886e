// The frame of the console: which page is shown, the stream it lives on, and what to do when xprofd says no.

import { api, ApiError, Live } from './api.mjs';
import { Bar } from './bar.mjs';
import { askToken, showHelp } from './dialogs.mjs';
import { h, setText } from './dom.mjs';
import { EventsPage } from './events.mjs';
import { ExplorePage } from './explore.mjs';
import { HostPage } from './host.mjs';
import { listenForKeys } from './keys.mjs';
import { readLink, writeLink } from './link.mjs';
import { OverviewPage } from './overview.mjs';
import { ProcessPage } from './process.mjs';
import { choose, onSystemTheme, settings } from './settings.mjs';
import { sentence, word } from './words.mjs';
import { World } from './world.mjs';

const PAGES = { processes: OverviewPage, process: ProcessPage, host: HostPage, explore: ExplorePage, events: EventsPage };
const EVENTS_SHOWN_MS = 3_600_000;
const TOAST_MS = 3500;
const LOST_MS = 5000;

export class App {
  constructor(root) {
    this.root = root;
    this.world = new World();
    this.page = null;
    this.host = '';
    this.clockOffset = 0;
    this.state = 'connecting';
    this.live = new Live({
      onEvent: (event, data) => this.take(event, data),
      onState: (state, wasLost) => this.setState(state, wasLost),
      onRefused: (error) => this.fail(error),
    });
  }

  start() {
    this.build();
    listenForKeys(this);
    addEventListener('hashchange', () => this.follow());
    onSystemTheme(() => this.showTheme());
    this.follow();
  }

  /** xprofd's clock, which is not always that of the browser. */
  now() {
    return Date.now() + this.clockOffset;
  }

  build() {
    document.documentElement.lang = settings.language;
    document.documentElement.dataset.theme = settings.theme;
    this.bar = new Bar(this);
    this.problem = h('div', { class: 'problem', role: 'alert', hidden: true });
    this.main = h('main', { id: 'main', tabindex: '-1' });
    this.spoken = h('div', { class: 'spoken', role: 'status', 'aria-live': 'polite' });
    this.toasts = h('div', { class: 'toast', role: 'status', hidden: true });
    const skip = h('a', { class: 'skip', href: '#main', onclick: (event) => { event.preventDefault(); this.main.focus(); } }, word('skip'));
    this.root.replaceChildren(skip, this.bar.element, this.problem, this.main, this.spoken, this.toasts);
    this.bar.showState(this.state);
    this.bar.showHost(this.host);
  }

  /** Shows what the address says. */
  follow() {
    const link = readLink(location.hash);
    if (!Object.hasOwn(PAGES, link.page)) return this.go({ page: 'processes' }, true);
    const isSame = this.page && this.link.page === link.page && this.link.part === link.part;
    this.link = link;
    this.bar.showPage(link);
    if (isSame) return this.page.navigate(link);
    return this.open();
  }

  go(link, isReplaced = false) {
    const hash = writeLink({ range: this.link?.range, ...link });
    if (isReplaced) history.replaceState(null, '', hash);
    else if (hash !== location.hash) history.pushState(null, '', hash);
    this.follow();
  }

  async open() {
    this.page?.destroy();
    this.live.close();
    this.opening?.abort();
    this.opening = new AbortController();
    const { signal } = this.opening;
    this.showProblem(null);
    const page = new PAGES[this.link.page](this, this.link);
    this.page = page;
    this.main.replaceChildren(page.element);
    scrollTo(0, 0);
    try {
      await this.load(page, signal);
      if (signal.aborted) return;
      this.listen(page);
      page.start();
      page.isStarted = true;
      page.update();
    } catch (error) {
      if (!signal.aborted) this.fail(error, () => this.open());
    }
  }

  async load(page, signal, isAnew = false) {
    const past = page.pastRange?.();
    if (this.world.kinds.size === 0 || page.needsNewKinds || isAnew) this.world.setKinds(await withPast((values) => api.kinds(values, signal), past));
    const kinds = page.kinds();
    const filter = { kind: kinds.join(','), ...page.entityFilter?.() };
    const [entities, events] = await Promise.all([
      kinds.length > 0 ? withPast((values) => api.entities({ ...filter, ...values }, signal), past) : { at_ms: this.now(), entities: [] },
      api.events({ from: -EVENTS_SHOWN_MS, limit: 100 }, signal).catch((error) => {
        if (error.status === 401 || error.name === 'AbortError') throw error;
        return { events: [] }; // without a history there are none; xprofd says so elsewhere
      }),
    ]);
    if (signal.aborted) return;
    // A process that was not there in the range yet: who it is, is known all the same.
    const known = past && filter.key && entities.entities.length === 0 ? await api.entities(filter, signal) : entities;
    if (signal.aborted) return;
    this.setClock(known.at_ms);
    if (!this.host) this.askHost(signal);
    this.world.setEntities([...this.world.entities.keys()], known);
    this.world.setEvents(events.events);
  }

  /** Which host it is: consoles of several may be open. */
  async askHost(signal) {
    if (!this.world.kinds.has('host_kernel')) return;
    try {
      const { entities } = await api.entities({ kind: 'host_kernel' }, signal);
      this.host = entities[0]?.info.nodename || '';
    } catch {
      return; // it is shown without
    }
    this.bar.showHost(this.host);
    this.setTitle(this.titled);
  }

  setTitle(text) {
    this.titled = text;
    document.title = [text, this.host, 'xprofd'].filter(Boolean).join(' · ');
  }

  listen(page) {
    const filter = page.liveFilter?.() || { kind: page.kinds().join(',') };
    this.live.open(filter);
  }

  /** After the stream was away: what came and went in the meantime. */
  async catchUp() {
    try {
      await this.load(this.page, this.opening.signal, true); // another xprofd may know other kinds
      this.page.caughtUp?.();
      this.page.update();
    } catch {
      // the stream tells when it is lost again
    }
  }

  catchUpSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.catchUp(), LOST_MS);
  }

  setClock(at) {
    this.clockOffset = at - Date.now();
    this.world.at = Math.max(this.world.at, at);
  }

  take(event, data) {
    if (!this.page?.isStarted) return;
    const at = data.at_ms || this.now();
    if (event === 'frame') {
      this.setClock(at);
      this.page.frame(at, this.world.frame(data));
    } else if (event === 'came') {
      this.world.came(data, at);
      this.page.changed?.();
    } else if (event === 'gone') {
      if (this.page.pastRange) this.world.end(data, at);
      else this.world.gone(data);
      this.page.changed?.();
    } else if (event === 'event') {
      this.world.addEvent(data);
      this.page.happened?.(data);
    } else if (event === 'profile') this.page.profileChanged?.(data);
    else if (event === 'lost') this.catchUpSoon(); // the browser was too slow: some came and went unseen
  }

  setState(state, wasLost) {
    this.state = state;
    this.bar.showState(state);
    if (state === 'live' && wasLost) this.catchUp();
  }

  /** What went wrong, in words, with what can be done. */
  fail(error, again = () => this.open()) {
    if (error.name === 'AbortError') return;
    if (error instanceof ApiError && error.status === 401) {
      this.live.close();
      this.needToken(() => again());
      return;
    }
    console.log(error); // for who looks there; the reader sees the sentence
    this.showProblem(describe(error), again);
  }

  async needToken(then) {
    if (this.isAsking) return;
    this.isAsking = true;
    const token = await askToken(settings.token !== '');
    this.isAsking = false;
    if (token === null) {
      this.showProblem(word('tokenNeeded'), then);
      return;
    }
    choose('token', token);
    then();
  }

  showProblem(text, again) {
    this.problem.hidden = !text;
    if (!text) return;
    this.problem.replaceChildren(h('span', {}, text), again ? h('button', { onclick: () => { this.showProblem(null); again(); } }, word('again')) : '');
  }

  toast(text) {
    setText(this.toasts, text);
    this.toasts.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toasts.hidden = true), TOAST_MS);
  }

  say(text) {
    setText(this.spoken, text);
  }

  switchTheme() {
    choose('theme', settings.theme === 'dark' ? 'light' : 'dark');
    this.showTheme();
  }

  showTheme() {
    document.documentElement.dataset.theme = settings.theme;
    this.page?.restyle?.();
  }

  switchLanguage() {
    choose('language', settings.language === 'zh' ? 'en' : 'zh');
    this.build();
    this.bar.showPage(this.link);
    this.open();
  }

  help() {
    showHelp(this.link.page);
  }
}

/** Asks for what was in a range; for what is there now, when there is no history that could be asked. */
async function withPast(ask, range) {
  if (!range) return ask({});
  try {
    return await ask(range);
  } catch (error) {
    if (![404, 503, 504].includes(error.status)) throw error;
    return ask({});
  }
}

/** A refusal or failure as a sentence. */
export function describe(error) {
  if (!(error instanceof ApiError)) return `${word('broken')} ${error.message}`;
  if (error.status === 0) return word('unreachable');
  if (error.status === 403) return `${word('forbidden')} ${sentence(error.message)}`;
  return sentence(error.message);
}
