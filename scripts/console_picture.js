#!/usr/bin/env node
'use strict';

/* global document -- what runs in the page */

// The pictures of docs/console.md: the demo service under load, seen in the console of xprofd, in Chromium. That of the
// processes has made-up ones: those of the machine that makes the pictures are nobody's business.
//   node scripts/console_picture.js [FOLDER]

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');

const { Browser } = require('../test/e2e/support/browser');
const { ConsoleMock } = require('../test/e2e/support/console_mock');
const { startXprofd } = require('../test/e2e/support/xprofd');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'docs', 'img');
const WARM_MS = 65_000; // so that there are lines to be seen
const LOOK_MS = 5000;
const BYTES_MAX = 260_000;
const LAST = 'last=60000';

const PICTURES = [
  { name: 'processes', isMadeUp: true, hash: () => '/processes', size: [1440, 520] },
  { name: 'process', hasProfile: true, hash: (key) => `/process/${key}?${LAST}`, size: [1440, 900], scheme: 'dark' },
  { name: 'host', hash: () => `/host?${LAST}`, size: [1440, 900] },
  { name: 'phone', hash: (key) => `/process/${key}?${LAST}`, size: [390, 844], locale: 'zh-CN' },
];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function start(words, home, stdio) {
  const env = { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
  return spawn(process.execPath, words, { cwd: root, env, stdio });
}

/** The demo service, and who asks it things. */
async function startDemo(home) {
  const service = start(['demo/service.js'], home, ['ignore', 'pipe', 'inherit', 'ipc']);
  const address = await new Promise((resolve, reject) => {
    service.once('exit', (status) => reject(new Error(`the demo service ended with ${status}`)));
    service.stdout.setEncoding('utf8').on('data', (text) => {
      const found = /listening (\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
  });
  service.removeAllListeners('exit');
  return [service, start(['demo/load.js', address, '300'], home, ['ignore', 'ignore', 'inherit', 'ipc'])];
}

/** Takes a CPU profile by its button. */
async function takeProfile(page) {
  await page.locator('.for select').selectOption('5');
  await page.locator('.take [data-kind=cpu]').click();
  await page.waitForSelector('.profile-list .primary', { timeout: 60_000 });
}

async function draw(browser, base, key, out, { name, hash, size, hasProfile, scheme = 'light', locale = 'en-US' }) {
  const [width, height] = size;
  const page = await browser.open(`${base}#${hash(key)}`, { viewport: { width, height }, colorScheme: scheme, locale });
  await page.waitForSelector('.state[data-state=live]');
  // Folders and the kernel of this machine; the page makes these lines anew each second.
  await page.evaluate((rule) => document.styleSheets[0].insertRule(rule), '.process .facts div:nth-child(n + 6), .host .facts div:first-child { display: none }');
  if (hasProfile) await takeProfile(page);
  await sleep(LOOK_MS);
  const file = path.join(out, `console-${name}.png`);
  await page.screenshot({ path: file });
  const bytes = fs.statSync(file).size;
  if (bytes > BYTES_MAX) throw new Error(`${file} has ${bytes} bytes, more than ${BYTES_MAX}`);
  console.log(`${path.relative(root, file)} ${bytes} bytes`);
  await page.context().close();
}

async function main([out = folder]) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofd-picture-'));
  const children = await startDemo(home);
  const daemon = await startXprofd();
  const mock = await new ConsoleMock().start();
  const browser = await Browser.launch();
  try {
    const pid = String(children[0].pid);
    const { entities } = await daemon.waitFor('/api/entities?kind=node', (answer) => answer.entities.some(({ labels }) => labels.pid === pid));
    const { key } = entities.find(({ labels }) => labels.pid === pid);
    await sleep(WARM_MS);
    for (const picture of PICTURES) await draw(browser, picture.isMadeUp ? mock.url : `${daemon.url()}/`, key, out, picture);
  } finally {
    await browser.close();
    await mock.stop();
    await daemon.stop();
    for (const child of children) child.kill();
    fs.rmSync(home, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`picture: ${error.message}`);
  process.exitCode = 1;
});
