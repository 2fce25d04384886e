'use strict';

// A function `name(ms)` that computes for this time and stands in every profile by its name. What does so is compiled
// anew each time: V8 gives the time of functions that were optimised before the start of a profile to their callers.

/** Its source. */
const busy = (name) => `let ${name}Calls = 0;
function ${name}(ms) {
  const code = '(function ${name}(end) { let x = 1; while (Date.now() < end) x = (x * 31 + 7) % 65521; return x; })';
  return (0, eval)(code + '//' + ${name}Calls++)(Date.now() + ms);
}`;

module.exports = { busy };
