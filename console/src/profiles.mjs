// Profiles of a process: taking one, how far it is, what to do with the file.

import { api } from './api.mjs';
import { describe } from './app.mjs';
import { confirm } from './dialogs.mjs';
import { h, icon, setText } from './dom.mjs';
import { amount, when } from './format.mjs';
import { sentence, word } from './words.mjs';

const TIMED = ['cpu', 'heap', 'alloc', 'gc'];
const KINDS = [...TIMED, 'snapshot', 'report'];
const SECONDS = [5, 10, 30, 60, 300];
const RUNNING = ['running', 'writing'];

export class Profiles {
  constructor(app, { key, pid, thread }) {
    this.app = app;
    this.key = key;
    this.pid = pid;
    this.thread = thread; // () => id
    this.profiles = new Map();
    this.seconds = h('select', { 'aria-label': word('profileSeconds'), title: word('profileSeconds') }, SECONDS.map((value) => h('option', { value: String(value) }, word('seconds', { count: value }))));
    this.seconds.value = '10';
    this.buttons = KINDS.map((kind) => h('button', { 'data-kind': kind, title: word(`take_${kind}_title`), onclick: () => this.take(kind) }, word(`take_${kind}`)));
    this.refusal = h('p', { class: 'wrong', role: 'alert', hidden: true });
    this.list = h('ul', { class: 'profile-list' });
    this.taking = h('div', { class: 'take', role: 'group', 'aria-label': word('takeProfile') }, this.buttons.slice(0, 4), h('label', { class: 'for' }, h('span', { class: 'faint' }, word('during')), this.seconds), this.buttons.slice(4));
    this.element = h('section', { class: 'card profiles', 'aria-label': word('profiles') },
      h('header', {}, h('h2', {}, word('profiles')), this.taking),
      this.refusal, this.list);
    this.show();
  }

  async start() {
    try {
      const answer = await api.profiles();
      for (const profile of answer.profiles) if (this.isOurs(profile)) this.profiles.set(profile.id, profile);
      this.show();
    } catch (error) {
      this.refused = error;
      this.show();
    }
    this.timer = setInterval(() => this.tick(), 1000);
  }

  stop() {
    clearInterval(this.timer);
  }

  get hasSome() {
    return this.profiles.size > 0;
  }

  /** Of what has ended there are only those that were taken. */
  showEnded(hasEnded) {
    this.taking.hidden = hasEnded;
  }

  isOurs({ key, pid }) {
    return key === this.key || (!key && pid === this.pid);
  }

  changed(profile) {
    if (!this.isOurs(profile)) return;
    const before = this.profiles.get(profile.id);
    this.profiles.set(profile.id, profile);
    if (before && RUNNING.includes(before.state) && profile.state === 'complete') this.app.toast(word('profileReady', { kind: word(`kind_${profile.kind}`) }));
    this.show();
  }

  async take(kind) {
    if (this.isAsking) return;
    this.isAsking = true;
    this.refusal.hidden = true;
    const wish = { pid: this.pid, kind };
    if (kind !== 'report') wish.thread_id = this.thread();
    if (TIMED.includes(kind)) wish.seconds = Number(this.seconds.value);
    try {
      const profile = await api.takeProfile(wish);
      this.profiles.set(profile.id, profile);
      this.show();
    } catch (error) {
      this.refuse(error, () => this.take(kind));
    } finally {
      this.isAsking = false;
    }
  }

  refuse(error, again) {
    if (error.status === 401) {
      this.app.needToken(again);
      return;
    }
    this.refusal.hidden = false;
    setText(this.refusal, describe(error));
  }

  /** When the stream is away, the state is asked for. */
  async tick() {
    const running = [...this.profiles.values()].filter(({ state }) => RUNNING.includes(state));
    if (running.length === 0) return;
    this.ticks = (this.ticks || 0) + 1;
    if (this.app.state !== 'live' || this.ticks % 3 === 0) {
      try {
        for (const profile of (await api.profiles()).profiles) this.changed(profile);
      } catch {
        // it is tried again
      }
    }
    this.show();
  }

  async end(profile) {
    const isRunning = RUNNING.includes(profile.state);
    if (!isRunning && !(await confirm(word('removeProfile'), word('removeProfileText'), word('remove')))) return;
    try {
      await api.endProfile(profile.id);
      if (!isRunning) this.profiles.delete(profile.id);
      this.show();
    } catch (error) {
      this.refuse(error, () => this.end(profile));
    }
  }

  show() {
    const all = [...this.profiles.values()].sort((left, right) => right.started_ms - left.started_ms);
    const id = JSON.stringify([all, all.some(({ state }) => RUNNING.includes(state)) ? this.app.now() : 0, this.refused?.message]);
    if (id === this.id) return;
    this.id = id;
    const focused = document.activeElement?.dataset?.focus;
    if (all.length > 0) this.list.replaceChildren(...all.map((profile) => this.row(profile)));
    else this.list.replaceChildren(h('li', { class: 'none' }, this.refused ? describe(this.refused) : word('noProfiles')));
    if (focused) this.list.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  row(profile) {
    const { id, kind, state, started_ms: started, size, error, thread_id: thread } = profile;
    const isRunning = RUNNING.includes(state);
    const name = h('b', {}, word(`kind_${kind}`));
    const detail = h('span', { class: 'faint' }, `${when(started, this.app.now())}${thread ? ` · ${word('threadNumber', { id: thread })}` : ''}${size ? ` · ${amount(size, 'bytes')}` : ''}`);
    const status = h('span', { class: 'profile-state', 'data-state': state }, state === 'failed' ? sentence(error) || word('state_failed') : state === 'complete' ? '' : this.progressText(profile));
    const row = h('li', { 'data-id': id, 'data-state': state }, name, detail, status);
    if (isRunning) row.append(this.progress(profile));
    row.append(h('span', { class: 'profile-buttons' }, state === 'complete' ? this.links(profile) : null,
      h('button', { class: 'quiet', 'data-focus': `end ${id}`, title: isRunning ? word('stopProfile') : word('removeProfile'), 'aria-label': `${isRunning ? word('stopProfile') : word('removeProfile')}: ${word(`kind_${kind}`)}`, onclick: () => this.end(profile) }, icon(isRunning ? 'stop' : 'remove'))));
    return row;
  }

  progressText({ state, ends_ms: ends }) {
    if (state === 'writing' || !ends || ends <= this.app.now()) return word('writing');
    return word('secondsLeft', { count: Math.ceil((ends - this.app.now()) / 1000) });
  }

  progress({ started_ms: started, ends_ms: ends, state }) {
    const bar = h('progress', { max: '1', 'aria-label': word('progress') });
    if (state === 'running' && ends > started) bar.value = Math.min(1, Math.max(0, (this.app.now() - started) / (ends - started)));
    return bar;
  }

  links({ id, formats }) {
    const forms = formats || [];
    const links = [];
    if (forms.includes('html')) links.push(h('a', { class: 'button primary', 'data-focus': `open ${id}`, target: '_blank', rel: 'noopener', href: api.fileAddress(id, { format: 'html' }) }, icon('flame'), word('openFlame')));
    const others = forms.length > 0 ? forms : [''];
    const menu = h('details', { class: 'menu' }, h('summary', { 'data-focus': `download ${id}` }, icon('download'), word('download')),
      h('div', { class: 'menu-list' }, others.map((format) => h('a', { download: '', href: api.fileAddress(id, { format, download: '1' }) }, word(`format_${format}`)))));
    links.push(menu);
    return links;
  }
}
