// Colours of frames. Given in OKLCH, where equal lightness looks equally light, so that one colour of text can be
// read on all of them; made into #rrggbb here, since pictures are also drawn by programs that know only that.

function channel(value) {
  const light = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, light)));
}

export function oklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${rgb.map((value) => channel(value).toString(16).padStart(2, '0')).join('')}`;
}

export const THEMES = {
  light: {
    page: '#ffffff', text: '#17181c', faint: '#5c6270', line: '#d9dce3', base: 0.84, spread: 0.035, vivid: 1, ink: '#15161a',
    match: '#d633b8', matchInk: '#ffffff', dim: '#e9ebf0', dimInk: '#7c8291', select: '#1257d6', flat: 0.94, deep: 0.12,
  },
  dark: {
    page: '#15171c', text: '#e6e8ee', faint: '#9aa1b1', line: '#31353f', base: 0.71, spread: 0.03, vivid: 0.92, ink: '#0e1013',
    match: '#ee6fdf', matchInk: '#17081a', dim: '#282c35', dimInk: '#8b92a2', select: '#ffffff', flat: 0.58, deep: 0,
  },
};

/** What a frame is: hue and chroma. The order is that of the legend. */
const KINDS = new Map([
  ['js', [65, 0.13]],
  ['package', [245, 0.1]],
  ['node', [155, 0.06]],
  ['native', [305, 0.065]],
  ['wasm', [190, 0.09]],
  ['gc', [25, 0.16]],
  ['program', [265, 0.022]],
  ['idle', [265, 0.008]],
  ['root', [265, 0.008]],
]);

/** A number that differs where the texts differ. FNV-1a. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return (value ^ (value >>> 15)) >>> 0;
}

/** Kinds that are no functions: V8 counts time on them. */
export const isMeta = (kind) => kind === 'gc' || kind === 'program' || kind === 'idle' || kind === 'root';

/** The group of a frame in a way of colouring; meta frames are groups of their own in each. */
function groupOf(frames, frame, way) {
  const kind = frames.category[frame];
  if (way === 'kind' || way === 'change' || isMeta(kind)) return kind;
  if (way === 'package') return frames.package[frame] || kind;
  return frames.short[frame] || kind;
}

function hueOf(group, kind) {
  if (KINDS.has(group)) return KINDS.get(group);
  // The golden angle spreads numbers around the circle; application files stay near their own colour's chroma.
  return [(hash(group) * 137.508) % 360, KINDS.get(kind)?.[1] ?? 0.1];
}

function colourIn(theme, [hue, chroma], shade) {
  return oklch(theme.base + theme.spread * shade, chroma * theme.vivid, hue);
}

export class Colours {
  constructor(profile, theme, way) {
    Object.assign(this, { profile, theme: THEMES[theme], way });
    const { frames } = profile;
    this.group = Array.from({ length: frames.count }, (_, frame) => groupOf(frames, frame, way));
    this.fill = this.group.map((group, frame) => {
      // Neighbours of one group differ a little, by their names.
      const shade = isMeta(group) ? 0 : (hash(frames.name[frame]) % 5) / 2 - 1;
      return colourIn(this.theme, hueOf(group, frames.category[frame]), shade);
    });
  }

  swatch(group, kind) {
    return colourIn(this.theme, hueOf(group, kind), 0);
  }

  /** Of a change: red where there is more than before, blue where less, pale where little changed. */
  change(strength) {
    const { theme } = this;
    const size = Math.min(1, Math.abs(strength)) ** 0.75;
    const lightness = theme.flat + (theme.base - theme.flat) * size;
    return oklch(lightness - theme.deep * size, 0.012 + 0.16 * size, strength > 0 ? 24 : 255);
  }

  /** Groups with their self amounts, the largest first: what the legend shows. */
  legend(self) {
    const sums = new Map();
    const kinds = new Map();
    self.forEach((value, frame) => {
      const group = this.group[frame];
      if (value <= 0) return;
      sums.set(group, (sums.get(group) || 0) + value);
      kinds.set(group, this.profile.frames.category[frame]);
    });
    const rows = [...sums].map(([group, sum]) => ({ group, sum, kind: kinds.get(group), colour: this.swatch(group, kinds.get(group)) }));
    return rows.sort((a, b) => b.sum - a.sum);
  }
}

/**
 * How strongly a frame changed, -1 … 1: by how much of itself, as far as that matters for the whole. A change
 * of one percent of the whole has the full colour, so that noise in small frames stays pale.
 */
export function changeOf(now, before, whole) {
  const larger = Math.max(now, before);
  if (!(larger > 0) || !(whole > 0)) return 0;
  const difference = now - before;
  const relative = difference / larger;
  const weight = Math.min(1, Math.abs(difference) / (0.01 * whole));
  return relative * Math.sqrt(weight);
}
