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

/** Whether these are whole answers: a head each, and a body as long as it says. */
function isWhole(text) {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return false;
    const [, length] = /^content-length: (\d+)/im.exec(text.slice(at, end)) || [null, 0];
    at = end + 4 + Number(length);
    if (at > text.length) return false;
  }
  return text.length > 0;
}

/**
 * Sends the bytes and gives what came until the other side closed, or until answers were whole and nothing more came.
 * @param {{ isLast?: boolean }} options isLast: the other side has to close after it
 */
async function exchange(url, bytes, { isLast = false } = {}) {
  const socket = connectTo(url);
  let isClosed = false;
  socket.whenClosed.then(() => (isClosed = true));
  socket.write(bytes);
  const deadline = Date.now() + 20000;
  for (let before = -1; !isClosed && Date.now() < deadline; ) {
    before = socket.text.length;
    await sleep(300);
    if (!isLast && socket.text.length === before && isWhole(socket.text)) break;
  }
  socket.destroy();
  return { text: socket.text, status: Number((/^HTTP\/1\.\d (\d+)/.exec(socket.text) || [])[1] || 0), isClosed };
}

module.exports = { connectTo, exchange };
