'use strict';

// A client of the wire protocol (docs/protocol.md) as small as it can be.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { until, within } = require('./until');

const ROOTS = ['/tmp', '/var/tmp', '/dev/shm'];

function socketOf(pid) {
  const files = ROOTS.map((root) => path.join(root, `xprofiler-${process.geteuid()}`, `${pid}.sock`));
  return files.find((file) => fs.existsSync(file));
}

function open(file) {
  return new Promise((resolve) => {
    const socket = net.connect(file);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

class Rpc {
  constructor(socket) {
    this.socket = socket;
    this.waiting = new Map();
    this.lastId = 0;
    this.rest = '';
    this.isClosed = false;
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.fail());
  }

  take(chunk) {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      const id = message.method === 'progress' ? message.params.id : message.id;
      // An error without an id is about whatever was asked.
      const call = this.waiting.get(id === null && message.error ? [...this.waiting.keys()][0] : id);
      if (call && message.method === 'progress') call.progress.push(message.params);
      else if (call) {
        this.waiting.delete(call.id);
        call.settle(message);
      }
    }
  }

  fail() {
    this.isClosed = true;
    for (const call of this.waiting.values()) call.settle({ error: { code: 0, message: 'the connection was closed' } });
    this.waiting.clear();
  }

  /** Sends; gives { id, progress, reply }, where reply becomes { result } or { error }. */
  send(method, params) {
    const id = ++this.lastId;
    const call = { id, progress: [] };
    call.reply = new Promise((resolve) => {
      call.settle = ({ result, error }) => resolve(error ? { error } : { result });
    });
    this.waiting.set(id, call);
    if (this.isClosed) this.fail(); // the target closes who is silent for a minute
    else this.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return call;
  }

  /** The result; an error reply throws, with its code and data. */
  async call(method, params, limitMs) {
    const { result, error } = await within(this.send(method, params).reply, `a reply to ${method}`, limitMs);
    if (error) throw Object.assign(new Error(error.message), { code: error.code, data: error.data });
    return result;
  }

  /** The error; a result throws. */
  async refused(method, params, limitMs) {
    const { result, error } = await within(this.send(method, params).reply, `a reply to ${method}`, limitMs);
    if (!error) throw new Error(`${method} was not refused: ${JSON.stringify(result)}`);
    return error;
  }

  close() {
    this.socket.destroy();
  }
}

/** Connects to the process, which may be still starting. */
async function connect(pid) {
  const socket = await until(() => {
    const file = socketOf(pid);
    return file && open(file);
  }, `a socket of process ${pid}`);
  return new Rpc(socket);
}

module.exports = { connect, socketOf };
