'use strict';

// Keeps what an installation does not need now in one compressed file: the addons of other Node versions. After a
// change of Node the fitting one is taken out of it: no network, no compiler.

const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');

const NAME = path.join('prebuilds', 'stowed.br');

/** Files below root/entry, relative to root. */
function filesOf(root, entry) {
  const stat = fs.statSync(path.join(root, entry), { throwIfNoEntry: false });
  if (!stat || !stat.isDirectory()) {
    return stat ? [entry] : [];
  }
  return fs.readdirSync(path.join(root, entry)).flatMap((name) => filesOf(root, path.join(entry, name)));
}

// A line of JSON, [[name, mode, size] …], then the contents one after the other, all in one Brotli stream: the
// addons have the C core in common.
function encode(root, files) {
  const contents = files.map((file) => fs.readFileSync(path.join(root, file)));
  const list = files.map((file, index) => [file, fs.statSync(path.join(root, file)).mode & 0o777, contents[index].length]);
  const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(list)}\n`), ...contents]);
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const params = { [BROTLI_PARAM_QUALITY]: 9, [BROTLI_PARAM_LGWIN]: 22, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return zlib.brotliCompressSync(bytes, { params });
}

/** Puts the files and folders `entries` of root away. Either all of it is done or nothing has changed. */
function stow(root, entries) {
  const files = entries.flatMap((entry) => filesOf(root, entry));
  if (files.length === 0) {
    return;
  }
  const target = path.join(root, NAME);
  fs.writeFileSync(`${target}.tmp`, encode(root, files));
  fs.renameSync(`${target}.tmp`, target);
  entries.forEach((entry) => fs.rmSync(path.join(root, entry), { recursive: true, force: true }));
}

/** Takes everything out again. False when nothing was put away. */
function unstow(root) {
  const source = path.join(root, NAME);
  if (!fs.existsSync(source)) {
    return false;
  }
  const bytes = zlib.brotliDecompressSync(fs.readFileSync(source));
  let offset = bytes.indexOf(10) + 1;
  for (const [file, mode, size] of JSON.parse(bytes.toString('utf8', 0, offset))) {
    const target = path.join(root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.rmSync(target, { force: true }); // never into a file that others may share by a hard link
    fs.writeFileSync(target, bytes.subarray(offset, offset + size), { mode });
    offset += size;
  }
  fs.rmSync(source);
  return true;
}

module.exports = { stow, unstow };
