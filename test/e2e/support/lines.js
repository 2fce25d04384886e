'use strict';

// A connection as raw as the wire: bytes go out as the test cuts them, lines come in. What a broken or
// hostile client does is written with this; well-behaved clients are in rpc.js.

const net = require('node:net');
const { socketOf } = require('./rpc');
const { until, within } = require('./until');

class Lines {
  constructor(socket) {
    this.socket = socket;
    this.received = [];
    this.taken = 0;
    this.rest = '';
    this.isClosed = false;
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      const lines = (this.rest + chunk).split('\n');
      this.rest = lines.pop();
      this.received.push(...lines);
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.isClosed = true;
        resolve();
      });
    });
  }

  /** Hands the bytes to the kernel before it resolves, so that two writes are two. */
  write(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  ask(id, method, params) {
    return this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  }

  /** The next message. */
  async next(limitMs = 60000) {
    const has = () => this.received.length > this.taken;
    await until(() => has() || this.isClosed, 'a line from the target', limitMs);
    if (!has()) throw new Error('the target closed the connection');
    return JSON.parse(this.received[this.taken++]);
  }

  /** The connection works: a question gets its answer, and nothing else is in the way. */
  async checkAlive(limitMs) {
    const id = `alive ${this.taken}`;
    await this.ask(id, 'check_version');
    const reply = await this.next(limitMs);
    if (reply.id !== id || !reply.result) throw new Error(`not the reply to ${id}: ${JSON.stringify(reply)}`);
  }

  close() {
    this.socket.destroy();
  }
}

/** A connection to this socket, or null when nobody accepts. */
function openFile(file) {
  return new Promise((resolve) => {
    const socket = net.connect(file);
    socket.once('connect', () => resolve(new Lines(socket)));
    socket.once('error', () => resolve(null)); // also a full queue, for a moment
  });
}

/** Connects to a process that has its socket already. */
function openLines(pid) {
  return within(
    until(() => openFile(socketOf(pid) || `/no socket of ${pid}`), `a connection to process ${pid}`),
    `a connection to process ${pid}`,
  );
}

module.exports = { openLines, openFile };
