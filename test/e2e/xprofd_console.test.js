'use strict';

// xprofd's console as a person meets it in Chromium: against a stand-in for what must be the same in every run, and
// against xprofd itself with a Node.js process that is profiled.

/* global document, innerWidth, getComputedStyle, location -- what runs in the page */

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');

const { startApp } = require('./support/app');
const { Browser, browserOptions } = require('./support/browser');
const { ConsoleMock } = require('./support/console_mock');
const { until } = require('./support/until');
const { startXprofd } = require('./support/xprofd');

const WAIT = { timeout: 40000 }; // a busy machine
const SHOP = '4711.98765';
const CHINESE = /[\u4e00-\u9fff]/;
let browser;

/** A page of the console; it must end without faults, and without requests that go elsewhere. */
async function open(base, hash, options) {
  const page = await browser.open(`${base}#${hash}`, options);
  page.setDefaultTimeout(WAIT.timeout);
  page.base = base;
  return page;
}

async function close(page, allowed = /^$/) {
  const faults = page.faults.filter((fault) => !allowed.test(fault));
  assert.deepStrictEqual(faults, []);
  assert.deepStrictEqual(page.requests.filter((address) => !address.startsWith(page.base)), [], 'a request for something outside');
  await page.context().close();
}

const text = (page, selector) => page.locator(selector).first().innerText();
const until2 = (probe, what) => until(probe, what, WAIT.timeout);
const rows = (page, grid = '#main .grid') => page.locator(`${grid} .grid-row`);
const chart = (page, title) => page.locator('.chart', { has: page.getByRole('heading', { name: title, exact: true }) });
const isLive = (page) => page.waitForSelector('.state[data-state=live]', WAIT);
const width = (page) => page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);

/** A stand-in for one test; it is stopped also when the test fails, or the file would not end. */
async function startMock(t, options) {
  const own = await new ConsoleMock(options).start();
  t.after(() => own.stop());
  return own;
}

/** How many pixels of a chart are coloured: of lines and areas, not of axes and grid. */
function colouredPixels(plot) {
  return plot.locator('canvas').evaluate((canvas) => {
    const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.subarray(at, at + 4);
      if (alpha > 60 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) count++;
    }
    return count;
  });
}

describe('the console of xprofd', { timeout: 600000, ...browserOptions() }, () => {
  let mock;
  before(async () => {
    browser = await Browser.launch();
    mock = await new ConsoleMock().start();
  });
  after(async () => {
    await mock?.stop();
    await browser?.close();
  });

  test('the overview lists processes with their figures, sorts and filters them, and is live', async () => {
    const page = await open(mock.url, '/processes', { viewport: { width: 1600, height: 900 } });
    await isLive(page);
    await until2(async () => (await rows(page).count()) === 6, 'six processes');
    const shop = rows(page).filter({ hasText: 'shop' });
    await until2(async () => /shop\s*core\s*4711\s*[^]*\d %[^]*1\d\d MiB/.test(await shop.innerText()), 'the line of the shop');
    assert.match(await shop.innerText(), /MiB \/ 2\.05 GiB/, 'heap and its limit');
    await until2(async () => /\d\/s/.test(await shop.innerText()), 'a rate, which takes two readings of a counter');
    assert.match(await text(page, '.processes header'), /6, 4 with the core/);
    assert.match(await text(page, '.processes .advice'), /xprofctl attach -p 4713/);
    assert.match(await rows(page).filter({ hasText: 'mailer' }).innerText(), /no core/);
    assert.match(await text(page, '.tiles'), /CPU\s+\d+\.?\d* %\s+of 4 CPUs/);
    assert.match(await text(page, '.events'), /event loop blocked[^]*one turn of its event loop took 0\.81 s/);
    const before = await shop.innerText();
    await until2(async () => (await shop.innerText()) !== before, 'other figures by themselves');
    await page.getByRole('button', { name: 'Process', exact: true }).click();
    const names = async () => (await page.locator('.grid-row').evaluateAll((found) => found.sort((left, right) => left.getBoundingClientRect().top - right.getBoundingClientRect().top).map((row) => row.querySelector('a').textContent)));
    assert.deepStrictEqual(await names(), ['auth', 'gateway', 'mailer', 'search', 'shop', 'worker']);
    await page.keyboard.press('/');
    await page.keyboard.type('47 no core');
    await until2(async () => (await names()).join() === 'mailer', 'the one that matches');
    await until2(async () => /filter=47\+no\+core/.test(page.url()), 'the filter in the address');
    await close(page);
  });

  test('a process that comes is seen without reloading', async (t) => {
    const own = await startMock(t, { processes: 2 });
    const page = await open(own.url, '/processes');
    await isLive(page);
    own.come('late-comer');
    await page.waitForSelector('.grid-row:has-text("late-comer")', WAIT);
    await page.waitForSelector('.events:has-text("process came")', WAIT);
    await close(page);
  });

  test('the page of a process draws its series from the history and goes on live', async () => {
    const page = await open(mock.url, `/process/${SHOP}`);
    await until2(async () => (await text(page, 'h1')) === 'shop', 'the name of the process');
    const loop = chart(page, 'Event loop delay');
    await until2(async () => (await colouredPixels(loop)) > 500, 'lines from the history');
    assert.match(await loop.locator('.legend').innerText(), /p99\s+[\d.]+ ms/);
    for (const title of ['Heap spaces', 'CPU by class of threads', 'CPU by JS thread', 'HTTP rate', 'HTTP latency', 'Run-queue wait', 'Throttling and CPU of the cgroup', 'Garbage collection, share of time']) {
      await chart(page, title).scrollIntoViewIfNeeded();
      await until2(async () => (await colouredPixels(chart(page, title))) > 100, `the chart ${title}`);
    }
    await isLive(page);
    const last = await text(page, '.range-text');
    await until2(async () => (await text(page, '.range-text')) !== last, 'a range that moves on');
    assert.strictEqual(await page.locator('.lane li:not([hidden]) button[data-tone=warn]').count(), 1, 'the stall is on the axis');
    await page.getByRole('button', { name: 'thread 2', exact: true }).click();
    await until2(async () => page.url().includes('thread=2'), 'the thread in the address');
    await close(page);
  });

  test('who is blocked is seen at once, and what cannot be is not shown', async (t) => {
    const blocked = { loop_blocked_seconds: 12, loop_idle_total_seconds: 0, loop_utilization: 0.3, loop_delay_p99_seconds: 0.008, http_p99_seconds: 0 };
    const own = await startMock(t, { fixed: { [`thread ${SHOP}/0`]: blocked, [`thread ${SHOP}/1`]: { http_p99_seconds: 0 }, [`thread ${SHOP}/2`]: { http_p99_seconds: 0 }, 'host_pressure ': { cpu_some: 1.2 } } });
    const page = await open(own.url, '/processes', { viewport: { width: 1600, height: 900 } });
    const shop = rows(page).filter({ hasText: 'shop' });
    await until2(async () => /12\.0 s\s+100 %\s+[\d.,]+\/s\s+–/.test(await shop.innerText()), 'how long it is blocked, its loop in use, no latency of no response');
    assert.strictEqual(await shop.locator('[data-tone=bad]').count(), 2, 'both in red');
    await until2(async () => /Waiting for CPU\s+100 %/.test(await text(page, '.tiles')), 'no more than all of the time');
    await shop.getByRole('link').click();
    await until2(async () => /utilization\s+100 %/.test(await chart(page, 'Event loop utilization, thread CPU').locator('.legend').innerText()), 'also on its page');
    assert.match(await chart(page, 'Heap spaces').locator('header').innerText(), /limit 2\.05 GiB/);
    await close(page);
  });

  test('one cursor for all charts, by mouse and by keys', async () => {
    const page = await open(mock.url, `/process/${SHOP}`, { viewport: { width: 1280, height: 1000 } });
    await until2(async () => (await colouredPixels(chart(page, 'Event loop delay'))) > 500, 'lines');
    await page.keyboard.press('p');
    const values = () => chart(page, 'CPU by class of threads').locator('.legend').innerText();
    const box = await chart(page, 'Event loop delay').locator('.u-over').boundingBox();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
    const first = await values();
    await page.mouse.move(box.x + box.width * 0.62, box.y + 40);
    await until2(async () => (await values()) !== first, 'values of another moment in another chart');
    assert.match(await text(page, '.lane-pointer'), /^\d\d:\d\d:\d\d$/);
    await chart(page, 'Event loop delay').locator('.plot').focus();
    const before = await values();
    await page.keyboard.press('Shift+ArrowLeft');
    await until2(async () => (await values()) !== before, 'moved by a key');
    assert.match(await text(page, '.spoken'), /p99 [\d.]+ ms/, 'told to who listens');
    await close(page);
  });

  test('any range: presets, drag, back, pause, the address', async () => {
    const page = await open(mock.url, `/process/${SHOP}`);
    await until2(async () => (await colouredPixels(chart(page, 'Event loop delay'))) > 500, 'lines');
    await page.getByRole('button', { name: '1h', exact: true }).click();
    await until2(async () => /last=3600000/.test(page.url()), 'the preset in the address');
    const box = await chart(page, 'Event loop delay').locator('.u-over').boundingBox();
    await page.mouse.move(box.x + 100, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await until2(async () => /from=\d+&to=\d+/.test(page.url()), 'the range that was drawn');
    await page.waitForSelector('.live-button[data-live=false]', WAIT);
    const [, from, to] = /from=(\d+)&to=(\d+)/.exec(page.url());
    assert.ok(to - from > 60000 && to - from < 2400000, `${to - from} ms`);
    await page.reload();
    await until2(async () => (await colouredPixels(chart(page, 'Event loop delay'))) > 500, 'the same range after a reload');
    assert.ok(page.url().includes(`from=${from}`));
    await page.keyboard.press('l');
    await page.waitForSelector('.live-button[data-live=true]', WAIT);
    await page.keyboard.press('Escape');
    await until2(async () => page.url().includes(`from=${from}`), 'back by a key');
    await page.keyboard.press('0');
    await until2(async () => !page.url().includes('from='), 'the default');
    await page.locator('.range-text').click();
    await page.locator('dialog input').nth(0).fill('2026-01-02T03:00:00');
    await page.locator('dialog input').nth(1).fill('2026-01-02T02:00:00');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    assert.match(await text(page, 'dialog .wrong'), /at least 5 s after/);
    await page.locator('dialog input').nth(1).fill('2026-01-02T04:00:00');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForSelector('.chart-empty:has-text("No data in this range")', WAIT);
    await close(page);
  });

  test('a profile by its button: progress, then the flame graph and every format', async () => {
    const page = await open(mock.url, `/process/${SHOP}`);
    await page.getByRole('button', { name: 'CPU', exact: true }).click();
    await page.waitForSelector('.profile-list progress', WAIT);
    const link = page.getByRole('link', { name: 'Flame graph' });
    await link.waitFor(WAIT);
    const [flame] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    assert.match(await flame.title(), /flame graph of p\d/);
    await page.getByText('Download', { exact: true }).click();
    assert.deepStrictEqual(await page.locator('.menu-list a').allInnerTexts(), ['flame graph (HTML)', '.cpuprofile (DevTools)', 'pprof', 'folded stacks', 'speedscope', 'Chrome trace']);
    await page.locator('.profile-buttons button').click();
    await page.getByRole('button', { name: 'Remove', exact: true }).last().click();
    await page.waitForSelector('.profile-list .none', WAIT);
    await close(page);
  });

  test('a refusal is shown in its words', async (t) => {
    const own = await startMock(t, { refuse: { status: 409, message: 'a CPU profile of this thread is already running' } });
    const page = await open(own.url, `/process/${SHOP}`);
    await page.getByRole('button', { name: 'CPU', exact: true }).click();
    await page.waitForSelector('.profiles .wrong:has-text("is already running")', WAIT);
    await close(page, /409/);
  });

  test('a process without the core: what is seen from outside, and how to add it', async () => {
    const page = await open(mock.url, '/process/4713.98767');
    await page.waitForSelector('.card.advice:has-text("xprofctl attach -p 4713")', WAIT);
    assert.strictEqual(await page.locator('.profiles').isVisible(), false, 'nothing to take a profile with');
    const memory = chart(page, 'RSS, PSS, USS');
    await until2(async () => (await colouredPixels(memory)) > 100, 'memory from outside');
    await close(page);
  });

  test('the host: donuts, lines of each CPU, marks of load, tables', async () => {
    const page = await open(mock.url, '/host');
    await page.waitForSelector('.ring:has-text("CPU now") .key-list:has-text("softirq")', WAIT);
    await until2(async () => /user\s+[\d.]+ %/.test(await text(page, '.ring .key-list')), 'shares of the states');
    for (const title of ['Idle by CPU', 'User + system + nice by CPU', 'IRQ + softirq by CPU', 'Softirq NET_RX', 'Softirq HRTIMER', 'Some tasks wait', 'Disk throughput', 'Disk utilization', 'Retransmitted segments', 'Network throughput']) {
      await chart(page, title).scrollIntoViewIfNeeded();
      await until2(async () => (await colouredPixels(chart(page, title))) > 20, `the chart ${title}`);
    }
    assert.strictEqual(await text(page, 'h1'), 'web-1');
    assert.match(await text(page, '.facts'), /system\s+Linux 6\.1\.0 x86_64\s+CPUs\s+4\s+memory\s+16\.0 GiB\s+up\s+1 d 2 h/);
    await until2(async () => (await page.title()) === 'Host · web-1 · xprofd', 'the name of the host in the title');
    await until2(async () => (await text(page, '.ring:has-text("PSS by process") .key-list')).includes('search'), 'processes under their names');
    assert.match(await chart(page, 'Load average').innerText(), /2\.8 heavy \(0\.7 × cores\), 4 full/);
    await until2(async () => (await page.locator('#top-cpu-0').innerText()).includes('%'), 'the top table');
    await until2(async () => /\d B\/s|iB\/s/.test(await page.locator('#top-io-0').innerText()), 'bytes a second of all storage');
    await close(page);
  });

  test('what may not be read says so and is no 0', async (t) => {
    const own = await startMock(t, { denied: ['pss', 'uss', 'retransmit_ratio'] });
    const page = await open(own.url, '/host');
    const cell = page.locator('#top-memory-0 [data-quality=denied]').first();
    await cell.waitFor(WAIT);
    assert.strictEqual(await cell.innerText(), '–');
    assert.match(await cell.getAttribute('title'), /may not read it/);
    const empty = chart(page, 'Retransmitted segments');
    await empty.scrollIntoViewIfNeeded();
    await until2(async () => /may not read it/.test(await empty.innerText()), 'why the chart is empty');
    await close(page);
  });

  test('a kind without a page of its own is seen in the inspector', async () => {
    const page = await open(mock.url, '/explore/plugin_redis');
    await until2(async () => (await colouredPixels(chart(page, 'ops'))) > 100, 'a chart of a plugin');
    await page.getByRole('checkbox', { name: 'ops' }).click();
    await until2(async () => page.url().includes('fields=memory'), 'what is chosen is in the address');
    assert.strictEqual(await page.locator('.chart').count(), 1);
    await page.goto(`${mock.url}#/explore/thread`);
    await until2(async () => (await rows(page, '#main [aria-label=Entities]').count()) > 4, 'all threads');
    await close(page);
  });

  test('a chart of more things than it has lines says so', async (t) => {
    const own = await startMock(t, { processes: 20 });
    const page = await open(own.url, '/explore/process?fields=rss');
    const note = chart(page, 'rss').locator('.chart-title small');
    await until2(async () => /rss of it · the first 16 of 20$/.test(await note.innerText()), 'how many there are');
    await isLive(page);
    own.come('late-comer');
    await until2(async () => /the first 16 of 21$/.test(await note.innerText()), 'also when more come');
    await close(page);
  });

  test('Chinese and English, by the browser and by the switch', async () => {
    const page = await open(mock.url, `/process/${SHOP}`, { locale: 'zh-CN' });
    await chart(page, '事件循环延迟').waitFor(WAIT);
    assert.strictEqual(await page.evaluate(() => document.documentElement.lang), 'zh');
    await page.waitForSelector('.events li:has-text("shop（PID 4711）主线程：事件循环的一轮耗时 0.81 秒")', WAIT);
    await page.getByRole('button', { name: 'English' }).click();
    await chart(page, 'Event loop delay').waitFor(WAIT);
    await until2(async () => !CHINESE.test((await text(page, '#main')).replaceAll('中文', '')), 'no Chinese is left');
    await page.reload();
    await chart(page, 'Event loop delay').waitFor(WAIT);
    await page.keyboard.press('L');
    await chart(page, '事件循环延迟').waitFor(WAIT);
    await close(page);
  });

  test('light and dark, by the system and by the switch', async () => {
    const page = await open(mock.url, '/processes', { colorScheme: 'dark' });
    const shade = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await shade();
    await isLive(page);
    await page.keyboard.press('t');
    const light = await shade();
    assert.notStrictEqual(light, dark);
    await page.reload();
    assert.strictEqual(await shade(), light, 'it is remembered');
    await close(page);
  });

  test('all by keyboard, and the keys are told', async () => {
    const page = await open(mock.url, '/processes');
    await until2(async () => (await rows(page).count()) === 6, 'rows');
    await page.locator('.grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await until2(async () => /#\/process\/\d+/.test(page.url()), 'the page of the row');
    await page.keyboard.press('2');
    await page.waitForSelector('.host', WAIT);
    await page.keyboard.press('?');
    assert.match(await text(page, 'dialog'), /Closer, wider[^]*Back: the range before/);
    await page.keyboard.press('Escape');
    await page.keyboard.press('4');
    await page.waitForSelector('.events-page li:has-text("one turn of its event loop")', WAIT);
    await close(page);
  });

  test('the marks of events are one stop of the Tab key, and keep the focus while others come', async (t) => {
    const own = await startMock(t, { processes: 2 });
    const page = await open(own.url, `/process/${SHOP}`);
    await isLive(page);
    const marks = page.locator('.lane li:not([hidden]) button');
    await until2(async () => (await marks.count()) === 3 && (await page.locator('.lane button[tabindex="0"]').count()) === 1, 'three marks, one stop');
    await page.locator('.lane button[tabindex="0"]').focus();
    await page.keyboard.press('ArrowLeft');
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.match(await focused(), /core came: shop/);
    own.tell('event', { at_ms: Date.now(), name: 'gc_busy', kind: 'process', key: SHOP, text: 'shop (pid 4711), main thread: it spends 40 % of the time in garbage collection' });
    await page.waitForSelector('.lane button[data-tone=warn][aria-label*="busy with garbage collection"]', WAIT);
    assert.match(await focused(), /core came: shop/);
    await page.keyboard.press('ArrowRight');
    assert.match(await focused(), /event loop blocked: shop/);
    await close(page);
  });

  test('a phone: everything within 390 pixels', async () => {
    const page = await open(mock.url, '/processes', { viewport: { width: 390, height: 844 }, hasTouch: true });
    for (const hash of ['/processes', `/process/${SHOP}`, '/host', '/explore/thread', '/events']) {
      await page.goto(`${mock.url}#${hash}`);
      await isLive(page);
      await page.waitForTimeout(300);
      assert.deepStrictEqual(await width(page), [390, 390], hash);
    }
    await close(page);
  });

  test('the stream comes back by itself, and its state is seen', async (t) => {
    const own = await startMock(t, { processes: 2 });
    const page = await open(own.url, '/processes');
    await isLive(page);
    own.isAway = true;
    own.drop();
    await page.waitForSelector('.state[data-state=lost]', WAIT);
    own.isAway = false;
    await isLive(page);
    own.come('in-the-meantime');
    await page.waitForSelector('.grid-row:has-text("in-the-meantime")', WAIT);
    await close(page, /Failed to load resource|ERR_/);
  });

  test('it asks for the token, and again when it is wrong', async (t) => {
    const own = await startMock(t, { token: 'a-long-enough-token' });
    const page = await open(own.url, '/processes');
    await page.locator('dialog input[type=password]').fill('not it');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog:has-text("not the one")', WAIT);
    await page.locator('dialog input[type=password]').fill('a-long-enough-token');
    await page.keyboard.press('Enter');
    await isLive(page);
    assert.ok(!page.requests.some((address) => address.includes('token=')), 'the token is in no address');
    await close(page, /401/);
  });

  test('three thousand processes stay usable', async (t) => {
    const own = await startMock(t, { processes: 3000 });
    const page = await open(own.url, '/processes');
    const limit = 4 * WAIT.timeout; // 3,000 figures a second are work: on a busy machine the page is behind with it
    page.setDefaultTimeout(limit);
    await until(async () => (await text(page, '.processes header')).includes('3000'), 'all are counted', limit);
    assert.ok((await rows(page).count()) < 80, 'only those in view are drawn');
    await page.locator('.grid').focus();
    await page.keyboard.press('End');
    await until(async () => (await page.locator('.grid').evaluate((grid) => grid.scrollTop)) > 50000, 'the last row', limit);
    await page.keyboard.press('/');
    await page.keyboard.type('service-2999');
    await until(async () => (await rows(page).count()) === 1, 'the one that is looked for', limit);
    await close(page);
  });

  test('a range before a process began: it is still known who it is', async (t) => {
    const own = await startMock(t, { processes: 2, cameAt: Date.now() - 60000 });
    const page = await open(own.url, `/process/${SHOP}?from=1764086700000&to=1764087600000`);
    await until2(async () => (await text(page, 'h1')) === 'shop', 'its name');
    await chart(page, 'Heap spaces').locator('.chart-empty:has-text("No data in this range")').waitFor(WAIT);
    await page.keyboard.press('2');
    await page.locator('.table-card:has-text("CPU top") small:has-text("now, not of the range")').waitFor(WAIT);
    await close(page);
  });

  test('an address that leads nowhere leads to the processes; an unknown process is told', async () => {
    const page = await open(mock.url, '/nonsense');
    await until2(async () => (await page.evaluate(() => location.hash)) === '#/processes', 'the overview');
    await page.goto(`${mock.url}#/process/1.1`);
    await page.waitForSelector('.card.advice:has-text("has ended, or was never seen")', WAIT);
    await close(page);
  });
});

describe('the console and xprofd', { timeout: 280000, ...browserOptions() }, () => {
  const CODE = `
const http = require('http');
const kept = [];
function spin() { const end = Date.now() + 8; while (Date.now() < end) Math.sqrt(end); kept.push(new Array(1000).fill(end)); if (kept.length > 200) kept.length = 0; }
http.createServer((request, response) => { spin(); response.end('hello'); }).listen(0, '127.0.0.1', function () {
  const { port } = this.address();
  setInterval(() => http.get({ port, host: '127.0.0.1' }, (answer) => answer.resume()), 40);
  say('up');
});
`;
  let app, daemon, base, plugins;
  before(async () => {
    browser = await Browser.launch();
    app = startApp(CODE);
    await app.said('up');
    plugins = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-plugins-'));
    daemon = await startXprofd({ args: ['--plugin_dir', plugins] });
    base = `${daemon.url()}/`;
    await daemon.waitFor('/api/entities?kind=thread&fields=heap_used', ({ entities }) => entities.some(({ labels }) => labels.pid === `${app.pid}`));
  });
  after(async () => {
    await daemon?.stop();
    await app?.stop();
    await browser?.close();
    fs.rmSync(plugins, { recursive: true, force: true });
  });

  test('what is gone is found: a plugin that was removed, a process that ended', async () => {
    const file = path.join(plugins, 'bygone.1s.sh');
    fs.writeFileSync(file, '#!/bin/sh\necho "bygone_depth{queue=\\"mail\\"} $(date +%S)"\n', { mode: 0o755 });
    const other = startApp('setInterval(() => {}, 1000); say("up");');
    await other.said('up');
    const isOther = ({ labels }) => labels.pid === String(other.pid);
    const { key } = (await daemon.waitFor('/api/entities?kind=node', ({ entities }) => entities.some(isOther))).entities.find(isOther);
    for (const series of [`kind=node&key=${key}&fields=rss`, 'kind=plugin_bygone_depth&key=bygone%2Fmail&fields=value']) {
      await daemon.waitFor(`/api/series?${series}&from=-60000&step=1000`, (json) => json.series?.[0].values.filter((value) => value !== null).length > 1, series);
    }
    const page = await open(base, `/process/${key}`);
    await isLive(page);
    await until2(async () => (await text(page, '.badge')) === 'core', 'the process');
    const name = await text(page, 'h1');
    fs.rmSync(file);
    await other.stop();
    await until2(async () => (await text(page, '.badge')) === 'gone', 'its page tells that it ended');
    assert.strictEqual(await text(page, 'h1'), name, 'and still has its name');
    await page.goto(`${base}#/processes`);
    await page.locator('.ended summary').click();
    const row = page.locator('.ended .grid-row').filter({ hasText: String(other.pid) });
    await row.waitFor(WAIT);
    await row.getByRole('link').click();
    await until2(async () => /from=\d+&to=\d+/.test(page.url()) && (await text(page, 'h1')) === name, 'its page, in the range of its end');
    assert.strictEqual(await text(page, '.badge'), 'gone');
    await chart(page, 'Resident memory by part').scrollIntoViewIfNeeded();
    await until2(async () => (await colouredPixels(chart(page, 'Resident memory by part'))) > 5, 'what it used');
    await daemon.waitFor('/api/entities?kind=plugin', ({ entities }) => entities.length === 0, 'the plugin is gone');
    await page.goto(`${base}#/explore/plugin_bygone_depth`);
    await page.locator('.grid-row, h1').filter({ hasText: 'bygone' }).first().waitFor(WAIT);
    await until2(async () => (await colouredPixels(chart(page, 'value'))) > 5, 'what it told');
    await page.goto(`${base}#/explore/process`);
    await page.getByRole('searchbox', { name: 'Filter', exact: true }).fill(name); // of many only those in sight are rows
    const ended = page.locator('.grid-row').filter({ hasText: 'gone' }).filter({ hasText: name });
    await ended.first().waitFor(WAIT);
    await close(page);
  });

  test('from the overview to the flame graph of a process', async () => {
    const page = await open(base, '/processes');
    await isLive(page);
    await page.keyboard.press('/');
    await page.keyboard.type(String(app.pid));
    const row = rows(page).filter({ hasText: String(app.pid) });
    await until2(async () => (await row.count()) === 1 && /core/.test(await row.innerText()) && /\d\/s/.test(await row.innerText()), 'the process with a rate of requests');
    await row.click();
    await until2(async () => page.url().includes(`#/process/${app.pid}.`), 'its page');
    for (const title of ['Event loop delay', 'CPU by class of threads', 'Heap spaces', 'HTTP rate', 'Resident memory by part', 'RSS, PSS, USS']) {
      await chart(page, title).scrollIntoViewIfNeeded();
      await until2(async () => (await colouredPixels(chart(page, title))) > 5, `the chart ${title}`);
    }
    await page.locator('.for select').selectOption('5');
    await page.getByRole('button', { name: 'CPU', exact: true }).click();
    await page.waitForSelector('.profile-list progress', WAIT);
    const link = page.getByRole('link', { name: 'Flame graph' });
    await link.waitFor(WAIT);
    const [flame] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await flame.bringToFront();
    await flame.waitForSelector('#crumbs button', WAIT);
    await flame.getByRole('tab', { name: 'Table' }).click();
    // Under its own name, or in the one that V8 put it into.
    await until2(async () => /app\.js:\d/.test(await text(flame, '#full-table')), 'the program that takes the time');
    await close(page);
  });

  test('the host and every kind are drawn', async () => {
    const page = await open(base, '/host');
    await isLive(page);
    await until2(async () => (await colouredPixels(chart(page, 'CPU by state'))) > 5, 'CPU of the host');
    await until2(async () => /\d %/.test(await page.locator('.donut-middle').first().textContent()), 'the donut');
    await page.goto(`${base}#/explore/host_memory`);
    await page.getByRole('checkbox', { name: 'available', exact: true }).click();
    await until2(async () => (await colouredPixels(chart(page, 'available'))) > 5, 'a chart of any field');
    await close(page);
  });
});
