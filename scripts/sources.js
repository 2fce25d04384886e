'use strict';

// The C and C++ sources by the process they run in: the folder decides (see README, Architecture).

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

function list(folder) {
  return fs
    .readdirSync(path.join(root, folder))
    .filter((name) => /\.(c|cc)$/.test(name))
    .filter((name) => !name.endsWith(process.platform === 'darwin' ? '_linux.c' : '_darwin.c'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

const shared = [...list('src/wire'), ...list('src/host'), ...list('src/format')];
const target = list('src/target'); // of those who look at a core from outside
const bridge = list('src/bridge');
const MANUAL = /^src\/format\/roff/; // of those who have a manual page
const INSIDE_ONLY = /^src\/host\/(coredump|freeze|symbols|glibc_floor)/; // a process looks at itself
const OUTSIDE_ONLY = /^src\/host\/(tcp_listener|process_signal)/; // looks at another one
// looks at the whole host: xprofd
const HOST_ONLY =
  /^src\/host\/(mount_table|volume|proc_text|net_text|tcp_peer|cgroup_details|socket_table|process_scan|user_name)/;

module.exports = {
  bridge,
  addon: [
    ...shared.filter((file) => !OUTSIDE_ONLY.test(file) && !HOST_ONLY.test(file) && !MANUAL.test(file)),
    ...list('src/core'),
    ...bridge,
  ],
  ctl: [...shared.filter((file) => !INSIDE_ONLY.test(file) && !HOST_ONLY.test(file)), ...target, ...list('ctl')],
  // Not in the package.
  daemon: fs.existsSync(path.join(root, 'src/daemon'))
    ? [...shared.filter((file) => !INSIDE_ONLY.test(file)), ...target, ...list('src/daemon')]
    : [],
};

// Pieces of xprofd among the shared ones.
const DAEMON_ONLY = /^src\/(host\/(proc_grid|task_scan|user_names)|format\/promtext|wire\/value_frame)/;
for (const program of ['addon', 'ctl']) {
  module.exports[program] = module.exports[program].filter((file) => !DAEMON_ONLY.test(file));
}
