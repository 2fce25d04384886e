'use strict';

// The host agent xtransit 3.1.0 as its users install it, unchanged, and the server that it reports to.

const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { createHmac } = require('node:crypto');
const { execFile, fork } = require('node:child_process');
const { until } = require('./until');

const VERSION = '3.1.0';
const INSTALL_MS = 90000;
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|SOCKET_TIMEOUT|timed out|spawn npm ENOENT/;

/** Installs it into `home`. Gives '' or the sentence why the registry cannot be reached; other failures throw. */
function install(home) {
  const words = ['install', `xtransit@${VERSION}`, '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund'];
  const limits = ['--fetch-retries=1', '--fetch-timeout=20000', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=2000'];
  return new Promise((resolve, reject) => {
    execFile('npm', [...words, ...limits], { timeout: INSTALL_MS }, (error) => {
      const reason = error && `${error.killed ? 'timed out; ' : ''}${error.message}`;
      if (!error) resolve('');
      else if (UNREACHABLE.test(reason)) resolve(`the npm registry cannot be reached: ${UNREACHABLE.exec(reason)[0]}`);
      else reject(new Error(reason));
    });
  });
}

/** Takes what the agent says (WebSocket) and what it uploads (POST), and keeps both. */
class Server {
  constructor(home, secret) {
    const WebSocket = require(path.join(home, 'node_modules', 'ws'));
    this.secret = secret;
    this.messages = [];
    this.uploads = [];
    this.lastTrace = 0;
    this.http = http.createServer((request, response) => this.takeUpload(request, response));
    this.sockets = new WebSocket.Server({ server: this.http });
    this.sockets.on('connection', (socket) => {
      this.socket = socket;
      socket.on('message', (data) => this.messages.push(JSON.parse(String(data))));
    });
  }

  async listen() {
    await new Promise((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    this.port = this.http.address().port;
  }

  takeUpload(request, response) {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      this.uploads.push({ url: request.url, body: Buffer.concat(pieces) });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ok: true, data: { storage: 'here' } }));
    });
  }

  isSigned({ signature, ...message }) {
    return createHmac('sha1', this.secret).update(JSON.stringify(message)).digest('hex') === signature;
  }

  /** What a person at the console does: the agent runs a command; gives { ok, data: { stdout, stderr } }. */
  async command(command, limitMs) {
    const traceId = `trace-${++this.lastTrace}`;
    const expiredTime = 15000; // a node process on a busy machine
    this.socket.send(JSON.stringify({ traceId, type: 'exec_command', data: { command, expiredTime } }));
    const reply = () => this.messages.find((message) => message.type === 'response' && message.traceId === traceId);
    return (await until(reply, `a response to ${command}`, limitMs)).data;
  }

  /** All pairs that the agent took from the log lines so far, in order. */
  pairs() {
    const logs = this.messages.filter(({ type, data }) => type === 'log' && data.type === 'xprofiler_log');
    return logs.flatMap(({ data }) => data.data.logs);
  }

  close() {
    this.sockets.clients.forEach((socket) => socket.terminate());
    this.sockets.close();
    this.http.closeAllConnections();
    return new Promise((resolve) => this.http.close(resolve));
  }
}

/** Starts the agent the way its own launcher does. */
function startAgent(home, config, env) {
  const file = path.join(home, 'agent.json');
  fs.writeFileSync(file, JSON.stringify(config));
  const child = fork(path.join(home, 'node_modules', 'xtransit', 'bin', 'client.js'), [file], {
    cwd: home,
    env: { ...process.env, UNIT_TEST_TRANSIT_LOG_INTERVAL: '1', XTRANSIT_PREFIX: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const agent = { child, output: '' };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (agent.output += text));
  agent.ended = new Promise((resolve) => child.on('close', resolve));
  return agent;
}

function makeHome() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-agent-'));
}

module.exports = { install, Server, startAgent, makeHome };
