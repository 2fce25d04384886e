'use strict';

// A small web shop, as an example of a service to look into. It prints its address and serves until it is
// told to stop. What it does is real work: JSON, hashing, compression, timers, a worker thread, requests
// to itself.
//   node demo/service.js [port]

const crypto = require('node:crypto');
const http = require('node:http');
const path = require('node:path');
const zlib = require('node:zlib');
const { promisify } = require('node:util');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

const xprofiler = require('../lib');

const pbkdf2 = promisify(crypto.pbkdf2);
const scrypt = promisify(crypto.scrypt);
const gzip = promisify(zlib.gzip);

const WORDS = 'amber birch cedar delta ember fjord grove heron island juniper kestrel lagoon'.split(' ');

function makeProducts(count) {
  return Array.from({ length: count }, (_, id) => ({
    id,
    name: `${WORDS[id % WORDS.length]} ${WORDS[(id * 7 + 3) % WORDS.length]} ${id}`,
    price: ((id * 7919) % 10000) / 100,
    tags: WORDS.filter((_word, index) => (id >> (index % 8)) & 1),
  }));
}

/** Edit distance: the hot spot that a CPU profile should show. */
function editDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

function searchProducts(products, text) {
  return products
    .map((product) => ({ product, distance: editDistance(text, product.name) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 10);
}

function renderProduct({ name, price, tags }) {
  return `<li>${name} ${price.toFixed(2)} <i>${tags.join(', ')}</i></li>`;
}

function renderCatalogue(products) {
  const rows = products.map(renderProduct);
  return `<!doctype html><title>Catalogue</title><ul>${rows.join('\n')}</ul>`;
}

function summarise(orders) {
  const totals = {};
  for (const { product, amount } of orders) {
    totals[product] = (totals[product] || 0) + amount;
  }
  return totals;
}

/** In a worker thread: counts primes, which is what it is paid for. */
function countPrimes(limit) {
  const isComposite = new Uint8Array(limit + 1);
  let count = 0;
  for (let n = 2; n <= limit; n++) {
    if (isComposite[n] === 0) {
      count++;
      for (let multiple = n * n; multiple <= limit; multiple += n) {
        isComposite[multiple] = 1;
      }
    }
  }
  return count;
}

function runWorker() {
  xprofiler();
  parentPort.on('message', ({ id, limit }) => parentPort.postMessage({ id, count: countPrimes(limit) }));
}

/** A worker with questions waiting for their answers. */
class PrimeWorker {
  constructor() {
    this.waiting = new Map();
    this.lastId = 0;
    this.worker = new Worker(__filename);
    this.worker.on('message', ({ id, count }) => {
      this.waiting.get(id)(count);
      this.waiting.delete(id);
    });
  }

  ask(limit) {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.worker.postMessage({ id, limit });
    });
  }
}

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function makeRoutes(shop) {
  return {
    'GET /': async () => ({ body: { service: 'demo shop', products: shop.products.length } }),
    'GET /search': async ({ query }) => ({
      body: searchProducts(shop.products, query.get('q') || 'cedar heron'),
    }),
    'GET /catalogue': async () => ({
      body: await gzip(renderCatalogue(shop.products)),
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' },
    }),
    'POST /orders': async ({ request }) => {
      shop.orders.push(...(await readJson(request)));
      shop.orders.splice(0, Math.max(0, shop.orders.length - 20000));
      return { status: 201, body: summarise(shop.orders) };
    },
    'POST /login': async ({ request }) => {
      const { user, password } = await readJson(request);
      const [slow, memoryHard] = await Promise.all([
        pbkdf2(password, user, 5000, 32, 'sha512'),
        scrypt(password, user, 32, { N: 4096 }),
      ]);
      const token = crypto.createHash('sha256').update(slow).update(memoryHard).digest('hex');
      return { body: { user, token } };
    },
    'GET /primes': async ({ query }) => {
      const limit = Math.min(Number(query.get('limit')) || 200000, 1e7);
      return { body: { count: await shop.primes.ask(limit) } };
    },
    'GET /wait': async ({ query }) => {
      await new Promise((resolve) => {
        setTimeout(resolve, Number(query.get('ms')) || 50);
      });
      return { body: { waited: true } };
    },
    'GET /mirror': async () => {
      const response = await fetch(`${shop.address}/?from=mirror`);
      return { body: { mirrored: await response.json() } };
    },
  };
}

async function answer(routes, request, response) {
  const url = new URL(request.url, 'http://localhost');
  const route = routes[`${request.method} ${url.pathname}`];
  try {
    const reply = route
      ? await route({ request, query: url.searchParams })
      : { status: 404, body: { error: `no such page: ${url.pathname}` } };
    const isRaw = Buffer.isBuffer(reply.body);
    response.writeHead(reply.status || 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(isRaw ? reply.body : JSON.stringify(reply.body));
  } catch (error) {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: error.message }));
  }
}

function main() {
  xprofiler({
    log_dir: process.env.XPROFILER_LOG_DIR || path.join(__dirname, '..', 'logs'),
    log_interval: 1,
    enable_http_profiling: true,
  });
  const shop = { products: makeProducts(400), orders: [], primes: new PrimeWorker(), address: '' };
  const routes = makeRoutes(shop);
  const server = http.createServer((request, response) => answer(routes, request, response));
  server.listen(Number(process.argv[2]) || 0, '127.0.0.1', () => {
    shop.address = `http://127.0.0.1:${server.address().port}`;
    console.log(`listening ${shop.address}`);
  });
  // Old baskets are thrown away now and then, as real services do.
  setInterval(() => shop.orders.splice(0, 500), 250).unref();
  process.once('SIGTERM', () => process.exit(0));
  process.once('SIGINT', () => process.exit(0));
  process.once('disconnect', () => process.exit(0)); // whoever started us is gone
}

if (isMainThread) {
  main();
} else {
  runWorker();
}
