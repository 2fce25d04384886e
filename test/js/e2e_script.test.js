'use strict';

// What the runner of the tests does with a program that hangs, and with one that is slow.
// matrix: once, it is about a script.

const assert = require('node:assert');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');

const script = path.join(__dirname, '../../scripts/e2e.js');

/** What run() gives for a program, and what it says on standard error. */
function runOf(program, silenceMs, env = {}) {
  const code = `require(${JSON.stringify(script)})
    .run(process.execPath, ['-e', ${JSON.stringify(program)}], { silenceMs: ${silenceMs} })
    .then((result) => console.log('\\n' + JSON.stringify(result)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env: { ...process.env, ...env } });
  return { ...JSON.parse(stdout.trim().split('\n').pop()), stderr };
}

test('a program that says nothing any more is ended, and that is told', () => {
  const { status, stderr } = runOf("console.log('begun'); setInterval(() => {}, 1000)", 5000);
  assert.notStrictEqual(status, 0);
  assert.match(stderr, /: ended, for it has said nothing for 5 s$/m);
});

test('a program that goes on saying something may take longer than that', () => {
  const { text, status, stderr } = runOf("let n = 0; setInterval(() => { console.log(`${++n}`); if (n === 7) process.exit(0); }, 2000)", 12000);
  assert.strictEqual(text, '1\n2\n3\n4\n5\n6\n7\n');
  assert.strictEqual(status, 0);
  assert.strictEqual(stderr, '');
});

test('colours are not asked for, whatever the environment says', () => {
  const { text } = runOf('console.log(true)', 60000, { FORCE_COLOR: '1' });
  assert.strictEqual(text, 'true\n');
});
