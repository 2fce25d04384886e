'use strict';

// What `npm start` puts on the stage: programs that end with it, and what is said meanwhile.

const path = require('node:path');
const { spawn } = require('node:child_process');

const KILL_AFTER_MS = 5000;
const children = new Set();

function say(text = '') {
  console.log(text);
}

let steps = 0;
function step(text) {
  steps += 1;
  say(`\n[${steps}] ${text}`);
}

const sleep = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** A Node program. */
function start(args, options) {
  return startProgram(process.execPath, args, options);
}

function startProgram(file, args, options) {
  const child = spawn(file, args, options);
  children.add(child);
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, signal: null, error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  }).then((end) => {
    children.delete(child);
    return end;
  });
  return child;
}

/** SIGTERM, then SIGKILL; returns when the process has ended. */
async function stop(child) {
  const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  child.kill('SIGTERM');
  await child.ended;
  clearTimeout(killer);
}

function shown(file) {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/** The first line of a child's output that matches; rejects when it ends before. */
function waitForLine(child, pattern, limitMs) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error('the service did not start in time')), limitMs);
    const give = (settle, value) => {
      clearTimeout(timer);
      settle(value);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match) {
        give(resolve, match[1]);
      }
    });
    child.ended.then(({ code, signal }) => {
      give(reject, new Error(`the service ended at once (${signal || `exit status ${code}`})`));
    });
  });
}

process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

module.exports = { say, step, sleep, shown, start, startProgram, stop, waitForLine };
