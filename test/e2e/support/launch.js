'use strict';

// launch(): startApp() for files whose every test has programs of its own; they are stopped after it.

const { afterEach } = require('node:test');

const { startApp } = require('./app');

let apps = [];
afterEach(async () => {
  const all = apps;
  apps = [];
  await Promise.all(all.map((app) => app.stop()));
});

function launch(body, options) {
  const app = startApp(body, options);
  apps.push(app);
  return app;
}

module.exports = { launch };
