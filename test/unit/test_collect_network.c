// links: src/daemon/collect_network.c src/daemon/collect_protocols.c src/daemon/collect_sockets.c
// links: src/daemon/collect_conntrack.c src/daemon/collect_softnet.c src/daemon/collect_files.c
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/net_text.c
// links: src/host/proc_text.c src/host/proc_file.c src/wire/utf8.c -lm
/* The network of a recorded host. */
#include "collect.h"
#include "daemon/collector_list.h"

#define DEV_HEADING                                                                                \
  "Inter-|   Receive                                                |  Transmit\n"                 \
  " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "  \
  "fifo colls carrier compressed\n"

static void devices(void **state) {
  (void)state;
  collect_put(&c, "proc/net/dev",
              DEV_HEADING "    lo: 100 2 0 0 0 0 0 0 100 2 0 0 0 0 0 0\n"
                          "eth:0:1000 11 1 2 3 4 5 6 2000 22 7 8 9 10 11 12\n"
                          "broken: 1 2 3\n");
  collect_put(&c, "sys/class/net/eth:0/operstate", "up\n");
  collect_put(&c, "sys/class/net/eth:0/speed", "1000\n");
  collect_put(&c, "sys/class/net/eth:0/mtu", "1500\n");
  collect_put(&c, "sys/class/net/eth:0/address", "52:54:00:aa:bb:cc\n");
  collect_put(&c, "sys/class/net/eth:0/carrier_changes", "3\n");
  collect_put(&c, "sys/class/net/lo/operstate", "unknown\n");
  collect_put(&c, "sys/class/net/lo/speed", "-1\n");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_network"), 2);
  assert_value(&c, "host_network", "eth:0", "receive_bytes", 1000);
  assert_value(&c, "host_network", "eth:0", "receive_multicast", 6);
  assert_value(&c, "host_network", "eth:0", "transmit_bytes", 2000);
  assert_value(&c, "host_network", "eth:0", "transmit_carrier", 11);
  assert_value(&c, "host_network", "eth:0", "transmit_compressed", 12);
  assert_value(&c, "host_network", "eth:0", "speed", 125e6);
  assert_value(&c, "host_network", "eth:0", "mtu", 1500);
  assert_value(&c, "host_network", "eth:0", "up", 1);
  assert_value(&c, "host_network", "lo", "up", 0);
  assert_quality(&c, "host_network", "lo", "speed", "absent");
  assert_quality(&c, "host_network", "lo", "carrier", "absent");
  struct xpf_entity *entity = collect_entity(&c, "host_network", "eth:0");
  assert_string_equal(entity->labels[0], "eth:0");
  assert_string_equal(entity->info[0], "up");
  assert_null(entity->info[1]);
  assert_string_equal(entity->info[2], "52:54:00:aa:bb:cc");
  /* the next second: what a device is stays, one is gone, one is new and looked at at once */
  collect_put(&c, "sys/class/net/new/mtu", "9000\n");
  collect_put(&c, "proc/net/dev",
              DEV_HEADING "eth:0:2000 11 1 2 3 4 5 6 2500 22 7 8 9 10 11 12\n"
                          "new:7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 18446744073709551615\n");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_network"), 2);
  assert_value(&c, "host_network", "eth:0", "mtu", 1500);
  assert_value(&c, "host_network", "new", "mtu", 9000);
  assert_true(collect_value(&c, "host_network", "eth:0", "use") > 0);
  assert_quality(&c, "host_network", "new", "use", "absent");
}

static void devices_are_bounded(void **state) {
  (void)state;
  static char text[40000];
  size_t used = 0;
  for (int i = 0; i < 400; i++)
    used += (size_t)snprintf(text + used, sizeof text - used,
                             "veth%d: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n", i);
  collect_put(&c, "proc/net/dev", text);
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_network"), 256);
}

static void no_devices_to_see(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
  assert_int_equal(collect_count(&c, "host_network"), 0);
}

static void put_protocols(const char *retransmits) {
  char text[2048];
  snprintf(text, sizeof text,
           "Ip: Forwarding DefaultTTL InReceives InNew OutRequests\nIp: 1 64 500 9 400\n"
           "Udp: InDatagrams NoPorts RcvbufErrors\nUdp: 5 6 7\n"
           "Tcp: RtoMin MaxConn CurrEstab OutSegs RetransSegs InSegs\nTcp: 200 -1 12 %s 90\n",
           retransmits);
  collect_put(&c, "proc/net/snmp", text);
}

/* Found by name, whatever stands around them: a kernel adds columns in the middle. */
static void protocols(void **state) {
  (void)state;
  put_protocols("1000 10");
  collect_put(&c, "proc/net/netstat",
              "TcpExt: SyncookiesSent ListenOverflows TCPMemoryPressuresChrono TCPOFOQueue\n"
              "TcpExt: 1 2 1500 4\n"
              "Stray: line\n"
              "IpExt: InOctets InCEPkts\nIpExt: 123456789012 8\n");
  collect_put(&c, "proc/net/snmp6", "Ip6InReceives 31\nIp6InOctets\t32\nUdp6NoPorts  33\nodd\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_ip", "", "in_packets", 500);
  assert_value(&c, "host_ip", "", "out_packets", 400);
  assert_value(&c, "host_ip", "", "in_octets", 123456789012.0);
  assert_value(&c, "host_ip", "", "in_ce", 8);
  assert_value(&c, "host_ip", "", "in_packets6", 31);
  assert_value(&c, "host_ip", "", "in_octets6", 32);
  assert_value(&c, "host_udp", "", "receive_buffer_errors", 7);
  assert_value(&c, "host_udp", "", "no_ports6", 33);
  assert_value(&c, "host_tcp", "", "established", 12);
  assert_value(&c, "host_tcp", "", "retransmits", 10);
  assert_value(&c, "host_tcp", "", "in_segments", 90);
  assert_value(&c, "host_tcp", "", "listen_overflows", 2);
  assert_value(&c, "host_tcp", "", "ofo_queued", 4);
  assert_value(&c, "host_tcp", "", "pressure_time", 1.5);
  assert_quality(&c, "host_tcp", "", "timeouts", "absent");
  assert_quality(&c, "host_tcp", "", "retransmit_ratio", "absent");
  put_protocols("1100 15");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_tcp", "", "retransmit_ratio", 0.05);
}

static void protocols_that_are_missing(void **state) {
  (void)state;
  put_protocols("1000 10");
  assert_int_equal(collect_run(&c), -ENOENT); /* netstat */
  assert_value(&c, "host_tcp", "", "retransmits", 10);
  assert_quality(&c, "host_tcp", "", "listen_drops", "absent");
  assert_quality(&c, "host_ip", "", "in_packets6", "absent");
}

static void sockets(void **state) {
  (void)state;
  double page = (double)sysconf(_SC_PAGESIZE);
  collect_put(&c, "proc/net/sockstat",
              "sockets: used 46\nTCP: inuse 9 orphan 5 tw 20 alloc 9 mem 95\n"
              "UDP: inuse 1 mem 2\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n");
  assert_int_equal(collect_run(&c), 0);
  assert_quality(&c, "host_sockets", "", "tcp6", "absent");
  assert_quality(&c, "host_sockets", "", "tcp_memory_use", "absent");
  collect_put(&c, "proc/net/sockstat6", "TCP6: inuse 3\nUDP6: inuse 4\n");
  collect_put(&c, "proc/sys/net/ipv4/tcp_mem", "100\t180\t190\n");
  collect_put(&c, "proc/sys/net/ipv4/tcp_max_orphans", "50\n");
  collect_put(&c, "proc/sys/net/ipv4/tcp_max_tw_buckets", "80\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_sockets", "", "used", 46);
  assert_value(&c, "host_sockets", "", "tcp", 9);
  assert_value(&c, "host_sockets", "", "tcp6", 3);
  assert_value(&c, "host_sockets", "", "udp6", 4);
  assert_value(&c, "host_sockets", "", "tcp_memory", 95 * page);
  assert_value(&c, "host_sockets", "", "tcp_memory_pressure", 180 * page);
  assert_value(&c, "host_sockets", "", "tcp_memory_limit", 190 * page);
  assert_value(&c, "host_sockets", "", "tcp_memory_use", 0.5);
  assert_value(&c, "host_sockets", "", "tcp_orphans_use", 0.1);
  assert_value(&c, "host_sockets", "", "tcp_time_waits_use", 0.25);
  assert_quality(&c, "host_sockets", "", "udp_memory_use", "absent");
}

/* Two kernels with different columns, two CPUs. */
static void conntrack(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), 0); /* not in use */
  assert_quality(&c, "host_conntrack", "", "entries", "absent");
  collect_put(&c, "proc/sys/net/netfilter/nf_conntrack_count", "250\n");
  collect_put(&c, "proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
  collect_put(&c, "proc/net/stat/nf_conntrack",
              "entries  clashres found insert_failed drop early_drop\n"
              "000000fa 00000001 00000002 00000010 0000000a 00000004\n"
              "000000fa 00000001 00000002 00000010 00000006 00000004\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_conntrack", "", "use", 0.25);
  assert_value(&c, "host_conntrack", "", "drop", 16);
  assert_value(&c, "host_conntrack", "", "insert_failed", 32);
  assert_value(&c, "host_conntrack", "", "clash_resolved", 2);
  assert_quality(&c, "host_conntrack", "", "search_restart", "absent");
  collect_put(&c, "proc/net/stat/nf_conntrack", "entries  drop searched found\n1 f 3 4\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_conntrack", "", "drop", 15);
  assert_value(&c, "host_conntrack", "", "found", 4);
}

/* The second CPU is off: the line says which one it is of. */
static void softnet(void **state) {
  (void)state;
  collect_put(&c, "proc/net/softnet_stat",
              "0000ff 1 2 0 0 0 0 0 0 3 4 5 00000000 0 0\n"
              "000010 a b 0 0 0 0 0 0 c d e 00000002 0 0\n");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_softnet"), 2);
  assert_value(&c, "host_softnet", "0", "processed", 255);
  assert_value(&c, "host_softnet", "2", "dropped", 10);
  assert_value(&c, "host_softnet", "2", "squeezed", 11);
  assert_value(&c, "host_softnet", "2", "backlog", 14);
  collect_put(&c, "proc/net/softnet_stat", "10 1 2 0 0 0 0 0 0\nx\n11 1 2 0 0 0 0 0 0\n");
  assert_int_equal(collect_run(&c), 0);
  assert_quality(&c, "host_softnet", "0", "backlog", "absent");
  assert_value(&c, "host_softnet", "2", "processed", 17);
}

static void files(void **state) {
  (void)state;
  collect_put(&c, "proc/sys/fs/file-nr", "930\t0\t9223372036854775807\n");
  collect_put(&c, "proc/sys/fs/inode-nr", "213456\t3\n");
  collect_put(&c, "proc/sys/fs/inotify/max_user_watches", "8192\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_files", "", "allocated", 930);
  assert_value(&c, "host_files", "", "maximum", 9223372036854775807.0);
  assert_value(&c, "host_files", "", "inodes_free", 3);
  assert_value(&c, "host_files", "", "inotify_watches", 8192);
  assert_quality(&c, "host_files", "", "inotify_instances", "absent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(devices, xpf_collector_network),
      collect_test(devices_are_bounded, xpf_collector_network),
      collect_test(no_devices_to_see, xpf_collector_network),
      collect_test(protocols, xpf_collector_protocols),
      collect_test(protocols_that_are_missing, xpf_collector_protocols),
      collect_test(sockets, xpf_collector_sockets),
      collect_test(conntrack, xpf_collector_conntrack),
      collect_test(softnet, xpf_collector_softnet),
      collect_test(files, xpf_collector_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
