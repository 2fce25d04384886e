'use strict';

// On Alpine the addon is compiled from source: its C must not need glibc. (Its C++ is V8's own headers' affair.)

const { test } = require('node:test');
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const { root } = require('../../scripts/build');
const { MAJORS, nodeOf } = require('../../scripts/nodes');
const sources = require('../../scripts/sources');
const { staticLibs } = require('../../scripts/static_libs');

test('the C of the addon compiles with musl, without a warning', { timeout: 300_000 }, () => {
  const newest = nodeOf(MAJORS[MAJORS.length - 1]).dir;
  const flags = [
    ...['-fsyntax-only', '-std=c11', '-Wall', '-Wextra', '-Werror'],
    ...['-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-DNAPI_VERSION=8', '-DXPF_VERSION="0"'],
    ...['include', 'src', 'build/Release/obj/gen', path.join(staticLibs('musl'), 'include'), path.join(newest, 'include', 'node')].map((folder) => `-I${folder}`),
  ];
  const files = sources.addon.filter((file) => file.endsWith('.c'));
  assert.ok(files.length > 50);
  const { status, stderr } = spawnSync('musl-gcc', [...flags, ...files], { cwd: root, encoding: 'utf8' });
  assert.strictEqual(status, 0, stderr);
});
