'use strict';

// What xprofd sees of a process from outside agrees with /proc read here; what is another user's is denied and not 0; the
// cgroup of a process shows its limits, its throttling and its end.
// matrix: never, it is about the host

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { startApp } = require('./support/app');
const { makeCgroup } = require('./support/cgroup');
const { NOBODY, noNobody } = require('./support/nobody');
const { until, sleep } = require('./support/until');
const { startXprofd } = require('./support/xprofd');

const skip = process.platform !== 'linux';
const bare = (body, work) => withApp(body, { isBare: true }, work);

let xprofd;
before(async () => {
  if (!skip) xprofd = await startXprofd({ args: ['--store', 'none'] });
});
after(async () => {
  if (xprofd) await xprofd.stop();
});

async function withApp(body, options, work) {
  const app = startApp(body, options);
  try {
    await app.said('ready');
    return await work(app);
  } finally {
    await app.stop();
  }
}

async function processOf(daemon, pid, what, accept = () => true) {
  const probe = async () => {
    const { entities } = (await daemon.get('/api/entities?kind=process')).json;
    const entity = entities.find(({ labels }) => labels.pid === String(pid));
    return entity && accept(entity) ? entity : undefined;
  };
  return until(probe, `process ${pid}: ${what}`, 60_000);
}

/** { Pss: bytes, … } of a file whose lines are `name: number kB`, or `name: number`. */
function fileOf(pid, name) {
  const text = fs.readFileSync(`/proc/${pid}/${name}`, 'utf8');
  const found = {};
  for (const [, key, value, unit] of text.matchAll(/^(\w+):\s+(\d+)( kB)?$/gm)) found[key] = Number(value) * (unit ? 1024 : 1);
  return found;
}

/** All counters at one moment. */
function countersOf(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number);
  const io = fileOf(pid, 'io');
  const tasks = fs.readdirSync(`/proc/${pid}/task`);
  const sum = (of) => tasks.reduce((total, tid) => total + of(`task/${tid}`), 0);
  const schedstat = (dir) => fs.readFileSync(`/proc/${pid}/${dir}/schedstat`, 'utf8').split(' ').map(Number);
  return {
    cpu_user: stat[11] / 100,
    cpu_system: stat[12] / 100,
    minor_faults: stat[7],
    main_run: schedstat('.')[0] / 1e9,
    main_wait: schedstat('.')[1] / 1e9,
    run: sum((dir) => schedstat(dir)[0]) / 1e9,
    wait: sum((dir) => schedstat(dir)[1]) / 1e9,
    voluntary_switches: sum((dir) => fileOf(pid, `${dir}/status`).voluntary_ctxt_switches),
    involuntary_switches: sum((dir) => fileOf(pid, `${dir}/status`).nonvoluntary_ctxt_switches),
    read_chars: io.rchar,
    write_chars: io.wchar,
    write_calls: io.syscw,
    write_bytes: io.write_bytes,
  };
}

const WORKS = `
  const block = Buffer.alloc(40 << 20, 1);
  const file = fs.openSync(process.env.XPF_FILE, 'w');
  setInterval(() => {
    const end = Date.now() + 20;
    while (Date.now() < end);
    fs.writeSync(file, block, 0, 10000, 0);
  }, 100);
  const server = require('node:net').createServer(() => {}).listen(0, '127.0.0.1', () => {
    for (let i = 0; i < 3; i++) require('node:net').connect(server.address().port, '127.0.0.1');
  });
  require('node:dgram').createSocket('udp4').bind(0, '127.0.0.1', () => say('ready'));
`;

test('figures from outside agree with /proc', { skip }, async () => {
  const file = path.join(os.tmpdir(), `xpf-process-${process.pid}`);
  try {
    await withApp(WORKS, { isBare: true, env: { XPF_FILE: file } }, async (app) => {
      await processOf(xprofd, app.pid, 'is found and its sockets are', ({ values }) => values.pss > 0 && values.fds_limit > 0 && values.tcp_established === 6);
      const first = countersOf(app.pid);
      // Turns come by themselves: each figure that moves has been read anew once it has passed its first value.
      const { values } = await processOf(xprofd, app.pid, 'is read anew', (entity) =>
        Object.keys(first).every((name) => entity.values[name] >= first[name]));
      const last = countersOf(app.pid);
      for (const name of Object.keys(first)) {
        assert.ok(values[name] <= last[name] + 0.011, `${name} is ${values[name]}, but was ${first[name]} before and ${last[name]} after`);
      }
      const near = (name, expected, share) => {
        const { [name]: value } = values;
        assert.ok(Math.abs(value - expected) <= share * expected, `${name} is ${value}, not ${expected}`);
      };
      const status = fileOf(app.pid, 'status');
      near('rss', status.VmRSS, 0.2);
      near('rss_anon', status.RssAnon, 0.2);
      near('rss_file', status.RssFile, 0.2);
      near('rss_peak', status.VmHWM, 0.2);
      near('vsize', status.VmSize, 0.2);
      assert.strictEqual(values.threads, status.Threads);
      assert.ok(values.rss_anon > 40 << 20, String(values.rss_anon));
      const shares = fileOf(app.pid, 'smaps_rollup');
      near('pss', shares.Pss, 0.3);
      near('uss', shares.Private_Clean + shares.Private_Dirty, 0.3);
      assert.ok(values.uss <= values.pss && values.pss <= 1.1 * values.rss, JSON.stringify(values));
      assert.ok(values.pss_age < 120, String(values.pss_age));
      const fds = fs.readdirSync(`/proc/${app.pid}/fd`).length;
      assert.ok(Math.abs(values.fds - fds) <= 2, `${values.fds} is not ${fds}`);
      assert.strictEqual(values.fds_limit, Number(/Max open files\s+(\d+)/.exec(fs.readFileSync(`/proc/${app.pid}/limits`, 'utf8'))[1]));
      assert.strictEqual(values.tcp_listen, 1);
      assert.strictEqual(values.udp, 1);
      assert.strictEqual(values.tcp_close_wait, 0);
      assert.strictEqual(values.accept_queue, 0);
    });
  } finally {
    fs.rmSync(file, { force: true });
  }
});

test("another user's process is denied, not 0", { skip: skip || noNobody }, async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-nobody-'));
  fs.chownSync(home, NOBODY, NOBODY);
  const command = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];
  const nobody = await startXprofd({ command, home, args: ['--store', 'none'] });
  try {
    await bare(`setInterval(() => {}, 1000); say('ready');`, async (app) => {
      const denied = ['pss', 'pss_anon', 'uss', 'pss_age', 'read_chars', 'write_bytes', 'tcp_established', 'tcp_listen', 'accept_queue'];
      // Not all of it is read in the first turn when the host is busy.
      const { values, quality } = await processOf(nobody, app.pid, 'is read', (entity) =>
        entity.values.rss > 0 && denied.every((name) => entity.quality[name] !== 'absent'));
      for (const name of denied) {
        assert.strictEqual(quality[name], 'denied', name);
        assert.strictEqual(values[name], null, name);
      }
      for (const name of ['cpu_user', 'rss', 'threads', 'voluntary_switches', 'main_wait']) assert.ok(values[name] >= 0, name);
      const { text } = await nobody.get('/metrics');
      assert.match(text, new RegExp(`^xprofd_process_resident_memory_bytes\\{pid="${app.pid}"`, 'm'));
      assert.doesNotMatch(text, new RegExp(`^xprofd_process_(proportional_memory_bytes|io_bytes_total|sockets)\\{[^}]*pid="${app.pid}"`, 'm'));
    });
  } finally {
    await nobody.stop();
    fs.rmSync(home, { recursive: true, force: true });
  }
});

/** Events from now on. */
function listen(kinds) {
  const events = [];
  const live = http.get(`${xprofd.url()}/api/live?kind=${kinds}`, (answer) => {
    let rest = '';
    answer.setEncoding('utf8').on('data', (text) => {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const match = /^event: event\ndata: (.*)$/m.exec(block);
        if (match) events.push(JSON.parse(match[1]));
      }
    });
  });
  live.on('error', () => {});
  return { events, stop: () => live.destroy() };
}

const EATS = `
  const kept = [];
  serve({
    spin() { for (;;); },
    eat() { setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 20); },
  });
  say('ready');
`;

const countHostKills = async () => (await xprofd.get('/api/entities?kind=host_vmstat')).json.entities[0].values.oom_kills;

/** Neither the process nor the host tells again what the cgroup has told: other kills may be going on beside this one. */
async function isToldOnce(events, pid, before) {
  await sleep(8000); // the host would have told by now
  assert.deepStrictEqual(events.filter(({ name, key }) => name === 'cgroup_oom_kill' && key.startsWith(`${pid}.`)), []);
  const ofHost = events.filter(({ name, kind }) => name === 'oom_kill' && kind === 'host_vmstat');
  const told = ofHost.reduce((sum, { text }) => sum + Number(/killed (\d+)/.exec(text)[1]), 1);
  const counted = (await countHostKills()) - before;
  assert.ok(told <= counted || before === null, `${told} told of ${counted}`);
}

test('a cgroup: its limits, throttling, and the kill at its end', { skip }, async (t) => {
  const cgroup = makeCgroup({ memoryBytes: 200 << 20, cpuQuotaUs: 20000 });
  if (typeof cgroup === 'string') return t.skip(cgroup);
  const live = listen('cgroup,node,host_vmstat');
  const own = async () => (await xprofd.get('/api/entities?kind=cgroup')).json.entities.find(({ labels }) => labels.path === cgroup.path);
  const valuesWhen = (accept, what) => until(async () => {
    const entity = await own();
    return entity && accept(entity.values) && entity.values;
  }, what, 60_000);
  try {
    await bare(EATS, async (app) => {
      cgroup.add(app.pid);
      const before = await valuesWhen(({ memory_limit: limit }) => limit, 'the cgroup is found');
      assert.strictEqual(before.memory_limit, 200 << 20);
      assert.strictEqual(before.cpu_limit, 0.2);
      assert.strictEqual(before.processes, 1);
      assert.strictEqual(before.oom_kills, 0);
      assert.ok(before.memory_working_set <= before.memory && before.memory < 200 << 20, JSON.stringify(before));
      await processOf(xprofd, app.pid, 'says where it is', ({ info }) => info.cgroup === cgroup.path);

      const hostKills = await countHostKills();
      app.tell('eat');
      const { signal } = await app.ended;
      assert.strictEqual(signal, 'SIGKILL');
      const event = await until(() => live.events.find(({ name, kind }) => name === 'oom_kill' && kind === 'cgroup'), () => `an event; ${JSON.stringify(live.events)}`, 60_000);
      assert.strictEqual(event.key, (await own()).key);
      assert.match(event.text, new RegExp(`${cgroup.path} \\(its limit: 200 MB\\): the kernel killed 1 process`));
      await valuesWhen((values) => values.oom_kills === 1 && values.processes === 0, 'the kill is counted');
      await isToldOnce(live.events, app.pid, hostKills);
    });
    await bare(EATS, async (app) => {
      const before = (await own()).values;
      cgroup.limitCpu(2000); // on a busy machine nobody gets more than a few hundredths of the time anyway
      app.tell('spin');
      cgroup.add(app.pid);
      const now = await valuesWhen((values) => values.throttled_periods >= before.throttled_periods + 10, 'it is throttled');
      assert.ok(now.periods >= now.throttled_periods, JSON.stringify(now));
      assert.ok(now.throttled > before.throttled, JSON.stringify(now));
      app.child.kill('SIGKILL');
      await app.ended;
    });
  } finally {
    live.stop();
    await until(() => {
      try {
        cgroup.remove();
        return true;
      } catch {
        return false; // the kernel takes its time to let go of the last process
      }
    }, 'the cgroup is empty');
  }
});
