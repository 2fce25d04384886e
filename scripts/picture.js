#!/usr/bin/env node
'use strict';

// The pictures of terminals, drawn from the texts in docs/img/: start.txt and top.txt.
//   node scripts/picture.js                draws docs/img/start.svg and top.svg
//   node scripts/picture.js --record       first runs npm start, and xprofctl list beside it, and keeps their text
//   node scripts/picture.js --record-top   first runs xprofctl top in tmux, and keeps its screen

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

const screen = require('./screen_picture');

const root = path.join(__dirname, '..');
const transcript = path.join(root, 'docs', 'img', 'start.txt');
const picture = path.join(root, 'docs', 'img', 'start.svg');

const topTranscript = path.join(root, 'docs', 'img', 'top.txt');
const topPicture = path.join(root, 'docs', 'img', 'top.svg');

const FONT_SIZE = 13;
const CHAR_WIDTH = 7.83; // of the fonts below at that size
const LINE_HEIGHT = 18;
const MARGIN = 20;
const BAR_HEIGHT = 34;
const COLOURS = {
  page: '#16191f',
  bar: '#21262e',
  text: '#c5cbd6',
  command: '#ffffff',
  step: '#6cb6ff',
  path: '#96d0ff',
  dim: '#7f8a99',
  heading: '#f0b35e',
  chart: '#57ab5a',
};

/** Machine paths as a reader would have them. */
function shorten(text) {
  return text
    .replaceAll(`${root}${path.sep}`, './')
    .replaceAll(root, '.')
    .replaceAll(os.homedir(), '~');
}

/** The head of the list and the row of one process: others on the machine are no business of the reader. */
function listBeside(pid) {
  const { stdout } = spawnSync(path.join(root, 'bin', 'xprofctl'), ['list'], { encoding: 'utf8' });
  const [head, ...rows] = stdout.split('\n');
  const row = rows.find((line) => line.trim().startsWith(`${pid} `));
  return `$ xprofctl list\n${head}\n${row}\n`;
}

/** npm start, and while its service is busy, xprofctl list as if from a second terminal. */
function record() {
  return new Promise((resolve, reject) => {
    const env = { ...process.env };
    delete env.XPROFILER_LOG_DIR;
    const child = spawn(process.execPath, ['scripts/start.js'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    let list = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const profiled = /start_cpu_profiling -p (\d+)/.exec(text);
      if (!list && profiled) {
        list = listBeside(profiled[1]);
      }
    });
    child.on('close', (status) => {
      if (status !== 0) {
        reject(new Error(`npm start ended with ${status}`));
        return;
      }
      fs.mkdirSync(path.dirname(transcript), { recursive: true });
      const body = text.trim().split('\n').filter((line) => !line.startsWith('[setup]')).join('\n');
      fs.writeFileSync(transcript, shorten(`$ npm start\n${body}\n\n${list}`));
      resolve();
    });
  });
}

function escape(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** One line as [text, colour] pieces. */
function paint(line) {
  const chart = /^(\s+[\d.]+ % )(█+)(\s+)(\S.*?)( {2}\S+)$/.exec(line);
  if (chart) {
    const colours = ['text', 'chart', 'text', 'command', 'dim'];
    return chart.slice(1).map((piece, index) => [piece, colours[index]]);
  }
  if (/^\s*\$ /.test(line)) {
    const at = line.indexOf('$') + 1;
    return [[line.slice(0, at), 'chart'], [line.slice(at), 'command']];
  }
  if (/^\[\d+\] /.test(line)) {
    return [[line, 'step']];
  }
  if (/^[A-Z][a-z]/.test(line)) {
    return [[line, 'heading']];
  }
  if (/^\s*PID /.test(line)) {
    return [[line, 'dim']];
  }
  return line
    .split(/((?<=\s)(?:\.\/|logs\/|bin\/|\/)[\w./-]+)/)
    .map((piece, index) => [piece, index % 2 === 1 ? 'path' : 'text'])
    .filter(([piece]) => piece !== '');
}

/** A piece as spans between its wide gaps: every span is told its place and length, since viewers join spaces. */
function drawPiece(text, colour, column) {
  return [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => {
    const before = [...text.slice(0, match.index)].length;
    const x = (MARGIN + (column + before) * CHAR_WIDTH).toFixed(1);
    const width = ([...match[0]].length * CHAR_WIDTH).toFixed(1);
    const attributes = `x="${x}" fill="${COLOURS[colour]}" textLength="${width}" lengthAdjust="spacingAndGlyphs"`;
    return `<tspan ${attributes}>${escape(match[0])}</tspan>`;
  });
}

function drawLine(line, index) {
  const y = BAR_HEIGHT + MARGIN + index * LINE_HEIGHT;
  let column = 0;
  const spans = paint(line).flatMap(([text, colour]) => {
    const drawn = drawPiece(text, colour, column);
    column += [...text].length;
    return drawn;
  });
  return spans.length === 0 ? '' : `<text y="${y}">${spans.join('')}</text>`;
}

function draw(text) {
  const lines = text.trimEnd().split('\n');
  const columns = Math.max(...lines.map((line) => [...line].length));
  const width = Math.ceil(columns * CHAR_WIDTH + 2 * MARGIN);
  const height = BAR_HEIGHT + lines.length * LINE_HEIGHT + 2 * MARGIN - FONT_SIZE;
  const dots = ['#e5645b', '#e0b04c', '#62b25c'].map(
    (colour, index) => `<circle cx="${MARGIN + index * 18}" cy="${BAR_HEIGHT / 2}" r="5.5" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>npm start and xprofctl list in a terminal</title>
<rect width="${width}" height="${height}" rx="9" fill="${COLOURS.page}"/>
<path d="M0 ${BAR_HEIGHT}V9a9 9 0 0 1 9-9h${width - 18}a9 9 0 0 1 9 9v${BAR_HEIGHT - 9}z" fill="${COLOURS.bar}"/>
${dots.join('')}
<g font-family="DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace" font-size="${FONT_SIZE}">
${lines.map(drawLine).filter(Boolean).join('\n')}
</g>
</svg>
`;
}

async function main(words) {
  if (words.includes('--record')) {
    await record();
  }
  if (words.includes('--record-top')) {
    fs.writeFileSync(topTranscript, await screen.record());
  }
  fs.writeFileSync(picture, draw(fs.readFileSync(transcript, 'utf8')));
  fs.writeFileSync(topPicture, screen.draw(fs.readFileSync(topTranscript, 'utf8'), 'xprofctl top in a terminal'));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`picture: ${error.message}`);
  process.exitCode = 1;
});
