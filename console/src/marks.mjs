// Small drawings within text: the course of a value, a share, a donut.

import { h, setAttribute, svg } from './dom.mjs';

const WIDTH = 84;
const HEIGHT = 22;

/** A line of the last values; null: a gap. */
export function sparkline() {
  const area = svg('path', { class: 'spark-area' });
  const line = svg('path', { class: 'spark-line' });
  const element = svg('svg', { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, area, line);
  return {
    element,
    show(values, top, slots = values.length) {
      const step = WIDTH / Math.max(1, slots - 1);
      const first = slots - values.length;
      let path = '';
      let isDown = false;
      let begin = 0;
      let end = 0;
      values.forEach((value, index) => {
        if (value === null || value === undefined) {
          isDown = false;
          return;
        }
        const x = (first + index) * step;
        if (path === '') begin = x;
        end = x;
        path += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${(HEIGHT - 1 - (HEIGHT - 3) * Math.min(1, value / top)).toFixed(1)}`;
        isDown = true;
      });
      setAttribute(line, 'd', path || null);
      setAttribute(area, 'd', path ? `${path.replaceAll('M', 'L').replace('L', 'M')}L${end.toFixed(1)} ${HEIGHT}L${begin.toFixed(1)} ${HEIGHT}Z` : null);
    },
  };
}

/** A bar that is full at 1; its tone changes where it gets tight. */
export function meter() {
  const bar = h('i', {});
  const element = h('span', { class: 'meter', 'aria-hidden': 'true' }, bar);
  return {
    element,
    show(share) {
      element.hidden = share === null;
      bar.style.width = `${(100 * Math.min(1, Math.max(0, share || 0))).toFixed(1)}%`;
      setAttribute(bar, 'data-tone', share > 0.9 ? 'bad' : share > 0.75 ? 'warn' : null);
    },
  };
}

const RADIUS = 42;
const AROUND = 2 * Math.PI * RADIUS;

/** A ring of parts: [{ label, value, colour }]; the whole is their sum. In its middle a text. */
export function donut(label) {
  const ring = svg('g', { transform: 'rotate(-90 60 60)' });
  const middle = svg('text', { x: 60, y: 60, class: 'donut-middle' });
  const below = svg('text', { x: 60, y: 76, class: 'donut-below' });
  const element = svg('svg', { viewBox: '0 0 120 120', class: 'donut', role: 'img', 'aria-label': label }, svg('circle', { cx: 60, cy: 60, r: RADIUS, class: 'donut-track' }), ring, middle, below);
  return {
    element,
    show(parts, text, subtext = '') {
      const whole = parts.reduce((total, { value }) => total + (value || 0), 0);
      let at = 0;
      while (ring.children.length > parts.length) ring.lastChild.remove();
      while (ring.children.length < parts.length) ring.append(svg('circle', { cx: 60, cy: 60, r: RADIUS, class: 'donut-part' }, svg('title')));
      parts.forEach(({ value, colour, label: name, text: shown }, index) => {
        const share = whole > 0 ? (value || 0) / whole : 0;
        const arc = ring.children[index];
        arc.style.stroke = `var(--${colour})`;
        arc.setAttribute('stroke-dasharray', `${(share * AROUND).toFixed(2)} ${AROUND.toFixed(2)}`);
        arc.setAttribute('stroke-dashoffset', (-at * AROUND).toFixed(2));
        arc.firstChild.textContent = `${name}: ${shown ?? `${(100 * share).toFixed(1)} %`}`;
        at += share;
      });
      middle.textContent = text;
      below.textContent = subtext;
      element.setAttribute('aria-label', `${label}: ${parts.map(({ label: name, text: shown }) => `${name} ${shown ?? ''}`).join(', ')}`);
    },
  };
}

/** The legend of a donut: one row a part, with its text. */
export function keyList() {
  const element = h('dl', { class: 'key-list' });
  return {
    element,
    show(parts) {
      if (element.children.length !== parts.length) {
        element.replaceChildren(...parts.map(() => h('div', {}, h('dt', {}, h('i', { class: 'swatch' }), h('span')), h('dd'))));
      }
      parts.forEach(({ label, text, colour, title }, index) => {
        const row = element.children[index];
        row.querySelector('i').style.setProperty('--swatch', `var(--${colour})`);
        row.querySelector('span').textContent = label;
        row.lastChild.textContent = text;
        setAttribute(row, 'title', title || null);
      });
    },
  };
}
