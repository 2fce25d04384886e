'use strict';

// What set-up and build say where something is missing.

const assert = require('node:assert');
const { test } = require('node:test');

const { BUILD, adviceFor, faultOfNode, missing } = require('../../scripts/requirements');

test('an old Node.js is named, with what is needed', () => {
  assert.strictEqual(faultOfNode('16.20.2'), 'Node.js 18 or later is needed, this is 16.20.2');
  assert.match(faultOfNode('9.11.2'), /^Node\.js 18 or later/);
  for (const version of ['18.0.0', '20.20.2', '100.0.0', process.versions.node]) {
    assert.strictEqual(faultOfNode(version), '');
  }
});

test('without a compiler everything that it looks for is missing, in one piece of advice', () => {
  const { PATH } = process.env;
  try {
    process.env.PATH = '/nowhere';
    const packages = missing(BUILD);
    for (const name of ['gcc', 'g++', 'make', 'python3', 'libcjson-dev', 'zlib1g-dev']) {
      assert.ok(packages.includes(name), `${name} is not among ${packages}`);
    }
    assert.ok(adviceFor(['gcc', 'make']).includes('gcc make'));
  } finally {
    process.env.PATH = PATH;
  }
});
