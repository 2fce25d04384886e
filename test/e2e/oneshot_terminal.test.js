'use strict';

// The one-shot commands on a terminal: the bar, colours, Ctrl-C.
// matrix: once, it is about the screen of xprofctl.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { describe, test } = require('node:test');

const { start } = require('../ctl/fake_server');
const { program } = require('../ctl/run_ctl');
const { launch } = require('./support/launch');

const CTRL_C = '\u0003';
const ESCAPE = '\u001b';

/** Runs xprofctl on a terminal; keys: [[text to wait for, text to type, seconds between], …]. → { output, status } */
function onTerminal(words, { keys = [], columns = 100, env = {} } = {}) {
  const script = path.join(__dirname, 'support', 'terminal.py');
  const args = [script, columns, JSON.stringify(keys), program, ...words].map(String);
  const options = { env: { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm', NO_COLOR: '', ...env } };
  return new Promise((resolve, reject) => {
    const child = spawn('python3', args, options);
    let text = '';
    let errors = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', () => (errors ? reject(new Error(errors)) : resolve(JSON.parse(text))));
  });
}

/** What stood on the progress line, one after the other. */
const framesOf = (output) => output.split(`\r${ESCAPE}[K`).slice(1);

async function app(body = '') {
  const target = launch(`setInterval(() => { const end = Date.now() + 15; while (Date.now() < end); }, 40);\n${body}\nsay('ready');`);
  await target.said('ready');
  return target;
}

describe('on a terminal', () => {
  test('a bar that grows, the time left and live figures; it is gone at the end', async () => {
    const target = await app();
    const { output, status } = await onTerminal(['cpu', '-p', target.pid, '-t', '3s'], { columns: 120 });
    assert.strictEqual(status, 0, output);
    const frames = framesOf(output);
    const bars = frames.map((frame) => (frame.match(/█/g) || []).length);
    assert.ok(frames[1].startsWith(`cpu ${target.pid}  `), frames[1]);
    assert.ok(frames.some((frame) => /[█▉-▏]+░+ {2}[\d.]+ s \/ 3 s, [123] s left {2}RSS [\d.]+ MiB/.test(frame)), output);
    assert.ok(frames.some((frame) => /CPU \d+ % {2}loop delay \d+ ms/.test(frame)), output);
    assert.ok(Math.max(...bars.slice(0, -1)) > 8 && bars[0] < 8);
    const last = frames.at(-1);
    assert.match(last, /CPU profile of process/);
    assert.ok(last.includes(`${ESCAPE}[36m`), 'the summary has colours');
    frames.slice(0, -1).forEach((frame) => assert.ok(frame.length < 120 && !frame.includes('\n'), frame));
  });

  test('NO_COLOR: the bar stays, the colours go', async () => {
    const target = await app();
    const { output, status } = await onTerminal(['gc', '-p', target.pid, '-t', '600ms'], { env: { NO_COLOR: '1' } });
    assert.strictEqual(status, 0);
    assert.ok(framesOf(output).length > 2);
    assert.ok(!output.replaceAll(`\r${ESCAPE}[K`, '').includes(ESCAPE), output);
  });

  test('a locale without UTF-8 gets plain characters', async () => {
    const target = await app();
    const { output } = await onTerminal(['cpu', '-p', target.pid, '-t', '1s'], { env: { LC_ALL: 'C' } });
    assert.match(output, /#+\.+ {2}[\d.]+ s \/ 1 s/);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(output, /[^\x00-\x7f]/);
  });

  test('Ctrl-C stops early and still yields the profile', async () => {
    const target = await app();
    const { output, status } = await onTerminal(['cpu', '-p', target.pid, '-t', '10m'], { keys: [['s left', CTRL_C]] });
    assert.strictEqual(status, 0, output);
    assert.match(output, /Stopping; the profile is still written\. Ctrl-C again leaves at once\./);
    const file = /^ {2}(\/.*\.cpuprofile)\r$/m.exec(output)[1];
    assert.ok(JSON.parse(fs.readFileSync(file)).nodes.length > 0);
  });

  test('Ctrl-C before the thread is free takes the command back', async () => {
    const target = await app(`setTimeout(() => { say('blocked'); execSync('sleep 20'); }, 100);`);
    await target.said('blocked');
    const { output, status } = await onTerminal(['cpu', '-p', target.pid], { keys: [['blocked in native code', CTRL_C]] });
    assert.strictEqual(status, 1, output);
    assert.match(output, /waiting for the thread: thread 0 is blocked in native code/);
    assert.match(output, /Cancelling\. Ctrl-C again leaves at once\.\r\n/);
    assert.match(output, /Command failed: cancelled/);
  });

  test('a second Ctrl-C leaves at once, also when the target does not answer', async () => {
    const info = { process_info: [{ result: { script: '/app/web.js' } }], start_cpu_profiling: [], stop_cpu_profiling: [] };
    const target = await start(info);
    const keys = [['s left', CTRL_C], ['leaves at once', CTRL_C, 1]];
    const { output, status } = await onTerminal(['cpu', '-p', target.pid, '-t', '10m'], { keys });
    await target.stop();
    assert.strictEqual(status, -2, output); // SIGINT
  });
});
