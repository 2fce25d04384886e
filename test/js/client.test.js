'use strict';

// The answers of the core to the JavaScript API, here without a core.

const assert = require('node:assert');
const { test } = require('node:test');

const { clientOf } = require('../../lib/client');

function makeBinding() {
  const binding = {
    held: 0,
    openClient(take) {
      this.take = (message) => take(JSON.stringify({ jsonrpc: '2.0', ...message }));
      return {};
    },
    sendRequest: () => true,
    holdLoop(isHeld) {
      this.held += isHeld ? 1 : -1;
    },
  };
  return binding;
}

test('an error without an id ends everything that waits: an answer got lost', async () => {
  const binding = makeBinding();
  const client = clientOf(binding);
  const replies = [client.ask('metrics', {}).reply, client.ask('heapdump', {}).reply];
  binding.take({ id: null, error: { code: -32603, message: 'out of memory' } });
  for (const reply of replies) await assert.rejects(reply, { message: 'out of memory', code: 'XPROFILER_INTERNAL' });
  assert.strictEqual(binding.held, 0);
  binding.take({ id: null, error: { code: -32603, message: 'out of memory' } });
  assert.strictEqual(binding.held, 0);
  const { id, reply } = client.ask('metrics', {});
  binding.take({ id, result: { fine: true } });
  assert.deepStrictEqual((await reply).result, { fine: true });
});
