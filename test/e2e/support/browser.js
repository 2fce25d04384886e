'use strict';

// Headless Chromium, as Debian packages it, driven through its DevTools protocol. A page tells what a user would not
// see: messages of the console, errors, and every request for something outside the page.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
// Without a sandbox, since tests run as root in containers; the pages are our own. Nothing is asked of the network.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-dev-shm-usage'];
const LAUNCH_MS = 60000; // a busy machine

/** The browser's program: that of CHROMIUM, or the first that is installed. '' = none. */
function program() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH || '').split(path.delimiter);
  const files = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return files.find((file) => fs.existsSync(file)) || '';
}

/** Why tests that need a browser are to be left out: options of describe() and test(). */
function browserOptions() {
  if (Number(process.versions.node.split('.')[0]) < 20) return { skip: 'playwright-core needs Node.js 20' };
  return { skip: program() ? false : 'no Chromium is installed' };
}

/** One browser with a profile directory of its own, for all tests of a file. */
class Browser {
  /** @param {{ locale?: string, flags?: string[] }} options */
  static async launch({ flags = [] } = {}) {
    const executablePath = program();
    if (!executablePath) throw new Error('no Chromium is installed (Debian package: chromium)');
    const { chromium } = require('playwright-core');
    const browser = new Browser();
    browser.home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-browser-'));
    const options = { executablePath, headless: true, timeout: LAUNCH_MS, args: [...FLAGS, ...flags] };
    browser.process = await chromium.launch({ ...options, env: { ...process.env, HOME: browser.home } });
    return browser;
  }

  /**
   * A new page, in a context of its own. Options are those of a context: viewport, locale, colorScheme, hasTouch …
   * page.faults: what went wrong in it; page.requests: addresses that it asked for, but for the page itself.
   */
  async open(address, options = {}) {
    const context = await this.process.newContext({ viewport: { width: 1280, height: 760 }, locale: 'en-US', ...options });
    const page = await context.newPage();
    page.faults = [];
    page.requests = [];
    page.on('console', (message) => {
      if (message.type() !== 'log') page.faults.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => page.faults.push(String(error.stack || error)));
    page.on('request', (request) => {
      if (!request.isNavigationRequest() && !/^(?:data|blob):/.test(request.url())) page.requests.push(request.url());
    });
    await page.goto(address);
    return page;
  }

  async close() {
    await this.process.close();
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}

module.exports = { Browser, browserOptions };
