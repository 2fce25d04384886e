'use strict';

// A bounded load on demo/service.js: keep-alive connections, one request at a time each, with a pause.
//   node demo/load.js http://127.0.0.1:PORT [seconds]

const http = require('node:http');

const CONNECTIONS = 12;
const PAUSE_MS = 25;

const order = JSON.stringify(
  Array.from({ length: 40 }, (_, index) => ({
    product: `p${index % 13}`,
    amount: 1 + (index % 5),
    note: 'x'.repeat(200),
  })),
);
const login = JSON.stringify({ user: 'ada', password: 'correct horse battery staple' });

const PAGES = [
  ['GET', '/'],
  ['GET', '/search?q=cedar%20heron%2042'],
  ['POST', '/orders', order],
  ['GET', '/catalogue'],
  ['GET', '/wait?ms=40'],
  ['GET', '/search?q=lagoon'],
  ['POST', '/login', login],
  ['GET', '/primes?limit=150000'],
  ['GET', '/mirror'],
  ['GET', '/missing'],
];

function ask(base, agent, [method, page, body]) {
  return new Promise((resolve) => {
    const headers = body ? { 'content-length': Buffer.byteLength(body) } : {};
    const request = http.request(base + page, { method, agent, headers }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode));
    });
    request.on('error', () => resolve(0));
    request.end(body);
  });
}

async function visit(base, agent, seed, end, counts) {
  for (let turn = seed; Date.now() < end; turn++) {
    const status = await ask(base, agent, PAGES[turn % PAGES.length]);
    counts[status] = (counts[status] || 0) + 1;
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS);
    });
  }
}

async function main() {
  const [base, seconds = '10'] = process.argv.slice(2);
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = Date.now() + Number(seconds) * 1000;
  const counts = {};
  process.once('disconnect', () => process.exit(0));
  const visitors = Array.from({ length: CONNECTIONS }, (_, seed) => visit(base, agent, seed, end, counts));
  await Promise.all(visitors);
  agent.destroy();
  if (process.connected) {
    process.disconnect();
  }
  console.log(JSON.stringify(counts));
}

main();
