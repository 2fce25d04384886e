'use strict';

// xprofd as a Debian package, and installed under a prefix: what is in it, and that it runs away from the checkout.

const { test, describe, before, after } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { startXprofd } = require('../e2e/support/xprofd');
const { launch } = require('../e2e/support/launch');
const { until } = require('../e2e/support/until');

const root = path.resolve(__dirname, '../..');
const { version } = require('../../package.json');

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
const hasNoDpkg = spawnSync('dpkg-deb', ['--version']).error ? 'dpkg-deb is not there' : false;
const isRoot = process.getuid() === 0;
const hasOwnMounts = isRoot && spawnSync('unshare', ['-m', 'mount', '-o', 'remount,bind,ro', '/']).status === 0;

let home;
before(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-deb-'));
});
after(() => fs.rmSync(home, { recursive: true, force: true }));

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: home, encoding: 'utf8', env: ENV, timeout: 120_000, ...options });
  assert.strictEqual(result.status, 0, `${command} ${args.join(' ')}: ${result.error} ${result.stdout}${result.stderr}`);
  return result.stdout;
}

const script = (name, args, env) =>
  spawnSync(process.execPath, [path.join(root, 'scripts', name), ...args], { cwd: home, encoding: 'utf8', env: { ...process.env, ...env }, timeout: 120_000 });

/** As the unit runs it: nothing but its state can be written to. */
function sandbox(writable) {
  const body = [
    `mount --bind ${writable} ${writable}`,
    `for place in $(awk '{ print $5 }' /proc/self/mountinfo); do case $place in /proc*|/sys*|/dev*|${writable}) ;; *) mount -o remount,bind,ro "$place" ;; esac; done`,
    '[ ! -w /usr ] || exit 1',
    'exec "$@"',
  ];
  return ['unshare', '-m', 'sh', '-c', body.join('\n'), 'sh'];
}

/** What is at / for the first process of the host: is it read-only, and do its figures say so (those of container layers are not shown)? */
function rootOfFirst() {
  const lines = fs.readFileSync('/proc/1/mountinfo', 'utf8').split('\n').map((line) => line.split(' '));
  const words = lines.filter(([, , , , place]) => place === '/').pop();
  return {
    isReadOnly: [words[5], words[words.length - 1]].some((options) => options.split(',').includes('ro')),
    isShown: words[words.indexOf('-') + 1] !== 'overlay',
  };
}

describe('the Debian package', { timeout: 600_000, skip: hasNoDpkg }, () => {
  let deb, tree;
  before(() => {
    const made = script('debian.js', ['--out', path.join(home, 'out')]);
    assert.strictEqual(made.status, 0, made.stdout + made.stderr);
    [, deb] = /^(\/.*\.deb)$/m.exec(made.stdout);
    tree = path.join(home, 'tree');
    run('dpkg-deb', ['-x', deb, tree]);
  });

  test('says what it is, and what it needs', () => {
    const field = (name) => run('dpkg-deb', ['-f', deb, name]).trim();
    const architecture = run('dpkg', ['--print-architecture']).trim();
    assert.deepStrictEqual(['Package', 'Version', 'Architecture'].map(field), ['xprofd', version, architecture]);
    assert.strictEqual(path.basename(deb), `xprofd_${version}_${architecture}.deb`);
    const needed = field('Depends').split(', ').map((word) => word.split(' ')[0]);
    const expected = ['libc6', 'libcjson1', 'libprotobuf-c1', 'libsqlite3-0', 'libuv1', 'libwebsockets-evlib-uv', 'zlib1g'];
    expected.forEach((name) => assert.ok(needed.some((one) => one.startsWith(name)), `${name} is not in ${needed}`));
    needed.forEach((name) => assert.match(run('dpkg-query', ['-W', '-f', '${Status}', name]), /installed$/));
    const bytes = fs.readdirSync(tree, { recursive: true }).map((name) => fs.statSync(path.join(tree, name))).filter((one) => one.isFile());
    const kilobytes = bytes.reduce((sum, { size }) => sum + size, 0) / 1024;
    assert.ok(Math.abs(Number(field('Installed-Size')) - kilobytes) < bytes.length, `${field('Installed-Size')} of ${kilobytes}`);
  });

  test('holds these files, of root, with these modes, whole', () => {
    const entries = run('dpkg-deb', ['-c', deb]).trim().split('\n').map((line) => line.split(/\s+/));
    assert.deepStrictEqual([...new Set(entries.map(([, owner]) => owner))], ['root/root']);
    const files = entries.filter(([mode]) => !mode.startsWith('d')).map(([mode, , , , , name]) => `${mode} ${name}`);
    assert.deepStrictEqual(files, [
      '-rw-r--r-- ./etc/xprofd.conf',
      '-rwxr-xr-x ./usr/bin/xprofctl',
      '-rwxr-xr-x ./usr/bin/xprofd',
      '-rw-r--r-- ./usr/lib/systemd/system/xprofd.service',
      '-rw-r--r-- ./usr/share/bash-completion/completions/xprofctl',
      '-rw-r--r-- ./usr/share/doc/xprofd/CHANGELOG.md.gz',
      '-rw-r--r-- ./usr/share/doc/xprofd/changelog.gz',
      '-rw-r--r-- ./usr/share/doc/xprofd/copyright',
      '-rw-r--r-- ./usr/share/fish/vendor_completions.d/xprofctl.fish',
      '-rw-r--r-- ./usr/share/man/man1/xprofctl.1.gz',
      '-rw-r--r-- ./usr/share/man/man8/xprofd.8.gz',
      '-rw-r--r-- ./usr/share/zsh/vendor-completions/_xprofctl',
    ]);
    assert.deepStrictEqual([...new Set(entries.filter(([mode]) => mode.startsWith('d')).map(([mode]) => mode))], ['drwxr-xr-x']);
    run('dpkg-deb', ['-e', deb, path.join(home, 'control')]);
    run('md5sum', ['--quiet', '-c', path.join(home, 'control', 'md5sums')], { cwd: tree });
    const copyright = fs.readFileSync(path.join(tree, 'usr/share/doc/xprofd/copyright'), 'utf8');
    assert.match(copyright, /License: BSD-2-Clause\n Redistribution[^]*Copyright: .*Leon Sorokin\nLicense: Expat\n Permission/);
    assert.match(run('dpkg-parsechangelog', ['-l', '-', '-S', 'Version'], { input: run('zcat', [path.join(tree, 'usr/share/doc/xprofd/changelog.gz')]) }), new RegExp(`^${version}$`, 'm'));
  });

  test('is the same, byte for byte, when it is made again', () => {
    const made = script('debian.js', ['--out', path.join(home, 'again')]);
    assert.strictEqual(made.status, 0, made.stderr);
    assert.ok(fs.readFileSync(path.join(home, 'again', path.basename(deb))).equals(fs.readFileSync(deb)));
  });

  test('runs where there is no checkout, under the bounds of its unit: console, metrics, a profile', async (t) => {
    const program = path.join(tree, 'usr/bin/xprofd');
    assert.strictEqual(run(program, ['--version']), `xprofd ${version}\n`);
    const place = path.join(home, 'state');
    fs.mkdirSync(place);
    const app = launch('serve({}); setInterval(() => {}, 1000); say("ready");');
    await app.said('ready');
    if (!hasOwnMounts) t.diagnostic('without the bounds of the unit: this user cannot have mounts of its own');
    const xprofd = await startXprofd({ file: program, cwd: '/', home: place, env: { PATH: ENV.PATH }, command: hasOwnMounts ? sandbox(place) : [] });
    try {
      const page = await xprofd.get('/');
      assert.strictEqual(page.status, 200);
      const parts = [...page.text.matchAll(/(?:src|href)="([^":]+\.(?:js|css))"/g)].map(([, name]) => name);
      assert.ok(parts.some((name) => name.endsWith('.js')) && parts.some((name) => name.endsWith('.css')), page.text);
      for (const name of parts) {
        const { status, text } = await xprofd.get(`/${name.replace(/^\//, '')}`);
        assert.ok(status === 200 && text.length > 1000, `${name}: ${status}`);
      }
      const readOnly = /^node_filesystem_readonly\{[^}]*mountpoint="\/",[^}]*\} (\d)$/m;
      const { isReadOnly, isShown } = rootOfFirst();
      const { text } = await until(async () => {
        const answer = await xprofd.get('/metrics');
        return (readOnly.test(answer.text) || !isShown) && answer.text.includes(`pid="${app.pid}"`) && answer;
      }, 'figures of the host and of the process');
      if (isShown) assert.strictEqual(Number(readOnly.exec(text)[1]), Number(isReadOnly));
      const { json: begun } = await xprofd.post('/api/profiles', { pid: app.pid, kind: 'cpu', seconds: 1 });
      await xprofd.waitFor(`/api/profiles/${begun.id}`, ({ state }) => state === 'complete', 'the profile');
      assert.match((await xprofd.get(`/api/files/${begun.id}`)).text, /"nodes"/);
    } finally {
      assert.deepStrictEqual(await xprofd.stop(), { status: 0, signal: null });
    }
  });

  test('its unit is one that systemd takes', { skip: spawnSync('systemd-analyze', ['--version']).error ? 'systemd-analyze is not there' : false }, () => {
    const unit = path.join(home, 'xprofd.service');
    const text = fs.readFileSync(path.join(tree, 'usr/lib/systemd/system/xprofd.service'), 'utf8');
    assert.match(text, /^ExecStart=\/usr\/bin\/xprofd --config \/etc\/xprofd\.conf$/m);
    fs.writeFileSync(unit, text.replace('/usr/bin/xprofd', path.join(tree, 'usr/bin/xprofd')));
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    assert.deepStrictEqual((stdout + stderr).split('\n').filter((line) => line.includes('xprofd')), []);
  });

  test('its settings are all commented out, and are the defaults', () => {
    const program = path.join(tree, 'usr/bin/xprofd');
    const file = path.join(tree, 'etc/xprofd.conf');
    const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
    lines.forEach((line) => assert.match(line, /^(?:#|$)/));
    const check = (...words) => run(program, ['--check', ...words]);
    assert.strictEqual(check('--config', file), check());
    // Those that have a default, as they stand there.
    const isSetting = (line) => /^#\w+ = (?!FILE$|DIR$)/.test(line);
    fs.writeFileSync(path.join(home, 'all.conf'), lines.filter(isSetting).map((line) => line.slice(1)).join('\n'));
    const given = check('--config', path.join(home, 'all.conf'));
    assert.strictEqual(given.match(/# file$/gm).length, lines.filter(isSetting).length);
    assert.strictEqual(given.replaceAll('# file', '# default'), check());
  });

  test('its manual page has every option, and groff has nothing to say about it', () => {
    const page = path.join(home, 'xprofd.8');
    fs.writeFileSync(page, run('zcat', [path.join(tree, 'usr/share/man/man8/xprofd.8.gz')]));
    const complaints = spawnSync('groff', ['-man', '-ww', '-z', page], { encoding: 'utf8' });
    assert.deepStrictEqual([complaints.error, complaints.stdout, complaints.stderr], [undefined, '', '']);
    const text = run('groff', ['-man', '-Tascii', '-P-cbou', '-rLL=200n', page]);
    const options = [...run(path.join(tree, 'usr/bin/xprofd'), ['--help']).matchAll(/^ {2}(-.*?)(?: {2,}|$)/gm)].map(([, name]) => name);
    assert.ok(options.length >= 20, options.join());
    options.forEach((name) => assert.ok(text.includes(`\n       ${name}\n`) || text.includes(`\n       ${name} `), `${name} is not in\n${text}`));
    assert.ok(!/[`\\]/.test(text), text);
  });

  test('dpkg installs it, keeps settings, and takes all away', { skip: isRoot ? false : 'only root can' }, () => {
    const place = path.join(home, 'root');
    fs.mkdirSync(path.join(place, 'var/lib/dpkg'), { recursive: true });
    ['status', 'available'].forEach((name) => fs.writeFileSync(path.join(place, 'var/lib/dpkg', name), ''));
    const dpkg = (...words) => run('dpkg', [`--root=${place}`, '--force-script-chrootless', '--force-depends', ...words]);
    const status = () => spawnSync('dpkg-query', [`--admindir=${place}/var/lib/dpkg`, '-W', '-f', '${Status}', 'xprofd'], { encoding: 'utf8' }).stdout;
    dpkg('-i', deb);
    assert.strictEqual(status(), 'install ok installed');
    assert.match(run(path.join(place, 'usr/bin/xprofctl'), ['--version']), new RegExp(version.replaceAll('.', '\\.')));
    const settings = path.join(place, 'etc/xprofd.conf');
    fs.appendFileSync(settings, 'keep_days = 30\n');
    fs.mkdirSync(path.join(place, 'var/lib/xprofd'), { recursive: true });
    dpkg('-i', deb);
    assert.match(fs.readFileSync(settings, 'utf8'), /^keep_days = 30$/m);
    dpkg('-r', 'xprofd');
    assert.deepStrictEqual([settings, `${place}/var/lib/xprofd`, `${place}/usr/bin/xprofd`].map(fs.existsSync), [true, true, false]);
    dpkg('-P', 'xprofd');
    assert.deepStrictEqual([settings, `${place}/var/lib/xprofd`].map(fs.existsSync), [false, false]);
  });
});

test('the package is refused in one sentence', () => {
  const refusal = (args, env) => {
    const { status, stdout, stderr } = script('debian.js', args, env);
    assert.deepStrictEqual([status, stdout], [1, '']);
    return stderr;
  };
  const missing = 'dpkg-deb is not there, which Debian and Ubuntu have; elsewhere: node scripts/install_xprofd.js --prefix /usr/local';
  assert.strictEqual(refusal([], { PATH: home }), `debian: ${missing}\n`);
  assert.strictEqual(refusal(['--into', 'x']), 'debian: `--into` is no option; there are: --out DIR\n');
  assert.strictEqual(refusal(['--out']), 'debian: --out needs a folder\n');
  assert.strictEqual(refusal([], { SOURCE_DATE_EPOCH: 'today' }), 'debian: SOURCE_DATE_EPOCH: `today` is no number of seconds\n');
});

describe('install_xprofd.js', () => {
  const install = (...words) => script('install_xprofd.js', words);

  test('puts all of it under a prefix, and keeps settings', () => {
    const destdir = path.join(home, 'dest');
    const { status, stdout, stderr } = install(`--destdir=${destdir}`, '--prefix', '/opt/xprofd');
    assert.deepStrictEqual([status, stderr], [0, '']);
    const places = stdout.trim().split('\n');
    assert.deepStrictEqual(places.slice(0, 2), ['/opt/xprofd/bin/xprofd', '/opt/xprofd/bin/xprofctl']);
    const there = fs.readdirSync(destdir, { recursive: true }).map((name) => `/${name}`).filter((name) => fs.statSync(destdir + name).isFile());
    assert.deepStrictEqual(places.sort(), there.sort());
    const unit = fs.readFileSync(`${destdir}/opt/xprofd/lib/systemd/system/xprofd.service`, 'utf8');
    assert.match(unit, /^ExecStart=\/opt\/xprofd\/bin\/xprofd --config \/opt\/xprofd\/etc\/xprofd\.conf$/m);
    assert.strictEqual(run(`${destdir}/opt/xprofd/bin/xprofd`, ['--version']), `xprofd ${version}\n`);
    fs.writeFileSync(`${destdir}/opt/xprofd/etc/xprofd.conf`, 'keep_days = 3\n');
    assert.strictEqual(install('--prefix', '/opt/xprofd', '--destdir', destdir).status, 0);
    assert.strictEqual(fs.readFileSync(`${destdir}/opt/xprofd/etc/xprofd.conf`, 'utf8'), 'keep_days = 3\n');
  });

  test('under /usr/local unless told otherwise, with settings in /etc', () => {
    const destdir = path.join(home, 'local');
    const { stdout } = install('--destdir', destdir);
    assert.match(stdout, /^\/usr\/local\/bin\/xprofd$[^]*^\/etc\/xprofd\.conf$/m);
    assert.match(fs.readFileSync(`${destdir}/usr/local/lib/systemd/system/xprofd.service`, 'utf8'), /^ExecStart=\/usr\/local\/bin\/xprofd --config \/etc\/xprofd\.conf$/m);
  });

  test('is refused in one sentence', () => {
    const refusal = (...words) => {
      const { status, stdout, stderr } = install(...words);
      assert.deepStrictEqual([status, stdout], [1, '']);
      return stderr;
    };
    assert.strictEqual(refusal('--prefix', 'here'), 'install_xprofd: --prefix: `here` is no absolute path\n');
    assert.strictEqual(refusal('/usr'), 'install_xprofd: `/usr` is no option; there are: --prefix DIR, --destdir DIR\n');
    fs.writeFileSync(path.join(home, 'file'), '');
    assert.match(refusal('--prefix', '/x', '--destdir', path.join(home, 'file')), /^install_xprofd: .*(?:EEXIST|ENOTDIR).*\n$/);
  });
});
