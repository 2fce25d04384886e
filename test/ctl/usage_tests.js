'use strict';

// The command line of xprofctl: mistakes, version, help, and the wrapper that npm links to.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { fork } = require('node:child_process');
const { describe, test } = require('node:test');

const { EN, ZH, SCRIPT, run, expectDone, json } = require('./run_ctl');

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

  test('runs with Node.js too, as the command of version 3 did', { skip: !fs.existsSync(built) }, async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofctl-'));
    const link = path.join(dir, 'xprofctl');
    fs.symlinkSync(wrapper, link);
    const node = { command: process.execPath, cwd: '/' };
    await expectDone([wrapper, '-v'], (await run(['-v'])).stdout, node);
    assert.deepStrictEqual(await run([link, 'no_such', '--json'], node), await run(['no_such', '--json']));
    const forked = fork(link, ['check_version', '-p', '2147483647'], { stdio: 'ignore' });
    const status = await new Promise((resolve) => forked.on('exit', resolve));
    assert.strictEqual(status, 3);
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
