'use strict';

// HTTP as bytes: for what no client library would send.

const net = require('node:net');
const { sleep } = require('./until');

/** Connects to the port of a URL. Gives the socket with `text`, what it got, and `whenClosed`, a promise of its end. */
function connectTo(url) {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname.replace(/[[\]]/g, ''));
  socket.text = '';
  socket.setEncoding('latin1').on('data', (piece) => (socket.text += piece));
  socket.on('error', () => {}); // a reset is one of the answers
  socket.whenClosed = new Promise((resolve) => socket.on('close', () => resolve(socket.text)));
  return socket;
}

/** Sends the bytes and gives what came until the other side closed, or nothing more came for `quietMs`. */
async function exchange(url, bytes, quietMs = 300) {
  const socket = connectTo(url);
  let isClosed = false;
  socket.whenClosed.then(() => (isClosed = true));
  socket.write(bytes);
  const deadline = Date.now() + 20000;
  for (let before = -1; !isClosed && Date.now() < deadline; ) {
    before = socket.text.length;
    await sleep(quietMs);
    if (socket.text.length === before && before > 0) break;
  }
  socket.destroy();
  return { text: socket.text, status: Number((/^HTTP\/1\.\d (\d+)/.exec(socket.text) || [])[1] || 0), isClosed };
}

module.exports = { connectTo, exchange };
