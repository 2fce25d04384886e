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

/** The text of the file; '' when it is missing, a link or absurdly large. */
function read(target) {
  let fd;
  try {
    fd = fs.openSync(target, O_RDONLY | O_NOFOLLOW);
    const stat = fs.fstatSync(fd);
    return stat.isFile() && stat.size <= MAX_BYTES ? fs.readFileSync(fd, 'utf8') : '';
  } catch {
    return '';
  } finally {
    if (fd !== undefined) {
      fs.closeSync(fd);
    }
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

/** Writes our line now. Returns false when that was not possible; never throws. */
function write(logDir) {
  let lock = '';
  try {
    const target = file();
    const own = ownLine(logDir);
    const wanted = `${target}.lock`;
    if (!takeLock(wanted)) {
      const fd = fs.openSync(target, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
      fs.writeSync(fd, `${own}\n`); // one write: whole lines even without the lock
      fs.closeSync(fd);
      setTimeout(write, RETRY_MS, logDir).unref(); // who held the lock may have overwritten it
      return true;
    }
    lock = wanted;
    const before = read(target);
    const after = renew(before, own);
    if (after !== before) {
      replace(target, after);
    }
    return true;
  } catch {
    return false;
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
  write(logDir);
  clearTimeout(timer);
  timer = setTimeout(write, checkDelayMs(), logDir);
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
