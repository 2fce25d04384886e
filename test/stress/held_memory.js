'use strict';

// The memory that a program holds: what is resident, without what malloc keeps in its arenas for later. After large
// work (a heap snapshot takes 25 MB and more) malloc keeps tens of MB, now in this thread's arena, now in that one's;
// a leak is not among them, since nobody has freed it.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const ARENA = 64 << 20; // a thread's arena begins at a multiple of it, and all up to the next one is reserved
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ \S+ *(.*)$/;

/** The mappings of a process: { from, to, access, name, kb: resident }. */
function mappingsOf(pid) {
  const mappings = [];
  for (const line of fs.readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const [, from, to, access, name] = MAPPING.exec(line) || [];
    if (from) mappings.push({ from: parseInt(from, 16), to: parseInt(to, 16), access, name, kb: 0 });
    else if (line.startsWith('Rss:')) mappings.at(-1).kb = Number(/\d+/.exec(line)[0]);
  }
  return mappings;
}

/** Is it a thread's arena, with the reserve behind it? */
function isArena({ from, to, access, name }, next) {
  if (name !== '' || access !== 'rw-p' || from % ARENA !== 0) return false;
  if (to - from === ARENA) return true;
  return next !== undefined && next.from === to && next.access === '---p' && next.to % ARENA === 0;
}

class HeldMemory {
  /** What keeps it from being measured here, or ''. */
  static build(dir) {
    if (process.platform !== 'linux') return 'only Linux tells what is resident where';
    const library = path.join(dir, 'malloc_probe.so');
    const words = ['-shared', '-fPIC', '-O1', '-pthread', '-D_GNU_SOURCE', '-o', library, path.join(__dirname, 'malloc_probe.c')];
    const { status, stderr, error } = spawnSync(process.env.CC || 'cc', words, { encoding: 'utf8' });
    return status === 0 ? '' : `malloc_probe.c: ${error ? error.message : stderr.trim()}`;
  }

  constructor(dir) {
    this.file = path.join(dir, 'malloc_probe');
    this.env = { LD_PRELOAD: path.join(dir, 'malloc_probe.so'), XPF_MALLOC_PROBE: this.file };
  }

  /** MB: { heldMb, keptMb }, which together are RSS. */
  look(pid) {
    const mappings = mappingsOf(pid);
    const kb = (some) => some.reduce((sum, mapping) => sum + mapping.kb, 0);
    const arenas = mappings.filter((mapping, i) => mapping.name === '[heap]' || isArena(mapping, mappings[i + 1]));
    const givenMb = Number(fs.readFileSync(this.file, 'utf8')) / (1 << 20);
    const keptMb = kb(arenas) / 1024 - givenMb;
    return { keptMb, heldMb: kb(mappings) / 1024 - keptMb };
  }
}

module.exports = { HeldMemory };
