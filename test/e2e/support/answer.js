'use strict';

// Questions to the program of a test: tell(order), and the value that it gave back with answer(order, value).

const { until } = require('./until');

/** Goes in front of the program. */
const ANSWER = `function answer(order, value) {
  say(order + ' ' + JSON.stringify(value));
}
const xprofiler = require(xprofilerRoot);
`;

function answers(app, order) {
  return app.stdout.split('\n').slice(0, -1).filter((line) => line.startsWith(`${order} `));
}

async function ask(app, order, limitMs) {
  const before = answers(app, order).length;
  app.tell(order);
  const line = await until(
    () => answers(app, order)[before],
    `an answer to "${order}"; stderr ${app.stderr}`,
    limitMs,
  );
  return JSON.parse(line.slice(order.length + 1));
}

module.exports = { ANSWER, ask };
