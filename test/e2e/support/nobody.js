'use strict';

// Another user for a test: a process can be started as him by root only, and he must be able to read the package.

const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { root } = require('./app');

const NOBODY = 65534;
const isRoot = Boolean(process.geteuid) && process.geteuid() === 0;

/** Why no process can be his, or false, as `skip` of a test takes it. */
function whyNot() {
  if (!isRoot) return 'only root can be somebody else';
  const words = ['-e', 'process.argv.slice(1).forEach((file) => require("node:fs").accessSync(file))', path.join(root, 'lib/index.js'), `${os.tmpdir()}/.`];
  const { status } = spawnSync(process.execPath, words, { uid: NOBODY, gid: NOBODY, cwd: '/' });
  return status === 0 ? false : `another user cannot read ${root} or ${os.tmpdir()}`;
}

module.exports = { NOBODY, isRoot, noNobody: whyNot() };
