'use strict';

// A copy of this checkout in a folder of its own, for a build unlike that in build/. What the copy built before
// stays, so that only what has changed is built again.

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const KEPT = ['build', 'node_modules'];

function isOurs(name) {
  return !/^(build|build-.*|prebuilds|node_modules|\.git|logs)$/.test(name);
}

/** Makes `folder` (relative to the checkout) like the checkout. Gives its full path. */
function copyTree(folder) {
  const copy = path.join(root, folder);
  fs.mkdirSync(copy, { recursive: true });
  for (const name of fs.readdirSync(copy)) {
    if (!KEPT.includes(name)) fs.rmSync(path.join(copy, name), { recursive: true, force: true });
  }
  for (const name of fs.readdirSync(root).filter(isOurs)) {
    // Times are kept: make looks at them.
    fs.cpSync(path.join(root, name), path.join(copy, name), { recursive: true, preserveTimestamps: true });
  }
  const modules = path.join(copy, 'node_modules');
  if (!fs.existsSync(modules)) fs.symlinkSync(path.join(root, 'node_modules'), modules);
  return copy;
}

module.exports = { copyTree };
