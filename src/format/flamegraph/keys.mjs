// Keys that mean the same wherever the focus is, except where text is typed. Those of charts and tables are
// theirs (chart_input.mjs, table.mjs).

const NEAR = 1.5;
const FAR = 0.2; // of the view: one step aside

export function listenForKeys(viewer) {
  const slow = { isAtOnce: false };
  const chart = () => viewer.activeChart;
  const actions = {
    1: () => viewer.set({ view: 'flame' }),
    2: () => viewer.set({ view: 'bottomup' }),
    3: () => viewer.set({ view: 'sandwich' }),
    4: () => viewer.set({ view: 'table' }),
    '/': () => viewer.focusSearch(),
    n: () => viewer.nextMatch(1),
    N: () => viewer.nextMatch(-1),
    Escape: () => viewer.goBack(),
    Backspace: () => viewer.goBack(),
    0: () => chart()?.reset(),
    '+': () => chart()?.zoomBy(NEAR, undefined, slow),
    '=': () => chart()?.zoomBy(NEAR, undefined, slow),
    w: () => chart()?.zoomBy(NEAR, undefined, slow),
    '-': () => chart()?.zoomBy(1 / NEAR, undefined, slow),
    s: () => chart()?.zoomBy(1 / NEAR, undefined, slow),
    a: () => chart()?.pan(-FAR, slow),
    d: () => chart()?.pan(FAR, slow),
    x: () => viewer.openSandwich(),
    y: () => viewer.copyName(),
    o: () => viewer.cycle('order'),
    r: () => viewer.cycle('root'),
    c: () => viewer.cycle('colour'),
    v: () => viewer.cycle('value'),
    i: () => viewer.cycle('idle'),
    t: () => viewer.switchTheme(),
    '?': () => viewer.showHelp(),
  };
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target.matches?.('input:not([type=checkbox]), textarea');
    if (isTyping && event.key === 'Escape') {
      viewer.leaveInput(event.target);
      event.preventDefault();
    }
    // A second time it is the browser's own search.
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f' && event.target.id !== 'query') {
      viewer.focusSearch();
      event.preventDefault();
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target.matches?.('select') && event.key.length === 1) return; // chooses by first letter
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
}
