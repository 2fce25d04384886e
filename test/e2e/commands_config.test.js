'use strict';

// get_config and set_config: what can be changed while the program runs, and that a refusal changes nothing.

const assert = require('node:assert');
const { describe, test, before, after } = require('node:test');
const { startApp } = require('./support/app');
const { until } = require('./support/until');

const KNOWN = `auto_incr_heap_limit_size check_throw enable_auto_incr_heap_limit enable_avoid_rss_leak
  enable_fatal_error_coredump enable_fatal_error_hook enable_fatal_error_report enable_http_profiling
  enable_log_uv_handles log_dir log_format_alinode log_interval log_level log_type m_mmap_threshold patch_http
  patch_http_timeout`.split(/\s+/);

describe('get_config and set_config', { timeout: 240000 }, () => {
  let app;
  let rpc;
  before(async () => {
    app = startApp("setInterval(() => {}, 1000); say('ready');", { config: { log_interval: 1, log_level: 0 } });
    rpc = await app.rpc();
    await app.said('ready');
  });
  after(() => app.stop());

  test('get_config: every known key, sorted, with the values of the program', async () => {
    const config = await rpc.call('get_config');
    const keys = Object.keys(config);
    assert.deepStrictEqual(keys, [...keys].sort());
    assert.deepStrictEqual(KNOWN.filter((key) => !keys.includes(key)), []);
    assert.strictEqual(config.log_dir, app.logDir);
    assert.strictEqual(config.log_interval, 1);
    assert.strictEqual(config.log_level, 0);
    assert.strictEqual(config.enable_fatal_error_hook, true);
    assert.strictEqual(config.enable_http_profiling, false);
  });

  test('set_config: gives what changed, and it is so', async () => {
    const before_ = await rpc.call('get_config');
    const change = { log_level: 2, enable_http_profiling: true };
    assert.deepStrictEqual(await rpc.call('set_config', change), change);
    assert.deepStrictEqual(await rpc.call('get_config'), { ...before_, ...change });
    const back = { log_level: 0, enable_http_profiling: false };
    assert.deepStrictEqual(await rpc.call('set_config', back), back);
    assert.deepStrictEqual(await rpc.call('get_config'), before_);
  });

  test('set_config: it takes effect in the log', async () => {
    const uvLines = () => app.log().split('\n').filter((line) => line.includes('] [uv] ['));
    await until(() => uvLines().length > 0, 'a uv line');
    assert.match(uvLines()[0], /active_handles: \d+, .*active_tcp_handles: /);
    await rpc.call('set_config', { enable_log_uv_handles: false });
    await until(() => /active_handles: \d+(?!.*_tcp_handles)/.test(uvLines().pop()), 'a uv line without the types');
    await rpc.call('set_config', { enable_log_uv_handles: true });
  });

  test('set_config: keys of the start and unknown keys are ignored beside others, refused alone', async () => {
    const before_ = await rpc.call('get_config');
    const set = { log_interval: 5, nonsense: 1, log_dir: '/tmp', enable_fatal_error_report: false };
    assert.deepStrictEqual(await rpc.call('set_config', set), { enable_fatal_error_report: false });
    await rpc.call('set_config', { enable_fatal_error_report: true });
    assert.deepStrictEqual(await rpc.call('get_config'), before_);
    for (const params of [{ log_interval: 5 }, { nonsense: 'x' }, {}]) {
      const error = await rpc.refused('set_config', params);
      assert.strictEqual(error.message, `not support setting config ${JSON.stringify(params)}`);
    }
    assert.strictEqual((await rpc.refused('set_config')).message, 'not support setting config null');
    const addressed = await rpc.refused('set_config', { thread_id: 0, log_interval: 5 });
    assert.strictEqual(addressed.message, 'not support setting config {"log_interval":5}');
  });

  test('set_config: a wrong type or value names the key and leaves everything as it was', async () => {
    const before_ = await rpc.call('get_config');
    const type = (key, wanted, given) =>
      `<${key}> type error: [json.exception.type_error.302] type must be ${wanted}, but is ${given}`;
    const wrong = [
      [{ log_level: 2, enable_http_profiling: 1 }, 'enable_http_profiling', type('enable_http_profiling', 'boolean', 'number')],
      [{ log_level: 2, log_type: '1' }, 'log_type', type('log_type', 'number', 'string')],
      [{ enable_http_profiling: true, log_level: null }, 'log_level', type('log_level', 'number', 'null')],
      [{ enable_http_profiling: true, log_level: [] }, 'log_level', type('log_level', 'number', 'array')],
      [{ enable_http_profiling: true, log_level: 5 }, 'log_level', /log_level must be/],
      [{ enable_http_profiling: true, log_level: 0.5 }, 'log_level', /log_level must be/],
      [{ log_level: 2, log_max_age_days: -1 }, 'log_max_age_days', /log_max_age_days must be/],
    ];
    for (const [params, field, message] of wrong) {
      const error = await rpc.refused('set_config', params);
      assert.deepStrictEqual([error.code, error.data.field], [-32602, field], error.message);
      if (typeof message === 'string') assert.strictEqual(error.message, message);
      else assert.match(error.message, message);
      assert.deepStrictEqual(await rpc.call('get_config'), before_);
    }
  });
});
