'use strict';

// A real Prometheus (Debian's) scrapes xprofd beside the demo service and answers PromQL about it: once in clear text
// on loopback, once by TLS with the token.

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, before, after } = require('node:test');

const { startXprofd, request } = require('./support/xprofd');
const { startApp } = require('./support/app');
const { makeCertificate } = require('./support/certificate');
const { until } = require('./support/until');

const TOKEN = 'a-token-for-prometheus-only';
const LIMIT_MS = 90000;
const SERVICE = `
const http = require('node:http');
const server = http.createServer((request, response) => response.end('x'.repeat(100)));
server.listen(0, '127.0.0.1', () => {
  say('up');
  const { port } = server.address();
  setInterval(() => http.get({ port, host: '127.0.0.1' }, (response) => response.resume()), 50);
});`;

let home;
let app;
let clear;
let secure;
let prometheus;

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function configuration(ca) {
  return `
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: xprofd
    static_configs: [{ targets: ['${new URL(clear.url()).host}'] }]
  - job_name: secure
    scheme: https
    authorization: { type: Bearer, credentials_file: ${path.join(home, 'token')} }
    tls_config: { ca_file: ${ca} }
    static_configs: [{ targets: ['${new URL(secure.url()).host}'] }]
`;
}

async function startPrometheus(ca) {
  fs.writeFileSync(path.join(home, 'prometheus.yml'), configuration(ca));
  const port = await freePort();
  const words = [`--config.file=${path.join(home, 'prometheus.yml')}`, `--storage.tsdb.path=${path.join(home, 'tsdb')}`, `--web.listen-address=127.0.0.1:${port}`];
  const child = spawn('prometheus', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const one = { child, url: `http://127.0.0.1:${port}`, stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (text) => (one.stderr += text));
  one.ended = new Promise((resolve) => {
    child.on('error', (error) => {
      one.stderr += error.message;
      resolve();
    });
    child.on('exit', resolve);
  });
  return one;
}

before(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-prom-'));
  fs.writeFileSync(path.join(home, 'token'), TOKEN);
  const { cert, key, ca } = makeCertificate(home);
  app = startApp(SERVICE);
  await app.said('up');
  clear = await startXprofd();
  secure = await startXprofd({ args: ['--token_file', path.join(home, 'token'), '--tls_cert', cert, '--tls_key', key], probe: { ca } });
  prometheus = await startPrometheus(cert);
});
after(async () => {
  if (prometheus) {
    prometheus.child.kill('SIGTERM');
    await prometheus.ended;
  }
  await Promise.all([clear, secure].filter(Boolean).map((daemon) => daemon.stop()));
  if (app) await app.stop();
  fs.rmSync(home, { recursive: true, force: true });
});

async function query(expression) {
  const answer = await request(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`).catch(() => null);
  return answer && answer.json && answer.json.status === 'success' ? answer.json.data.result : [];
}

/** The value of an expression with one result, when it is one that `accept` takes. */
async function ask(expression, accept) {
  let last;
  const probe = async () => {
    last = await query(expression);
    return last.length === 1 && accept(Number(last[0].value[1])) ? last[0] : undefined;
  };
  try {
    return await until(probe, expression, LIMIT_MS);
  } catch (error) {
    error.message += `; last ${JSON.stringify(last)}; Prometheus says ${prometheus.stderr.slice(-1500)}`;
    throw error;
  }
}

test('both targets are up, and what they give is taken without a warning', async () => {
  await ask('up{job="xprofd"}', (value) => value === 1);
  await ask('up{job="secure"}', (value) => value === 1);
  await ask('scrape_samples_scraped{job="xprofd"}', (value) => value > 100);
  assert.doesNotMatch(prometheus.stderr, /level=(warn|error)[^\n]*(scrape|append|sample|exemplar|metadata)/i);
  let errors;
  await until(async () => {
    const { json } = await request(`${prometheus.url}/api/v1/targets`);
    errors = json.data.activeTargets.map(({ lastError }) => lastError);
    return errors.join('|') === '|'; // a scrape that takes longer than its second is one, until the next
  }, 'both targets without an error', LIMIT_MS).catch((error) => assert.fail(`${error.message}: ${errors}`));
});

test('PromQL about the service: requests a second, heap, delay of the loop', async () => {
  const ours = `job="xprofd",pid="${app.pid}",thread_id="0"`;
  const rate = await ask(`rate(xprofiler_http_requests_total{${ours}}[10s])`, (value) => value > 2 && value < 40);
  assert.match(rate.metric.name, /app\.js$/);
  await ask(`xprofiler_heap_used_bytes{${ours}}`, (value) => value > 1e6 && value < 1e9);
  await ask(`xprofiler_loop_delay_quantile_seconds{${ours},q="0.99"}`, (value) => value > 0 && value < 30);
  await ask(`sum by (pid) (rate(xprofiler_http_responses_by_class_total{${ours},class="2xx"}[10s]))`, (value) => value > 2);
  await ask(`xprofiler_heap_used_bytes{job="secure",pid="${app.pid}",thread_id="0"}`, (value) => value > 1e6);
});

test('PromQL about the host and about xprofd', async () => {
  await ask('sum(rate(node_cpu_seconds_total{job="xprofd"}[10s]))', (value) => Math.abs(value - os.cpus().length) < os.cpus().length * 0.3);
  await ask('node_load1{job="xprofd"}', (value) => value >= 0);
  await ask('rate(process_cpu_seconds_total{job="xprofd"}[10s])', (value) => value > 0 && value < 1);
  const types = (await request(`${prometheus.url}/api/v1/metadata?metric=xprofiler_http_requests`)).json;
  const plain = (await request(`${prometheus.url}/api/v1/metadata?metric=xprofiler_http_requests_total`)).json;
  const [found] = Object.values({ ...types.data, ...plain.data });
  assert.strictEqual(found[0].type, 'counter');
});

test('a process that ended has no values any more, soon', async () => {
  app.child.kill('SIGKILL');
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    if ((await query(`xprofiler_heap_used_bytes{job="xprofd",pid="${app.pid}"}`)).length === 0) break;
    assert.ok(Date.now() < deadline, 'the series of a dead process goes on');
  }
});
