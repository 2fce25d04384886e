#!/usr/bin/env node
'use strict';

// Makes prebuilds/<platform>-<arch>/: one addon per ABI of Node, and an xprofctl, that need nothing but the C
// library. The C core is compiled once, for the oldest Node; each addon is that core and the bridge to its V8.
//   node scripts/prebuild.js [--clean] [major version of Node …]

const fs = require('node:fs');
const path = require('node:path');

const { findNodeGyp, gypEnv, root } = require('./build');
const { run } = require('./cache');
const { MAJORS, nodeOf } = require('./nodes');
const { BUILD, PREBUILD } = require('./requirements');
const { setUpPackages } = require('./setup');
const sources = require('./sources');
const { staticLibs, licences, forgetLibs } = require('./static_libs');

const output = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);
const workRoot = path.join(root, 'build-prebuild');
const LINKED = ['src', 'include', 'ctl', 'scripts', 'lib', 'binding.gyp', 'package.json'];

/** A folder in which node-gyp builds this checkout's sources apart from its build/. */
function workFolder(name) {
  const folder = path.join(workRoot, name);
  fs.mkdirSync(folder, { recursive: true });
  for (const entry of LINKED) {
    const link = path.join(folder, entry);
    if (!fs.lstatSync(link, { throwIfNoEntry: false })) {
      fs.symlinkSync(path.join(root, entry), link);
    }
  }
  return folder;
}

/** Builds one target of binding.gyp with the headers of a Node version. */
function gyp(work, node, target, variables, env = {}) {
  const script = findNodeGyp();
  if (!script) {
    throw new Error('node-gyp was not found; install npm');
  }
  const options = { cwd: work, env: { ...gypEnv(node.dir), ...env } };
  const given = Object.entries(variables).map(([name, value]) => `-D${name}=${value}`);
  run(process.execPath, [script, 'configure', '--', ...given], options);
  run(process.execPath, [script, 'build', target, '--jobs=max'], options);
}

/** A copy without symbols; those stay in build-prebuild for debuggers. */
function publish(file, name) {
  fs.mkdirSync(output, { recursive: true });
  const target = path.join(output, name);
  const temporary = `${target}.${process.pid}`;
  run('strip', ['--strip-unneeded', '-o', temporary, file]);
  fs.renameSync(temporary, target);
  return target;
}

function mtime(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat ? stat.mtimeMs : 0;
}

/** All C objects of the addon in one archive, compiled for the oldest Node: libuv and Node-API only grow. */
function buildCore() {
  const node = nodeOf(MAJORS[0]);
  const work = workFolder(`abi${node.abi}`);
  gyp(work, node, 'xprofiler', { xpf_static_deps: staticLibs('addon') });
  const folder = path.join(work, 'build', 'Release', 'obj.target', 'xprofiler');
  const objects = sources.addon
    .filter((file) => !sources.bridge.includes(file))
    .map((file) => path.join(folder, file.replace(/\.c$/, '.o')));
  const archive = path.join(workRoot, 'core.a');
  if (Math.max(...objects.map(mtime)) > mtime(archive)) {
    fs.rmSync(archive, { force: true });
    run('ar', ['rcs', archive, ...objects]);
  }
  return archive;
}

function buildAddon(major, core) {
  const node = nodeOf(major);
  const work = workFolder(`abi${node.abi}`);
  const file = path.join(work, 'build', 'Release', 'xprofiler.node');
  if (major !== MAJORS[0]) {
    if (mtime(core) > mtime(file)) {
      // make does not know that the addon is linked with the archive.
      [file, path.join(path.dirname(file), 'obj.target', 'xprofiler.node')].forEach((old) => fs.rmSync(old, { force: true }));
    }
    gyp(work, node, 'xprofiler', { xpf_static_deps: staticLibs('addon'), xpf_core_archive: core });
  }
  const made = publish(file, `abi${node.abi}.node`);
  const open = `process.dlopen({ exports: {} }, ${JSON.stringify(made)}, os.constants.dlopen.RTLD_NOW)`;
  run(node.node, ['-e', open]);
  return made;
}

function buildProgram() {
  const work = workFolder('musl');
  const musl = { CC: 'musl-gcc', CXX: 'musl-gcc', LINK: 'musl-gcc' };
  gyp(work, nodeOf(MAJORS[0]), 'xprofctl', { xpf_static_deps: staticLibs('musl') }, musl);
  const made = publish(path.join(work, 'build', 'Release', 'xprofctl'), 'xprofctl');
  run(made, ['--version']);
  return made;
}

/** Files made, for the given major versions of Node; throws a sentence. */
function prebuild(majors = MAJORS, { isClean = false } = {}) {
  if (process.platform !== 'linux') {
    throw new Error('prebuilt binaries are made on Linux only');
  }
  setUpPackages([...BUILD, ...PREBUILD]);
  if (isClean) {
    forgetLibs();
    [workRoot, output].forEach((folder) => fs.rmSync(folder, { recursive: true, force: true }));
  }
  const core = buildCore();
  const made = [...majors.map((major) => buildAddon(major, core)), buildProgram()];
  fs.writeFileSync(path.join(output, 'LICENSES.txt'), licences());
  return made;
}

function main() {
  const words = process.argv.slice(2);
  const majors = words.filter((word) => word !== '--clean');
  const unknown = majors.find((word) => !MAJORS.includes(word));
  if (unknown) {
    console.error(`prebuild: ${unknown} is no supported version of Node; there are: ${MAJORS.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  try {
    const made = prebuild(majors.length > 0 ? majors : MAJORS, { isClean: words.includes('--clean') });
    for (const file of made) {
      console.log(`prebuild: ${path.relative(root, file)} ${fs.statSync(file).size} bytes`);
    }
  } catch (error) {
    console.error(`prebuild: ${error.message}`);
    process.exitCode = 1;
  }
}

module.exports = { prebuild, output };

if (require.main === module) {
  main();
}
