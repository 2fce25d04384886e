'use strict';

// What `xprofctl attach` loads into a process that did not load xprofiler: starts it in the thread that
// evaluates this, and says how it went as one line of JSON. Never throws, writes nothing to the process's
// own streams. `overrides` are configuration keys; the environment and the defaults fill the rest.

const fs = require('fs');
const { threadId } = require('worker_threads');

/** start() would fall back to the default with a line on stderr; here there is somebody to tell. */
function checkLogDir(dir) {
  if (dir === undefined) {
    return;
  }
  if (!fs.statSync(dir).isDirectory()) {
    throw new Error(`log_dir ${dir} is not a directory`);
  }
  fs.accessSync(dir, fs.constants.R_OK | fs.constants.W_OK);
}

module.exports = function attach(overrides) {
  try {
    checkLogDir(overrides.log_dir);
    const xprofiler = require('./index.js');
    // By name, so that a process without a socket is an exception here instead of a line on its stderr.
    xprofiler({ ...overrides, check_throw: true });
    return JSON.stringify({ ok: true, thread_id: threadId, node_version: process.version });
  } catch (error) {
    const message = String((error && error.message) || error).replace(/\s*[\r\n]+\s*/g, ' ');
    return JSON.stringify({ ok: false, message });
  }
};
