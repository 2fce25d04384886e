'use strict';

// xprofd finds the processes of Node.js, follows them and asks their cores; none of them, whatever it does, keeps it
// from the others.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test, before, after } = require('node:test');

const { startApp } = require('./support/app');
const { startXprofd } = require('./support/xprofd');
const { until } = require('./support/until');
const { isRoot } = require('./support/nobody');

const canUnshare = isRoot && spawnSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true']).status === 0;
const IDLE = 'setInterval(() => {}, 1000); say("ready");';

let xprofd;

before(async () => {
  xprofd = await startXprofd();
});
after(() => xprofd && xprofd.stop());

async function entitiesOf(kind, accept) {
  const { entities } = (await xprofd.get(`/api/entities?kind=${kind}`)).json;
  return entities.filter(accept);
}

/** The process entity of a pid, once it is as `accept` wants it. */
function processOf(pid, what, accept = () => true) {
  const probe = async () => {
    const [entity] = await entitiesOf('process', ({ labels }) => labels.pid === String(pid));
    return entity && accept(entity) ? entity : undefined;
  };
  return until(probe, `process ${pid}: ${what}`, 40000);
}

const withCore = (pid) => processOf(pid, 'its core is found', ({ info }) => info.core === 'running');

async function eventOf(name, pid) {
  let last = [];
  const find = async () => {
    last = (await xprofd.get('/api/events?from=-600000&limit=1000')).json.events;
    return last.find((event) => event.name === name && event.text.includes(`(pid ${pid})`));
  };
  try {
    return await until(find, `event ${name} of process ${pid}`, 40000);
  } catch (error) {
    const texts = last.map(({ text }) => text).filter((text) => text.includes(`(pid ${pid})`));
    throw new Error(`${error.message}; there were ${JSON.stringify(texts)}`, { cause: error });
  }
}

async function withApp(body, options, work) {
  const app = startApp(body, options);
  try {
    await app.said('ready');
    return await work(app);
  } finally {
    await app.stop();
  }
}

test('a process with its threads comes and goes', async () => {
  const body = `workerOf('setInterval(() => {}, 1000)').once('online', () => say('ready')); setInterval(() => {}, 1000);`;
  await withApp(body, {}, async (app) => {
    const entity = await withCore(app.pid);
    assert.strictEqual(entity.labels.name, `${path.basename(app.home)}/app.js`);
    assert.match(entity.key, new RegExp(`^${app.pid}\\.\\d+$`));
    assert.strictEqual(entity.info.node_version, process.version);
    assert.strictEqual(entity.info.log_dir, app.logDir);
    assert.ok(entity.info.command.endsWith('app.js'), entity.info.command);
    assert.ok(Math.abs(entity.values.start_time - Date.now() / 1000) < 120, String(entity.values.start_time));
    await eventOf('process_came', app.pid);

    const both = async () => {
      const threads = await entitiesOf('thread', ({ labels }) => labels.pid === String(app.pid));
      return threads.length === 2 && threads;
    };
    const threads = await until(both, 'two threads');
    const [node] = await entitiesOf('node', ({ key }) => key === entity.key);
    assert.strictEqual(node.parent, entity.key);
    threads.forEach(({ parent }) => assert.strictEqual(parent, entity.key));
    assert.deepStrictEqual(threads.map(({ labels }) => labels.thread_id).sort(), ['0', '1']);
    // In base units: between nothing and a gigabyte, and 10 % of its heap is not 10.
    const main = threads.find(({ labels }) => labels.thread_id === '0');
    assert.ok(main.values.heap_used > 1e6 && main.values.heap_used < 1e9, String(main.values.heap_used));
    assert.ok(main.values.loop_utilization <= 1, String(main.values.loop_utilization));
    const { rss } = await (await app.rpc()).call('metrics').then(({ process }) => process);
    assert.ok(Math.abs(node.values.rss - rss) < 0.5 * rss, `${node.values.rss} is not ${rss}`);

    app.child.kill('SIGKILL');
    await eventOf('process_gone', app.pid);
    const left = await entitiesOf('process,node,thread', ({ labels }) => labels.pid === String(app.pid));
    assert.deepStrictEqual(left, []);
  });
});

test('of a killed process it says that it left without a goodbye', async () => {
  // A core of somebody else that starts at this moment sweeps what the killed one left behind.
  let text = '';
  for (let attempt = 0; attempt < 5 && !text.includes('without a goodbye'); attempt++) {
    await withApp(IDLE, {}, async (app) => {
      await withCore(app.pid);
      await until(async () => (await entitiesOf('node', ({ labels }) => labels.pid === String(app.pid))).length === 1, 'its figures');
      app.child.kill('SIGKILL');
      ({ text } = await eventOf('process_gone', app.pid));
    });
  }
  assert.match(text, /has ended without a goodbye \(killed, or crashed\)/);
});

test('a process that ends by itself goes with one', async () => {
  await withApp(`${IDLE} serve({ end() { process.exit(0); } });`, {}, async (app) => {
    await withCore(app.pid);
    app.tell('end');
    const gone = await eventOf('process_gone', app.pid);
    assert.doesNotMatch(gone.text, /goodbye/);
  });
});

test('workers come and go', async () => {
  const body = `${IDLE} let worker; serve({
    more() { worker = workerOf('setInterval(() => {}, 1000)'); },
    fewer() { worker.terminate(); },
  });`;
  await withApp(body, {}, async (app) => {
    await withCore(app.pid);
    await until(async () => (await entitiesOf('thread', ({ labels }) => labels.pid === String(app.pid))).length === 1, 'its main thread');
    app.tell('more');
    assert.match((await eventOf('thread_came', app.pid)).text, /thread 1$/);
    app.tell('fewer');
    await eventOf('thread_gone', app.pid);
    const threads = await entitiesOf('thread', ({ labels }) => labels.pid === String(app.pid));
    assert.deepStrictEqual(threads.map(({ labels }) => labels.thread_id), ['0']);
  });
});

test('a process without the core is seen from outside, and its core when it is started', async () => {
  await withApp(`${IDLE} serve({ core() { require(xprofilerRoot)(xprofilerConfig); } });`, { isBare: true }, async (app) => {
    const entity = await processOf(app.pid, 'it is found', ({ info, values }) => info.core === 'none' && values.rss > 0);
    assert.strictEqual(entity.info.node_version, process.version);
    assert.deepStrictEqual(await entitiesOf('node', ({ key }) => key === entity.key), []);
    app.tell('core');
    assert.strictEqual((await withCore(app.pid)).key, entity.key);
    await eventOf('core_came', app.pid);
  });
});

test('a blocked event loop is told when it begins and when it ends', async () => {
  const block = 'const end = Date.now() + 6000; while (Date.now() < end);';
  await withApp(`${IDLE} serve({ block() { ${block} } });`, {}, async (app) => {
    await withCore(app.pid);
    app.tell('block');
    assert.match((await eventOf('loop_blocked', app.pid)).text, /main thread: its event loop has been blocked for \d+\.\d s$/);
    assert.match((await eventOf('loop_unblocked', app.pid)).text, /after \d+\.\d s$/);
  });
});

/** How late the figures of a process were at worst, in ms, while `work` ran. */
async function worstAgeOf(pid, work) {
  let worst = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const [node] = await entitiesOf('node', ({ labels }) => labels.pid === String(pid));
      worst = Math.max(worst, node ? Date.now() - node.updated_ms : Infinity);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  await work();
  isOver = true;
  await watch;
  return worst;
}

test('a stopped process is silent, keeps its last figures as stale, and answers again; others are not delayed', async () => {
  await withApp(IDLE, {}, async (other) => {
    await withApp(IDLE, {}, async (app) => {
      await Promise.all([withCore(app.pid), withCore(other.pid)]);
      await until(async () => (await entitiesOf('node', ({ labels }) => [app.pid, other.pid].includes(Number(labels.pid)))).length === 2, 'both nodes');
      const worst = await worstAgeOf(other.pid, async () => {
        app.child.kill('SIGSTOP');
        const entity = await processOf(app.pid, 'it is silent', ({ info }) => info.core === 'silent');
        assert.match(entity.info.problem, /does not answer/);
        await eventOf('core_silent', app.pid);
        const isStale = ({ key, quality }) => key === entity.key && quality.rss === 'stale';
        await until(async () => (await entitiesOf('node', isStale)).length === 1, 'its figures are stale');
      });
      assert.ok(worst < 10000, `the figures of the other process were ${worst} ms old`);
      app.child.kill('SIGCONT');
      await eventOf('core_answers', app.pid);
      const fresh = await withCore(app.pid);
      assert.ok(!fresh.info.problem, fresh.info.problem);
    });
  });
});

/** A bare process that has a server of its own at the place of the core's socket. */
function withImpostor(serve, work) {
  const body = `
    const net = require('node:net');
    const file = '/tmp/xprofiler-' + process.geteuid() + '/' + process.pid + '.sock';
    fs.mkdirSync(require('node:path').dirname(file), { recursive: true, mode: 0o700 });
    ${serve}
    setInterval(() => {}, 1000);`;
  return withApp(body, { isBare: true }, async (app) => {
    try {
      return await work(app);
    } finally {
      app.child.kill('SIGKILL');
      await app.ended;
      fs.rmSync(`/tmp/xprofiler-${process.geteuid()}/${app.pid}.sock`, { force: true });
    }
  });
}
const server = (onClient) => `net.createServer((client) => { client.on('error', () => {}); ${onClient} }).listen(file, () => say('ready'));`;

test('whatever answers in place of a core does no harm', async () => {
  const targets = {
    garbage: [server(`client.write('HTTP/1.1 400 Bad Request\\r\\n\\r\\n');`), /does not speak our protocol/],
    silence: [server(''), /does not answer/],
    'a line without an end': [
      server(`const piece = 'x'.repeat(65536); const more = () => { while (client.write(piece)); }; client.on('drain', more); more();`),
      /does not speak our protocol/,
    ],
    'figures that are none': [
      server(`client.on('data', (data) => {
        const { id } = JSON.parse(data);
        client.write(JSON.stringify({ jsonrpc: '2.0', id, result: { process: [], threads: 'many' } }) + '\\n');
      });`),
      /does not speak our protocol/,
    ],
    'a full queue': [
      `net.createServer().listen({ path: file, backlog: 1 }, () => {
        for (let i = 0; i < 5; i++) net.connect(file).on('error', () => {});
        say('ready');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`,
      /accepts no connections/,
    ],
    refusal: [
      server(`client.on('data', (data) => {
        const { id } = JSON.parse(data);
        client.write(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: 'not in the mood' } }) + '\\n');
      });`),
      /not in the mood/,
    ],
  };
  await withApp(IDLE, {}, async (other) => {
    await withCore(other.pid);
    await until(async () => (await entitiesOf('node', ({ labels }) => labels.pid === String(other.pid))).length === 1, 'its figures');
    const worst = await worstAgeOf(other.pid, () =>
      Promise.all(
        Object.entries(targets).map(([name, [serve, problem]]) =>
          withImpostor(serve, async (app) => {
            const entity = await processOf(app.pid, name, ({ info }) => info.core === 'silent');
            assert.match(entity.info.problem, problem, name);
          }),
        ),
      ),
    );
    assert.ok(worst < 10000, `the figures of the other process were ${worst} ms old`);
    const status = fs.readFileSync(`/proc/${xprofd.pid}/status`, 'utf8');
    assert.ok(Number(/VmHWM:\s+(\d+)/.exec(status)[1]) < 200 * 1024, status);
  });
});

test('a socket that nobody listens on is no core', async () => {
  const serve = `net.createServer().listen(file, function () {
    fs.renameSync(file, file + '.kept'); // Node removes what it has bound
    this.close(() => { fs.renameSync(file + '.kept', file); say('ready'); });
  });`;
  await withImpostor(serve, async (app) => {
    const entity = await processOf(app.pid, 'it is found', ({ info }) => info.core !== null && info.core !== undefined);
    assert.strictEqual(entity.info.core, 'none');
  });
});

test('the same pid again is another process', async (context) => {
  const last = '/proc/sys/kernel/ns_last_pid';
  if (!isRoot || !fs.existsSync(last)) return context.skip('needs root and a kernel that lets a pid be chosen');
  const first = startApp(IDLE, { isBare: true });
  let second;
  try {
    await first.said('ready');
    const entity = await processOf(first.pid, 'it is found');
    for (let attempt = 0; attempt < 20 && second?.pid !== first.pid; attempt++) {
      if (second) await second.stop();
      if (first.isAlive()) {
        first.child.kill('SIGKILL');
        await first.ended;
      }
      fs.writeFileSync(last, String(first.pid - 1));
      second = startApp(IDLE, { isBare: true });
    }
    if (second.pid !== first.pid) return context.skip('others took the pid');
    const again = await processOf(second.pid, 'it is another one', ({ key }) => key !== entity.key);
    assert.match(again.key, new RegExp(`^${first.pid}\\.`));
    await eventOf('process_gone', first.pid);
    const both = await entitiesOf('process', ({ labels }) => labels.pid === String(first.pid));
    assert.strictEqual(both.length, 1);
  } finally {
    if (second) await second.stop();
    await first.stop();
  }
});

test('a process in a pid namespace and with a /tmp of its own is found', async (context) => {
  if (!canUnshare) return context.skip('no pid namespaces here');
  const script = 'mount -t tmpfs none /tmp && mkdir -p "$0" && cat > "$0/app.js" && exec "$1" "$0/app.js"';
  const wrap = (words) => ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script, path.dirname(words[1]), words[0]];
  const app = startApp('', { wrap, cwd: '/' });
  try {
    const code = `require(${JSON.stringify(path.resolve(__dirname, '../..'))})({ log_dir: '/tmp' }); setInterval(() => {}, 1000);`;
    app.child.stdin.end(code);
    const isIt = ({ info }) => info.ns_pid === '1' && info.command.includes(app.home) && info.core === 'running';
    const [entity] = await until(async () => {
      const found = await entitiesOf('process', isIt);
      return found.length > 0 && found;
    }, 'the process in the namespace');
    assert.notStrictEqual(entity.labels.pid, '1');
    await until(async () => (await entitiesOf('node', ({ key, values }) => key === entity.key && values.rss > 0)).length === 1, 'its figures');
  } finally {
    await app.stop();
  }
});

// Containers that share /tmp, each with pids of its own: the same number is another process in each of them.
test('a socket of another pid namespace is not taken for that of a process of ours', async (context) => {
  if (!canUnshare) return context.skip('no pid namespaces here');
  await withApp(IDLE, {}, async (app) => {
    const [entity, socket] = [await withCore(app.pid), `/tmp/xprofiler-${process.getuid()}/${app.pid}.sock`];
    if (!fs.existsSync(socket)) return context.skip(`the socket of ${entity.key} is elsewhere`);
    const dir = path.join(app.home, 'sockets');
    fs.mkdirSync(dir, { mode: 0o700 });
    const script = `"$1" -e 'setInterval(() => {}, 1000)' & file="$2/$!.sock"; touch "$file"; mount --bind "$3" "$file"; mount --rbind "$2" "\${3%/*}"; shift 3; exec "$@"`;
    const inside = await startXprofd({ command: ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script, 'sh', process.execPath, dir, socket] });
    try {
      const isIt = ({ info }) => /setInterval/.test(info.command) && info.core;
      const { entities } = await inside.waitFor('/api/entities?kind=process', (json) => json.entities.some(isIt), 'the process inside');
      assert.strictEqual(entities.find(isIt).info.core, 'denied');
      assert.match(entities.find(isIt).info.problem, /another process listens/);
      assert.deepStrictEqual((await inside.get('/api/entities?kind=node')).json.entities, []);
    } finally {
      await inside.stop('SIGKILL'); // unshare keeps other signals from it
    }
  });
});
