'use strict';

// A stand-in for xprofd's HTTP server, for what is hard to bring about with a real one: figures that are the same in
// every run, thousands of processes, refusals, a stream that breaks. Speaks docs/xprofd-api.md.

const http = require('node:http');
const { build } = require('../../../scripts/console');

const CSP = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'";
const PERIOD_MS = 1000;
const PROFILE_MS = 4000; // its progress is to be seen, also on a busy machine
const HOUR_MS = 3600000;
const MIB = 1024 * 1024;

// kind: [field, type, unit, what it is at a time: of a seed and the phase of a slow wave 0 … 1]. Counters: the rate.
const FIELDS = {
  process: [
    ['cpu_user', 'counter', 'seconds', (seed, wave) => 0.08 * seed + 0.3 * wave * seed],
    ['cpu_system', 'counter', 'seconds', (seed) => 0.05 * seed],
    ['wait', 'counter', 'seconds', (seed, wave) => 0.02 * wave],
    ['rss', 'gauge', 'bytes', (seed, wave) => (90 + 60 * seed + 20 * wave) * MIB],
    ['pss', 'gauge', 'bytes', (seed) => (70 + 60 * seed) * MIB],
    ['uss', 'gauge', 'bytes', (seed) => (55 + 60 * seed) * MIB],
    ['threads', 'gauge', '', () => 11],
    ['read_bytes', 'counter', 'bytes', (seed, wave) => 2e5 * wave],
    ['write_bytes', 'counter', 'bytes', (seed) => 9e4 * seed],
  ],
  node: [
    ['cpu_now', 'gauge', 'ratio', (seed, wave) => 0.12 * seed + 0.35 * wave * seed],
    ['rss', 'gauge', 'bytes', (seed, wave) => (90 + 60 * seed + 20 * wave) * MIB],
    ['rss_anon', 'gauge', 'bytes', (seed, wave) => (50 + 60 * seed + 20 * wave) * MIB],
    ['rss_file', 'gauge', 'bytes', () => 40 * MIB],
    ['run_queue_wait_seconds', 'counter', 'seconds', (seed, wave) => 0.02 * wave],
    ['cgroup_cpu_throttled_seconds', 'counter', 'seconds', (seed, wave) => (wave > 0.9 ? 0.08 : 0)],
    ['cgroup_cpu_usage_seconds', 'counter', 'seconds', (seed, wave) => 0.4 + wave / 3],
    ['cpu_js_main_seconds', 'counter', 'seconds', (seed, wave) => 0.1 * seed + 0.3 * wave * seed],
    ['cpu_libuv_seconds', 'counter', 'seconds', (seed) => 0.02 * seed],
    ['cpu_v8_seconds', 'counter', 'seconds', (seed, wave) => 0.03 * wave],
  ],
  thread: [
    ['heap_used', 'gauge', 'bytes', (seed, wave) => (30 + 40 * seed + 12 * wave) * MIB],
    ['heap_limit', 'gauge', 'bytes', () => 2096 * MIB],
    ['new_space_used', 'gauge', 'bytes', (seed, wave) => 8 * wave * MIB],
    ['old_space_used', 'gauge', 'bytes', (seed) => (30 + 40 * seed) * MIB],
    ['code_space_used', 'gauge', 'bytes', () => 2 * MIB],
    ['total_gc_duration', 'counter', 'seconds', (seed, wave) => 0.01 * wave],
    ['total_scavange_duration', 'counter', 'seconds', (seed, wave) => 0.006 * wave],
    ['total_marksweep_duration', 'counter', 'seconds', (seed, wave) => 0.004 * wave],
    ['loop_delay_p50_seconds', 'gauge', 'seconds', (seed) => 0.001 + 0.001 * seed],
    ['loop_delay_p99_seconds', 'gauge', 'seconds', (seed, wave) => 0.004 + 0.02 * wave * seed],
    ['loop_delay_max_seconds', 'gauge', 'seconds', (seed, wave) => 0.01 + 0.05 * wave * seed],
    ['loop_blocked_seconds', 'gauge', 'seconds', () => 0],
    ['loop_idle_total_seconds', 'counter', 'seconds', (seed, wave) => 0.8 - 0.4 * wave * seed],
    ['loop_utilization', 'gauge', 'ratio', (seed, wave) => 0.2 + 0.4 * wave * seed],
    ['thread_cpu_seconds', 'counter', 'seconds', (seed, wave) => 0.1 * seed + 0.3 * wave * seed],
    ['http_requests_total', 'counter', '', (seed, wave) => 40 + 200 * wave],
    ['http_responses_total', 'counter', '', (seed, wave) => 40 + 200 * wave],
    ['http_p50_seconds', 'gauge', 'seconds', (seed) => 0.004 + 0.002 * seed],
    ['http_p99_seconds', 'gauge', 'seconds', (seed, wave) => 0.02 + 0.05 * wave],
  ],
  host_cpu_total: [
    ...['user', 'nice', 'system', 'iowait', 'irq', 'softirq', 'steal', 'idle'].map((name, index) => [name, 'counter', 'seconds', (seed, wave) => [0.9, 0.02, 0.3, 0.1, 0, 0.04, 0.01, 2.6][index] * (index < 7 ? 0.4 + wave : 1)]),
    ['busy', 'gauge', 'ratio', (seed, wave) => 0.15 + 0.3 * wave],
    ['cpus', 'gauge', '', () => 4],
  ],
  host_cpu: ['user', 'nice', 'system', 'iowait', 'irq', 'softirq', 'idle'].map((name, index) => [name, 'counter', 'seconds', (seed, wave) => [0.2, 0.01, 0.08, 0.02, 0, 0.01, 0.65][index] * (0.5 + wave / 2)]),
  host_softirq: ['net_tx', 'net_rx', 'tasklet', 'hrtimer'].map((name, index) => [name, 'counter', '', (seed, wave) => [3, 400, 1, 20][index] * (0.4 + wave)]),
  host_kernel: [['pid_max', 'gauge', '', () => 4194304]],
  host_system: [['uptime', 'gauge', 'seconds', () => 93784], ['boot_time', 'gauge', 'seconds', () => 1764000000]],
  host_load: [['load1', 'gauge', '', (seed, wave) => 1 + 2 * wave], ['load5', 'gauge', '', (seed, wave) => 1.4 + wave], ['load15', 'gauge', '', () => 1.6]],
  host_memory: [['total', 'gauge', 'bytes', () => 16384 * MIB], ['used', 'gauge', 'bytes', (seed, wave) => (6000 + 900 * wave) * MIB], ['available', 'gauge', 'bytes', (seed, wave) => (10384 - 900 * wave) * MIB], ['free', 'gauge', 'bytes', () => 3100 * MIB]],
  host_pressure: [['cpu_some', 'counter', 'seconds', (seed, wave) => 0.05 * wave], ['memory_some', 'counter', 'seconds', () => 0], ['io_some', 'counter', 'seconds', (seed, wave) => 0.02 * wave]],
  host_disk: [['read_bytes', 'counter', 'bytes', (seed, wave) => 4e6 * wave], ['written_bytes', 'counter', 'bytes', (seed) => 2e6 * seed], ['utilization', 'gauge', 'ratio', (seed, wave) => 0.3 * wave], ['read_await', 'gauge', 'seconds', () => 0.0008], ['write_await', 'gauge', 'seconds', (seed, wave) => 0.001 + 0.002 * wave], ['queue', 'gauge', '', (seed, wave) => wave]],
  host_network: [['receive_bytes', 'counter', 'bytes', (seed, wave) => 8e5 * wave], ['transmit_bytes', 'counter', 'bytes', (seed, wave) => 3e6 * wave]],
  host_tcp: [['retransmit_ratio', 'gauge', 'ratio', (seed, wave) => (wave > 0.8 ? 0.002 : 0)], ['established', 'gauge', '', () => 84], ['listen_overflows', 'counter', '', () => 0]],
  plugin_redis: [['ops', 'counter', '', (seed, wave) => 900 * wave], ['memory', 'gauge', 'bytes', () => 64 * MIB]],
};
const LABELS = { process: ['pid', 'name'], node: ['pid', 'name'], thread: ['pid', 'name', 'thread_id'], host_cpu: ['cpu'], host_softirq: ['cpu'], host_disk: ['device'], host_network: ['device'], plugin_redis: ['plugin', 'server'] };
const NAMES = ['shop', 'search', 'mailer', 'gateway', 'worker', 'auth'];

const waveAt = (seed, at) => 0.5 + 0.32 * Math.sin(at / 47000 + seed * 7) + 0.18 * Math.sin(at / 9000 + seed * 3);

function kindsJson() {
  const fieldOf = ([key, type, unit]) => ({ key, type, unit, family: null, labels: null, help: `${key.replaceAll('_', ' ')} of it`, source: '/proc' });
  return Object.entries(FIELDS).map(([name, fields]) => ({ name, help: `entities of ${name}`, labels: LABELS[name] || [], info: [], stale_after_ms: 3500, fields: fields.map(fieldOf) }));
}

const INFO = { host_kernel: { nodename: 'web-1', sysname: 'Linux', release: '6.1.0', machine: 'x86_64' } };

/** Entities that exist: [{ kind, key, parent, labels, info, seed }]. */
function population(count) {
  const all = Object.keys(FIELDS).filter((kind) => kind.startsWith('host_') && !LABELS[kind]).map((kind) => ({ kind, key: '', parent: null, labels: {}, info: INFO[kind] || {}, seed: 1 }));
  for (let cpu = 0; cpu < 4; cpu++) for (const kind of ['host_cpu', 'host_softirq']) all.push({ kind, key: String(cpu), parent: null, labels: { cpu: String(cpu) }, info: {}, seed: 0.5 + cpu / 8 });
  all.push({ kind: 'host_disk', key: 'sda', parent: null, labels: { device: 'sda' }, info: {}, seed: 1 });
  all.push({ kind: 'host_network', key: 'eth0', parent: null, labels: { device: 'eth0' }, info: {}, seed: 1 });
  all.push({ kind: 'plugin_redis', key: 'redis/main', parent: null, labels: { plugin: 'redis', server: 'main' }, info: {}, seed: 1 });
  for (let index = 0; index < count; index++) {
    const pid = 4711 + index;
    const key = `${pid}.${98765 + index}`;
    const name = index < NAMES.length ? NAMES[index] : `service-${index}`;
    const seed = 1 - (index % 10) / 11;
    const core = index === 2 ? 'none' : index === 5 ? 'silent' : 'running';
    const labels = { pid: String(pid), name };
    all.push({ kind: 'process', key, parent: null, labels, info: { name, core, node_version: 'v22.11.0', command: `node /srv/${name}/main.js`, user: 'app' }, seed });
    if (core === 'none') continue;
    all.push({ kind: 'node', key, parent: null, labels, info: { version: '4.0.0', node_version: 'v22.11.0' }, seed });
    for (const id of index === 0 ? [0, 1, 2] : [0]) all.push({ kind: 'thread', key: `${key}/${id}`, parent: key, labels: { ...labels, thread_id: String(id) }, info: {}, seed: seed * (1 - id / 4) });
  }
  return all;
}

class ConsoleMock {
  /**
   * options: processes; token: what must be shown; refuse: { status, message } for POST /api/profiles; denied: fields;
   * cameAt: when all entities came, of which /api/entities then tells nothing for a range before it;
   * fixed: { 'kind key': { field: what it is, or the rate of a counter } }
   */
  constructor(options = {}) {
    this.options = { processes: 6, token: '', refuse: null, denied: [], cameAt: 0, fixed: {}, ...options };
    this.entities = population(this.options.processes);
    this.profiles = [];
    this.totals = new Map();
    this.streams = new Set();
    this.frames = 0;
    this.isAway = false;
    this.began = Date.now();
  }

  async start() {
    this.files = new Map(build().map(({ name, type, bytes }) => [`/${name}`, { type, bytes }]));
    this.server = http.createServer((request, response) => this.answer(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
    this.timer = setInterval(() => this.frame(), PERIOD_MS);
    return this;
  }

  stop() {
    clearInterval(this.timer);
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** Ends every stream; while `isAway` nothing is answered. */
  drop() {
    for (const { response } of this.streams) response.destroy();
  }

  values(entity, at, only = []) {
    const values = {};
    const quality = {};
    for (const [field, type, , make] of FIELDS[entity.kind]) {
      if (only.length > 0 && !only.includes(field)) continue;
      const isDenied = this.options.denied.includes(field);
      if (isDenied) quality[field] = 'denied';
      const rate = this.options.fixed[`${entity.kind} ${entity.key}`]?.[field] ?? make(entity.seed, waveAt(entity.seed, at));
      values[field] = isDenied ? null : type === 'counter' ? this.total(entity, field, rate, at) : rate;
    }
    return { values, quality };
  }

  /** A counter that grows by its rate of the moment. */
  total(entity, field, rate, at) {
    const key = `${entity.kind} ${entity.key} ${field}`;
    const known = this.totals.get(key) || { at, sum: 1000 };
    known.sum += (rate * (at - known.at)) / 1000;
    known.at = at;
    this.totals.set(key, known);
    return known.sum;
  }

  pick(query) {
    const list = (name) => (query.get(name) || '').split(',').filter(Boolean);
    const [kinds, keys] = [list('kind'), list('key')];
    const isIn = (names, ...own) => names.length === 0 || own.some((name) => names.includes(name));
    return this.entities.filter(({ kind, key, parent }) => isIn(kinds, kind) && isIn(keys, key, parent));
  }

  entityJson(entity, at, only) {
    const { kind, key, parent, labels, info } = entity;
    return { kind, key, parent, labels, info, since_ms: this.began, updated_ms: at, gone: false, ...this.values(entity, at, only) };
  }

  frame() {
    const at = Date.now();
    this.frames++;
    for (const { response, query } of this.streams) {
      if (response.writableNeedDrain) continue; // who is too slow loses frames, as with xprofd
      const only = (query.get('fields') || '').split(',').filter(Boolean);
      const entities = this.pick(query).map((entity) => ({ kind: entity.kind, key: entity.key, ...this.values(entity, at, only) }));
      response.write(`event: frame\ndata: ${JSON.stringify({ at_ms: at, entities })}\n\n`);
    }
    for (const profile of this.profiles) {
      if (profile.state !== 'running' || at < profile.ends_ms) continue;
      Object.assign(profile, { state: 'complete', size: 45678 });
      this.tell('profile', profile);
    }
  }

  tell(event, data) {
    for (const { response } of this.streams) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** A process that comes, or goes, while the page is open. */
  come(name) {
    const at = Date.now();
    const entity = { kind: 'process', key: '9999.1', parent: null, labels: { pid: '9999', name }, info: { name, core: 'none' }, seed: 0.3 };
    this.entities.push(entity);
    this.tell('came', this.entityJson(entity, at, []));
    this.tell('event', { at_ms: at, name: 'process_came', kind: 'process', key: entity.key, text: `${name} (9999)` });
  }

  events() {
    const shop = this.entities.find(({ kind }) => kind === 'process');
    const of = (ago, name, text) => ({ at_ms: this.began - ago, name, kind: 'process', key: shop?.key || '', text });
    return [of(20000, 'loop_blocked', 'shop (pid 4711), main thread: one turn of its event loop took 0.81 s'), of(95000, 'core_came', 'shop (pid 4711) has started xprofiler'), of(96000, 'process_came', 'shop (pid 4711) has begun: node /srv/shop/main.js'), { at_ms: this.began - 1800000, name: 'oom_kill', kind: 'cgroup', key: '/app', text: 'memory ran out in cgroup /app (its limit: 512 MB): the kernel killed 1 process of it' }];
  }

  seriesJson(query) {
    const now = Date.now();
    const time = (name) => { const value = Number(query.get(name) || 0); return value <= 0 ? now + value : value; };
    const [from, to] = [time('from'), time('to')];
    const step = Number(query.get('step')) || 1000;
    const first = Math.floor(from / step) * step;
    const steps = Math.max(0, Math.ceil((to - first) / step));
    const series = this.pick(query).flatMap((entity) =>
      query.get('fields').split(',').flatMap((name) => {
        const field = FIELDS[entity.kind].find(([key]) => key === name);
        if (!field) return [];
        const values = Array.from({ length: steps }, (_, index) => {
          const at = first + index * step;
          const isKept = at <= now && at > this.began - HOUR_MS && !this.options.denied.includes(name);
          return isKept ? field[3](entity.seed, waveAt(entity.seed, at)) : null;
        });
        return [{ key: entity.key, field: name, values, max: field[1] === 'gauge' ? values : undefined }];
      }));
    return { from_ms: first, step_ms: step, steps, series };
  }

  answer(request, response) {
    if (this.isAway) {
      request.socket.destroy();
      return;
    }
    const { pathname, searchParams: query } = new URL(request.url, this.url);
    const file = this.files.get(pathname === '/' ? '/index.html' : pathname);
    if (file) {
      response.writeHead(200, { 'Content-Type': file.type, 'Content-Security-Policy': CSP });
      response.end(file.bytes);
      return;
    }
    const { token } = this.options;
    if (token && request.headers.authorization !== `Bearer ${token}` && query.get('token') !== token) {
      this.refuse(response, 401, 'a token is needed');
      return;
    }
    this.route(request, response, pathname, query);
  }

  refuse(response, status, message, field = null) {
    this.json(response, { error: { status, field, message } }, status);
  }

  json(response, data, status = 200) {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(data));
  }

  route(request, response, pathname, query) {
    const at = Date.now();
    const [, , name, id] = pathname.split('/').map(decodeURIComponent);
    if (pathname === '/api/kinds') this.json(response, { kinds: kindsJson() });
    else if (pathname === '/api/entities') {
      const only = (query.get('fields') || '').split(',').filter(Boolean);
      const isBefore = Number(query.get('to')) > 0 && Number(query.get('to')) < this.options.cameAt;
      this.json(response, { at_ms: at, entities: isBefore ? [] : this.pick(query).map((entity) => this.entityJson(entity, at, only)) });
    } else if (pathname === '/api/series') this.json(response, this.seriesJson(query));
    else if (pathname === '/api/events') this.json(response, { events: this.events().filter((event) => event.at_ms >= (Number(query.get('from')) <= 0 ? at + Number(query.get('from')) : Number(query.get('from')))) });
    else if (pathname === '/api/live') this.stream(response, query);
    else if (name === 'profiles' && request.method === 'POST') this.take(request, response);
    else if (name === 'profiles' && id && request.method === 'DELETE') {
      this.profiles = this.profiles.filter((profile) => profile.id !== id);
      this.json(response, {});
    } else if (name === 'profiles') this.json(response, { profiles: this.profiles });
    else if (name === 'files') {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end(`<!doctype html><title>flame graph of ${id}</title>`);
    } else this.refuse(response, 404, 'there is no such path');
  }

  stream(response, query) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': hello\n\n');
    const stream = { response, query };
    this.streams.add(stream);
    response.on('close', () => this.streams.delete(stream));
  }

  async take(request, response) {
    let text = '';
    for await (const piece of request) text += piece;
    const { refuse } = this.options;
    if (refuse) {
      this.refuse(response, refuse.status, refuse.message, refuse.field);
      return;
    }
    const { pid, kind, thread_id: thread = 0 } = JSON.parse(text);
    const at = Date.now();
    const process = this.entities.find(({ labels }) => labels.pid === String(pid));
    const profile = { id: `p${this.profiles.length + 1}`, pid, key: process.key, name: process.labels.name, thread_id: thread, kind, state: 'running', started_ms: at, ends_ms: at + PROFILE_MS, paused_ms: null, size: null, error: null, formats: ['html', 'cpuprofile', 'pprof', 'folded', 'speedscope', 'trace'] };
    this.profiles.push(profile);
    this.json(response, profile, 202);
  }
}

module.exports = { ConsoleMock };

// For work on the console: node test/e2e/support/console_mock.js [NUMBER OF PROCESSES]
if (require.main === module) new ConsoleMock({ processes: Number(process.argv[2] || 6) }).start().then(({ url }) => console.log(url));
