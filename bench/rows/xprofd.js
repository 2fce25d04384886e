'use strict';

// What xprofd costs when it looks after many processes.

const fs = require('node:fs');

const { startFleet } = require('../fleet');
const { startXprofd } = require('../../test/e2e/support/xprofd');
const { sleep } = require('../../test/e2e/support/until');

const PROCESSES = 200;
const THREADS = 4;
const SECONDS = 60;
const SCRAPE_SECONDS = 15;

const variants = ['without history and scrapes', 'with history', 'with history and scrapes'];

/** CPU time so far in seconds, resident memory in MiB now and at most. */
function costOf(pid) {
  const words = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)[1]) / 1024;
  return { cpu: (Number(words[11]) + Number(words[12])) / 100, rss: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

async function scrape(xprofd, figures) {
  const begin = performance.now();
  const { status, text } = await xprofd.get('/metrics');
  if (status !== 200) {
    throw new Error(`/metrics answered ${status}`);
  }
  figures.scrape = performance.now() - begin;
  figures.samples = text.split('\n').filter((line) => line && !line.startsWith('#')).length;
}

async function measure(variant) {
  const xprofd = await startXprofd({ args: variant === variants[0] ? ['--store', 'none'] : [] });
  const figures = {};
  try {
    const hasAll = ({ entities }) => entities.length >= PROCESSES;
    await xprofd.waitFor('/api/entities?kind=node', hasAll, 'all processes', 60000);
    await sleep(20000);
    const before = costOf(xprofd.pid);
    const begin = performance.now();
    for (let second = 0; second < SECONDS; second += SCRAPE_SECONDS) {
      if (variant === variants[2]) {
        await scrape(xprofd, figures);
      }
      await sleep(begin + (second + SCRAPE_SECONDS) * 1000 - performance.now());
    }
    const after = costOf(xprofd.pid);
    figures.processes = (await xprofd.get('/api/entities?kind=process')).json.entities.length;
    figures.cpu = (100 * (after.cpu - before.cpu)) / ((performance.now() - begin) / 1000);
    return { ...figures, rss: after.rss, peak: after.peak };
  } finally {
    await xprofd.stop();
  }
}

module.exports = {
  id: 'xprofd',
  title: `xprofd and ${PROCESSES} processes`,
  words: `${PROCESSES} processes with ${THREADS} threads each answer as a recorded real one does, their numbers going on; xprofd asks each of them
once a second, reads them from outside and the host, keeps the history, and is scraped every ${SCRAPE_SECONDS} s. CPU over ${SECONDS} s, after 20 s of
running in.`,
  target: 'at most 5 % of a core and 60 MB',
  verdict: 'Met.',
  variants,
  base: variants[0],
  compare: 'none',
  rounds: 1,
  figures: [
    { key: 'cpu', name: 'CPU, % of a core', digits: 2, chart: true },
    { key: 'rss', name: 'resident memory at the end, MiB', digits: 1 },
    { key: 'peak', name: 'at most', digits: 1 },
    { key: 'processes', name: 'processes of Node.js, with others that ran', digits: 0 },
    { key: 'scrape', name: 'one scrape, ms', digits: 0 },
    { key: 'samples', name: 'samples in it', digits: 0 },
  ],
  async round(variant) {
    const fleet = await startFleet(PROCESSES, THREADS);
    try {
      return await measure(variant);
    } finally {
      await fleet.stop();
    }
  },
};
