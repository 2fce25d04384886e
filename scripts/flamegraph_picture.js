#!/usr/bin/env node
'use strict';

// The picture of docs/flamegraph.md: the demo service under load, profiled, its flame graph in Chromium.
//   node scripts/flamegraph_picture.js [OUT.png]

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawn } = require('node:child_process');

const { Browser } = require('../test/e2e/support/browser');

const root = path.join(__dirname, '..');
const picture = path.join(root, 'docs', 'img', 'flamegraph.png');
const SIZE = { width: 1280, height: 720 };
const BYTES_MAX = 300_000;
const HOT = 'searchProducts'; // what the pointer is on

function startService(home) {
  const env = { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
  const child = spawn(process.execPath, ['demo/service.js'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`the demo service ended with ${status}`)));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const found = /listening (\S+)/.exec(text);
      if (found) resolve({ child, address: found[1] });
    });
  });
}

/** Profiles the service while it is busy; gives the page. */
function profile({ child, address }, home) {
  const load = spawn(process.execPath, ['demo/load.js', address, '14'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const page = path.join(home, 'shop.html');
  const args = ['cpu', '-p', String(child.pid), '-t', '10s', '-o', page];
  try {
    execFileSync(path.join(root, 'bin', 'xprofctl'), args, { stdio: ['ignore', 'ignore', 'inherit'] });
    // The reader's service is not in our folder.
    fs.writeFileSync(page, fs.readFileSync(page, 'utf8').replaceAll(`${root}/`, '/srv/shop/'));
  } finally {
    load.kill();
  }
  return page;
}

/** Where a function is on the chart: its row and place are looked for with the pointer, as a person does. */
async function pointAt(page, name) {
  const { x, y, width, height } = await page.locator('#chart canvas').boundingBox();
  for (let row = y + 10; row < y + height; row += 20) {
    for (let part = 0.02; part < 1; part += 0.04) {
      await page.mouse.move(x + width * part, row);
      if ((await page.isVisible('#tooltip')) && (await page.textContent('#tooltip b')) === name) return;
    }
  }
  throw new Error(`${name} is not on the chart: was the service busy?`);
}

async function draw(file, out) {
  const browser = await Browser.launch();
  try {
    const page = await browser.open(`file://${file}`, { viewport: SIZE });
    await page.waitForSelector('#crumbs button');
    await pointAt(page, HOT);
    await page.screenshot({ path: out });
  } finally {
    await browser.close();
  }
  const { size } = fs.statSync(out);
  if (size > BYTES_MAX) throw new Error(`${out} has ${size} bytes, more than ${BYTES_MAX}`);
}

async function main([out = picture]) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-picture-'));
  const service = await startService(home);
  try {
    await draw(profile(service, home), out);
  } finally {
    service.child.removeAllListeners('exit');
    service.child.kill();
    fs.rmSync(home, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`picture: ${error.message}`);
  process.exitCode = 1;
});
