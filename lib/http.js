'use strict';

// Counts HTTP requests, served and outgoing, into the Uint32Array that the core reads
// (src/core/http_counters.h). Nothing native is called per request. Node publishes the beginnings and
// ends on diagnostics channels; the only listener put on an object of the application is one 'close'.

const channels = require('node:diagnostics_channel');
const { AsyncResource } = require('node:async_hooks');
const { setTimeout } = require('node:timers');

// Taken at load time, so that an application's fake clock does not become ours.
// performance.now() would load node:perf_hooks at start-up.
const { hrtime } = process;
const LATE = 1;
const SENT = 2;
const CLOSED = 4;
const STATUS_MAX = 1000;
const US_MAX = 0xffffffff;
const URL_MAX = 1024;

/** Milliseconds of a clock that only goes forward. */
function now() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** The histogram bucket of a duration in µs: the rule of src/core/histogram.h. */
function bucketOf(us) {
  if (us < 32) {
    return us;
  }
  const exponent = 31 - Math.clz32(us);
  return 32 + (exponent - 5) * 16 + ((us >>> (exponent - 4)) & 15);
}

/** One request and its response; a member of the list of those not finished yet. */
class Exchange {
  constructor(block, response, startedAt) {
    this.block = block;
    this.response = response; // of a server; null for outgoing requests
    this.url = response ? response.req.url : ''; // now: routers shorten it while they work
    this.startedAt = startedAt;
    this.state = 0;
    this.status = 0; // of an undici response
    this.previous = null;
    this.next = null;
  }

  // Responses are printed by applications; our bookkeeping would print the whole list with them.
  [Symbol.for('nodejs.util.inspect.custom')]() {
    return '[xprofiler]';
  }
}

/** Lasts as long as the thread, and keeps nothing alive: said where jest --detectOpenHandles and its kin ask. */
class Context extends AsyncResource {
  constructor() {
    super('xprofiler');
  }

  hasRef() {
    return false;
  }
}

class HttpCounter {
  constructor(binding) {
    const { counters, offsets } = binding.http();
    this.binding = binding;
    this.counters = counters;
    this.offsets = offsets;
    this.key = Symbol('xprofiler'); // under which a request or response carries its exchange
    this.first = null; // all have the same time limit, so the oldest is the next to be late
    this.last = null;
    this.isArmed = false;
    // Otherwise the timer would keep the async context of whichever request came first.
    this.context = new Context();
    this.arm = this.arm.bind(this);
    this.sweep = this.sweep.bind(this);
  }

  begin(block, response) {
    const { counters } = this;
    const exchange = new Exchange(block, response, now());
    counters[block.started]++;
    counters[block.inFlight]++;
    if (counters[this.offsets.timeoutMs] > 0) {
      this.append(exchange);
      if (!this.isArmed) {
        this.context.runInAsyncScope(this.arm);
      }
    }
    return exchange;
  }

  finish(exchange, status) {
    if (exchange.state & (SENT | CLOSED)) {
      return;
    }
    exchange.state |= SENT;
    const { counters } = this;
    const { block } = exchange;
    const ms = now() - exchange.startedAt;
    const us = ms > 0 ? Math.min(Math.round(ms * 1000), US_MAX) : 0;
    counters[block.sent]++;
    if (status >= 0 && status < STATUS_MAX) {
      counters[block.status + status]++;
    }
    const low = counters[block.durationLow];
    counters[block.durationLow] = low + us;
    if (low + us > US_MAX) {
      counters[block.durationHigh]++;
    }
    counters[block.histogram + bucketOf(us)]++;
    this.leave(exchange, ms);
    if (counters[this.offsets.profiling] === 1) {
      this.detail(exchange, true, ms);
    }
  }

  close(exchange) {
    if (exchange.state & CLOSED) {
      return;
    }
    const isUnfinished = !(exchange.state & SENT);
    exchange.state |= CLOSED;
    const { counters } = this;
    counters[exchange.block.closed]++;
    counters[exchange.block.inFlight]--;
    if (isUnfinished) {
      this.leave(exchange, now() - exchange.startedAt);
    }
  }

  fail(exchange) {
    if (!(exchange.state & (SENT | CLOSED))) {
      this.counters[exchange.block.errors]++;
    }
    this.close(exchange);
  }

  /** Leaves the list. A blocked loop may end a request before the timer could tell that it is late. */
  leave(exchange, ms) {
    this.unlink(exchange);
    const limit = this.counters[this.offsets.timeoutMs];
    if (!(exchange.state & LATE) && limit > 0 && ms >= limit) {
      this.late(exchange, ms);
    }
  }

  late(exchange, ms) {
    exchange.state |= LATE;
    this.counters[exchange.block.timeouts]++;
    if (!(exchange.state & SENT) && this.counters[this.offsets.profiling] === 1) {
      this.detail(exchange, false, ms);
    }
  }

  detail(exchange, sent, ms) {
    const { response, url } = exchange;
    if (response) {
      const status = response.statusCode >>> 0;
      const shortUrl = String(url).slice(0, URL_MAX);
      this.binding.httpDetail(shortUrl, String(response.req.method), sent, status, Math.round(ms));
    }
  }

  append(exchange) {
    exchange.previous = this.last;
    if (this.last) {
      this.last.next = exchange;
    } else {
      this.first = exchange;
    }
    this.last = exchange;
  }

  unlink(exchange) {
    const { previous, next } = exchange;
    if (previous) {
      previous.next = next;
    } else if (this.first === exchange) {
      this.first = next;
    } else {
      return; // not in the list
    }
    if (next) {
      next.previous = previous;
    } else {
      this.last = previous;
    }
    exchange.previous = null;
    exchange.next = null;
  }

  /** One timer for all: for the oldest request; when that one is done in time, it just looks again. */
  arm() {
    const limit = this.counters[this.offsets.timeoutMs];
    const wait = this.first.startedAt + limit - now();
    this.isArmed = true;
    setTimeout(this.sweep, Math.max(1, Math.ceil(wait))).unref();
  }

  sweep() {
    this.isArmed = false;
    const limit = this.counters[this.offsets.timeoutMs];
    const time = now();
    while (this.first && limit > 0 && time - this.first.startedAt >= limit) {
      const exchange = this.first;
      this.unlink(exchange);
      try {
        this.late(exchange, time - exchange.startedAt);
      } catch {
        // what the detail reads belongs to the application
      }
    }
    if (this.first && limit > 0) {
      this.arm();
    }
  }
}

const held = []; // Node holds channels weakly: without this, a channel and its subscribers may vanish

// An exception in a subscriber would become an uncaught exception of the application.
function subscribe(name, handler) {
  const guarded = (message) => {
    try {
      handler(message);
    } catch {
      // counting a request is never worth breaking it
    }
  };
  const channel = channels.channel(name);
  held.push(channel);
  channel.subscribe(guarded);
}

function watchServers(counter) {
  const { key } = counter;
  const block = counter.offsets.server;
  function onClose() {
    const exchange = this[key];
    if (exchange) {
      counter.close(exchange);
    }
  }
  subscribe('http.server.request.start', ({ response }) => {
    response[key] = counter.begin(block, response);
    response.on('close', onClose);
  });
  subscribe('http.server.response.finish', ({ response }) => {
    const exchange = response[key];
    if (exchange) {
      counter.finish(exchange, response.statusCode);
    }
  });
}

// The channel http.client.response.finish tells of the headers, and Node 18 has none for errors; but
// 'close' of the request always comes, and then its response tells whether it was complete.
function watchClients(counter) {
  const { key } = counter;
  const block = counter.offsets.client;
  function onClose() {
    const exchange = this[key];
    if (!exchange) {
      return;
    }
    const response = this.res;
    if (response && (response.complete || response.upgrade)) {
      counter.finish(exchange, response.statusCode);
      counter.close(exchange);
    } else {
      counter.fail(exchange);
    }
  }
  subscribe('http.client.request.start', ({ request }) => {
    request[key] = counter.begin(block, null);
    request.on('close', onClose);
  });
}

/** fetch() and every copy of undici. */
function watchUndici(counter) {
  const block = counter.offsets.client;
  const exchanges = new WeakMap(); // undici may seal its requests
  const take = (request) => {
    const exchange = exchanges.get(request);
    exchanges.delete(request);
    return exchange;
  };
  subscribe('undici:request:create', ({ request }) => {
    exchanges.set(request, counter.begin(block, null));
  });
  subscribe('undici:request:headers', ({ request, response }) => {
    const exchange = exchanges.get(request);
    if (exchange) {
      exchange.status = response.statusCode;
    }
  });
  subscribe('undici:request:trailers', ({ request }) => {
    const exchange = take(request);
    if (exchange) {
      counter.finish(exchange, exchange.status);
      counter.close(exchange);
    }
  });
  subscribe('undici:request:error', ({ request }) => {
    const exchange = take(request);
    if (exchange) {
      counter.fail(exchange);
    }
  });
}

const counterOf = new WeakMap(); // binding -> its counter

/** Begins to count; each request once, however often and from however many copies this is called. */
function watch(binding, { server, client }) {
  const wanted = [];
  if (server && binding.claim('http')) {
    wanted.push(watchServers);
  }
  if (client && binding.claim('http.client')) {
    wanted.push(watchClients, watchUndici);
  }
  if (wanted.length === 0) {
    return;
  }
  let counter = counterOf.get(binding);
  if (!counter) {
    counter = new HttpCounter(binding);
    counterOf.set(binding, counter);
  }
  wanted.forEach((begin) => begin(counter));
}

module.exports = { watch, bucketOf };
