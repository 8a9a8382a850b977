# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_inputs.py - files, directories, standard input; and those that are broken, missing or something else."""

import os
import resource
import threading

import pytest

from cli_captures import Talk, complete, pcap, pcapng, refused


def ndjson(tcphs, *arguments, **extra):
    return tcphs("--format", "ndjson", *arguments, **extra)


def files(done):
    return [line["file"] for line in done.lines() if line["type"] == "file"]


def only(lines, kind):
    (line,) = [line for line in lines if line["type"] == kind]
    return line


@pytest.mark.parametrize("make", [pcap, pcapng, lambda frames: pcap(frames, order=">")],
                         ids=["pcap", "pcapng", "pcap_big_endian"])
def test_formats_give_the_same(tcphs, write, make):
    talk = Talk().handshake().shutdown().end()
    done = ndjson(tcphs, write("a", make(talk.frames)))
    connection = only(done.lines(), "connection")
    assert (connection["verdict"], connection["steps"], connection["frames"]) == ("complete", [1, 2, 3], 8)
    assert connection["start"] == "1427304960.000000000"
    assert only(done.lines(), "file")["frames"] == 9


def test_standard_input(tcphs):
    done = ndjson(tcphs, "-", input=complete())
    assert done.status == 0
    assert only(done.lines(), "connection")["file"] == "-"
    assert only(done.lines(), "file")["damaged"] is None


def test_standard_input_among_files(tcphs, write):
    name = write("a.pcap", complete())
    done = ndjson(tcphs, name, "-", input=refused())
    assert done.status == 1
    assert files(done) == [name, "-"]


@pytest.mark.parametrize("octets", [b"", b"\n", b"#!/bin/sh\necho this is no capture\n", b"\xd4\xc3\xb2\xa1",
                                    b"\x0a\x0d\x0d\x0a\x1c\0\0", os.urandom(3), bytes(4096)],
                         ids=["empty", "newline", "text", "magic_only", "pcapng_header_cut", "three", "zeros"])
def test_no_capture_is_one_sentence_and_status_3(tcphs, write, octets):
    done = ndjson(tcphs, write("odd", octets))
    assert done.status == 3
    assert done.complaint().startswith("tcphs: odd: ")
    line = only(done.lines(), "file")
    assert (line["frames"], line["connections"]) == (0, 0)
    assert line["damaged"] and line["damaged"] in done.complaint()


def test_missing_file(tcphs):
    done = tcphs("missing.pcap")
    assert done.status == 3
    assert "missing.pcap" in done.complaint() and "No such file" in done.complaint()


def test_every_cut_is_survived_and_told(tcphs, write):
    """Wherever a capture is cut: what was before is reported, and the cut is told unless it is between frames."""
    whole = Talk().handshake().shutdown().pcap()
    edges, at = {24: 0}, 24
    for number, (_, octets) in enumerate(Talk().handshake().shutdown().frames, 1):
        at += 16 + len(octets)
        edges[at] = number
    for end in range(25, len(whole) + 1, 7):
        done = ndjson(tcphs, write("cut.pcap", whole[:end]))
        line = only(done.lines(), "file")
        frames = max(number for edge, number in edges.items() if edge <= end)
        assert line["frames"] == frames
        assert (line["damaged"] is None) == (end in edges)
        assert done.status == (0 if end in edges else 3)


def test_table_says_that_an_input_is_damaged(tcphs, write):
    done = tcphs(write("a.pcap", complete()[:-3]))
    assert done.status == 3
    assert "three_way" in done.out
    assert "1 file could not be read to the end" in done.out


def test_unreadable_file(tcphs, program, write, tmp_path):
    (tmp_path / write("locked.pcap", complete())).chmod(0)
    if os.getuid() != 0:
        done = tcphs("locked.pcap")
    else:
        done = as_nobody(tcphs, program)
    assert done.status == 3
    assert "locked.pcap" in done.complaint() and "Permission denied" in done.complaint()


def as_nobody(tcphs, program):
    """Root may read everything, and nobody may not even look into the test's folder: that is entered before."""
    descriptor = os.open(program, os.O_RDONLY)
    try:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"/proc/self/fd/{descriptor}"]
        return tcphs("locked.pcap", before=command, pass_fds=[descriptor])
    finally:
        os.close(descriptor)


def test_directory_is_read_in_order_whatever_the_names(tcphs, write):
    for name in ("d/b.pcap", "d/a", "d/c.pcap3", "d/a.d/z.cap", "d/b.d/deep/er/1.pcapng"):
        write(name, pcapng(Talk().handshake().frames) if name.endswith("ng") else complete())
    write("d/notes.txt", b"not a capture\n")
    write("d/empty.pcap", b"")
    write("d/script.pcap", b"#!/bin/sh\n")
    done = ndjson(tcphs, "d")
    assert done.status == 0 and done.err == ""
    assert files(done) == ["d/a", "d/a.d/z.cap", "d/b.d/deep/er/1.pcapng", "d/b.pcap", "d/c.pcap3"]


def test_directory_with_links_pipes_and_loops(tcphs, write, tmp_path):
    write("d/a.pcap", complete())
    write("elsewhere/b.pcap", complete())
    folder = tmp_path / "d"
    (folder / "loop").symlink_to(".")
    (folder / "up").symlink_to("..")
    (folder / "b").symlink_to("../elsewhere/b.pcap")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    done = ndjson(tcphs, "d")
    assert done.status == 0 and done.err == ""
    assert files(done) == ["d/a.pcap", "d/b"]


def test_directory_that_is_a_link_itself(tcphs, write, tmp_path):
    write("d/a.pcap", complete())
    (tmp_path / "link").symlink_to("d")
    assert files(ndjson(tcphs, "link")) == ["link/a.pcap"]


def test_directory_without_captures_is_said(tcphs, tmp_path):
    (tmp_path / "d").mkdir()
    done = tcphs("d")
    assert done.status == 3
    assert "d: holds no capture" in done.complaint()


def test_what_is_passed_over_in_a_directory_is_an_error_by_name(tcphs, write):
    write("d/a.pcap", complete())
    write("d/notes.txt", b"not a capture\n")
    assert tcphs("d").status == 0
    done = tcphs("d", "d/notes.txt")
    assert done.status == 3
    assert "d/notes.txt" in done.complaint()


def test_damaged_capture_in_a_directory(tcphs, write):
    write("d/a.pcap", complete())
    write("d/b.pcap", complete()[:-1])
    write("d/c.pcap", refused())
    done = ndjson(tcphs, "d")
    assert done.status == 3
    assert "d/b.pcap" in done.complaint()
    assert files(done) == ["d/a.pcap", "d/b.pcap", "d/c.pcap"]


def test_each_input_is_a_capture_of_its_own(tcphs, write):
    """The end of one capture is not the end of the other; streams are counted anew."""
    early = write("1.pcap", Talk().syn().pcap())
    late = write("2.pcap", Talk().syn().end(9).pcap())
    lines = [line for line in ndjson(tcphs, early, late, early).lines() if line["type"] == "connection"]
    assert [line["reason"] for line in lines] == ["capture_ended", "unanswered", "capture_ended"]
    assert [line["stream"] for line in lines] == [0, 0, 0]


HOSTILE = [b"tab\there", b"line\nbreak.pcap", b"\x1b[2J\x1b]0;title\x07.pcap", b"\xff\xfe.pcap",
           "\u202egpj.pcap".encode(), b"quo\"te\\back.pcap", "na\u00efve.pcap".encode(), b"\xc2\x9b31m"]


@pytest.mark.parametrize("raw", HOSTILE)
def test_hostile_names_reach_no_terminal(tcphs, tmp_path, raw):
    path = os.path.join(os.fsencode(tmp_path), raw)
    for octets, extra in ((complete(), []), (complete()[:-1], ["--format", "summary"])):
        with open(path, "wb") as file:
            file.write(octets)
        done = tcphs(*extra, raw, raw)
        for text in (done.out, done.err):
            for letter in text.replace("\n", ""):
                assert letter.isprintable() and letter != "\u202e"
        assert len(done.err.splitlines()) == (2 if extra else 0)


@pytest.mark.parametrize("raw", HOSTILE)
def test_hostile_names_in_json(tcphs, tmp_path, raw):
    with open(os.path.join(os.fsencode(tmp_path), raw), "wb") as file:
        file.write(complete())
    done = ndjson(tcphs, raw)
    assert len(done.out.splitlines()) == 2
    for line in done.lines():
        assert line["file"] == raw.decode("utf-8", "replace")


def test_names_that_are_fine_stay_as_they_are(tcphs, tmp_path):
    name = "na\u00efve \u6f22.pcap"
    (tmp_path / name).write_bytes(complete())
    assert name in tcphs(name, name).out
    assert "\\x" in tcphs(name, name, env={"LC_ALL": "C"}).out


def test_files_are_not_kept_open(tcphs, write):
    """More files than descriptors."""
    for number in range(120):
        write(f"d/{number:03}.pcap", complete())
    limit = (64, 64)
    done = ndjson(tcphs, "d", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limit))
    assert done.status == 0
    assert len(files(done)) == 120


def test_named_pipe(tcphs, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(complete()))
    writer.start()
    done = ndjson(tcphs, "pipe")
    writer.join()
    assert done.status == 0
    assert only(done.lines(), "connection")["reason"] == "three_way"
