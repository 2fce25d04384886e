'use strict';

// xprofd's HTTP server: what it answers, whom it answers, and what it survives.

const assert = require('node:assert');
const { test, before, after } = require('node:test');

const { startXprofd } = require('./support/xprofd');

let xprofd;
before(async () => {
  xprofd = await startXprofd({ args: ['--store', 'none'] });
});
after(() => xprofd && xprofd.stop());

test('it says that it is well', async () => {
  const { status, headers, json } = await xprofd.get('/healthz');
  assert.strictEqual(status, 200);
  assert.strictEqual(headers['content-type'], 'application/json; charset=utf-8');
  assert.strictEqual(json.status, 'ok');
  assert.strictEqual(json.version, require('../../package.json').version);
});

test('kinds and entities of the host', async () => {
  const { kinds } = (await xprofd.get('/api/kinds')).json;
  const load = kinds.find((kind) => kind.name === 'host_load');
  assert.strictEqual(load.fields[0].family, 'node_load1');
  const { entities } = await xprofd.waitFor('/api/entities?kind=host_load', (answer) => answer.entities.length === 1);
  assert.ok(entities[0].values.load1 >= 0, JSON.stringify(entities[0]));
});
