// Widths of text, and text cut to a width. Measuring is slow and asked for thousands of times a frame: the width
// of each character is measured once.

const FAMILY = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';
export const FONT = `12px ${FAMILY}`;
export const FONT_SIZE = 12;
export const FONT_FAMILY = FAMILY;

const widths = new Map();
let measure = null;

function charWidth(character) {
  let width = widths.get(character);
  if (width === undefined) {
    measure ??= document.createElement('canvas').getContext('2d');
    measure.font = FONT;
    width = measure.measureText(character).width;
    widths.set(character, width);
  }
  return width;
}

/** { text, width }: the text, or its beginning with "…", within `room`; '' when not even that fits. */
export function fit(text, room) {
  const ellipsis = charWidth('…');
  let width = 0;
  let end = 0; // of what fits with an ellipsis behind it
  let cut = 0;
  let index = 0;
  for (const character of text) {
    width += charWidth(character);
    if (width > room) return end === 0 ? { text: '', width: 0 } : { text: `${text.slice(0, end)}…`, width: cut + ellipsis };
    index += character.length;
    if (width + ellipsis <= room) {
      end = index;
      cut = width;
    }
  }
  return { text, width };
}
