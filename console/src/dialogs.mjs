// Questions and answers on top of the page.

import { h } from './dom.mjs';
import { helpOf, word } from './words.mjs';

function open(dialog) {
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
  return dialog;
}

/** A dialog that closes on Escape, on its button, and on a click beside it. */
export function showDialog(title, ...content) {
  if (document.querySelector('dialog[open]')) return null;
  const dialog = h('dialog', { 'aria-label': title }, h('h2', {}, title), ...content);
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  return open(dialog);
}

export function showHelp(page) {
  const rows = helpOf(page).flatMap(([keys, text]) => [h('dt', {}, keys.flatMap((key, index) => [index > 0 ? ' ' : '', h('kbd', {}, key)])), h('dd', {}, text)]);
  const close = h('button', { class: 'primary', onclick: () => dialog.close() }, word('close'));
  const dialog = showDialog(word('help'), h('dl', { class: 'keys' }, rows), h('p', { class: 'faint' }, word('helpMore')), h('div', { class: 'dialog-buttons' }, close));
  close.focus();
}

/** The token, or null when the reader gives none. */
export function askToken(wasWrong) {
  return new Promise((resolve) => {
    const input = h('input', { type: 'password', autocomplete: 'current-password', 'aria-label': word('token'), required: true });
    const form = h('form', { method: 'dialog' },
      h('p', {}, wasWrong ? word('tokenWrong') : word('tokenWhy')),
      h('input', { type: 'text', autocomplete: 'username', value: 'xprofd', hidden: true }), // for password managers
      h('p', {}, input),
      h('div', { class: 'dialog-buttons' }, h('button', { onclick: () => dialog.close() }, word('cancel')), h('button', { type: 'submit', class: 'primary' }, word('useToken'))));
    const dialog = h('dialog', { 'aria-label': word('token') }, h('h2', {}, word('token')), form);
    let token = null;
    form.addEventListener('submit', () => (token = input.value.trim() || null));
    dialog.addEventListener('close', () => resolve(token));
    open(dialog);
    input.focus();
  });
}

/** A question with one button that does it. true: yes. */
export function confirm(title, text, yes) {
  return new Promise((resolve) => {
    let isSure = false;
    const button = h('button', { class: 'primary', onclick: () => { isSure = true; dialog.close(); } }, yes);
    const dialog = showDialog(title, h('p', {}, text), h('div', { class: 'dialog-buttons' }, h('button', { onclick: () => dialog.close() }, word('cancel')), button));
    if (!dialog) {
      resolve(false);
      return;
    }
    dialog.addEventListener('close', () => resolve(isSure));
    button.focus();
  });
}
