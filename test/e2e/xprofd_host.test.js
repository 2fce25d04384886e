'use strict';

// The host's figures of xprofd agree with node_exporter's and with /proc read here, and need no privileges; an OOM kill is
// an event; a file system that does not answer delays nobody.
// matrix: never, it is about the host

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { assertBetween, familiesOf, lines, parse, startExporter, words } = require('./support/node_exporter');
const { sleep, until } = require('./support/until');
const { program, startXprofd } = require('./support/xprofd');

const read = (file) => fs.readFileSync(file, 'utf8');

/** What /proc says, under xprofd's names, of what node_exporter does not have. Counters only. */
function readProc() {
  const series = {};
  const [, ...softirqs] = lines('/proc/softirqs');
  for (const [type, ...counts] of softirqs.map(words)) {
    counts.forEach((count, cpu) => (series[`node_softirqs_functions_total{cpu="${cpu}",type="${type.slice(0, -1)}"}`] = Number(count)));
  }
  const [head, ...sources] = lines('/proc/interrupts');
  for (const [irq, ...rest] of sources.map(words)) {
    const counts = rest.slice(0, words(head).length).filter((word) => /^\d+$/.test(word));
    series[`xprofd_host_interrupts_total{irq="${irq.slice(0, -1)}"}`] = counts.reduce((sum, word) => sum + Number(word), 0);
  }
  for (const [name, value] of lines('/proc/vmstat').map(words)) series[`node_vmstat_${name}`] = Number(value);
  const user = words(lines('/proc/stat')[0]);
  'user nice system idle iowait irq softirq steal'.split(' ').forEach((mode, i) => {
    series[`xprofd_host_cpu_seconds_total{mode="${mode}"}`] = Number(user[i + 1]) / 100;
  });
  for (const line of lines('/proc/diskstats').map(words)) {
    series[`node_disk_written_bytes_total{device="${line[2]}"}`] = Number(line[9]) * 512;
    series[`node_disk_read_bytes_total{device="${line[2]}"}`] = Number(line[5]) * 512;
  }
  return series;
}

describe('figures of the host', { skip: process.platform !== 'linux' }, () => {
  let xprofd;
  let exporter;

  before(async () => {
    exporter = await startExporter();
    xprofd = await startXprofd({ args: ['--store', 'none'] });
  });
  after(async () => {
    if (xprofd) await xprofd.stop();
    if (exporter) await exporter.stop();
  });

  const entitiesOf = (kind) => xprofd.entitiesOf(kind);

  const FAST = ['host_cpu', 'host_cpu_total', 'host_system', 'host_vmstat', 'host_pressure', 'host_softirq', 'host_disk'];

  test('counters lie between two readings of node_exporter', async () => {
    const first = await exporter.series();
    await xprofd.waitForReadings(FAST);
    const ours = parse((await xprofd.get('/metrics')).text);
    const last = await exporter.series();
    const pattern = /^node_(cpu_(guest_)?seconds_total|disk_\w+_total|intr_total|context_switches_total|forks_total|pressure_\w+_total|vmstat_)/;
    // Ticks are hundredths.
    const names = assertBetween(ours, first, last, pattern, 0.011);
    const families = familiesOf(names);
    for (const family of ['node_cpu_seconds_total', 'node_cpu_guest_seconds_total', 'node_intr_total', 'node_context_switches_total', 'node_forks_total', 'node_vmstat_pgfault', 'node_vmstat_pgmajfault', 'node_vmstat_oom_kill']) {
      assert.ok(families.has(family), `${family} was compared; ${[...families].join(' ')}`);
    }
    assert.strictEqual(names.filter((name) => name.startsWith('node_cpu_seconds_total')).length, os.cpus().length * 8);
    // Whatever node_exporter has of these, we have.
    const lost = Object.keys(first).filter((name) => pattern.test(name) && name in last && !(name in ours) && !/device="(zram|loop|ram|fd)\d/.test(name));
    assert.deepStrictEqual(lost, []);
  });

  test('counters lie between two readings of /proc', async () => {
    const first = readProc();
    await xprofd.waitForReadings([...FAST, 'host_interrupt']);
    const ours = parse((await xprofd.get('/metrics')).text);
    const last = readProc();
    const names = assertBetween(ours, first, last, /^(node_softirqs|xprofd_host_interrupts|node_vmstat|xprofd_host_cpu_sec|node_disk)/, 0.011);
    const families = familiesOf(names);
    for (const family of ['node_softirqs_functions_total', 'xprofd_host_interrupts_total', 'node_vmstat_pgpgin', 'xprofd_host_cpu_seconds_total']) {
      assert.ok(families.has(family), `${family} was compared; ${[...families].join(' ')}`);
    }
  });

  test('gauges agree with node_exporter', async () => {
    const first = await exporter.series();
    await xprofd.waitForReadings(['host_memory', 'host_system', 'host_filesystem']);
    const ours = parse((await xprofd.get('/metrics')).text);
    const last = await exporter.series();
    const exact = /^node_(boot_time_seconds|filesystem_(size_bytes|readonly|device_error)\b|memory_(MemTotal|SwapTotal|CommitLimit|Hugepagesize|VmallocTotal)_bytes|memory_HugePages_Total|uname_info)/;
    const near = /^node_(memory_(MemFree|MemAvailable|Cached|Slab|AnonPages|Active)_bytes|filesystem_(free|avail)_bytes|filesystem_files\b)/; // some make inodes as they need them
    for (const name of Object.keys(ours).filter((known) => known in first && known in last)) {
      if (exact.test(name)) assert.strictEqual(ours[name], last[name], name);
      if (!near.test(name)) continue;
      const total = name.startsWith('node_memory') ? ours.node_memory_MemTotal_bytes : ours[name.replace(/(free|avail)_bytes/, 'size_bytes')];
      const [low, high] = [Math.min(first[name], last[name]), Math.max(first[name], last[name])];
      const slack = 0.1 * total; // others use the machine meanwhile
      assert.ok(ours[name] >= low - slack && ours[name] <= high + slack, `${name} is ${ours[name]}, not ${low} to ${high}`);
    }
    // All of /proc/meminfo but what differs between the two moments: the same set of names.
    const memory = Object.keys(last).filter((name) => /^node_memory_(?!DirectMap|VmallocChunk|NFS_Unstable|SecPageTables|Balloon|\w*PmdMapped|Unaccepted)/.test(name));
    assert.deepStrictEqual(memory.filter((name) => !(name in ours)), []);
    assert.ok(Object.keys(ours).some((name) => name.startsWith('node_filesystem_size_bytes{') && name in last), 'a file system was compared');
    assert.ok(Object.keys(ours).some((name) => name.startsWith('node_uname_info{') && name in last), 'the kernel was compared');
    const used = ours.node_memory_MemTotal_bytes - ours.node_memory_MemAvailable_bytes;
    assert.strictEqual(ours.xprofd_host_memory_used_bytes, used);
  });

  test('no file system stands twice, and none that stores nothing', async () => {
    const entities = await entitiesOf('host_filesystem');
    const mounts = lines('/proc/self/mountinfo').map(words);
    const devices = entities.map(({ labels }) => mounts.filter((mount) => mount[4] === labels.mountpoint).pop()[2]);
    assert.strictEqual(new Set(devices).size, devices.length);
    assert.deepStrictEqual(entities.filter(({ labels }) => /^(proc|sysfs|cgroup2?|devpts|devtmpfs)$/.test(labels.fstype)), []);
    const root = fs.statfsSync ? fs.statfsSync('/') : null;
    const ours = entities.find(({ labels }) => labels.mountpoint === '/');
    assert.ok(ours, 'the root is there');
    if (root) assert.strictEqual(ours.values.size, root.blocks * root.bsize);
    if (root) assert.ok(Math.abs(ours.values.files - root.files) <= 0.1 * root.files, `${ours.values.files} is not ${root.files}`);
  });

  test('derived figures of disks are what their formulae say', async (t) => {
    if ((await entitiesOf('host_disk')).length === 0) return t.skip('no disk is seen here');
    // Not in the temporary folder: where that is memory, nothing is written to a disk.
    const file = path.join(path.dirname(program), `xpf-host-${process.pid}`);
    const block = Buffer.alloc(256 * 1024, 1);
    const readings = new Map(); // "device time" -> values
    const work = fs.openSync(file, 'w');
    try {
      const whatDiffers = ([then, now]) => {
        const grown = (name) => now.values[name] - then.values[name];
        const expected = {
          await: [(grown('read_time') + grown('write_time')) / (grown('reads') + grown('writes')), 1e-6],
          write_await: [grown('write_time') / grown('writes'), 1e-6],
          // The time between is measured there at the reading, here at its end: on a busy machine they differ.
          queue: [grown('io_time_weighted') / ((now.at - then.at) / 1000), 0.6],
        };
        const isNear = (name, [value, share]) => Math.abs(now.values[name] - value) <= share * value + 1e-6;
        return Object.entries(expected).filter((each) => !isNear(...each)).map(([name, [value]]) => `${name} is ${now.values[name]}, not ${value}`);
      };
      let differs = 'no disk was written to';
      const [, now] = await until(async () => {
        fs.writeSync(work, block, 0, block.length, 0);
        fs.fsyncSync(work);
        for (const { key, updated_ms, values } of await entitiesOf('host_disk')) readings.set(`${key} ${updated_ms}`, { key, at: updated_ms, values });
        const all = [...readings.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.at - b.at));
        // Of a second apart, or there is one between them that was not seen; also this may be wrong on a busy machine.
        const pairs = all.map((now, i) => [all[i - 1], now]).filter(([then, now]) =>
          then && then.key === now.key && now.at - then.at < 1900 && then.values.await !== null && now.values.writes > then.values.writes);
        if (pairs.length > 0) differs = pairs.map(whatDiffers).at(-1).join(', ');
        return pairs.find((pair) => whatDiffers(pair).length === 0);
      }, 'two readings of a disk that agree with each other', 60_000).catch((error) => {
        throw new Error(`${error.message}: ${differs}`, { cause: error });
      });
      assert.ok(now.values.utilization >= 0 && now.values.utilization <= 1);
    } finally {
      fs.closeSync(work);
      fs.rmSync(file, { force: true });
    }
  });

  test('the table of processes has who is busy, of the whole host', async () => {
    const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }); // no Node.js
    try {
      const entity = await until(async () => {
        const found = (await entitiesOf('host_process')).find(({ labels }) => labels.pid === String(child.pid));
        return found && found.values.cpu > 0.02 && found;
      }, 'a busy process is in the table', 90_000);
      assert.strictEqual(entity.info.command, 'sh -c while :; do :; done');
      assert.strictEqual(entity.info.user, os.userInfo().username);
      assert.strictEqual(entity.labels.name, 'sh');
      const stat = words(read(`/proc/${child.pid}/stat`).replace(/^.*\) /, ''));
      assert.strictEqual(entity.key, `${child.pid}.${stat[19]}`);
      assert.strictEqual(entity.values.vsize, Number(stat[20]));
      assert.strictEqual(entity.values.nice, Number(stat[16]));
      assert.ok(entity.values.cpu <= 1.5, `one thread uses one CPU: ${entity.values.cpu}`);
      assert.ok(entity.values.cpu_user <= Number(stat[11]) / 100, `${entity.values.cpu_user} s, not ${stat[11]} ticks`);
      // The kernel adds up rss from counters of each CPU, exact to some 100 KB; they are not read at the same moment.
      const { pss, uss, rss } = entity.values;
      assert.ok(pss === null || (uss <= pss && pss <= rss + 2 ** 21), `uss ${uss}, pss ${pss}, rss ${rss}`);
    } finally {
      child.kill('SIGKILL');
    }
    const { entities } = (await xprofd.get('/api/entities?kind=host_process')).json;
    assert.ok(entities.length <= 75, `${entities.length}`); // 25 of each order
    await until(async () => !(await entitiesOf('host_process')).some(({ labels }) => labels.pid === String(child.pid)), 'it is gone from the table', 90_000);
  });

  test('--list-fields has every kind and field that there is', async () => {
    const { status, stdout } = spawnSync(program, ['--list-fields'], { encoding: 'utf8' });
    assert.strictEqual(status, 0);
    const { kinds } = (await xprofd.get('/api/kinds')).json;
    assert.ok(kinds.length > 20, `${kinds.length} kinds`);
    for (const { name, fields } of kinds) {
      const [, section] = stdout.split(`\n### \`${name}\`: `);
      assert.ok(section, `${name} is listed`);
      const listed = [...section.split('\n### ')[0].matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key);
      assert.deepStrictEqual(listed, fields.map(({ key }) => key), name);
    }
  });

  test('busy is the share that the counters say', async () => {
    const readings = new Map();
    const busyOf = (then, now) => {
      const grown = (name) => Math.max(0, now[name] - then[name]);
      const all = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'].reduce((sum, name) => sum + grown(name), 0);
      return 1 - (grown('idle') + grown('iowait')) / all;
    };
    let differs = 'no two readings';
    const now = await until(async () => {
      for (const { updated_ms, values } of await entitiesOf('host_cpu_total')) readings.set(updated_ms, values);
      const all = [...readings].sort(([a], [b]) => a - b).map(([, values]) => values);
      // Two that follow each other here may have had one between them that was not seen.
      const pairs = all.slice(1).map((values, i) => [all[i], values]).filter(([, values]) => values.busy !== null);
      if (pairs.length > 0) differs = `busy is ${pairs.at(-1)[1].busy}, not ${busyOf(...pairs.at(-1))}`;
      return pairs.find(([then, values]) => Math.abs(values.busy - busyOf(then, values)) < 1e-6)?.[1];
    }, 'two readings of the processor that agree with each other', 60_000).catch((error) => {
      throw new Error(`${error.message}: ${differs}`, { cause: error });
    });
    assert.strictEqual(now.cpus, os.cpus().length);
  });
});

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

function canBeNobody() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return false;
  return spawnSync(NOBODY[0], [...NOBODY.slice(1), 'test', '-x', program]).status === 0;
}

test('nothing of the host needs privileges', { skip: !canBeNobody() && 'needs root, and a checkout that others may read' }, async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-nobody-'));
  fs.chownSync(home, 65534, 65534);
  const xprofd = await startXprofd({ args: ['--store', 'none'], command: NOBODY, home });
  const WHOLE = ['host_cpu_total', 'host_cpu', 'host_system', 'host_load', 'host_memory', 'host_vmstat', 'host_pressure', 'host_softirq', 'host_interrupt', 'host_kernel'];
  try {
    const isRead = (entities, kind) => entities.some((entity) => entity.kind === kind && Object.values(entity.values).some((value) => value !== null));
    const mayLack = (kind) => kind === 'host_pressure' && !fs.existsSync('/proc/pressure/cpu');
    const { entities } = await xprofd.waitFor(`/api/entities?kind=${WHOLE}`, (answer) => WHOLE.every((kind) => mayLack(kind) || isRead(answer.entities, kind)));
    const denied = entities.filter(({ quality }) => Object.values(quality).includes('denied'));
    assert.deepStrictEqual(denied, []);
    // What is not ours to see of others says so, and is not 0.
    const isOthers = ({ info, values }) => info.user === 'root' && values.rss > 0;
    const table = await xprofd.waitFor('/api/entities?kind=host_process', (answer) => answer.entities.some((entity) => isOthers(entity) && entity.quality.pss === 'denied'));
    for (const { values, quality } of table.entities.filter(isOthers)) {
      assert.deepStrictEqual([values.pss, values.read_bytes, quality.read_bytes], [null, null, 'denied']);
    }
  } finally {
    await xprofd.stop();
    fs.rmSync(home, { recursive: true, force: true });
  }
});

/** A folder where a memory cgroup can be made, and the name of its limit: v1 or v2. null: there is none. */
function memoryCgroup() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return null;
  const v1 = '/sys/fs/cgroup/memory';
  if (fs.existsSync(`${v1}/memory.limit_in_bytes`)) return { parent: v1, limit: 'memory.limit_in_bytes' };
  const control = '/sys/fs/cgroup/cgroup.subtree_control';
  return fs.existsSync(control) && /\bmemory\b/.test(read(control)) ? { parent: path.dirname(control), limit: 'memory.max' } : null;
}

test('a process killed for want of memory is an event', { skip: !memoryCgroup() && 'needs root and a memory cgroup' }, async () => {
  const { parent, limit } = memoryCgroup();
  const group = path.join(parent, `xpf-host-${process.pid}`);
  const xprofd = await startXprofd();
  try {
    fs.mkdirSync(group);
    fs.writeFileSync(path.join(group, limit), String(32 * 2 ** 20));
    await xprofd.waitFor('/api/entities?kind=host_vmstat', ({ entities }) => entities.some(({ values }) => values.oom_kills !== null));
    // Not of Node.js, or its cgroup may be known before it is killed: then that tells it, and the host does not.
    const code = 'kept = []\nwhile True: kept.append(b"x" * 2 ** 20)';
    const victim = spawn('sh', ['-c', `echo $$ > ${group}/cgroup.procs && exec python3 -c "$0"`, code], { stdio: 'ignore' });
    const signal = await new Promise((resolve) => victim.on('exit', (_status, by) => resolve(by)));
    assert.strictEqual(signal, 'SIGKILL');
    const { events } = await xprofd.waitFor('/api/events?from=-120000&kind=host_vmstat&limit=1000', (answer) => answer.events.some(({ name }) => name === 'oom_kill'));
    assert.match(events.find(({ name }) => name === 'oom_kill').text, /^the kernel killed \d+ process(es)? for want of memory$/);
  } finally {
    await xprofd.stop();
    if (fs.existsSync(group)) await until(() => rmdirQuietly(group), `${group} is empty`);
  }
});

function rmdirQuietly(folder) {
  try {
    fs.rmdirSync(folder);
    return true;
  } catch {
    return false; // the kernel still empties it
  }
}

// A FUSE file system whose process never answers, in a mount namespace of its own: what a dead server is like.
const MOUNT = 'exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead "$0" && exec "$@"';

function canMount() {
  return process.platform === 'linux' && process.getuid() === 0 && fs.existsSync('/dev/fuse');
}

test('a file system that never answers delays nobody', { skip: !canMount() && 'needs root and /dev/fuse' }, async () => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-dead-'));
  const xprofd = await startXprofd({ args: ['--store', 'none'], command: ['unshare', '-m', 'sh', '-c', MOUNT, place] });
  try {
    const quality = ({ entities }, mountpoint) => {
      const found = entities.find(({ labels }) => labels.mountpoint === mountpoint);
      return found && (found.values.size === null ? found.quality.size : 'ok');
    };
    const json = await xprofd.waitFor('/api/entities?kind=host_filesystem', (answer) => quality(answer, place) && quality(answer, '/'));
    assert.strictEqual(quality(json, place), 'absent'); // asked, and never answered
    assert.strictEqual(quality(json, '/'), 'ok');
    // The others go on being read, again and again.
    const [{ updated_ms: at }] = json.entities.filter(({ labels }) => labels.mountpoint === '/');
    await xprofd.waitFor('/api/entities?kind=host_filesystem', ({ entities }) =>
      entities.some(({ labels, updated_ms }) => labels.mountpoint === '/' && updated_ms > at));
    const threads = fs.readdirSync(`/proc/${xprofd.pid}/task`).length;
    assert.ok(threads < 16, `one thread waits, not one for each question: ${threads}`);
  } finally {
    assert.deepStrictEqual(await xprofd.stop(), { status: 0, signal: null });
    fs.rmdirSync(place);
  }
});

const WRITES = `
import os, sys, time
with open(sys.argv[1], "wb") as file:
    while True:
        file.seek(0)
        file.write(b"x" * 1048576)
        file.flush()
        os.fsync(file.fileno())
        time.sleep(0.1)
`;

test('a process that writes is in the top table, whatever it runs', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-writes-'));
  const writer = spawn('python3', ['-c', WRITES, path.join(folder, 'file')], { stdio: 'ignore' });
  const written = () => Number(/^write_bytes: (\d+)$/m.exec(read(`/proc/${writer.pid}/io`))[1]);
  let xprofd;
  try {
    await until(() => fs.existsSync(path.join(folder, 'file')), 'it writes');
    await sleep(500);
    if (written() === 0) return t.skip('what is written here goes to no storage');
    xprofd = await startXprofd({ args: ['--store', 'none'] });
    const own = ({ entities }) => entities.find(({ labels }) => labels.pid === String(writer.pid));
    const target = '/api/entities?kind=host_process';
    const first = own(await xprofd.waitFor(target, (answer) => own(answer)?.values.write_bytes > 0, 'it is in the table'));
    assert.strictEqual(first.labels.name, 'python3');
    const later = own(await xprofd.waitFor(target, (answer) => own(answer)?.values.write_bytes > first.values.write_bytes, 'it has written more'));
    assert.ok(later.values.write_bytes <= written(), `${later.values.write_bytes} of ${written()}`);
    assert.ok(later.values.read_bytes >= 0 && later.values.major_faults >= 0);
  } finally {
    writer.kill('SIGKILL');
    if (xprofd) await xprofd.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
