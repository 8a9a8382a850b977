# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_ndjson.py - every key of the JSON lines, its place, its type and its value."""

import json

from cli_captures import CLIENT, SERVER, Talk, complete, flood, pcap, refused, wrong_ack

KEYS = ["type", "file", "stream", "incarnation", "client", "server", "encap", "first_frame", "last_frame", "frames",
        "late", "start", "verdict", "reason", "blame", "steps", "isn", "rtt", "offer", "agreed", "closed",
        "completeness", "zeek", "findings"]
FILE_KEYS = ["type", "file", "frames", "tcp_segments", "connections", "ignored", "known", "verdicts", "not_decoded",
             "damaged", "filtered", "joined", "evicted"]
OFFER_KEYS = ["mss", "wscale", "sack", "timestamps", "fast_open", "mptcp", "ecn", "auth"]
FINDING_KEYS = ["id", "severity", "frame", "related", "expected", "actual", "text"]


def run(tcphs, write, octets, *arguments):
    done = tcphs("--format", "ndjson", *arguments, write("a.pcap", octets))
    lines = [line for line in done.lines() if line["type"] != "host"]   # test_cli_hosts.py
    assert lines[-1]["type"] == "file"
    for line in lines[:-1]:
        assert list(line) == KEYS
        for finding in line["findings"]:
            assert list(finding) == FINDING_KEYS
    assert list(lines[-1]) == FILE_KEYS
    return lines


def test_a_complete_connection(tcphs, write):
    connection, _ = run(tcphs, write, complete())
    zeek = connection.pop("zeek")
    assert connection == {
        "type": "connection", "file": "a.pcap", "stream": 0, "incarnation": 0,
        "client": {"addr": CLIENT, "port": 49152}, "server": {"addr": SERVER, "port": 80},
        "encap": "eth:ip", "first_frame": 1, "last_frame": 8, "frames": 8, "late": 0,
        "start": "1427304960.000000000", "verdict": "complete", "reason": "three_way", "blame": "none",
        "steps": [1, 2, 3], "isn": {"client": 4321, "server": 7000},
        "rtt": {"server": 0.0305, "client": 0.00012, "total": 0.03062},
        "offer": {
            "client": {"mss": 1460, "wscale": 7, "sack": True, "timestamps": True, "fast_open": None, "mptcp": False,
                       "ecn": "none", "auth": "none"},
            "server": {"mss": 1400, "wscale": 9, "sack": True, "timestamps": True, "fast_open": None, "mptcp": False,
                       "ecn": "none", "auth": "none"}},
        "agreed": {"mss": {"to_client": 1460, "to_server": 1400}, "wscale": {"to_client": 7, "to_server": 9},
                   "sack": True, "timestamps": True, "fast_open": False, "mptcp": False, "ecn": "none",
                   "auth": "none"},
        "closed": "fin", "completeness": 31, "findings": []}
    assert zeek["conn_state"] == "SF"
    assert zeek["history"].startswith("ShA") and "F" in zeek["history"] and "f" in zeek["history"]


def test_the_line_of_the_file(tcphs, write):
    lines = run(tcphs, write, complete())
    assert lines[-1] == {"type": "file", "file": "a.pcap", "frames": 9, "tcp_segments": 8, "connections": 1,
                         "ignored": 0, "known": 0, "verdicts": {"complete": 1}, "not_decoded": {}, "damaged": None,
                         "filtered": 0, "joined": None, "evicted": 0}


def test_a_refused_connection_says_null_where_nothing_is_known(tcphs, write):
    connection, line = run(tcphs, write, refused())
    assert (connection["verdict"], connection["reason"], connection["blame"]) == ("incomplete", "refused", "server")
    assert connection["steps"] == [1, None, None]
    assert connection["isn"] == {"client": 4321, "server": None}
    assert connection["rtt"] == {"server": None, "client": None, "total": None}
    assert list(connection["offer"]["client"]) == OFFER_KEYS
    assert connection["offer"]["server"] is None
    assert connection["agreed"] is None
    assert connection["completeness"] == 1 + 4 + 32     # SYN, and a RST with ACK
    assert connection["zeek"]["conn_state"] == "REJ"
    assert line["verdicts"] == {"incomplete": 1}


def test_a_finding_with_its_numbers(tcphs, write):
    connection, line = run(tcphs, write, wrong_ack())
    assert (connection["verdict"], connection["reason"]) == ("malformed", "bad_arithmetic")
    (finding,) = [finding for finding in connection["findings"] if finding["id"] == "synack_bad_ack"]
    assert finding["text"] and finding["text"].isascii()
    assert "4322" in finding["text"]
    assert {**finding, "text": ""} == {"id": "synack_bad_ack", "severity": "error", "frame": 2, "related": 1,
                                       "expected": 4322, "actual": 4321, "text": ""}
    assert line["verdicts"] == {"malformed": 1}


def test_no_options_offered(tcphs, write):
    connection, _ = run(tcphs, write, Talk().syn(options=()).synack(options=()).ack().end().pcap())
    nothing = {"mss": None, "wscale": None, "sack": False, "timestamps": False, "fast_open": None, "mptcp": False,
               "ecn": "none", "auth": "none"}
    assert connection["offer"] == {"client": nothing, "server": nothing}
    assert connection["agreed"]["mss"] == {"to_client": 536, "to_server": 536}
    assert connection["agreed"]["wscale"] is None
    assert connection["agreed"]["sack"] is False


def test_ipv6_addresses_print_as_usual(tcphs, write):
    talk = Talk(client="2001:0db8:0:0:0:0:0:1", server="fe80::9").handshake().end()
    connection, _ = run(tcphs, write, talk.pcap())
    assert connection["client"]["addr"] == "2001:db8::1"
    assert connection["server"]["addr"] == "fe80::9"
    assert connection["encap"] == "eth:ip6"


def test_nanoseconds_are_kept(tcphs, write):
    talk = Talk().syn(0.000000001).synack(0.000000042).ack(0.000123456).end()
    done = tcphs("--format", "ndjson", write("a.pcap", talk.pcap()))
    assert '"start":"1427304960.000000001"' in done.out
    assert '"server":0.000000041' in done.out
    assert '"total":0.000123455' in done.out


def test_microseconds_print_six_digits(tcphs, write):
    done = tcphs("--format", "ndjson", write("a.pcap", complete()))
    assert '"rtt":{"server":0.030500,"client":0.000120,"total":0.030620}' in done.out


def test_lines_are_compact_ascii_safe_json(tcphs, write):
    done = tcphs("--format", "ndjson", write("a.pcap", wrong_ack()))
    for line in done.out.splitlines():
        assert line == json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False) or '"rtt":' in line
    assert done.out.endswith("\n")


def test_what_was_not_decoded_is_counted(tcphs, write):
    octets = bytearray(Talk().handshake().end().pcap())
    octets[20:24] = (147).to_bytes(4, "little")     # a link type for private use
    (line,) = run(tcphs, write, bytes(octets))
    assert line["connections"] == 0 and line["tcp_segments"] == 0
    assert line["not_decoded"] == {"linktype_147": 4}


def test_several_inputs_in_order(tcphs, write):
    names = [write(name, octets) for name, octets in (("b", complete()), ("a", refused()), ("c", wrong_ack()))]
    lines = tcphs("--format", "ndjson", *names).lines()
    assert [(line["type"], line["file"]) for line in lines] == [
        (kind, name) for name in names for kind in ("connection", "file")]


def test_many_connections_each_once(tcphs, write):
    lines = run(tcphs, write, pcap(flood(3000, refuse=True) + Talk().end(30).frames))
    assert [line["stream"] for line in sorted(lines[:-1], key=lambda line: line["stream"])] == list(range(3000))
    assert {line["reason"] for line in lines[:-1]} == {"refused"}
    assert lines[-1]["verdicts"] == {"incomplete": 3000}
