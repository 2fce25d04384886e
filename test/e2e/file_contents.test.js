'use strict';

// What is inside the files: the schemas that DevTools and old consumers read.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { describe, test, before, after } = require('node:test');
const { startApp } = require('./support/app');
const { until } = require('./support/until');

const BODY = `
  const http = require('node:http');
  const net = require('node:net');
  class KnownClassOfTheTest {
    constructor(i) { this.number = 123454321 + i; this.text = 'known text ' + i; }
  }
  globalThis.known = Array.from({ length: 50 }, (_, i) => new KnownClassOfTheTest(i));
  function hotFunction(n) {
    return n < 2 ? n : hotFunction(n - 1) + hotFunction(n - 2);
  }
  function keeper() {
    globalThis.kept = (globalThis.kept || []).concat(Array.from({ length: 3000 }, (_, i) => ({ i, list: [i] }))).slice(-60000);
  }
  let hot = false;
  (function work() {
    if (hot) hotFunction(30);
    setTimeout(work, 1);
  })();
  const server = http.createServer((request, response) => {
    if (request.url.startsWith('/slow')) setTimeout(() => response.end('slow'), 900);
    else { response.statusCode = request.url.startsWith('/missing') ? 404 : 200; response.end('ok'); }
  });
  const get = (url) => http.get({ port: server.address().port, host: '127.0.0.1', path: url, agent: false }, (r) => r.resume().on('end', () => say('got ' + url)));
  net.createServer().listen(__dirname + '/pipe.sock');
  setInterval(() => {}, 123456);
  process.on('SIGUSR2', () => {});
  server.listen(0, '127.0.0.1', () => say('ready ' + server.address().port));
  serve({
    hot() { hot = true; say('hot'); },
    cold() { hot = false; },
    keep() { setInterval(keeper, 10); },
    collect() { for (let i = 0; i < 3; i++) globalThis.gc(); say('collected'); },
    requests() { get('/plain?a=1,2'); get('/missing'); get('/slow'); },
  });`;
const SECRETS = { MY_API_TOKEN: 'token-5f3a', DB_PASSWORD: 'pass-77c1', AWS_SECRET_ACCESS_KEY: 'key-0b1d' };
const isLinux64 = process.platform === 'linux' && process.arch === 'x64';

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const isCount = (value) => Number.isInteger(value) && value >= 0;

describe('contents of the files', { timeout: 240000 }, () => {
  let app;
  let rpc;
  before(async () => {
    const env = { ...SECRETS, PLAIN_VARIABLE: 'plain "text" \u00e9', SOME_URL: 'redis://user:hidden-9d2e@host:1/0' };
    app = startApp(BODY, { args: ['--expose-gc'], env, config: { patch_http_timeout: 0.4 } });
    rpc = await app.rpc();
    await until(() => /^ready \d+/m.test(app.stdout), 'the server listens');
  });
  after(() => app.stop());

  const make = async (method, params = {}) => {
    const reply = await rpc.call(method, { ...params, wait: true }, 120000);
    return { reply, file: reply.filepath };
  };

  /** A report for which the thread answered, and that fits: on a busy machine a thread may not come in time. */
  const wholeReport = (fits = () => true) =>
    until(async () => {
      const { reply, file } = await make('diag_report');
      const report = read(file);
      return reply.js_available && fits(report) && report;
    }, 'a whole report');

  function checkCallFrame(frame, keys) {
    assert.deepStrictEqual(Object.keys(frame), keys);
    assert.strictEqual(typeof frame.functionName, 'string');
    assert.strictEqual(typeof frame.url, 'string');
    assert.match(frame.scriptId, /^\d+$/);
    assert.ok(isCount(frame.lineNumber) && isCount(frame.columnNumber), JSON.stringify(frame));
  }

  /** Where a function of the program is, as DevTools counts: from 0; the column is that of "(". */
  function placeOf(name) {
    const lines = fs.readFileSync(path.join(app.home, 'app.js'), 'utf8').split('\n');
    const lineNumber = lines.findIndex((line) => line.includes(`function ${name}(`));
    return { lineNumber, columnNumber: lines[lineNumber].indexOf(`${name}(`) + name.length };
  }

  test('.cpuprofile: the structure DevTools loads, and the hot function has most samples', async () => {
    app.tell('hot');
    await app.said('hot');
    const { reply, file } = await make('start_cpu_profiling', { profiling_time: 800 });
    app.tell('cold');
    const profile = read(file);
    const keys = ['typeId', 'title', 'nodes', 'startTime', 'endTime', 'samples', 'timeDeltas', 'httpDetail'];
    assert.deepStrictEqual(Object.keys(profile), keys);
    assert.deepStrictEqual([profile.typeId, profile.title, profile.httpDetail], ['xprofiler-cpu-profile', 'xprofiler', []]);
    const byId = new Map(profile.nodes.map((node) => [node.id, node]));
    assert.strictEqual(byId.size, profile.nodes.length, 'ids are unique');
    const parents = new Map();
    for (const node of profile.nodes) {
      checkCallFrame(node.callFrame, ['functionName', 'scriptId', 'bailoutReason', 'url', 'lineNumber', 'columnNumber']);
      assert.ok(isCount(node.id) && isCount(node.hitCount));
      for (const child of node.children) {
        assert.ok(byId.has(child), `child ${child} of ${node.id}`);
        assert.ok(!parents.has(child), `${child} has one parent`);
        parents.set(child, node.id);
      }
      const ticks = (node.positionTicks || []).reduce((sum, { line, ticks: n }) => {
        assert.ok(line >= 1 && n >= 1);
        return sum + n;
      }, 0);
      assert.ok(ticks <= node.hitCount, `${ticks} of ${node.hitCount}`);
    }
    const roots = profile.nodes.filter(({ id }) => !parents.has(id));
    assert.deepStrictEqual(roots.map(({ callFrame }) => callFrame.functionName), ['(root)']);
    assert.strictEqual(profile.nodes[0], roots[0], 'the root is first');
    assert.strictEqual(profile.samples.length, profile.timeDeltas.length);
    assert.strictEqual(profile.samples.length, reply.samples);
    profile.samples.forEach((id) => assert.ok(byId.has(id), `sample of ${id}`));
    profile.timeDeltas.forEach((delta) => assert.ok(isCount(delta), `${delta}`));
    const lasted = profile.endTime - profile.startTime;
    assert.ok(lasted > 700000 && lasted < 5000000, `${lasted} us`);
    assert.ok(profile.timeDeltas.reduce((sum, delta) => sum + delta, 0) <= lasted, 'the samples are inside');
    const hot = profile.nodes.filter(({ callFrame }) => callFrame.functionName === 'hotFunction');
    assert.ok(hot.length > 0);
    const place = placeOf('hotFunction');
    for (const { callFrame } of hot) {
      assert.deepStrictEqual({ lineNumber: callFrame.lineNumber, columnNumber: callFrame.columnNumber }, place);
      assert.ok(callFrame.url.endsWith('/app.js'));
    }
    const ids = new Set(hot.map(({ id }) => id));
    const share = profile.samples.filter((id) => ids.has(id)).length / profile.samples.length;
    assert.ok(share > 0.5, `${Math.round(share * 100)} % of the samples`);
    assert.ok(hot.some(({ positionTicks }) => positionTicks && positionTicks.length > 0), 'ticks by line');
  });

  test('.cpuprofile: httpDetail with enable_http_profiling', async () => {
    await rpc.call('set_config', { enable_http_profiling: true });
    await rpc.call('start_cpu_profiling');
    app.tell('requests');
    for (const url of ['/plain?a=1,2', '/missing', '/slow']) await app.said(`got ${url}`);
    const { file } = await make('stop_cpu_profiling');
    await rpc.call('set_config', { enable_http_profiling: false });
    const details = read(file).httpDetail.map((line) => /^(\d+),(.*),([A-Z]+),([01]),(\d+),(\d+)$/.exec(line).slice(1));
    const of = (url) => details.filter((detail) => detail[1] === url).map(([, , ...rest]) => rest);
    assert.deepStrictEqual(of('/plain?a=1,2').map((rest) => rest.slice(0, 3)), [['GET', '1', '200']]);
    assert.deepStrictEqual(of('/missing').map((rest) => rest.slice(0, 3)), [['GET', '1', '404']]);
    const slow = of('/slow');
    const timeout = slow.find(([, sent]) => sent === '0');
    assert.ok(timeout && Number(timeout[3]) >= 400, `a timeout after 400 ms: ${JSON.stringify(slow)}`);
    details.forEach(([offset]) => assert.ok(Number(offset) < 30000, `ms since the start: ${offset}`));
  });

  test('.heapprofile: the tree of callFrame, selfSize and children', async () => {
    app.tell('keep');
    const { reply, file } = await make('start_heap_profiling', { profiling_time: 600, sampling_interval_bytes: 16384 });
    const { head, samples } = read(file);
    const ids = new Map();
    const walk = (node) => {
      checkCallFrame(node.callFrame, ['functionName', 'scriptId', 'url', 'lineNumber', 'columnNumber']);
      assert.ok(isCount(node.selfSize) && Array.isArray(node.children));
      ids.set(node.id, node);
      node.children.forEach(walk);
    };
    walk(head);
    assert.strictEqual(head.callFrame.functionName, '(root)');
    assert.strictEqual(ids.size, reply.nodes, 'ids are unique');
    const keepers = [...ids.values()].filter(({ callFrame }) => callFrame.functionName === 'keeper');
    assert.ok(keepers.length > 0);
    keepers.forEach(({ callFrame }) => assert.strictEqual(callFrame.lineNumber, placeOf('keeper').lineNumber));
    assert.ok(samples.length > 0);
    samples.forEach(({ nodeId, size }) => assert.ok(ids.has(nodeId) && size > 0));
  });

  test('.gcprofile: each collection with the spaces before and after', async () => {
    await rpc.call('start_gc_profiling');
    app.tell('collect');
    await app.said('collected');
    const { reply, file } = await make('stop_gc_profiling');
    const profile = read(file);
    assert.deepStrictEqual(Object.keys(profile), ['startTime', 'gc', 'stopTime']);
    assert.ok(profile.stopTime > profile.startTime && profile.stopTime < 1e9, 'monotonic seconds');
    assert.strictEqual(profile.gc.length, reply.collections);
    const keys = ['totalSpentfromStart', 'totalTimesfromStart', 'timeFromStart', 'start', 'type', 'before', 'end', 'after'];
    const spaceKeys = ['name', 'space_size', 'space_used_size', 'space_available_size', 'physical_space_size'];
    let last = { totalTimesfromStart: 0, totalSpentfromStart: 0, end: 0 };
    for (const entry of profile.gc) {
      assert.deepStrictEqual(Object.keys(entry), keys);
      assert.ok(['scavenge', 'marksweep', 'marking', 'weakcallbacks'].includes(entry.type) || isCount(entry.type));
      assert.ok(entry.end >= entry.start && entry.start >= last.end, `${entry.start} ${entry.end}`);
      assert.ok(entry.totalTimesfromStart > last.totalTimesfromStart);
      assert.ok(entry.totalSpentfromStart >= last.totalSpentfromStart);
      for (const spaces of [entry.before, entry.after]) {
        spaces.forEach((space) => assert.deepStrictEqual(Object.keys(space), spaceKeys));
        assert.ok(spaces.some(({ name, space_used_size }) => name === 'old_space' && space_used_size > 0));
      }
      last = entry;
    }
    assert.ok(profile.gc.filter(({ type }) => type === 'marksweep').length >= 3, profile.gc.map(({ type }) => type).join());
    assert.ok(last.end <= (profile.stopTime - profile.startTime) * 1000 + 1);
  });

  function checkSnapshot(file) {
    const { snapshot, nodes, edges, strings } = read(file);
    const { node_fields, node_types, edge_fields, edge_types } = snapshot.meta;
    const width = node_fields.length;
    assert.strictEqual(nodes.length, snapshot.node_count * width);
    assert.strictEqual(edges.length, snapshot.edge_count * edge_fields.length);
    const at = (fields, name) => fields.indexOf(name);
    const [type, name, count] = ['type', 'name', 'edge_count'].map((field) => at(node_fields, field));
    let edgesOfAll = 0;
    let bad = 0;
    let hidden = 0;
    const found = new Set();
    for (let i = 0; i < nodes.length; i += width) {
      if (nodes[i + type] >= node_types[0].length || nodes[i + name] >= strings.length) bad++;
      else if (node_types[0][nodes[i + type]] === 'object') found.add(strings[nodes[i + name]]);
      if (node_types[0][nodes[i + type]] === 'hidden') hidden++;
      edgesOfAll += nodes[i + count];
    }
    const [edgeType, edgeName, toNode] = ['type', 'name_or_index', 'to_node'].map((field) => at(edge_fields, field));
    for (let i = 0; i < edges.length; i += edge_fields.length) {
      const kind = edge_types[0][edges[i + edgeType]];
      if (kind === undefined || edges[i + toNode] % width !== 0 || edges[i + toNode] >= nodes.length) bad++;
      if (!['element', 'hidden'].includes(kind) && edges[i + edgeName] >= strings.length) bad++;
    }
    assert.strictEqual(bad, 0, 'every index is in range');
    assert.strictEqual(edgesOfAll, snapshot.edge_count);
    assert.ok(found.has('KnownClassOfTheTest'));
    assert.ok(strings.includes('known text 7'));
    return { snapshot, strings, hidden };
  }

  test('.heapsnapshot: consistent, and the class of the program is in it', async () => {
    const { reply, file } = await make('heapdump');
    const { snapshot, strings } = checkSnapshot(file);
    assert.strictEqual(snapshot.node_count, reply.nodes);
    assert.ok(!strings.includes('123454328'), 'numbers are not in it');
  });

  test('.heapsnapshot: numeric_values and internals add what they are for', async () => {
    const numeric = checkSnapshot((await make('heapdump', { numeric_values: true })).file);
    assert.ok(numeric.strings.includes('123454328'), 'the number of the seventh object');
    const { result, error } = await rpc.send('heapdump', { internals: true, wait: true }).reply;
    const major = Number(process.versions.node.split('.')[0]);
    if (error) {
      assert.match(error.message, /^internals needs Node\.js 20 or newer$/);
      assert.ok(major < 20, error.message);
      return;
    }
    const { hidden } = checkSnapshot(result.filepath);
    // The V8 of Node 20 to 24 takes the option and hides as much as without it.
    if (major >= 26) assert.ok(numeric.hidden > 0 && hidden === 0, `${hidden} of ${numeric.hidden} nodes are hidden`);
  });

  const DIAG_KEYS = `pid thread_id location message nodeVersion osVersion loadTime dumpTime vmState jsStacks nativeStacks
    heapStatistics heapSpaceStatistics libuvHandles system`.split(/\s+/);

  test('.diag: the known keys in their order, the new ones behind', async () => {
    const report = await wholeReport();
    const known = Object.keys(report).filter((key) => DIAG_KEYS.includes(key));
    assert.deepStrictEqual(known, DIAG_KEYS);
    assert.deepStrictEqual([report.pid, report.thread_id], [app.pid, 0]);
    assert.deepStrictEqual([report.location, report.message], ['Active Dump', 'Active Dump']);
    assert.strictEqual(report.nodeVersion, process.version);
    assert.match(report.osVersion, /^(Linux|Darwin) \/ .+ \/ .+ \(glibc: [\w.]+\) \/ \S+ \S+$/);
    for (const key of ['loadTime', 'dumpTime']) assert.match(report[key], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const { heapTotal, heapTotalCommitted, heapTotalUsed, heapTotalAvailable, heapLimit } = report.heapStatistics;
    [heapTotal, heapTotalCommitted, heapTotalUsed, heapTotalAvailable, heapLimit].forEach((n) => assert.ok(n > 0));
    assert.ok(heapTotalUsed <= heapTotal && heapTotal <= heapLimit);
    for (const space of report.heapSpaceStatistics) {
      assert.deepStrictEqual(Object.keys(space), ['name', 'size', 'committed', 'capacity', 'used', 'available']);
    }
    assert.ok(report.heapSpaceStatistics.some(({ name, used }) => name === 'old_space' && used > 0));
    const limits = report.system.resourceLimits;
    assert.strictEqual(limits.length, 10);
    limits.forEach((limit) => assert.match(`${limit.type}|${limit.softLimit}|${limit.hardLimit}`, /^[\w ()]+\|(\d+|unlimited)\|(\d+|unlimited)$/));
    assert.ok(report.system.loadedLibraries.some((name) => name.includes('xprofiler.node')));
  });

  test('.diag: secrets are masked, unless switched off; other variables are whole', async () => {
    const masked = fs.readFileSync((await make('diag_report')).file, 'utf8');
    const values = [...Object.values(SECRETS), 'hidden-9d2e'];
    values.forEach((value) => assert.ok(!masked.includes(value), value));
    const { env } = JSON.parse(masked).system;
    assert.ok(env.includes('PLAIN_VARIABLE=plain "text" \u00e9'));
    assert.ok(env.includes('MY_API_TOKEN=******'), env.filter((line) => line.startsWith('MY_')).join());
    assert.ok(env.includes('SOME_URL=redis://user:***@host:1/0'), env.filter((line) => line.startsWith('SOME_')).join());
    await rpc.call('set_config', { enable_mask_secrets: false });
    const open = read((await make('diag_report')).file).system.env;
    await rpc.call('set_config', { enable_mask_secrets: true });
    assert.ok(open.includes(`MY_API_TOKEN=${SECRETS.MY_API_TOKEN}`));
  });

  test('.diag: handles with their details', async () => {
    const { libuvHandles } = await wholeReport();
    for (const handle of libuvHandles) {
      assert.deepStrictEqual(Object.keys(handle), ['type', 'address', 'hasRef', 'isActive', 'detail']);
      assert.ok([0, 1].includes(handle.hasRef) && [0, 1].includes(handle.isActive));
      assert.match(handle.address, /^0x[0-9a-f]+$/);
    }
    const detail = (type, pattern) => {
      const found = libuvHandles.filter((handle) => handle.type === type);
      assert.ok(found.some((handle) => pattern.test(handle.detail)), `${type} ${pattern}: ${JSON.stringify(found)}`);
    };
    const [, port] = /^ready (\d+)/m.exec(app.stdout);
    detail('tcp', new RegExp(`^127\\.0\\.0\\.1:${port} \\(not connected\\), send buffer size: \\d+, recv buffer size: \\d+, file descriptor: \\d+, write queue size: 0$`));
    detail('timer', /^repeat: 0, (timeout in: \d+ ms|timeout expired)/);
    detail('pipe', /pipe\.sock/);
    detail('pipe', /stdin/);
    detail('signal', /^signum: 12 \(SIGUSR2\)/);
  });

  test('.diag: the native stacks of all threads', { skip: !isLinux64 && 'only Linux x64' }, async () => {
    const withStackOf = ({ threads }) => threads.filter(({ nativeStack }) => nativeStack.length > 0);
    const report = await wholeReport((each) => withStackOf(each).length >= each.threads.length - 1);
    assert.ok(report.nativeStacks.length > 2, 'of the thread asked for');
    report.nativeStacks.forEach(({ pcAddress }) => assert.match(pcAddress, /^0x[0-9a-f]+$/));
    assert.ok(report.nativeStacks.some(({ symbolName }) => symbolName), 'with names');
    assert.ok(report.nativeStacks.some(({ sharedObjectName }) => sharedObjectName), 'and libraries');
    const tasks = fs.readdirSync(`/proc/${app.pid}/task`).map(Number);
    const seen = report.threads.map(({ tid }) => tid);
    assert.deepStrictEqual(tasks.filter((tid) => !seen.includes(tid)), [], 'every thread is in the report');
    const withStack = withStackOf(report);
    assert.ok(withStack.length >= tasks.length - 1, `${withStack.length} stacks of ${tasks.length} threads`);
    assert.ok(report.threads.some(({ name }) => /xprofiler/.test(name)), report.threads.map(({ name }) => name).join());
  });

  test('.core: gdb opens it and sees every thread', { skip: !isLinux64 && 'only Linux x64' }, async (t) => {
    const threads = fs.readdirSync(`/proc/${app.pid}/task`).length;
    const { reply, file } = await make('generate_coredump');
    t.after(() => fs.rmSync(file));
    const elf = Buffer.alloc(20);
    const fd = fs.openSync(file, 'r');
    fs.readSync(fd, elf, 0, 20, 0);
    fs.closeSync(fd);
    assert.strictEqual(elf.toString('latin1', 0, 4), '\x7fELF');
    assert.deepStrictEqual([elf[4], elf.readUInt16LE(16)], [2, 4], 'ELF64, a core');
    assert.ok(reply.threads >= threads, `${reply.threads} of ${threads} threads`);
    const gdb = spawnSync('gdb', ['-batch', '-ex', 'info threads', '-ex', 'thread apply all bt 3', process.execPath, file], {
      ...{ encoding: 'utf8', timeout: 40000, maxBuffer: 1 << 26 },
    });
    if (gdb.error) return t.diagnostic(`gdb: ${gdb.error.message}`);
    assert.strictEqual(gdb.status, 0, gdb.stderr);
    assert.ok((gdb.stdout.match(/^[* ] +\d+ +.*LWP/gm) || []).length >= threads, gdb.stdout);
    assert.match(gdb.stdout, /epoll_(p)?wait/, 'a real stack');
    assert.doesNotMatch(gdb.stderr, /not a core dump|truncated/i);
  });
});
