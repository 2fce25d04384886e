'use strict';

// diag_report on a thread that is blocked in native code: who called, by name, script and line.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { spawn, spawnSync } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const root = path.join(__dirname, '../..');
const release = path.join(root, 'build/Release');
const program = path.join(release, 'xprofctl');
const LIMIT_MS = 60000;
const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64';

// The lines are part of the tests.
const APP = `'use strict';
const [, , root, folder, kind] = process.argv;
require(root)({ log_dir: folder });
const { execSync } = require('node:child_process');
const { pbkdf2Sync } = require('node:crypto');
const { readFileSync } = require('node:fs');
const vm = require('node:vm');
const { Worker, isMainThread } = require('node:worker_threads');

const block = {
  exec: () => execSync('sleep 30'),
  pbkdf2: () => pbkdf2Sync('secret', 'salt', 5e7, 64, 'sha512'),
  wait: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30000),
  fifo: () => readFileSync(folder + '/fifo'),
  nothing: () => 0,
};

function hashPassword(how) {
  return block[how]();
}

function login(how) {
  return hashPassword(how);
}

class Session {
  constructor(how) {
    this.hash = login(how);
  }
}

const tasks = {};
tasks.inferred = function () {
  return login('exec');
};

function recurse(depth) {
  return depth > 0 ? recurse(depth - 1) : login('exec');
}

// More captured names than V8 keeps in a row.
const many = new Function('login', \`
  \${Array.from({ length: 90 }, (_, i) => \`let local\${i} = \${i};\`).join(' ')}
  return function withManyLocals() {
    const inner = () => \${Array.from({ length: 90 }, (_, i) => \`local\${i}\`).join(' + ')};
    return inner(login('exec'));
  };
\`)(login);

const start = {
  constructed: () => new Session('exec'),
  inferred: () => tasks.inferred(),
  recursive: () => recurse(100),
  many: () => many(),
  unicode: () => require(folder + '/naïve-密码-𝒳.js')(login),
  builtin: () => ['exec'].map(function each(how) { return login(how); }),
  optimised: () => {
    for (let i = 0; i < 1e6; i++) login('nothing');
    return login('exec');
  },
  reentered: () => new vm.Script('login("exec")').runInNewContext({ login }),
};

setTimeout(function handle() {
  const isWorker = kind === 'worker';
  console.log('blocking');
  if (isWorker && isMainThread) new Worker(__filename, { argv: process.argv.slice(2) });
  else (start[kind] || login)(isWorker ? 'exec' : kind);
}, 50);
`;
const UNICODE = `'use strict';
module.exports = function größe密𝒳(login) {
  return login('exec');
};
`;

function lineOf(text) {
  return APP.split('\n').findIndex((line) => line.includes(text)) + 1;
}

let folder;
let script;

function prepare() {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-blocked-'));
  script = path.join(folder, 'app.js');
  fs.writeFileSync(script, APP);
  fs.writeFileSync(path.join(folder, 'naïve-密码-𝒳.js'), UNICODE);
  assert.strictEqual(spawnSync('mkfifo', [path.join(folder, 'fifo')]).status, 0);
  if (!fs.existsSync(path.join(release, 'xprofiler.node'))) {
    const built = spawnSync(process.execPath, [path.join(root, 'scripts/build.js'), '--quiet']);
    assert.strictEqual(built.status, 0, String(built.stderr));
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Starts the app in its own process group, so that the command it waits for ends with it. */
async function startApp(kind, flags) {
  const words = [...flags, script, root, folder, kind];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  await new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (status) => reject(new Error(`the app ended with ${status}`)));
  });
  return child;
}

/** A report; null where the thread is not there yet. */
function ask(pid, words) {
  const args = ['diag_report', '-p', String(pid), '--wait', '--json', ...words];
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', timeout: LIMIT_MS });
  if (/Thread not found/.test(stdout)) return null;
  assert.strictEqual(status, 0, stdout + stderr);
  const reply = JSON.parse(stdout);
  const file = reply.filepath || reply.data.filepath;
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** How long it takes until the call blocks is the machine's affair. */
function isBlocked({ jsStacks, jsUnavailable }, kind) {
  return jsStacks.some(({ functionName }) => functionName === 'hashPassword') && (kind === 'wait' || Boolean(jsUnavailable));
}

/** The report of an app that blocks this way. */
async function reportOf(kind, { flags = [], words = [] } = {}) {
  const child = await startApp(kind, flags);
  try {
    for (let tries = 1; ; tries++) {
      await sleep(400);
      const report = ask(child.pid, words);
      if (report && (tries >= 20 || isBlocked(report, kind))) return report;
      assert.ok(tries < 100, 'no thread to ask');
    }
  } finally {
    process.kill(-child.pid, 'SIGKILL');
  }
}

function frameOf(report, name) {
  const frame = report.jsStacks.find(({ functionName }) => functionName === name);
  assert.ok(frame, `${name} is not in ${JSON.stringify(report.jsStacks, null, 1)}`);
  return frame;
}

/** These functions are on the stack, in this order, innermost first, next to each other. */
function assertOrder(report, names) {
  const all = report.jsStacks.map(({ functionName }) => functionName);
  const from = all.indexOf(names[0]);
  assert.deepStrictEqual(all.slice(from, from + names.length), names, `in ${all.join(' < ')}`);
}

function assertPlace(report, name, text) {
  const frame = frameOf(report, name);
  assert.deepStrictEqual(
    [frame.scriptName, frame.lineNumber, frame.frameType],
    [script, lineOf(text), 'userjs'],
    name,
  );
}

function assertWalked(report) {
  assert.strictEqual(report.jsStacksSource, 'frame walk');
  assert.match(report.jsUnavailable, /native code/);
  assert.ok(report.jsFrameAddresses.length >= report.jsStacks.length);
}

describe('the JS stack of a blocked thread', { skip: !isLinuxX64, timeout: 10 * LIMIT_MS }, () => {
  before(prepare);
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  for (const kind of ['exec', 'pbkdf2', 'fifo', 'wait']) {
    test(`${kind}: every caller, its script and the line of its call`, async () => {
      const report = await reportOf(kind);
      assertOrder(report, ['hashPassword', 'login', 'handle']);
      assertPlace(report, 'hashPassword', 'block[how]()');
      assertPlace(report, 'login', 'return hashPassword(how)');
      assertPlace(report, 'handle', '(start[kind] || login)');
      assert.strictEqual(frameOf(report, 'listOnTimeout').scriptName, 'node:internal/timers');
      if (kind === 'wait') {
        assert.strictEqual(report.jsStacksSource, undefined); // V8 can be asked
      } else {
        assertWalked(report);
      }
    });
  }

  test('the innermost frames are Node’s own', async () => {
    const report = await reportOf('exec');
    assertWalked(report);
    assert.deepStrictEqual(
      report.jsStacks.slice(0, 3).map(({ functionName, scriptName }) => [functionName, scriptName]),
      [
        ['spawnSync', 'node:internal/child_process'],
        ['spawnSync', 'node:child_process'],
        ['execSync', 'node:child_process'],
      ],
    );
  });

  test('a name that only an assignment gave', async () => {
    const report = await reportOf('inferred');
    assertWalked(report);
    assertOrder(report, ['hashPassword', 'login', 'tasks.inferred']);
  });

  test('a constructor', async () => {
    const report = await reportOf('constructed');
    assertOrder(report, ['hashPassword', 'login', 'Session']);
    assert.strictEqual(frameOf(report, 'Session').frameType, 'constructor');
    assert.strictEqual(frameOf(report, 'login').frameType, 'userjs');
    assert.strictEqual(frameOf(report, 'Session').lineNumber, lineOf('this.hash = login'));
  });

  test('a builtin between two functions', async () => {
    assertOrder(await reportOf('builtin'), ['hashPassword', 'login', 'each', 'map', 'builtin']);
  });

  test('a recursion is cut at 64 frames', async () => {
    const report = await reportOf('recursive');
    assertWalked(report);
    assert.strictEqual(report.jsStacks.length, 64);
    assertOrder(report, ['login', ...Array(50).fill('recurse')]);
  });

  test('a function of many captured variables, from text', async () => {
    const report = await reportOf('many');
    assertOrder(report, ['hashPassword', 'login', 'withManyLocals']);
    assert.strictEqual(frameOf(report, 'withManyLocals').frameType, 'eval');
  });

  test('names beyond ASCII', async () => {
    const report = await reportOf('unicode');
    assertWalked(report);
    const frame = frameOf(report, 'größe密𝒳');
    assert.strictEqual(frame.scriptName, path.join(folder, 'naïve-密码-𝒳.js'));
    assert.strictEqual(frame.lineNumber, 3);
  });

  test('JS called by C++ called by JS', async () => {
    const report = await reportOf('reentered');
    assertWalked(report);
    assertOrder(report, ['hashPassword', 'login', 'anonymous']);
    assert.strictEqual(frameOf(report, 'handle').scriptName, script);
    assert.strictEqual(frameOf(report, 'runInNewContext').scriptName, 'node:vm');
  });

  test('a worker', async () => {
    const report = await reportOf('worker', { words: ['-w', '1'] });
    assertWalked(report);
    assertOrder(report, ['hashPassword', 'login', 'handle']);
    assertPlace(report, 'login', 'return hashPassword(how)');
  });

  for (const flags of [['--always-sparkplug'], ['--no-lazy', '--stack-size=500'], ['--jitless']]) {
    test(`with ${flags.join(' ')}`, async () => {
      const report = await reportOf('exec', { flags });
      assertWalked(report);
      assertOrder(report, ['hashPassword', 'login', 'handle']);
      assert.strictEqual(frameOf(report, 'login').scriptName, script);
    });
  }

  test('optimised functions', async () => {
    const report = await reportOf('optimised', { flags: ['--max-inlined-bytecode-size=0'] });
    assertWalked(report);
    assertOrder(report, ['hashPassword', 'login', 'optimised', 'handle']);
    assert.strictEqual(frameOf(report, 'login').lineOf, 'function');
  });

  test('a compiled function has at least the line where it starts', async () => {
    const report = await reportOf('exec', { flags: ['--always-sparkplug'] });
    const { lineNumber, lineOf: of } = frameOf(report, 'login');
    assert.deepStrictEqual([lineNumber, of], [lineOf('function login'), 'function']);
  });
});
