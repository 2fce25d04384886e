'use strict';

// The libraries that prebuilt binaries carry inside, built from Debian's sources (with Debian's corrections):
// as position independent code for the addon, and with musl for an xprofctl that needs no library at all.

const fs = require('node:fs');
const path = require('node:path');

const { cached, forget, run } = require('./cache');

const SIZE_FLAGS = '-ffunction-sections -fdata-sections';

// Described inside the library: a terminal must work where no terminfo database is.
const TERMINALS =
  'xterm,xterm-256color,screen,screen-256color,tmux,tmux-256color,linux,vt100,vt220,rxvt,ansi,dumb';

const CURSES = [
  '--enable-widec',
  '--with-termlib=tinfo',
  `--with-fallbacks=${TERMINALS}`,
  '--with-default-terminfo-dir=/usr/share/terminfo',
  '--with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/share/terminfo:/usr/lib/terminfo',
  '--disable-db-install',
  ...['cxx', 'cxx-binding', 'ada', 'manpages', 'progs', 'tests', 'debug', 'dlsym'].map((part) => `--without-${part}`),
];

function codename() {
  const release = fs.readFileSync('/etc/os-release', 'utf8');
  const [, name] = /^VERSION_CODENAME="?(\w+)/m.exec(release) || [];
  if (!/^ID="?debian/m.test(release) || !name) {
    throw new Error('prebuilt binaries are made on Debian, from the sources of its libraries');
  }
  return name;
}

/** Lines of a sources.list for the sources of what this system gets its Debian packages from. */
function sourceLines() {
  const suite = codename();
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).trim().split('\n');
  const ours = targets.filter((line) => line.endsWith(' main') && line.includes(` ${suite}`) && line.includes('/debian'));
  const usual = [`http://deb.debian.org/debian ${suite} main`, `http://deb.debian.org/debian-security ${suite}-security main`];
  return [...new Set(ours.length > 0 ? ours : usual)].map((line) => `deb-src ${line}\n`).join('');
}

/** With a list of sources of its own: the system's is left alone. */
function fetchSources(folder) {
  const lists = path.join(folder, 'lists');
  fs.mkdirSync(path.join(lists, 'partial'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'sources.list'), sourceLines());
  const options = [
    `Dir::Etc::sourcelist=${path.join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${lists}`,
    'APT::Sandbox::User=root', // or apt complains that its own user may not write here
  ].flatMap((option) => ['-o', option]);
  run('apt-get', ['-qq', ...options, 'update']);
  const names = ['cjson', 'protobuf-c', 'zlib', 'ncurses'];
  run('apt-get', ['-qq', ...options, 'source', ...names], { cwd: folder });
  for (const name of names) {
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    const unpacked = entries.find((entry) => entry.isDirectory() && entry.name.startsWith(`${name}-`));
    fs.renameSync(path.join(folder, unpacked.name), path.join(folder, name));
  }
  fs.rmSync(lists, { recursive: true });
}

/** A library that is one file of C, in the folder that its users name before its header. */
function buildOneFile(target, { compiler, flags }, source, name) {
  const { dir, name: base } = path.parse(source);
  const object = path.join(target, `${base}.o`);
  run(compiler, [...flags, '-c', source, '-o', object]);
  run('ar', ['rcs', path.join(target, 'lib', `lib${name}.a`), object]);
  fs.rmSync(object);
  const headers = path.join(target, 'include', path.basename(dir));
  fs.mkdirSync(headers, { recursive: true });
  fs.copyFileSync(path.join(dir, `${base}.h`), path.join(headers, `${base}.h`));
}

function buildCjson(target, sources, toolchain) {
  const hidden = { ...toolchain, flags: [...toolchain.flags, '-DCJSON_HIDE_SYMBOLS'] };
  buildOneFile(target, hidden, path.join(sources, 'cjson', 'cJSON.c'), 'cjson');
}

function buildProtobuf(target, sources, toolchain) {
  buildOneFile(target, toolchain, path.join(sources, 'protobuf-c', 'protobuf-c', 'protobuf-c.c'), 'protobuf-c');
}

/** Builds a library with its own configure script in a copy of its sources. */
function configureAndMake(target, from, { compiler, flags }, options, goals) {
  const work = path.join(target, 'work');
  fs.cpSync(from, work, { recursive: true });
  const env = { ...process.env, CC: compiler, CFLAGS: flags.join(' '), LC_ALL: 'C' };
  run('./configure', options, { cwd: work, env });
  run('make', ['-j2', ...goals], { cwd: work, env });
  return work;
}

function buildZlib(target, sources, toolchain) {
  const work = configureAndMake(target, path.join(sources, 'zlib'), toolchain, ['--static'], ['libz.a']);
  fs.copyFileSync(path.join(work, 'libz.a'), path.join(target, 'lib', 'libz.a'));
  for (const header of ['zlib.h', 'zconf.h']) {
    fs.copyFileSync(path.join(work, header), path.join(target, 'include', header));
  }
  fs.rmSync(work, { recursive: true });
}

function buildCurses(target, sources, toolchain) {
  const work = configureAndMake(target, path.join(sources, 'ncurses'), toolchain, CURSES, ['libs']);
  for (const name of ['libncursesw.a', 'libtinfo.a']) {
    fs.copyFileSync(path.join(work, 'lib', name), path.join(target, 'lib', name));
  }
  for (const header of ['curses.h', 'ncurses_dll.h', 'unctrl.h', 'term.h', 'eti.h']) {
    fs.copyFileSync(path.join(work, 'include', header), path.join(target, 'include', header));
  }
  fs.copyFileSync(path.join(work, 'include', 'curses.h'), path.join(target, 'include', 'ncurses.h'));
  fs.rmSync(work, { recursive: true });
}

/** musl-gcc does not see the headers of the kernel (linux-libc-dev). */
function linkKernelHeaders(target) {
  const machine = run('gcc', ['-print-multiarch']).trim();
  for (const folder of ['linux', 'asm-generic', path.join(machine, 'asm')]) {
    fs.symlinkSync(path.join('/usr/include', folder), path.join(target, 'include', path.basename(folder)));
  }
}

const TOOLCHAINS = {
  // Inside the addon: nothing of it may be seen by, or taken from, other addons. zlib is Node's own.
  addon: { compiler: process.env.CC || 'cc', flags: ['-O2', '-fPIC', '-fvisibility=hidden'], parts: [buildCjson, buildProtobuf] },
  musl: { compiler: 'musl-gcc', flags: ['-Os', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables'], parts: [buildCjson, buildProtobuf, buildZlib, buildCurses, linkKernelHeaders] },
};

function sourcesFolder() {
  return cached(`sources-${codename()}`, fetchSources);
}

/** The folder with lib/*.a and include/ for 'addon' or 'musl'. */
function staticLibs(kind) {
  const { parts, ...toolchain } = TOOLCHAINS[kind];
  toolchain.flags = [...toolchain.flags, ...SIZE_FLAGS.split(' ')];
  return cached(`libs-${codename()}-${process.arch}-${kind}`, (folder) => {
    ['lib', 'include'].forEach((name) => fs.mkdirSync(path.join(folder, name)));
    parts.forEach((build) => build(folder, sourcesFolder(), toolchain));
  });
}

/** The conditions under which the libraries inside the binaries may be handed on. */
function licences() {
  const texts = ['cjson', 'protobuf-c', 'zlib', 'ncurses'].map((name) => {
    const file = path.join(sourcesFolder(), name, 'debian', 'copyright');
    return `==== ${name}\n\n${fs.readFileSync(file, 'utf8').trim()}\n`;
  });
  return [...texts, `==== musl\n\n${fs.readFileSync('/usr/share/doc/musl-dev/copyright', 'utf8').trim()}\n`].join('\n');
}

function forgetLibs() {
  [`sources-${codename()}`, ...Object.keys(TOOLCHAINS).map((kind) => `libs-${codename()}-${process.arch}-${kind}`)].forEach(forget);
}

module.exports = { staticLibs, licences, forgetLibs };
