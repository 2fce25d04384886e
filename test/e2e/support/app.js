'use strict';

// A program of the test's own in a process of its own, with xprofiler and a private log_dir.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { connect } = require('./rpc');
const { until } = require('./until');

const root = path.resolve(__dirname, '../../..');

/** What every program has: `say(line)` tells the test, `serve({ name() {} })` obeys tell('name'). */
const prelude = (config, isBare) => `'use strict';
const fs = require('node:fs');
const { Worker, isMainThread, threadId } = require('node:worker_threads');
const { execSync } = require('node:child_process');
const xprofilerRoot = ${JSON.stringify(root)};
const xprofilerConfig = ${JSON.stringify(config)};
${isBare ? '' : 'require(xprofilerRoot)(xprofilerConfig);'}
function say(line) {
  fs.writeSync(1, line + '\\n');
}
function serve(orders) {
  process.stdin.setEncoding('utf8').on('data', (text) => {
    for (const name of text.split('\\n').filter(Boolean)) orders[name]();
  });
}
function workerOf(code) {
  const load = 'require(' + JSON.stringify(xprofilerRoot) + ');\\n';
  return new Worker(load + code, { eval: true });
}
`;

class App {
  constructor(home, logDir, child) {
    Object.assign(this, { home, logDir, child, pid: child.pid, stdout: '', stderr: '', clients: [] });
    child.stdout.setEncoding('utf8').on('data', (chunk) => (this.stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (this.stderr += chunk));
    child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      child.on('close', (status, signal) => resolve({ status, signal }));
    });
  }

  async rpc() {
    const client = await connect(this.pid);
    this.clients.push(client);
    return client;
  }

  tell(order) {
    this.child.stdin.write(`${order}\n`);
  }

  /** Until the program said this line, or one more of it when `times` is given. */
  said(line, times = 1) {
    const lines = () => this.stdout.split('\n').filter((each) => each === line).length;
    return until(() => lines() >= times, () => `"${line}" from the program; stdout ${this.stdout}, stderr ${this.stderr}`);
  }

  isAlive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Output files, also unfinished ones: everything that is not a log. */
  files() {
    return fs.readdirSync(this.logDir).filter((name) => !/^(xprofiler|error)[-.\d\w]*\.log$/.test(name));
  }

  log(kind = '') {
    const name = new RegExp(`^xprofiler-${kind}\\d{8}\\.log$`);
    const files = fs.readdirSync(this.logDir).filter((file) => name.test(file));
    return files.map((file) => fs.readFileSync(path.join(this.logDir, file), 'utf8')).join('');
  }

  async stop() {
    this.clients.forEach((client) => client.close());
    if (this.isAlive()) this.child.kill('SIGKILL');
    await this.ended;
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}

/**
 * Starts the program. `args` are for node; `logDir` makes the directory to use out of `home`; `isBare`: the body
 * loads xprofiler itself, with xprofilerConfig; `uid`: whose process it is, and whose files (as root only).
 */
function startApp(body, { config = {}, args = [], env = {}, cwd, logDir, isBare, uid, wrap = (words) => words } = {}) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-e2e-'));
  const logs = logDir ? logDir(home) : path.join(home, 'logs');
  fs.mkdirSync(logs, { recursive: true });
  const file = path.join(home, 'app.js');
  fs.writeFileSync(file, `${prelude({ log_dir: logs, ...config }, isBare)}\n${body}\n`);
  const [command, ...words] = wrap([process.execPath, ...args, file]);
  const owner = uid === undefined ? {} : { uid, gid: uid };
  if (uid !== undefined) [home, logs].forEach((dir) => fs.chownSync(dir, uid, uid));
  const child = spawn(command, words, {
    cwd: cwd || home,
    env: { ...process.env, XPROFILER_PREFIX: home, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...owner,
  });
  return new App(home, logs, child);
}

module.exports = { startApp, root };
