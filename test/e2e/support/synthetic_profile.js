'use strict';

// CPU profiles as V8 writes them, of any size: the same numbers make the same profile.

const NAMES = 'handle parse query render write read flush emit resolve match visit encode decode merge sort filter apply'.split(' ');
const PACKAGES = ['express', 'pg', '@fastify/cors', 'lodash', 'ws', 'undici', 'ajv', 'pino'];

function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function functionAt(index) {
  const kind = index % 5;
  const name = `${NAMES[index % NAMES.length]}${index}`;
  const line = (index * 37) % 900;
  if (kind === 0) return { functionName: name, url: `node:internal/module_${index % 60}`, lineNumber: line };
  if (kind === 1 || kind === 2) {
    const owner = PACKAGES[index % PACKAGES.length];
    return { functionName: name, url: `file:///srv/shop/node_modules/${owner}/lib/part${index % 40}.js`, lineNumber: line };
  }
  return { functionName: index % 7 === 0 ? '' : name, url: `file:///srv/shop/src/area${index % 12}/file${index % 90}.js`, lineNumber: line };
}

const META = ['(root)', '(program)', '(idle)', '(garbage collector)'];

/** @param {{ nodes: number, samples?: number, seed?: number }} size */
function cpuProfile({ nodes: count, samples: samplesCount = 2 * count, seed = 1 }) {
  const below = random(seed);
  const functions = Math.max(50, Math.round(count / 12));
  const frame = (functionName, url = '', lineNumber = -1) => ({ functionName, scriptId: '0', url, lineNumber, columnNumber: lineNumber < 0 ? -1 : 4 });
  const nodes = META.map((name, index) => ({ id: index + 1, callFrame: frame(name), hitCount: 0, children: [] }));
  nodes[0].children = [2, 3, 4];
  const depths = [0];
  for (let index = META.length; index < count; index++) {
    // Deep stacks with bushes, as servers have them: mostly under a recent node.
    const recent = Math.max(META.length, index - 1 - below(60));
    const parent = below(40) === 0 || index === META.length || depths[recent] > 55 ? 0 : recent;
    depths[index] = (depths[parent] || 0) + 1;
    const { functionName, url, lineNumber } = functionAt(below(functions));
    nodes.push({ id: index + 1, callFrame: frame(functionName, url, lineNumber), hitCount: 0, children: [] });
    nodes[parent].children.push(index + 1);
  }
  const samples = [];
  let at = META.length;
  for (let index = 0; index < samplesCount; index++) {
    const chance = below(100);
    if (chance < 30) at = META.length + below(Math.max(1, count - META.length));
    const node = count <= META.length ? 1 : chance >= 95 ? 3 : chance >= 88 ? 2 : chance >= 80 ? 1 : at;
    nodes[node].hitCount++;
    samples.push(node + 1);
  }
  const startTime = 1e6;
  return { nodes, startTime, endTime: startTime + 1000 * (samplesCount + 1), samples, timeDeltas: samples.map(() => 1000) };
}

module.exports = { cpuProfile };
