'use strict';

// C programs of the tests: what they link, compiling and running them within a time.
// What a program links stands in its comments `// links: src/wire/frame.c -lcjson`; a folder (`src/wire/`)
// stands for its .c files, `generated/NAME.c` for a source that the build makes, a .proto for the one that
// protoc-c makes of it.

const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const { version } = require(path.join(root, 'package.json'));

const FLAGS = [
  '-D_GNU_SOURCE',
  '-D_FILE_OFFSET_BITS=64',
  `-DXPF_VERSION="${version}"`,
  ...['-std=c11', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-pthread', '-g'],
  ...['-Iinclude', '-Isrc', '-Ibuild-generated'],
];

const GENERATED = {
  'console_file.c': () => require('./console').source(),
  'flamegraph_page.c': () => require('./flamegraph_page').source(),
};

/** The path of a source that is made from others; it is written when it is new or has changed. */
function generate(name) {
  const file = path.join('build-generated', name);
  const text = GENERATED[name]();
  fs.mkdirSync(path.join(root, 'build-generated'), { recursive: true });
  if (!fs.existsSync(path.join(root, file)) || fs.readFileSync(path.join(root, file), 'utf8') !== text) {
    fs.writeFileSync(path.join(root, file), text);
  }
  return file;
}

/** The C source of a protocol buffer, made beside its header where FLAGS finds it. */
function compileProto(proto) {
  const folder = 'build-generated';
  const file = `${folder}/${path.relative('src', proto).replace(/proto$/, 'pb-c.c')}`;
  const isOld = (name) => fs.statSync(path.join(root, name)).mtimeMs < fs.statSync(path.join(root, proto)).mtimeMs;
  if (fs.existsSync(path.join(root, file)) && !isOld(file)) return file;
  fs.mkdirSync(path.join(root, folder), { recursive: true });
  const made = spawnSync('protoc-c', ['--proto_path=src', `--c_out=${folder}`, proto], { cwd: root, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`protoc-c (package protobuf-c-compiler): ${made.error || made.stderr}`);
  return file;
}

function sourcesOf(link) {
  if (link.startsWith('generated/')) return generate(path.basename(link));
  if (link.endsWith('.proto')) return compileProto(link);
  if (!link.endsWith('/')) return link;
  const other = process.platform === 'darwin' ? '_linux.c' : '_darwin.c';
  return fs
    .readdirSync(path.join(root, link))
    .filter((name) => name.endsWith('.c') && !name.endsWith(other))
    .sort()
    .map((name) => link + name);
}

/** Sources and libraries that a source file names. */
function linksOf(source) {
  const links = [];
  for (const line of fs.readFileSync(path.join(root, source), 'utf8').split('\n')) {
    const match = /^\s*\/\/\s*links:\s*(.*)$/.exec(line);
    if (match) links.push(...match[1].split(/\s+/).filter(Boolean));
  }
  return links.flatMap((link) => (link.startsWith('-') ? link : sourcesOf(link)));
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/**
 * Runs a program in a group of its own. Gives { ok, text }: everything it wrote, and how it ended when not well.
 * @param {{ timeoutMs: number, env?: object, onText?: (text: string) => void }} options
 */
function run(command, args, { timeoutMs, env = {}, onText = () => {} }) {
  return new Promise((resolve) => {
    const pieces = [];
    const take = (piece) => {
      pieces.push(piece);
      onText(piece.toString());
    };
    const options = { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true };
    const child = spawn(command, args, options);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child.pid);
    }, timeoutMs);
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, text: `${command}: ${error.message}\n` });
    });
    // Children that the program left behind hold its pipes: they end with it, and "close" comes. Those
    // that made a session of their own are not waited for.
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      killGroup(child.pid);
      const giveUp = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 1000);
      child.on('close', () => {
        clearTimeout(giveUp);
        let text = Buffer.concat(pieces).toString();
        if (late) text += `\nno end after ${timeoutMs / 1000} s\n`;
        else if (signal) text += `\nended by ${signal}\n`;
        resolve({ ok: code === 0, text });
      });
    });
  });
}

/** Runs `work` for each item, `width` at once. */
async function each(items, width, work) {
  const waiting = [...items];
  async function next() {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  }
  await Promise.all(Array.from({ length: width }, next));
}

module.exports = { FLAGS, linksOf, run, each, root };
