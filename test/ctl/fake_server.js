'use strict';

// A target that answers by script, for tests of xprofctl and lib/xctl.js: listens where xprofiler's core
// would, for its own pid. Child side: `fork()`ed with the script as JSON in argv[2]; parent side: `start()`.
//
// The script is { method: [step, …] }; `*` stands for every other method. Steps, in order:
//   { result } { error } { progress } { delay: ms } { raw: 'bytes' } { split: bytes a piece, applies to
//   what follows } { close } { die: signal } { until: method } waits until that method was asked (by any
//   client) { waste: true } never reads on. Without a closing step the request stays unanswered.
// Every request is reported to the parent.

const childProcess = require('child_process');
const fs = require('fs');
const net = require('net');
const path = require('path');

const roots = ['/tmp', '/var/tmp', '/dev/shm'];

function socketPath(pid) {
  return path.join(roots[0], `xprofiler-${process.getuid()}`, `${pid}.sock`);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function send(socket, text, split) {
  const bytes = Buffer.from(text);
  const size = split || bytes.length;
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size));
    if (split) {
      await sleep(1);
    }
  }
}

// What an `xprofctl list` of another test asks of every target on the machine.
const ASKED_BY_LIST = new Set(['process_info']);

const asked = new Set();

async function runStep(step, socket, request, state) {
  const line = (message) => send(socket, JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n', state.split);
  if ('split' in step) {
    state.split = step.split;
  } else if ('delay' in step) {
    await sleep(step.delay);
  } else if ('until' in step) {
    while (!asked.has(step.until)) {
      await sleep(5);
    }
  } else if ('result' in step) {
    await line({ id: request.id, result: step.result });
  } else if ('error' in step) {
    await line({ id: request.id, error: step.error });
  } else if ('progress' in step) {
    await line({ method: 'progress', params: { id: request.id, ...step.progress } });
  } else if ('raw' in step) {
    await send(socket, step.raw, state.split);
  } else if ('close' in step) {
    socket.destroy();
  } else if ('die' in step) {
    process.kill(process.pid, step.die);
    await sleep(1000);
  }
}

async function answer(script, socket, request) {
  asked.add(request.method);
  process.send({ request });
  const state = { split: 0 };
  for (const step of script[request.method] || script['*'] || []) {
    await runStep(step, socket, request, state);
  }
}

function serve(script) {
  const file = socketPath(process.pid);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.rmSync(file, { force: true });
  const server = net.createServer((socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      text += data;
      const lines = text.split('\n');
      text = lines.pop();
      lines.forEach((one) => answer(script, socket, JSON.parse(one)));
    });
  });
  server.listen(file, () => process.send({ ready: true }));
  process.on('message', (message) => {
    if (message.listen === false) {
      server.close();
    }
  });
  process.on('disconnect', () => process.exit());
}

// → { pid, requests, child, stop() }, once it listens.
function start(script, { title } = {}) {
  return new Promise((resolve, reject) => {
    const child = childProcess.fork(__filename, [JSON.stringify(script)], {
      execArgv: title ? [`--title=${title}`] : [],
    });
    const requests = [];
    const file = socketPath(child.pid);
    const stop = () =>
      new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) {
          fs.rmSync(file, { force: true });
          done();
          return;
        }
        child.once('exit', () => {
          fs.rmSync(file, { force: true });
          done();
        });
        child.kill('SIGKILL');
      });
    child.once('error', reject);
    child.on('message', (message) => {
      if (message.ready) {
        resolve({ pid: child.pid, requests, child, file, stop });
      } else if (message.request && !ASKED_BY_LIST.has(message.request.method)) {
        requests.push(message.request);
      }
    });
  });
}

if (require.main === module) {
  serve(JSON.parse(process.argv[2]));
}

module.exports = { start };
