'use strict';

// npm start -- --with-xprofd [app.js args]: the demo service under load (or an application), xprofd beside it, and the
// address of the console. Runs until Ctrl-C.

const path = require('node:path');
const { say, step, shown, start, startProgram, stop, waitForLine } = require('./stage');

const root = path.join(__dirname, '..');
const DAY_SECONDS = 24 * 3600;
const START_LIMIT_MS = 15000;

async function startDemo(logDir) {
  step(`starting demo/service.js under load; its log and profiles go to ${shown(logDir)}/`);
  // The ipc channel tells the child when this process is gone, however it ended.
  const piped = { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env: { ...process.env, XPROFILER_LOG_DIR: logDir } };
  const service = start([path.join(root, 'demo', 'service.js')], piped);
  const address = await waitForLine(service, /^listening (\S+)$/m, START_LIMIT_MS);
  const load = start([path.join(root, 'demo', 'load.js'), address, String(DAY_SECONDS)], piped);
  say(`    process ${service.pid} at ${address}`);
  return [load, service];
}

function startApp(file, args, logDir) {
  step(`starting ${file} with --require ${shown(path.join(root, 'lib', 'register.js'))}`);
  const env = { ...process.env, XPROFILER_LOG_DIR: logDir };
  const app = start(['--require', path.join(root, 'lib', 'register.js'), file, ...args], { stdio: 'inherit', env });
  say(`    process ${app.pid}`);
  return [app];
}

async function startDaemon(logDir) {
  const dataDir = path.join(logDir, 'xprofd');
  const args = ['--data_dir', dataDir];
  step(`starting xprofd; its history goes to ${shown(dataDir)}/`);
  const daemon = startProgram(path.join(root, 'build', 'Release', 'xprofd'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await waitForLine(daemon, /^ *console: *(\S+)$/m, START_LIMIT_MS).catch(() => {
    throw new Error('xprofd did not start; what it said stands above (another one is running? set XPROFD_LISTEN and XPROFD_RPC_LISTEN)');
  });
  return { daemon, url };
}

function untilSignal() {
  return new Promise((resolve) => {
    ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.once(signal, resolve));
  });
}

/** 0, or 1 when the application or xprofd ended by itself. */
async function runWithXprofd(file, args, logDir) {
  let isOver = false;
  const signal = untilSignal().then(() => {
    isOver = true;
    return 0;
  });
  const programs = file ? startApp(file, args, logDir) : await startDemo(logDir);
  const { daemon, url } = await startDaemon(logDir);
  step('running');
  const address = url.replace(/\/$/, '');
  say(`    console     ${url}`);
  say(`    Prometheus  ${address}/metrics`);
  say(`    JSON        curl ${address}/api/entities?kind=node`);
  say('    Ctrl-C ends all of it.');
  const ended = (child, what) =>
    child.ended.then(({ code, signal: by }) => {
      if (!isOver) say(`${what} has ended by itself (${by || `exit status ${code}`})`);
      isOver = true;
      return 1;
    });
  const status = await Promise.race([signal, ended(daemon, 'xprofd'), ended(programs.at(-1), 'the application')]);
  for (const child of [...programs, daemon]) {
    if (child.exitCode === null && child.signalCode === null) {
      await stop(child);
    }
  }
  return status;
}

module.exports = { runWithXprofd };
