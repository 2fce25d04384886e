'use strict';

// Makes a checkout ready: system packages, devDependencies, build. Says what it does; throws a sentence.
//   node scripts/setup.js [--test]

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { build, reasonToBuild, root } = require('./build');
const { BUILD, TEST, faultOfNode, missing, install, adviceFor } = require('./requirements');

function say(text) {
  console.log(`[setup] ${text}`);
}

function setUpPackages(list) {
  const packages = missing(list);
  if (packages.length === 0) {
    return;
  }
  say(`system packages are missing: ${packages.join(' ')}`);
  install(packages);
  const still = missing(list.filter((item) => !item.isOptional));
  if (still.length > 0) {
    throw new Error(`system packages are missing; ${adviceFor(still)}`);
  }
}

function hasDependencies() {
  const { devDependencies = {} } = require('../package.json');
  return Object.keys(devDependencies).every((name) =>
    fs.existsSync(path.join(root, 'node_modules', name, 'package.json')),
  );
}

function setUpDependencies() {
  if (hasDependencies()) {
    return;
  }
  const verb = fs.existsSync(path.join(root, 'package-lock.json')) ? 'ci' : 'install';
  say(`npm ${verb} (development tools)`);
  const args = [verb, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0) {
    throw new Error(`npm could not install the development tools; where the registry can be reached, run: npm ${verb} --ignore-scripts`);
  }
}

function setUpBuild() {
  const reason = reasonToBuild();
  if (!reason) {
    return;
  }
  say(`building the addon, xprofctl and xprofd for Node ${process.version} (${reason})`);
  const failure = build({ isQuiet: true });
  if (failure) {
    throw new Error(failure);
  }
}

/** forTests: also what only the tests and checks need. */
function setUp({ forTests = false } = {}) {
  const fault = faultOfNode();
  if (fault) {
    throw new Error(fault);
  }
  setUpPackages(forTests ? [...BUILD, ...TEST] : BUILD);
  // The build bundles the console of xprofd with one of them.
  if (forTests || reasonToBuild()) {
    setUpDependencies();
  }
  setUpBuild();
}

module.exports = { setUp, setUpPackages };

if (require.main === module) {
  try {
    setUp({ forTests: process.argv.includes('--test') });
  } catch (error) {
    console.error(`xprofiler: ${error.message}`);
    process.exitCode = 1;
  }
}
