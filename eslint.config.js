'use strict';

const js = require('@eslint/js');
const globals = require('globals');

module.exports = [
  { ignores: ['node_modules/', 'build/', 'build-*/', 'console/dist/', 'logs/', 'test/types/'] },
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: { ecmaVersion: 2022, sourceType: 'commonjs', globals: globals.node },
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'max-lines': ['error', 600],
      'max-lines-per-function': ['error', { max: 80, skipComments: true }],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }],
      'no-var': 'error',
      'prefer-const': 'error',
      strict: ['error', 'global'],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { ecmaVersion: 2022, sourceType: 'module', globals: globals.node },
  },
  {
    // In a browser, as one script: the viewer of flame graphs, the console.
    files: ['src/format/flamegraph/*.mjs', 'console/**/*.mjs'],
    languageOptions: { ecmaVersion: 2023, globals: globals.browser },
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'max-lines': ['error', 600],
      'max-lines-per-function': ['error', { max: 80, skipComments: true }],
      'no-control-regex': 'off', // names of functions may have any character
      'prefer-const': 'error',
    },
  },
  {
    // A test file is one long list of tests.
    files: ['test/**/*.js', 'test/**/*.mjs'],
    rules: { 'max-lines-per-function': 'off' },
  },
];
