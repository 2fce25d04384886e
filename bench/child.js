'use strict';

// A measured process (bench/target.js) seen from the benchmark: start, ask, end.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { fork } = require('node:child_process');

class Child {
  constructor({ profiler, workload = 'idle', options = {}, nodeOptions = [] }) {
    this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-bench-'));
    this.profiler = profiler;
    const env = { ...process.env, XPROFILER_PREFIX: this.home, XPROFILER_LOG_DIR: this.home };
    const words = [JSON.stringify({ profiler, workload, options: { ...options, home: this.home } })];
    this.process = fork(path.join(__dirname, 'target.js'), words, { env, execArgv: nodeOptions });
    this.pid = this.process.pid;
    this.ready = this.next();
  }

  next() {
    return new Promise((resolve, reject) => {
      const onExit = (code, signal) => reject(new Error(`${this.profiler} ended with ${signal || code}`));
      this.process.once('exit', onExit);
      this.process.once('message', ({ value, error }) => {
        this.process.off('exit', onExit);
        if (error) {
          reject(new Error(`${this.profiler}: ${error}`));
        } else {
          resolve(value);
        }
      });
    });
  }

  ask(action, rest = {}) {
    const answer = this.next();
    this.process.send({ action, ...rest });
    return answer;
  }

  call(method, argument) {
    return this.ask('call', { method, argument });
  }

  /** Resident memory in MiB, and the largest it ever was. */
  rss() {
    const status = fs.readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const of = (key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)[1]) / 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
  }

  end() {
    this.process.kill('SIGKILL');
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a child, gives it to fn when it is ready, ends it whatever happens. */
async function withChild(what, fn) {
  const child = new Child(what);
  try {
    await child.ready;
    return await fn(child);
  } finally {
    child.end();
  }
}

module.exports = { withChild, sleep };
