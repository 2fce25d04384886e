'use strict';

// The log directory: names, links, modes, the new day, rotation by others, retention, standard output, and what a
// line may hold.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { startApp, root } = require('./support/app');
const { parseLine, recordsOf } = require('./support/records');
const { until, sleep } = require('./support/until');

const { version } = require(path.join(root, 'package.json'));
const IDLE = "say('up'); setInterval(() => {}, 1000); const xprofiler = require(xprofilerRoot);\n";
const LOGS = ['xprofiler', 'xprofiler-error', 'xprofiler-debug'];

async function withApp(program, options, body) {
  const app = startApp(program, { ...options, config: { log_interval: 60, ...options.config } });
  try {
    await app.said('up');
    await body(app, (...names) => path.join(app.logDir, ...names));
  } finally {
    await app.stop();
  }
}

/** YYYYMMDD in the zone of the process; today where not said otherwise. */
function day(date = new Date()) {
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
}

function mode(file) {
  return (fs.lstatSync(file).mode & 0o777).toString(8);
}

/** Umask 0: what is private then is private by us. */
const openHanded = (words) => ['/bin/sh', '-c', 'umask 0; exec "$@"', 'sh', ...words];

test('files are private; xprofiler.log and error.log lead to those of today from the beginning', async () => {
  await withApp(`${IDLE}serve({ line() { xprofiler.error('kind', 'text'); } });`, { wrap: openHanded }, async (app, at) => {
    await until(() => fs.existsSync(at('error.log')), 'a link that is not broken');
    assert.strictEqual(fs.readlinkSync(at('xprofiler.log')), `xprofiler-${day()}.log`);
    assert.strictEqual(fs.readlinkSync(at('error.log')), `xprofiler-error-${day()}.log`);
    assert.strictEqual(fs.readFileSync(at('error.log'), 'utf8'), '');
    assert.match(fs.readFileSync(at('xprofiler.log'), 'utf8'), /\[init\]/);
    app.tell('line');
    await until(() => fs.readFileSync(at('error.log'), 'utf8') !== '', 'a line through the link');
    for (const name of LOGS.slice(0, 2)) assert.strictEqual(mode(at(`${name}-${day()}.log`)), '600');
    assert.ok(!fs.existsSync(at(`xprofiler-debug-${day()}.log`)), 'nothing was said on that level');
  });
});

test('the links of the alinode format lead to its files', async () => {
  await withApp(IDLE, { config: { log_format: 'alinode' } }, async (_app, at) => {
    await until(() => fs.existsSync(at('xprofiler.log')) && fs.existsSync(at('error.log')), 'the links');
    assert.strictEqual(fs.readlinkSync(at('xprofiler.log')), `node-${day()}.log`);
    assert.strictEqual(fs.readlinkSync(at('error.log')), `node-error-${day()}.log`);
  });
});

test('what is not a link of ours under those names is left alone, and told once', async () => {
  const logDir = (home) => {
    const dir = path.join(home, 'mine');
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, 'error.log'), 'mine\n');
    fs.symlinkSync('/dev/null', path.join(dir, 'xprofiler.log'));
    return dir;
  };
  await withApp(IDLE, { logDir, config: { log_interval: 1 } }, async (app, at) => {
    await until(() => recordsOf(app.log()).length > 2, 'three records');
    assert.strictEqual(fs.readFileSync(at('error.log'), 'utf8'), 'mine\n');
    assert.strictEqual(fs.readlinkSync(at('xprofiler.log')), '/dev/null');
    assert.strictEqual(app.log('error-').match(/error\.log is not a link of xprofiler/g).length, 1);
  });
});

/** A zone in which it will be midnight in so many seconds: [TZ, the day before, the day after]. */
function zoneBeforeMidnight(seconds) {
  const now = Math.floor(Date.now() / 1000);
  let west = (((now + seconds) % 86400) + 86400) % 86400; // seconds that its clock is behind UTC
  if (west > 43200) west -= 86400;
  const two = (number) => String(number).padStart(2, '0');
  const clock = Math.abs(west);
  const offset = `${two(Math.floor(clock / 3600))}:${two(Math.floor(clock / 60) % 60)}:${two(clock % 60)}`;
  const dayAt = (at) => new Date((at - west) * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  return [`XPF${west < 0 ? '-' : '+'}${offset}`, dayAt(now), dayAt(now + seconds + 1)];
}

test('at midnight the lines go on in the files of the new day, and the links follow', async () => {
  const [TZ, yesterday, today] = zoneBeforeMidnight(9);
  assert.notStrictEqual(yesterday, today);
  await withApp(IDLE, { env: { TZ }, config: { log_interval: 1 } }, async (app, at) => {
    await until(() => fs.existsSync(at(`xprofiler-${yesterday}.log`)), `the file of ${yesterday}`);
    assert.strictEqual(fs.readlinkSync(at('xprofiler.log')), `xprofiler-${yesterday}.log`);
    const text = (date) => fs.readFileSync(at(`xprofiler-${date}.log`), 'utf8');
    await until(() => fs.existsSync(at(`xprofiler-${today}.log`)), `the file of ${today}`);
    await until(() => recordsOf(text(today)).length >= 3, 'records of the new day');
    assert.strictEqual(fs.readlinkSync(at('xprofiler.log')), `xprofiler-${today}.log`);
    assert.strictEqual(fs.readlinkSync(at('error.log')), `xprofiler-error-${today}.log`);
    assert.ok(fs.existsSync(at('error.log')), 'not broken');
    for (const date of [yesterday, today]) {
      const lines = text(date).split('\n').slice(0, -1).map(parseLine);
      assert.ok(lines.length > 5);
      for (const { time } of lines) assert.strictEqual(time.slice(0, 10).replaceAll('-', ''), date);
    }
  });
});

test('moved or deleted files are made anew within 2 s, and the links with them', async () => {
  const program = `${IDLE}serve({ line() { xprofiler.info('kind', 'a line'); xprofiler.error('kind', 'a line'); say('wrote'); } });`;
  await withApp(program, {}, async (app, at) => {
    const files = LOGS.slice(0, 2).map((name) => at(`${name}-${day()}.log`));
    app.tell('line');
    await until(() => files.every((file) => fs.existsSync(file) && fs.readFileSync(file, 'utf8').includes('a line')), 'lines');
    const ways = [(file) => fs.renameSync(file, `${file}.1`), (file) => fs.unlinkSync(file)];
    for (const [i, takeAway] of ways.entries()) {
      files.forEach(takeAway);
      await until(() => files.every((file) => fs.existsSync(file)), 'new files', 10000);
      assert.ok(fs.existsSync(at('xprofiler.log')) && fs.existsSync(at('error.log')));
      app.tell('line');
      await app.said('wrote', i + 2);
      await until(() => files.every((file) => fs.readFileSync(file, 'utf8').includes('a line')), 'lines in the new files');
      for (const file of files) assert.strictEqual(mode(file), '600');
    }
    for (const file of files) assert.strictEqual(fs.readFileSync(`${file}.1`, 'utf8').match(/a line/g).length, 1);
  });
});

test('log_type 1: the same lines on standard output, also switched at run time', async () => {
  await withApp(IDLE, { config: { log_type: 1, log_interval: 1 } }, async (app) => {
    const said = () => app.stdout.split('\n').filter((line) => line.startsWith('['));
    await until(() => recordsOf(said().join('\n')).length > 2, 'three records on standard output');
    const rpc = await app.rpc();
    await rpc.call('set_config', { log_type: 0 });
    await sleep(300); // what is being written
    const lines = said();
    assert.deepStrictEqual(lines, app.log().split('\n').slice(0, lines.length));
    const records = recordsOf(app.log()).length;
    await until(() => recordsOf(app.log()).length > records + 1, 'two more records in the file');
    assert.deepStrictEqual(said(), lines, 'nothing more on standard output');
    await rpc.call('set_config', { log_type: 1 });
    await until(() => said().length > lines.length, 'lines again');
  });
});

test('standard output that nobody reads does not stop the log', async () => {
  const program = `${IDLE}serve({ flood() { for (let i = 0; i < 100; i++) xprofiler.info('flood', 'x'.repeat(10000)); } });`;
  await withApp(program, { config: { log_type: 1, log_interval: 1 } }, async (app) => {
    const rpc = await app.rpc();
    app.child.stdout.pause();
    app.tell('flood');
    await until(() => (app.log().match(/\[flood\]/g) || []).length === 100, 'a megabyte in the file');
    const from = recordsOf(app.log()).length;
    await until(() => recordsOf(app.log()).length > from + 1, 'two more records');
    assert.ok((await rpc.call('check_version')).version);
    const seen = app.stdout.length;
    app.child.stdout.resume();
    await until(() => app.stdout.length > seen && recordsOf(app.stdout.slice(seen)).length > 1, 'records on standard output again');
    const torn = app.stdout.split('\n').filter((line) => line !== 'up' && line !== '' && !parseLine(line));
    assert.ok(torn.length <= 1, `${torn.length} lines are not whole`);
  });
});

/* ---- retention ---- */

const OLD = '20200101';

test('retention by age: exactly our own dated files, and only old ones', async () => {
  const before = new Date(Date.now() - 10 * 86400000);
  const ours = ['xprofiler', 'xprofiler-error', 'xprofiler-debug', 'node', 'node-error', 'node-debug'].map(
    (stem) => `${stem}-${OLD}.log`,
  );
  const others = [
    `xprofiler-${OLD}.log.gz`,
    `my-xprofiler-${OLD}.log`,
    'xprofiler-2020010.log',
    'xprofiler-202001011.log',
    `xprofiler-info-${OLD}.log`,
    `xprofiler-${OLD}.txt`,
    `access-${OLD}.log`,
    `xprofiler-${day(before)}.log`,
    'x-cpuprofile-1-20200101-0.cpuprofile',
  ];
  const logDir = (home) => {
    const dir = path.join(home, 'logs');
    fs.mkdirSync(dir);
    for (const name of [...ours, ...others]) {
      fs.writeFileSync(path.join(dir, name), 'old\n');
      fs.utimesSync(path.join(dir, name), 1577836800, 1577836800);
    }
    fs.mkdirSync(path.join(dir, 'xprofiler-20200102.log'));
    fs.writeFileSync(path.join(home, 'elsewhere'), 'mine');
    fs.symlinkSync('../elsewhere', path.join(dir, 'xprofiler-20200103.log'));
    return dir;
  };
  await withApp(IDLE, { logDir }, async (app, at) => {
    await until(() => ours.every((name) => !fs.existsSync(at(name))), 'old logs to go');
    for (const name of others) assert.strictEqual(fs.readFileSync(at(name), 'utf8'), 'old\n', name);
    assert.ok(fs.statSync(at('xprofiler-20200102.log')).isDirectory());
    assert.strictEqual(fs.readFileSync(at('xprofiler-20200103.log'), 'utf8'), 'mine');
    const rpc = await app.rpc();
    await rpc.call('set_config', { log_max_age_days: 7 });
    await until(() => !fs.existsSync(at(`xprofiler-${day(before)}.log`)), 'the ten days old one to go, at once');
    for (const name of others.filter((other) => !other.includes(day(before)))) assert.ok(fs.existsSync(at(name)), name);
  });
});

test('retention by size: the oldest go first; profiles of the last hour and foreign files never', async () => {
  const past = (days) => new Date(Date.now() - days * 86400000);
  const logs = [5, 4, 3].map((days) => `xprofiler-${day(past(days))}.log`);
  const profile = (n) => `x-cpuprofile-1-${OLD}-${n}.cpuprofile`;
  const logDir = (home) => {
    const dir = path.join(home, 'logs');
    fs.mkdirSync(dir);
    const put = (name, at) => {
      fs.writeFileSync(path.join(dir, name), Buffer.alloc(600 * 1024, 1));
      fs.utimesSync(path.join(dir, name), at, at);
    };
    logs.forEach((name) => put(name, past(3)));
    [4, 3, 2].forEach((days, n) => put(profile(n), past(days)));
    put(profile(3), new Date());
    put('my-own.cpuprofile', past(9));
    put(`x-cpuprofile-1-${OLD}-0.cpuprofile.bak`, past(9));
    return dir;
  };
  await withApp(IDLE, { logDir, config: { log_max_total_mb: 1, profile_max_total_mb: 1 } }, async (_app, at) => {
    const exists = (name) => fs.existsSync(at(name));
    await until(() => !exists(logs[0]) && !exists(logs[1]) && ![0, 1, 2].some((n) => exists(profile(n))), 'the oldest to go');
    assert.ok(exists(logs[2]), '600 kB fit into 1 MB');
    assert.ok(exists(profile(3)), 'too young to go');
    assert.ok(exists('my-own.cpuprofile') && exists(`x-cpuprofile-1-${OLD}-0.cpuprofile.bak`));
  });
});

/* ---- lines ---- */

const SAY = (calls) => `${IDLE}
${calls}
serve({ again() { xprofiler.info('kind', 'info again'); xprofiler.error('kind', 'error again'); xprofiler.debug('kind', 'debug again'); say('said'); } });`;

test('log_level, set at run time', async () => {
  await withApp(SAY(''), {}, async (app) => {
    const rpc = await app.rpc();
    const count = () => ['', 'error-', 'debug-'].map((kind) => (app.log(kind).match(/ again\n/g) || []).length);
    // Each step's sums also show that the step before wrote nothing more.
    const steps = [
      [1, [1, 1, 0]],
      [0, [2, 1, 0]],
      [2, [3, 2, 1]],
      [1, [4, 3, 1]],
    ];
    for (const [i, [level, expected]] of steps.entries()) {
      const changed = await rpc.call('set_config', { log_level: level });
      assert.strictEqual(changed.log_level, level);
      app.tell('again');
      await app.said('said', i + 1);
      await until(() => String(count()) === String(expected), () => `${expected} lines with level ${level}, not ${count()}`);
    }
  });
});

test('log_level, set by the program: it holds for the very next line', async () => {
  const program = `${IDLE}serve({ change() {
    const level = (log_level) => xprofiler.setConfig({ ...xprofilerConfig, log_level });
    for (let i = 0; i < 200; i++) {
      level(2);
      xprofiler.debug('kind', 'wanted');
      level(0);
      xprofiler.error('kind', 'not wanted');
      xprofiler.debug('kind', 'not wanted');
    }
    xprofiler.info('kind', 'the end');
  } });`;
  await withApp(program, {}, async (app) => {
    app.tell('change');
    await until(() => app.log().includes('the end'), 'the last line');
    const lines = ['error-', 'debug-'].map((kind) => app.log(kind).split('\n').filter((line) => line.includes('wanted')));
    assert.deepStrictEqual(lines.map(({ length }) => length), [0, 200]);
    for (const line of lines[1]) assert.doesNotMatch(line, /not wanted/);
  });
});

test('info, error and debug: their component, thread and text, each in its file', async () => {
  const program = SAY(`
    xprofiler.info('my_kind', 'some text');
    xprofiler.error('my_kind', 'bad');
    xprofiler.debug('my_kind', 'detail');
    new Worker("require(" + JSON.stringify(xprofilerRoot) + ").info('in_worker', 'from there')", { eval: true });`);
  await withApp(program, { config: { log_level: 2 } }, async (app) => {
    await until(() => app.log().includes('[in_worker]'), 'the line of the worker');
    const own = (kind) => app.log(kind).split('\n').map(parseLine).filter((line) => line && /my_kind|in_worker/.test(line.component));
    const shown = ['', 'error-', 'debug-'].flatMap(own).map(({ time: _time, ...rest }) => rest);
    const line = (level, component, tid, text) => ({ level, component, pid: app.pid, tid, version, text });
    assert.deepStrictEqual(shown, [
      line('info', 'my_kind', 0, 'some text'),
      line('info', 'in_worker', 1, 'from there'),
      line('error', 'my_kind', 0, 'bad'),
      line('debug', 'my_kind', 0, 'detail'),
    ]);
  });
});

test('whatever the text: one line of well-formed UTF-8, cut at 64 KiB', async () => {
  const program = SAY(`
    const texts = ['two\\nlines\\r\\nof text\\ttab\\0nul\\x1b[31m', '\\ud800 and \\udc00 alone', 'é'.repeat(50000),
      '\\u{1f600}'.repeat(30000), 'x'.repeat(300000), '', '中文'];
    for (const text of texts) xprofiler.info('odd', text);
    xprofiler.info('two\\nlines ' + 'k'.repeat(300), 'long kind');
    xprofiler.info('odd', 'end');`);
  await withApp(program, {}, async (app, at) => {
    await until(() => app.log().includes('] end\n'), 'the last line');
    const bytes = fs.readFileSync(at(`xprofiler-${day()}.log`));
    assert.ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes).endsWith('\n'));
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    const parsed = lines.map((line) => parseLine(line));
    assert.ok(parsed.every(Boolean), `not a line: ${lines[parsed.indexOf(null)]}`);
    const odd = parsed.filter(({ component }) => component === 'odd').map(({ text }) => text);
    assert.strictEqual(odd.length, 8);
    assert.match(odd[0], /^two lines {1,2}of text tab/);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(odd[0], /[\x00-\x1f]/);
    assert.match(odd[1], /^[\ufffd?]+ and [\ufffd?]+ alone$/);
    for (const [i, sign] of [[2, 'é'], [3, '\u{1f600}'], [4, 'x']]) {
      const size = Buffer.byteLength(odd[i]);
      assert.ok(size > 60000 && size <= 65536, `${size} bytes`);
      assert.strictEqual(odd[i], sign.repeat(odd[i].length / sign.length), 'whole characters');
    }
    assert.deepStrictEqual(odd.slice(5), ['', '中文', 'end']);
    const long = parsed.find(({ text }) => text === 'long kind');
    assert.ok(long && /^two lines k+$/.test(long.component), 'a long kind is cut, not lost');
  });
});

test('ten thousand lines at once: written, or counted as lost', async () => {
  await withApp(SAY("for (let i = 0; i < 10000; i++) xprofiler.info('many', 'line ' + i); xprofiler.info('many', 'end');"), {}, async (app) => {
    await until(() => app.log().includes('] end\n'), 'the last line');
    const written = app.log().match(/\[many\] .* line \d+\n/g).length;
    const lost = (app.log('error-').match(/(\d+) lines were lost/g) || []).reduce((sum, text) => sum + parseInt(text, 10), 0);
    assert.strictEqual(written + lost, 10000, `${written} written, ${lost} lost`);
  });
});
