'use strict';

// What tests must know of the sanitizer they run under (scripts/sanitizers.js), if any.

const { XPF_SANITIZER } = process.env;

/** Why a test cannot work under ThreadSanitizer, or false elsewhere. */
const notUnderThreads =
  XPF_SANITIZER === 'thread' && 'ThreadSanitizer delays the signals that stop threads, and maps terabytes';

/** How many times the memory that a program takes is what it would be. */
const memoryFactor = XPF_SANITIZER ? 4 : 1;

module.exports = { notUnderThreads, memoryFactor };
