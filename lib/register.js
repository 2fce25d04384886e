'use strict';

// node --require xprofiler/register app.js, --import, or NODE_OPTIONS: starts with the environment's
// configuration, in the main thread and in every worker. An application must run as well without it, so
// a failure is one line on stderr.

try {
  require('./index.js')();
} catch (error) {
  const sentence = String((error && error.message) || error).replace(/\s*[\r\n]+\s*/g, ' ');
  const prefix = sentence.startsWith('xprofiler') ? '' : 'xprofiler: ';
  try {
    process.stderr.write(`${prefix}${sentence}\n`);
  } catch {
    // nobody left to tell
  }
}
