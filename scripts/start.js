'use strict';

// npm start                          the demo: a service under load, looked at from outside; about 15 s
// npm start -- path/to/app.js [args] the same for an application of yours
// npm start -- --with-xprofd [...]    beside xprofd, with its console in the browser, until Ctrl-C

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');

const { setUp } = require('./setup');
const { say, step, sleep, shown, start, stop, waitForLine } = require('./stage');
const { runWithXprofd } = require('./start_xprofd');
const { lastRecord, describeRecord, describeProfile, filesSince, bytes } = require('./summary');

const root = path.join(__dirname, '..');
const xprofctl = path.join(root, 'build', 'Release', 'xprofctl');
const PROFILE_MS = 5000;
const LOAD_SECONDS = 10;
const CLOCK_STEP_MS = 20; // file times are coarser than Date.now()

/** Runs xprofctl; gives its output and exit status. */
function ctl(args, limitMs) {
  return new Promise((resolve) => {
    const child = spawn(xprofctl, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.on('error', (error) => resolve({ status: 127, text: error.message }));
    child.on('close', (status) => resolve({ status: status === null ? 124 : status, text: text.trim() }));
  });
}

function newestProfile(logDir, pid, sinceMs) {
  return fs
    .readdirSync(logDir)
    .filter((name) => name.startsWith(`x-cpuprofile-${pid}-`) && name.endsWith('.cpuprofile'))
    .map((name) => ({ file: path.join(logDir, name), at: fs.statSync(path.join(logDir, name)).mtimeMs }))
    .filter(({ at }) => at >= sinceMs)
    .sort((a, b) => b.at - a.at)
    .map(({ file }) => file)[0];
}

/** Takes a CPU profile from outside. Returns the file, or undefined after telling why not. */
async function takeProfile(pid, logDir, beganMs) {
  const args = ['start_cpu_profiling', '-p', String(pid), '-t', String(PROFILE_MS), '--wait'];
  say(`    $ xprofctl ${args.join(' ')}`);
  const { status, text } = await ctl(args, PROFILE_MS + 10000);
  text.split('\n').filter(Boolean).forEach((line) => say(`    ${line}`));
  const file = status === 0 ? newestProfile(logDir, pid, beganMs) : undefined;
  if (!file) {
    say(`    no profile was written (xprofctl ended with ${status})`);
  }
  return file;
}

function printResult({ logDir, record, profile, beganMs, intervalSeconds }) {
  const figures = describeRecord(record, intervalSeconds);
  if (figures.length > 0) {
    say('\nThe last record of the log');
    figures.forEach((line) => say(line));
  }
  if (profile) {
    say('\nWhere the CPU time of the main thread went (top 10 functions by self time)');
    describeProfile(profile).forEach((line) => say(line));
  }
  const files = filesSince(logDir, beganMs);
  say('\nFiles written');
  files.forEach(({ file, bytes: size }) => say(`  ${bytes(size).padStart(9)}  ${shown(file)}`));
}

function printNext(logDir, profile, isDemo) {
  const command = shown(path.join(root, 'bin', 'xprofctl'));
  const lines = [];
  if (profile) {
    lines.push(['open the profile', `Chrome DevTools > Performance > load ${shown(profile)}`]);
  }
  lines.push(['read the log', `tail -F ${shown(path.join(logDir, 'xprofiler.log'))}`]);
  if (isDemo) {
    lines.push(['look into your own app', 'npm start -- path/to/app.js']);
  }
  lines.push(['in production', 'node --require xprofiler/register app.js']);
  lines.push(['then, from outside', `${command} list; ${command} help`]);
  say('\nWhat to type next');
  const width = Math.max(...lines.map(([what]) => what.length));
  lines.forEach(([what, text]) => say(`  ${what.padEnd(width)}  ${text}`));
}

async function demo(logDir) {
  const beganMs = Date.now() - CLOCK_STEP_MS;
  step(`starting demo/service.js; its log and profiles go to ${shown(logDir)}/`);
  const env = { ...process.env, XPROFILER_LOG_DIR: logDir };
  // The ipc channel tells the child when this process is gone, however it ended.
  const piped = { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env };
  const service = start([path.join(root, 'demo', 'service.js')], piped);
  const address = await waitForLine(service, /^listening (\S+)$/m, 10000);
  say(`    process ${service.pid} at ${address}`);

  step(`load: 12 keep-alive connections for ${LOAD_SECONDS} s, from another process`);
  const load = start([path.join(root, 'demo', 'load.js'), address, String(LOAD_SECONDS)], piped);
  let answers = '';
  load.stdout.setEncoding('utf8').on('data', (chunk) => (answers += chunk));
  await sleep(2000);

  step(`a CPU profile of ${PROFILE_MS / 1000} s, taken from outside while it serves`);
  const profile = await takeProfile(service.pid, logDir, beganMs);
  await sleep(1500); // one more record under load
  const { pid } = service;
  const record = lastRecord(logDir, pid);

  await load.ended;
  if (answers) {
    const counts = Object.entries(JSON.parse(answers));
    say(`    load finished: ${counts.map(([status, count]) => `${count} × ${status}`).join(', ')}`);
  }
  step('result');
  printResult({ logDir, record, profile, beganMs, intervalSeconds: 1 });
  await stop(service);
  printNext(logDir, profile, true);
  return profile ? 0 : 1;
}

function forwardSignals(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends SIGINT to the whole group already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) {
        child.kill(signal);
      }
    });
  }
}

function exitCodeOf({ code, signal }) {
  return code === null ? 128 + (os.constants.signals[signal] || 0) : code;
}

async function runApp(file, args, logDir) {
  const beganMs = Date.now() - CLOCK_STEP_MS;
  step(`starting ${file} with --require ${shown(path.join(root, 'lib', 'register.js'))}`);
  const env = { XPROFILER_LOG_INTERVAL: '1', ...process.env, XPROFILER_LOG_DIR: logDir };
  const preload = ['--require', path.join(root, 'lib', 'register.js')];
  const app = start([...preload, file, ...args], { stdio: 'inherit', env });
  forwardSignals(app);
  let end;
  app.ended.then((result) => {
    end = result;
  });
  say(`    process ${app.pid}; a CPU profile follows in 5 s`);
  await Promise.race([sleep(5000), app.ended]);
  let profile;
  if (!end) {
    step(`a CPU profile of ${PROFILE_MS / 1000} s`);
    profile = await takeProfile(app.pid, logDir, beganMs);
  }
  const wasRunning = !end;
  if (wasRunning) {
    step(`stopping the application (SIGTERM to ${app.pid}); run it yourself with the command below`);
    await stop(app);
  } else {
    say(`\nthe application has ended by itself (${end.signal || `exit status ${end.code}`})`);
  }
  const intervalSeconds = Number(env.XPROFILER_LOG_INTERVAL) || 1;
  const record = lastRecord(logDir, app.pid);
  printResult({ logDir, record, profile, beganMs, intervalSeconds });
  printNext(logDir, profile, false);
  if (wasRunning) {
    return profile ? 0 : 1;
  }
  return exitCodeOf(end);
}

function chooseLogDir() {
  const chosen = process.env.XPROFILER_LOG_DIR || path.join(root, 'logs');
  fs.mkdirSync(chosen, { recursive: true });
  return path.resolve(chosen);
}

async function main() {
  const words = process.argv.slice(2);
  const withXprofd = words[0] === '--with-xprofd';
  const [file, ...args] = withXprofd ? words.slice(1) : words;
  if (file && !fs.existsSync(file)) {
    throw new Error(`there is no file ${path.resolve(file)}`);
  }
  step('set-up: what the build needs, the addon, xprofctl, xprofd');
  setUp();
  say('    ready');
  const logDir = chooseLogDir();
  if (withXprofd) {
    process.exitCode = await runWithXprofd(file, args, logDir);
    return;
  }
  process.exitCode = file ? await runApp(file, args, logDir) : await demo(logDir);
}

main().catch((error) => {
  console.error(`\nxprofiler: ${error.message}`);
  process.exit(1);
});
