'use strict';

// Sends one command to a process that runs xprofiler: what host agents load from the package of the target.
//
//   xctl(pid, thread_id, command, options) → { ok: true, data, traceid }
//     | { ok: false, message, traceid } the target refused or failed
//     | { ok: false, message, stack }   it could not be asked
//
// Never rejects. pid and thread_id may be strings. With options.wait the reply comes when the file of the command
// is complete, within options.timeout ms. The messages of the last kind are Chinese, as agents know them.
// Runs on Node 12 and later: an agent may be older than its targets.

const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const path = require('path');

// As in include/xpf_protocol.h.
const RUNTIME_ROOTS = ['/tmp', '/var/tmp', '/dev/shm'];
const REPLY_MAX_BYTES = 8 * 1024 * 1024;

const LIMIT_MS = 1500;
const WAIT_LIMIT_MS = 10 * 60 * 1000;
const TIMER_MAX_MS = 2147483647;

function readLimit(options) {
  if (options.wait === true) {
    return options.timeout > 0 ? Math.min(Number(options.timeout), TIMER_MAX_MS) : WAIT_LIMIT_MS;
  }
  const told = Number(process.env.UNIT_TEST_COMMAND_EXPIRED_TIME);
  return told > 0 ? told : LIMIT_MS;
}

// Who may own the socket: the user of the process; root when it gave its privileges up after it began.
function findOwners(pid) {
  const owners = [];
  try {
    owners.push(fs.statSync(`/proc/${pid}`).uid);
  } catch {
    owners.push(process.getuid());
  }
  return owners.includes(0) ? owners : owners.concat(0);
}

// Anybody may create any name in /tmp: a directory or socket of somebody else is none of ours. '' = no socket.
function findSocket(pid) {
  for (const root of RUNTIME_ROOTS) {
    for (const owner of findOwners(pid)) {
      const dir = path.join(root, `xprofiler-${owner}`);
      const file = path.join(dir, `${pid}.sock`);
      try {
        const dirStat = fs.lstatSync(dir);
        const stat = fs.lstatSync(file);
        if (dirStat.isDirectory() && dirStat.uid === owner && stat.isSocket() && stat.uid === owner) {
          return file;
        }
      } catch (error) {
        if (error.code === 'EACCES' && owner !== 0) {
          return file; // connecting says why not
        }
      }
    }
  }
  return '';
}

function isPid(pid) {
  return /^[1-9]\d{0,9}$/.test(String(pid));
}

function makeRequest(traceid, threadId, command, options) {
  const params = Object.assign({}, options, { thread_id: threadId });
  delete params.timeout;
  return JSON.stringify({ jsonrpc: '2.0', id: traceid, method: command, params });
}

// One line of the target to the result of the command; undefined when it is about something else.
function readLine(line, traceid) {
  let reply;
  try {
    reply = JSON.parse(line);
  } catch {
    throw new Error(`json parse [${line}] failed.`);
  }
  if (reply === null || typeof reply !== 'object') {
    throw new Error(`json parse [${line}] failed.`);
  }
  // An error without an id, such as "too many clients", is about the only request of this connection.
  const isOurs = reply.id === traceid || (reply.id === null && reply.error);
  if (!isOurs) {
    return undefined;
  }
  if (reply.error) {
    return { ok: false, message: String(reply.error.message), traceid };
  }
  return { ok: true, data: reply.result, traceid };
}

// Calls take(line) for each whole line that arrives.
function readLines(socket, take, fail) {
  let pieces = [];
  let size = 0;
  socket.on('data', (data) => {
    pieces.push(data);
    size += data.length;
    if (!data.includes(10)) {
      if (size > REPLY_MAX_BYTES) {
        fail(new Error('接收响应失败: 响应过长'));
      }
      return;
    }
    // Cut between bytes: a character may be split over two pieces, but not by a newline.
    const bytes = Buffer.concat(pieces);
    const rest = bytes.slice(bytes.lastIndexOf(10) + 1);
    const lines = bytes.toString('utf8', 0, bytes.length - rest.length).split('\n');
    pieces = [rest];
    size = rest.length;
    lines.filter(Boolean).forEach(take);
  });
}

function ask(file, request, { traceid, command, limitMs }) {
  return new Promise((resolve, reject) => {
    const seconds = `${limitMs / 1000}s`;
    let isConnected = false;
    const socket = net.connect(file);
    // Only the timer keeps the process of the caller alive.
    socket.unref();
    const timer = setTimeout(
      () => end(reject, new Error(`命令 ${command} ${isConnected ? '响应' : '请求'}超时(${seconds})!`)),
      limitMs,
    );

    function end(settle, value) {
      clearTimeout(timer);
      socket.destroy();
      settle(value);
    }

    function take(line) {
      try {
        const result = readLine(line, traceid);
        if (result) {
          end(resolve, result);
        }
      } catch (error) {
        end(reject, error);
      }
    }

    socket.on('connect', () => {
      isConnected = true;
      socket.write(`${request}\n`);
    });
    socket.on('error', (error) =>
      end(reject, new Error(isConnected ? `接收响应失败: ${error}` : `发送命令 ${request} 失败: ${error}`)),
    );
    socket.on('close', () => end(reject, new Error('接收响应失败: 进程在响应之前关闭了连接')));
    readLines(socket, take, (error) => end(reject, error));
  });
}

async function send(pid, threadId, command, options) {
  if (!pid || typeof command !== 'string' || command === '') {
    throw new Error('命令参数不能缺失！');
  }
  const file = isPid(pid) ? findSocket(Number(pid)) : '';
  if (!file) {
    throw new Error(`进程 ${pid} 不存在或者没有启动 xprofiler 信令线程!`);
  }
  const traceid = crypto.randomBytes(16).toString('hex');
  const isMissing = threadId === undefined || threadId === null || threadId === '';
  const request = makeRequest(traceid, isMissing ? 0 : threadId, command, options);
  return ask(file, request, { traceid, command, limitMs: readLimit(options) });
}

module.exports = async function xctl(pid, thread_id, command, options) {
  try {
    return await send(pid, thread_id, command, options || {});
  } catch (error) {
    return { ok: false, message: error.message, stack: error.stack };
  }
};
