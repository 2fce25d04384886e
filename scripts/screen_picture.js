'use strict';

// A full-screen program as a picture: what tmux captured of its screen, with attributes, drawn as SVG.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const COLUMNS = 118;
const LINES = 21;
const WATCH_MS = 45000;

const FONT_SIZE = 13;
const CHAR_WIDTH = 7.83;
const LINE_HEIGHT = 17;
const MARGIN = 16;
const PAGE = '#16191f';
const TEXT = '#c5cbd6';
const DIM = '#7f8a99';
const BRIGHT = '#ffffff';
const PALETTE = { 31: '#e5645b', 32: '#62b25c', 33: '#e0b04c', 34: '#6cb6ff', 36: '#56b6c2' };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function shorten(text) {
  return text.replaceAll(`${root}${path.sep}`, './').replaceAll(root, '.').replaceAll(os.homedir(), '~');
}

/** Starts the demo under load and a process that blocks, looks at them with top in tmux, and gives the screen's text. */
async function record() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-picture-'));
  const env = { ...process.env, XPROFILER_LOG_DIR: home, XPROFILER_PREFIX: home };
  const options = { argv0: 'node', cwd: root, env, stdio: ['ignore', 'pipe', 'ignore'] };
  const tmux = (...words) => spawnSync('tmux', ['-L', `xpf-picture-${process.pid}`, '-f', '/dev/null', ...words], { encoding: 'utf8' });
  const children = [];
  try {
    const service = spawn(process.execPath, ['--title=shop', 'demo/service.js'], options);
    children.push(service);
    const address = await new Promise((resolve) => {
      service.stdout.on('data', (chunk) => {
        const match = /http:\S+/.exec(chunk);
        if (match) resolve(match[0]);
      });
    });
    children.push(spawn(process.execPath, ['demo/load.js', address, '120'], options));
    const block = "require('./lib')();setTimeout(() => { const end = Date.now() + 90000; while (Date.now() < end); }, 28000)";
    children.push(spawn(process.execPath, ['--title=report-builder', '-e', block], options));
    children.push(spawn(process.execPath, ['--title=mail-queue', '-e', "require('./lib')();setInterval(() => {}, 1000)"], options));
    const words = ['env', 'LC_ALL=C.UTF-8', path.join(root, 'bin/xprofctl'), 'top', '--sort', 'rss'];
    tmux('new-session', '-d', '-s', 'top', '-x', String(COLUMNS), '-y', String(LINES), words.join(' '));
    await sleep(WATCH_MS - 4000);
    tmux('send-keys', '-t', 'top', 'c');
    await sleep(4000);
    const screen = shorten(tmux('capture-pane', '-e', '-N', '-p', '-t', 'top').stdout);
    // Other processes of the machine are no business of the reader.
    if (!/\b3 processes,/.test(screen)) throw new Error('xprofctl top shows other processes of this machine than the three of the picture; end them first');
    return screen;
  } finally {
    tmux('kill-server');
    children.forEach((child) => child.kill('SIGKILL'));
    fs.rmSync(home, { recursive: true, force: true });
  }
}

function obey(style, codes) {
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) Object.assign(style, { bold: false, dim: false, reverse: false, underline: false, colour: null });
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) style.reverse = true;
    else if (code === 39) style.colour = null;
    else if (PALETTE[code]) style.colour = PALETTE[code];
  }
}

/** The pieces of a line: [{ text, column, style }]; the style goes on to the next line. */
function piecesOf(line, style) {
  const pieces = [];
  let column = 0;
  line.split('\x1b[').forEach((part, index) => {
    const end = index > 0 ? part.indexOf('m') : -1;
    if (end >= 0) obey(style, part.slice(0, end) || '0');
    const text = part.slice(end + 1).replaceAll('\x0e', '').replaceAll('\x0f', '');
    if (text) pieces.push({ text, column, style: { ...style } });
    column += [...text].length;
  });
  return pieces;
}

function escape(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function coloursOf(style) {
  const front = style.colour || (style.dim ? DIM : style.bold ? BRIGHT : TEXT);
  return style.reverse ? { front: PAGE, back: front } : { front, back: null };
}

/** Viewers join spaces, so each run without wide gaps is told its place and length. */
function drawPiece({ text, column, style }, y) {
  const { front, back } = coloursOf(style);
  const x = (at) => (MARGIN + at * CHAR_WIDTH).toFixed(1);
  const drawn = [];
  if (back) {
    const width = ([...text].length * CHAR_WIDTH).toFixed(1);
    drawn.push(`<rect x="${x(column)}" y="${y - LINE_HEIGHT + 4.5}" width="${width}" height="${LINE_HEIGHT}" fill="${back}"/>`);
  }
  for (const match of text.matchAll(/\S+(?: \S+)*/g)) {
    const at = column + [...text.slice(0, match.index)].length;
    const width = ([...match[0]].length * CHAR_WIDTH).toFixed(1);
    const extra = `${style.bold ? ' font-weight="bold"' : ''}${style.underline ? ' text-decoration="underline"' : ''}`;
    drawn.push(
      `<text x="${x(at)}" y="${y}" fill="${front}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${extra}>${escape(match[0])}</text>`,
    );
  }
  return drawn;
}

/** SVG of a captured screen. */
function draw(text, title) {
  const lines = text.replace(/\n$/, '').split('\n');
  const style = { bold: false, dim: false, reverse: false, underline: false, colour: null };
  const width = Math.ceil(COLUMNS * CHAR_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const body = lines.flatMap((line, index) => {
    const y = MARGIN + (index + 1) * LINE_HEIGHT - 4;
    return piecesOf(line, style).flatMap((piece) => drawPiece(piece, y));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<rect width="${width}" height="${height}" rx="9" fill="${PAGE}"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace" font-size="${FONT_SIZE}">
${body.join('\n')}
</g>
</svg>
`;
}

module.exports = { record, draw };
