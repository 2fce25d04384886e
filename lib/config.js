'use strict';

// The configuration of start() and setConfig(): user object > environment > default, key by key. The keys,
// types, defaults and ranges come from the core (binding.configKeys); an invalid value never throws, it
// gives way to the next source.

const fs = require('node:fs');
const path = require('node:path');

// Loaded where it is asked: who names a log_dir starts without it.
const os = () => require('node:os');

/** A number within the key's range, or undefined. Text is converted as Number() does it. */
function readNumber(key, raw) {
  if (!['number', 'string', 'boolean', 'bigint'].includes(typeof raw)) {
    return undefined;
  }
  const value = Number(raw);
  if (Number.isNaN(value) || value < 0) {
    return undefined;
  }
  // An empty environment variable reads as 0; where 0 has no meaning it counts as not set.
  if (typeof raw === 'string' && raw.trim() === '' && key.min > 0) {
    return undefined;
  }
  const clamped = Math.min(Math.max(value, key.min), key.max);
  // Only a key whose smallest value is a fraction has a meaning for fractions.
  return Number.isInteger(key.min) ? Math.trunc(clamped) : clamped;
}

function readFlag(raw) {
  if (raw === true || raw === 'YES') {
    return true;
  }
  return raw === false || raw === 'NO' ? false : undefined;
}

function readText(key, raw) {
  if (typeof raw !== 'string' || raw === '' || raw.includes('\0')) {
    return undefined;
  }
  if (key.unit === 'path') {
    return path.isAbsolute(raw) ? raw : undefined;
  }
  return !key.words || key.words.includes(raw) ? raw : undefined;
}

/** The value of one source for one key, or undefined when it is not there or not valid. */
function readValue(key, raw) {
  switch (key.type) {
    case 'number':
      return readNumber(key, raw);
    case 'flag':
      return readFlag(raw);
    default:
      return readText(key, raw);
  }
}

function userId() {
  return process.geteuid ? process.geteuid() : os().userInfo().username;
}

/** Makes or checks a directory that is ours alone. True when it is. */
function ensurePrivate(dir) {
  try {
    try {
      fs.mkdirSync(dir, { mode: 0o700 });
    } catch (error) {
      if (error.code !== 'EEXIST') {
        return false;
      }
    }
    const stat = fs.lstatSync(dir);
    // A link or a directory of somebody else in a place where all may write: a trap.
    if (!stat.isDirectory() || (process.geteuid && stat.uid !== process.geteuid())) {
      return false;
    }
    if (stat.mode & 0o077) {
      fs.chmodSync(dir, 0o700);
    }
    fs.accessSync(dir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function homeOrEmpty() {
  try {
    return os().homedir();
  } catch {
    return '';
  }
}

let madeByChance = '';

function makeByChance(name) {
  if (madeByChance && ensurePrivate(madeByChance)) {
    return madeByChance;
  }
  for (const parent of [os().tmpdir(), '/tmp', '/var/tmp']) {
    try {
      madeByChance = fs.mkdtempSync(path.join(parent, `${name}-`));
      return madeByChance;
    } catch {
      continue;
    }
  }
  return '';
}

/** The default log_dir: `<tmp>/xprofiler-<uid>`, mode 0700, or the next place where that is possible. */
function defaultLogDir() {
  const name = `xprofiler-${userId()}`;
  const parents = [os().tmpdir(), '/tmp', '/var/tmp', '/dev/shm', homeOrEmpty()];
  for (const parent of parents) {
    const dir = parent && path.join(parent, name);
    if (dir && path.isAbsolute(dir) && ensurePrivate(dir)) {
      return dir;
    }
  }
  // Nowhere to write: the name of the first choice; the core then reports lost lines once.
  return makeByChance(name) || path.join(os().tmpdir(), name);
}

function isUsable(dir) {
  try {
    fs.accessSync(`${dir}/`, fs.constants.R_OK | fs.constants.W_OK); // with the slash only a directory exists
    return true;
  } catch {
    return false;
  }
}

function oneLine(value) {
  return String(value).replace(/[\r\n]+/g, ' ');
}

function resolveLogDir(chosen, fromUser, fromEnv) {
  if (chosen && isUsable(chosen)) {
    return chosen;
  }
  const dir = defaultLogDir();
  if (chosen) {
    const sources = `env: ${oneLine(fromEnv)}, user: ${oneLine(fromUser)}`;
    process.stderr.write(
      `[config_int] ${oneLine(chosen)} will be ignored (${sources}), use default log_dir: ${dir}\n`,
    );
  }
  return dir;
}

/** null and undefined are no configuration; anything else is read like an object. */
function check(user) {
  if (user === null || user === undefined) {
    throw new TypeError(`config must be an object, but is ${user} (reading 'log_dir')`);
  }
}

/**
 * All keys with their final values.
 * @param {object[]} keys binding.configKeys
 * @param {object} user   the argument of start() or setConfig()
 * @param {object} env    process.env
 */
function merge(keys, user, env) {
  check(user);
  const result = {};
  for (const key of keys) {
    let value = readValue(key, user[key.key]);
    if (value === undefined) {
      value = readValue(key, env[key.env]);
    }
    if (key.key === 'log_dir') {
      value = resolveLogDir(value, user[key.key], env[key.env]);
    }
    result[key.key] = value === undefined ? key.default : value;
  }
  return result;
}

module.exports = { check, merge, defaultLogDir, ensurePrivate };
