// The menu of downloads, and what is printed.

import { forPaper, savePng, saveText, toCanvas, toCsv, toSvg } from './export.mjs';
import { ROW } from './painter.mjs';
import { find } from './panels.mjs';

function partsOf(viewer) {
  if (!viewer.activeChart) return [];
  const charts = viewer.state.view === 'sandwich' ? [viewer.callers, viewer.callees] : [viewer.chart];
  charts.forEach((chart) => chart.resize()); // one that was just shown has its size with the next frame only
  return charts
    .filter(({ scene }) => scene?.width > 0)
    .map((chart) => ({ scene: chart.scene, rows: chart.rows, fullHeight: (rows) => rows * ROW + chart.scene.ruler }));
}

function tableOf(viewer) {
  const table = viewer.state.view === 'sandwich' ? viewer.sideTable : viewer.fullTable;
  return toCsv([table.columns.map(({ label }) => label), ...table.rows.map((row) => table.columns.map(({ value }) => value(row)))]);
}

function save(viewer, kind) {
  const { title } = viewer.profile;
  const parts = partsOf(viewer);
  if (kind === 'print') window.print();
  else if (kind === 'csv') saveText(tableOf(viewer), title, 'csv', 'text/csv');
  else if (parts.length === 0) return;
  else if (kind === 'svg') saveText(toSvg(parts, title), title, 'svg', 'image/svg+xml');
  else savePng(parts, title);
}

function prepare(viewer) {
  const parts = partsOf(viewer);
  document.documentElement.dataset.theme = 'light';
  document.body.toggleAttribute('data-paper', parts.length > 0);
  if (parts.length === 0) return;
  const light = forPaper(parts, viewer.profile, viewer.state.colour, (colours, tree) => viewer.fillWith(colours, tree));
  find('paper').src = toCanvas(light, viewer.profile.title).toDataURL();
}

export function listenToSaving(viewer) {
  const button = find('download');
  const menu = find('downloads');
  const open = (isOpen) => {
    menu.hidden = !isOpen;
    button.setAttribute('aria-expanded', String(isOpen));
  };
  button.addEventListener('click', () => {
    open(menu.hidden);
    if (!menu.hidden) menu.querySelector('button:not([hidden])').focus();
  });
  menu.addEventListener('click', (event) => {
    const kind = event.target.dataset.save;
    if (!kind) return;
    open(false);
    button.focus();
    save(viewer, kind);
  });
  menu.addEventListener('keydown', (event) => {
    const items = [...menu.querySelectorAll('button:not([hidden])')];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      open(false);
      button.focus();
    } else if (step) items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!menu.hidden && !menu.parentElement.contains(event.target)) open(false);
  });
  addEventListener('beforeprint', () => prepare(viewer));
  addEventListener('afterprint', () => {
    document.body.removeAttribute('data-paper');
    document.documentElement.dataset.theme = viewer.theme;
  });
}
