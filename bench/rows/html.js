'use strict';

// The flame graph's page in headless Chromium, beside speedscope's own page with the same profile.

/* global document, innerHeight, innerWidth, requestAnimationFrame, WheelEvent, window -- what runs in the page */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { pathToFileURL } = require('node:url');

const { Browser } = require('../../test/e2e/support/browser');
const { cpuProfile } = require('../../test/e2e/support/synthetic_profile');
const { peers, root } = require('../peers');

// Without a graphics processor speedscope's WebGL is emulated; our canvas is drawn by the processor as well.
const FLAGS = ['--enable-unsafe-swiftshader'];
const FRAMES = 180;
const OPEN_MS = 120000;

/** Beside the page's own script: how long the work of each frame takes. */
function watchFrames() {
  const ask = window.requestAnimationFrame.bind(window);
  window.frameWork = new Map();
  window.requestAnimationFrame = (work) =>
    ask((now) => {
      const begin = performance.now();
      work(now);
      window.frameWork.set(now, (window.frameWork.get(now) || 0) + performance.now() - begin);
    });
}

/** Zooms in and out at every frame; gives the distances of frames and the work in each, in ms. */
function moveFor(frames) {
  const [x, y] = [innerWidth * 0.4, innerHeight * 0.45];
  const turn = (deltaY) => {
    const event = new WheelEvent('wheel', { deltaY, ctrlKey: true, clientX: x, clientY: y, bubbles: true, cancelable: true });
    document.elementFromPoint(x, y).dispatchEvent(event);
  };
  return new Promise((resolve) => {
    const moments = [];
    window.frameWork.clear();
    const step = (now) => {
      moments.push(now);
      turn(moments.length % 60 < 30 ? -25 : 25);
      if (moments.length <= frames) requestAnimationFrame(step);
      else resolve({ distances: moments.slice(1).map((at, index) => at - moments[index]), work: [...window.frameWork.values()] });
    };
    requestAnimationFrame(step);
  });
}

function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)];
}

/** The files of one size, made once. */
function prepare(nodes) {
  const home = path.join(os.tmpdir(), `xprofiler-bench-html-${process.pid}`);
  const file = (end) => path.join(home, `${nodes}.${end}`);
  if (!fs.existsSync(file('html'))) {
    fs.mkdirSync(home, { recursive: true });
    const text = JSON.stringify(cpuProfile({ nodes }));
    fs.writeFileSync(file('cpuprofile'), text);
    execFileSync(path.join(root, 'bin', 'xprofctl'), ['convert', file('cpuprofile'), file('html')], { stdio: 'ignore' });
    // What speedscope's own command makes to hand a file over to its page.
    fs.writeFileSync(file('js'), `speedscope.loadFileFromBase64(${JSON.stringify(`${nodes}.cpuprofile`)}, "${Buffer.from(text).toString('base64')}")`);
    process.once('exit', () => fs.rmSync(home, { recursive: true, force: true }));
  }
  return file;
}

function pageOf(variant, nodes) {
  const file = prepare(nodes);
  if (variant === 'xprofctl') {
    return { address: pathToFileURL(file('html')).href, isShown: () => document.querySelector('#crumbs button') !== null };
  }
  const index = pathToFileURL(path.join(peers.speedscope, 'dist', 'release', 'index.html')).href;
  return { address: `${index}#localProfilePath=${file('js')}`, isShown: () => document.title.includes('cpuprofile') };
}

async function measure(variant, nodes) {
  const browser = await Browser.launch({ flags: FLAGS });
  try {
    const page = await browser.open('about:blank');
    await page.addInitScript(watchFrames);
    const { address, isShown } = pageOf(variant, nodes);
    await page.goto(address, { timeout: OPEN_MS });
    await page.waitForFunction(isShown, undefined, { timeout: OPEN_MS, polling: 'raf' });
    const open = await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())))),
    );
    const { distances, work } = await page.evaluate(moveFor, FRAMES);
    return { open, frame: quantile(distances, 0.5), slow: quantile(distances, 0.95), work: quantile(work, 0.5) };
  } finally {
    await browser.close();
  }
}

module.exports = [5000, 50000, 200000].map((nodes) => ({
  id: `html-${nodes / 1000}k`,
  title: `The flame graph of ${nodes.toLocaleString('en-US')} nodes`,
  words:
    `A CPU profile of ${nodes.toLocaleString('en-US')} nodes as xprofctl's HTML page, and in the page of speedscope 1.25.0, both from disk in headless Chromium ` +
    `without a graphics processor. "open" ends with the first picture; then ${FRAMES} frames are drawn while the wheel turns at each. ` +
    'A screen of 60 Hz has a frame every 16.7 ms.',
  target: 'a frame every 16.7 ms',
  verdict: 'Met, up to 200,000 nodes. speedscope draws with WebGL, which is emulated in this browser without a GPU: an unfair comparison for it.',
  variants: ['xprofctl', 'speedscope'],
  base: 'speedscope',
  compare: 'none',
  rounds: 5,
  figures: [
    { key: 'open', name: 'open, ms', digits: 0, chart: true },
    { key: 'frame', name: 'frame, ms', digits: 1 },
    { key: 'slow', name: '95 % of frames, ms', digits: 1 },
    { key: 'work', name: 'work in a frame, ms', digits: 2 },
  ],
  round: (variant) => measure(variant, nodes),
}));
