'use strict';

// JSON-RPC of xprofd: all methods, their agreement with the system's own tools, LEP's clients, and clients that misbehave.

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { after, before, test } = require('node:test');
const { startXprofd } = require('./support/xprofd');
const { RpcClient, lepCall } = require('./support/rpc_client');
const { until } = require('./support/until');

const LEP_METHODS =
  'SayHello ListAllMethod GetProcMeminfo GetProcLoadavg GetProcVmstat GetProcZoneinfo GetProcBuddyinfo GetProcCpuinfo ' +
  'GetProcSlabinfo GetProcSwaps GetProcInterrupts GetProcSoftirqs GetProcDiskstats GetProcVersion GetProcStat ' +
  'GetProcModules GetProcVmallocinfo GetCmdIotop GetCmdFree GetCmdProcrank GetCmdIostat GetCmdTop GetCmdDmesg GetCmdDf ' +
  'GetCpuInfo GetCmdMpstat GetCmdMpstat-I GetCmdIrqInfo GetCmdCgtop GetCmdPerfFaults GetCmdPerfCpuclock GetCmdPerfFlame';
const OWN_METHODS = 'ListKinds ListEntities ListProcesses GetProcess';
const isRoot = process.getuid() === 0;

let daemon;
let address;
let client;

before(async () => {
  daemon = await startXprofd({ args: ['--store', 'none'] });
  address = daemon.url('JSON-RPC');
  client = new RpcClient(address);
});

after(async () => {
  await client.close();
  const { status } = await daemon.stop();
  assert.strictEqual(status, 0, daemon.stderr);
});

async function withClient(work) {
  const own = new RpcClient(address);
  try {
    return await work(own);
  } finally {
    await own.close();
  }
}

/** Denied and absent things are errors that say so; nothing else may go wrong. */
function assertAnswer(name, answer) {
  if (answer.error) {
    const { code, message, data } = answer.error;
    assert.ok([-32000, -32006].includes(code), `${name}: ${JSON.stringify(answer)}`);
    assert.ok(['denied', 'absent'].includes(data.quality), `${name}: ${JSON.stringify(answer)}`);
    assert.match(message, /^(denied|absent|perf)/, name);
  }
  return answer.result;
}

test('ListAllMethod has the 32 of LEP in their order, then our own', async () => {
  const methods = await client.result('ListAllMethod');
  assert.strictEqual(methods.map(({ name }) => name).join(' '), `${LEP_METHODS} ${OWN_METHODS}`);
  const raw = await client.result('ListAllMethod', { raw: true });
  assert.strictEqual(raw.trim(), `${LEP_METHODS} ${OWN_METHODS}`);
});

test('the page of the documentation has the table of methods as it is', async () => {
  const page = fs.readFileSync(path.join(__dirname, '../../docs/xprofd-rpc.md'), 'utf8');
  for (const { name, params, access, help } of await client.result('ListAllMethod')) {
    const row = `| \`${name}\` | ${params} | ${access} | ${help} |`;
    assert.ok(page.includes(row), `docs/xprofd-rpc.md lacks the row ${row}`);
  }
});

test('every method answers with data', async () => {
  const began = Date.now();
  for (const { name, params: taken } of await client.result('ListAllMethod')) {
    const params = taken.includes('seconds') ? { seconds: 0.2 } : {};
    if (name === 'ListEntities') params.kind = 'host_load';
    if (name === 'GetProcess') continue; // has a test of its own
    const result = assertAnswer(name, await client.call(name, params));
    if (!result || !/^Get/.test(name)) continue;
    const age = name === 'GetCmdDf' ? 30000 : 1000; // file systems are read now and then, not when it is asked
    assert.ok(result.at_ms >= began - age && result.at_ms <= Date.now() + 1000, `${name}: at_ms ${result.at_ms}`);
    assert.strictEqual(result.quality, 'ok', name);
    assert.ok(result.source.length > 0, name);
    assert.ok(Object.keys(result).length >= 4, `${name}: ${JSON.stringify(result).slice(0, 300)}`);
  }
});

test('every method answers with text when raw is asked for', async () => {
  const methods = await client.result('ListAllMethod');
  for (const name of LEP_METHODS.split(' ')) {
    const hasSeconds = methods.find((method) => method.name === name).params.includes('seconds');
    const result = assertAnswer(name, await client.call(name, { raw: true, ...(hasSeconds ? { seconds: 0.2 } : {}) }));
    if (result === undefined || name === 'GetProcSwaps') continue;
    assert.strictEqual(typeof result, 'string', name);
    assert.ok(result.trim().length > 0 || /Perf|Modules/.test(name), `${name}: ${JSON.stringify(result)}`);
    assert.ok(!result.includes('lepdendstring'), name);
  }
});

test('files of the kernel come whole, however long', async () => {
  const text = await client.result('GetProcZoneinfo', { raw: true });
  const own = fs.readFileSync('/proc/zoneinfo', 'utf8');
  const lines = (whole) => whole.split('\n').length;
  assert.strictEqual(lines(text), lines(own));
  const cpuinfo = await client.result('GetProcCpuinfo');
  const count = fs.readFileSync('/proc/cpuinfo', 'utf8').match(/^processor\s*:/gm);
  assert.strictEqual(cpuinfo.processors.length, count ? count.length : 0);
});

test('memory agrees with /proc and free', async () => {
  const kb = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(fs.readFileSync('/proc/meminfo', 'utf8'))[1]);
  const { values } = await client.result('GetProcMeminfo');
  assert.strictEqual(values.MemTotal, kb('MemTotal') * 1024);
  assert.ok(Math.abs(values.MemFree - kb('MemFree') * 1024) < 0.1 * values.MemTotal);
  const own = execFileSync('free', ['-b'], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  const [, total, , free, , , available] = /^Mem:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/m.exec(own).map(Number);
  const ours = await client.result('GetCmdFree');
  assert.strictEqual(ours.total_bytes, total);
  assert.ok(Math.abs(ours.free_bytes - free) < 0.1 * total, `${ours.free_bytes} ${free}`);
  assert.ok(Math.abs(ours.available_bytes - available) < 0.1 * total, `${ours.available_bytes} ${available}`);
  assert.strictEqual(ours.swap_total_bytes, kb('SwapTotal') * 1024);
});

test('file systems agree with df', async () => {
  const own = execFileSync('df', ['-B1', '--output=size,used,avail', '/'], { encoding: 'utf8' });
  const [size, used] = own.trim().split('\n')[1].trim().split(/\s+/).map(Number);
  await until(async () => 'result' in (await client.call('GetCmdDf')), 'the file systems are read for the first time');
  const { filesystems } = await client.result('GetCmdDf');
  const root = filesystems.find(({ mount }) => mount === '/');
  assert.ok(root, JSON.stringify(filesystems));
  assert.strictEqual(root.size_bytes, size);
  assert.ok(Math.abs(root.used_bytes - used) < 0.05 * size, `${root.used_bytes} ${used}`);
  const text = await client.result('GetCmdDf', { raw: true });
  assert.match(text, /^\S+ +[\d.]+[KMGTPE] +[\d.]+[KMGTPE]? +[\d.]+[KMGTPE]? +\d+% \/$/m);
});

test('counters grow between a reading by hand before and one after', async () => {
  const read = () => {
    const text = fs.readFileSync('/proc/stat', 'utf8');
    const cpu = /^cpu +(.*)/m.exec(text)[1].split(' ').map(Number);
    return { user: cpu[0] / 100, system: cpu[2] / 100, context: Number(/^ctxt (\d+)/m.exec(text)[1]) };
  };
  const first = read();
  const { cpus, ctxt } = await client.result('GetProcStat');
  const last = read();
  const all = cpus.find(({ cpu }) => cpu === 'all');
  assert.ok(all.user_seconds_total >= first.user - 0.1 && all.user_seconds_total <= last.user + 0.1);
  assert.ok(all.system_seconds_total >= first.system - 0.1 && all.system_seconds_total <= last.system + 0.1);
  assert.ok(ctxt >= first.context && ctxt <= last.context);
  const { disks } = await client.result('GetProcDiskstats');
  assert.strictEqual(disks.length, fs.readFileSync('/proc/diskstats', 'utf8').trim().split('\n').length);
});

test('shares of CPU time sum to one, and see a busy program', async () => {
  const busy = spawn(process.execPath, ['-e', 'for (;;) ;'], { stdio: 'ignore' });
  try {
    await until(async () => {
      const { cpus } = await client.result('GetCmdMpstat', { seconds: 0.5 });
      for (const { cpu, ...shares } of cpus) {
        const sum = Object.values(shares).reduce((total, share) => total + share, 0);
        assert.ok(Math.abs(sum - 1) < 0.01, `${cpu}: ${JSON.stringify(shares)}`);
      }
      const all = cpus.find(({ cpu }) => cpu === 'all');
      const { processes, period_seconds: period } = await client.result('GetCmdTop', { seconds: 0.5 });
      const own = processes.find(({ pid }) => pid === busy.pid);
      return period >= 0.49 && all.idle < 0.9 && own && own.cpu > 0.1;
    }, 'the busy program shows in GetCmdTop and GetCmdMpstat');
  } finally {
    busy.kill('SIGKILL');
  }
});

test('what a process writes shows in GetCmdIotop and its memory in GetCmdProcrank', async () => {
  // Not in the temporary folder: where that is memory, nothing is written to a disk.
  const file = path.join(__dirname, '../../build', `written-${process.pid}`);
  const script = `const fs = require('fs'); const fd = fs.openSync(${JSON.stringify(file)}, 'w');
    setInterval(() => { fs.writeSync(fd, Buffer.alloc(1 << 20), 0, 1 << 20, 0); fs.fsyncSync(fd); }, 20);`;
  const writer = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  try {
    await until(async () => {
      const { processes } = await client.result('GetCmdIotop', { seconds: 0.5, limit: 1000 });
      const own = processes.find(({ pid }) => pid === writer.pid);
      return own && own.quality === 'ok' && own.written_bytes_per_second > 10000;
    }, 'GetCmdIotop sees the writer');
    const { processes } = await client.result('GetCmdProcrank', { limit: 100000 });
    const own = processes.find(({ pid }) => pid === writer.pid);
    const rollup = fs.readFileSync(`/proc/${writer.pid}/smaps_rollup`, 'utf8');
    const pss = Number(/^Pss:\s+(\d+) kB/m.exec(rollup)[1]) * 1024;
    assert.ok(own.pss_bytes > 0.5 * pss && own.pss_bytes < 2 * pss, `${own.pss_bytes} ${pss}`);
    assert.ok(own.uss_bytes <= own.pss_bytes && own.pss_bytes <= own.rss_bytes * 1.1);
  } finally {
    writer.kill('SIGKILL');
    fs.rmSync(file, { force: true });
  }
});

test('GetProcess answers a process with its threads, and says which it does not know', async () => {
  const known = await until(async () => {
    const { result } = await client.call('GetProcess', { pid: process.pid });
    return result && result.entities.some(({ kind }) => kind === 'process') && result.entities;
  }, 'this very process is found');
  assert.ok(known.every(({ key }) => key.startsWith(`${process.pid}.`)));
  const { entities: all } = await client.result('ListProcesses');
  assert.ok(all.some(({ kind, key }) => kind === 'process' && key === known[0].key));
  const other = spawn('sleep', ['1000'], { stdio: 'ignore' }); // in a container even process 1 may be of Node.js
  try {
    const { error } = await client.call('GetProcess', { pid: other.pid });
    assert.strictEqual(error?.code, -32602);
    assert.match(error.message, /ListProcesses/);
  } finally {
    other.kill('SIGKILL');
  }
  assert.match((await client.call('GetProcess')).error.message, /pid is missing/);
  const { entities } = await client.result('ListEntities', { kind: 'host_load' });
  assert.strictEqual(entities.length, 1);
  assert.ok(entities[0].values.load1 >= 0);
});

test('bad parameters are named', async () => {
  const expected = [
    ['GetCmdTop', { seconds: 'x' }, 'seconds'],
    ['GetCmdTop', { seconds: 60 }, 'seconds'],
    ['GetCmdTop', { limit: 0 }, 'limit'],
    ['GetProcLoadavg', { raw: 1 }, 'raw'],
    ['GetProcLoadavg', { raww: true }, 'raww', 'GetProcLoadavg has no parameter "raww"; it takes raw.'],
    ['GetCmdTop', { seconds: 0.1, top: 3 }, 'top', 'GetCmdTop has no parameter "top"; it takes seconds, limit, raw.'],
    ['ListEntities', {}, 'kind'],
    ['ListEntities', { kind: 'nothing' }, 'kind'],
  ];
  for (const [method, params, field, message] of expected) {
    const { error } = await client.call(method, params);
    assert.strictEqual(error && error.code, -32602, `${method} ${JSON.stringify(params)}`);
    assert.strictEqual(error.data.field, field);
    if (message) assert.strictEqual(error.message, message);
  }
  const { error } = await client.call('GetNothing');
  assert.strictEqual(error.code, -32601);
});

test('JSON-RPC 2.0: batches, notifications, ids as they came, broken requests', async () => {
  await withClient(async (own) => {
    own.send('[{"jsonrpc":"2.0","id":12345678901234567890,"method":"SayHello"},{"jsonrpc":"2.0","method":"SayHello"},7,{"id":1,"method":"SayHello"}]');
    const line = await own.next();
    assert.strictEqual(line.length, 3);
    assert.strictEqual(line[0].result, 'Hello!');
    assert.strictEqual(line[1].error.code, -32600);
    assert.strictEqual(line[2].error.code, -32600);
    own.send('{"jsonrpc":"2.0","method":"SayHello"}\n[{"jsonrpc":"2.0","method":"SayHello"}]\n[]\n{"jsonrpc":"2.0","id":null,"method":"SayHello"}\n');
    assert.match((await own.next()).error.message, /batch must have 1 to 64/);
    assert.deepStrictEqual(await own.next(), { jsonrpc: '2.0', id: null, result: 'Hello!' });
    own.send(`{"jsonrpc":"2.0","id":1,"method":"SayHello","params":${'['.repeat(5000)}${']'.repeat(5000)}}`);
    assert.strictEqual((await own.next()).error.code, -32700);
    own.send(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}', 'latin1'));
    assert.strictEqual((await own.next()).error.code, -32700);
    own.send(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(2 << 20)}"}`);
    assert.match((await own.next()).error.message, /longer than/);
    own.send('{"jsonrpc":"1.0","id":1,"method":"SayHello"} {"jsonrpc":"2.0","id":2,"method":"SayHello"}');
    assert.strictEqual((await own.next()).error.code, -32600);
    assert.strictEqual((await own.next()).result, 'Hello!');
    own.send('GET / HTTP/1.1\r\n\r\n');
    assert.strictEqual((await own.next()).error.code, -32700);
    assert.strictEqual(await own.next(), null); // the connection has ended
  });
});

/** What LEPV's client makes of the text. */
const LEPV = {
  GetProcLoadavg: (text) => assert.ok(text.split(' ').slice(0, 3).every((word) => Number(word) >= 0), text),
  GetProcMeminfo: (text) => text.trim().split('\n').forEach((line) => assert.ok(line.split(':')[1].replace('kB', '').trim() !== '')),
  GetCpuInfo: (text) => assert.match(text, /^cpunr: \d+$/m),
  GetCmdTop(text) {
    const lines = text.trim().split('\n');
    assert.match(lines[0], /\W*PID\W+USER\W+PRI\W+NI\W+VSZ\W+RSS\W+S\W+%CPU\W+%MEM\W+TIME\W+CMD/);
    for (const line of lines.slice(1, 27)) {
      const words = line.split(/\s+/).filter(Boolean);
      assert.ok(words.length >= 11 && /^\d+$/.test(words[0]) && /^[\d.]+$/.test(words[7]), line);
    }
  },
  GetCmdMpstat(text) {
    const rows = text.trim().split('\n').slice(3);
    assert.ok(rows.length >= 2, text);
    assert.deepStrictEqual(rows[0].split(/\s+/).slice(-11, -10), ['all']);
    for (const row of rows) assert.ok(row.split(/\s+/).slice(-10).every((word) => Number(word) >= 0 && Number(word) <= 100.1), row);
  },
  'GetCmdMpstat-I'(text) {
    const blocks = text.trim().split('\n').slice(2).join('\n').split(/\n\s*\n/);
    const rows = blocks[2].split('\n');
    const names = rows[0].split(/\s+/);
    assert.deepStrictEqual([names.at(-8), names.at(-7), names.at(-4), names.at(-2)], ['NET_TX/s', 'NET_RX/s', 'TASKLET/s', 'HRTIMER/s']);
    for (const row of rows.slice(1)) assert.ok(Number(row.split(/\s+/).at(-2)) >= 0 && /^\d+$/.test(row.split(/\s+/)[1]), row);
  },
  GetCmdIostat(text) {
    const lines = text.split('\n');
    const from = lines.findIndex((line) => line.startsWith('Device:'));
    assert.ok(from >= 0, text);
    for (const line of lines.slice(from + 1).filter((row) => row.trim())) {
      const words = line.trim().split(/\s+/);
      assert.ok(words.length === 14 && Number(words[5]) >= 0 && Number(words[6]) >= 0 && Number(words[13]) <= 100, line);
    }
  },
  GetCmdIotop(text) {
    const lines = text.trim().split('\n');
    const from = lines.findIndex((line) => /\W*TID\W+PRIO\W+USER\W+DISK READ\W+DISK WRITE\W+SWAPIN\W+IO\W+COMMAND\W*/.test(line));
    assert.ok(from >= 0, text);
    for (const line of lines.slice(from + 1)) {
      assert.strictEqual((line.match(/\s*\d+\.\d{2}\s*[G|M|K|B]\/s\s+/g) || []).length, 2, line);
      assert.ok((line.match(/\s*\d+\.\d{2}\s*%\s+/g) || []).length >= 2, line);
    }
  },
  GetCmdProcrank(text) {
    const lines = text.trim().split('\n');
    const end = lines.findIndex((line) => /^\W+-+\W+-+\W-+.*/.test(line));
    assert.ok(end > 1, text);
    for (const line of lines.slice(1, end)) assert.match(line, /^\s*\d+\s+\d+K\s+\d+K\s+\d+K\s+\d+K\s+\S/);
    assert.match(lines.at(-3), /\d+K\s+\d+K\s+TOTAL$/);
    assert.match(lines.at(-1), /^RAM: \d+K total, \d+K free, \d+K buffers, \d+K cached, \d+K shmem, \d+K slab$/);
  },
  GetCmdDf: (text) => assert.match(text, /^Filesystem/),
  GetCmdIrqInfo: (text) => assert.match(text, /^irq:\d+\/s softirq:\d+\/s/),
  GetCmdPerfCpuclock: (text) => assert.match(text, /^# Overhead/m),
  GetCmdPerfFlame: (text) => assert.match(text, /cpu-clock/),
};

test("LEP's client understands every method", async () => {
  for (const name of LEP_METHODS.split(' ')) {
    const answer = await lepCall(address, name);
    assert.ok(!('jsonrpc' in answer), name);
    if (answer.error) {
      assert.match(answer.error.message, /^(denied|absent|perf)/, name);
      continue;
    }
    assert.strictEqual(typeof answer.result, 'string', name);
    if (LEPV[name]) LEPV[name](answer.result);
  }
  assert.strictEqual((await lepCall(address, 'SayHello')).result, 'Hello!');
  const unknown = await lepCall(address, 'GetNothing');
  assert.strictEqual(unknown.error.code, -32601);
});

function lepText(pieces, count) {
  const colon = address.lastIndexOf(':');
  const socket = net.connect(Number(address.slice(colon + 1)), address.slice(0, colon));
  let text = '';
  socket.setNoDelay(true).setEncoding('utf8');
  return until(async () => {
    if (pieces.length > 0) socket.write(pieces.shift());
    return pieces.length === 0 && text.split('\n}\n').length > count ? text : undefined;
  }, `${count} answers of LEP's kind`).finally(() => socket.destroy(), socket.on('data', (piece) => (text += piece)));
}

test("LEP's dialect: two requests in one segment, one in pieces, ids, params of any kind", async () => {
  const two = await lepText(['{"method":"SayHello"}{"method":"GetProcLoadavg","id":7}'], 2);
  assert.ok(two.startsWith('{\n\t"result":\t"Hello!lepdendstring"\n}\n{\n\t"result":\t'), two);
  assert.match(two, /lepdendstring",\n\t"id":\t7\n}\n$/);
  const pieces = '{"method":"SayHello","params":["x",{"y":[]}],"id":"a}{b"}'.split(/(?<=...)/);
  assert.strictEqual(await lepText(pieces, 1), '{\n\t"result":\t"Hello!lepdendstring",\n\t"id":\t"a}{b"\n}\n');
  const many = await lepText(['{"method":"GetCmdIrqInfo"}{"method":"SayHello"}{"method":"GetNothing"}{"method":"GetProcVersion"}'], 4);
  const order = many.split('\n}\n').map((answer) => /irq:|Hello|GetNothing|Linux version/.exec(answer)?.[0]);
  assert.deepStrictEqual(order.slice(0, 4), ['irq:', 'Hello', 'GetNothing', 'Linux version']);
});

test('thousands of requests in one piece are all answered', async () => {
  await withClient(async (own) => {
    const count = 3000;
    own.send(Array.from({ length: count }, (_, id) => JSON.stringify({ jsonrpc: '2.0', id, method: id % 10 ? 'SayHello' : 'GetProcLoadavg' })).join(''));
    const seen = new Set();
    for (let n = 0; n < count; n++) {
      const answer = await own.next();
      assert.ok(answer && 'result' in answer, JSON.stringify(answer));
      seen.add(answer.id);
    }
    assert.strictEqual(seen.size, count);
  });
});

test('100 clients at once are all answered', async () => {
  const short = { seconds: 0.2 };
  const questions = [
    ['GetProcStat', {}],
    ['GetCmdTop', short],
    ['GetCmdMpstat', short],
    ['GetProcMeminfo', {}],
    ['GetCmdIostat', short],
    ['ListEntities', { kind: 'host_load' }],
    ['SayHello', {}],
    ['GetProcZoneinfo', {}],
  ];
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      withClient(async (own) => {
        const results = [];
        for (let n = 0; n < 3; n++) {
          const [method, params] = questions[(i + n) % questions.length];
          results.push(await own.call(method, { ...params, raw: (i + n) % 2 === 0 }));
        }
        return results;
      }),
    ),
  );
  for (const answer of answers.flat()) assert.ok(answer && 'result' in answer, JSON.stringify(answer).slice(0, 300));
});

test('a client that leaves takes its questions back; more than can be in work are refused', async () => {
  const crowd = Array.from({ length: 24 }, () => new RpcClient(address));
  crowd.forEach((own, i) => {
    for (let n = 0; n < 12; n++) own.send(JSON.stringify({ jsonrpc: '2.0', id: n, method: 'GetCmdTop', params: { seconds: 9 + (i * 12 + n) / 1000 } }));
  });
  const refused = await Promise.any(crowd.map(async (own) => {
    const answer = await own.next();
    assert.strictEqual(answer.error && answer.error.code, -32005, JSON.stringify(answer).slice(0, 200));
    return answer;
  }));
  assert.match(refused.error.message, /try again/);
  await Promise.all(crowd.map((own) => own.close()));
  await until(async () => (await client.call('GetCmdTop', { seconds: 0.1 })).result, 'there is room again');
});

test('a storm of garbage harms nobody', async () => {
  const noise = (size) => Buffer.from(Array.from({ length: size }, () => Math.floor(Math.random() * 256)));
  const starts = ['', '{', '[', '{"jsonrpc":"2.0",', '[{"', '{"method":"Say', '"', '}', '{"a":"\\u00'];
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const own = new RpcClient(address);
        own.take = () => {};
        own.send(Buffer.concat([Buffer.from(starts[(round + i) % starts.length]), noise(1 + ((round * 997 + i * 131) % 5000))]));
        await new Promise((resolve) => setTimeout(resolve, 5));
        await own.close();
      }),
    );
  }
  assert.strictEqual(await client.result('SayHello'), 'Hello!');
  assert.ok(daemon.isAlive(), daemon.stderr);
});

test('the same over HTTP', async () => {
  const post = async (body) => daemon.post('/rpc', body, { headers: { 'content-type': 'application/json' } });
  const one = await post({ jsonrpc: '2.0', id: 'x', method: 'GetProcVersion' });
  assert.strictEqual(one.status, 200);
  assert.strictEqual(one.json.id, 'x');
  assert.strictEqual(one.json.result.text, fs.readFileSync('/proc/version', 'utf8').trim());
  const batch = await post([{ jsonrpc: '2.0', id: 1, method: 'SayHello' }, { jsonrpc: '2.0', id: 2, method: 'GetCmdMpstat', params: { seconds: 0.2 } }]);
  assert.deepStrictEqual(batch.json.map(({ id }) => id), [1, 2]);
  assert.strictEqual((await post({ jsonrpc: '2.0', method: 'SayHello' })).status, 204);
  assert.strictEqual((await post({ id: 1, method: 'SayHello' })).json.error.code, -32600);
  assert.strictEqual((await post('{"jsonrpc":')).json.error.code, -32700);
});

test('what only root or the own user may see is denied to others', { skip: !isRoot && 'needs root' }, async () => {
  const port = address.slice(address.lastIndexOf(':') + 1);
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '{"jsonrpc":"2.0","id":1,"method":"GetProcVmallocinfo"}{"jsonrpc":"2.0","id":2,"method":"SayHello"}' >&3; head -n 2 <&3`;
  const other = spawnSync('bash', ['-c', script], { uid: 65534, gid: 65534, cwd: '/', encoding: 'utf8', timeout: 60000 });
  const answers = other.stdout.trim().split('\n').map((line) => JSON.parse(line));
  const denied = answers.find(({ id }) => id === 1);
  assert.strictEqual(denied.error.code, -32000, other.stdout);
  assert.strictEqual(denied.error.data.quality, 'denied');
  assert.strictEqual(answers.find(({ id }) => id === 2).result, 'Hello!');
});

test('addresses that cannot be used are refused with a sentence', async () => {
  for (const [value, words] of [['0.0.0.0:12307', /not of loopback/], ['127.0.0.1', /rpc_listen/], [address, /taken by another program/]]) {
    const broken = await startXprofd({ args: ['--store', 'none', '--rpc_listen', value], isBroken: true });
    const { status } = await broken.ended;
    await broken.stop();
    assert.strictEqual(status, 1, value);
    assert.match(broken.stderr, words);
  }
  const without = await startXprofd({ args: ['--store', 'none', '--rpc_listen', 'none'] });
  assert.strictEqual(without.url('JSON-RPC'), '');
  const { json } = await without.post('/rpc', { jsonrpc: '2.0', id: 1, method: 'SayHello' });
  await without.stop();
  assert.strictEqual(json.result, 'Hello!');
});
