'use strict';

// The network of the host as xprofd shows it agrees with node_exporter and with /proc read here; what happens on the
// network shows in it.
// matrix: never, it is about the host

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const { spawn } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { assertBetween, familiesOf, lines, parse, startExporter, words } = require('./support/node_exporter');
const { sleep, until } = require('./support/until');
const { startXprofd } = require('./support/xprofd');

const number = (file, column = 0) => Number(words(lines(file)[0])[column]);

/** snmp and netstat by the names above the numbers, as node_exporter names them. */
function readProtocols() {
  const series = {};
  for (const file of ['/proc/net/snmp', '/proc/net/netstat']) {
    const all = lines(file).map(words);
    for (let i = 0; i + 1 < all.length; i += 2) {
      all[i].forEach((name, column) => {
        if (column > 0) series[`node_netstat_${all[i][0].slice(0, -1)}_${name}`] = Number(all[i + 1][column]);
      });
    }
  }
  for (const line of lines('/proc/net/dev').slice(2)) {
    const [, device, rest] = /^\s*(\S+):\s*(.*)$/.exec(line);
    const columns = words(rest).map(Number);
    series[`node_network_receive_bytes_total{device="${device}"}`] = columns[0];
    series[`node_network_transmit_bytes_total{device="${device}"}`] = columns[8];
  }
  lines('/proc/net/softnet_stat').forEach((line) => {
    const columns = words(line).map((word) => parseInt(word, 16));
    series[`node_softnet_processed_total{cpu="${columns[12]}"}`] = columns[0];
  });
  return series;
}

describe('the network of the host', { skip: process.platform !== 'linux' }, () => {
  let xprofd;
  let exporter;

  before(async () => {
    exporter = await startExporter();
    xprofd = await startXprofd({ args: ['--store', 'none'] });
  });
  after(async () => {
    if (xprofd) await xprofd.stop();
    if (exporter) await exporter.stop();
  });

  const entitiesOf = (kind) => xprofd.entitiesOf(kind);
  const valuesOf = async (kind) => (await entitiesOf(kind))[0].values;

  const FAST = ['host_network', 'host_ip', 'host_tcp', 'host_udp', 'host_softnet', 'host_sockets'];

  test('counters lie between two readings of node_exporter', async () => {
    const first = await exporter.series();
    await xprofd.waitForReadings(FAST);
    const ours = parse((await xprofd.get('/metrics')).text);
    const last = await exporter.series();
    const pattern = /^node_(network_(receive|transmit)_\w+_total|network_carrier_changes_total|netstat_|softnet_\w+_total)/;
    const names = assertBetween(ours, first, last, new RegExp(`(?!node_netstat_Tcp_CurrEstab)${pattern.source}`), 0);
    const families = familiesOf(names);
    for (const family of ['node_network_receive_bytes_total', 'node_network_transmit_packets_total', 'node_netstat_Tcp_RetransSegs', 'node_netstat_TcpExt_ListenOverflows', 'node_netstat_TcpExt_SyncookiesSent', 'node_netstat_IpExt_InOctets', 'node_netstat_Udp_RcvbufErrors', 'node_softnet_dropped_total', 'node_softnet_times_squeezed_total']) {
      assert.ok(families.has(family), `${family} was compared; ${[...families].join(' ')}`);
    }
    // Whatever node_exporter has of these, we have.
    const lost = Object.keys(first).filter((name) => pattern.test(name) && name in last && !(name in ours) && !/nohandler|UdpLite|Ip_Forwarding/.test(name));
    assert.deepStrictEqual(lost, []);
  });

  test('counters lie between two readings of /proc', async () => {
    const first = readProtocols();
    await xprofd.waitForReadings(FAST);
    const ours = parse((await xprofd.get('/metrics')).text);
    const last = readProtocols();
    const names = assertBetween(ours, first, last, /^node_(?!netstat_Tcp_CurrEstab)/, 0);
    const families = familiesOf(names);
    for (const family of ['node_netstat_TcpExt_TCPOFOQueue', 'node_netstat_TcpExt_TCPSACKReorder', 'node_netstat_IpExt_InCEPkts', 'node_netstat_TcpExt_TCPZeroWindowDrop', 'node_netstat_TcpExt_TCPMemoryPressures', 'node_netstat_TcpExt_TCPTimeouts', 'node_network_receive_bytes_total', 'node_softnet_processed_total']) {
      assert.ok(families.has(family), `${family} was compared; ${[...families].join(' ')}`);
    }
  });

  test('limits and what devices are agree with node_exporter and /proc', async () => {
    await xprofd.waitForReadings(['host_sockets', 'host_network']);
    const { text } = await xprofd.get('/metrics');
    const ours = parse(text);
    const theirs = await exporter.series();
    const exact = Object.keys(theirs).filter((name) => /^node_(network_(mtu_bytes|up|transmit_queue_length)\b|nf_conntrack_entries_limit|filefd_maximum)/.test(name));
    assert.ok(exact.some((name) => name.startsWith('node_network_mtu_bytes')), exact.join(' '));
    for (const name of exact) assert.strictEqual(ours[name], theirs[name], name);
    for (const [name, value] of Object.entries(theirs)) {
      // A speed that is not known is not there, where node_exporter has a negative one.
      if (name.startsWith('node_network_speed_bytes')) assert.strictEqual(ours[name], value > 0 ? value : undefined, name);
    }
    const values = await valuesOf('host_sockets');
    const page = values.tcp_memory_limit / number('/proc/sys/net/ipv4/tcp_mem', 2);
    assert.ok(page >= 4096 && Number.isInteger(Math.log2(page)), `a page has ${page} bytes`);
    assert.strictEqual(values.tcp_orphans_limit, number('/proc/sys/net/ipv4/tcp_max_orphans'));
    assert.strictEqual(values.tcp_time_waits_limit, number('/proc/sys/net/ipv4/tcp_max_tw_buckets'));
    assert.ok(values.tcp_memory_use >= 0 && values.tcp_memory_use < 1, String(values.tcp_memory_use));
    const files = await valuesOf('host_files');
    assert.strictEqual(files.maximum, number('/proc/sys/fs/file-nr', 2));
    assert.strictEqual(files.inotify_watches, number('/proc/sys/fs/inotify/max_user_watches'));
    assert.ok(Math.abs(files.allocated - number('/proc/sys/fs/file-nr')) < 0.5 * files.allocated + 500, String(files.allocated));
  });

  test('conntrack is what the kernel says, or absent where it is not in use', async () => {
    const [{ values, quality }] = await entitiesOf('host_conntrack');
    if (fs.existsSync('/proc/sys/net/netfilter/nf_conntrack_max')) {
      assert.strictEqual(values.limit, number('/proc/sys/net/netfilter/nf_conntrack_max'));
      assert.ok(values.entries >= 0);
    } else {
      assert.strictEqual(quality.limit, 'absent');
      assert.strictEqual(values.limit, null);
    }
  });

  test('a listener that does not accept: the overflow is counted', async () => {
    const { listen_overflows: before } = await valuesOf('host_tcp');
    // The backlog of a listener in another process that is stopped fills up and takes no more.
    const code = `const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
      () => { console.log(s.address().port); process.kill(process.pid, 'SIGSTOP'); });`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const clients = [];
    try {
      const port = await new Promise((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
      await until(async () => {
        for (let i = 0; i < 8; i++) clients.push(net.connect({ port, host: '127.0.0.1' }).on('error', () => {}));
        await sleep(500); // thousands of connections would take xprofd's time for them
        return (await valuesOf('host_tcp')).listen_overflows > before;
      }, 'overflows of the host are counted', 60_000);
      const entity = await until(async () => {
        const [found] = (await entitiesOf('process')).filter(({ labels }) => labels.pid === String(child.pid));
        return found?.values.accept_queue > 0 && found;
      }, 'the accept queue of the process is seen', 90_000);
      assert.strictEqual(entity.values.tcp_listen, 1);
      assert.strictEqual(entity.values.accept_queue_limit, 1);
      assert.ok(entity.values.accept_queue <= 2, String(entity.values.accept_queue));
    } finally {
      clients.forEach((client) => client.destroy());
      child.kill('SIGKILL');
    }
  });
});
