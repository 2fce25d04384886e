#!/usr/bin/env node
'use strict';

// The long storms of test/stress, on this Node or on others.
//   npm run stress [-- NAME...] [--short] [--nodes 20,22,24,26]
// NAME: workers (1,000 of them), cycles (500 starts and stops under load), starts (500 processes), cluster (8 members,
// 200 of them killed); all when none is given. --short: about a tenth, for npm test. --nodes: with the prebuilt binaries.

const path = require('node:path');
const { run, root } = require('./c_program');

const STORMS = {
  workers: { count: 1000, short: 100 },
  cycles: { count: 500, short: 50 },
  starts: { count: 500, short: 50 },
  cluster: { count: 200, short: 20 },
};
const LIMIT_MS = 40 * 60 * 1000;

function parseArguments(args) {
  const at = args.indexOf('--nodes');
  const majors = at >= 0 ? (args[at + 1] || '').split(',') : [];
  const names = args.filter((word, i) => word !== '--short' && (at < 0 || (i !== at && i !== at + 1)));
  if (names.some((name) => !STORMS[name]) || majors.some((major) => !/^\d+$/.test(major))) {
    console.error(`usage: npm run stress [-- ${Object.keys(STORMS).join('|')}...] [--short] [--nodes 20,22,24,26]`);
    process.exit(2);
  }
  return { names: names.length > 0 ? names : Object.keys(STORMS), isShort: args.includes('--short'), majors };
}

/** Where to run, and by which Node. */
function targets(majors) {
  if (majors.length === 0) return [{ title: process.version, node: process.execPath, dir: root }];
  const { prebuild } = require('./prebuild');
  const { makeTree } = require('./matrix');
  const { nodeOf } = require('./nodes');
  prebuild(majors);
  return majors.map((major) => {
    const found = nodeOf(major);
    return { title: `Node ${major}`, node: found.node, dir: makeTree(found) };
  });
}

async function main() {
  const { names, isShort, majors } = parseArguments(process.argv.slice(2));
  let passed = 0;
  let failed = 0;
  for (const { title, node, dir } of targets(majors)) {
    for (const name of names) {
      const count = STORMS[name][isShort ? 'short' : 'count'];
      const args = [path.join(dir, 'test/stress', `${name}.js`), '--count', String(count)];
      const { ok, text } = await run(node, args, { timeoutMs: LIMIT_MS });
      console.log(`${ok ? 'ok    ' : 'FAILED'} ${title}: ${name}: ${text.trim().split('\n').pop()}`);
      if (ok) passed++;
      else {
        failed++;
        console.log(text.replace(/^/gm, '  | ').trimEnd());
      }
    }
  }
  console.log(`stress: ${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

main();
