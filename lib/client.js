'use strict';

// Asks the core of this process, with the requests of the wire protocol (docs/protocol.md): one client for
// the module instance, answers by id. Loaded when the first question is asked.

/** Error codes of the protocol by number (include/xpf_protocol.h). */
const CODES = {
  '-32601': 'METHOD',
  '-32602': 'PARAMS',
  '-32603': 'INTERNAL',
  '-32000': 'REFUSED',
  '-32001': 'THREAD',
  '-32002': 'ENDED',
  '-32003': 'IO',
  '-32004': 'CANCELLED',
  '-32005': 'BUSY',
  '-32006': 'UNSUPPORTED',
  '-32007': 'MEMORY',
};

function errorOf({ code, message, data }) {
  const Type = code === -32602 ? TypeError : Error;
  const error = new Type(message);
  error.code = `XPROFILER_${CODES[code] || 'INTERNAL'}`;
  if (data && data.field) {
    error.field = data.field;
  }
  return error;
}

class Client {
  constructor(binding) {
    this.binding = binding;
    this.waiting = new Map();
    this.lastId = 0;
    this.listeners = { written: null, stall: null };
    this.handle = binding.openClient((line, data) => this.take(JSON.parse(line), data));
  }

  take({ id, method, params, result, error }, data) {
    if (method in this.listeners) {
      this.listeners[method]?.(params);
      return;
    }
    if (id === null && error) {
      this.rejectAll(error); // an answer got lost for want of memory; whose, nobody knows
      return;
    }
    const call = this.waiting.get(id);
    if (!call) {
      return; // progress
    }
    this.waiting.delete(id);
    if (this.waiting.size === 0) {
      this.binding.holdLoop(false);
    }
    if (error) {
      call.reject(errorOf(error));
    } else {
      call.resolve({ result, data });
    }
  }

  rejectAll(error) {
    const calls = [...this.waiting.values()];
    this.waiting.clear();
    if (calls.length > 0) {
      this.binding.holdLoop(false);
    }
    calls.forEach((call) => call.reject(errorOf(error)));
  }

  send(id, method, params) {
    return this.binding.sendRequest(this.handle, JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  }

  /** { id, reply }: a promise of { result, data }. While one is open the event loop does not end. */
  ask(method, params) {
    const id = ++this.lastId;
    const reply = new Promise((resolve, reject) => {
      if (!this.send(id, method, params)) {
        const error = new Error('xprofiler does not run here: call start() first');
        error.code = 'XPROFILER_NOT_STARTED';
        reject(error);
        return;
      }
      if (this.waiting.size === 0) {
        this.binding.holdLoop(true);
      }
      this.waiting.set(id, { resolve, reject });
    });
    return { id, reply };
  }

  watchFiles(listener) {
    this.listeners.written = listener;
    this.binding.watchFiles(this.handle, listener !== null);
  }

  /** Of turns of this thread's event loop that took thresholdMs; 0: no more. */
  watchStalls(thresholdMs, listener) {
    this.listeners.stall = listener;
    this.binding.watchStalls(this.handle, thresholdMs);
  }
}

const clients = new WeakMap();

function clientOf(binding) {
  let client = clients.get(binding);
  if (!client) {
    client = new Client(binding);
    clients.set(binding, client);
  }
  return client;
}

module.exports = { clientOf };
