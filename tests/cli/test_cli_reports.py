# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_reports.py - several reports of one run, each where it was asked for, whole or not at all."""

import gzip
import os
import resource
import stat

import pytest

from cli_captures import Talk, complete, pcap, pcapng, flood, refused


def test_reports_go_to_files_beside_the_one_on_standard_output(tcphs, write, tmp_path):
    name = write("a.pcap", refused())
    done = tcphs("--report", "ndjson=all.ndjson", "--report", "summary=sum.txt", name)
    assert done.status == 1 and done.err == ""
    assert done.out == tcphs(name).out
    assert (tmp_path / "all.ndjson").read_text() == tcphs("--format", "ndjson", name).out
    assert (tmp_path / "sum.txt").read_text() == tcphs("--format", "summary", name).out


def test_output_names_the_file_of_the_report(tcphs, write, tmp_path):
    name = write("a.pcap", refused())
    done = tcphs("-f", "ndjson", "-o", "all.ndjson", name)
    assert (done.status, done.out, done.err) == (1, "", "")
    assert (tmp_path / "all.ndjson").read_text() == tcphs("-fndjson", name).out


def test_format_none_says_nothing_but_its_status(tcphs, write):
    done = tcphs("--format", "none", write("a.pcap", refused()))
    assert (done.status, done.out, done.err) == (1, "", "")


@pytest.mark.parametrize("arguments, words", [
    (["--report", "ndjson", "x"], ["--report", "FORMAT=FILE"]),
    (["--report", "ndjson=", "x"], ["--report", "FORMAT=FILE"]),
    (["--report", "ndjson=-", "x"], ["--report", "--format"]),
    (["--report", "ndjosn=y", "x"], ["--report", '"ndjson"']),
    (["--report", "ndjson=y", "--report", "table=y", "x"], ["--report", '"y"', "two"]),
    (["--output", "y", "--report", "table=y", "x"], ['"y"', "two"]),
    (["--jobs", "0", "x"], ["--jobs", '"0"']),
    (["-jmany", "x"], ["--jobs", '"many"']),
])
def test_a_slip_in_what_is_wanted_writes_nothing(tcphs, tmp_path, arguments, words):
    done = tcphs(*arguments)
    assert done.status == 2 and done.out == ""
    sentence = done.complaint()
    for word in words:
        assert word in sentence
    assert not list(tmp_path.iterdir())


def test_a_report_that_has_no_place_stops_before_anything_is_read(tcphs, write, tmp_path):
    name = write("a.pcap", refused())
    done = tcphs("--report", "ndjson=first", "--report", "summary=no/such/folder", name)
    assert done.status == 3 and done.out == ""
    assert "no/such/folder" in done.complaint()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_report_that_does_not_fit_leaves_the_old_one(tcphs, write, tmp_path):
    """The disk is full (here: a limit on the size of files): no half of a report gets the name."""
    name = write("a.pcap", pcap(flood(3000)))
    (tmp_path / "all.ndjson").write_text("of yesterday")
    done = tcphs("--format", "none", "--report", "ndjson=all.ndjson", name,
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)))
    assert done.status == 3
    assert "all.ndjson: the report could not be written" in done.complaint()
    assert (tmp_path / "all.ndjson").read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "all.ndjson"]


def test_a_report_replaces_a_file_and_writes_into_what_is_none(tcphs, write, tmp_path):
    """A link stays a link, a device a device; a new file has the permissions that new files get."""
    name = write("a.pcap", complete())
    (tmp_path / "target").write_text("old")
    os.symlink("target", tmp_path / "link")
    assert tcphs("--report", "ndjson=link", "--report", "summary=/dev/null", "--report", "table=new", name).status == 0
    assert (tmp_path / "link").is_symlink()
    assert '"verdict":"complete"' in (tmp_path / "target").read_text()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("wanted", [["--output", "in/a.pcap"], ["--write", "in/a.pcap"], ["--report", "csv=link"]])
@pytest.mark.parametrize("inputs", [["in/a.pcap"], ["in"], ["--join", "in"], ["in/../link"]])
def test_a_report_never_takes_the_place_of_an_input(tcphs, write, tmp_path, wanted, inputs):
    write("in/a.pcap", refused())
    (tmp_path / "link").symlink_to("in/a.pcap")
    done = tcphs(*wanted, *inputs)
    assert (done.status, done.out) == (2, "")
    assert done.complaint().endswith("the report would take the place of this input: name another file")
    assert (tmp_path / "in/a.pcap").read_bytes() == refused()


def many(write):
    """Some inputs of different size, one damaged, one that is no capture."""
    names = [write("damaged.pcap", complete()[:-3]), write("none.pcap", b"nothing of ours")]
    for number in range(24):
        talk = Talk(sport=40000 + number).handshake(0.1 * number).shutdown(1.0 + number)
        names.append(write(f"in/{number:02}.pcap", pcap(flood(1500)) if number % 7 == 0 else talk.pcap()))
    return names


@pytest.mark.parametrize("form", ["table", "ndjson", "summary"])
def test_any_number_of_jobs_gives_the_same_octets(tcphs, write, form):
    names = many(write)
    first = tcphs("--format", form, "--jobs", "1", *names)
    assert first.status == 3 and first.err.count("\n") == 2
    for jobs in ("2", "3", "16"):
        again = tcphs("--format", form, "--jobs", jobs, *names)
        assert (again.status, again.out, again.err) == (first.status, first.out, first.err)


def long_talks():
    """So much of one capture that a second thread reads ahead: whole connections and refused ones."""
    frames = flood(4000, refuse=True)
    for number in range(200):
        frames += Talk(sport=30000 + number).handshake(0.04 * number).shutdown(0.04 * number + 0.1).frames
    return sorted(frames, key=lambda frame: frame[0])


@pytest.mark.parametrize("form", ["table", "ndjson", "summary", "html"])
@pytest.mark.parametrize("kind", ["pcap", "cut", "pcapng", "gz"])
def test_reading_ahead_gives_the_same_octets(tcphs, write, form, kind):
    octets = {"pcap": pcap, "cut": lambda frames: pcap(frames)[:-3], "pcapng": pcapng,
              "gz": lambda frames: gzip.compress(pcap(frames), 1)}[kind](long_talks())
    name = write("a", octets)
    first = tcphs("--format", form, "--jobs", "1", name)
    assert first.status == (3 if kind == "cut" else 1)
    again = tcphs("--format", form, "--jobs", "2", name)
    assert (again.status, again.out, again.err) == (first.status, first.out, first.err)
