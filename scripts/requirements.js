'use strict';

// What a build needs: a Node.js that is new enough, and system packages: which of them are missing, and how to get
// them on Debian and Ubuntu.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

function succeeds(command, args, input) {
  const result = spawnSync(command, args, { input, stdio: ['pipe', 'ignore', 'ignore'] });
  return result.status === 0;
}

function hasProgram(name) {
  return (process.env.PATH || '')
    .split(path.delimiter)
    .some((dir) => dir && fs.existsSync(path.join(dir, name)));
}

function hasHeader(include) {
  const compiler = process.env.CC || 'cc';
  return succeeds(compiler, ['-E', '-x', 'c', '-'], `${include}\n`);
}

/** A library that a program opens by itself, so that no compiler can tell. */
function hasLibrary(name) {
  return ['/usr/lib', '/usr/lib64', '/usr/local/lib', ...debianFolders()].some((dir) => fs.existsSync(path.join(dir, name)));
}

/** /usr/lib/x86_64-linux-gnu and the like. */
function debianFolders() {
  const lib = '/usr/lib';
  return fs.existsSync(lib)
    ? fs.readdirSync(lib).filter((name) => name.endsWith('-linux-gnu')).map((name) => path.join(lib, name))
    : [];
}

const programs = (...names) => () => names.some(hasProgram);

// A header is looked for with the compiler; without one it is listed too, so that one command does all.
const BUILD = [
  { package: 'gcc', isThere: programs('cc', 'gcc', 'clang') },
  { package: 'g++', isThere: programs('c++', 'g++', 'clang++') },
  { package: 'make', isThere: programs('make', 'gmake') },
  { package: 'python3', isThere: programs('python3') },
  { package: 'libc6-dev', isThere: () => hasHeader('#include <stdio.h>') },
  { package: 'libcjson-dev', isThere: () => hasHeader('#include <cjson/cJSON.h>') },
  { package: 'libprotobuf-c-dev', isThere: () => hasHeader('#include <protobuf-c/protobuf-c.h>') },
  { package: 'protobuf-c-compiler', isThere: programs('protoc-c') },
  { package: 'zlib1g-dev', isThere: () => hasHeader('#include <zlib.h>') },
  { package: 'libncurses-dev', isThere: () => hasHeader('#include <ncurses.h>') },
];

// xprofd, which a checkout has and the package has not.
if (fs.existsSync(path.join(__dirname, '..', 'src', 'daemon'))) {
  BUILD.push(
    { package: 'libuv1-dev', isThere: () => hasHeader('#include <uv.h>') },
    { package: 'libwebsockets-dev', isThere: () => hasHeader('#include <libwebsockets.h>') },
    { package: 'libssl-dev', isThere: () => hasHeader('#include <openssl/ssl.h>') },
    { package: 'libwebsockets-evlib-uv', isThere: () => hasLibrary('libwebsockets-evlib_uv.so') },
    { package: 'libsqlite3-dev', isThere: () => hasHeader('#include <sqlite3.h>') },
  );
}

/** Is there a clang whose libFuzzer and sanitizers link? */
function hasFuzzer() {
  const text = '#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *d, size_t n) { return !d && n; }\n';
  const flags = ['-fsanitize=fuzzer,address,undefined', '-x', 'c', '-', '-o', '/dev/null'];
  return succeeds('clang', flags, text);
}

// Prebuilt binaries: an xprofctl without any library, and the sources of the libraries inside them.
const PREBUILD = [
  { package: 'musl-tools', isThere: programs('musl-gcc') },
  { package: 'dpkg-dev', isThere: programs('dpkg-source') },
];

const TEST = [
  ...PREBUILD,
  {
    package: 'libcmocka-dev',
    isThere: () =>
      hasHeader('#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <cmocka.h>'),
  },
  { package: 'clang-format', isThere: programs('clang-format') },
  { package: 'cppcheck', isThere: programs('cppcheck') },
  { package: 'gdb', isThere: programs('gdb') },
  { package: 'protobuf-compiler', isThere: programs('protoc') },
  { package: 'prometheus-node-exporter', isThere: programs('prometheus-node-exporter') },
  { package: 'sqlite3', isThere: programs('sqlite3') },
  { package: 'tmux', isThere: programs('tmux') },
  { package: 'zsh', isThere: programs('zsh') },
  { package: 'groff-base', isThere: programs('groff') },
  { package: 'chromium', isThere: programs('chromium', 'chromium-browser', 'google-chrome') },
  { package: 'openssl', isThere: programs('openssl') },
  { package: 'prometheus', isThere: programs('promtool') },
  { package: 'python3-prometheus-client', isThere: () => succeeds('/usr/bin/python3', ['-c', 'import prometheus_client']) },
  // libFuzzer, in the version of Debian 12; without it the fuzzers only run their corpus.
  { package: 'clang', isThere: programs('clang'), isOptional: true },
  { package: 'libclang-rt-14-dev', isThere: hasFuzzer, isOptional: true },
];

/** Why this Node.js will not do, or ''. */
function faultOfNode(version = process.versions.node) {
  const [oldest] = /\d+/.exec(require('../package.json').engines.node);
  return parseInt(version, 10) < Number(oldest) ? `Node.js ${oldest} or later is needed, this is ${version}` : '';
}

/** Names of the Debian packages that are missing. */
function missing(list) {
  return list.filter((item) => !item.isThere()).map((item) => item.package);
}

function hasApt() {
  return process.platform === 'linux' && hasProgram('apt-get');
}

function aptCommand(packages) {
  return `apt-get update && apt-get install -y ${packages.join(' ')}`;
}

/** How this user runs apt-get without being asked anything: a prefix of words, or null. */
function rootPrefix() {
  if (process.getuid && process.getuid() === 0) {
    return [];
  }
  return hasProgram('sudo') && succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
}

/** The sentence that says what to run by hand. */
function adviceFor(packages) {
  if (hasApt()) {
    return `run: sudo sh -c '${aptCommand(packages)}'`;
  }
  return `install what your system calls these Debian packages: ${packages.join(' ')}`;
}

/** Installs with apt-get. True when all of it went well. */
function install(packages) {
  const prefix = hasApt() ? rootPrefix() : null;
  if (!prefix) {
    return false;
  }
  const run = (args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return spawnSync(command, rest, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
  };
  run(['update', '-qq']); // a mirror that fails is no reason not to try
  return run(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

module.exports = { BUILD, PREBUILD, TEST, faultOfNode, hasFuzzer, missing, install, adviceFor };
