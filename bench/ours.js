'use strict';

// Our package as npm installs it: packed with its prebuilt addons, installed into an empty folder.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { prebuild } = require('../scripts/prebuild');

const root = path.join(__dirname, '..');
let installed;

function npm(args, cwd) {
  const result = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Error(`npm ${args.join(' ')}: ${result.stderr}`);
  }
  return result.stdout.trim();
}

/** { folder, tarballBytes }; made once, gone with this process. */
function installOurs() {
  if (!installed) {
    prebuild();
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-bench-'));
    process.once('exit', () => fs.rmSync(home, { recursive: true, force: true }));
    const [{ filename, size }] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', home], root));
    fs.writeFileSync(path.join(home, 'package.json'), '{"private":true}');
    npm(['install', '--no-audit', '--no-fund', '--foreground-scripts', path.join(home, filename)], home);
    spawnSync('sync', ['-f', home]); // pages not yet written back would count as written by the measured process
    installed = { folder: path.join(home, 'node_modules', 'xprofiler'), tarballBytes: size };
  }
  return installed;
}

module.exports = { installOurs };
