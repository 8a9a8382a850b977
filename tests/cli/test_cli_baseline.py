# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_baseline.py - what an earlier run had is known, whatever its ports; what a bad line gets."""

import pytest

from cli_captures import Talk, complete, pcap, refused, wrong_ack


def refusals(count, first_port, **talk):
    frames = []
    for number in range(count):
        frames += Talk(sport=first_port + number, isn=first_port * 7 + number, **talk).syn(number).refusal(
            number + 0.1).frames
    return pcap(frames + Talk().end(60).frames)


def connections(done):
    return [line for line in done.lines() if line["type"] == "connection"]


def file_line(done):
    (line,) = [line for line in done.lines() if line["type"] == "file"]
    return line


@pytest.fixture
def compare(tcphs, write):
    """An earlier run over |old|, then one over |new|, as the same file."""

    def run(old, new, *arguments):
        name = write("a.pcap", old)
        tcphs("--format", "ndjson", "--output", "old.ndjson", name)
        write("a.pcap", new)
        return tcphs("--baseline", "old.ndjson", *arguments, name)

    return run


def test_the_same_again_is_nothing_new(compare):
    done = compare(refused(), refused(), "--format", "ndjson")
    assert done.status == 0 and connections(done) == []
    assert (file_line(done)["connections"], file_line(done)["known"], file_line(done)["verdicts"]) == (0, 1, {})


def test_other_client_ports_and_numbers_are_not_new(compare):
    done = compare(refusals(3, 40000), refusals(3, 50000), "--format", "ndjson")
    assert (done.status, file_line(done)["known"]) == (0, 3)


def test_more_of_the_same_are_new(compare):
    done = compare(refusals(3, 40000), refusals(5, 50000), "--format", "ndjson")
    assert done.status == 1
    assert [line["client"]["port"] for line in connections(done)] == [50003, 50004]
    assert file_line(done)["known"] == 3


@pytest.mark.parametrize("new", [
    refusals(1, 40000, dport=81), refusals(1, 40000, server="192.0.2.10"), refusals(1, 40000, client="192.0.2.2"),
    Talk(sport=40000).syn().end(60).pcap(), wrong_ack(),
    Talk(sport=40000).syn().syn(1).refusal(1.1).end(60).pcap(),    # refused as well, with another finding
], ids=["port", "server", "client", "unanswered", "malformed", "finding"])
def test_what_differs_is_new(compare, new):
    done = compare(refusals(1, 40000), new, "--format", "ndjson")
    assert done.status == 1 and len(connections(done)) == 1


def test_the_reports_tell_how_many_are_known(compare):
    done = compare(refusals(3, 40000), refusals(4, 50000))
    assert "1 connection in 1 file, 9 frames: 1 incomplete; 3 more known" in done.out
    assert "50003" in done.out and "50002" not in done.out


def run_folders(tcphs, old, new, *arguments):
    tcphs("--format", "ndjson", "--output", "old.ndjson", old)
    done = tcphs("--baseline", "old.ndjson", "--format", "ndjson", *arguments, new)
    return [(line["file"], line["server"]["port"]) for line in connections(done)]


def test_inputs_are_told_by_the_end_of_their_paths(tcphs, write):
    for run in ("one", "two"):
        write(f"{run}/a/x.pcap", refusals(1, 40000, dport=1))
        write(f"{run}/b/x.pcap", refusals(1, 40000, dport=2))
    write("two/b/y.pcap", refusals(1, 40000, dport=2))
    assert run_folders(tcphs, "one", "two") == [("two/b/y.pcap", 2)]
    write("two/a/x.pcap", refusals(1, 40000, dport=2))
    assert run_folders(tcphs, "one", "two") == [("two/a/x.pcap", 2), ("two/b/y.pcap", 2)]
    assert run_folders(tcphs, "one", "two", "-j4") == run_folders(tcphs, "one", "two", "-j1")


def test_a_name_has_to_be_the_whole_name(tcphs, write):
    for name in ("one/x.pcap", "one/z.pcap", "two/yx.pcap", "two/z.pcap"):
        write(name, refused())
    assert run_folders(tcphs, "one", "two") == [("two/yx.pcap", 80)]


def test_of_one_input_each_names_do_not_matter(tcphs, write):
    assert run_folders(tcphs, write("monday.pcap", refused()), write("tuesday.pcap", refused())) == []


def test_an_expectation_is_about_all(compare, tmp_path):
    (tmp_path / "p").write_text('[expect "x"]\nverdict = complete\n')
    done = compare(refused(), refused(), "--policy", "p")
    assert done.status == 1
    assert "0 of 1 connections are complete" in done.out


def test_names_with_odd_octets(tcphs, tmp_path):
    for name in (b"\xff.pcap", "größer\n.pcap".encode()):
        (tmp_path / name.decode("utf-8", "surrogateescape")).write_bytes(refused())
        (tmp_path / "other.pcap").write_bytes(complete())
        tcphs("--format", "ndjson", "--output", "old.ndjson", name, "other.pcap")
        assert tcphs("--baseline", "old.ndjson", name, "other.pcap").status == 0


@pytest.mark.parametrize("octets, line, words", [
    (b"{}\n", 1, ["no type"]),
    (b'{"type":"file","file":"a"}\n{"type":"connection"}\n', 2, ["lacks"]),
    (b'\n\nnonsense\n', 3, ["no JSON"]),
    (b'[1]\n', 1, ["no JSON object"]),
    (b'{"type":"file"', 1, ["no JSON"]),
    (b'{"type":"host"}\n{"type":"x","type":"y"}\n', 2, ["no JSON", "duplicate"]),
    (b'{"type":"host"}\n\xff\n', 2, ["no JSON"]),
    (b'{"type":"host"}\n\x1b[31m\n', 2, ["no JSON"]),
    (b"[" * 100000, 1, ["no JSON"]),
    (b'{"type":"connection","file":"a","client":{"addr":"1"},"server":{"addr":"2","port":70000},"verdict":"v",'
     b'"reason":"r","findings":[]}', 1, ["port"]),
    (b'{"type":"connection","file":"a","client":{"addr":"1"},"server":{"addr":"2","port":7},"verdict":"v",'
     b'"reason":"r","findings":[1]}', 1, ["id"]),
    (b'{"type":"connection","file":"a","client":{"addr":"1"},"server":{"addr":"2","port":7},"verdict":"v",'
     b'"reason":"r","findings":7}', 1, ["findings"]),
], ids=[f"{number}" for number in range(12)])
def test_a_bad_line_is_told_with_its_number(tcphs, write, octets, line, words):
    done = tcphs("--baseline", write("old.ndjson", octets), write("a.pcap", refused()))
    assert (done.status, done.out) == (2, "")
    sentence = done.complaint()
    assert sentence.startswith(f"tcphs: old.ndjson:{line}: the line "), sentence
    assert "\x1b" not in sentence and "--format ndjson" in sentence
    for word in words:
        assert word in sentence


def test_no_baseline_there_or_an_empty_one(tcphs, write, tmp_path):
    name = write("a.pcap", refused())
    for missing in ("missing", "."):
        done = tcphs("--baseline", missing, name)
        assert (done.status, done.out) == (2, "")
        assert "--baseline" in done.complaint()
    assert tcphs("--baseline", write("empty", b""), name).status == 1
