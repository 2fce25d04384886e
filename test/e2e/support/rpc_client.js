'use strict';

// Clients of xprofd's JSON-RPC over TCP: one that speaks JSON-RPC 2.0, and one that does what LEP's client (LEPV) does.

const net = require('node:net');
const { within } = require('./until');

/** A connection that answers of JSON-RPC 2.0 come on, one a line. */
class RpcClient {
  constructor(address) {
    const colon = address.lastIndexOf(':');
    this.socket = net.connect(Number(address.slice(colon + 1)), address.slice(0, colon).replace(/[[\]]/g, ''));
    Object.assign(this, { text: '', lines: [], waiting: [], nextId: 1, isClosed: false });
    this.socket.setEncoding('utf8');
    this.socket.on('data', (piece) => this.take(piece));
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.isClosed = true;
        this.waiting.splice(0).forEach((waiting) => waiting(null));
        resolve();
      });
    });
  }

  take(piece) {
    const parts = (this.text + piece).split('\n');
    this.text = parts.pop();
    for (const part of parts) {
      const waiting = this.waiting.shift();
      if (waiting) waiting(JSON.parse(part));
      else this.lines.push(JSON.parse(part));
    }
  }

  /** The next line as JSON; null when the connection ends before. */
  next(what = 'an answer') {
    if (this.lines.length > 0) return Promise.resolve(this.lines.shift());
    if (this.isClosed) return Promise.resolve(null);
    return within(new Promise((resolve) => this.waiting.push(resolve)), what, 60000);
  }

  send(text) {
    this.socket.write(text);
  }

  /** One request after the other; gives the whole answer. */
  async call(method, params) {
    const id = this.nextId++;
    this.send(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return this.next(`the answer to ${method}`);
  }

  async result(method, params) {
    const answer = await this.call(method, params);
    if (!answer || answer.error) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer.result;
  }

  close() {
    this.socket.destroy();
    return this.closed;
  }
}

const MARKER = 'lepdendstring';
const READ_BYTES = 2048;

/**
 * Sends the request as LEP's client does, and reads as it does: blocks of 2,048 bytes until one holds the marker, which
 * is taken out; what came so far must then be whole JSON. Throws where that client would wait for ever or fail.
 */
async function lepCall(address, method) {
  const colon = address.lastIndexOf(':');
  const socket = net.connect(Number(address.slice(colon + 1)), address.slice(0, colon));
  const pieces = [];
  socket.on('error', () => {});
  socket.write(JSON.stringify({ method }));
  const bytes = await within(
    new Promise((resolve, reject) => {
      socket.on('data', (piece) => {
        pieces.push(piece);
        if (Buffer.concat(pieces.slice(-2)).includes('\n}\n')) resolve(Buffer.concat(pieces));
      });
      socket.on('close', () => reject(new Error(`${method}: the server closed the connection`)));
    }),
    `LEP's answer to ${method}`,
    60000,
  ).finally(() => socket.destroy());
  let taken = '';
  for (let at = 0; at < bytes.length; at += READ_BYTES) {
    const block = bytes.subarray(at, at + READ_BYTES).toString('latin1');
    taken += block.split(MARKER).join('');
    if (block.includes(MARKER)) return JSON.parse(Buffer.from(taken, 'latin1').toString());
  }
  throw new Error(`${method}: no block of ${READ_BYTES} bytes has the marker`);
}

module.exports = { RpcClient, lepCall };
