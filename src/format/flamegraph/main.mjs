// Starts the viewer on the data of the page.

import { readProfile } from './data.mjs';
import { find } from './panels.mjs';
import { Viewer } from './viewer.mjs';
import { fillWords } from './words.mjs';

function start() {
  fillWords(document);
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const theme = prefersDark.matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = theme;
  const viewer = new Viewer(readProfile(JSON.parse(find('data').textContent)), theme);
  prefersDark.addEventListener('change', ({ matches }) => viewer.switchTheme(matches ? 'dark' : 'light'));
  find('chart').focus({ preventScroll: true });
}

start();
