'use strict';

// docs/xprofd.md is true: its settings are those of the program, what it gives to Prometheus and systemd is taken by them, and
// every metric it names exists.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test, before, after } = require('node:test');

const { startXprofd, program } = require('./support/xprofd');
const { launch } = require('./support/launch');
const { until } = require('./support/until');

const root = path.resolve(__dirname, '../..');
const page = fs.readFileSync(path.join(root, 'docs', 'xprofd.md'), 'utf8');
const blocks = (language) => [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text);
const blockOf = (name, at = 0) => [...blocks('yaml'), ...blocks('ini')].filter((text) => text.startsWith(`# ${name}\n`))[at];

let home;
before(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-docs-'));
});
after(() => fs.rmSync(home, { recursive: true, force: true }));

const write = (name, text) => {
  fs.writeFileSync(path.join(home, name), text);
  return path.join(home, name);
};

test('the table of settings is the list of the program', () => {
  const list = fs.readFileSync(path.join(root, 'src', 'daemon', 'setting_list.h'), 'utf8');
  const settings = [...list.matchAll(/^ +X\(\w+, "(\w+)", \w+, "([^"]*)", [^,]+, [^,]+, "([^"]*)", "([^"]*)"\)/gm)];
  const rows = settings.map(([, name, standard, value, help]) => `| \`${name}\` | ${value} | ${standard && `\`${standard}\``} | ${help} |`);
  const shown = page.split('\n').filter((line) => /^\| `\w+` \| [A-Z:]+ \|/.test(line));
  assert.ok(rows.length >= 13, `${rows.length} settings`);
  assert.deepStrictEqual(shown, rows);
  const { stdout } = spawnSync(program, ['--check'], { encoding: 'utf8', env: { PATH: process.env.PATH } });
  assert.deepStrictEqual(stdout.trim().split('\n').map((line) => line.split(' ')[0]), settings.map(([, name]) => name));
});

test('promtool takes the configurations and the rules', () => {
  write('rules.yml', blockOf('xprofd.rules.yml'));
  const check = (...words) => spawnSync('promtool', ['check', ...words], { encoding: 'utf8' });
  const rules = check('rules', '--lint-fatal', path.join(home, 'rules.yml'));
  assert.strictEqual(rules.status, 0, rules.stdout + rules.stderr);
  assert.match(rules.stdout, /SUCCESS: 8 rules found/);
  for (const at of [0, 1]) {
    const text = blockOf('prometheus.yml', at).replaceAll('/etc/prometheus/', `${home}/`);
    write('xprofd.token', 'x');
    write('xprofd-ca.crt', 'x');
    const config = check('config', '--syntax-only', write('prometheus.yml', text));
    assert.strictEqual(config.status, 0, config.stdout + config.stderr);
  }
});

test('every metric that the page names exists', async () => {
  const app = launch('require("node:http").createServer(() => {}).listen(0); say("ready");');
  await app.said('ready');
  const xprofd = await startXprofd();
  try {
    const code = [...blocks('yaml'), ...blocks('promql')].join('\n');
    const names = [...new Set(code.match(/\b(?:xprofiler|xprofd|node|process)_[a-z_]+\b/g))];
    assert.ok(names.length >= 10, names.join(' '));
    // A kernel without pressure figures has none to give.
    const expected = names.filter((name) => !name.startsWith('node_pressure') || fs.existsSync('/proc/pressure/memory'));
    let missing;
    await until(async () => {
      const { text } = await xprofd.get('/metrics');
      missing = expected.filter((name) => !text.includes(`\n${name}{`) && !text.includes(`\n${name} `));
      return missing.length === 0;
    }, 'all of them', 60000).catch((error) => {
      error.message += `: ${missing.join(' ')}`;
      throw error;
    });
  } finally {
    await xprofd.stop();
  }
});

test('the configuration file is read', () => {
  const file = write('xprofd.conf', blockOf('/etc/xprofd.conf'));
  const { status, stdout, stderr } = spawnSync(program, ['--config', file, '--check'], { encoding: 'utf8', env: { PATH: process.env.PATH } });
  assert.strictEqual(status, 0, stderr);
  assert.match(stdout, /^keep_days = 30 {3}# file$/m);
  assert.match(stdout, /^token_file = \/etc\/xprofd\/token {3}# file$/m);
});

test('systemd takes the unit', { skip: spawnSync('systemd-analyze', ['--version']).error ? 'systemd-analyze is not there' : false }, () => {
  // What the page changes comes last, as of a drop-in.
  const unit = fs.readFileSync(path.join(root, 'packaging', 'xprofd.service'), 'utf8').replace('/usr/bin/xprofd', program);
  const text = `${unit}\n${blockOf('systemctl edit xprofd')}`;
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', write('xprofd.service', text)], { encoding: 'utf8' });
  const complaints = (stdout + stderr).split('\n').filter((line) => line.includes('xprofd.service'));
  assert.deepStrictEqual(complaints, []);
});

test('it starts as the page says', async () => {
  const xprofd = await startXprofd();
  try {
    await until(() => /^xprofd /m.test(xprofd.stdout), 'its line');
    const shapes = xprofd.stdout.trim().split('\n').map((line) => line.replace(/:\d+\//, ':12300/').replace(/\d+$/, '4711'));
    const shown = blocks('text')[0].trim().split('\n');
    for (const line of shown) assert.ok(shapes.includes(line), `${line} is not in ${shapes.join(' | ')}`);
  } finally {
    await xprofd.stop();
  }
});
