'use strict';

// /debug/pprof for scrapers made for Go (go tool pprof, Parca, Pyroscope): a handler for the application to mount.

const { take } = require('./profiles');

const PREFIX = '/debug/pprof';
const SECONDS_MAX = 300;

const PROFILES = {
  profile: { kind: 'cpuProfile', seconds: 30, what: 'CPU profile' },
  heap: { kind: 'heapProfile', seconds: 5, what: 'memory allocated during these seconds and still in use' },
  allocs: { kind: 'allocProfile', seconds: 5, what: 'memory allocated during these seconds, collected or not' },
};
const OF_GO = ['block', 'goroutine', 'mutex', 'symbol', 'threadcreate', 'trace'];

const BINARY = 'application/octet-stream';
const CONTENT_TYPES = {
  pprof: BINARY,
  folded: 'text/plain; charset=utf-8',
  flamegraph: 'text/html; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

const STATUS = {
  ERR_INVALID_URL: 400, // of the request
  XPROFILER_REFUSED: 409,
  XPROFILER_PARAMS: 400,
  XPROFILER_THREAD: 404,
  XPROFILER_UNSUPPORTED: 501,
  XPROFILER_NOT_STARTED: 503,
  XPROFILER_BUSY: 503,
};

class Refusal extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

function send(res, status, type, body, headers = {}) {
  if (res.headersSent || res.destroyed) {
    return;
  }
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(headers)) {
    res.setHeader(name, value);
  }
  res.end(body);
}

function sendText(res, status, text, headers) {
  send(res, status, 'text/plain; charset=utf-8', `${text}\n`, headers);
}

function indexPage() {
  const rows = Object.entries(PROFILES).map(
    ([name, { what, seconds }]) => `<li><a href="${name}?seconds=${seconds}">${name}?seconds=${seconds}</a> ${what}</li>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${PREFIX}/</title></head><body>
<h1>${PREFIX}/</h1>
<p>Profiles of process ${process.pid}, Node.js ${process.version}, in the pprof format.</p>
<ul>
${rows.join('\n')}
<li><a href="cmdline">cmdline</a> the command line</li>
</ul>
<p><code>format=flamegraph</code> shows one in the browser: <a href="profile?seconds=5&amp;format=flamegraph">profile</a>.
<code>thread=1</code> is a worker.</p>
</body></html>
`;
}

/** What is asked for, without the place it is mounted at. null: nothing of ours. */
function nameOf(pathname) {
  const at = pathname.lastIndexOf(PREFIX);
  const rest = at >= 0 ? pathname.slice(at + PREFIX.length) : pathname; // express has cut it off
  const match = /^\/?([^/]*)$/.exec(rest);
  return match ? match[1] : null;
}

function numberOf(query, name, fallback, isGood, words) {
  const text = query.get(name);
  if (text === null || text === '') {
    return fallback;
  }
  const value = Number(text);
  if (!isGood(value)) {
    throw new Refusal(400, `${name} must be ${words}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** The options of a profile from the query of the request. */
function read(query, profile, settings) {
  const { maxSeconds, samplingIntervalUs, samplingIntervalBytes } = settings;
  const seconds = numberOf(
    query,
    'seconds',
    Math.min(profile.seconds, maxSeconds),
    (value) => value > 0 && value <= maxSeconds,
    `a number above 0 and at most ${maxSeconds}`,
  );
  const isThread = (value) => Number.isInteger(value) && value >= 0;
  const threadId = numberOf(query, 'thread', settings.threadId, isThread, 'the id of a thread');
  if (!['0', '', null].includes(query.get('debug'))) {
    throw new Refusal(400, 'debug is not supported: there is no text form; use go tool pprof, or format=folded');
  }
  const format = query.get('format') || 'pprof';
  const interval = profile.kind === 'cpuProfile' ? { samplingIntervalUs } : { samplingIntervalBytes };
  return { durationMs: seconds * 1000, format, ...(threadId !== undefined && { threadId }), ...interval };
}

async function answerProfile(binding, { res, name, query, settings }) {
  const options = read(query, PROFILES[name], settings);
  const abort = new AbortController();
  const onClose = () => abort.abort();
  res.once('close', onClose); // the client went away
  try {
    const data = await take(binding, PROFILES[name].kind, { ...options, output: 'buffer', signal: abort.signal });
    const disposition = { 'Content-Disposition': `attachment; filename="${name}"` };
    const type = CONTENT_TYPES[options.format] || 'application/json';
    send(res, 200, type, data, type === BINARY ? disposition : {});
  } finally {
    res.removeListener('close', onClose);
  }
}

function answerOther(req, res, name) {
  const { pathname } = new URL(req.originalUrl || req.url, 'http://localhost');
  if (name === '' && !pathname.endsWith('/')) {
    const place = `${pathname.slice(pathname.lastIndexOf('/') + 1)}/`; // the links of the page are relative
    sendText(res, 301, place, { Location: place });
  } else if (name === '') {
    send(res, 200, 'text/html; charset=utf-8', indexPage());
  } else if (name === 'cmdline') {
    const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    send(res, 200, 'text/plain; charset=utf-8', words.join('\0'));
  } else if (OF_GO.includes(name)) {
    sendText(res, 404, `Node.js has no ${name} profile; there are ${Object.keys(PROFILES).join(', ')}`);
  } else {
    sendText(res, 404, `unknown profile: ${name}; there are ${Object.keys(PROFILES).join(', ')}`);
  }
}

async function answer(binding, settings, req, res) {
  const { pathname, searchParams } = new URL(req.url, 'http://localhost');
  const name = nameOf(pathname);
  if (settings.authorize && !(await settings.authorize(req))) {
    throw new Refusal(403, 'not allowed');
  }
  if (req.method !== 'GET') {
    throw new Refusal(405, `${req.method} is not supported`, { Allow: 'GET' });
  }
  if (name !== null && Object.hasOwn(PROFILES, name)) {
    await answerProfile(binding, { res, name, query: searchParams, settings });
  } else {
    answerOther(req, res, name === null ? pathname : name);
  }
}

function refuse(res, error) {
  if (error.name === 'AbortError') {
    return; // nobody is there
  }
  const isOurs = error.status || String(error.code).startsWith('XPROFILER_');
  const status = error.status || STATUS[error.code] || 500;
  sendText(res, status, isOurs ? error.message : 'the profile could not be taken', error.headers);
}

function checkSettings({ maxSeconds, authorize }) {
  if (!(maxSeconds > 0)) {
    throw new TypeError('maxSeconds must be a number above 0');
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw new TypeError('authorize must be a function');
  }
}

function create(binding, options = {}) {
  const settings = { maxSeconds: SECONDS_MAX, ...options };
  checkSettings(settings);
  /** (req, res) of http and express, (request, reply) of fastify. */
  return function pprof(request, response, next) {
    const isFastify = typeof response.hijack === 'function' && request.raw && response.raw;
    if (isFastify) {
      response.hijack();
    }
    const [req, res] = isFastify ? [request.raw, response.raw] : [request, response];
    answer(binding, settings, req, res).catch((error) => {
      if (error.status || error.code || typeof next !== 'function' || isFastify) {
        refuse(res, error);
      } else {
        next(error); // of authorize()
      }
    });
  };
}

module.exports = { create };
