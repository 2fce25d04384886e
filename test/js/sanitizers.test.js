'use strict';

// Which reports of ThreadSanitizer about the addon in a stock Node count as ours.

// matrix: once, it reads texts.

const assert = require('node:assert');
const { test } = require('node:test');

const { verdict } = require('../../scripts/sanitizers');

const RUNTIME = '../../../../src/libsanitizer/tsan/tsan_interceptors_posix.cpp:1 (libtsan.so.2.0.0+0x1)';
const OURS = 'xpf_core_stop ../src/core/core.c:1 (xprofiler.node+0x1)';
const NODE = 'uv__io_poll ../deps/uv/src/unix/linux.c:1 (node+0x1)';

function race(first, second, end = '') {
  const stack = (lines) => lines.map((line, i) => `    #${i} ${line}\n`).join('');
  return `\nWARNING: ThreadSanitizer: data race (pid=1)
  Write of size 8 at 0x7ba000000250 by thread T2:
${stack(first)}
  Previous read of size 8 at 0x7ba000000250 by main thread (mutexes: write M1):
${stack(second)}
${end}
  Thread T2 (tid=2, running) created by main thread at:
    #0 pthread_create ${RUNTIME}
    #1 xpf_core_start ../src/core/core.c:2 (xprofiler.node+0x2)\n`;
}

test('a race with one side in our code is ours, whichever side it is', () => {
  assert.strictEqual(verdict(race([OURS], [OURS])), 'ours');
  assert.strictEqual(verdict(race([OURS], [NODE])), 'ours');
  assert.strictEqual(verdict(race([NODE], [OURS])), 'ours');
  assert.strictEqual(verdict(race([`free ${RUNTIME}`, NODE], [`memmove ${RUNTIME}`, OURS])), 'ours');
});

test('a race within Node is not, though we created a thread or called Node', () => {
  assert.strictEqual(verdict(race([NODE], [NODE, OURS])), 'foreign');
});

test('the number of a descriptor that libuv has closed unseen is no race, unless both sides are ours', () => {
  const [close, wait] = [`close ${RUNTIME}`, `epoll_pwait ${RUNTIME}`];
  assert.strictEqual(verdict(race([close, OURS], [wait, NODE], '  Location is file descriptor 7 created by thread T1 at:\n')), 'known');
  assert.strictEqual(verdict(race([`mmap ${RUNTIME}`, OURS], [close, NODE], '  Location is file descriptor 7 created by thread T1 at:\n')), 'known');
  assert.strictEqual(verdict(race([wait, NODE], [close, OURS])), 'known');
  assert.strictEqual(verdict(race([close, OURS], [])), 'known');
  assert.strictEqual(verdict(race([close, OURS], [close, OURS])), 'ours');
});

test('memory that is read from a descriptor can race', () => {
  const [read, write] = [`read ${RUNTIME}`, `write ${RUNTIME}`];
  assert.strictEqual(verdict(race([read, OURS], [write, NODE], '  Location is heap block of size 64 at 0x7b0000000000:\n')), 'ours');
});

test('other reports are ours when our code is in a stack', () => {
  assert.strictEqual(verdict(`WARNING: ThreadSanitizer: signal-unsafe call\n    #0 malloc ${RUNTIME}\n    #1 ${OURS}\n`), 'ours');
  assert.strictEqual(verdict(`ERROR: AddressSanitizer: heap-use-after-free\n    #0 ${NODE}\n`), 'foreign');
  assert.strictEqual(verdict('core.c:1:2: runtime error: signed integer overflow\n'), 'ours');
});
