'use strict';

const POLL_MS = 20;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until `probe()` gives something true, and gives that. Fails after `limitMs`, naming `what` (a function: as it is then). */
async function until(probe, what, limitMs = 60000) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${typeof what === 'function' ? what() : what}`);
    await sleep(POLL_MS);
  }
}

/** The value of a promise, or a failure that names `what` after `limitMs`. */
function within(promise, what, limitMs = 60000) {
  let timer;
  const limit = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${what}`)), limitMs);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

module.exports = { until, within, sleep };
