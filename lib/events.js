'use strict';

// on('stall' | 'gc' | 'profile'): each source runs only while somebody listens to it, and none keeps the
// process alive. Loaded when the first listener comes.

const EventEmitter = require('node:events');
const { clientOf } = require('./client');

const STALL_MS = 200;

/** Of `detail.kind` of Node's entries: the words of .gcprofile. */
const GC_KINDS = { 1: 'scavenge', 2: 'minormarksweep', 4: 'marksweep', 8: 'marking', 16: 'weakcallbacks' };

/** A frame of a report as a person writes it. */
function frameText({ functionName, scriptName, lineNumber, column }) {
  return `    at ${functionName} (${scriptName || 'native'}:${lineNumber}:${column})`;
}

function stallOf({ duration_ms: durationMs, stack }) {
  return { durationMs, ...(stack && { stack: stack.map(frameText).join('\n') }) };
}

function fileOf({ filepath, command, thread_id: threadId, bytes, ended_by: endedBy }) {
  return { filepath, command, bytes, ...(threadId !== undefined && { threadId }), ...(endedBy && { endedBy }) };
}

/** Sources by event: start(emit, options) gives what ends it. */
const SOURCES = {
  stall(client, emit, { thresholdMs = STALL_MS }) {
    client.watchStalls(thresholdMs, (params) => emit(stallOf(params)));
    return () => client.watchStalls(0, null);
  },
  gc(client, emit) {
    const { PerformanceObserver, performance } = require('node:perf_hooks');
    const observer = new PerformanceObserver((list) => {
      for (const { startTime, duration, detail } of list.getEntries()) {
        const kind = GC_KINDS[detail.kind] || String(detail.kind);
        emit({ kind, durationMs: duration, at: performance.timeOrigin + startTime });
      }
    });
    observer.observe({ entryTypes: ['gc'] });
    return () => observer.disconnect();
  },
  profile(client, emit) {
    client.watchFiles((params) => emit(fileOf(params)));
    return () => client.watchFiles(null);
  },
};

class Events {
  constructor(binding) {
    this.binding = binding;
    this.emitter = new EventEmitter();
    this.endings = new Map();
    this.emitter.on('removeListener', (name) => this.stopUnheard(name));
  }

  check(name) {
    if (!Object.hasOwn(SOURCES, name)) {
      const error = new TypeError(`there is no event ${String(name)}; there are ${Object.keys(SOURCES).join(', ')}`);
      error.code = 'XPROFILER_PARAMS';
      throw error;
    }
  }

  add(method, name, listener, options = {}) {
    this.check(name);
    const { thresholdMs } = options;
    if (thresholdMs !== undefined && !(Number.isInteger(thresholdMs) && thresholdMs > 0 && thresholdMs < 86400000)) {
      throw new TypeError('thresholdMs must be a whole number of milliseconds above 0');
    }
    this.emitter[method](name, listener);
    if (!this.endings.has(name) || thresholdMs !== undefined) {
      this.endings.get(name)?.();
      this.endings.set(name, this.begin(name, options));
    }
  }

  begin(name, options) {
    const emit = (event) => {
      // Outside of our caller, so that an exception of a listener is one of the application, as it is with timers.
      process.nextTick(() => this.emitter.emit(name, event));
    };
    return SOURCES[name](clientOf(this.binding), emit, options);
  }

  remove(name, listener) {
    this.check(name);
    this.emitter.off(name, listener);
  }

  stopUnheard(name) {
    if (this.endings.has(name) && this.emitter.listenerCount(name) === 0) {
      this.endings.get(name)();
      this.endings.delete(name);
    }
  }
}

module.exports = { Events };
