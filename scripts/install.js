'use strict';

// npm's "install" script: the prebuilt addon is used when it loads, else the addon is compiled. When neither is
// possible it says what is missing, in one line. XPROFILER_SKIP_BUILD=1: do nothing.
// XPROFILER_BUILD_FROM_SOURCE=1 or npm install --build-from-source: compile in any case.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { prebuildFile } = require('../lib/binding');
const { build, logFile, root } = require('./build');
const { BUILD, missing, adviceFor } = require('./requirements');
const { stow, unstow } = require('./stow');

const SOURCES = ['src', 'include', 'ctl', 'binding.gyp'];
const isInstalled = root.split(path.sep).includes('node_modules');

function isOn(value) {
  return Boolean(value) && value !== 'false' && value !== '0';
}

function lastLines(file, count) {
  try {
    return fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

function say(sentence) {
  console.error(`xprofiler: ${sentence}`);
}

function fail(sentence) {
  say(`${sentence} (XPROFILER_SKIP_BUILD=1 installs without building)`);
  process.exitCode = 1;
}

/** Why the prebuilt addon cannot be used, or ''. Loaded by another process: a bad one must not end this. */
function faultOfPrebuilt() {
  const file = prebuildFile();
  const place = path.relative(root, file);
  if (!fs.existsSync(file)) {
    return `there is no prebuilt addon for Node ${process.version} (${place})`;
  }
  const code = `process.dlopen({ exports: {} }, ${JSON.stringify(file)}, os.constants.dlopen.RTLD_NOW)`;
  const result = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  if (result.status === 0) {
    return '';
  }
  const [, error] = /^Error: (.*)$/m.exec(result.stderr || '') || [];
  return `the prebuilt addon ${place} does not load: ${error || result.error || result.signal || `status ${result.status}`}`;
}

/** What this Node has no use for takes little room; only where nobody develops. */
function putAway(entries) {
  if (!isInstalled) {
    return;
  }
  try {
    stow(root, entries);
  } catch (error) {
    say(`installed; what is not needed could not be compressed: ${error.message}`);
  }
}

function otherAddons() {
  const folder = path.dirname(prebuildFile());
  if (!fs.existsSync(folder)) {
    return [];
  }
  return fs
    .readdirSync(folder)
    .map((name) => path.join(folder, name))
    .filter((file) => file.endsWith('.node') && file !== prebuildFile())
    .map((file) => path.relative(root, file));
}

function compile(reason) {
  if (!fs.existsSync(path.join(root, 'src'))) {
    const again = `remove ${root} and run npm install again`;
    fail(`${reason ? `${reason}; ` : ''}the sources were removed after an earlier installation: ${again}`);
    return;
  }
  const packages = missing(BUILD);
  if (packages.length > 0) {
    fail(`${reason ? `${reason}; ` : ''}to build the native addon, ${adviceFor(packages)}`);
    return;
  }
  const failure = build({ isQuiet: true });
  if (failure) {
    console.error(lastLines(logFile, 30));
    fail(failure);
    return;
  }
  if (isInstalled) {
    // Nobody builds again here: object files would only take space in images.
    fs.rmSync(path.join(root, 'build', 'Release', 'obj.target'), { recursive: true, force: true });
  }
  putAway(otherAddons());
}

function install() {
  if (isOn(process.env.XPROFILER_SKIP_BUILD)) {
    console.log('xprofiler: XPROFILER_SKIP_BUILD is set, nothing is built');
    return;
  }
  unstow(root);
  const { XPROFILER_BUILD_FROM_SOURCE: asked, npm_config_build_from_source: flag } = process.env;
  if (isOn(asked) || isOn(flag)) {
    compile('');
    return;
  }
  const fault = faultOfPrebuilt();
  if (fault) {
    compile(fault);
    return;
  }
  if (isInstalled) {
    // One that was compiled earlier, perhaps for another Node, would be preferred. Nobody compiles now.
    ['build', ...SOURCES].forEach((entry) => fs.rmSync(path.join(root, entry), { recursive: true, force: true }));
  }
  putAway(otherAddons());
}

try {
  install();
} catch (error) {
  fail(error.message);
}
