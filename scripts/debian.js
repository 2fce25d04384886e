#!/usr/bin/env node
'use strict';

// Makes a Debian package of xprofd and xprofctl: build-debian/xprofd_VERSION_ARCHITECTURE.deb.
//   node scripts/debian.js [--out DIR]
// The same build gives the same bytes: times are those of SOURCE_DATE_EPOCH, or of the last commit.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const { gzipSync } = require('node:zlib');

const { install, readOptions, runMain } = require('./install_xprofd');
const { setUp } = require('./setup');

const root = path.join(__dirname, '..');
const read = (name) => fs.readFileSync(path.join(root, name), 'utf8');

// Debian's own place for completions of zsh.
const MOVED = { 'share/zsh/site-functions/_xprofctl': 'share/zsh/vendor-completions/_xprofctl' };
// libwebsockets opens it by itself, so that nothing that looks at the programs can tell.
const OPENED = 'libwebsockets-evlib-uv';
const MAINTAINER = `${process.env.DEBFULLNAME || 'the xprofiler authors'} <${process.env.DEBEMAIL || 'xprofiler@xprofiler.invalid'}>`;
const DESCRIPTION = [
  'see inside the Node.js processes of a host',
  ' xprofd finds every Node.js process, asks those that run xprofiler once a',
  ' second, adds the figures of the host, keeps a history, and serves a console',
  ' for the browser, Prometheus text, a JSON API and JSON-RPC.',
  ' .',
  ' xprofctl lists, watches and profiles these processes from a terminal.',
];

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.error || result.status !== 0) {
    throw new Error(`${command} failed: ${result.error ? result.error.message : result.stderr.trim()}`);
  }
  return result.stdout.trim();
}

function checkTools() {
  if (process.platform !== 'linux') {
    throw new Error('xprofd is for Linux');
  }
  const isThere = (name) => !spawnSync(name, ['--version']).error;
  if (!isThere('dpkg-deb')) {
    throw new Error('dpkg-deb is not there, which Debian and Ubuntu have; elsewhere: node scripts/install_xprofd.js --prefix /usr/local');
  }
  const missing = [['dpkg-shlibdeps', 'dpkg-dev'], ['strip', 'binutils']].find(([name]) => !isThere(name));
  if (missing) {
    throw new Error(`${missing[0]} is not there; run: sudo apt-get install -y ${missing[1]}`);
  }
}

/** In Debian a hyphen begins the revision; what comes before a release has a tilde. */
function debianVersion() {
  return JSON.parse(read('package.json')).version.replace('-', '~').replaceAll('-', '.');
}

/** Seconds since 1970: the time of everything in the package. */
function epoch() {
  const told = process.env.SOURCE_DATE_EPOCH;
  if (told !== undefined && !/^\d{1,10}$/.test(told)) {
    throw new Error(`SOURCE_DATE_EPOCH: \`${told}\` is no number of seconds`);
  }
  const last = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  const ofCommit = last.status === 0 ? Number(last.stdout) : Math.floor(fs.statSync(path.join(root, 'CHANGELOG.md')).mtimeMs / 1000);
  return told === undefined ? ofCommit : Number(told);
}

function put(file, text, mode = 0o644) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode });
}

const gzip = (text) => gzipSync(text, { level: 9 });

/** The text of a licence as a field of a control file. */
const asField = (text) => text.trim().split('\n').map((line) => (line.trim() ? ` ${line.trim()}` : ' .')).join('\n');

function copyright() {
  const part = (files, text, licence) => {
    const [, owner] = /Copyright \(c\) (.*)/.exec(text);
    const body = text.slice(text.indexOf(owner) + owner.length);
    return `Files: ${files}\nCopyright: ${owner}\nLicense: ${licence}\n${asField(body)}\n`;
  };
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: xprofiler\n',
    part('*', read('LICENSE'), 'BSD-2-Clause'),
    `${part('console/*', read('node_modules/uplot/LICENSE'), 'Expat')}Comment: of uPlot, which is a part of the console that xprofd serves.\n`,
  ].join('\n');
}

function addDocuments(stage, version, seconds) {
  const folder = path.join(stage, 'usr/share/doc/xprofd');
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000');
  put(path.join(folder, 'copyright'), copyright());
  put(path.join(folder, 'CHANGELOG.md.gz'), gzip(read('CHANGELOG.md')));
  const entry = `xprofd (${version}) unstable; urgency=medium\n\n  * What is new is in CHANGELOG.md.gz, beside this file.\n\n -- ${MAINTAINER}  ${date}\n`;
  put(path.join(folder, 'changelog.gz'), gzip(entry));
}

/** Everything below a folder, folders too, in order. */
function walk(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? [file, ...walk(file)] : [file];
  });
}

const isFile = (file) => fs.statSync(file).isFile();

function compressManuals(stage) {
  for (const file of walk(path.join(stage, 'usr/share/man')).filter(isFile)) {
    put(`${file}.gz`, gzip(fs.readFileSync(file)));
    fs.rmSync(file);
  }
}

/** What dpkg-shlibdeps finds in the programs, and what it cannot find. */
function dependencies(stage, work) {
  put(path.join(work, 'debian/control'), 'Source: xprofd\n\nPackage: xprofd\nArchitecture: any\n');
  const programs = ['xprofd', 'xprofctl'].map((name) => path.join(stage, 'usr/bin', name));
  const found = run('dpkg-shlibdeps', ['-O', ...programs.map((file) => `-e${file}`)], { cwd: work });
  const [, words] = /^shlibs:Depends=(.*)$/m.exec(found) || [];
  if (!words) {
    throw new Error(`dpkg-shlibdeps found no library: ${found}`);
  }
  return [...words.split(', '), OPENED].sort().join(', ');
}

function addControl(stage, work, version) {
  const files = walk(stage).filter(isFile);
  const kilobytes = files.reduce((sum, file) => sum + Math.ceil(fs.statSync(file).size / 1024), 0);
  const control = [
    ...['Package: xprofd', `Version: ${version}`, `Architecture: ${run('dpkg', ['--print-architecture'])}`],
    ...[`Maintainer: ${MAINTAINER}`, `Installed-Size: ${kilobytes}`, `Depends: ${dependencies(stage, work)}`],
    ...['Suggests: linux-perf', 'Section: admin', 'Priority: optional'],
    `Description: ${DESCRIPTION.join('\n')}`,
  ];
  const sums = files.map((file) => `${createHash('md5').update(fs.readFileSync(file)).digest('hex')}  ${path.relative(stage, file)}\n`);
  const folder = path.join(stage, 'DEBIAN');
  put(path.join(folder, 'control'), `${control.join('\n')}\n`);
  put(path.join(folder, 'md5sums'), sums.join(''));
  put(path.join(folder, 'conffiles'), '/etc/xprofd.conf\n');
  for (const name of ['postinst', 'prerm', 'postrm']) put(path.join(folder, name), read(`packaging/debian/${name}`), 0o755);
}

/** Modes and times that do not depend on who makes it, and when. */
function settle(stage, seconds) {
  for (const file of [...walk(stage).reverse(), stage]) {
    fs.chmodSync(file, fs.statSync(file).mode & 0o111 ? 0o755 : 0o644);
    fs.utimesSync(file, seconds, seconds);
  }
}

/** Makes the package in the folder; its path. */
function makePackage(out, work) {
  const stage = path.join(work, 'stage');
  const version = debianVersion();
  const seconds = epoch();
  install({ prefix: '/usr', destdir: stage, moved: MOVED });
  run('strip', ['--remove-section=.comment', '--remove-section=.note', ...['xprofd', 'xprofctl'].map((name) => path.join(stage, 'usr/bin', name))]);
  compressManuals(stage);
  addDocuments(stage, version, seconds);
  addControl(stage, work, version);
  settle(stage, seconds);
  fs.mkdirSync(out, { recursive: true });
  const file = path.join(out, `xprofd_${version}_${run('dpkg', ['--print-architecture'])}.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(seconds), DPKG_DEB_THREADS_MAX: '1' };
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', stage, file], { env });
  return file;
}

function main(words) {
  const { out = path.join(root, 'build-debian') } = readOptions(words, ['out']);
  checkTools();
  setUp();
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofd-deb-'));
  try {
    const file = makePackage(path.resolve(out), work);
    console.log(file);
    console.log(`to install it: sudo apt-get install ${file}`);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

if (require.main === module) {
  runMain('debian', main);
}
