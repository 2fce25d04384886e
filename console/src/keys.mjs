// Keys that mean the same wherever the focus is, except where text is typed. Those of tables and charts are theirs.

const NEAR = 0.5;
const ASIDE = 0.25;

export function listenForKeys(app) {
  const range = () => app.page?.range;
  const actions = {
    1: () => app.go({ page: 'processes' }),
    2: () => app.go({ page: 'host' }),
    3: () => app.go({ page: 'explore' }),
    4: () => app.go({ page: 'events' }),
    '/': () => app.page?.focusFilter?.(),
    t: () => app.switchTheme(),
    L: () => app.switchLanguage(),
    '?': () => app.help(),
    '+': () => range()?.zoomBy(NEAR),
    '=': () => range()?.zoomBy(NEAR),
    w: () => range()?.zoomBy(NEAR),
    '-': () => range()?.zoomBy(1 / NEAR),
    s: () => range()?.zoomBy(1 / NEAR),
    a: () => range()?.move(-ASIDE),
    d: () => range()?.move(ASIDE),
    l: () => range()?.goLive(),
    p: () => range()?.pause(),
    0: () => range()?.reset(),
    c: () => app.page?.takeProfile?.('cpu'),
    h: () => app.page?.takeProfile?.('heap'),
    Escape: () => app.page?.back?.(),
    Backspace: () => app.page?.back?.(),
  };
  document.addEventListener('keydown', (event) => {
    const { target } = event;
    const isTyping = target.matches?.('input:not([type=checkbox]), textarea');
    if (isTyping && event.key === 'Escape' && !target.closest('dialog')) {
      if (target.value) {
        target.value = '';
        target.dispatchEvent(new Event('input'));
      } else target.blur();
      event.preventDefault();
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (target.matches?.('select') && event.key.length === 1) return; // chooses by first letter
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
}
