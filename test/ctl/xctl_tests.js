'use strict';

// lib/xctl.js against a target that answers by script.

const assert = require('node:assert');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { start } = require('./fake_server');

const file = path.join(__dirname, '../../lib/xctl.js');
const xctl = require(file);

async function withTarget(script, body) {
  const target = await start(script);
  try {
    await body(target);
  } finally {
    await target.stop();
  }
}

const PATIENT_MS = '30000'; // a busy machine

/** limitMs: '' is none of the test's own. */
async function withLimit(limitMs, body) {
  process.env.UNIT_TEST_COMMAND_EXPIRED_TIME = String(limitMs);
  try {
    await body();
  } finally {
    process.env.UNIT_TEST_COMMAND_EXPIRED_TIME = PATIENT_MS;
  }
}

async function expectLocal(promise, message) {
  const result = await promise;
  assert.deepStrictEqual(Object.keys(result), ['ok', 'message', 'stack']);
  assert.strictEqual(result.ok, false);
  if (message instanceof RegExp) {
    assert.match(result.message, message);
  } else {
    assert.strictEqual(result.message, message);
  }
}

describe('lib/xctl.js', () => {
  before(() => (process.env.UNIT_TEST_COMMAND_EXPIRED_TIME = PATIENT_MS));
  after(() => delete process.env.UNIT_TEST_COMMAND_EXPIRED_TIME);

  test('a result, pid and thread as numbers or strings', async () => {
    const data = { filepath: '/logs/中.heapsnapshot', state: 'running' };
    await withTarget({ heapdump: [{ split: 1 }, { result: data }] }, async (target) => {
      for (const [pid, thread] of [
        [target.pid, 0],
        [String(target.pid), '0'],
      ]) {
        const result = await xctl(pid, thread, 'heapdump', { name: 'n', timeout: 5 });
        assert.match(result.traceid, /^[0-9a-f]{32}$/);
        assert.deepStrictEqual(result, { ok: true, data, traceid: result.traceid });
      }
      assert.deepStrictEqual(
        target.requests.map(({ method, params }) => [method, params]),
        [
          ['heapdump', { name: 'n', thread_id: 0 }],
          ['heapdump', { name: 'n', thread_id: '0' }],
        ],
      );
    });
  });

  test('without options and thread', async () => {
    await withTarget({ check_version: [{ result: { version: '4.0.0' } }] }, async ({ pid }) => {
      assert.deepStrictEqual((await xctl(pid, undefined, 'check_version')).data, { version: '4.0.0' });
      assert.strictEqual((await xctl(pid, 0, 'check_version', null)).ok, true);
    });
  });

  test('a refusal', async () => {
    const error = { code: -32000, message: 'start_cpu_profiling is running.' };
    await withTarget({ start_cpu_profiling: [{ error }] }, async ({ pid }) => {
      const result = await xctl(pid, 0, 'start_cpu_profiling', {});
      assert.deepStrictEqual(result, { ok: false, message: error.message, traceid: result.traceid });
    });
  });

  test('an error without an id is the answer, other replies are not', async () => {
    const raw =
      '{"jsonrpc":"2.0","id":"other","result":{}}\n{"jsonrpc":"2.0","method":"progress","params":{}}\n' +
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"too many clients"}}\n';
    await withTarget({ heapdump: [{ raw }] }, async ({ pid }) => {
      const result = await xctl(pid, 0, 'heapdump');
      assert.strictEqual(result.message, 'too many clients');
    });
  });

  test('no socket', async () => {
    for (const pid of [2147483647, process.pid, String(process.pid), 'x', -1]) {
      await expectLocal(xctl(pid, 0, 'heapdump', {}), `进程 ${pid} 不存在或者没有启动 xprofiler 信令线程!`);
    }
  });

  test('missing arguments', async () => {
    await expectLocal(xctl(), '命令参数不能缺失！');
    await expectLocal(xctl(process.pid, 0), '命令参数不能缺失！');
    await expectLocal(xctl('', 0, 'heapdump'), '命令参数不能缺失！');
  });

  test('a silent target: 1.5 s', async () => {
    await withTarget({}, async ({ pid }) => {
      const begun = Date.now();
      await withLimit('', () => expectLocal(xctl(pid, 0, 'heapdump'), '命令 heapdump 响应超时(1.5s)!'));
      assert.ok(Date.now() - begun >= 1490 && Date.now() - begun < 8000);
      await withLimit(200, () => expectLocal(xctl(pid, 0, 'heapdump'), '命令 heapdump 响应超时(0.2s)!'));
    });
  });

  test('wait: longer, until options.timeout', async () => {
    const data = { filepath: '/a', state: 'written' };
    await withTarget({ heapdump: [{ delay: 400 }, { result: data }], diag_report: [] }, async (target) => {
      await withLimit(100, async () => {
        assert.deepStrictEqual((await xctl(target.pid, 0, 'heapdump', { wait: true })).data, data);
        await expectLocal(
          xctl(target.pid, 0, 'diag_report', { wait: true, timeout: 250 }),
          '命令 diag_report 响应超时(0.25s)!',
        );
      });
      assert.deepStrictEqual(target.requests[0].params, { wait: true, thread_id: 0 });
    });
  });

  test('a target that dies, closes or talks nonsense', async () => {
    await withTarget({ heapdump: [{ raw: '{"jsonrpc"' }, { die: 'SIGKILL' }] }, ({ pid }) =>
      expectLocal(xctl(pid, 0, 'heapdump'), /^接收响应失败: /),
    );
    await withTarget({ heapdump: [{ close: true }] }, ({ pid }) => expectLocal(xctl(pid, 0, 'heapdump'), /^接收响应失败: /));
    await withTarget({ heapdump: [{ raw: 'hello\n' }] }, ({ pid }) =>
      expectLocal(xctl(pid, 0, 'heapdump'), 'json parse [hello] failed.'),
    );
    await withTarget({ heapdump: [{ raw: 'null\n' }] }, ({ pid }) =>
      expectLocal(xctl(pid, 0, 'heapdump'), 'json parse [null] failed.'),
    );
  });

  test('many at once', async () => {
    await withTarget({ check_version: [{ delay: 20 }, { result: {} }] }, async ({ pid }) => {
      const results = await Promise.all(Array.from({ length: 40 }, () => xctl(pid, 0, 'check_version')));
      assert.ok(results.every((result) => result.ok));
      assert.strictEqual(new Set(results.map((result) => result.traceid)).size, 40);
    });
  });

  test('nothing of it keeps a process alive after the answer', async () => {
    await withTarget({ check_version: [{ result: {} }] }, async ({ pid }) => {
      const code = `require(${JSON.stringify(file)})(${pid}, 0, 'check_version').then((r) => console.log(String(r.ok)))`;
      const begun = Date.now();
      // spawnSync would stop this process from hearing of the request, which nobody waits for.
      const env = { ...process.env, UNIT_TEST_COMMAND_EXPIRED_TIME: '20000' };
      const { stdout, status } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env, timeout: 60000 });
      assert.deepStrictEqual([stdout, status], ['true\n', 0]);
      assert.ok(Date.now() - begun < 19000);
    });
  });
});
