'use strict';

// A real cgroup with limits, v1 or v2, made beside those that are there; root only.

const fs = require('node:fs');
const path = require('node:path');

/** Where each controller is mounted: { memory: { dir, version }, cpu: … }. */
function mounts() {
  const found = {};
  for (const line of fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before, after = ''] = line.split(' - ');
    const dir = before.split(' ')[4];
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup') for (const name of options.split(',')) found[name] = { dir, version: 1 };
    if (type !== 'cgroup2') continue;
    const file = path.join(dir, 'cgroup.controllers');
    const names = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split(/\s+/) : [];
    for (const name of names.filter((each) => !found[each])) found[name] = { dir, version: 2 };
  }
  return found;
}

/** Makes it; gives { path, version, add(pid), limitCpu(quotaUs), remove() }, or a reason why there can be none. */
function makeCgroup({ memoryBytes, cpuQuotaUs }) {
  const { memory, cpu } = mounts();
  if (!memory || !cpu) return 'there is no cgroup controller for memory and cpu here';
  const name = `xpf-test-${process.pid}`;
  const dirs = [...new Set([memory, cpu].map(({ dir }) => path.join(dir, name)))];
  const put = (dir, file, text) => fs.writeFileSync(path.join(dir, name, file), text);
  const limitCpu = (quotaUs) => (memory.version === 2 ? put(cpu.dir, 'cpu.max', `${quotaUs} 100000`) : put(cpu.dir, 'cpu.cfs_quota_us', `${quotaUs}`));
  const remove = () => dirs.filter((dir) => fs.existsSync(dir)).forEach((dir) => fs.rmdirSync(dir));
  try {
    if (memory.version === 2) fs.writeFileSync(path.join(memory.dir, 'cgroup.subtree_control'), '+memory +cpu');
    dirs.forEach((dir) => fs.mkdirSync(dir));
    if (memory.version === 2) {
      put(memory.dir, 'memory.max', `${memoryBytes}`);
    } else {
      put(memory.dir, 'memory.limit_in_bytes', `${memoryBytes}`);
      put(cpu.dir, 'cpu.cfs_period_us', '100000');
    }
    limitCpu(cpuQuotaUs);
  } catch (error) {
    remove();
    return `no cgroup can be made here: ${error.message}`;
  }
  const add = (pid) => dirs.forEach((dir) => fs.writeFileSync(path.join(dir, 'cgroup.procs'), `${pid}`));
  return { path: `/${name}`, version: memory.version, add, limitCpu, remove };
}

/** One for the number of threads; gives { add(pid), count(), limit(number), remove() }, or a reason why there can be none. */
function makePidsCgroup() {
  const { pids } = mounts();
  if (!pids) return 'there is no cgroup controller for pids here';
  const dir = path.join(pids.dir, `xpf-test-pids-${process.pid}`);
  const put = (file, text) => fs.writeFileSync(path.join(dir, file), `${text}`);
  try {
    if (pids.version === 2) fs.writeFileSync(path.join(pids.dir, 'cgroup.subtree_control'), '+pids');
    fs.mkdirSync(dir);
  } catch (error) {
    return `no cgroup can be made here: ${error.message}`;
  }
  const count = () => Number(fs.readFileSync(path.join(dir, 'pids.current'), 'utf8'));
  return { add: (pid) => put('cgroup.procs', pid), count, limit: (number) => put('pids.max', number), remove: () => fs.rmdirSync(dir) };
}

module.exports = { makeCgroup, makePidsCgroup };
