'use strict';

// The console of xprofd: console/ bundled into console/dist, and as C source that xprofd is built with.
//   node scripts/console.js [--c OUT.c] [--watch]

const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { gzipSync } = require('node:zlib');

const { literal } = require('./flamegraph_page');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'console');
const dist = path.join(folder, 'dist');
const THEME = path.join(root, 'src', 'format', 'flamegraph', 'theme.css');

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' };

const OPTIONS = {
  absWorkingDir: root,
  entryPoints: { console: 'console/src/main.mjs' },
  outdir: 'console/dist',
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome100', 'firefox100', 'safari15'],
  charset: 'utf8',
  legalComments: 'inline',
  logLevel: 'warning',
};

/** esbuild, or a sentence that says how to get it. */
function bundler() {
  try {
    return require('esbuild');
  } catch {
    throw new Error('esbuild is not installed, which bundles the console; run: npm ci --ignore-scripts');
  }
}

function writePage() {
  fs.mkdirSync(dist, { recursive: true });
  fs.copyFileSync(path.join(folder, 'index.html'), path.join(dist, 'index.html'));
}

/** What was built: [{ name, type, bytes }], the page first. */
function files() {
  const names = ['index.html', 'console.js', 'console.css'];
  return names.map((name) => ({ name, type: TYPES[path.extname(name)], bytes: fs.readFileSync(path.join(dist, name)) }));
}

function build() {
  bundler().buildSync(OPTIONS);
  writePage();
  return files();
}

function arrayOf(name, bytes) {
  return `static const char ${name}[] =\n${literal(bytes)};\n`;
}

/** The files as C source; they are built when they are not given. */
function source(built = build()) {
  const arrays = built.map(({ bytes }, index) => {
    return `${arrayOf(`bytes_${index}`, bytes)}${arrayOf(`gzip_${index}`, gzipSync(bytes, { level: 9 }))}`;
  });
  const rows = built.map(({ name, type, bytes }, index) => {
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    return `    {"${name}", "${type}", "${etag}", bytes_${index}, sizeof bytes_${index} - 1, gzip_${index}, sizeof gzip_${index} - 1},`;
  });
  return [
    '/* Made by scripts/console.js from console/. */',
    '#include "daemon/console_file.h"\n',
    arrays.join('\n'),
    'const struct xpf_console_file xpf_console_files[] = {',
    ...rows,
    '};',
    'const size_t xpf_console_files_count = sizeof xpf_console_files / sizeof xpf_console_files[0];\n',
  ].join('\n');
}

/** What the console is made of, for those who ask when to make it again. */
const inputs = [
  path.join(folder, 'index.html'),
  ...fs.readdirSync(path.join(folder, 'src')).sort().map((name) => path.join(folder, 'src', name)),
  THEME,
  __filename,
].map((file) => path.relative(root, file));

async function watch() {
  writePage();
  const context = await bundler().context({ ...OPTIONS, minify: false, logLevel: 'info' });
  await context.watch();
}

function main(argv) {
  if (argv.includes('--watch')) return watch();
  const built = build();
  const out = argv[argv.indexOf('--c') + 1];
  if (argv.includes('--c')) {
    fs.mkdirSync(path.dirname(out), { recursive: true });
    fs.writeFileSync(out, source(built));
    return undefined;
  }
  const sum = (size) => (built.reduce((total, { bytes }) => total + size(bytes), 0) / 1000).toFixed(1);
  console.log(`console: ${built.length} files, ${sum((bytes) => bytes.length)} kB, ${sum((bytes) => gzipSync(bytes, { level: 9 }).length)} kB gzipped`);
  return undefined;
}

module.exports = { build, source, inputs, dist };

if (require.main === module) {
  Promise.resolve()
    .then(() => main(process.argv.slice(2)))
    .catch((error) => {
      console.error(`console: ${error.message}`);
      process.exitCode = 1;
    });
}
