// Elements made and changed. No markup is ever parsed: texts of others stay texts.

const SVG = 'http://www.w3.org/2000/svg';

function apply(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
}

/** h('td', { class: 'number' }, 'text', child, [children]) */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (tag === 'button' && !attributes.type) element.type = 'button';
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  apply(element, attributes);
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  element.append(...children.flat());
  apply(element, attributes);
  return element;
}

const ICONS = {
  theme: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3l7.5 5L5 13z',
  left: 'M10 3 5 8l5 5',
  right: 'M6 3l5 5-5 5',
  back: 'M6.5 3 2.5 7l4 4M3 7h6.5a4 4 0 0 1 0 8H8',
  out: 'M3 8h10',
  in: 'M3 8h10M8 3v10',
  download: 'M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11',
  stop: 'M4 4h8v8H4z',
  remove: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3z',
  flame: 'M1.5 13h13M3 9.5h10M4.5 6h6M6 2.5h2.5',
};

export function icon(name) {
  return svg('svg', { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true' }, svg('path', { d: ICONS[name] }));
}

/** Changes the text only when it is another: what is the same needs no layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed off localhost without TLS
  }
}
