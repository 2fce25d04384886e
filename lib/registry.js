'use strict';

// What stands in `<prefix>/.xprofiler` for this process; the core writes it (src/core/registry.h).

const path = require('node:path');

const root = path.resolve(__dirname, '..');

function file() {
  const { XPROFILER_PREFIX, XPROFILER_UNIT_TEST_TMP_HOMEDIR } = process.env;
  return path.join(XPROFILER_PREFIX || XPROFILER_UNIT_TEST_TMP_HOMEDIR || require('node:os').homedir(), '.xprofiler');
}

function cwdOrEmpty() {
  try {
    return process.cwd();
  } catch {
    return ''; // deleted
  }
}

function line(logDir) {
  const fields = [process.pid, logDir, cwdOrEmpty(), process.execPath, process.argv[1] || '', root];
  return fields.map((field) => String(field).replace(/[\0\n]/g, ' ')).join('\0');
}

function checkDelayMs() {
  const seconds = Number(process.env.UNIT_TEST_CHECK_TIME);
  return seconds > 0 ? seconds * 1000 : 50000 + Math.random() * 15000;
}

/** 'written', 'appended' (without the lock) or 'failed'. Never throws: a home is no condition of an application. */
function register(binding, logDir) {
  try {
    return binding.register(file(), line(logDir), checkDelayMs());
  } catch {
    return 'failed';
  }
}

module.exports = { register, file, line };
