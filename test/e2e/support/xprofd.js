'use strict';

// xprofd in a process of its own: fresh data_dir, free ports, only what it prints tells where it listens.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { until, within } = require('./until');

const root = path.resolve(__dirname, '../../..');
const program = path.join(root, 'build', 'Release', 'xprofd');

/**
 * One request. Gives { status, headers, text, json }: json is undefined when the body is none.
 * @param {{ method?: string, headers?: object, body?: string | object, ca?: Buffer, agent?: object }} options
 */
function request(url, { method = 'GET', headers = {}, body, ...rest } = {}) {
  const data = typeof body === 'object' ? JSON.stringify(body) : body;
  const given = data === undefined ? {} : { 'content-length': Buffer.byteLength(data) };
  const { request: open } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const sent = open(url, { method, headers: { ...given, ...headers }, agent: false, ...rest }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => {
        const bytes = Buffer.concat(pieces);
        const text = bytes.toString();
        const isJson = /json/.test(answer.headers['content-type'] || '') && text !== '';
        resolve({ status: answer.statusCode, headers: answer.headers, bytes, text, json: isJson ? JSON.parse(text) : undefined });
      });
    });
    sent.on('error', reject);
    sent.end(data);
  });
}

class Xprofd {
  constructor(home, child, isHomeOurs) {
    Object.assign(this, { home, child, pid: child.pid, isHomeOurs, stdout: '', stderr: '' });
    child.stdout.setEncoding('utf8').on('data', (chunk) => (this.stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (this.stderr += chunk));
    this.ended = new Promise((resolve) => {
      child.on('close', (status, signal) => resolve({ status, signal }));
    });
  }

  isAlive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it printed about itself: url('console') is where HTTP is, without the last slash. */
  url(name = 'console') {
    const found = new RegExp(`^${name}: (\\S+?)/?$`, 'm').exec(this.stdout);
    return found ? found[1] : '';
  }

  get(target, options) {
    return within(request(`${this.url()}${target}`, options), `answer to ${target}`);
  }

  post(target, body, options = {}) {
    return this.get(target, { method: 'POST', body, ...options });
  }

  /** Until the route answers with something that `accept(json)` gives true for; gives the json. */
  async waitFor(target, accept, what = target, limitMs = 30000) {
    let last;
    const probe = async () => {
      last = (await this.get(target)).json;
      return last && accept(last) ? last : undefined;
    };
    try {
      return await until(probe, what, limitMs);
    } catch (error) {
      error.message += `; last answer ${JSON.stringify(last).slice(0, 2000)}; stderr ${this.stderr}`;
      throw error;
    }
  }

  /** @param {string | string[]} kinds */
  async entitiesOf(kinds) {
    return (await this.get(`/api/entities?kind=${kinds}`)).json.entities;
  }

  /** Until each kind was read anew, from a moment after this call on: a reading that is under way may be older. */
  async waitForReadings(kinds) {
    const seen = new Map(kinds.map((kind) => [kind, new Set()]));
    await until(async () => {
      for (const { kind, updated_ms } of await this.entitiesOf(kinds)) if (updated_ms) seen.get(kind).add(updated_ms);
      return [...seen.values()].every((times) => times.size >= 3);
    }, `three readings of ${kinds}`, 90_000);
  }

  /** SIGTERM, or another signal; gives { status, signal }. */
  async stop(signal = 'SIGTERM') {
    if (this.isAlive()) this.child.kill(signal);
    try {
      return await within(this.ended, `the end of xprofd after ${signal}; stderr ${this.stderr}`);
    } finally {
      if (this.isAlive()) this.child.kill('SIGKILL');
      if (this.isHomeOurs) fs.rmSync(this.home, { recursive: true, force: true });
    }
  }
}

/**
 * Starts it and waits until it answers /healthz (any status: an unhealthy one answers too).
 * @param {{ args?: string[], env?: object, home?: string, command?: string[], file?: string, cwd?: string, isBroken?: boolean,
 *   probe?: object }} options
 * args: further arguments (later ones win); home: where data and its other files are (kept at the end); command: what
 * runs it; file: another xprofd; isBroken: it is not waited for (for settings that it refuses); probe: options of the request
 * for /healthz.
 */
async function startXprofd({ args = [], env = {}, home, command = [], file = program, cwd, isBroken = false, probe = {} } = {}) {
  const place = home || fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-d-'));
  const words = [...command, file, '--data_dir', path.join(place, 'data'), '--listen', '127.0.0.1:0', '--rpc_listen', '127.0.0.1:0', ...args];
  const child = spawn(words[0], words.slice(1), { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const daemon = new Xprofd(place, child, !home);
  if (isBroken) return daemon;
  try {
    await until(async () => {
      if (!daemon.isAlive()) throw new Error(`xprofd ended: ${daemon.stdout}${daemon.stderr}`);
      return daemon.url() && (await request(`${daemon.url()}/healthz`, probe).catch(() => null));
    }, 'xprofd answers /healthz');
  } catch (error) {
    await daemon.stop('SIGKILL');
    throw error;
  }
  return daemon;
}

module.exports = { startXprofd, request, program };
