/* Counters of the network's protocols that are collected, found by the names that the kernel prints
 * above them: X(key, group, name, type, unit, help). /metrics has them under the names of
 * node_exporter. */
#ifndef XPF_DAEMON_NET_COUNTER_LIST_H
#define XPF_DAEMON_NET_COUNTER_LIST_H
/* clang-format off */
#define XPF_NET_IP_COUNTERS(X) \
  X(in_packets, Ip, InReceives, COUNTER, "", "IPv4 packets received, those with errors too") \
  X(in_header_errors, Ip, InHdrErrors, COUNTER, "", "IPv4 packets dropped: their header was wrong") \
  X(in_address_errors, Ip, InAddrErrors, COUNTER, "", "IPv4 packets dropped: not for us") \
  X(forwarded, Ip, ForwDatagrams, COUNTER, "", "IPv4 packets passed on to other hosts") \
  X(in_discards, Ip, InDiscards, COUNTER, "", "IPv4 packets dropped although nothing was wrong: no memory") \
  X(in_delivered, Ip, InDelivers, COUNTER, "", "IPv4 packets given to their protocol") \
  X(out_packets, Ip, OutRequests, COUNTER, "", "IPv4 packets to be sent") \
  X(out_discards, Ip, OutDiscards, COUNTER, "", "IPv4 packets not sent although nothing was wrong: no room") \
  X(out_no_routes, Ip, OutNoRoutes, COUNTER, "", "IPv4 packets not sent: no way there") \
  X(reassembly_fails, Ip, ReasmFails, COUNTER, "", "IPv4 packets that could not be put together from pieces") \
  X(fragment_fails, Ip, FragFails, COUNTER, "", "IPv4 packets that had to be cut and must not be") \
  X(in_octets, IpExt, InOctets, COUNTER, "bytes", "bytes of received IPv4 packets") \
  X(out_octets, IpExt, OutOctets, COUNTER, "bytes", "bytes of sent IPv4 packets") \
  X(in_no_routes, IpExt, InNoRoutes, COUNTER, "", "IPv4 packets received that had nowhere to go") \
  X(in_truncated, IpExt, InTruncatedPkts, COUNTER, "", "IPv4 packets shorter than they say") \
  X(in_checksum_errors, IpExt, InCsumErrors, COUNTER, "", "IPv4 packets with a wrong checksum") \
  X(in_not_ect, IpExt, InNoECTPkts, COUNTER, "", "IPv4 packets received whose sender does not know ECN") \
  X(in_ect0, IpExt, InECT0Pkts, COUNTER, "", "IPv4 packets received with ECN, ECT(0)") \
  X(in_ect1, IpExt, InECT1Pkts, COUNTER, "", "IPv4 packets received with ECN, ECT(1)") \
  X(in_ce, IpExt, InCEPkts, COUNTER, "", "IPv4 packets received that a router marked as having met congestion (ECN)") \
  X(icmp_in, Icmp, InMsgs, COUNTER, "", "ICMP messages received") \
  X(icmp_out, Icmp, OutMsgs, COUNTER, "", "ICMP messages sent") \
  X(icmp_in_errors, Icmp, InErrors, COUNTER, "", "ICMP messages received with errors") \
  X(icmp_in_unreachable, Icmp, InDestUnreachs, COUNTER, "", "ICMP messages received that say a packet could not arrive") \
  X(icmp_out_unreachable, Icmp, OutDestUnreachs, COUNTER, "", "the same, sent") \
  X(in_packets6, Ip6, InReceives, COUNTER, "", "IPv6 packets received") \
  X(in_discards6, Ip6, InDiscards, COUNTER, "", "IPv6 packets dropped: no memory") \
  X(in_delivered6, Ip6, InDelivers, COUNTER, "", "IPv6 packets given to their protocol") \
  X(out_packets6, Ip6, OutRequests, COUNTER, "", "IPv6 packets to be sent") \
  X(out_discards6, Ip6, OutDiscards, COUNTER, "", "IPv6 packets not sent: no room") \
  X(out_no_routes6, Ip6, OutNoRoutes, COUNTER, "", "IPv6 packets not sent: no way there") \
  X(in_no_routes6, Ip6, InNoRoutes, COUNTER, "", "IPv6 packets received that had nowhere to go") \
  X(in_octets6, Ip6, InOctets, COUNTER, "bytes", "bytes of received IPv6 packets") \
  X(out_octets6, Ip6, OutOctets, COUNTER, "bytes", "bytes of sent IPv6 packets") \
  X(in_ce6, Ip6, InCEPkts, COUNTER, "", "IPv6 packets received that a router marked as having met congestion (ECN)") \
  X(icmp6_in, Icmp6, InMsgs, COUNTER, "", "ICMPv6 messages received") \
  X(icmp6_out, Icmp6, OutMsgs, COUNTER, "", "ICMPv6 messages sent") \
  X(icmp6_in_errors, Icmp6, InErrors, COUNTER, "", "ICMPv6 messages received with errors")

#define XPF_NET_TCP_COUNTERS(X) \
  X(established, Tcp, CurrEstab, GAUGE, "", "connections that are established or whose other side has closed") \
  X(active_opens, Tcp, ActiveOpens, COUNTER, "", "connections begun from here") \
  X(passive_opens, Tcp, PassiveOpens, COUNTER, "", "connections begun from the other side") \
  X(attempt_fails, Tcp, AttemptFails, COUNTER, "", "connections that did not come about") \
  X(resets, Tcp, EstabResets, COUNTER, "", "established connections that were reset") \
  X(in_segments, Tcp, InSegs, COUNTER, "", "segments received") \
  X(out_segments, Tcp, OutSegs, COUNTER, "", "segments sent, without those sent again") \
  X(retransmits, Tcp, RetransSegs, COUNTER, "", "segments sent again") \
  X(in_errors, Tcp, InErrs, COUNTER, "", "segments received with errors") \
  X(in_checksum_errors, Tcp, InCsumErrors, COUNTER, "", "of them, with a wrong checksum") \
  X(out_resets, Tcp, OutRsts, COUNTER, "", "segments sent that reset a connection") \
  X(timeouts, TcpExt, TCPTimeouts, COUNTER, "", "times that no acknowledgement came until the retransmission timer ran out") \
  X(syn_retransmits, TcpExt, TCPSynRetrans, COUNTER, "", "SYN and SYN/ACK segments sent again") \
  X(lost_retransmits, TcpExt, TCPLostRetransmit, COUNTER, "", "segments sent again that were lost again") \
  X(fast_retransmits, TcpExt, TCPFastRetrans, COUNTER, "", "segments sent again because the other side showed that it misses them") \
  X(slow_start_retransmits, TcpExt, TCPSlowStartRetrans, COUNTER, "", "segments sent again after a timeout") \
  X(retransmit_fails, TcpExt, TCPRetransFail, COUNTER, "", "segments that could not be sent again") \
  X(spurious_timeouts, TcpExt, TCPSpuriousRTOs, COUNTER, "", "timeouts that turned out to be too early") \
  X(loss_probes, TcpExt, TCPLossProbes, COUNTER, "", "tail loss probes sent") \
  X(duplicates, TcpExt, TCPDSACKRecv, COUNTER, "", "times the other side said that it has got something twice") \
  X(ofo_queued, TcpExt, TCPOFOQueue, COUNTER, "", "segments that came out of order and were kept") \
  X(ofo_dropped, TcpExt, TCPOFODrop, COUNTER, "", "segments that came out of order and were dropped: no memory") \
  X(ofo_merged, TcpExt, TCPOFOMerge, COUNTER, "", "segments that came out of order and were there already") \
  X(ofo_pruned, TcpExt, OfoPruned, COUNTER, "", "segments out of order thrown away because of the memory they took") \
  X(sack_reorders, TcpExt, TCPSACKReorder, COUNTER, "", "times that reordering was seen by SACK") \
  X(ts_reorders, TcpExt, TCPTSReorder, COUNTER, "", "times that reordering was seen by time stamps") \
  X(reno_reorders, TcpExt, TCPRenoReorder, COUNTER, "", "times that reordering was seen by duplicate acknowledgements") \
  X(delivered, TcpExt, TCPDelivered, COUNTER, "", "segments that arrived at the other side") \
  X(delivered_ce, TcpExt, TCPDeliveredCE, COUNTER, "", "of them, those that met congestion (ECN)") \
  X(listen_overflows, TcpExt, ListenOverflows, COUNTER, "", "connections that found the accept queue full") \
  X(listen_drops, TcpExt, ListenDrops, COUNTER, "", "connections dropped at a listener, for whatever reason") \
  X(syn_queue_drops, TcpExt, TCPReqQFullDrop, COUNTER, "", "SYN dropped: the queue of half open connections was full") \
  X(syn_queue_cookies, TcpExt, TCPReqQFullDoCookies, COUNTER, "", "SYN answered with a cookie: that queue was full") \
  X(syncookies_sent, TcpExt, SyncookiesSent, COUNTER, "", "SYN cookies sent") \
  X(syncookies_received, TcpExt, SyncookiesRecv, COUNTER, "", "SYN cookies that came back") \
  X(syncookies_failed, TcpExt, SyncookiesFailed, COUNTER, "", "SYN cookies that came back wrong") \
  X(memory_pressures, TcpExt, TCPMemoryPressures, COUNTER, "", "times TCP went over the pressure mark of its memory") \
  X(prunes, TcpExt, PruneCalled, COUNTER, "", "times that the receive buffer of a connection was cleaned up: no room") \
  X(receive_pruned, TcpExt, RcvPruned, COUNTER, "", "segments dropped because that did not help") \
  X(receive_collapsed, TcpExt, TCPRcvCollapsed, COUNTER, "", "segments in a receive queue that were packed together to save memory") \
  X(receive_queue_drops, TcpExt, TCPRcvQDrop, COUNTER, "", "segments dropped: the receive queue was full") \
  X(backlog_drops, TcpExt, TCPBacklogDrop, COUNTER, "", "segments dropped: the connection was busy and its backlog full") \
  X(zero_window_drops, TcpExt, TCPZeroWindowDrop, COUNTER, "", "segments dropped: they came although we said that there is no room") \
  X(zero_windows_begun, TcpExt, TCPToZeroWindowAdv, COUNTER, "", "times we began to say that there is no room: the program does not read") \
  X(zero_windows_ended, TcpExt, TCPFromZeroWindowAdv, COUNTER, "", "times there was room again") \
  X(zero_windows_wanted, TcpExt, TCPWantZeroWindowAdv, COUNTER, "", "times we would have said so and could not") \
  X(window_probes, TcpExt, TCPWinProbe, COUNTER, "", "probes sent because the other side had no room") \
  X(keep_alives, TcpExt, TCPKeepAlive, COUNTER, "", "keep-alive probes sent") \
  X(abort_on_data, TcpExt, TCPAbortOnData, COUNTER, "", "connections aborted: closed with data on the way") \
  X(abort_on_close, TcpExt, TCPAbortOnClose, COUNTER, "", "connections aborted: closed with data not read") \
  X(abort_on_memory, TcpExt, TCPAbortOnMemory, COUNTER, "", "connections aborted: too many without an owner, or no memory") \
  X(abort_on_timeout, TcpExt, TCPAbortOnTimeout, COUNTER, "", "connections aborted: no answer for too long") \
  X(abort_on_linger, TcpExt, TCPAbortOnLinger, COUNTER, "", "connections aborted while waiting for the other side to close") \
  X(abort_failed, TcpExt, TCPAbortFailed, COUNTER, "", "connections aborted without being able to tell the other side") \
  X(time_wait_overflows, TcpExt, TCPTimeWaitOverflow, COUNTER, "", "connections that could not go to TIME_WAIT: tcp_max_tw_buckets") \
  X(time_waits, TcpExt, TW, COUNTER, "", "connections that left TIME_WAIT by their timer") \
  X(delayed_acks, TcpExt, DelayedACKs, COUNTER, "", "acknowledgements that were delayed") \
  X(challenge_acks, TcpExt, TCPChallengeACK, COUNTER, "", "challenge acknowledgements sent (attack, or a confused other side)") \
  X(queue_too_big, TcpExt, TCPWqueueTooBig, COUNTER, "", "segments not put into a send queue that was too big")

#define XPF_NET_UDP_COUNTERS(X) \
  X(in_datagrams, Udp, InDatagrams, COUNTER, "", "datagrams given to programs") \
  X(out_datagrams, Udp, OutDatagrams, COUNTER, "", "datagrams sent") \
  X(no_ports, Udp, NoPorts, COUNTER, "", "datagrams received for ports that nobody has open") \
  X(in_errors, Udp, InErrors, COUNTER, "", "datagrams that could not be given to programs") \
  X(receive_buffer_errors, Udp, RcvbufErrors, COUNTER, "", "of them: the receive buffer was full") \
  X(send_buffer_errors, Udp, SndbufErrors, COUNTER, "", "datagrams not sent: the send buffer was full") \
  X(in_checksum_errors, Udp, InCsumErrors, COUNTER, "", "datagrams with a wrong checksum") \
  X(memory_errors, Udp, MemErrors, COUNTER, "", "datagrams dropped: over udp_mem") \
  X(in_datagrams6, Udp6, InDatagrams, COUNTER, "", "the same over IPv6: datagrams given to programs") \
  X(out_datagrams6, Udp6, OutDatagrams, COUNTER, "", "datagrams sent over IPv6") \
  X(no_ports6, Udp6, NoPorts, COUNTER, "", "IPv6 datagrams received for ports that nobody has open") \
  X(in_errors6, Udp6, InErrors, COUNTER, "", "IPv6 datagrams that could not be given to programs") \
  X(receive_buffer_errors6, Udp6, RcvbufErrors, COUNTER, "", "of them: the receive buffer was full") \
  X(send_buffer_errors6, Udp6, SndbufErrors, COUNTER, "", "IPv6 datagrams not sent: the send buffer was full")
/* clang-format on */
#endif
