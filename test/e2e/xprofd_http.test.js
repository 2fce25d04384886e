'use strict';

// xprofd's HTTP server: what it answers to good requests and to odd ones, and what it survives.

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { once } = require('node:events');
const { spawn } = require('node:child_process');
const { test, before, after } = require('node:test');

const { program, startXprofd } = require('./support/xprofd');
const { connectTo, exchange } = require('./support/raw_http');
const { until, within, sleep } = require('./support/until');

let xprofd;
before(async () => {
  xprofd = await startXprofd();
});
after(() => xprofd && xprofd.stop());

const HOST = 'Host: 127.0.0.1\r\n';
const get = (target, headers = HOST) => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;

async function isWell() {
  const { json } = await xprofd.get('/healthz');
  return json.version === require('../../package.json').version;
}

test('it says that it is well', async () => {
  const { status, headers, json } = await xprofd.get('/healthz');
  assert.strictEqual(status, 200);
  assert.strictEqual(headers['content-type'], 'application/json; charset=utf-8');
  assert.strictEqual(headers['cache-control'], 'no-store');
  assert.strictEqual(json.status, 'ok');
  assert.deepStrictEqual(json.problems, []);
  assert.strictEqual(json.version, require('../../package.json').version);
});

test('kinds and entities, by kind and key, and what is wrong with a filter', async () => {
  const { kinds } = (await xprofd.get('/api/kinds')).json;
  const load = kinds.find((kind) => kind.name === 'host_load');
  assert.strictEqual(load.fields[0].family, 'node_load1');
  const { entities } = await xprofd.waitFor('/api/entities?kind=host_load,xprofd', (answer) =>
    answer.entities.length === 2 && answer.entities.every((entity) => entity.updated_ms > 0));
  assert.deepStrictEqual(entities.map((entity) => entity.kind).sort(), ['host_load', 'xprofd']);
  assert.ok(entities.find((entity) => entity.kind === 'host_load').values.load1 >= 0);
  assert.deepStrictEqual((await xprofd.get('/api/entities?kind=host_load&key=nothing')).json.entities, []);
  const { status, json } = await xprofd.get('/api/entities?kind=toaster');
  assert.strictEqual(status, 400);
  assert.deepStrictEqual({ ...json.error, message: '' }, { status: 400, field: 'kind', message: '' });
  assert.match(json.error.message, /^kind: there is no kind `toaster`; \/api\/kinds lists them: .*\bhost_load\b/);
  const typo = (await xprofd.get('/api/entities?kind=host_load&fields=load1,load2')).json.error;
  assert.deepStrictEqual(typo, { status: 400, field: 'fields', message: 'fields: host_load has no field `load2`; /api/kinds lists them: load1, load5, load15, runnable, tasks' });
  assert.match((await xprofd.get('/api/entities?fields=nothing')).json.error.message, /^fields: no kind has a field `nothing`; \/api\/kinds lists them$/);
  const long = (await xprofd.get('/api/live?kind=process,node,thread&fields=nothing')).json.error.message;
  assert.match(long, /^fields: process and others have no field `nothing`; .*, …$/);
});

test('its own state: cost, settings and where they come from', async () => {
  const { json } = await xprofd.get('/api/self');
  assert.strictEqual(json.pid, xprofd.pid);
  assert.strictEqual(json.may_act, true);
  assert.strictEqual(json.settings.listen.from, 'argument');
  assert.strictEqual(json.settings.keep_days.value, 14);
  const isAbout = (value, other, apart) => Math.abs(value - other) <= apart;
  await xprofd.waitFor('/api/self', ({ values }) => {
    const rss = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${xprofd.pid}/status`, 'utf8'))[1]) * 1024;
    const fds = fs.readdirSync(`/proc/${xprofd.pid}/fd`).length;
    return isAbout(values.rss, rss, 16 * 1024 * 1024) && isAbout(values.fds, fds, 8) && values.cpu_seconds > 0;
  }, 'the figures of /proc');
});

test('HEAD has the head of GET, OPTIONS tells the methods, others get 405', async () => {
  const head = await xprofd.get('/healthz', { method: 'HEAD' });
  assert.strictEqual(head.status, 200);
  assert.strictEqual(head.text, '');
  assert.ok(Number(head.headers['content-length']) > 40);
  const options = await xprofd.get('/api/profiles', { method: 'OPTIONS' });
  assert.strictEqual(options.status, 204);
  assert.strictEqual(options.headers.allow, 'OPTIONS, GET, HEAD, POST');
  const stream = await xprofd.get('/api/live', { method: 'HEAD' });
  assert.deepStrictEqual([stream.status, stream.headers['content-type'], stream.text], [200, 'text/event-stream; charset=utf-8', '']);
  assert.strictEqual((await xprofd.get('/api/live?kind=nothing', { method: 'HEAD' })).status, 400);
  const put = await xprofd.get('/healthz', { method: 'PUT', body: '{}' });
  assert.strictEqual(put.status, 405);
  assert.strictEqual(put.headers.allow, 'OPTIONS, GET, HEAD');
  assert.strictEqual(put.json.error.status, 405);
});

test('one connection serves many requests; HTTP/1.0 gets one', async () => {
  const both = await exchange(xprofd.url(), get('/healthz') + get('/healthz', `${HOST}Connection: close\r\n`), { isLast: true });
  assert.strictEqual(both.text.match(/HTTP\/1\.1 200/g).length, 2);
  assert.ok(both.isClosed);
  const old = await exchange(xprofd.url(), 'GET /healthz HTTP/1.0\r\n\r\n', { isLast: true });
  assert.strictEqual(old.status, 200);
  assert.ok(old.isClosed);
});

const HELLO = '{"jsonrpc": "2.0", "id": 1, "method": "SayHello"}';
const post = (target, body, headers = '') => `POST ${target} HTTP/1.1\r\n${HOST}${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

test('a body in one piece with the request before it is refused, and harms nobody', async () => {
  const first = get('/healthz');
  const hello = post('/rpc', HELLO);
  const isRefused = (text) => /HTTP\/1\.1 400 Bad Request\r\n[^]*"a request with a body may be sent when the one before it is answered"/.test(text);
  for (const second of [hello, post('/healthz', '{}'), post('/rpc', 'x'.repeat(3000)), get('/healthz', `${HOST}Content-Length: 2\r\n`) + '{}', `PUT / HTTP/1.1\r\n${HOST}\r\n`]) {
    for (const before of [first, hello, first + first]) {
      const { text, isClosed } = await exchange(xprofd.url(), before + second, { isLast: true });
      assert.strictEqual(text.match(/HTTP\/1\.1 200 OK/g)?.length, before === first + first ? 2 : 1, text);
      assert.ok(isRefused(text) && isClosed, text);
    }
  }
  const cut = await exchange(xprofd.url(), first + hello.slice(0, -HELLO.length), { isLast: true });
  assert.ok(isRefused(cut.text), cut.text);
  assert.ok(await isWell());
});

test('bodies on one connection, one after the other, while others send ahead', async () => {
  const ahead = [get('/api/live') + get('/healthz'), post('/rpc', HELLO.replace('SayHello', 'GetCmdMpstat')) + get('/healthz')].map((bytes) => {
    const socket = connectTo(xprofd.url());
    socket.write(bytes);
    return socket;
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await until(() => ahead[0].text.includes('event: frame'), 'a stream, with a request after it');
    for (let round = 0; round < 20; round++) {
      assert.strictEqual((await xprofd.get('/healthz', { agent })).status, 200);
      assert.strictEqual((await xprofd.post('/rpc', HELLO, { agent })).json.result, 'Hello!');
    }
    await until(() => /"cpus"[^]*HTTP\/1\.1 200[^]*"status":"ok"/.test(ahead[1].text), 'an answer that took its time, and the next');
  } finally {
    agent.destroy();
    ahead.forEach((socket) => socket.destroy());
  }
});

test('who sends a body that is too large, or not wanted, still gets the answer', async () => {
  const send = async (target, size) => {
    const socket = connectTo(xprofd.url());
    socket.write(`POST ${target} HTTP/1.1\r\n${HOST}Content-Length: ${size}\r\n\r\n`);
    socket.write('x'.repeat(size));
    return within(socket.whenClosed, 'the end of the connection', 60000);
  };
  for (const [target, size, status] of [['/rpc', 8 << 20, 413], ['/nothing', 8 << 20, 413], ['/healthz', 1 << 20, 405]]) {
    for (let round = 0; round < 3; round++) assert.match(await send(target, size), new RegExp(`^HTTP/1\\.1 ${status} `), target);
  }
  const endless = connectTo(xprofd.url());
  endless.write(`POST /rpc HTTP/1.1\r\n${HOST}Content-Length: 99999999999\r\n\r\n`);
  const timer = setInterval(() => endless.write('x'), 100);
  const text = await within(endless.whenClosed, 'the end of one that sends on', 60000).finally(() => clearInterval(timer));
  assert.match(text, /^HTTP\/1\.1 413 /);
  assert.ok(await isWell());
});

test('names and values are decoded once', async () => {
  assert.strictEqual((await exchange(xprofd.url(), get('/%68ealthz'))).status, 200);
  const { entities } = (await xprofd.get('/api/entities?kind=host%5Fload')).json;
  assert.strictEqual(entities[0].kind, 'host_load');
  assert.strictEqual((await xprofd.get('/api/entities?kind=host%255Fload')).status, 400);
  assert.deepStrictEqual((await xprofd.get('/api/entities?kind=host_load&key=a%26key%3Db')).json.entities, []);
});

// What is asked, and the status it gets. 0: the connection ends without an answer.
const ODD = {
  'a path that is not there': [get('/nothing'), 404],
  'a path that is too long': [get(`/${'a'.repeat(5000)}`), 414],
  'parameters that are too long': [get(`/healthz?a=${'b'.repeat(5000)}`), 414],
  'headers that are too large': [get('/healthz', `${HOST}Cookie: ${'c'.repeat(13000)}\r\n`), 431],
  'headers without an end': [get('/healthz', `${HOST}Cookie: ${'c'.repeat(300000)}\r\n`), 0],
  'no Host': [get('/healthz', ''), 400],
  'HTTP/0.9': ['GET /healthz\r\n\r\n', 400],
  'an unknown version': ['GET /healthz HTTP/7.7\r\nHost: a\r\n\r\n', 400],
  'a path that is no UTF-8': [get('/%ff%fe'), 400],
  'a parameter that is no UTF-8': [get('/api/entities?kind=%ff'), 400],
  'more parameters than any route has': [get(`/healthz?${'a=b&'.repeat(40)}`), 400],
  'half an IPv6 address': [get('/api/kinds', 'Host: [::1\r\n'), 421],
  'two hosts': [get('/api/kinds', `${HOST}Host: evil.example\r\n`), 421],
  'a zero byte': [get('/healthz%00'), 0],
  'a body of no length': [`POST /api/profiles HTTP/1.1\r\n${HOST}\r\n`, 411],
  'a body in chunks': [`POST /api/profiles HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 411],
  'a negative length': [`POST /api/profiles HTTP/1.1\r\n${HOST}Content-Length: -5\r\n\r\n`, 400],
  'a length in words': [`POST /api/profiles HTTP/1.1\r\n${HOST}Content-Length: five\r\n\r\n`, 400],
  'two lengths': [`POST /api/profiles HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}abc`, 400],
  'a body that is too large': [`POST /api/profiles HTTP/1.1\r\n${HOST}Content-Length: 1048577\r\n\r\n`, 413],
  'a length beyond all numbers': [`POST /api/profiles HTTP/1.1\r\n${HOST}Content-Length: 99999999999999999999\r\n\r\n`, 413],
  'a WebSocket': [get('/', `${HOST}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`), 0],
  'HTTP/2 in clear text': [get('/', `${HOST}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n`), 0],
  'a way out of the folder': [get('/../../../../etc/passwd'), 404],
  'an encoded way out': [get('/%2e%2e/%2e%2e/%2e%2e/etc/passwd'), 404],
  'a way out with an encoded slash': [get('/a/..%2f..%2f..%2fetc/passwd'), 404],
  'a way out with backslashes': [get('/..\\..\\etc\\passwd'), 404],
};
for (const [what, [bytes, status]] of Object.entries(ODD)) {
  test(`${what}: ${status || 'no answer'}`, async () => {
    const answer = await exchange(xprofd.url(), bytes);
    assert.strictEqual(answer.status, status, answer.text.slice(0, 300));
    assert.ok(!answer.text.includes('root:'), 'a file of the system');
    if (status > 0) {
      const { error } = JSON.parse(answer.text.slice(answer.text.indexOf('\r\n\r\n')));
      assert.strictEqual(error.status, status);
      assert.ok(error.message.length > 5, JSON.stringify(error));
    }
    assert.ok(await isWell());
  });
}

test('what is no HTTP ends its connection and nothing else', async () => {
  for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\r\n\r\n\r\n', 'BREW / HTTP/1.1\r\n\r\n']) {
    const { isClosed, status } = await exchange(xprofd.url(), Buffer.from(bytes, 'latin1'), { isLast: true });
    assert.ok(isClosed, `open after ${JSON.stringify(bytes)}`);
    assert.ok(status === 0 || status >= 400, `${status} for ${JSON.stringify(bytes)}`);
  }
  assert.ok(await isWell());
});

test('a storm of random bytes, whole and in the middle of requests, is survived', async () => {
  const before = (await xprofd.get('/api/self')).json.values.fds;
  for (let round = 0; round < 8; round++) {
    const sockets = Array.from({ length: 20 }, (_none, index) => {
      const socket = connectTo(xprofd.url());
      const noise = crypto.randomBytes(1 + ((index * 997) % 6000));
      const heads = ['', 'GET /', 'GET /api/entities?', `GET /metrics HTTP/1.1\r\n${HOST}`, `POST /api/profiles HTTP/1.1\r\n${HOST}Content-Length: 6000\r\n\r\n`];
      socket.write(Buffer.concat([Buffer.from(heads[index % heads.length]), noise]));
      return socket;
    });
    await until(async () => isWell(), 'an answer within the storm');
    sockets.forEach((socket) => socket.destroy());
  }
  await xprofd.waitFor('/api/self', ({ values }) => values.fds <= before + 3, 'the descriptors of the storm are closed');
  assert.strictEqual(xprofd.stderr, '');
});

test('who begins a request and does not go on loses the connection', async () => {
  const silent = connectTo(xprofd.url());
  const slow = connectTo(xprofd.url());
  const slowBody = connectTo(xprofd.url());
  slow.write('GET /healthz HTTP/1.1\r\n');
  slowBody.write(`POST /api/profiles HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n`);
  const timer = setInterval(() => {
    slow.write('Foo: bar\r\n'); // a header now and then is no request
    slowBody.write('x');
  }, 500);
  try {
    await within(Promise.all([silent.whenClosed, slow.whenClosed, slowBody.whenClosed]), 'the end of the slow ones', 90000);
  } finally {
    clearInterval(timer);
  }
  assert.strictEqual(slow.text, '');
});

test('more connections than there may be: 503 or refused, and room again afterwards', async () => {
  const sockets = Array.from({ length: 300 }, () => connectTo(xprofd.url()));
  try {
    const answers = () => sockets.filter((socket) => socket.text.startsWith('HTTP/1.1 200')).length;
    const ended = () => sockets.filter((socket) => socket.destroyed || socket.text.startsWith('HTTP/1.1 503')).length;
    await until(() => sockets.every((socket) => !socket.connecting), 'connections');
    sockets.forEach((socket) => socket.write(get('/healthz')));
    await until(() => answers() + ended() >= sockets.length, 'every connection has its answer or its end');
    assert.ok(answers() <= 256, `${answers()} were answered`);
    assert.ok(answers() >= 240, `only ${answers()} were answered`);
  } finally {
    sockets.forEach((socket) => socket.destroy());
  }
  await until(async () => (await xprofd.get('/healthz').catch(() => ({}))).status === 200, 'room for a new connection');
});

test('without descriptors it waits, and goes on when there are some', async () => {
  const poor = await startXprofd({ command: ['prlimit', '--nofile=48:48'] });
  try {
    const sockets = Array.from({ length: 80 }, () => connectTo(poor.url()));
    sockets.forEach((socket) => socket.write(get('/healthz')));
    await until(() => sockets.filter((socket) => socket.text !== '').length > 5, 'some are answered');
    sockets.forEach((socket) => socket.destroy());
    await until(async () => (await poor.get('/healthz').catch(() => ({}))).json, 'an answer afterwards');
  } finally {
    await poor.stop();
  }
});

test('the console: a page that may load only what is here, packed, and known again', async () => {
  const page = await xprofd.get('/');
  assert.strictEqual(page.status, 200);
  assert.strictEqual(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/);
  assert.strictEqual(page.headers['x-content-type-options'], 'nosniff');
  const packed = await xprofd.get('/', { headers: { 'accept-encoding': 'gzip, br' } });
  assert.strictEqual(packed.headers['content-encoding'], 'gzip');
  assert.strictEqual(zlib.gunzipSync(packed.bytes).toString(), page.text);
  assert.notStrictEqual(packed.headers.etag, page.headers.etag);
  const again = await xprofd.get('/', { headers: { 'if-none-match': page.headers.etag } });
  assert.strictEqual(again.status, 304);
  assert.strictEqual(again.text, '');
});

test('--console_dir serves files from there, and none from elsewhere', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-console-'));
  fs.writeFileSync(path.join(dir, 'index.html'), '<p>mine');
  fs.writeFileSync(path.join(dir, 'large.js'), 'x'.repeat(300000));
  fs.writeFileSync(path.join(dir, '.secret'), 'no');
  fs.symlinkSync('/etc/passwd', path.join(dir, 'link.js'));
  fs.mkdirSync(path.join(dir, 'folder'));
  const other = await startXprofd({ args: ['--console_dir', dir] });
  try {
    assert.strictEqual((await other.get('/')).text, '<p>mine');
    const large = await other.get('/large.js');
    assert.strictEqual(large.headers['content-type'], 'text/javascript; charset=utf-8');
    assert.strictEqual(large.text.length, 300000);
    for (const name of ['/.secret', '/link.js', '/folder', '/folder/', '/none', '/a//b', '/../index.html/x']) {
      assert.strictEqual((await exchange(other.url(), get(name))).status, 404, name);
    }
  } finally {
    await other.stop();
    fs.rmSync(dir, { recursive: true });
  }
});

test('it ends at once, also while clients are connected, and the port is free again', async () => {
  const first = await startXprofd();
  const { port } = new URL(first.url());
  let second;
  try {
    const clients = [connectTo(first.url()), connectTo(first.url())];
    clients[0].write(get('/api/live'));
    await until(() => clients[0].text.includes('event: frame'), 'a frame');
    assert.deepStrictEqual(await first.stop(), { status: 0, signal: null });
    second = await startXprofd({ args: ['--listen', `127.0.0.1:${port}`] });
    assert.strictEqual(new URL(second.url()).port, port);
    await Promise.all(clients.map((client) => client.whenClosed));
  } finally {
    await first.stop();
    if (second) await second.stop();
  }
});

test('/healthz answers 503 when ticks were late or never came', async () => {
  const other = await startXprofd();
  try {
    assert.strictEqual((await other.get('/healthz')).status, 200);
    const before = (await other.get('/api/self')).json.values.ticks_late;
    other.child.kill('SIGSTOP');
    await sleep(18000);
    other.child.kill('SIGCONT');
    const { problems } = await other.waitFor('/healthz', ({ status }) => status === 'degraded', 'it says that it was late');
    assert.deepStrictEqual(problems, ['ticks are late: this host has no time for xprofd, or too much is asked']);
    assert.strictEqual((await other.get('/healthz')).status, 503);
    const { values } = await other.waitFor('/api/self', (self) => self.values.ticks_late >= before + 16, 'the seconds are counted');
    assert.ok(values.ticks_late < before + 40, `${values.ticks_late} are late`);
  } finally {
    other.child.kill('SIGCONT');
    await other.stop();
  }
});

const IN_TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b""
while b", pid " not in said:
    said += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('SIGHUP does not end it, but the end of the terminal it was started in does', async () => {
  const other = await startXprofd({ args: ['--store', 'none'] });
  other.child.kill('SIGHUP');
  await sleep(500);
  assert.strictEqual((await other.get('/healthz')).status, 200);
  assert.deepStrictEqual(await other.stop(), { status: 0, signal: null });
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-terminal-'));
  const args = ['--data_dir', home, '--listen', '127.0.0.1:0', '--rpc_listen', 'none'];
  const child = spawn('python3', ['-c', IN_TERMINAL, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [said] = await within(once(child.stdout.setEncoding('utf8'), 'data'), 'it ends with its terminal', 60000);
    assert.strictEqual(said.trim(), '0');
  } finally {
    child.kill('SIGKILL');
    fs.rmSync(home, { recursive: true, force: true });
  }
});
