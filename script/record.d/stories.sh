# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # its variables are those of script/record
#
# stories.sh - the stories that script/record tells, one function each; the line above it says what happens.
#
# What they are built of is in script/record (topology, lose, capture...) and record.d/talk.py (the words after
# client and server). captures/recorded/README.md says what is to be seen in each capture and why.

# ordinary NAME [tcpdump arguments]: one plain connection recorded at the client.
ordinary() {
	topology bridge
	at_client "$@"
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# connected PORT: an open connection; the server sends when mark "speak" is set. Neither end goes away by itself.
connected() {
	server tcp listen 80 5 accept recv 100 await_mark speak send 50 hold
	client_stays tcp bind "$1" connect 80 send 100 mark open await_mark vanish linger0 close
	until_mark open
	sleep 0.3
}

# ---- opening and closing ----

# A plain connection; the client closes first.
story_normal() {
	ordinary normal
}

# A plain connection, with time stamps in nanoseconds.
story_normal_nano() {
	ordinary normal-nano --time-stamp-precision=nano
}

# A plain connection on both ports of the bridge, as pcapng with two interfaces (dumpcap).
story_normal_pcapng() {
	command -v dumpcap >/dev/null || skip "dumpcap (wireshark-common) is missing"
	topology bridge
	ip netns exec "$path" dumpcap -q -f tcp -i w0 -i w1 -w "$RUN/normal-pcapng.pcapng" 2>"$RUN/dumpcap.log" &
	dumpers+=($!)
	names+=(normal-pcapng.pcapng)
	sleep 1.5
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
	sleep 1
}

# The client chose ISN 4321.
story_textbook() {
	topology bridge
	at_client textbook
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 isn 4321 connect 80 send 100 recv 200 close
	over
}

# The client chose ISN 4294967295: its numbers wrap around.
story_wrap() {
	topology bridge
	at_client wrap
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 isn 4294967295 connect 80 send 100 recv 200 close
	over
}

# The server closes first.
story_server_closes() {
	topology bridge
	at_client server-closes
	server tcp listen 80 5 accept recv 100 send 200 close
	client tcp bind 49152 connect 80 send 100 recv 200 eof close
	over
}

# The client closes its direction; the server goes on sending.
story_half_close() {
	topology bridge
	at_client half-close
	server tcp listen 80 5 accept recv 100 eof send 200 sleep 1 send 200 mark said hold
	client_stays tcp bind 49152 connect 80 send 100 shutdown recv 400 hold
	until_mark said
	quiet
}

# Both ends close at the same moment.
story_both_close() {
	topology none
	wire --delay 0.1
	at_client both-close
	server tcp listen 80 5 accept recv 100 send 200 await_mark now close
	client_stays tcp bind 49152 connect 80 send 100 recv 200 await_mark now close
	sleep 1.2
	mark now
	over
	sleep 0.5
}

# The client ends the connection by RST (SO_LINGER 0).
story_rst_close() {
	topology bridge
	at_client rst-close
	server tcp listen 80 5 accept recv 100 send 200 %eof close
	client tcp bind 49152 connect 80 send 100 recv 200 linger0 close
	over
}

# The server closes with the request unread, and the kernel sends RST.
story_unread() {
	topology bridge
	at_client unread
	server tcp listen 80 5 accept sleep 0.3 close
	client tcp bind 49152 connect 80 send 100 %recv 1 close
	over
	quiet
}

# The client resets the connection as soon as it is open.
story_rst_at_once() {
	topology bridge
	at_client rst-at-once
	server tcp listen 80 5 accept %eof close
	client tcp bind 49152 connect 80 linger0 close
	over
	quiet
}

# Nobody says anything for a while; keep-alives.
story_keep_alive() {
	topology bridge
	at_client keep-alive
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 opt SO_KEEPALIVE 1 opt TCP_KEEPIDLE 1 opt TCP_KEEPINTVL 1 \
		send 100 recv 200 sleep 3.5 close
	over
}

# IPv6.
story_ipv6() {
	topology bridge
	at_client ipv6
	server tcp6 listen 80 5 accept recv 100 send 200 eof close
	client tcp6 bind 49152 connect 80 send 100 recv 200 close
	over
}

# Client and server on one host, over the loopback interface, with offloads on.
story_loopback() {
	topology none
	capture client lo loopback
	talk_loopback tcp listen 80 5 accept recv 30000 send 200 eof close &
	talkers+=($!)
	until_mark listening
	talk_loopback tcp bind 49152 connect 80 send 30000 recv 200 close
	over
}

talk_loopback() {
	at client env RUN="$RUN" ME4=127.0.0.1 PEER4=127.0.0.1 "$python" "$here/record.d/talk.py" "$@"
}

# ---- no answer, refusal ----

# Nobody listens.
story_refused() {
	topology bridge
	at_client refused
	client tcp bind 49152 %connect 80
	quiet
}

# Nobody listens, over IPv6.
story_ipv6_refused() {
	topology bridge
	at_client ipv6-refused
	client tcp6 bind 49152 %connect 80
	quiet
}

# A firewall on the server answers with RST.
story_refused_by_firewall() {
	topology bridge
	reject server tcp dport 80 reject with tcp reset
	at_client refused-by-firewall
	client tcp bind 49152 %connect 80
	quiet
}

# The SYN is lost each time; the client gives up.
story_syn_lost() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_syn_retries=2
	lose from_client 'tcp flags == syn'
	at_client syn-lost
	server tcp listen 80 5 hold
	client tcp bind 49152 %connect 80
	quiet
}

# The SYN is lost the first time only.
story_syn_lost_once() {
	topology bridge
	lose from_client 'tcp flags == syn'
	at_client syn-lost-once
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client_stays tcp bind 49152 start 80 mark started started 5 send 100 recv 200 close
	until_mark started
	sleep 0.5
	heal
	over
}

# The SYN is lost, and the capture ends too soon to tell.
story_capture_ended() {
	topology bridge
	lose from_client 'tcp flags == syn'
	at_client capture-ended
	server tcp listen 80 5 hold
	client_stays tcp bind 49152 start 80 mark started hold
	until_mark started
	sleep 1.4
	client datagram
}

# The SYN is lost, the client closes and tries again from the same port, in vain.
story_syn_new_isn() {
	topology bridge
	lose from_client 'tcp flags == syn'
	at_client syn-new-isn
	server tcp listen 80 5 hold
	client tcp bind 49152 start 80 %started 0.5 close tcp bind 49152 start 80 %started 1.5 close
	quiet
}

# The SYN-ACK is lost each time, recorded on both ends.
story_synack_lost() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_syn_retries=1
	at server sysctl -qw net.ipv4.tcp_synack_retries=2
	lose from_server 'tcp flags == (syn|ack)'
	at_client synack-lost-client
	at_server synack-lost-server
	server tcp listen 80 5 hold
	client tcp bind 49152 %connect 80
	quiet 6
}

# A SYN with a false source address: nobody answers the SYN-ACK.
story_spoofed_syn() {
	topology bridge
	at server sysctl -qw net.ipv4.tcp_synack_retries=2
	ip -n "$server" neighbour add 192.0.2.77 lladdr "$client_mac" dev s0
	at_server spoofed-syn
	server tcp listen 80 5 hold
	client raw_syn 192.0.2.77 49152 80 1000000
	quiet 4
}

# The SYN-ACK is lost, the server stops listening, and the SYN tried again is refused; both ends.
story_server_stops_listening() {
	topology bridge
	lose from_server 'tcp flags == (syn|ack)'
	at_client server-stops-client
	at_server server-stops-server
	server tcp listen 80 5 sleep 0.5 close_listener
	client tcp bind 49152 %connect 80
	over
	quiet
}

# ---- the final ACK ----

# The final ACK is lost each time, and nobody sends data; both ends.
story_final_ack_lost() {
	topology bridge
	at server sysctl -qw net.ipv4.tcp_synack_retries=2
	lose from_client 'tcp flags == ack'
	at_client final-ack-lost-client
	at_server final-ack-lost-server
	server tcp listen 80 5 hold
	client_stays tcp bind 49152 connect 80 hold
	sleep 5
	quiet
}

# The final ACK is lost, and the client's data opens the connection; both ends.
story_final_ack_lost_data() {
	topology bridge
	lose from_client 'tcp flags == ack'
	at_client final-ack-lost-data-client
	at_server final-ack-lost-data-server
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client_stays tcp bind 49152 connect 80 mark open sleep 0.3 send 100 recv 200 close
	until_mark open
	sleep 0.15
	heal
	over
}

# The final ACK is lost the first time; the SYN-ACK comes again; both ends.
story_final_ack_lost_once() {
	topology bridge
	lose from_client 'tcp flags == ack'
	at_client final-ack-lost-once-client
	at_server final-ack-lost-once-server
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client_stays tcp bind 49152 connect 80 mark open sleep 1.5 send 100 recv 200 close
	until_mark open
	sleep 0.5
	heal
	over
}

# Two attempts, 10 ms apart, neither waiting for the other.
two=(tcp bind 49152 start 80 keep first sleep 0.01 tcp bind 49153 start 80 keep second)

# A queue of three places, two of them taken before the capture begins; nobody accepts until mark "accept".
nearly_full_queue() {
	topology none
	wire --delay 0.05
	server tcp listen 80 2 await_mark accept accept accept accept recv 100 eof close accept recv 100 eof close
	client_stays tcp bind 49150 connect 80 mark one hold
	client_stays tcp bind 49151 connect 80 mark two hold
	until_mark one
	until_mark two
	sleep 0.3
}

# The accept queue is full: two connect at once, the second one's ACK is ignored until the server accepts.
story_accept_queue_full() {
	nearly_full_queue
	at_client accept-queue-full --filter "portrange 49152-49153 or udp port 9"
	client_stays "${two[@]}" use first started 1 send 100 close use second started 1 send 100 close mark sent
	until_mark sent
	sleep 1.3
	mark accept
	sleep 3
}

# The accept queue stays full: the SYN-ACK comes again until the server forgets the second connection.
story_accept_queue_stuck() {
	nearly_full_queue
	at server sysctl -qw net.ipv4.tcp_synack_retries=2
	at_client accept-queue-stuck --filter "portrange 49152-49153 or udp port 9"
	client_stays "${two[@]}" use first started 1 send 100 use second started 1 hold
	sleep 8
	quiet
}

# The accept queue is full, and the listener has a backlog of 0, so that its SYN-ACKs are cookies: nothing comes again.
story_accept_queue_cookies() {
	topology none
	wire --delay 0.05
	at_client accept-queue-cookies
	server tcp listen 80 0 hold
	client_stays "${two[@]}" use first started 1 send 100 use second started 1 send 100 hold
	sleep 2
	quiet
}

# The accept queue is full and net.ipv4.tcp_abort_on_overflow resets the second one.
story_abort_on_overflow() {
	nearly_full_queue
	at server sysctl -qw net.ipv4.tcp_abort_on_overflow=1
	at_client abort-on-overflow --filter "portrange 49152-49153 or udp port 9"
	client_stays "${two[@]}" use first started 1 send 100 use second started 1 hold
	sleep 1
	quiet
}

# TCP_DEFER_ACCEPT: the server ignores the ACK and waits for data, which comes.
story_defer_accept() {
	topology bridge
	at_client defer-accept
	server tcp opt TCP_DEFER_ACCEPT 3 listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 sleep 2 send 100 recv 200 close
	over
}

# TCP_DEFER_ACCEPT with a client that says nothing for longer than the server defers.
story_defer_accept_silent() {
	topology bridge
	at_client defer-accept-silent
	server tcp opt TCP_DEFER_ACCEPT 1 listen 80 5 accept send 50 recv 100 eof close
	client tcp bind 49152 connect 80 recv 50 send 100 close
	over
}

# ---- the client leaves ----

# A scan: the SYN comes from no socket, and the kernel answers the SYN-ACK with RST.
story_scan() {
	topology bridge
	at_client scan
	server tcp listen 80 5 hold
	client raw_syn 192.0.2.1 49152 80 1000000
	quiet
}

# A health check: the program withholds its ACK and resets instead.
story_health_check() {
	topology bridge
	at_client health-check
	server tcp listen 80 5 hold
	client tcp bind 49152 opt TCP_QUICKACK 0 connect 80 linger0 close
	quiet
}

# The client loses patience before the SYN-ACK arrives.
story_impatient() {
	topology none
	wire --delay 0.4
	at_client impatient
	server tcp listen 80 5 hold
	client tcp bind 49152 start 80 %started 0.5 close
	quiet
}

# ---- a peer that forgot ----

# The client loses the connection unseen; the server's data gets a bare RST. Recorded at the server.
story_lost_state_client() {
	topology bridge
	at_server lost-state-client
	connected 49152
	lose from_client 'tcp flags & rst == rst'
	mark vanish
	sleep 1.5
	heal
	mark speak
	quiet
}

# The server loses the connection unseen; the client's data gets a bare RST. Recorded at the client.
story_lost_state_server() {
	topology bridge
	at_client lost-state-server
	server tcp listen 80 5 accept recv 100 await_mark vanish linger0 close hold
	client_stays tcp bind 49152 connect 80 send 100 mark open await_mark speak send 50 hold
	until_mark open
	lose from_server 'tcp flags & rst == rst'
	mark vanish
	sleep 1.5
	heal
	mark speak
	quiet
}

# The client loses the connection unseen and connects again from the same port; both ends.
story_reconnect() {
	topology bridge
	at_client reconnect-client
	at_server reconnect-server
	connected 49152
	lose from_client 'tcp flags & rst == rst'
	mark vanish
	sleep 1.2
	heal
	# The hold of connected's server keeps the listener: the backlog takes the new connection.
	client tcp bind 49152 connect 80 send 100 sleep 0.3
	quiet
}

# The same, but the capture begins after the loss, and the client's RST never arrives: no way in.
story_stale_server() {
	topology bridge
	connected 49152
	lose from_client 'tcp flags & rst == rst'
	at client sysctl -qw net.ipv4.tcp_syn_retries=2
	mark vanish
	sleep 0.5
	at_client stale-server
	client tcp bind 49152 %connect 80
	quiet
}

# The server still has an unanswered attempt from that port when another ISN comes; both ends.
story_embryo() {
	topology bridge
	lose from_server 'tcp flags == (syn|ack)'
	at_client embryo-client
	at_server embryo-server
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 start 80 %started 0.4 close
	heal
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# ---- the same port again ----

# The client closed first and connects again from the port in TIME-WAIT (net.ipv4.tcp_tw_reuse).
story_reuse_client_time_wait() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_tw_reuse=1
	at_client reuse-client-time-wait
	server tcp listen 80 5 accept recv 100 send 200 eof close accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	sleep 2.2
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# The server closed first, keeps TIME-WAIT, and takes the new SYN.
story_reuse_server_time_wait() {
	topology bridge
	at_client reuse-server-time-wait
	server tcp listen 80 5 accept recv 100 send 200 close accept recv 100 send 200 close
	client tcp bind 49152 connect 80 send 100 recv 200 eof close
	sleep 0.2
	client tcp bind 49152 connect 80 send 100 recv 200 eof close
	over
}

# The port again after a RST.
story_reuse_after_rst() {
	topology bridge
	at_client reuse-after-rst
	server tcp listen 80 5 accept recv 100 send 200 %eof close accept recv 100 send 200 %eof close
	client tcp bind 49152 connect 80 send 100 recv 200 linger0 close
	sleep 0.2
	client tcp bind 49152 connect 80 send 100 recv 200 linger0 close
	over
}

# The port again after a refusal, which is then accepted.
story_reuse_after_refusal() {
	topology bridge
	at_client reuse-after-refusal
	client tcp bind 49152 %connect 80
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# The server is in TIME-WAIT, the new ISN is below the old numbers, and there are no timestamps.
story_time_wait_collision() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_timestamps=0
	at_client time-wait-collision
	server tcp listen 80 5 accept recv 100 send 200 close accept recv 100 send 200 close
	client tcp bind 49152 isn 2000000 connect 80 send 100 recv 200 eof close
	sleep 0.2
	client tcp bind 49152 isn 1000000 connect 80 send 100 recv 200 eof close
	over
}

# ---- Fast Open ----

fast_open_on() {
	at client sysctl -qw net.ipv4.tcp_fastopen=1
	at server sysctl -qw net.ipv4.tcp_fastopen=2
}

# A connection that asks for a cookie, and one that sends data in its SYN.
story_fast_open() {
	topology bridge
	fast_open_on
	at_client fast-open
	server tcp opt TCP_FASTOPEN 5 listen 80 5 accept recv 100 send 200 eof close accept recv 100 send 200 eof close
	client tcp bind 49152 fast_open 80 100 recv 200 close
	client tcp bind 49153 fast_open 80 100 recv 200 close
	over
}

# The server's key has changed: it ignores the data and gives a new cookie.
story_fast_open_stale_cookie() {
	topology bridge
	fast_open_on
	server tcp opt TCP_FASTOPEN 5 listen 80 5 accept recv 100 send 200 eof close mark first \
		close_listener await_mark key tcp opt TCP_FASTOPEN 5 listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 fast_open 80 100 recv 200 close
	until_mark first
	at server sysctl -qw net.ipv4.tcp_fastopen_key=01234567-89abcdef-01234567-89abcdef
	rm "$RUN/mark.listening"
	mark key
	until_mark listening
	at_client fast-open-stale-cookie
	client tcp bind 49153 fast_open 80 100 recv 200 close
	over
}

# The server has Fast Open turned off: it ignores cookie and data.
story_fast_open_disabled() {
	topology bridge
	fast_open_on
	server tcp opt TCP_FASTOPEN 5 listen 80 5 accept recv 100 send 200 eof close accept recv 100 send 200 eof close
	client tcp bind 49152 fast_open 80 100 recv 200 close
	at server sysctl -qw net.ipv4.tcp_fastopen=0
	at_client fast-open-disabled
	client tcp bind 49153 fast_open 80 100 recv 200 close
	over
}

# The SYN with data is lost; the client goes on without.
story_fast_open_lost() {
	topology bridge
	fast_open_on
	server tcp opt TCP_FASTOPEN 5 listen 80 5 accept recv 100 send 200 eof close accept recv 100 send 200 eof close
	client tcp bind 49152 fast_open 80 100 recv 200 close
	lose from_client 'tcp flags == syn ip length > 100'
	at_client fast-open-lost
	client tcp bind 49153 fast_open 80 100 recv 200 close
	over
}

# ---- extensions ----

# Multipath TCP on both ends.
story_mptcp() {
	topology bridge
	at_client mptcp
	server mptcp listen 80 5 accept recv 100 send 200 eof close
	client mptcp bind 49152 connect 80 send 100 recv 200 close
	over
	sleep 0.3
}

# An MPTCP client meets a plain server.
story_mptcp_plain_server() {
	topology bridge
	at_client mptcp-plain-server
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client mptcp bind 49152 connect 80 send 100 recv 200 close
	over
	sleep 0.3
}

# The path loses SYNs that carry MPTCP; the client falls back to plain TCP in the same attempt.
story_mptcp_blocked() {
	topology bridge
	lose from_client 'tcp flags == syn tcp option mptcp exists'
	at_client mptcp-blocked
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client mptcp bind 49152 connect 80 send 100 recv 200 close
	over
	sleep 0.3
}

# Classic ECN asked for and granted.
story_ecn() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_ecn=1
	at server sysctl -qw net.ipv4.tcp_ecn=1
	ordinary_again ecn
}

# ordinary_again NAME: as ordinary, once the story has built its network.
ordinary_again() {
	at_client "$@"
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# The path loses SYNs with ECN bits; the client tries again without.
story_ecn_blocked() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_ecn=1
	lose from_client 'tcp flags == (syn|ecn|cwr)'
	ordinary_again ecn-blocked
}

# Accurate ECN on both ends.
story_accecn() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_ecn=3 2>/dev/null || skip "this kernel does not do accurate ECN"
	at server sysctl -qw net.ipv4.tcp_ecn=3
	ordinary_again accecn
}

# SYN cookies always (net.ipv4.tcp_syncookies=2).
story_syn_cookies() {
	topology bridge
	at server sysctl -qw net.ipv4.tcp_syncookies=2
	ordinary_again syn-cookies
}

# A client without options: no timestamps, no SACK, no window scale.
story_bare_options() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_timestamps=0 net.ipv4.tcp_sack=0 net.ipv4.tcp_window_scaling=0
	ordinary_again bare-options
}

# MD5 signatures on both ends (RFC 2385).
story_md5() {
	topology bridge
	at_client md5
	server tcp md5 secret listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 md5 secret connect 80 send 100 recv 200 close
	over
}

# MD5 signatures by the client only: the server drops its SYNs.
story_md5_client_only() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_syn_retries=1
	at_client md5-client-only
	server tcp listen 80 5 hold
	client tcp bind 49152 md5 secret %connect 80
	quiet
}

# The server wants MD5 signatures, the client sends none.
story_md5_server_only() {
	topology bridge
	at client sysctl -qw net.ipv4.tcp_syn_retries=1
	at_client md5-server-only
	server tcp md5 secret listen 80 5 hold
	client tcp bind 49152 %connect 80
	quiet
}

# ---- both open ----

# Simultaneous open: the SYNs cross; both ends.
story_simultaneous_open() {
	topology none
	wire --delay 0.3
	at_client simultaneous-open-client
	at_server simultaneous-open-server
	server_stays tcp bind 80 await_mark go connect 49152 recv 100 send 200 eof close
	client_stays tcp bind 49152 await_mark go connect 80 send 100 recv 200 close
	sleep 0.4
	mark go
	over
	sleep 1
}

# Both open, and the client's SYN is lost: at the client it looks like a split handshake; both ends.
story_split() {
	topology bridge
	lose from_client 'tcp flags == syn'
	at_client split-client
	at_server split-server
	client_stays tcp bind 49152 start 80 mark go started 5 send 100 recv 200 close
	until_mark go
	sleep 0.3
	server_stays tcp bind 80 connect 49152 recv 100 send 200 eof close
	over
}

# ---- ICMP ----

# A firewall on the server: ICMP port unreachable.
story_icmp_port() {
	topology bridge
	reject server tcp dport 80 reject with icmp port-unreachable
	at_client icmp-port
	client tcp bind 49152 %connect 80
	quiet
}

# A firewall on the server: ICMP host administratively prohibited.
story_icmp_prohibited() {
	topology bridge
	reject server tcp dport 80 reject with icmp host-prohibited
	at_client icmp-prohibited
	client tcp bind 49152 %connect 80
	quiet
}

# A firewall on the server, IPv6: administratively prohibited.
story_icmpv6_prohibited() {
	topology bridge
	reject server tcp dport 80 reject with icmpv6 admin-prohibited
	at_client icmpv6-prohibited
	client tcp6 bind 49152 %connect 80
	quiet
}

# A firewall on the server, IPv6: port unreachable.
story_icmpv6_port() {
	topology bridge
	reject server tcp dport 80 reject with icmpv6 port-unreachable
	at_client icmpv6-port
	client tcp6 bind 49152 %connect 80
	quiet
}

# The client's own firewall refuses the SYN-ACK with an ICMP error; recorded at the server.
story_icmp_of_synack() {
	topology bridge
	reject client tcp sport 80 reject with icmp port-unreachable
	at client sysctl -qw net.ipv4.tcp_syn_retries=1
	at server sysctl -qw net.ipv4.tcp_synack_retries=2
	at_server icmp-of-synack
	server tcp listen 80 5 hold
	client tcp bind 49152 %connect 80
	quiet 5
}

# A router on the way knows the network but finds no such host: ICMP host unreachable after three tries of ARP.
story_host_unreachable() {
	topology router
	at_client host-unreachable
	client tcp bind 49152 %connect_to 198.51.100.77 80
	quiet
}

# A router on the way forbids it.
story_router_prohibited() {
	topology router
	at path nft -f - <<-NFT
		table ip fw {
			chain forward { type filter hook forward priority 0; tcp dport 80 reject with icmp admin-prohibited; }
		}
	NFT
	at_client router-prohibited
	client tcp bind 49152 %connect 80
	quiet
}

# The SYN's TTL is 1: ICMP time exceeded from the router.
story_ttl_exceeded() {
	topology router
	at_client ttl-exceeded
	client tcp bind 49152 opt IP_TTL 1 %connect 80
	quiet
}

# An ordinary connection through a router, recorded on all its interfaces: each segment twice, TTL 64 and 63.
story_any_router() {
	topology router
	capture path any any-router
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# ---- SYN proxy ----

syn_proxy() {
	topology router
	at path sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
	at path nft -f - 2>/dev/null <<-'NFT' || skip "nftables has no synproxy here"
		table ip proxy {
			chain raw { type filter hook prerouting priority raw; tcp dport 80 tcp flags == syn notrack; }
			chain forward {
				type filter hook forward priority filter;
				tcp dport 80 ct state { invalid, untracked } synproxy mss 1460 wscale 7 timestamp sack-perm
				ct state invalid drop
			}
		}
	NFT
}

# A SYN proxy on the router opens first the client's side, then the server's; both ends.
story_syn_proxy() {
	syn_proxy
	at_client syn-proxy-client
	at_server syn-proxy-server
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# A SYN proxy in front of a server that is not there.
story_syn_proxy_dead() {
	syn_proxy
	lose from_server 'tcp flags & (syn|rst) != 0'
	at_client syn-proxy-dead
	server tcp listen 80 5 hold
	client_stays tcp bind 49152 connect 80 send 100 hold
	sleep 2
	quiet
}

# ---- the capture ----

# A path of 0.6 s each way: SYN and SYN-ACK are sent again in vain; both ends.
story_slow() {
	topology none
	wire --delay 0.6
	at_client slow-client
	at_server slow-server
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
	sleep 1.5
}

# The path delivers every frame twice.
story_duplicated() {
	topology none
	wire --twice
	at_client duplicated
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# The switch mirrors each port on entry and on exit: the capture has everything twice.
story_mirrored_twice() {
	topology none
	mirror_port
	wire --mirror m0 --mirror-twice
	capture path m1 mirrored-twice
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# Two taps merged: the server's frames come 50 ms late, the SYN-ACK after the ACK.
story_mirrored_late() {
	topology none
	mirror_port
	wire --mirror m0 --mirror-delay 0.05
	capture path m1 mirrored-late
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
	sleep 0.2
}

# A mirror port that adds a VLAN tag.
story_vlan() {
	topology none
	mirror_port
	wire --mirror m0 --vlan 42
	capture path m1 vlan --filter "vlan and tcp"
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# Only what the client sends.
story_one_sided_client() {
	ordinary one-sided-client --filter "src host 192.0.2.1"
}

# Only what the server sends.
story_one_sided_server() {
	ordinary one-sided-server --filter "src host 192.0.2.9"
}

# Only what the server sends, and the client never answers.
story_one_sided_synack() {
	topology bridge
	at server sysctl -qw net.ipv4.tcp_synack_retries=2
	ip -n "$server" neighbour add 192.0.2.77 lladdr "$client_mac" dev s0
	at_server one-sided-synack --filter "src host 192.0.2.9 or udp"
	server tcp listen 80 5 hold
	client raw_syn 192.0.2.77 49152 80 1000000
	quiet 4
}

# The capture begins when the connection is open.
story_midstream() {
	topology bridge
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client_stays tcp bind 49152 connect 80 mark open await_mark speak send 100 recv 200 close
	until_mark open
	sleep 0.3
	at_client midstream
	mark speak
	over
}

# The capture begins when the client closes.
story_midstream_close() {
	topology bridge
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client_stays tcp bind 49152 connect 80 send 100 recv 200 mark open await_mark speak close
	until_mark open
	sleep 0.3
	at_client midstream-close
	mark speak
	over
}

# A snaplen of 54: no TCP options.
story_snaplen_54() {
	ordinary snaplen-54 -s 54
}

# A snaplen of 60: options cut in the middle.
story_snaplen_60() {
	ordinary snaplen-60 -s 60
}

# A snaplen of 42: eight octets of the TCP header, too few to be judged.
story_snaplen_42() {
	ordinary snaplen-42 -s 42
}

# Recorded on all interfaces of the server (Linux cooked, version 2).
story_any() {
	topology bridge
	capture server any any
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# The same in Linux cooked version 1.
story_any_sll1() {
	topology bridge
	capture server any any-sll1 -y LINUX_SLL
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# All interfaces of the bridge: every frame several times.
story_any_bridge() {
	topology bridge
	capture path any any-bridge
	server tcp listen 80 5 accept recv 100 send 200 eof close
	client tcp bind 49152 connect 80 send 100 recv 200 close
	over
}

# Offloads on: checksums not filled in yet, segments larger than the link's frames.
story_offload() {
	topology bridge
	at client ethtool -K c0 tx on sg on tso on gso on >/dev/null
	at_client offload -s 100
	server tcp listen 80 5 accept recv 30000 send 200 eof close
	client tcp bind 49152 connect 80 send 30000 recv 200 close
	over
}

# Twelve connections of one host: Linux's ISNs.
story_many() {
	topology bridge
	at_client many -s 80
	local port actions=()
	for port in {49152..49163}; do
		actions+=(accept recv 100 send 200 eof close)
	done
	server tcp listen 80 5 "${actions[@]}"
	for port in {49152..49163}; do
		client tcp bind "$port" connect 80 send 100 recv 200 close
	done
	over
}
