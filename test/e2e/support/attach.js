'use strict';

// Processes that do not run xprofiler, what xprofctl attach makes of them, and what they listen on.

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { root } = require('./app');
const { launch } = require('./launch');

const xprofctl = path.join(root, 'build', 'Release', 'xprofctl');

// Every process has a port of its own: 9229 may be anybody's here.
const ANY_PORT = '--inspect-port=0';

/** Counts turns of the loop, so that a test sees whether the main thread lives. */
const TICKING = `
  let ticks = 0;
  setInterval(() => ticks++, 10);
  serve({ ticks() { say('ticks ' + ticks); } });
  say('ready');`;

/** The program `body` without xprofiler, when it has said "ready". */
async function plain(body = TICKING, { args = [ANY_PORT], ...options } = {}) {
  const app = launch(body, { isBare: true, args, ...options });
  await app.said('ready');
  return app;
}

function run(words, options = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const child = spawn(xprofctl, words.map(String), { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60000, ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

const attach = (pid, ...words) => run(['attach', '-p', pid, ...words]);

/** Numbers of the TCP ports on which a process listens. */
function ports(pid) {
  const table = ['tcp', 'tcp6'].flatMap((name) => {
    try {
      return fs.readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1);
    } catch {
      return [];
    }
  });
  const links = fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return [];
    }
  });
  const rows = table.map((line) => line.trim().split(/\s+/)).filter((words) => words[3] === '0A');
  return rows.filter((words) => links.includes(`socket:[${words[9]}]`)).map((words) => parseInt(words[1].split(':').pop(), 16));
}

module.exports = { ANY_PORT, TICKING, plain, run, attach, ports };
