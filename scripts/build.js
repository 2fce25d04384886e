'use strict';

// Builds the addon, xprofctl and (in a checkout) xprofd for the Node that runs this script:
//   node scripts/build.js [--nodedir=DIR] [--clean] [--quiet] [--sanitize=address,undefined]

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { BUILD, adviceFor, faultOfNode, missing } = require('./requirements');

const root = path.join(__dirname, '..');
const release = path.join(root, 'build', 'Release');
const stampFile = path.join(release, 'xprofiler.json');
const logFile = path.join(root, 'build', 'build.log');

const INPUTS = [
  ...['src', 'include', 'ctl', 'console', 'binding.gyp', 'package.json'],
  ...['scripts/sources.js', 'scripts/flamegraph_page.js', 'scripts/console.js'],
];

function tryResolve(name) {
  try {
    return require.resolve(name, { paths: [root] });
  } catch {
    return '';
  }
}

function npmFolders() {
  const bin = path.dirname(fs.realpathSync(process.execPath));
  const places = ['../lib/node_modules/npm', 'node_modules/npm'];
  const folders = places.map((place) => path.join(bin, place));
  const found = spawnSync('npm', ['root', '-g'], { encoding: 'utf8' });
  if (found.status === 0) {
    folders.push(path.join(found.stdout.trim(), 'npm'));
  }
  return folders;
}

/** npm-cli.js of the npm installed; '' = none. */
function npmCli() {
  return npmFolders().map((folder) => path.join(folder, 'bin', 'npm-cli.js')).find((file) => fs.existsSync(file)) || '';
}

/** node-gyp.js: the one npm told us, our own, or that of the npm installed. '' = none. */
function findNodeGyp() {
  const told = process.env.npm_config_node_gyp;
  if (told && fs.existsSync(told)) {
    return told;
  }
  const own = tryResolve('node-gyp/bin/node-gyp.js');
  if (own) {
    return own;
  }
  return (
    npmFolders()
      .map((folder) => path.join(folder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'))
      .find((file) => fs.existsSync(file)) || ''
  );
}

function abiOfHeaders(nodedir) {
  const header = path.join(nodedir, 'include', 'node', 'node_version.h');
  try {
    const match = /#define\s+NODE_MODULE_VERSION\s+(\d+)/.exec(fs.readFileSync(header, 'utf8'));
    return match ? match[1] : '';
  } catch {
    return '';
  }
}

/** X of `--name=X`, or ''. */
function flagValue(argv, name) {
  const flag = argv.find((word) => word.startsWith(`--${name}=`));
  return flag ? flag.slice(name.length + 3) : '';
}

/** Where the headers of this very Node are, so that none need to be downloaded. '' = node-gyp decides. */
function findNodedir(argv) {
  const told = flagValue(argv, 'nodedir');
  if (told) {
    return path.resolve(told);
  }
  const beside = path.join(path.dirname(fs.realpathSync(process.execPath)), '..');
  return (
    [process.env.npm_config_nodedir, beside]
      .filter(Boolean)
      .find((dir) => abiOfHeaders(dir) === process.versions.modules) || ''
  );
}

function newest(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat) {
    return 0;
  }
  if (!stat.isDirectory()) {
    return stat.mtimeMs;
  }
  return fs
    .readdirSync(file)
    .filter((name) => name !== 'dist') // made from the others
    .reduce((latest, name) => Math.max(latest, newest(path.join(file, name))), stat.mtimeMs);
}

function readStamp() {
  try {
    return JSON.parse(fs.readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

/** Why a build is needed, or '' when build/Release is of this Node and newer than the sources. */
function reasonToBuild() {
  const stamp = fs.statSync(stampFile, { throwIfNoEntry: false });
  // An installed package has no sources left, so this asks for the folder only.
  const hasDaemon = fs.existsSync(path.join(root, 'src', 'daemon'));
  const outputs = ['xprofiler.node', 'xprofctl', ...(hasDaemon ? ['xprofd'] : [])].map((name) => path.join(release, name));
  if (!stamp || !outputs.every((file) => fs.existsSync(file))) {
    return 'not built yet';
  }
  if (readStamp().abi !== process.versions.modules) {
    return 'built for another Node version';
  }
  const latest = Math.max(...INPUTS.map((name) => newest(path.join(root, name))));
  return latest > stamp.mtimeMs ? 'sources have changed' : '';
}

/** node-gyp prefers what npm's configuration says in the environment to its own arguments. */
function gypEnv(nodedir) {
  return nodedir ? { ...process.env, npm_config_nodedir: nodedir } : process.env;
}

function runNodeGyp(gyp, words, nodedir, isQuiet) {
  const args = [gyp, ...words];
  const options = { cwd: root, env: gypEnv(nodedir), encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 };
  const result = spawnSync(process.execPath, args, {
    ...options,
    stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  });
  if (isQuiet) {
    fs.mkdirSync(path.dirname(logFile), { recursive: true });
    fs.appendFileSync(logFile, `${result.stdout || ''}\n${result.stderr || ''}`);
  }
  return result.status === 0;
}

/** Opens the addon with all its symbols bound now: linking alone does not show a missing one. */
function smokeTest() {
  const file = JSON.stringify(path.join(release, 'xprofiler.node'));
  const code = `process.dlopen({ exports: {} }, ${file}, os.constants.dlopen.RTLD_NOW)`;
  const result = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  if (result.status === 0) {
    return '';
  }
  const error = /^Error: (.*)$/m.exec(result.stderr);
  return error ? error[1] : `node ended with ${result.signal || result.status}`;
}

/** Builds. Returns '' or the sentence that says what went wrong. */
function build({ argv = [], isQuiet = false } = {}) {
  const old = faultOfNode();
  if (old) {
    return old;
  }
  const gyp = findNodeGyp();
  if (!gyp) {
    return 'node-gyp was not found; install npm, or run: npm install node-gyp';
  }
  const nodedir = findNodedir(argv);
  const isSameNode = readStamp().abi === process.versions.modules && readStamp().nodedir === nodedir;
  const steps = [...(isSameNode && !argv.includes('--clean') ? [] : ['clean']), 'configure', 'build'];
  [stampFile, logFile].forEach((file) => fs.rmSync(file, { force: true }));
  const sanitize = flagValue(argv, 'sanitize');
  const options = ['--jobs=max', ...(nodedir ? [`--nodedir=${nodedir}`] : [])];
  const forGyp = sanitize ? ['--', `-Dxpf_sanitize=${sanitize}`] : []; // only configure takes them
  const wordsOf = (step) => [step, ...options, ...(step === 'build' ? [] : forGyp)];
  const isDone = steps.every((step) => runNodeGyp(gyp, wordsOf(step), nodedir, isQuiet));
  if (!isDone) {
    const packages = missing(BUILD);
    const advice = packages.length > 0 ? `; system packages are missing, ${adviceFor(packages)}` : '';
    return `the build failed${isQuiet ? `; the whole output is in ${logFile}` : ''}${advice}`;
  }
  // A sanitizer's runtime must be there before Node: scripts/sanitizers.js sees to that.
  const fault = sanitize ? '' : smokeTest();
  if (fault) {
    return `the addon was built but cannot be loaded: ${fault}`;
  }
  const { modules: abi, node } = process.versions;
  fs.writeFileSync(stampFile, `${JSON.stringify({ abi, node, nodedir })}\n`);
  return '';
}

function main() {
  const argv = process.argv.slice(2);
  const failure = build({ argv, isQuiet: argv.includes('--quiet') });
  if (failure) {
    console.error(`xprofiler: ${failure}`);
    process.exitCode = 1;
  }
}

module.exports = { build, reasonToBuild, findNodeGyp, findNodedir, gypEnv, npmCli, logFile, root };

if (require.main === module) {
  main();
}
