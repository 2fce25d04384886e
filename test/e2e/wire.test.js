'use strict';

// The socket against clients of every kind: split bytes, floods, nonsense, silence, disappearance. Whatever one of
// them does, the next one is answered.

const assert = require('node:assert');
const fs = require('node:fs');
const { describe, test, before, after } = require('node:test');
const { memoryFactor } = require('./support/sanitizer');
const { startApp } = require('./support/app');
const { openLines } = require('./support/lines');
const { PROFILES, THREAD_COMMANDS } = require('./support/kinds');
const { until, within, sleep } = require('./support/until');

const LINE_MAX = 1024 * 1024; // XPF_LINE_MAX_BYTES
const CLIENTS_MAX = 256; // XPF_CLIENTS_MAX
const REQUESTS_MAX = 64; // XPF_REQUESTS_MAX
const SOON_MS = 3000; // an answer nobody else delays, on a busy machine
const FAIR_MS = 600; // beside a flood: a few of its requests, not all of them
const PARSE = -32700;
const INVALID = -32600;
const METHOD = -32601;
const PARAMS = -32602;
const BUSY = -32005;

/** The same numbers in every run, so that a failure can be repeated. */
function random(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe('the wire', { timeout: 240000 }, () => {
  let app;
  let rpc; // a client that does nothing wrong and is always served
  const opened = [];
  before(async () => {
    app = startApp(`setInterval(() => {}, 1000);
      const workers = [];
      serve({
        workers() {
          for (let i = 0; i < 22; i++) workers.push(workerOf('setInterval(() => {}, 1000)'));
          Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve)))).then(() => say('online'));
        },
        end() {
          Promise.all(workers.map((worker) => worker.terminate())).then(() => say('ended'));
        },
      });`);
    rpc = await app.rpc();
  });
  after(() => {
    opened.forEach((lines) => lines.close());
    return app.stop();
  });

  async function open() {
    const lines = await openLines(app.pid);
    opened.push(lines);
    return lines;
  }

  /** Everybody is served as before. */
  async function checkServed() {
    await rpc.call('check_version', undefined, SOON_MS);
    assert.ok(app.isAlive());
  }

  test('bytes one by one', async () => {
    const lines = await open();
    const request = Buffer.from('{"jsonrpc":"2.0","id":"ключ-鍵","method":"check_version"}\n');
    for (const byte of request) await lines.write(Buffer.from([byte]));
    const reply = await lines.next();
    assert.strictEqual(reply.id, 'ключ-鍵');
    assert.ok(reply.result.version);
    lines.close();
  });

  test('any split of any number of requests gives the same replies in the same order', async () => {
    const next = random(20261122);
    const lines = await open();
    for (let round = 0; round < 20; round++) {
      const ids = Array.from({ length: 1 + next(30) }, (_, i) => `${round}/${i}/${'é鍵😀'.repeat(next(20))}`);
      let rest = Buffer.from(
        ids.map((id) => JSON.stringify({ id, method: 'check_version' }) + (next(2) ? '\n' : '\r\n')).join(next(2) ? '' : '\n\r\n'),
      );
      while (rest.length > 0) {
        const size = 1 + next(next(2) ? 7 : 4000);
        await lines.write(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      for (const id of ids) assert.strictEqual((await lines.next()).id, id);
    }
    assert.strictEqual(lines.received.length, lines.taken);
    lines.close();
  });

  test('5000 requests in one write: each answered once, in order', async () => {
    const lines = await open();
    const count = 5000;
    let text = '';
    for (let id = 0; id < count; id++) text += `{"id":${id},"method":"check_version"}\n`;
    await lines.write(text);
    await until(() => lines.received.length >= count, 'all replies');
    for (let id = 0; id < count; id++) assert.strictEqual((await lines.next()).id, id);
    lines.close();
  });

  test('a flood of costly requests delays no other client', async () => {
    const lines = await open();
    // Notifications have no reply, so nothing but the fairness of the target holds them up.
    const flood = '{"method":"metrics"}\n'.repeat(100000);
    const times = [];
    for (let i = 0; i < 11; i++) {
      if (lines.socket.writableLength < flood.length) lines.write(flood); // it is never over before the end
      const asked = Date.now();
      await rpc.call('check_version');
      times.push(Date.now() - asked);
      assert.ok(lines.socket.writableLength > 0, 'the flood was over before it could delay anybody');
      await sleep(20);
    }
    // Behind the flood each would take seconds; the machine delays a few.
    const median = times.sort((a, b) => a - b)[5];
    assert.ok(median < FAIR_MS, `answers took ${times} ms`);
    lines.close();
    await checkServed();
  });

  test('ids come back as they were sent', async () => {
    const lines = await open();
    const ids = ['0', '-7', '9007199254740993', '1.5', '"7"', '""', '"\\u00e9\\n"', 'null'];
    await lines.write(ids.map((id) => `{"id":${id},"method":"check_version"}\n`).join(''));
    for (const id of ids) {
      const reply = await lines.next();
      const raw = lines.received[lines.taken - 1];
      assert.deepStrictEqual(reply.id, JSON.parse(id), raw);
      if (/^[-\d.]+$/.test(id)) assert.ok(raw.includes(`"id":${id}`), `${id} in ${raw}`);
    }
    await lines.write('{"method":"check_version"}\n'); // a notification has no reply
    await lines.checkAlive();
    lines.close();
  });

  test('a line of the greatest length works, a longer one is an error and the connection lives', async () => {
    const lines = await open();
    const line = (size) => {
      const frame = '{"id":1,"method":"check_version","params":{"pad":""}}';
      return frame.replace('""', `"${'x'.repeat(size - frame.length)}"`);
    };
    assert.strictEqual(line(LINE_MAX).length, LINE_MAX);
    await lines.write(`${line(LINE_MAX)}\n`);
    assert.ok((await lines.next()).result.version);
    await lines.write(`${line(LINE_MAX)}\r\n`);
    assert.ok((await lines.next()).result.version);
    for (const size of [LINE_MAX + 1, LINE_MAX * 5]) {
      await lines.write(`${line(size)}\n`);
      const { id, error } = await lines.next();
      assert.deepStrictEqual([id, error.code], [null, PARSE]);
      assert.match(error.message, /1048576 bytes/);
      await lines.checkAlive();
    }
    // A line without an end is told once, and its end does not matter.
    lines.write('y'.repeat(LINE_MAX + 10));
    assert.strictEqual((await lines.next()).error.code, PARSE);
    await lines.write('z'.repeat(100000));
    await lines.write('\n');
    await lines.checkAlive();
    lines.close();
  });

  test('what is no request: an error that says where, and the connection lives', async () => {
    const lines = await open();
    const cases = [
      ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x0a]), PARSE],
      ['overlong UTF-8', Buffer.from([0x22, 0xc0, 0xaf, 0x22, 0x0a]), PARSE],
      ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a]), PARSE],
      ['a NUL byte', Buffer.from('{"id":1,\0"method":"check_version"}\n'), PARSE],
      ['no JSON', 'GET / HTTP/1.1\n', PARSE],
      ['half a JSON', '{"id":1,"method":\n', PARSE],
      ['text after the JSON', '{"id":1,"method":"check_version"} x\n', PARSE],
      ['two requests on a line', '{"id":1,"method":"check_version"}{"id":2,"method":"check_version"}\n', PARSE],
      ['a deep nest', `${'['.repeat(100000)}\n`, PARSE],
      ['a batch', '[{"id":1,"method":"check_version"}]\n', INVALID],
      ['a string', '"check_version"\n', INVALID],
      ['a number', '42\n', INVALID],
      ['null', 'null\n', INVALID],
      ['no method', '{"id":1}\n', INVALID],
      ['a method that is a number', '{"id":1,"method":5}\n', INVALID],
      ['params that are an array', '{"id":1,"method":"check_version","params":[1]}\n', INVALID],
      ['an id that is an object', '{"id":{},"method":"check_version"}\n', INVALID],
      ['another version', '{"jsonrpc":"1.0","id":1,"method":"check_version"}\n', INVALID],
      ['the method twice', '{"id":1,"method":"check_version","method":"get_config"}\n', INVALID],
    ];
    for (const [what, bytes, code] of cases) {
      await lines.write(bytes);
      const { error } = await lines.next();
      assert.ok(error, `${what}: no error`);
      assert.strictEqual(error.code, code, `${what}: ${error.message}`);
      assert.ok(error.message.length > 10, `${what}: ${error.message}`);
      await lines.checkAlive();
    }
    lines.close();
  });

  test('an unknown method, in the known words', async () => {
    for (const method of ['start_time_machine', '', 'constructor', 'check_version ', '%s%n', 'é'.repeat(100)]) {
      const error = await rpc.refused(method);
      assert.deepStrictEqual([error.code, error.message], [METHOD, `not support command: ${method}`]);
    }
    const long = await rpc.refused('x'.repeat(100000));
    assert.strictEqual(long.code, METHOD);
    assert.match(long.message, /^not support command: x{100,}$/);
  });

  describe('a parameter of a wrong type is refused by its name, whatever the command', () => {
    const wrong = {
      thread_id: [{}, [], true, -1, 1.5, 2 ** 32, 1e300, '', 'x', '1x', '-1', '0x0', ' 0'],
      wait: ['yes', 'true', 0, 1, {}, []],
      name: [5, true, {}, [], '', '.hidden', '..', 'a/b', '/etc/passwd', 'a\nb', 'x'.repeat(201)],
    };
    const all = [...THREAD_COMMANDS.map((method) => [method, wrong])];
    all.push(['generate_coredump', { wait: wrong.wait, name: wrong.name }]);
    for (const { start } of PROFILES) all.push([start, { profiling_time: ['soon', '100', true, {}, [], 1.5, -2, 1e300] }]);
    all.push(['start_cpu_profiling', { sampling_interval_us: ['1', 0, 49, 1000001, 100.5, {}, true] }]);
    all.push(['start_heap_profiling', { sampling_interval_bytes: ['1', 0, 1023, {}], stack_depth: [0, 513, '1'], include_collected: [0, 'no'] }]);
    all.push(['heapdump', { numeric_values: [1, 'true'], internals: [0, {}], max_rss_mb: [0, -1, '5', 1.5] }]);
    all.push(['cancel', { thread_id: wrong.thread_id, action: [1, true, {}, 'x'.repeat(65)] }]);
    all.push(['metrics', { format: [1, {}, 'xml', ''] }]);

    for (const [method, fields] of all) {
      test(`${method}: ${Object.keys(fields).join(', ')}`, async () => {
        const isStop = method.startsWith('stop_');
        for (const [field, values] of Object.entries(fields)) {
          if (isStop && field === 'name') continue; // not one of its parameters
          for (const value of values) {
            const params = method === 'cancel' ? { action: 'heapdump', [field]: value } : { [field]: value };
            const error = await rpc.refused(method, params);
            const what = `${method} ${field}=${JSON.stringify(value)}: ${error.message}`;
            assert.strictEqual(error.code, PARAMS, what);
            assert.strictEqual(error.data && error.data.field, field, what);
            assert.ok(error.message.includes(field), what);
          }
        }
      });
    }

    test('nothing was started by any of them', async () => {
      for (const { start } of PROFILES) assert.deepStrictEqual(await rpc.call('cancel', { action: start }), { cancelled: 0 });
      assert.deepStrictEqual(app.files(), []);
    });
  });

  test('null and unknown parameters count as absent', async () => {
    const params = { thread_id: null, wait: null, name: null, profiling_time: null, colour: 'red' };
    const { filepath } = await rpc.call('start_gc_profiling', params);
    const written = await rpc.call('stop_gc_profiling', { ...params, wait: true });
    assert.deepStrictEqual([written.filepath, written.state], [filepath, 'written']);
  });

  test('a client that asks and never reads is closed, delays nobody, and costs a bounded memory', async () => {
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${app.pid}/status`, 'utf8'))[1]) / 1024;
    const rssBefore = rss();
    const lines = await open();
    lines.socket.pause();
    const ask = '{"id":1,"method":"metrics","params":{"format":"prometheus"}}\n'.repeat(200);
    let worst = rssBefore;
    let isBroken = false;
    lines.socket.on('error', () => (isBroken = true));
    for (let i = 0; i < 30 && !isBroken; i++) {
      lines.socket.write(ask);
      await rpc.call('check_version', undefined, SOON_MS);
      await sleep(20);
      worst = Math.max(worst, rss());
    }
    // What waits for it is limited to 8 MB: then the target hangs up, which a write or a read tells.
    lines.socket.resume();
    await within(lines.closed, 'the connection to be closed');
    assert.ok(worst - rssBefore < 64 * memoryFactor, `RSS grew from ${rssBefore} to ${worst} MB`);
    await checkServed();
  });

  test('a client that leaves in the middle of wait: the job completes', async () => {
    for (const { start, kind } of PROFILES) {
      const name = `left-${kind}`;
      const lines = await open();
      await lines.ask(1, start, { profiling_time: 300, wait: true, name });
      await lines.checkAlive(); // requests are taken in order: the first has been accepted
      lines.close();
      await until(() => fs.existsSync(`${app.logDir}/${name}.${kind}`), `${name}.${kind}`);
      JSON.parse(fs.readFileSync(`${app.logDir}/${name}.${kind}`, 'utf8'));
    }
    const lines = await open();
    await lines.ask(1, 'heapdump', { wait: true, name: 'left' });
    await lines.write('{"id":2,"method":"heap'); // and with half a request
    lines.close();
    await until(() => fs.existsSync(`${app.logDir}/left.heapsnapshot`), 'left.heapsnapshot');
    JSON.parse(fs.readFileSync(`${app.logDir}/left.heapsnapshot`, 'utf8'));
    assert.deepStrictEqual(app.files().filter((file) => file.startsWith('.')), []);
    await checkServed();
  });

  test('300 silent clients: the next is answered at once, and who waits for a job keeps its place', async () => {
    const waiting = await open(); // the oldest of all, but not idle
    await waiting.ask('w', 'start_gc_profiling', { wait: true });
    await waiting.checkAlive();
    const silent = [];
    for (let i = 0; i < 300; i++) silent.push(await open());
    await silent[299].write('{"id":1,"method":"check_ver'); // not even a whole line
    const started = Date.now();
    const fresh = await open();
    await fresh.checkAlive(SOON_MS);
    assert.ok(Date.now() - started < SOON_MS, `answered after ${Date.now() - started} ms`);
    const closed = () => silent.filter((lines) => lines.isClosed).length;
    await until(() => closed() >= 301 - CLIENTS_MAX, 'the oldest silent clients to be closed');
    assert.ok(closed() <= 310 - CLIENTS_MAX, `${closed()} of 300 were closed`);
    assert.ok(!silent[299].isClosed && !waiting.isClosed);
    await fresh.ask('s', 'stop_gc_profiling');
    assert.strictEqual((await fresh.next()).id, 's');
    const lastOf = async (lines) => {
      for (;;) {
        const message = await lines.next();
        if (message.method !== 'progress') return message;
      }
    };
    const { id, result } = await lastOf(waiting);
    assert.deepStrictEqual([id, result.state], ['w', 'written']);
    silent.forEach((lines) => lines.close());
    [waiting, fresh].forEach((lines) => lines.close());
    rpc.close(); // it was silent, too
    rpc = await app.rpc();
  });

  test('100 clients at once: everybody gets the replies to his own questions', async () => {
    const methods = ['check_version', 'list_environments', 'get_config', 'process_info', 'metrics', 'no_such_method'];
    const clients = await Promise.all(Array.from({ length: 100 }, open));
    const asked = clients.map((lines, client) => {
      const ids = Array.from({ length: 12 }, (_, i) => `${client}:${i}`);
      ids.forEach((id, i) => lines.ask(id, methods[(client + i) % methods.length]));
      return ids;
    });
    for (const [client, lines] of clients.entries()) {
      const replies = new Map(); // they may come in any order
      while (replies.size < asked[client].length) {
        const reply = await lines.next();
        assert.ok(asked[client].includes(reply.id) && !replies.has(reply.id), JSON.stringify(reply));
        replies.set(reply.id, reply);
      }
      for (const [i, id] of asked[client].entries()) {
        const { result, error } = replies.get(id);
        const method = methods[(client + i) % methods.length];
        if (method === 'no_such_method') assert.strictEqual(error.code, METHOD);
        else assert.strictEqual(Boolean(result.version), ['check_version', 'process_info'].includes(method), method);
      }
      assert.strictEqual(lines.received.length, asked[client].length);
      lines.close();
    }
    await checkServed();
  });

  test('more requests in work on one connection than it may have: refused as busy, the others complete', async () => {
    app.tell('workers');
    await app.said('online');
    const threads = await until(async () => {
      const { environments } = await rpc.call('list_environments');
      return environments.length === 23 && environments.map(({ thread_id }) => thread_id).filter((id) => id > 0);
    }, 'all workers to be attached');
    const lines = await open();
    let id = 0;
    for (const { start } of PROFILES) {
      for (const thread_id of threads) {
        if (id < REQUESTS_MAX) await lines.ask(++id, start, { thread_id, wait: true, name: `busy-${id}` });
      }
    }
    await lines.ask('one more', 'check_version');
    let reply;
    do reply = await lines.next();
    while (reply.method === 'progress');
    assert.strictEqual(reply.id, 'one more');
    assert.strictEqual(reply.error.code, BUSY);
    await checkServed(); // another connection
    for (const { stop } of PROFILES) for (const thread_id of threads) await rpc.send(stop, { thread_id }).reply;
    const answered = new Set();
    while (answered.size < REQUESTS_MAX) {
      reply = await lines.next();
      if (reply.method === 'progress') continue;
      assert.strictEqual(reply.result && reply.result.state, 'written', JSON.stringify(reply));
      answered.add(reply.id);
    }
    await lines.ask('again', 'check_version');
    assert.ok((await lines.next()).result);
    lines.close();
    app.tell('end');
    await app.said('ended');
  });

  test('after all this the program has nothing to say and leaves no file half written', async () => {
    assert.strictEqual(app.stderr, '');
    assert.deepStrictEqual(app.files().filter((file) => file.startsWith('.')), []);
    await checkServed();
  });
});
