'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

/** A certificate that signs itself, by openssl: { cert, key } are the paths. */
function makeCertificate(dir, { name = 'host', address = '127.0.0.1', type = 'ec', args = [] } = {}) {
  const cert = path.join(dir, `${name}.crt`);
  const key = path.join(dir, `${name}.key`);
  const kind = type === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const words = ['req', '-x509', '-newkey', ...kind, '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=xprofd test', '-addext', `subjectAltName=IP:${address},IP:127.0.0.1`];
  const made = spawnSync('openssl', [...words, ...names, '-keyout', key, '-out', cert, ...args], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl: ${made.error || made.stderr}`);
  return { cert, key, ca: fs.readFileSync(cert) };
}

module.exports = { makeCertificate };
