#!/usr/bin/env node
'use strict';

// Installs xprofd, xprofctl and what belongs to them from build/Release, as `make install` does.
//   node scripts/install_xprofd.js [--prefix DIR] [--destdir DIR]
// --prefix: where it will live, default /usr/local. --destdir: a folder in place of /, for those who make packages.

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** Everything that is installed: [file of the checkout, place under the prefix, mode]. */
const FILES = [
  ['build/Release/xprofd', 'bin/xprofd', 0o755],
  ['build/Release/xprofctl', 'bin/xprofctl', 0o755],
  ['man/xprofd.8', 'share/man/man8/xprofd.8', 0o644],
  ['man/xprofctl.1', 'share/man/man1/xprofctl.1', 0o644],
  ['completions/xprofctl.bash', 'share/bash-completion/completions/xprofctl', 0o644],
  ['completions/_xprofctl', 'share/zsh/site-functions/_xprofctl', 0o644],
  ['completions/xprofctl.fish', 'share/fish/vendor_completions.d/xprofctl.fish', 0o644],
  ['packaging/xprofd.service', 'lib/systemd/system/xprofd.service', 0o644],
];
const SETTINGS = 'packaging/xprofd.conf';

/** /etc, where prefix is one of the system's own; else the etc of the prefix. */
function settingsFile(prefix) {
  return path.join(['/usr', '/usr/local'].includes(prefix) ? '/etc' : path.join(prefix, 'etc'), 'xprofd.conf');
}

/** The unit names programs and settings where they will be. */
function textFor(from, prefix) {
  const bytes = fs.readFileSync(path.join(root, from));
  if (!from.endsWith('.service')) return bytes;
  return bytes.toString().replaceAll('/usr/bin/xprof', `${prefix}/bin/xprof`).replaceAll('/etc/xprofd.conf', settingsFile(prefix));
}

function put(file, bytes, mode) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  // A program that runs cannot be written to, and a path that exists is complete.
  const before = `${file}.new`;
  fs.writeFileSync(before, bytes);
  fs.chmodSync(before, mode);
  fs.renameSync(before, file);
}

/**
 * Installs everything below destdir; returns the places, without destdir. `moved`: { place under the prefix: another }.
 * Settings that are there already stay.
 */
function install({ prefix, destdir = '', moved = {} }) {
  const missing = FILES.map(([from]) => from).find((from) => !fs.existsSync(path.join(root, from)));
  if (missing) {
    throw new Error(`${missing} is not there; run: npm run build`);
  }
  const places = FILES.map(([from, under, mode]) => {
    const place = path.join(prefix, moved[under] || under);
    put(path.join(destdir, place), textFor(from, prefix), mode);
    return place;
  });
  const settings = settingsFile(prefix);
  if (!fs.existsSync(path.join(destdir, settings))) {
    put(path.join(destdir, settings), textFor(SETTINGS, prefix), 0o644);
  }
  return [...places, settings];
}

/** { name: value } of `--name VALUE` and `--name=VALUE`; throws a sentence. */
function readOptions(words, names) {
  const options = {};
  for (let i = 0; i < words.length; i++) {
    const [, name, value] = /^--([a-z]+)(?:=(.*))?$/s.exec(words[i]) || [];
    if (!names.includes(name)) {
      throw new Error(`\`${words[i]}\` is no option; there are: ${names.map((one) => `--${one} DIR`).join(', ')}`);
    }
    options[name] = value === undefined ? words[++i] : value;
    if (!options[name]) throw new Error(`--${name} needs a folder`);
  }
  return options;
}

function main(words) {
  const { prefix = '/usr/local', destdir = '' } = readOptions(words, ['prefix', 'destdir']);
  if (process.platform !== 'linux') {
    throw new Error('xprofd is for Linux');
  }
  if (!path.isAbsolute(prefix)) {
    throw new Error(`--prefix: \`${prefix}\` is no absolute path`);
  }
  install({ prefix: path.resolve(prefix), destdir: destdir && path.resolve(destdir) }).forEach((place) => console.log(place));
}

/** Runs main; a failure is one sentence, and exit status 1. */
function runMain(name, body) {
  try {
    body(process.argv.slice(2));
  } catch (error) {
    const denied = ['EACCES', 'EPERM', 'EROFS'].includes(error.code) ? '; run it with sudo, or name another folder' : '';
    console.error(`${name}: ${error.message}${denied}`);
    process.exitCode = 1;
  }
}

module.exports = { install, readOptions, runMain };

if (require.main === module) {
  runMain('install_xprofd', main);
}
