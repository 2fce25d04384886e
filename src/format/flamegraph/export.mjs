// The current charts as a picture: SVG, PNG, or on paper. All rows, not only those in sight.

import { paint } from './painter.mjs';
import { FONT_FAMILY, FONT_SIZE } from './lettering.mjs';
import { Colours, THEMES } from './colours.mjs';

const TITLE = 34; // height of the line above
const GAP = 8;
const SIDE_MAX = 16000; // pixels: what browsers allow for a canvas

const escape = (text) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
const short = (number) => String(Math.round(number * 100) / 100);

/** As much of a canvas context as the painter uses. */
class SvgPen {
  constructor() {
    this.pieces = [];
    this.top = 0;
    this.fillStyle = '#000000';
    this.globalAlpha = 1;
  }

  fillRect(x, y, width, height) {
    const [, colour, alpha] = /^(#.{6})(..)?$/.exec(this.fillStyle);
    const opacity = alpha ? ` fill-opacity="${short(parseInt(alpha, 16) / 255)}"` : '';
    const place = `x="${short(x)}" y="${short(y + this.top)}" width="${short(width)}" height="${short(height)}"`;
    this.pieces.push(`<rect ${place} fill="${colour}"${opacity}/>`);
  }

  fillText(text, x, y) {
    const opacity = this.globalAlpha < 1 ? ` fill-opacity="${this.globalAlpha}"` : '';
    const place = `x="${short(x)}" y="${short(y + this.top)}"`;
    this.pieces.push(`<text ${place} fill="${this.fillStyle}"${opacity}>${escape(text)}</text>`);
  }
}

/** The scenes one below the other, each as high as its rows, without marks of the pointer. */
function layOut(charts) {
  let top = TITLE;
  const scenes = charts.map(({ scene, rows, fullHeight }) => {
    const height = Math.min(fullHeight(rows), SIDE_MAX / 2);
    const placed = { top, scene: { ...scene, height, contentHeight: height, scroll: 0, hovered: -1, selected: -1 } };
    top += height + GAP;
    return placed;
  });
  return { scenes, width: Math.max(...scenes.map(({ scene }) => scene.width)), height: top };
}

function paintTitle(pen, width, title, theme) {
  pen.fillStyle = theme.page;
  pen.fillRect(0, 0, width, TITLE);
  pen.fillStyle = theme.text;
  pen.fillText(title, 8, TITLE / 2);
}

export function toSvg(charts, title) {
  const { scenes, width, height } = layOut(charts);
  const { theme } = scenes[0].scene;
  const pen = new SvgPen();
  pen.fillStyle = theme.page;
  pen.fillRect(0, 0, width, height);
  paintTitle(pen, width, title, theme);
  for (const { scene, top } of scenes) {
    pen.top = top;
    paint(pen, scene);
  }
  const font = `font-family="${FONT_FAMILY.replaceAll('"', "'")}" font-size="${FONT_SIZE}" dominant-baseline="central"`;
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img"><title>${escape(title)}</title><g ${font}>${pen.pieces.join('')}</g></svg>\n`;
}

/** A canvas with the picture, `ratio` pixels to the unit where that is possible. */
export function toCanvas(charts, title, ratio = 2) {
  const { scenes, width, height } = layOut(charts);
  const { theme } = scenes[0].scene;
  const canvas = document.createElement('canvas');
  const scale = Math.min(ratio, SIDE_MAX / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext('2d', { alpha: false });
  pen.scale(scale, scale);
  pen.fillStyle = theme.page;
  pen.fillRect(0, 0, width, height);
  paint(pen, { ...scenes[0].scene, to: 0, from: 0, height: 0, hovered: -1, selected: -1, ruler: 0 }); // sets the font
  paintTitle(pen, width, title, theme);
  for (const { scene, top } of scenes) {
    pen.save();
    pen.translate(0, top);
    pen.beginPath();
    pen.rect(0, 0, width, scene.height);
    pen.clip();
    paint(pen, scene);
    pen.restore();
  }
  return canvas;
}

function saveBlob(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Rows of texts as comma-separated values; a text that a spreadsheet would calculate is quoted as text. */
export function toCsv(rows) {
  const cell = (value) => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

const nameOf = (title) => title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|-+$/g, '').slice(0, 80) || 'profile';

export function saveText(text, title, extension, type) {
  saveBlob(new Blob([text], { type }), `${nameOf(title)}.${extension}`);
}

export function savePng(charts, title) {
  toCanvas(charts, title).toBlob((blob) => saveBlob(blob, `${nameOf(title)}.png`), 'image/png');
}

/** On paper charts are dark on white whatever the screen has. */
export function forPaper(charts, profile, way, fillWith) {
  const colours = new Colours(profile, 'light', way);
  return charts.map((chart) => ({
    ...chart,
    scene: { ...chart.scene, theme: THEMES.light, fillOf: fillWith(colours, chart.scene.tree) },
  }));
}
