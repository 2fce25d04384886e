// What the reader chose, kept in the browser: language, theme. The token is kept until the tab is closed.

const read = (storage, key) => {
  try {
    return storage.getItem(`xprofd.${key}`) || '';
  } catch {
    return ''; // a browser that keeps nothing
  }
};

const write = (storage, key, value) => {
  try {
    storage.setItem(`xprofd.${key}`, value);
  } catch {
    // it is then forgotten
  }
};

const wantsChinese = () => /^zh\b/i.test(navigator.language || '');
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

export const settings = {
  language: read(localStorage, 'language') || (wantsChinese() ? 'zh' : 'en'),
  theme: read(localStorage, 'theme') || (prefersDark.matches ? 'dark' : 'light'),
  token: read(sessionStorage, 'token'),
};

export function choose(key, value) {
  settings[key] = value;
  write(key === 'token' ? sessionStorage : localStorage, key, value);
}

/** Calls back when the system's theme changes, as long as the reader has chosen none. */
export function onSystemTheme(changed) {
  prefersDark.addEventListener('change', ({ matches }) => {
    if (read(localStorage, 'theme')) return;
    settings.theme = matches ? 'dark' : 'light';
    changed();
  });
}
