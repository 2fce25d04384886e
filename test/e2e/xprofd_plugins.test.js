'use strict';

// Plugins of xprofd: good ones, and every kind of bad one that must not harm the daemon or the others.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { startXprofd } = require('./support/xprofd');
const { until } = require('./support/until');

let home;
let folder;
let daemon;

function plugin(name, text, mode = 0o755) {
  const hidden = path.join(folder, `.${name}`);
  fs.writeFileSync(hidden, text);
  fs.chmodSync(hidden, mode);
  fs.renameSync(hidden, path.join(folder, name)); // never seen half written
}

before(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-plugins-'));
  folder = path.join(home, 'plugins');
  fs.mkdirSync(folder, { mode: 0o755 });
  daemon = await startXprofd({ args: ['--plugin_dir', folder] });
});

after(async () => {
  const { status } = await daemon.stop();
  fs.rmSync(home, { recursive: true, force: true });
  assert.strictEqual(status, 0, daemon.stderr);
});

/** The entity of a plugin, once it is as wanted. */
async function waitForPlugin(name, accept, what) {
  const isIt = ({ labels }) => labels.plugin === name;
  const found = await daemon.waitFor('/api/entities?kind=plugin', ({ entities }) => entities.filter(isIt).some(accept), `plugin ${name} ${what}`);
  return found.entities.find(isIt);
}

/** Between a failure and the next start, which takes the reason away. */
const isFailed = ({ values, info }) => values.failures >= 1 && info.state === 'failed';

/** On a busy machine a run may take longer than the second that it has; the next one tells what the test looks for. */
const isLate = ({ error }) => /did not end within/.test(error);

async function metrics() {
  return (await daemon.get('/metrics')).text;
}

const waitForMetrics = (pattern, what) =>
  until(async () => {
    const text = await metrics();
    return pattern.test(text) && text;
  }, what || String(pattern));

/** Processes whose command line has the word. */
function running(word) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
      } catch {
        return false;
      }
    });
}

test('a periodic program of Prometheus text', async () => {
  plugin(
    'queue.1s.sh',
    `#!/bin/sh
echo '# HELP demo_queue_depth jobs that wait'
echo '# TYPE demo_queue_depth gauge'
echo 'demo_queue_depth{queue="mail"} 7'
echo 'demo_queue_depth{queue="p\\"d/f",plugin="own"} 3.5 1700000000000'
echo '# TYPE demo_jobs_total counter'
echo "demo_jobs_total $(date +%s)"
`,
  );
  const text = await waitForMetrics(/^demo_jobs_total\{plugin="queue"\} \d+$/m);
  assert.match(text, /^# HELP demo_queue_depth jobs that wait$/m);
  assert.match(text, /^# TYPE demo_queue_depth gauge$/m);
  assert.match(text, /^# TYPE demo_jobs_total counter$/m);
  assert.match(text, /^demo_queue_depth\{plugin="queue",queue="mail"\} 7$/m);
  assert.match(text, /^demo_queue_depth\{plugin="queue",exported_plugin="own",queue="p\\"d\/f"\} 3\.5$/m);
  // On a busy machine one of its runs may take longer than the second that it has.
  const isWell = ({ values: { runs, failures, up } }) => runs - failures >= 3 && up === 1;
  const entity = await waitForPlugin('queue', isWell, 'runs again and again');
  assert.strictEqual(entity.values.series, 3);
  assert.ok(!entity.info.error, entity.info.error);
  assert.strictEqual(entity.info.mode, 'every 1 s');
  const { kinds } = (await daemon.get('/api/kinds')).json;
  const kind = kinds.find(({ name }) => name === 'plugin_demo_queue_depth');
  assert.deepStrictEqual(kind.labels.slice(0, 1), ['plugin']);
});

test('its values are in the history', async () => {
  const target = '/api/series?kind=plugin_demo_queue_depth&key=queue%2Fmail&fields=value&from=-60000&step=1000';
  const isSeen = ({ series }) => series && series.some(({ values }) => values.includes(7));
  await daemon.waitFor(target, isSeen, 'the history of a plugin');
});

test('a program that runs on, of JSON lines, in a clean environment', async () => {
  plugin(
    'clock.js',
    `#!${process.execPath}
let ticks = 0;
setInterval(() => {
  const line = (value) => console.log(JSON.stringify(value));
  line({ name: 'clock_ticks_total', type: 'counter', value: ++ticks, help: 'ticks' });
  line({ name: 'clock_environment', value: 1, labels: { names: Object.keys(process.env).sort().join(' '), plugin_name: process.env.XPROFD_PLUGIN } });
  if (ticks < 3) line({ name: 'clock_young', value: null });
  console.log('# EOF');
}, 200);
`,
  );
  // Line by line: the second of them comes a little after the first.
  const text = await waitForMetrics(/^clock_environment\{.*plugin="clock"/m);
  assert.match(text, /^clock_ticks_total\{plugin="clock"\} \d+$/m);
  assert.match(text, /^# HELP clock_ticks_total ticks$/m);
  assert.match(text, /names="HOME LC_ALL PATH XPROFD_PERIOD XPROFD_PLUGIN"/);
  const entity = await waitForPlugin('clock', ({ values }) => values.series === 2, 'has only what its last set had');
  assert.strictEqual(entity.info.state, 'running');
  assert.strictEqual(entity.values.runs, 1);
});

const CRASHED = 'it ended with status 3: cannot reach the broker';

test('a program that crashes is started again with back-off, and its last words are shown', async () => {
  plugin('crash.1s', '#!/bin/sh\necho crash_value 1\necho "cannot reach the broker" >&2\nexit 3\n');
  const entity = await waitForPlugin('crash', ({ values, info }) => values.failures >= 2 && info.error === CRASHED, 'failed twice');
  assert.strictEqual(entity.values.up, 0);
  assert.strictEqual(entity.info.state, 'failed');
  const later = await waitForPlugin('crash', ({ values }) => values.failures >= 3 && values.next_start > 2, 'waits longer and longer');
  assert.ok(later.values.next_start <= 301);
});

test('a program that hangs is ended with all it started', async () => {
  const mark = `xpf-hang-${process.pid}`;
  plugin('hang.1s', `#!/bin/sh\ntrap '' TERM\nsh -c 'sleep 1000; true' ${mark} &\nsh -c 'sleep 1000; true' ${mark}\n`);
  const entity = await waitForPlugin('hang', isFailed, 'was ended');
  assert.match(entity.info.error, /did not end within 1 s/);
  fs.rmSync(path.join(folder, 'hang.1s'));
  await daemon.waitFor('/api/entities?kind=plugin', ({ entities }) => !entities.some(({ key }) => key === 'hang'), 'hang is gone');
  await until(() => running(mark).length === 0, 'nothing of it is left');
});

test('a flood, garbage, and too many series stay within bounds', async () => {
  plugin('flood', '#!/bin/sh\nexec yes flooding\n');
  plugin('garbage.1s', '#!/bin/sh\nhead -c 50000 /dev/urandom\necho\nhead -c 100000 /dev/zero | tr "\\0" x\necho\necho "{\\"name\\": 5}"\necho "garbage_but 1"\n');
  plugin('many.1s', '#!/bin/sh\ni=0\nwhile [ $i -lt 2100 ]; do echo "many_series{i=\\"$i\\"} 1"; i=$((i+1)); done\n');
  const flood = await waitForPlugin('flood', isFailed, 'was ended');
  assert.match(flood.info.error, /printed more than .* a second and was ended/);
  const garbage = await waitForPlugin('garbage', ({ values }) => values.runs >= 2 && values.refused > 3 && values.up === 1, 'ran');
  assert.strictEqual(garbage.values.series, 1); // the good line among them
  const many = await waitForPlugin('many', ({ values }) => values.series > 0 && values.refused >= 100 && values.up === 1, 'ran');
  assert.strictEqual(many.values.series, 2000);
  assert.match(many.info.error, /one more than the 2000 series/);
  assert.match(await metrics(), /^demo_queue_depth\{plugin="queue",queue="mail"\} 7$/m); // the others go on
});

test('names of xprofd itself are refused, and so is a metric that changes its type', async () => {
  plugin('thief.1s', '#!/bin/sh\necho node_load1 99\necho xprofd_secret 1\necho thief_own 1\n');
  const thief = await waitForPlugin('thief', ({ values, info }) => values.refused >= 2 && values.series === 1 && !isLate(info), 'was refused two lines');
  assert.match(thief.info.error, /is the name of a metric of xprofd itself/);
  assert.doesNotMatch(await metrics(), /node_load1\{plugin|xprofd_secret/);
  plugin('type.1s', '#!/bin/sh\necho "# TYPE demo_queue_depth counter"\necho demo_queue_depth 1\n');
  const type = await waitForPlugin('type', ({ values, info }) => values.refused >= 1 && !isLate(info), 'was refused a line');
  assert.match(type.info.error, /had another type before/);
});

test('files that others could change are not run', async () => {
  const mark = path.join(home, 'was-run');
  const script = `#!/bin/sh\ntouch ${mark}\n`;
  plugin('open.1s', script, 0o777);
  plugin('group.1s', script, 0o775);
  plugin('text.1s', script, 0o644);
  plugin('bad name.1s', script);
  plugin('late.0s', script);
  plugin('queue.5s', script);
  fs.symlinkSync(path.join(folder, 'queue.1s.sh'), path.join(folder, 'link.1s'));
  const expected = {
    'open.1s': /everybody may write/,
    'group.1s': /group may write/,
    'text.1s': /not executable/,
    'bad name.1s': /letters, digits/,
    'late.0s': /from 1s to 24h/,
    'queue.5s': /has the same name/,
    'link.1s': /symbolic link/,
  };
  if (process.getuid() === 0) {
    plugin('theirs.1s', script);
    fs.chownSync(path.join(folder, 'theirs.1s'), 65534, 65534);
    expected['theirs.1s'] = /belongs neither to root/;
  }
  for (const [name, reason] of Object.entries(expected)) {
    const entity = await waitForPlugin(name, ({ info }) => info.state === 'refused' && reason.test(info.error), 'is refused');
    assert.strictEqual(entity.values.runs, 0, name);
  }
  fs.chmodSync(path.join(folder, 'open.1s'), 0o755);
  await until(() => fs.existsSync(mark), 'a file that was put right is run');
});

test('a plugin that changes is started anew; one that is removed takes its series with it', async () => {
  plugin('queue.1s.sh', '#!/bin/sh\necho demo_queue_depth 11\n');
  await waitForMetrics(/^demo_queue_depth\{plugin="queue"\} 11$/m);
  assert.doesNotMatch(await metrics(), /^demo_queue_depth\{plugin="queue",queue="mail"\}/m);
  fs.rmSync(path.join(folder, 'queue.1s.sh'));
  await until(async () => !/demo_queue_depth\{plugin="queue"/.test(await metrics()), 'its series are gone');
});

test('a folder that others could change is not used', async () => {
  fs.chmodSync(folder, 0o777);
  await daemon.waitFor('/api/entities?kind=plugin', ({ entities }) => entities.length === 0, 'no plugin is left');
  fs.chmodSync(folder, 0o755);
  await waitForPlugin('clock', ({ info }) => info.state === 'running', 'is back');
});

test('the end of xprofd ends all plugins', async () => {
  const mark = `xpf-stay-${process.pid}`;
  plugin('stay', `#!/bin/sh\nsh -c 'sleep 1000; true' ${mark} &\nwhile true; do echo stay_here 1; sleep 1; done\n`);
  await waitForMetrics(/^stay_here\{plugin="stay"\} 1$/m);
  await until(() => running(mark).length > 0, 'what it has started');
  const { status } = await daemon.stop();
  assert.strictEqual(status, 0, daemon.stderr);
  await until(() => running(mark).length === 0 && running(folder).length === 0, 'nothing of them is left');
});

test('a folder that is not there is refused with a sentence', async () => {
  const broken = await startXprofd({ args: ['--store', 'none', '--plugin_dir', path.join(home, 'nothing')], isBroken: true });
  const { status } = await broken.ended;
  await broken.stop();
  assert.strictEqual(status, 1);
  assert.match(broken.stderr, /^xprofd: plugin_dir: .* is no folder that can be read/);
});

test('the past of a plugin that was removed is answered, also after a restart', async () => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-past-'));
  const dir = path.join(place, 'plugins');
  const file = path.join(dir, 'former.1s.sh');
  fs.mkdirSync(dir, { mode: 0o755 });
  fs.writeFileSync(file, `#!/bin/sh\necho '# TYPE past_depth gauge'\necho "past_depth{queue=\\"a\\"} $(date +%s)"\necho '# TYPE past_jobs_total counter'\necho "past_jobs_total $(date +%s)"\n`, { mode: 0o755 });
  const start = () => startXprofd({ home: place, args: ['--plugin_dir', dir] });
  const depth = '/api/series?kind=plugin_past_depth&key=former%2Fa&fields=value&from=-300000&step=1000';
  let own = await start();
  try {
    // A value that was held over into the next second is one measurement, not two.
    const measured = (json) => [...new Set(json.series?.[0].values.filter((value) => value !== null))];
    const before = measured(await own.waitFor(depth, (json) => measured(json).length >= 3, 'its history'));
    const jobs = (await own.get('/api/kinds')).json.kinds.find(({ name }) => name.startsWith('plugin_past_jobs')).name;
    await own.stop();
    fs.rmSync(file);
    const between = Date.now();
    await until(() => Date.now() > between + 20, 'another moment');
    own = await start();
    const living = (await own.get(`/api/entities?kind=host_load&from=-300000&to=${between}`)).json.entities;
    assert.deepStrictEqual(living.map(({ kind, gone: isGone }) => [kind, isGone]), [['host_load', false]], 'what is there was there before the restart too');
    const { kinds } = (await own.get('/api/kinds')).json;
    assert.deepStrictEqual(kinds.filter(({ name }) => name.startsWith('plugin_past')), []);
    const past = (await own.get(depth)).json;
    assert.deepStrictEqual(before.filter((value) => !measured(past).includes(value)), [], 'nothing that was seen is lost');
    assert.ok(past.series[0].max.includes(before[0]), 'a gauge has its highest too');
    const [rate] = (await own.get(`/api/series?kind=${jobs}&key=former&fields=value&from=-300000&step=1000`)).json.series;
    assert.strictEqual(rate.max, undefined, 'a counter has a rate');
    assert.ok(rate.values.some((value) => value > 0 && value < 100), JSON.stringify(rate));
    const { entities } = (await own.get('/api/entities?kind=plugin_past_depth&from=-300000')).json;
    assert.deepStrictEqual(entities.map(({ key, gone, labels }) => [key, gone, labels.queue]), [['former/a', true, 'a']]);
    const named = (list) => list.filter(({ name }) => name.startsWith('plugin_past')).sort((left, right) => left.name.localeCompare(right.name));
    const gone = named((await own.get('/api/kinds?from=-300000')).json.kinds);
    assert.deepStrictEqual(gone.map(({ name, gone: isGone, fields }) => [name, isGone, fields.map(({ key, type }) => `${key} ${type}`).join()]), [['plugin_past_depth', true, 'value gauge'], [jobs, true, 'value counter']]);
    assert.deepStrictEqual(named((await own.get('/api/kinds?from=1000&to=2000')).json.kinds), [], 'not of that time');
    assert.strictEqual((await own.get('/api/entities?kind=plugin_past_depth&from=1000&to=2000')).json.entities.length, 0, 'a kind that was, not in that time');
    for (const typo of ['plugin_past_dept', 'process,plugin_past_depth,proces']) {
      const { status, json } = await own.get(`/api/entities?kind=${typo}&from=-300000`);
      assert.deepStrictEqual([status, json.error?.field], [400, 'kind'], typo);
      assert.match(json.error.message, new RegExp(`no kind \`${typo.split(',').pop()}\``));
    }
    for (const target of ['/api/events?kind=plugin_past_depth', '/api/entities?kind=plugin_past_depth&fields=value&from=-300000']) {
      assert.strictEqual((await own.get(target)).status, 200, target);
    }
    for (const [target, field] of [['/api/events?kind=plugin_past_dept', 'kind'], ['/api/entities?kind=plugin_past_depth&fields=valu&from=-300000', 'fields']]) {
      assert.deepStrictEqual((({ status, json }) => [status, json.error?.field])(await own.get(target)), [400, field], target);
    }
    for (const wrong of ['kind=plugin_past_depth&key=former%2Fa&fields=nothing', 'kind=plugin_never&key=a&fields=value']) {
      const { status, json } = await own.get(`/api/series?${wrong}`);
      assert.deepStrictEqual([status, json.error.field], [400, 'kind'], wrong);
    }
  } finally {
    await own.stop();
    fs.rmSync(place, { recursive: true, force: true });
  }
});
