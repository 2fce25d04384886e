'use strict';

// The page of the flame graph as C source: page.html with viewer.css and the viewer's modules in it.
//   node scripts/flamegraph_page.js OUT.c
// The modules become one script: in the order of their imports, without the words import and export, so that
// their names share one scope. Two modules may thus not give one name to two things at their top level.

const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'src', 'format', 'flamegraph');
const LINE_BYTES = 4000;

const read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');

/** Files in the order in which they can be run, each after what it imports. */
function orderOf(name, done = []) {
  if (done.includes(name)) return done;
  for (const [, other] of read(name).matchAll(/^import [^]*?from '\.\/([\w.]+)';$/gm)) orderOf(other, done);
  if (!done.includes(name)) done.push(name);
  return done;
}

/** Fewer bytes, same meaning: no comments on lines of their own, no indentation. */
function squeeze(text) {
  return text
    .replace(/^\s*\/\*[^]*?\*\/\n/gm, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n');
}

function bodyOf(name) {
  const text = read(name).replace(/^import [^]*?from '\.\/[\w.]+';\n/gm, '').replace(/^export /gm, '');
  const odd = text.split('\n').findIndex((line) => line.split('`').length % 2 === 0);
  if (odd >= 0) throw new Error(`${name}: a text in backticks that goes over lines would lose its indentation`);
  return text;
}

function checkNames(bodies) {
  const owners = new Map();
  for (const [name, text] of bodies) {
    for (const [, declared] of text.matchAll(/^(?:async )?(?:const|let|class|function) (\w+)/gm)) {
      if (owners.has(declared)) throw new Error(`${declared} is declared in ${owners.get(declared)} and in ${name}`);
      owners.set(declared, name);
    }
  }
}

/** The viewer as one script. */
function script() {
  const bodies = orderOf('main.mjs').map((name) => [name, bodyOf(name)]);
  checkNames(bodies);
  const text = `(() => {\n'use strict';\n${bodies.map(([, body]) => squeeze(body)).join('\n')}\n})();`;
  if (/<\/script|<!--/i.test(text)) throw new Error('the script would end too early');
  return text;
}

/** The three parts of the page: before the title, before the data, and what follows. */
function parts() {
  const page = squeeze(read('page.html'))
    .replace('{{style}}', () => squeeze(read('theme.css') + read('viewer.css')))
    .replace('{{script}}', script);
  const found = page.split(/\{\{title\}\}|\{\{data\}\}/);
  if (found.length !== 3) throw new Error('page.html: {{title}} and {{data}} are expected once each');
  return found;
}

/** The whole page with data: what the C writer makes, for tests and for work on the viewer. */
function page(title, data) {
  const [head, middle, tail] = parts();
  const escaped = title.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `${head}${escaped}${middle}${JSON.stringify(data).replaceAll('<', '\\u003c')}${tail}`;
}

function literal(text) {
  const bytes = Buffer.from(text);
  const lines = [];
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const piece = [...bytes.subarray(at, at + LINE_BYTES)].map((byte) => {
      const character = String.fromCharCode(byte);
      if (character === '\n') return '\\n';
      // A "?" could make a trigraph.
      return byte < 32 || byte > 126 || '"\\?'.includes(character) ? `\\${byte.toString(8).padStart(3, '0')}` : character;
    });
    lines.push(`  "${piece.join('')}"`);
  }
  return lines.join('\n');
}

function source() {
  const packed = parts().map((text) => ({ size: Buffer.byteLength(text), bytes: zlib.gzipSync(text, { level: 9 }) }));
  const arrays = packed.map(({ bytes }, index) => `static const char part${index}[] =\n${literal(bytes)};\n`);
  const rows = packed.map(
    ({ size, bytes }, index) => `    {(const unsigned char *)part${index}, ${bytes.length}, ${size}},\n`,
  );
  return `/* Made by scripts/flamegraph_page.js from src/format/flamegraph/. */
#include "format/flamegraph_page.h"

${arrays.join('\n')}
const struct xpf_flamegraph_packed xpf_flamegraph_page[XPF_FLAMEGRAPH_PARTS] = {
${rows.join('')}};
`;
}

/** What the page is made of, for those who ask when to make it again. */
const inputs = [__filename, ...fs.readdirSync(folder).sort().map((name) => path.join(folder, name))].map((file) =>
  path.relative(root, file),
);

module.exports = { page, source, inputs, literal };

if (require.main === module) {
  fs.mkdirSync(path.dirname(process.argv[2]), { recursive: true });
  fs.writeFileSync(process.argv[2], source());
}
