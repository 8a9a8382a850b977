# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_zeek.py - conn.log, read as the documentation of Zeek's ASCII logs says that it is to be read."""

import os
import re

from cli_captures import Talk, complete, refused, wrong_ack

FIELDS = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
          "resp_bytes", "conn_state", "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts",
          "orig_ip_bytes", "resp_pkts", "resp_ip_bytes", "tunnel_parents"]
TYPES = ["time", "string", "addr", "port", "addr", "port", "enum", "string", "interval", "count", "count", "string",
         "bool", "bool", "count", "string", "count", "count", "count", "count", "set[string]"]
OURS = ["tcphs_verdict", "tcphs_reason", "tcphs_blame", "tcphs_findings", "tcphs_file"]


def unescape(text):
    """The string that was escaped: \\xNN is an octet, two backslashes are one."""
    octets = re.sub(rb"\\(\\|x[0-9a-f]{2})", lambda found: b"\\" if found.group(1) == b"\\"
                    else bytes([int(found.group(1)[1:], 16)]), text.encode())
    return os.fsdecode(octets)


def read(text):
    """A log's rows: {field: value}, None where unset, a list of a set. Every line is checked against the header."""
    separator, meta, rows = None, {}, []
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("#separator "):
            separator = unescape(line.removeprefix("#separator "))
        elif line.startswith("#"):
            key, *values = line[1:].split(separator)
            meta[key] = values
        else:
            values = line.split(separator)
            assert len(values) == len(meta["fields"]) == len(meta["types"]), line
            rows.append({name: value_of(value, kind, meta)
                         for name, kind, value in zip(meta["fields"], meta["types"], values)})
    return meta, rows


def value_of(value, kind, meta):
    if value == meta["unset_field"][0]:
        return None
    if value == meta["empty_field"][0]:
        return [] if kind.startswith("set") else ""
    if kind.startswith("set"):
        return [unescape(element) for element in value.split(meta["set_separator"][0])]
    return {"time": float, "port": int, "count": int}.get(kind, unescape)(value)


def test_the_header_is_that_of_conn_log(tcphs, write):
    meta, rows = read(tcphs("--format", "zeek", write("a.pcap", Talk().end().pcap())).out)
    assert rows == []
    assert meta["path"] == ["conn"]
    assert meta["fields"] == FIELDS + OURS
    assert meta["types"][:len(TYPES)] == TYPES


def test_rows_are_what_ndjson_says(tcphs, write):
    write("d/a.pcap", complete())
    write("d/b.pcap", refused())
    write("d/c.pcap", wrong_ack())
    write("d/d.pcap", Talk(client="2001:db8::1", server="2001:db8::9").handshake().end().pcap())
    _, rows = read(tcphs("--format", "zeek", "d").out)
    lines = [line for line in tcphs("--format", "ndjson", "d").lines() if line["type"] == "connection"]
    assert len(rows) == len(lines) == 4
    for row, line in zip(rows, lines):
        assert row["ts"] == round(float(line["start"]), 6)
        assert (row["id.orig_h"], row["id.orig_p"]) == (line["client"]["addr"], line["client"]["port"])
        assert (row["id.resp_h"], row["id.resp_p"]) == (line["server"]["addr"], line["server"]["port"])
        assert (row["conn_state"], row["history"]) == (line["zeek"]["conn_state"], line["zeek"]["history"])
        assert row["proto"] == "tcp"
        assert (row["tcphs_verdict"], row["tcphs_reason"], row["tcphs_blame"], row["tcphs_file"]) == (
            line["verdict"], line["reason"], line["blame"], line["file"])
        assert row["tcphs_findings"] == [finding["id"] for finding in line["findings"]]
        for unknown in ("service", "duration", "orig_bytes", "resp_bytes", "local_orig", "missed_bytes", "orig_pkts",
                        "tunnel_parents"):
            assert row[unknown] is None


def test_uids_are_unique_and_the_same_each_time(tcphs, write):
    talk = Talk()
    for number in range(300):   # one 4-tuple, again and again
        again = Talk(sport=50000 + number % 3, isn=4321 + number, peer_isn=7000 + number)
        talk.frames += again.syn(number).refusal(number + 0.1).frames
    names = [write("a.pcap", talk.end(400).pcap()), write("b.pcap", talk.pcap())]
    first = tcphs("--format", "zeek", *names).out
    uids = [row["uid"] for row in read(first)[1]]
    assert len(set(uids)) == len(uids) == 600
    assert all(re.fullmatch("C[0-9A-Za-z]{17}", uid) for uid in uids)
    assert tcphs("--format", "zeek", "-j1", *names).out == first


def test_names_come_back_as_they_were(tcphs, tmp_path):
    names = ("-", "(empty)", "tab\tline\nend", "gr\u00f6\u00dfer", "back\\slash\\x41", "#fields", "\udcff\x01")
    for name in names:
        path = tmp_path / name
        path.write_bytes(refused())
        given = "./" + name if name == "-" else name
        done = tcphs("--format", "zeek", "--", given)
        assert done.out.isascii()
        assert [row["tcphs_file"] for row in read(done.out)[1]] == [given]


def test_standard_input_is_called_by_its_name(tcphs):
    """It is "-", which unescaped would be "unset"."""
    done = tcphs("--format", "zeek", "-", input=refused())
    assert [row["tcphs_file"] for row in read(done.out)[1]] == ["-"]
