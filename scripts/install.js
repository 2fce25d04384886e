'use strict';

// npm's "install" script. Builds the addon, unless a prebuilt one fits this Node or
// XPROFILER_SKIP_BUILD is set. When something is missing it says so in one line.

const fs = require('node:fs');
const path = require('node:path');

const { prebuildFile } = require('../lib/binding');
const { build, logFile, root } = require('./build');
const { BUILD, missing, adviceFor } = require('./requirements');

function lastLines(file, count) {
  try {
    return fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

function fail(sentence) {
  console.error(`xprofiler: ${sentence} (XPROFILER_SKIP_BUILD=1 installs without building)`);
  process.exitCode = 1;
}

function main() {
  if (process.env.XPROFILER_SKIP_BUILD) {
    console.log('xprofiler: XPROFILER_SKIP_BUILD is set, nothing is built');
    return;
  }
  if (fs.existsSync(prebuildFile())) {
    return;
  }
  const packages = missing(BUILD);
  if (packages.length > 0) {
    fail(`to build the native addon, ${adviceFor(packages)}`);
    return;
  }
  const failure = build({ isQuiet: true });
  if (failure) {
    console.error(lastLines(logFile, 30));
    fail(failure);
    return;
  }
  if (root.split(path.sep).includes('node_modules')) {
    // Nobody builds again here: object files would only take space in images.
    fs.rmSync(path.join(root, 'build', 'Release', 'obj.target'), { recursive: true, force: true });
  }
}

main();
