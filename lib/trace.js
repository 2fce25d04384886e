'use strict';

// Node's trace events for the core (src/core/tracer.h): the inspector's NodeTracing domain, in process.
// Loaded when the first trace starts. The inspector hands events over as parsed objects, up to 65,540 at
// once and also in the middle of other JavaScript; so they are only kept there, and turned into text and
// passed on in slices by the event loop.

const SLICE_EVENTS = 4096;
const BACKLOG_EVENTS_MAX = 4 * 65540; // about 150 MB of objects

// Not all of `node`, which has node.async_hooks in it: two events for each promise.
const DEFAULTS = [
  'node.bootstrap',
  'node.console',
  'node.dns.native',
  'node.environment',
  'node.fs.async',
  'node.fs.sync',
  'node.http',
  'node.net.native',
  'node.perf',
  'node.promises.rejections',
  'node.threadpoolwork.async',
  'node.threadpoolwork.sync',
  'node.vm.script',
  'v8',
];

class Refusal extends Error {
  constructor(reason, message, field = '') {
    super(message);
    this.reason = reason;
    this.field = field;
  }
}

function connect() {
  let inspector;
  try {
    inspector = require('node:inspector');
  } catch (error) {
    throw new Refusal('unsupported', `this Node.js was built without the inspector, which trace events need (${error.code})`);
  }
  const session = new inspector.Session();
  try {
    session.connect();
  } catch (error) {
    const hint = error.code === 'ERR_ACCESS_DENIED' ? '; start node with --allow-inspector (where this Node.js has it)' : '';
    throw new Refusal('unsupported', `the inspector, which trace events need, is denied: ${error.message}${hint}`);
  }
  return session;
}

/** The answer; in process it comes before post() returns. */
function ask(session, method, params) {
  let answer = { error: new Error(`no answer to ${method}`) };
  session.post(method, params, (error, result) => {
    answer = { error, result };
  });
  if (answer.error) {
    throw answer.error;
  }
  return answer.result;
}

function known(session) {
  return ask(session, 'NodeTracing.getCategories').categories;
}

function parse(text, all) {
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter(Boolean);
  if (names.length === 0) {
    throw new Refusal('params', 'categories must name at least one category', 'categories');
  }
  // V8 has categories that Node does not list; Node's own are all listed.
  const unknown = names.find((name) => /^node\b/.test(name) && !all.includes(name));
  if (unknown) {
    throw new Refusal('params', `there is no category ${unknown}; there are ${all.join(', ')}`, 'categories');
  }
  return names;
}

class Tracer {
  constructor(binding) {
    this.binding = binding;
    this.session = null;
    this.onExit = () => this.end();
    this.clear();
  }

  clear() {
    this.backlog = []; // arrays of events
    this.backlogEvents = 0;
    this.offset = 0; // in the first
    this.metadata = new Set(); // Node repeats it with every buffer
  }

  start(categories) {
    const session = connect();
    this.clear();
    try {
      const all = known(session);
      const names = categories === undefined ? DEFAULTS.filter((name) => all.includes(name)) : parse(categories, all);
      session.on('NodeTracing.dataCollected', (message) => this.take(message));
      ask(session, 'NodeTracing.start', {
        traceConfig: { recordMode: 'recordContinuously', includedCategories: names },
      });
    } catch (error) {
      session.disconnect();
      throw error;
    }
    this.session = session;
    process.on('exit', this.onExit);
    return null;
  }

  take(message) {
    const events = message.params.value;
    if (this.backlogEvents + events.length > BACKLOG_EVENTS_MAX) {
      this.binding.traceDrop(events.length);
      return;
    }
    this.backlog.push(events);
    this.backlogEvents += events.length;
    this.binding.traceWake();
  }

  isNews(event) {
    if (event.ph !== 'M') {
      return true;
    }
    const text = JSON.stringify([event.name, event.pid, event.tid, event.args]);
    const isNew = !this.metadata.has(text);
    this.metadata.add(text);
    return isNew;
  }

  /** Passes one slice on; true when there is more. */
  pump() {
    const [events] = this.backlog;
    if (events) {
      const slice = events.slice(this.offset, this.offset + SLICE_EVENTS).filter((event) => this.isNews(event));
      this.offset += SLICE_EVENTS;
      if (this.offset >= events.length) {
        this.offset = 0;
        this.backlog.shift();
        this.backlogEvents -= events.length;
      }
      if (slice.length > 0) {
        this.binding.traceData(JSON.stringify(slice), slice.length);
      }
    }
    return this.backlog.length > 0;
  }

  /** Node collects what it still has before this returns. True when there are events to pump. */
  stop() {
    const { session } = this;
    if (session) {
      this.session = null;
      process.removeListener('exit', this.onExit);
      try {
        ask(session, 'NodeTracing.stop');
      } finally {
        session.disconnect();
      }
    }
    return this.backlog.length > 0;
  }

  end() {
    this.stop();
    while (this.pump());
  }
}

function refusalOf(error) {
  if (error instanceof Refusal) {
    const { reason, field, message } = error;
    return { reason, field, message };
  }
  return { reason: 'refused', field: '', message: `Node.js refused to trace: ${error.message}` };
}

function categories() {
  const session = connect();
  try {
    return JSON.stringify(known(session).map((name) => ({ name, is_default: DEFAULTS.includes(name) })));
  } finally {
    session.disconnect();
  }
}

/** What the core calls: (what, argument). A refusal is an object; never throws. */
function create(binding) {
  const tracer = new Tracer(binding);
  const orders = {
    start: (argument) => tracer.start(argument),
    stop: () => tracer.stop(),
    pump: () => tracer.pump(),
    categories,
  };
  return (what, argument) => {
    try {
      return orders[what](argument);
    } catch (error) {
      return refusalOf(error);
    }
  };
}

module.exports = { create };
