// Requests to xprofd, and its stream of what changes (docs/xprofd-api.md).

import { settings } from './settings.mjs';

/** What xprofd refused, in its words; status 0: it was not reached. */
export class ApiError extends Error {
  constructor(status, message, field) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

const headers = () => (settings.token ? { Authorization: `Bearer ${settings.token}` } : {});

async function errorOf(response) {
  const text = await response.text().catch(() => '');
  try {
    const { error } = JSON.parse(text);
    return new ApiError(response.status, error.message, error.field);
  } catch {
    return new ApiError(response.status, text.slice(0, 300) || response.statusText, null);
  }
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { cache: 'no-store', ...options, headers: { ...headers(), ...options.headers } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, error.message, null);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
};

const getJson = async (path, values = {}, signal = undefined) => (await send(`${path}${query(values)}`, { signal })).json();

export const api = {
  kinds: (values, signal) => getJson('api/kinds', values, signal),
  entities: (values, signal) => getJson('api/entities', values, signal),
  series: (values, signal) => getJson('api/series', values, signal),
  events: (values, signal) => getJson('api/events', values, signal),
  self: (signal) => getJson('api/self', {}, signal),
  profiles: (signal) => getJson('api/profiles', {}, signal),
  takeProfile: async (wish) =>
    (await send('api/profiles', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(wish) })).json(),
  endProfile: (id) => send(`api/profiles/${encodeURIComponent(id)}`, { method: 'DELETE' }),
  /** The address of a file, for a link: a browser cannot send a header with it. */
  fileAddress: (id, values) => `api/files/${encodeURIComponent(id)}${query({ ...values, token: settings.token })}`,
};

/** Parts of a text of server-sent events: { event, data } each; what is left of the last one. */
function splitEvents(text) {
  const blocks = text.replace(/\r\n?/g, '\n').split('\n\n');
  const rest = blocks.pop();
  const events = blocks.flatMap((block) => {
    let event = 'message';
    const data = [];
    for (const line of block.split('\n')) {
      if (line.startsWith('event:')) event = line.slice(6).trim();
      if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
    return data.length === 0 ? [] : [{ event, data: data.join('\n') }];
  });
  return { events, rest };
}

const RETRY_MS = [500, 1000, 2000, 5000];
const SILENCE_MS = 12000; // frames come once a second

/**
 * The stream of some kinds. Comes back by itself; `onState` is told "connecting", "live", "lost". Read with fetch, not
 * EventSource: the token then is in a header, and a refusal has a status.
 */
export class Live {
  constructor({ onEvent, onState, onRefused }) {
    this.onEvent = onEvent;
    this.onState = onState;
    this.onRefused = onRefused;
    this.turn = 0;
  }

  open(filter) {
    this.close();
    this.filter = filter;
    this.tries = 0;
    this.run(++this.turn);
  }

  close() {
    this.turn++;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.abort?.abort();
    this.abort = null;
  }

  async run(turn) {
    this.onState(this.tries === 0 ? 'connecting' : 'lost');
    this.abort = new AbortController();
    try {
      const response = await send(`api/live${query(this.filter)}`, { signal: this.abort.signal, headers: { Accept: 'text/event-stream' } });
      await this.read(response.body.getReader(), turn);
    } catch (error) {
      if (turn !== this.turn) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) this.onRefused(error);
    }
    if (turn === this.turn) this.retry(turn);
  }

  async read(reader, turn) {
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      this.expect();
      const { done, value } = await reader.read();
      if (done || turn !== this.turn) return;
      const found = splitEvents(text + decoder.decode(value, { stream: true }));
      text = found.rest;
      for (const { event, data } of found.events) this.take(event, data);
    }
  }

  take(event, data) {
    if (this.tries !== -1) {
      const wasLost = this.tries > 0;
      this.tries = -1;
      this.onState('live', wasLost);
    }
    this.onEvent(event, JSON.parse(data));
  }

  /** A connection that says nothing for long is none. */
  expect() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.abort?.abort(), SILENCE_MS);
  }

  retry(turn) {
    clearTimeout(this.silence);
    this.tries = Math.max(0, this.tries) + 1;
    this.onState('lost');
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length) - 1];
    this.timer = setTimeout(() => turn === this.turn && this.run(turn), wait);
  }
}
