'use strict';

// `<prefix>/.xprofiler`: one line per process, for agents and scripts made for older versions. Our own
// tools find processes by their sockets. Many processes start at once (cluster), some of them older
// versions that know no lock: so it is written under a lock file, renamed into place, and looked after
// once more a minute later. A home that is missing or read-only costs the line, never the application.

const fs = require('node:fs');
const os = require('node:os'); // as a module: homedir is looked up at call time
const path = require('node:path');

const NAME = '.xprofiler';
const FIELDS = 6;
const MAX_BYTES = 1024 * 1024;
const LOCK_WAIT_MS = 400; // only while others hold it: a few ms each
const LOCK_STALE_MS = 2000;
const RETRY_MS = 1000;
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW = 0 } = fs.constants;

function file() {
  const { XPROFILER_PREFIX, XPROFILER_UNIT_TEST_TMP_HOMEDIR } = process.env;
  return path.join(XPROFILER_PREFIX || XPROFILER_UNIT_TEST_TMP_HOMEDIR || os.homedir(), NAME);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function pidOf(line) {
  const fields = line.split('\0');
  const pid = Number(fields[0]);
  return fields.length >= FIELDS && Number.isInteger(pid) && pid > 0 ? pid : 0;
}

function cwdOrEmpty() {
  try {
    return process.cwd();
  } catch {
    return ''; // deleted
  }
}

function ownLine(logDir) {
  const fields = [
    process.pid,
    logDir,
    cwdOrEmpty(),
    process.execPath,
    process.argv[1] || '',
    path.resolve(__dirname, '..'),
  ];
  return fields.map((field) => String(field).replace(/[\0\n]/g, ' ')).join('\0');
}

/** The file, open, with its text; fd undefined and no text when it is missing, a link or absurdly large. */
function open(target) {
  let fd;
  try {
    fd = fs.openSync(target, O_RDONLY | O_NOFOLLOW);
    const stat = fs.fstatSync(fd);
    if (stat.isFile() && stat.size <= MAX_BYTES) {
      const content = fs.readFileSync(fd);
      return { fd, size: content.length, text: content.toString('utf8') };
    }
  } catch {
    // as good as missing
  }
  close(fd);
  return { fd: undefined, size: 0, text: '' };
}

function close(fd) {
  if (fd !== undefined) {
    fs.closeSync(fd);
  }
}

function read(target) {
  const { fd, text } = open(target);
  close(fd);
  return text;
}

/** Adds whole lines in one write, which needs no lock. */
function append(target, text) {
  const fd = fs.openSync(target, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    fs.writeSync(fd, text);
  } finally {
    fs.closeSync(fd);
  }
}

/** The lines of other live processes, the first of each pid, then ours. */
function renew(text, own) {
  const seen = new Set([process.pid]);
  const lines = [];
  for (const line of text.split('\n')) {
    const pid = pidOf(line);
    if (pid && !seen.has(pid) && isAlive(pid)) {
      seen.add(pid);
      lines.push(line);
    }
  }
  lines.push(own);
  return `${lines.join('\n')}\n`;
}

/** Renames a complete new file into place, with the mode and owner of the present one. */
function replace(target, text) {
  const temp = `${target}.${process.pid}.tmp`;
  fs.rmSync(temp, { force: true });
  const fd = fs.openSync(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const stat = fs.lstatSync(target, { throwIfNoEntry: false });
    if (stat && stat.isFile()) {
      fs.fchmodSync(fd, stat.mode & 0o666);
      if (process.geteuid && process.geteuid() === 0) {
        fs.fchownSync(fd, stat.uid, stat.gid); // root must not take the file away from its user
      }
    }
    fs.writeSync(fd, text);
    fs.closeSync(fd);
    fs.renameSync(temp, target);
  } catch (error) {
    fs.rmSync(temp, { force: true });
    throw error;
  }
}

function remove(name) {
  try {
    fs.rmSync(name, { force: true });
  } catch {
    // a lock that stays is stale soon
  }
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isStale(lock, stat) {
  const holder = Number(read(lock));
  return (holder > 0 && !isAlive(holder)) || Date.now() - stat.mtimeMs > LOCK_STALE_MS;
}

/** Moves a left-over lock away. Two may try at once: who moved a fresh lock puts it back. */
function breakStale(lock) {
  const before = fs.lstatSync(lock, { throwIfNoEntry: false });
  if (!before || !isStale(lock, before)) {
    return;
  }
  const aside = `${lock}.${process.pid}`;
  try {
    fs.renameSync(lock, aside);
    if (fs.lstatSync(aside).ino !== before.ino) {
      fs.linkSync(aside, lock);
    }
  } catch {
    // somebody else was faster
  }
  remove(aside);
}

/** True when the lock is ours; false when it cannot be had in a time that an application can spare. */
function takeLock(lock) {
  const end = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        throw error;
      }
    }
    breakStale(lock);
    if (Date.now() >= end) {
      return false;
    }
    sleep(2);
  }
}

/** Under the lock: replaces the file, and saves what others appended to the old one meanwhile. */
function rewrite(target, own) {
  const { fd, size, text } = open(target);
  try {
    const renewed = renew(text, own);
    if (renewed === text) {
      return;
    }
    replace(target, renewed);
    const late = fd === undefined ? 0 : fs.fstatSync(fd).size - size;
    if (late > 0) {
      const tail = Buffer.alloc(late);
      fs.readSync(fd, tail, 0, late, size);
      append(target, tail);
    }
  } finally {
    close(fd);
  }
}

/** Without the lock: whoever holds it may be about to replace the file, so look whether the line stays. */
function appendOwn(target, own) {
  for (let tries = 0; tries < 3 && !`\n${read(target)}`.includes(`\n${own}\n`); tries++) {
    append(target, `${own}\n`);
  }
}

/** Writes our line now: 'written', 'appended' (without the lock) or 'failed'; never throws. */
function write(logDir) {
  let lock = '';
  try {
    const target = file();
    const own = ownLine(logDir);
    const wanted = `${target}.lock`;
    if (!takeLock(wanted)) {
      appendOwn(target, own);
      return 'appended';
    }
    lock = wanted;
    rewrite(target, own);
    return 'written';
  } catch {
    return 'failed';
  } finally {
    if (lock) {
      remove(lock);
    }
  }
}

function checkDelayMs() {
  const seconds = Number(process.env.UNIT_TEST_CHECK_TIME);
  return seconds > 0 ? seconds * 1000 : 50000 + Math.random() * 15000;
}

let timer;

/** Writes our line, and once more 50 to 65 s later, when processes that died meanwhile are dropped. */
function register(logDir) {
  const isAppended = write(logDir) === 'appended';
  clearTimeout(timer);
  timer = isAppended
    ? setTimeout(register, RETRY_MS, logDir) // soon: who held the lock may have overwritten it
    : setTimeout(write, checkDelayMs(), logDir);
  timer.unref();
}

/** Removes the sockets that dead processes of older versions left in log_dir. */
function cleanSockets(logDir) {
  try {
    for (const name of fs.readdirSync(logDir)) {
      const match = /^xprofiler-uds-path-(\d+)\.sock$/.exec(name);
      if (match && !isAlive(Number(match[1]))) {
        fs.rmSync(path.join(logDir, name), { force: true });
      }
    }
  } catch {
    // not ours to list or to remove
  }
}

module.exports = { register, write, file, cleanSockets };
