'use strict';

// Who may ask xprofd: addresses, token, TLS, users of this host, and what pages of other sites make a browser send.

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const https = require('node:https');
const tls = require('node:tls');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { test, before, after } = require('node:test');

const { startXprofd, program } = require('./support/xprofd');
const { connectTo, exchange } = require('./support/raw_http');
const { makeCertificate } = require('./support/certificate');
const { NOBODY, noNobody } = require('./support/nobody');
const { until, within } = require('./support/until');

const TOKEN = 'correct-horse-battery-staple';
const outside = Object.values(os.networkInterfaces()).flat().find((one) => one.family === 'IPv4' && !one.internal);
const hasV6 = Object.values(os.networkInterfaces()).flat().some((one) => one.address === '::1');

let home;
let files;
before(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-access-'));
  fs.writeFileSync(path.join(home, 'token'), `${TOKEN}\n`, { mode: 0o600 });
  files = makeCertificate(home, { address: outside ? outside.address : '127.0.0.1' });
});
after(() => fs.rmSync(home, { recursive: true, force: true }));

const tokenArgs = () => ['--token_file', path.join(home, 'token')];
const tlsArgs = () => ['--tls_cert', files.cert, '--tls_key', files.key];
const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

/** The sentence with which it does not start. */
async function refusal(args) {
  const daemon = await startXprofd({ args, isBroken: true });
  try {
    const { status } = await daemon.ended;
    assert.strictEqual(status, 1, daemon.stdout);
    return daemon.stderr.trim();
  } finally {
    await daemon.stop();
  }
}

test('another address than loopback needs token and TLS, and each of them is named', async () => {
  const start = 'xprofd: listen: 0.0.0.0:0 can be reached from other hosts; this needs the settings token_file, tls_cert and tls_key';
  assert.strictEqual(await refusal(['--listen', '0.0.0.0:0']), `${start} (missing: token_file tls_cert tls_key)`);
  assert.strictEqual(await refusal(['--listen', '0.0.0.0:0', ...tokenArgs()]), `${start} (missing: tls_cert tls_key)`);
  assert.strictEqual(await refusal(['--listen', '0.0.0.0:0', ...tlsArgs()]), `${start} (missing: token_file)`);
  assert.match(await refusal(['--listen', '[::]:0']), /listen: \[::\]:0 can be reached from other hosts/);
});

test('what is wrong with an address, a token or a certificate is said', async () => {
  const file = (name, text) => {
    fs.writeFileSync(path.join(home, name), text);
    return path.join(home, name);
  };
  const other = makeCertificate(home, { name: 'other' });
  const old = path.join(home, 'old.crt');
  spawnSync('openssl', ['x509', '-in', files.cert, '-signkey', files.key, '-days', '-1', '-out', old]);
  const cases = [
    [['--listen', '127.0.0.1'], /listen: `127\.0\.0\.1` has no port; give an address and a port, e\.g\. 127\.0\.0\.1:12300/],
    [['--listen', 'example.com:80'], /listen: `example\.com:80` does not begin with an address/],
    [['--listen', '127.0.0.1:66000'], /does not end with a port from 0 to 65535/],
    [['--listen', '127.0.0.1:-1'], /does not end with a port/],
    [['--listen', '192.0.2.199:0', ...tokenArgs(), ...tlsArgs()], /listen: 192\.0\.2\.199:0 is no address of this host/],
    [['--token_file', '/nowhere/token'], /token_file: \/nowhere\/token cannot be read: No such file/],
    [['--token_file', file('short', 'abc\n')], /token_file: the first line of .*short is the token and needs 16 to 512 characters/],
    [['--token_file', file('blank', 'this has blanks in it\n')], /token_file: .*only visible ASCII/],
    [['--tls_cert', files.cert], /tls_cert: it is set, but tls_key is not; TLS needs both/],
    [['--tls_cert', files.cert, '--tls_key', '/nowhere/key'], /tls_key: \/nowhere\/key cannot be read: No such file/],
    [['--tls_cert', file('none.crt', 'hello'), '--tls_key', files.key], /tls_cert: .* holds no certificate in PEM form/],
    [['--tls_cert', files.cert, '--tls_key', file('none.key', 'hello')], /tls_key: .* holds no private key in PEM form/],
    [['--tls_cert', files.cert, '--tls_key', other.key], /tls_key: .* is not the key of the certificate in tls_cert/],
    [['--tls_cert', old, '--tls_key', files.key], /tls_cert: .* has expired/],
  ];
  for (const [args, expected] of cases) assert.match(await refusal(args), expected, args.join(' '));
});

test('a port that is taken: a sentence that says so', async () => {
  const first = await startXprofd();
  try {
    const { host } = new URL(first.url());
    const text = await refusal(['--listen', host]);
    assert.strictEqual(text, `xprofd: listen: ${host} is taken by another program; stop it, or give another port (0: any free one)`);
    assert.strictEqual((await first.get('/healthz')).status, 200);
  } finally {
    await first.stop();
  }
});

test('localhost and IPv6 loopback are loopback', async () => {
  for (const listen of ['localhost:0', ...(hasV6 ? ['[::1]:0'] : [])]) {
    const daemon = await startXprofd({ args: ['--listen', listen] });
    try {
      assert.match(daemon.url(), listen === 'localhost:0' ? /^http:\/\/127\.0\.0\.1:\d+$/ : /^http:\/\/\[::1\]:\d+$/);
      assert.strictEqual((await daemon.get('/api/kinds')).status, 200);
      assert.strictEqual((await daemon.get('/api/self')).json.may_act, true);
    } finally {
      await daemon.stop();
    }
  }
});

test('off loopback nothing is answered without the token, and nothing without TLS', { skip: outside ? false : 'this host has no other address' }, async () => {
  const args = ['--listen', `${outside.address}:0`, ...tokenArgs(), ...tlsArgs()];
  const daemon = await startXprofd({ args, probe: { ca: files.ca } });
  try {
    assert.ok(daemon.url().startsWith(`https://${outside.address}:`), daemon.url());
    const ca = { ca: files.ca };
    for (const target of ['/metrics', '/api/kinds', '/api/entities', '/api/live', '/api/self', '/api/profiles', '/api/files/x']) {
      const { status, headers, json } = await daemon.get(target, ca);
      assert.strictEqual(status, 401, target);
      assert.strictEqual(headers['www-authenticate'], 'Bearer realm="xprofd"');
      assert.strictEqual(json.error.field, 'Authorization');
      for (const wrong of ['', 'x', `${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase(), TOKEN + TOKEN]) {
        assert.strictEqual((await daemon.get(target, { ...ca, ...bearer(wrong) })).status, 401, `${target} with "${wrong}"`);
      }
    }
    assert.strictEqual((await daemon.get('/metrics', { ...ca, ...bearer(TOKEN) })).status, 200);
    assert.strictEqual((await daemon.get('/api/profiles', { ...ca, ...bearer(TOKEN) })).status, 200);
    assert.strictEqual((await daemon.get('/api/kinds', { ...ca, headers: { authorization: `Basic ${TOKEN}` } })).status, 401);
    assert.strictEqual((await daemon.get(`/api/files/x?token=${TOKEN}`, ca)).status, 404, 'a download takes it as a parameter');
    assert.strictEqual((await daemon.get(`/api/kinds?token=${TOKEN}`, ca)).status, 401, 'others do not');
    assert.strictEqual((await daemon.get('/healthz', ca)).status, 200, 'whether it is well is no secret');
    await assert.rejects(daemon.get('/healthz'), /self-signed|certificate/i, 'the certificate is really checked');
    const clear = await exchange(daemon.url(), 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    assert.ok(!clear.text.includes('node_load1'), 'clear text on a port of TLS');
    const { port } = new URL(daemon.url());
    const loopback = await exchange(`http://127.0.0.1:${port}`, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    assert.strictEqual(loopback.text, '', 'only the address that was named is listened on');
  } finally {
    await daemon.stop();
  }
});

test('what is no TLS, or half of it, on a port of TLS costs nothing that stays', async () => {
  const ca = { ca: files.ca };
  const daemon = await startXprofd({ args: tlsArgs(), probe: ca });
  try {
    const sockets = ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', ''].flatMap((bytes) =>
      Array.from({ length: 15 }, () => {
        const socket = connectTo(daemon.url());
        socket.write(Buffer.from(bytes, 'latin1'));
        return socket;
      }));
    assert.strictEqual((await daemon.get('/healthz', ca)).status, 200);
    await within(Promise.all(sockets.map((socket) => socket.whenClosed)), 'the end of all of them', 60000);
    await until(async () => (await daemon.get('/api/self', ca)).json.values.http_connections <= 2, 'their places are free');
    assert.deepStrictEqual(await daemon.stop(), { status: 0, signal: null });
    assert.strictEqual(daemon.stderr, '');
  } finally {
    await daemon.stop();
  }
});

test('many requests on one connection of TLS, with bodies of many records', async () => {
  const daemon = await startXprofd({ args: [...tlsArgs(), ...tokenArgs()], probe: { ca: files.ca } });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: files.ca });
  const hello = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SayHello' });
  const sockets = new Set();
  agent.on('free', (socket) => sockets.add(socket));
  try {
    for (const size of [0, 5000, 16000, 17000, 100000, 1000000]) {
      assert.strictEqual((await daemon.get('/healthz', { agent })).status, 200);
      assert.strictEqual((await daemon.post('/rpc', hello + ' '.repeat(size), { agent })).json?.result, 'Hello!', `${size}`);
    }
    assert.strictEqual(sockets.size, 1);
  } finally {
    agent.destroy();
    await daemon.stop();
  }
});

test('only TLS 1.2 and newer', async () => {
  const daemon = await startXprofd({ args: tlsArgs(), probe: { ca: files.ca } });
  try {
    const { host } = new URL(daemon.url());
    const connect = (version) =>
      spawnSync('openssl', ['s_client', '-connect', host, version, '-cipher', 'ALL:@SECLEVEL=0'], { input: '', encoding: 'utf8' });
    assert.match(connect('-tls1_2').stdout, /Protocol\s*: TLSv1\.2|New, TLSv1\.2/);
    assert.doesNotMatch(connect('-tls1_1').stdout, /Cipher is [A-Z]+-/);
  } finally {
    await daemon.stop();
  }
});

test('a foreign name, a proxy, a page of another site', async () => {
  const daemon = await startXprofd();
  const ask = (headers, target = '/api/kinds', method = 'GET') => daemon.get(target, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
  try {
    for (const host of ['127.0.0.1', 'localhost:1', '[::1]:12300', '192.0.2.1']) {
      assert.strictEqual((await ask({ host })).status, 200, host);
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:12300', '127.0.0.1:1 x', 'localhost:80x']) {
      assert.strictEqual((await ask({ host })).status, 421, host);
    }
    for (const name of ['x-forwarded-for', 'x-real-ip', 'via', 'forwarded']) {
      assert.strictEqual((await ask({ [name]: '203.0.113.7' })).status, 403, name);
    }
    const { host } = new URL(daemon.url());
    assert.strictEqual((await ask({ origin: 'http://evil.example' })).status, 403);
    assert.strictEqual((await ask({ 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.strictEqual((await ask({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).status, 200);
    for (const origin of ['http://evil.example', 'null', 'http://localhost.evil.example', `http://${host}.evil.example`, `http://${host.replace(/\d$/, '')}`]) {
      assert.strictEqual((await ask({ origin }, '/api/profiles', 'POST')).status, 403, origin);
    }
    assert.strictEqual((await ask({ origin: `http://${host}` }, '/api/profiles', 'POST')).status, 400, 'our own page comes through');
    const answer = await ask({ origin: `http://${host}` });
    assert.strictEqual(answer.headers['access-control-allow-origin'], undefined);
    // A line feed in the address is no way to a header.
    const evil = await exchange(daemon.url(), 'GET /api/kinds%0aHost:127.0.0.1:1 HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    assert.strictEqual(evil.status, 400);
    const pair = 'GET /x%20HTTP/1.1%0d%0aHost:a%0d%0a%0d%0aPOST%20/api/profiles HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    assert.strictEqual((await exchange(daemon.url(), pair)).status, 400);
  } finally {
    await daemon.stop();
  }
});

test('another user of this host may read, and may not act without the token', { skip: noNobody }, async () => {
  const daemon = await startXprofd({ args: tokenArgs() });
  const asNobody = (target, options) => {
    const code = `fetch(${JSON.stringify(daemon.url() + target)}, ${JSON.stringify(options)}).then(async (a) => console.log(a.status, (await a.text()).slice(0, 500)))`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { uid: NOBODY, gid: NOBODY, cwd: '/', encoding: 'utf8' });
    assert.notStrictEqual(stdout, '', stderr);
    return stdout;
  };
  try {
    assert.match(asNobody('/api/kinds', {}), /^200 /);
    assert.match(asNobody('/api/self', {}), /"may_act":false/);
    assert.match(asNobody('/api/profiles', {}), /^403 .*only the user that runs xprofd \(uid 0\) and root may do this without the token/);
    assert.match(asNobody('/api/profiles', { method: 'POST', body: '{"pid": 1}' }), /^403 /);
    assert.match(asNobody('/api/profiles', bearer(TOKEN)), /^200 /);
    assert.match(asNobody('/api/profiles', bearer(`${TOKEN}!`)), /^401 /);
    assert.strictEqual((await daemon.get('/api/profiles')).status, 200, 'we are of its user');
    assert.strictEqual((await daemon.get('/api/kinds', bearer('x'))).status, 401, 'a wrong token is wrong everywhere');
  } finally {
    await daemon.stop();
  }
});

test('no secret is shown or printed', async () => {
  const daemon = await startXprofd({ args: [...tokenArgs(), ...tlsArgs()], probe: { ca: files.ca } });
  try {
    for (const target of ['/api/self', '/metrics', '/healthz', '/api/entities']) {
      const { text } = await daemon.get(target, { ca: files.ca });
      assert.ok(!text.includes(TOKEN), target);
    }
    const lines = fs.readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8');
    assert.ok(!lines.includes(TOKEN));
    assert.ok(!(daemon.stdout + daemon.stderr).includes(TOKEN));
  } finally {
    await daemon.stop();
  }
});

test('without a home of its own it asks for data_dir, and uses no folder that others could have made', { skip: noNobody }, () => {
  const env = { PATH: process.env.PATH };
  const { status, stderr } = spawnSync(program, [], { uid: NOBODY, gid: NOBODY, cwd: '/', env, encoding: 'utf8' });
  assert.strictEqual(status, 1);
  assert.match(stderr, /^xprofd: data_dir: HOME is not set; give data_dir a folder of your own$/m);
});

test('a data_dir that everybody can write in, or of another user, is refused', async () => {
  const dir = fs.mkdtempSync(path.join(home, 'data-'));
  fs.chmodSync(dir, 0o777);
  assert.strictEqual(await refusal(['--data_dir', dir]), `xprofd: data_dir: everybody can write in ${dir} (mode 0777); chmod it to 0700, or give a folder below it`);
  const below = await startXprofd({ args: ['--data_dir', path.join(dir, 'below')] });
  assert.deepStrictEqual(await below.stop(), { status: 0, signal: null });
  fs.chmodSync(dir, 0o770); // a group is the choice of who made it
  const shared = await startXprofd({ args: ['--data_dir', dir] });
  assert.deepStrictEqual(await shared.stop(), { status: 0, signal: null });
  if (noNobody) return;
  fs.chownSync(dir, NOBODY, NOBODY);
  assert.match(await refusal(['--data_dir', dir]), /^xprofd: data_dir: .* belongs to uid \d+, and xprofd runs as uid 0; chown it, or give a folder/);
});

/** Which certificate the server shows to a new connection, and which one a file holds. */
function shownBy(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: hostname, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
const heldBy = (file) => new crypto.X509Certificate(fs.readFileSync(file)).fingerprint256;

test('token, certificate and key are renewed while it runs; what is not usable is said and not used', async () => {
  const place = fs.mkdtempSync(path.join(home, 'renewal-'));
  const [first, second, third] = ['rsa', 'ec', 'rsa'].map((type, index) => makeCertificate(place, { name: `n${index}`, type }));
  const at = (name) => path.join(place, name);
  const put = ({ cert, key }) => {
    fs.copyFileSync(cert, at('cert'));
    fs.copyFileSync(key, at('key'));
  };
  const tokens = ['the-first-token-of-all', 'another-token-instead'];
  put(first);
  fs.writeFileSync(at('token'), tokens[0]);
  const daemon = await startXprofd({ args: ['--token_file', at('token'), '--tls_cert', at('cert'), '--tls_key', at('key')], probe: { ca: first.ca } });
  const statusWith = async (token, { ca }) => (await daemon.get('/api/kinds', { ca, ...bearer(token) })).status;
  const shows = ({ cert }, what) => until(async () => (await shownBy(daemon.url())) === heldBy(cert), what, 60000);
  try {
    await shows(first, 'the first certificate');
    assert.strictEqual(await statusWith(tokens[0], first), 200);
    const stream = https.get(`${daemon.url()}/api/live?kind=xprofd`, { ca: first.ca, agent: false, ...bearer(tokens[0]) });
    const [answer] = await within(once(stream, 'response'), 'the live stream');
    const streamEnded = new Promise((resolve) => answer.resume().on('error', () => {}).on('close', resolve));

    put(second);
    fs.writeFileSync(at('token'), tokens[1]);
    daemon.child.kill('SIGHUP');
    await shows(second, 'the second certificate, on SIGHUP');
    assert.strictEqual(await statusWith(tokens[0], second), 401, 'the token before is worth nothing');
    assert.strictEqual(await statusWith(tokens[1], second), 200);
    await within(streamEnded, 'the end of the stream that the token before opened');

    fs.copyFileSync(third.key, at('key'));
    fs.writeFileSync(at('token'), 'short');
    daemon.child.kill('SIGHUP');
    const kept = 'what was read before stays in use';
    await until(() => daemon.stderr.includes(`is not the key of the certificate in tls_cert; ${kept}`), 'a sentence about the key');
    // They are looked at now and then too: between two of the files that change here.
    const short = new RegExp(`^xprofd: token_file: the first line of .* needs 16 to 512 characters; .*; ${kept}$`, 'm');
    await until(() => short.test(daemon.stderr), 'a sentence about the token');
    await shows(second, 'still the second certificate');
    assert.strictEqual(await statusWith(tokens[1], second), 200);
    const isTold = ({ name, text }) => name === 'renewal_failed' && text.startsWith('tls_key: ');
    const events = async () => (await daemon.get('/api/events?from=-300000', { ca: second.ca, ...bearer(tokens[1]) })).json.events;
    await until(async () => (await events()).some(isTold), 'an event that says so');

    put(third);
    await shows(third, 'the third certificate, without a signal');
    assert.strictEqual(await statusWith(tokens[1], third), 200);
  } finally {
    const { status } = await daemon.stop();
    assert.strictEqual(status, 0, daemon.stderr);
  }
});
