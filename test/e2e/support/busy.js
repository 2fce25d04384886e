'use strict';

// A function `name(ms)` that computes for this time and stands in every profile by its name: one so long is never
// inlined, and V8 gives the time of functions that were inlined before the start to their callers.

const STEPS = ' x = (x * 31 + 7) % 65521;'.repeat(150);

/** Its source. */
const busy = (name) =>
  `function ${name}(ms) { let x = 1; const end = Date.now() + ms; while (Date.now() < end) {${STEPS} } return x; }`;

module.exports = { busy };
