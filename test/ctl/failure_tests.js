'use strict';

// What xprofctl says when it cannot do what it was told.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { describe, test } = require('node:test');

const { program, EN, ZH, SCRIPT, run, withTarget, expectFailure, json } = require('./run_ctl');

describe('xprofctl, failures', () => {
  test('no such process', async () => {
    await expectFailure(['heapdump', '-p', 2147483647], 3, 'Command failed: process 2147483647 does not exist\n');
    await expectFailure(['heapdump', '-p', 2147483647], 3, '执行命令失败: 进程 2147483647 不存在\n', { locale: ZH });
    assert.deepStrictEqual(await json(['heapdump', '-p', 2147483647], 3), {
      ...{ ok: false, code: 3, reason: 'no_process', message: 'process 2147483647 does not exist' },
    });
  });

  test('a process without xprofiler', async () => {
    const pid = process.pid;
    const english = await run(['heapdump', '-p', pid]);
    assert.strictEqual(english.status, 3);
    assert.match(english.stderr, /^Command failed: process \d+ \(.*\) does not run xprofiler; call require\('xprofiler'\)/);
    const chinese = await run(['heapdump', '-p', pid], { locale: ZH });
    assert.match(chinese.stderr, /^执行命令失败: 进程 \d+ \(.*\) 没有启动 xprofiler; /);
    assert.strictEqual((await json(['heapdump', '-p', pid], 3)).reason, 'not_started');
  });

  test('a process that is not one of Node.js, also where an earlier process with its pid left a socket', async () => {
    const child = spawn('sleep', ['60']);
    const file = path.join('/tmp', `xprofiler-${process.getuid()}`, `${child.pid}.sock`);
    const sentence = `process ${child.pid} (sleep 60) is not a Node.js process`;
    try {
      await expectFailure(['cpu', '-p', child.pid], 3, `Command failed: ${sentence}\n`);
      await expectFailure(['cpu', '-p', child.pid], 3, `执行命令失败: 进程 ${child.pid} (sleep 60) 不是 Node.js 进程\n`, { locale: ZH });
      await withTarget({}, async (other) => {
        fs.linkSync(other.file, file);
        await other.stop();
      });
      const expected = { ok: false, code: 3, reason: 'not_node', message: sentence };
      assert.deepStrictEqual(await json(['check_version', '-p', child.pid], 3), expected);
      const listed = await run(['list']);
      const told = new RegExp(`^ *${child.pid} |process ${child.pid}\\b`, 'm');
      assert.doesNotMatch(listed.stdout + listed.stderr, told, 'it is no news for a list');
    } finally {
      child.kill('SIGKILL');
      fs.rmSync(file, { force: true });
    }
  });

  test('a socket that nobody serves any more', async () => {
    const file = path.join('/tmp', `xprofiler-${process.getuid()}`, `${process.pid}.sock`);
    await withTarget({}, async (other) => {
      fs.linkSync(other.file, file); // stays when its server is gone
      await other.stop();
      try {
        assert.strictEqual((await json(['check_version', '-p', process.pid], 3)).reason, 'not_started');
      } finally {
        fs.rmSync(file, { force: true }); // any process that starts xprofiler meanwhile removes it as well
      }
    });
  });

  test('a socket that another process serves', async () => {
    const file = path.join('/tmp', `xprofiler-${process.getuid()}`, `${process.pid}.sock`);
    await withTarget(SCRIPT, async (other) => {
      fs.linkSync(other.file, file);
      try {
        const english = await run(['check_version', '-p', process.pid]);
        assert.strictEqual(english.status, 3);
        assert.match(english.stderr, new RegExp(`served by another process \\(pid ${other.pid}, uid \\d+\\); nothing was sent`));
        assert.deepStrictEqual(other.requests, []);
      } finally {
        fs.unlinkSync(file);
      }
    });
  });

  test('a process of another user', { skip: process.getuid() !== 0 }, async () => {
    await withTarget(SCRIPT, async ({ pid }) => {
      // The program itself may be where only root can read.
      const copy = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'xprofctl-')), 'xprofctl');
      fs.copyFileSync(program, copy);
      fs.chmodSync(path.dirname(copy), 0o755);
      fs.chmodSync(copy, 0o755);
      const nobody = { command: copy, uid: 65534, gid: 65534, cwd: '/' };
      await expectFailure(
        ['check_version', '-p', pid],
        3,
        `Command failed: process ${pid} belongs to user root (uid 0); run xprofctl as that user or with sudo\n`,
        nobody,
      );
      await expectFailure(
        ['check_version', '-p', pid],
        3,
        `执行命令失败: 进程 ${pid} 属于用户 root (uid 0); 请以该用户身份或使用 sudo 运行 xprofctl\n`,
        { ...nobody, locale: ZH },
      );
      fs.rmSync(path.dirname(copy), { recursive: true });
    });
  });

  test('the target refuses', async () => {
    const error = { code: -32000, message: 'start_cpu_profiling is running.' };
    await withTarget({ start_cpu_profiling: [{ error }] }, async ({ pid }) => {
      await expectFailure(['start_cpu_profiling', '-p', pid], 1, 'Command failed: start_cpu_profiling is running.\n');
      await expectFailure(['start_cpu_profiling', '-p', pid], 1, '执行命令失败: start_cpu_profiling is running.\n', {
        locale: ZH,
      });
      assert.deepStrictEqual(await json(['start_cpu_profiling', '-p', pid], 1), {
        ...{ ok: false, code: -32000, reason: 'refused', message: error.message },
      });
    });
  });

  test('errors that have an advice', async () => {
    const cases = [
      [-32003, '/logs/a.diag: No space left on device', 'io', /The disk is full/, /磁盘已满/],
      [-32005, 'too many clients', 'busy', /try again in a moment/, /稍后再试/],
      [-32001, 'Thread not found: 7', 'thread', /xprofctl list_environments -p/, /查看线程列表/],
      [-32601, 'not support command: diag_report', 'method', /older than this xprofctl/, /版本低于/],
    ];
    for (const [code, message, reason, english, chinese] of cases) {
      await withTarget({ diag_report: [{ error: { code, message, data: { field: 'f' } } }] }, async ({ pid }) => {
        const words = ['diag_report', '-p', pid];
        assert.match((await run(words)).stderr, english);
        assert.match((await run(words, { locale: ZH })).stderr, chinese);
        const reply = await json(words, 1);
        assert.strictEqual(reply.reason, reason);
        assert.strictEqual(reply.code, code);
        assert.strictEqual(reply.field, 'f');
        assert.match(reply.hint, english);
      });
    }
  });

  test('a silent target is given up after the timeout', async () => {
    await withTarget({}, async ({ pid }) => {
      const begun = Date.now();
      await expectFailure(
        ['heapdump', '-p', pid, '--timeout', '0.3'],
        1,
        `Command failed: process ${pid} did not answer within 0.3 s\n` +
          'It may be stopped or overloaded; --timeout SECONDS waits longer.\n',
      );
      assert.ok(Date.now() - begun < 2000);
      const chinese = await run(['heapdump', '-p', pid, '--timeout', '0.1'], { locale: ZH });
      assert.match(chinese.stderr, /^执行命令失败: 进程 \d+ 在 0\.1 秒内没有响应\n/);
      assert.strictEqual((await json(['heapdump', '-p', pid, '--timeout', '0.1'], 1)).reason, 'timeout');
    });
  });

  test('a timeout of --wait names the file to come', async () => {
    const progress = { state: 'running', elapsed_ms: 1, filepath: '/logs/later' };
    await withTarget({ heapdump: [{ progress }] }, async ({ pid }) => {
      const { stderr, status } = await run(['heapdump', '-p', pid, '--wait', '--timeout', '5']);
      assert.strictEqual(status, 1);
      assert.match(stderr, /The work goes on in the process; its file will be \/logs\/later\n$/);
    });
  });

  test('the target dies in the middle', async () => {
    const steps = [{ split: 3 }, { raw: '{"jsonrpc":"2.0","id":1,"res' }, { die: 'SIGKILL' }];
    for (const [locale, sentence] of [
      [EN, 'Command failed: process PID ended before it answered\n'],
      [ZH, '执行命令失败: 进程 PID 在响应之前已经退出\n'],
    ]) {
      await withTarget({ heapdump: steps }, async ({ pid }) => {
        await expectFailure(['heapdump', '-p', pid, '--wait'], 3, sentence.replace('PID', pid), { locale });
      });
    }
  });

  test('the target closes the connection but lives', async () => {
    await withTarget({ heapdump: [{ close: true }] }, async ({ pid }) => {
      assert.strictEqual((await json(['heapdump', '-p', pid], 1)).reason, 'closed');
    });
  });

  test('garbage', async () => {
    for (const raw of ['hello\n', '{"id":1}\n', '[]\n', '\u0000\u0001\n', '{"jsonrpc":"2.0","id":1,"result":{}} x\n']) {
      await withTarget({ heapdump: [{ raw }] }, async ({ pid }) => {
        await expectFailure(
          ['heapdump', '-p', pid],
          1,
          `Command failed: process ${pid} answered something that is not xprofiler's protocol\n`,
        );
      });
    }
  });

  test('nothing to cancel', async () => {
    await withTarget({ cancel: [{ result: { cancelled: 0 } }] }, async ({ pid }) => {
      const words = ['cancel', '-p', pid, '--action', 'heapdump'];
      await expectFailure(
        words,
        1,
        `Command failed: nothing to cancel: heapdump is neither queued nor running in thread 0 of process ${pid}\n`,
      );
      assert.strictEqual((await json(words, 1)).reason, 'nothing');
    });
  });

  test('output that cannot be written', { skip: !fs.existsSync('/dev/full') }, async () => {
    const full = fs.openSync('/dev/full', 'w');
    const child = spawn(program, ['--help'], { stdio: ['ignore', full, 'pipe'], env: { ...process.env, LC_ALL: EN } });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    const status = await new Promise((resolve) => child.on('close', resolve));
    fs.closeSync(full);
    assert.strictEqual(status, 1);
    assert.match(stderr, /the output could not be written: No space left on device/);
  });
});
