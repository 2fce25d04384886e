'use strict';

// In a process of its own: what an application sees of us on its objects.

const assert = require('node:assert');
const http = require('node:http');
const { once } = require('node:events');
const { inspect } = require('node:util');
const { test } = require('node:test');

const { watch } = require('../../lib/http');
const { makeFakeBinding, until } = require('./fake_binding');

test('many listeners of the application give no warning, and a printed response shows no list', async () => {
  const warnings = [];
  const onWarning = (warning) => warnings.push(warning);
  process.on('warning', onWarning);
  const binding = makeFakeBinding();
  for (let i = 0; i < 20; i++) {
    watch(binding, { server: true, client: true });
  }
  let printed = '';
  const handler = (req, res) => {
    printed = inspect(res, { depth: 6 });
    for (let i = 0; i < 9; i++) {
      res.on('finish', () => {});
      res.on('close', () => {});
    }
    res.end('x');
  };
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  for (let i = 0; i < 3; i++) {
    const [response] = await once(http.get({ port: server.address().port, agent: false }), 'response');
    response.resume();
  }
  await until(() => binding.server('closed') === 3, 'closed');
  server.close();
  process.off('warning', onWarning);
  assert.deepStrictEqual(warnings, []);
  assert.match(printed, /\[xprofiler\]/);
  assert.doesNotMatch(printed, /startedAt/);
});
