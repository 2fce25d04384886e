'use strict';

// A terminal of a given size that a test types on and looks at: tmux, on a server of the test's own.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { until } = require('./until');

class Terminal {
  constructor({ columns = 80, lines = 24, locale = 'C.UTF-8', type = 'screen-256color', env = {} } = {}) {
    this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-tmux-'));
    const rc = path.join(this.home, 'rc');
    fs.writeFileSync(rc, "PS1='$ '\n");
    this.env = { ...process.env, TMUX: '', TMUX_TMPDIR: this.home };
    const inside = { LC_ALL: locale, TERM: type, ...env };
    const words = Object.entries(inside).map(([name, value]) => `${name}='${value}'`).join(' ');
    const size = ['-x', String(columns), '-y', String(lines)];
    this.run('-f', '/dev/null', 'new-session', '-d', '-s', 't', ...size, `env ${words} bash --noprofile --rcfile '${rc}'`);
    this.run('set-option', '-g', 'status', 'off');
  }

  run(...words) {
    const result = spawnSync('tmux', ['-u', '-L', 'xpf', ...words], { env: this.env, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`tmux ${words.join(' ')}: ${result.stderr || result.error}`);
    return result.stdout;
  }

  /** Text as it is; keys by their names of tmux ("Up", "C-c", "Enter"). */
  type(text) {
    this.run('send-keys', '-t', 't', '-l', '--', text);
  }

  key(...names) {
    this.run('send-keys', '-t', 't', ...names);
  }

  command(line) {
    this.type(line);
    this.key('Enter');
  }

  resize(columns, lines) {
    this.run('resize-window', '-t', 't', '-x', String(columns), '-y', String(lines));
  }

  screen() {
    return this.run('capture-pane', '-p', '-t', 't');
  }

  /** The screen with its attributes. */
  attributes() {
    return this.run('capture-pane', '-e', '-p', '-t', 't');
  }

  /** Whether a program has the second screen, as full-screen programs do. */
  isAlternate() {
    return this.run('display-message', '-p', '-t', 't', '#{alternate_on}').trim() === '1';
  }

  /** Until the screen fits; gives the screen. */
  async shows(pattern, limitMs = 60000) {
    let screen = '';
    const fits = () => {
      screen = this.screen();
      return typeof pattern === 'function' ? pattern(screen) : pattern.test(screen);
    };
    try {
      await until(fits, 'the screen', limitMs);
    } catch {
      throw new Error(`the screen never showed ${pattern}, but\n${screen}`);
    }
    return screen;
  }

  close() {
    spawnSync('tmux', ['-L', 'xpf', 'kill-server'], { env: this.env });
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}

module.exports = { Terminal };
