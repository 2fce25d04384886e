'use strict';

// xprofctl against a target that answers by script: what is printed, in both languages and as JSON, the exit status,
// and what was asked.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { start } = require('../ctl/fake_server');
require('../ctl/xctl_tests');

const program = process.env.XPROFCTL || path.join(__dirname, '../../build/Release/xprofctl');
const LIMIT_MS = 20000;
const EN = 'C';
const ZH = 'zh_CN.UTF-8';

function run(words, { locale = EN, onStart, command = program, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: locale };
    const child = spawn(command, words.map(String), { env, timeout: LIMIT_MS, ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
    if (onStart) {
      onStart(child);
    }
  });
}

async function withTarget(script, body, options) {
  const target = await start(script, options);
  try {
    await body(target);
  } finally {
    await target.stop();
  }
}

async function expectDone(words, stdout, options) {
  const result = await run(words, options);
  assert.deepStrictEqual(result, { status: 0, signal: null, stdout, stderr: '' });
}

async function expectFailure(words, status, stderr, options) {
  const result = await run(words, options);
  assert.deepStrictEqual(result, { status, signal: null, stdout: '', stderr });
}

async function json(words, status = 0) {
  const result = await run([...words, '--json']);
  assert.strictEqual(result.stderr, '');
  assert.strictEqual(result.status, status);
  assert.strictEqual(result.stdout.trimEnd().split('\n').length, 1);
  return JSON.parse(result.stdout);
}

const PENDING = {
  filepath: '/logs/x-heapdump-1-20260102-0.heapsnapshot',
  state: 'pending',
  thread_id: 2,
  paused_ms: 0,
  pending: { since_ms: 1001, reason: 'thread 2 is blocked in native code' },
};

const SCRIPT = {
  check_version: [{ result: { version: '4.0.0', protocol: 1 } }],
  list_environments: [
    { split: 5 },
    {
      result: {
        environments: [
          { is_main_thread: true, thread_id: 0, uptime: 13 },
          { is_main_thread: false, thread_id: 1, uptime: 5 },
        ],
      },
    },
  ],
  get_config: [{ result: { log_level: 1, log_dir: '/lo\u001b[2Jgs', enable_http_profiling: false, log_interval: 0.5 } }],
  set_config: [{ result: { log_level: 2 } }],
  start_cpu_profiling: [{ result: { filepath: '/logs/a.cpuprofile', state: 'running', thread_id: 0 } }],
  stop_cpu_profiling: [{ result: { filepath: '/logs/a.cpuprofile', state: 'writing', thread_id: 0 } }],
  start_heap_profiling: [{ result: { filepath: '/logs/a.heapprofile', state: 'running', thread_id: 0 } }],
  stop_heap_profiling: [{ result: { filepath: '/logs/a.heapprofile', state: 'writing', thread_id: 0 } }],
  start_gc_profiling: [{ result: { filepath: '/logs/a.gcprofile', state: 'running', thread_id: 0 } }],
  stop_gc_profiling: [{ result: { filepath: '/logs/a.gcprofile', state: 'writing', thread_id: 0 } }],
  heapdump: [{ result: { filepath: '/logs/a.heapsnapshot', state: 'running', thread_id: 0 } }],
  diag_report: [{ result: { filepath: '/logs/a.diag', state: 'writing', thread_id: 0 } }],
  generate_coredump: [{ result: { filepath: '/logs/a.core', state: 'writing' } }],
  cancel: [{ result: { cancelled: 1 } }],
  process_info: [
    { result: { pid: 1, title: 'node', script: '/app/web.js', node_version: 'v20.1.0', version: '4.0.0', uptime: 3700 } },
  ],
  metrics: [
    {
      result: {
        process: { cpu_now: 12.34, rss: 104857600 },
        threads: [
          { thread_id: 1, heap_used: 1 },
          { thread_id: 0, heap_used: 10485760, heap_limit: 2147483648, loop_delay_p99_ms: 3.25, loop_blocked_ms: 0 },
        ],
      },
    },
  ],
};

// [command and options, English, Chinese]; PID stands for the pid.
const OUTPUTS = [
  ['check_version', 'X-Profiler addon version (pid PID): v4.0.0\n', 'X-Profiler 插件版本号(pid PID): v4.0.0\n'],
  [
    'list_environments',
    'X-Profiler environments (pid PID):\n  - thread (tid 0): main thread, up 13 seconds\n' +
      '  - thread (tid 1): worker thread, up 5 seconds\n',
    'X-Profiler 环境列表(pid PID):\n  - 线程(tid 0): 主线程已启动 13 秒\n  - 线程(tid 1): Worker 线程已启动 5 秒\n',
  ],
  [
    'get_config',
    'X-Profiler configuration (pid PID):\n  - enable_http_profiling: false\n  - log_dir: /lo?[2Jgs\n' +
      '  - log_interval: 0.5\n  - log_level: 1\n',
    'X-Profiler 当前配置(pid PID):\n  - enable_http_profiling: false\n  - log_dir: /lo?[2Jgs\n' +
      '  - log_interval: 0.5\n  - log_level: 1\n',
  ],
  [
    'set_config --log_level 2',
    'X-Profiler configuration (pid PID) changed:\n  - log_level: 2\n',
    'X-Profiler 配置(pid PID)成功:\n  - log_level: 2\n',
  ],
  ['start_cpu_profiling', 'Process (pid PID): CPU sampling has started.\n', '进程 (pid PID) 开始进行 CPU 采样.\n'],
  ['start_heap_profiling', 'Process (pid PID): Heap sampling has started.\n', '进程 (pid PID) 开始进行 Heap 采样.\n'],
  ['start_gc_profiling', 'Process (pid PID): gc sampling has started.\n', '进程 (pid PID) 开始进行 gc 采样.\n'],
  [
    'start_cpu_profiling -t 2000',
    'CPU profiling file: /logs/a.cpuprofile\nThe cpu profile can be read in 2 seconds.\n',
    'CPU profiling 文件路径: /logs/a.cpuprofile\n请等待 2 秒后读取此次 cpu profiling 结果.\n',
  ],
  [
    'start_heap_profiling --profiling_time 1500',
    'Heap profiling file: /logs/a.heapprofile\nThe heap profile can be read in 1.5 seconds.\n',
    'Heap profiling 文件路径: /logs/a.heapprofile\n请等待 1.5 秒后读取此次 heap profiling 结果.\n',
  ],
  [
    'start_gc_profiling -t 2000',
    'GC profiling file: /logs/a.gcprofile\nThe gc profile can be read in 2 seconds.\n',
    'GC profiling 文件路径: /logs/a.gcprofile\n请等待 2 秒后读取此次 gc profiling 结果.\n',
  ],
  ['stop_cpu_profiling', 'CPU profiling file: /logs/a.cpuprofile\n', 'CPU profiling 文件路径: /logs/a.cpuprofile\n'],
  ['stop_heap_profiling', 'Heap profiling file: /logs/a.heapprofile\n', 'Heap profiling 文件路径: /logs/a.heapprofile\n'],
  ['stop_gc_profiling', 'GC profiling file: /logs/a.gcprofile\n', 'GC profiling 文件路径: /logs/a.gcprofile\n'],
  [
    'heapdump',
    'Heapdump file: /logs/a.heapsnapshot\nWriting the heap snapshot takes seconds to minutes, depending on the heap.\n',
    'Heapdump 文件路径: /logs/a.heapsnapshot\n生成 heapsnapshot 视堆序列化耗费需要数秒至数分钟.\n',
  ],
  [
    'diag_report',
    'Diagnostic report file: /logs/a.diag\nWriting the diagnostic report takes seconds to tens of seconds.\n',
    '诊断报告文件路径: /logs/a.diag\n生成诊断报告可能需要数秒至数十秒.\n',
  ],
  [
    'generate_coredump',
    'Coredump file: /logs/a.core\nWriting the core file takes seconds to tens of seconds.\n',
    'Coredump 文件路径: /logs/a.core\n生成 Coredump 可能需要数秒至数十秒.\n',
  ],
  [
    'cancel --action heapdump',
    'Process (pid PID): 1 job(s) of heapdump cancelled.\n',
    '进程 (pid PID) 已取消 1 个任务: heapdump.\n',
  ],
  [
    'process_info',
    'X-Profiler process information (pid PID):\n  - pid: 1\n  - title: node\n  - script: /app/web.js\n' +
      '  - node_version: v20.1.0\n  - version: 4.0.0\n  - uptime: 3700\n',
    'X-Profiler 进程信息(pid PID):\n  - pid: 1\n  - title: node\n  - script: /app/web.js\n' +
      '  - node_version: v20.1.0\n  - version: 4.0.0\n  - uptime: 3700\n',
  ],
];

describe('xprofctl, commands', () => {
  let target;
  before(async () => {
    target = await start(SCRIPT);
  });
  after(() => target.stop());

  for (const [line, english, chinese] of OUTPUTS) {
    test(`${line}: both languages and JSON`, async () => {
      const words = [...line.split(' '), '-p', target.pid];
      await expectDone(words, english.replaceAll('PID', target.pid));
      await expectDone(words, chinese.replaceAll('PID', target.pid), { locale: ZH });
      const steps = SCRIPT[words[0]];
      assert.deepStrictEqual(await json(words), { ok: true, data: steps[steps.length - 1].result });
    });
  }

  test('generate_cored is generate_coredump; - is _', async () => {
    await expectDone(['generate_cored', '-p', target.pid], OUTPUTS.find(([line]) => line === 'generate_coredump')[1]);
    await expectDone(['check-version', '-p', target.pid], `X-Profiler addon version (pid ${target.pid}): v4.0.0\n`);
  });

  test('metrics: for people, as JSON, as Prometheus text', async () => {
    const people = await run(['metrics', '-p', target.pid]);
    assert.match(people.stdout, /^X-Profiler metrics of the process \(pid \d+\):\n {2}- cpu_now: 12.34\n/);
    assert.match(people.stdout, /metrics of thread 0 .*\n {2}- thread_id: 0\n {2}- heap_used: 10485760\n/);
    const { data } = await json(['metrics', '-p', target.pid]);
    assert.strictEqual(data.threads.length, 2);
    const text = 'xprofiler_rss 1\nxprofiler_x{a="b"} 2\n';
    await withTarget({ metrics: [{ result: { text } }] }, async (other) => {
      await expectDone(['metrics', '-p', other.pid, '--prometheus'], text);
      assert.deepStrictEqual(other.requests[0].params, { format: 'prometheus' });
    });
  });

  test('parameters reach the target', async () => {
    await withTarget({ '*': [{ result: { filepath: '/a', state: 'running' } }] }, async (other) => {
      await run([
        ...['start_heap_profiling', '-p', other.pid, '-w', '3', '-t', '1234', '--sampling-interval-bytes', '4096'],
        ...['--stack-depth', '32', '--include-collected', '--name', 'mine'],
      ]);
      await run(['heapdump', '-p', other.pid, '--numeric-values', '--internals', '--max-rss-mb', '512', '--thread-id=1']);
      await run(['set_config', '-p', other.pid, '--enable_http_profiling', '--disable_log_uv_handles', '--log_type=1']);
      await run(['cancel', '-p', other.pid, '--action', 'start-cpu-profiling', '-w', '4']);
      assert.deepStrictEqual(
        other.requests.map(({ method, params }) => [method, params]),
        [
          [
            'start_heap_profiling',
            {
              thread_id: 3,
              profiling_time: 1234,
              sampling_interval_bytes: 4096,
              stack_depth: 32,
              include_collected: true,
              name: 'mine',
            },
          ],
          ['heapdump', { thread_id: 1, numeric_values: true, internals: true, max_rss_mb: 512 }],
          ['set_config', { enable_http_profiling: true, enable_log_uv_handles: false, log_type: 1 }],
          ['cancel', { thread_id: 4, action: 'start_cpu_profiling' }],
        ],
      );
    });
  });

  test('a round trip is fast', async () => {
    const times = [];
    for (let i = 0; i < 11; i++) {
      const begun = process.hrtime.bigint();
      await run(['check_version', '-p', target.pid]);
      times.push(Number(process.hrtime.bigint() - begun) / 1e6);
    }
    // The spawn of the test itself is in it; the median must still be far from what a Node start would take.
    assert.ok(times.sort((a, b) => a - b)[5] < 40, `${times}`);
  });
});

describe('xprofctl, pending and waiting', () => {
  test('a pending job is explained, and it is no failure', async () => {
    await withTarget({ heapdump: [{ result: PENDING }] }, async ({ pid }) => {
      await expectDone(
        ['heapdump', '-p', pid, '-w', '2'],
        `Heapdump file: ${PENDING.filepath}\n` +
          `Not begun yet, after 1 s: process ${pid}, thread 2 is not free: thread 2 is blocked in native code.\n` +
          'The command stays queued and begins as soon as the thread is free. ' +
          `To give it up: xprofctl cancel -p ${pid} -w 2 --action heapdump\n`,
      );
      const chinese = await run(['heapdump', '-p', pid, '-w', '2'], { locale: ZH });
      assert.match(chinese.stdout, /尚未开始 \(已等待 1 秒\): 进程 \d+ 的线程 2 正忙: .*\n命令已排队/);
      assert.deepStrictEqual(await json(['heapdump', '-p', pid]), { ok: true, data: PENDING });
    });
  });

  test('--wait prints the finished file', async () => {
    const result = {
      ...{ filepath: '/logs/a.cpuprofile', state: 'written', bytes: 18231, samples: 4990, duration_ms: 5003 },
      ...{ paused_ms: 0.25, ended_by: 'SIGTERM' },
    };
    const script = {
      start_cpu_profiling: [{ progress: { state: 'running', elapsed_ms: 10 } }, { delay: 20 }, { result }],
    };
    await withTarget(script, async (target) => {
      await expectDone(
        ['start_cpu_profiling', '-p', target.pid, '--wait', '-t', '5000'],
        'CPU profiling file: /logs/a.cpuprofile\n' +
          '  size: 17.8 KiB, samples: 4990, covers: 5.003 s, thread paused: 0.25 ms\n  ended early by: SIGTERM\n',
      );
      assert.deepStrictEqual(target.requests[0].params, { profiling_time: 5000, wait: true });
      const { data } = await json(['start_cpu_profiling', '-p', target.pid, '--wait']);
      assert.deepStrictEqual(data, result);
    });
  });

  test('--wait shows its progress on a terminal only', { skip: !fs.existsSync('/usr/bin/script') }, async () => {
    const script = {
      heapdump: [
        { progress: { state: 'pending', elapsed_ms: 1000, pending: { reason: 'busy\u001b[2J' } } },
        { progress: { state: 'running', elapsed_ms: 2000, done: 1, total: 4 } },
        { result: { filepath: '/logs/a', state: 'written', bytes: 1 } },
      ],
    };
    await withTarget(script, async ({ pid }) => {
      const line = `${program} heapdump -p ${pid} --wait`;
      const { stdout } = await run(['-qec', line, '/dev/null'], { command: '/usr/bin/script' });
      assert.match(stdout, /1 s {2}waiting for the thread: busy\?\[2J/);
      assert.match(stdout, /2 s {2}running 25%/);
      assert.match(stdout, /\r\u001b\[KHeapdump file: \/logs\/a/);
    });
  });

  function interrupt(target, method, signal = 'SIGINT') {
    return (child) => {
      target.child.on('message', ({ request }) => {
        if (request && request.method === method) {
          setTimeout(() => child.kill(signal), 50);
        }
      });
    };
  }

  test('Ctrl-C stops a profile, which is still written', async () => {
    const script = {
      start_cpu_profiling: [
        { until: 'stop_cpu_profiling' },
        { result: { filepath: '/logs/a.cpuprofile', state: 'written', bytes: 5 } },
      ],
      stop_cpu_profiling: [{ result: { filepath: '/logs/a.cpuprofile', state: 'writing' } }],
    };
    for (const signal of ['SIGINT', 'SIGTERM']) {
      await withTarget(script, async (target) => {
        const onStart = interrupt(target, 'start_cpu_profiling', signal);
        const result = await run(['start_cpu_profiling', '-p', target.pid, '-w', 2, '--wait'], { onStart });
        assert.strictEqual(result.status, 0);
        assert.strictEqual(result.stdout, 'CPU profiling file: /logs/a.cpuprofile\n  size: 5 B\n');
        assert.strictEqual(result.stderr, 'Stopping; the profile is still written. Ctrl-C again leaves at once.\n');
        assert.deepStrictEqual(target.requests[1].params, { thread_id: 2 });
      });
    }
  });

  test('Ctrl-C takes a start back that has not begun', async () => {
    const script = {
      start_gc_profiling: [{ until: 'cancel' }, { error: { code: -32004, message: 'cancelled by the client' } }],
      stop_gc_profiling: [{ error: { code: -32000, message: 'start_gc_profiling is not running.' } }],
      cancel: [{ result: { cancelled: 1 } }],
    };
    await withTarget(script, async (target) => {
      const onStart = interrupt(target, 'start_gc_profiling');
      const result = await run(['start_gc_profiling', '-p', target.pid, '--wait'], { onStart });
      assert.strictEqual(result.status, 1);
      assert.match(result.stderr, /Command failed: cancelled by the client\n$/);
      assert.deepStrictEqual(target.requests[2].params, { thread_id: 0, action: 'start_gc_profiling' });
    });
  });

  test('Ctrl-C cancels a heap snapshot', async () => {
    const script = {
      heapdump: [{ until: 'cancel' }, { error: { code: -32004, message: 'cancelled by the client' } }],
      cancel: [{ result: { cancelled: 1 } }],
    };
    await withTarget(script, async (target) => {
      const onStart = interrupt(target, 'heapdump');
      const result = await run(['heapdump', '-p', target.pid, '--wait', '--json'], { onStart });
      assert.strictEqual(result.status, 1);
      assert.strictEqual(result.stderr, 'Cancelling. Ctrl-C again leaves at once.\n');
      assert.deepStrictEqual(JSON.parse(result.stdout), {
        ...{ ok: false, code: -32004, reason: 'cancelled', message: 'cancelled by the client' },
      });
    });
  });

  test('a second Ctrl-C leaves at once', async () => {
    await withTarget({ heapdump: [], cancel: [] }, async (target) => {
      const onStart = (child) => {
        interrupt(target, 'heapdump')(child);
        interrupt(target, 'cancel')(child);
      };
      const result = await run(['heapdump', '-p', target.pid, '--wait'], { onStart });
      assert.strictEqual(result.signal, 'SIGINT');
    });
  });
});

describe('xprofctl, list', () => {
  test('healthy, stopped and broken targets', async () => {
    const healthy = await start(SCRIPT);
    const silent = await start({});
    const broken = await start({ '*': [{ raw: 'HTTP/1.1 400 Bad Request\r\n\r\n' }] });
    const stopped = await start(SCRIPT);
    stopped.child.kill('SIGSTOP');
    try {
      const begun = Date.now();
      const { stdout, status } = await run(['list']);
      assert.strictEqual(status, 0);
      assert.ok(Date.now() - begun < 2500, 'those that hang are waited for together');
      assert.match(stdout, /^ *PID +THREADS +CPU% +RSS +HEAP +LIMIT +DELAY P99 +UPTIME +NODE +XPROFILER +TITLE\n/);
      const rowOf = (pid) => stdout.split('\n').find((line) => line.trimStart().startsWith(`${pid} `));
      assert.match(
        rowOf(healthy.pid),
        / 2 +12\.3 +100 MiB +10\.0 MiB +2\.0 GiB +3\.3 ms +1h 1m +v20\.1\.0 +4\.0\.0 +\/app\/web\.js$/,
      );
      assert.match(rowOf(silent.pid), /^ *\d+ +not answering +\S*node .*fake_server\.js/);
      assert.match(rowOf(stopped.pid), /^ *\d+ +not answering /);
      assert.match(rowOf(broken.pid), /^ *\d+ +not usable: protocol /);
      const chinese = await run(['list'], { locale: ZH });
      assert.match(chinese.stdout, /^ *进程 +线程 +CPU% /);
      assert.match(chinese.stdout, /无响应/);
      const { data } = await json(['list', '--timeout', '0.5']);
      const objectOf = (pid) => data.find((item) => item.pid === pid);
      assert.deepStrictEqual(
        { ...objectOf(healthy.pid), command_line: undefined },
        {
          ...{ pid: healthy.pid, state: 'ok', command_line: undefined, title: 'node', script: '/app/web.js' },
          ...{ node_version: 'v20.1.0', version: '4.0.0', threads: 2, uptime: 3700, cpu_percent: 12.34 },
          ...{ rss_bytes: 104857600, heap_used_bytes: 10485760, heap_limit_bytes: 2147483648 },
          ...{ loop_delay_p99_ms: 3.25, loop_blocked_ms: 0 },
        },
      );
      assert.strictEqual(objectOf(stopped.pid).state, 'not answering');
      assert.strictEqual(objectOf(stopped.pid).rss_bytes, null);
    } finally {
      await Promise.all([healthy, silent, broken, stopped].map((target) => target.stop()));
    }
  });

  test('a blocked event loop is shown as such', async () => {
    const metrics = [{ result: { process: {}, threads: [{ thread_id: 0, loop_blocked_ms: 12345 }] } }];
    await withTarget({ ...SCRIPT, metrics }, async ({ pid }) => {
      const { stdout } = await run(['list']);
      assert.match(stdout, new RegExp(`^ *${pid} .*blocked 12 s`, 'm'));
    });
  });
});

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

  test('a socket that nobody serves any more', async () => {
    const file = path.join('/tmp', `xprofiler-${process.getuid()}`, `${process.pid}.sock`);
    await withTarget({}, async (other) => {
      fs.linkSync(other.file, file); // stays when its server is gone
      await other.stop();
      try {
        assert.strictEqual((await json(['check_version', '-p', process.pid], 3)).reason, 'not_started');
      } finally {
        fs.unlinkSync(file);
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
      const { stderr, status } = await run(['heapdump', '-p', pid, '--wait', '--timeout', '0.3']);
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

describe('xprofctl, usage', () => {
  const cases = [
    [[], 'a command is missing\nSee: xprofctl help\n', '缺少命令\n查看帮助: xprofctl help\n'],
    [['heapdmup'], 'unknown command: heapdmup; did you mean heapdump?\nSee: xprofctl help\n', '未知命令: heapdmup; 您是否想输入 heapdump?\n'],
    [['help', 'nothing-like-it'], 'unknown command: nothing-like-it\n', '未知命令: nothing-like-it\n'],
    [['heapdump'], 'a process is needed: -p PID (xprofctl list shows them)\nSee: xprofctl help heapdump\n', '缺少进程号: -p PID'],
    [['heapdump', '-p', 'x'], 'a process id is a whole number from 1 to 2147483647, not "x"\n', '进程号必须是 1 到 2147483647 之间的整数, 而不是 "x"\n'],
    [['heapdump', '-p', '-5'], 'a process id is a whole number from 1 to 2147483647, not "-5"\n', '进程号必须是'],
    [['heapdump', '-p', '99999999999999'], 'a process id is a whole number', '进程号必须是'],
    [['heapdump', '-p'], 'the option -p needs a value\n', '选项 -p 缺少值\n'],
    [['heapdump', '12'], 'unexpected argument: 12; did you mean -p 12?\n', '多余的参数: 12; 您是否想输入 -p 12?\n'],
    [['heapdump', '-p', '1', '--wiat'], 'unknown option: --wiat; did you mean --wait?\n', '未知选项: --wiat; 您是否想输入 --wait?\n'],
    [['heapdump', '-p', '1', '-t', '5'], 'heapdump does not take the option --profiling_time\n', '命令 heapdump 不支持选项 --profiling_time\n'],
    [['heapdump', '-p', '1', '--log_level', '1'], 'heapdump does not take the option --log_level\n', '命令 heapdump 不支持选项'],
    [['heapdump', '-p', '1', '--name', 'a/b'], '--name must be a file name without', '--name 必须是不含'],
    [['set_config', '-p', '1'], 'what shall be set?', '缺少配置项'],
    [['set_config', '-p', '1', '--log_dir', '/x'], 'log_dir cannot be changed while the process runs\n', 'log_dir 不能在进程运行时修改\n'],
    [['cancel', '-p', '1'], 'what shall be cancelled?', '缺少要取消的命令'],
    [['cancel', '-p', '1', '--action', 'list'], '--action must be one of start_cpu_profiling, ', '--action 必须是'],
  ];
  for (const [words, english, chinese] of cases) {
    test(`xprofctl ${words.join(' ')}`, async () => {
      for (const [locale, text] of [[EN, english], [ZH, chinese]]) {
        const { status, stdout, stderr } = await run(words, { locale });
        assert.strictEqual(status, 2);
        assert.strictEqual(stdout, '');
        assert.ok(stderr.startsWith(`xprofctl: ${text}`), stderr);
      }
      const reply = await json(words, 2);
      assert.deepStrictEqual([reply.ok, reply.code, reply.reason], [false, 2, 'usage']);
    });
  }

  test('version', async () => {
    const { version } = require('../../package.json');
    await expectDone(['-v'], `${version}\n`);
    await expectDone(['--version'], `${version}\n`);
    assert.deepStrictEqual(await json(['-v']), { ok: true, data: { version, protocol: 1 } });
  });

  test('help lists every command; each has its own', async () => {
    for (const locale of [EN, ZH]) {
      const { stdout, status } = await run(['--help'], { locale });
      assert.strictEqual(status, 0);
      assert.strictEqual((await run(['help'], { locale })).stdout, stdout);
      const names = [...stdout.matchAll(/^ {2}([a-z_]+) /gm)].map((match) => match[1]);
      for (const name of [...Object.keys(SCRIPT), 'list', 'help']) {
        assert.ok(names.includes(name), name);
        const help = await run(['help', name], { locale });
        assert.strictEqual(help.status, 0);
        assert.match(help.stdout, new RegExp(`: xprofctl ${name}\\b`));
        assert.strictEqual((await run([name, '--help'], { locale })).stdout, help.stdout);
      }
    }
    const { stdout } = await run(['help', 'set_config']);
    assert.match(stdout, /--enable_http_profiling, --disable_http_profiling\n/);
    assert.doesNotMatch(stdout, /log_dir/);
  });
});

describe('bin/xprofctl', () => {
  const wrapper = path.join(__dirname, '../../bin/xprofctl');
  const built = path.join(__dirname, '../../build/Release/xprofctl');

  test('finds its program through links', { skip: !fs.existsSync(built) }, async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofctl-'));
    const first = path.join(dir, 'first');
    fs.symlinkSync(wrapper, first);
    fs.symlinkSync('first', path.join(dir, 'second'));
    const expected = (await run(['-v'])).stdout;
    for (const command of [wrapper, first, path.join(dir, 'second')]) {
      await expectDone(['-v'], expected, { command, cwd: '/' });
    }
    fs.rmSync(dir, { recursive: true });
  });

  test('says what to do when nothing is built', async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofctl-'));
    fs.mkdirSync(path.join(dir, 'bin'));
    const command = path.join(dir, 'bin', 'xprofctl');
    fs.copyFileSync(wrapper, command);
    const { status, stderr } = await run(['-v'], { command });
    fs.rmSync(dir, { recursive: true });
    assert.strictEqual(status, 1);
    assert.match(stderr, /xprofctl is not built; run in .*: npm run build/);
  });
});
