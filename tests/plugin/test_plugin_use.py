# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin while it is used: in pieces, while frames arrive, in any order, with settings changed in the middle."""
import contextlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from plugin_captures import handshake, other, segment
from plugin_window import look, printed, shown, window
from scapy.utils import rdpcap
from support import pdml
from support.veth import CAPTURE, SERVER, CannotError, Veth

SAID = ["tcphs.stream", "tcphs.phase", "tcphs.step", "tcphs.client.state", "tcphs.verdict", "tcphs.syn_in",
        "tcphs.finding"]
VERDICTS = ("-q", "-z", "tcphs,verdicts")


# ---- a session that begins anew: tshark -M -----------------------------------------------------------------


def rows(text):
    """The connections in what -z tcphs,verdicts prints, and the line below them."""
    lines = [line.split() for line in text.splitlines()]
    return [line[1:4] + line[5:] for line in lines if "->" in line and line[0][0].isdigit()], \
        next(" ".join(line) for line in lines if "connections," in line)


def test_sessions_that_begin_anew_are_captures_of_their_own(wireshark, story, capture):
    """tshark -M forgets what it knows after so many frames, and begins to count them anew."""
    packets = list(rdpcap(str(story)))
    parts = [capture(packets[i:i + 4]) for i in range(0, len(packets), 4)]
    expected = [row for part in parts for row in wireshark.fields(part, *SAID, options=())]
    assert wireshark.fields(story, *SAID, options=("-M", "4")) == expected
    assert len(parts) == 4


def test_statistics_go_on_when_a_session_begins_anew(wireshark, story):
    """Taps are told nothing of it, so what they noted of connections must not outlive these."""
    found, sum_of_all = rows(wireshark.tshark(*VERDICTS, "-M", "4", "-r", story))
    assert found == [
        ["complete", "three_way", "none", "192.0.2.1:49152", "->", "192.0.2.9:80"],
        ["incomplete", "refused", "server", "192.0.2.1:40001", "->", "192.0.2.9:80"],
        ["unknown", "capture_ended", "capture", "192.0.2.1:40002", "->", "192.0.2.9:80"],
        ["unknown", "capture_ended", "capture", "192.0.2.1:40003", "->", "192.0.2.9:80"],
        ["unknown", "midstream", "capture", "192.0.2.1:40003", "->", "192.0.2.9:80"],
        ["unknown", "capture_ended", "capture", "192.0.2.1:40002", "->", "192.0.2.9:80"]]
    assert sum_of_all == "6 connections, 1 complete, 4 unknown, 1 incomplete"


# ---- the window: any order, files that change, filters, settings ---------------------------------------------


def test_any_order_of_frames_shows_what_two_passes_print(wireshark, sharkd, medley):
    """No frame's answer depends on which were looked at before."""
    expected = printed(wireshark, medley)
    assert len(expected) > 200
    frames = random.Random(9293).sample(list(expected), len(expected))
    assert shown(sharkd, medley, frames) == expected


def test_a_file_that_has_changed_is_read_anew(wireshark, sharkd, story, capture, folder):
    """Reload: the same name, another content, with nothing of before; then it grows, as a file being written does."""
    path = folder / "reloaded.pcap"
    whole = handshake() + [segment(1, "server", "PA", 7001, 4322, b"hello"), other(9)]
    for source in (story, capture(whole[:2]), capture(whole[:3]), capture(whole)):
        shutil.copyfile(source, path)
        path.chmod(0o644)
        last = len(rdpcap(str(path)))
        assert shown(sharkd, path, range(last, 0, -1)) == printed(wireshark, path)


def test_filters_between_looks(wireshark, sharkd, medley):
    """Filtering dissects frames again, in file order, before, between and after a person's looks at single ones."""
    generator = random.Random(7413)
    filters = ['tcphs.verdict == "half_open"', "tcphs.step == 2", "tcphs.ack.delta != 0", "tcphs.syn_again",
               "tcphs.finding.related", 'tcphs.closed == "rst" && tcphs.step == 1', "tcphs.rtt.total > 0.03"]
    expected = {text: wireshark.matching(medley, text) for text in filters}
    assert all(expected.values())
    last = len(wireshark.fields(medley))
    trees = printed(wireshark, medley)
    sharkd.ask("load", file=str(medley))
    for _ in range(2):
        for text in generator.sample(filters, 4):
            assert [frame["num"] for frame in sharkd.ask("frames", filter=text)] == expected[text]
            for frame in generator.sample(range(1, last + 1), 5):
                assert look(sharkd, frame) == trees.get(frame, [])


def test_a_setting_changed_after_loading_holds_from_the_next_load_on(wireshark, sharkd, story):
    """What was judged by the old setting stays so until all frames are dissected anew; no mixture."""
    frames = range(1, 14)
    patient = printed(wireshark, story, ("-2", "-o", "tcphs.horizon:100"))
    hasty = printed(wireshark, story)
    assert patient != hasty
    assert shown(sharkd, story, frames) == hasty
    for seconds, before, after in ((100, hasty, patient), (3, patient, hasty)):
        sharkd.ask("setconf", name="tcphs.horizon", value=str(seconds))
        assert {frame: look(sharkd, frame) for frame in before} == before
        assert shown(sharkd, story, reversed(frames)) == after


def test_a_setting_changed_between_loading_and_looking(wireshark, sharkd, story):
    """Nobody has looked at a frame yet when it changes."""
    assert window(sharkd, story, []) == {}
    sharkd.ask("setconf", name="tcphs.horizon", value="100")
    sharkd.ask("setconf", name="tcphs.linger", value="0")
    trees = printed(wireshark, story)
    assert {frame: look(sharkd, frame) for frame in trees} == trees


def test_marks_in_the_info_column_go_at_once(sharkd, story):
    """They are of no consequence to anything that is kept."""
    sharkd.ask("load", file=str(story))
    marks = []
    for value in ("TRUE", "FALSE", "TRUE"):
        sharkd.ask("setconf", name="tcphs.info_marks", value=value)
        marks.append(["/3]" in frame["c"][-1] for frame in sharkd.ask("frames", limit=4)])
    assert marks == [[True] * 3 + [False], [False] * 4, [True] * 3 + [False]]


# ---- what lies on top of TCP ---------------------------------------------------------------------------------


@pytest.mark.parametrize("passes", pdml.PASSES)
def test_others_say_what_they_say_without_us(wireshark, plain, everything, passes):
    """Every line of PDML but ours, of all captures in one; script/verify pdml asks it of each, and of others."""
    count, difference = pdml.compare(wireshark, plain, everything, pdml.PASSES[passes])
    assert not difference
    assert count > 500


# ---- live ----------------------------------------------------------------------------------------------------

TALK = """
import socket, sys
listener = socket.create_server((sys.argv[1], 80))
print("listening", flush=True)
for octets in (5, 0):
    end, _ = listener.accept()
    while octets > 0:
        octets -= len(end.recv(octets))
    end.close()
"""
CALL = """
import socket, sys
for port, octets in ((80, b"hello"), (81, b""), (80, b"")):
    try:
        end = socket.create_connection((sys.argv[1], port), timeout=120)
        end.sendall(octets)
        end.recv(1)
    except ConnectionRefusedError:
        pass
"""
TICK = 'import socket, sys; socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (sys.argv[1], 9))'


@pytest.fixture(name="veth", scope="module")
def fixture_veth():
    try:
        cable = Veth()
    except CannotError as error:
        pytest.skip(f"no network namespaces here: {error}")
    yield cable
    cable.close()


class Live:
    """A tshark that captures at the client's end, as nobody, with nothing but the right to do that."""

    def __init__(self, wireshark, veth, name, *options):
        program = wireshark.command("tshark", "-n", "-l", "-i", "v0", *options)
        if "setpriv" in program:
            program[1:1] = CAPTURE
        self.out, self.errors = (wireshark.folder / f"live-{name}.{kind}" for kind in ("out", "err"))
        with open(self.out, "w", encoding="utf-8") as out, open(self.errors, "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen([*veth.client, *program], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=errors, env=wireshark.environment(), cwd=wireshark.home)

    def stop(self):
        """All that it printed, to its end."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=300) == 0, self.errors.read_text()
        return self.out.read_text()


def python(end, script):
    """A process at one end of the cable."""
    return subprocess.Popen([*end, sys.executable, "-c", script, SERVER], stdout=subprocess.PIPE, text=True)


def until_all_show_datagrams(veth, lives):
    """Sends one after the other until each capture has come to one of them."""
    seen = [live.out.stat().st_size for live in lives]
    for _ in range(1000):
        assert python(veth.client, TICK).wait() == 0
        if all(live.out.stat().st_size > before for live, before in zip(lives, seen)):
            return
        time.sleep(0.1)
    pytest.fail("\n".join(live.errors.read_text() for live in lives))


@pytest.fixture(name="captured", scope="module")
def fixture_captured(wireshark, veth):
    """What three tsharks printed while real hosts talked: fields (and a file), a filter's choice, statistics."""
    lives = [
        Live(wireshark, veth, "fields", "-w", wireshark.home / "live.pcapng", "-P", *wireshark.asking(SAID)),
        Live(wireshark, veth, "filter", "-Y", "tcphs.step == 3 || tcphs.rst_refused || udp",
             *wireshark.asking(["tcphs.phase"])),
        Live(wireshark, veth, "verdicts", "-z", "tcphs,verdicts"),
    ]
    with contextlib.ExitStack() as leaving:
        for live in lives:
            leaving.callback(live.process.kill)   # nothing if it has ended by then
        until_all_show_datagrams(veth, lives)
        host = python(veth.server, TALK)
        leaving.callback(host.kill)
        # Who calls before it listens is refused, and it would wait for that call for ever.
        assert host.stdout.readline() == "listening\n"
        assert python(veth.client, CALL).wait(timeout=300) == 0
        assert host.wait(timeout=300) == 0
        until_all_show_datagrams(veth, lives)
        return [live.stop() for live in lives]


def test_a_live_capture_says_what_its_file_says(wireshark, captured):
    """Frame by frame as they arrive, as a single pass over the file that was written meanwhile."""
    live = wireshark.told(captured[0], SAID)
    assert live == wireshark.fields(wireshark.home / "live.pcapng", *SAID, options=())[:len(live)]
    segments = [row for row in live if row["tcphs.phase"]]
    assert [row["tcphs.step"] for row in segments[:3]] == [["1"], [], ["3"]]
    assert segments[2]["tcphs.client.state"] == ["ESTABLISHED"]
    assert [row["tcphs.phase"] for row in segments].count(["rst"]) == 1


def test_a_live_capture_can_be_filtered(wireshark, captured):
    rows_ = wireshark.told(captured[1], ["tcphs.phase"])
    assert [row["tcphs.phase"] for row in rows_ if row["tcphs.phase"]] == [["ack"], ["rst"], ["ack"]]


def test_a_live_capture_ends_with_verdicts(captured):
    found, sum_of_all = rows(captured[2])
    assert [row[1] for row in found] == ["three_way", "refused", "three_way"]
    assert sum_of_all == "3 connections, 2 complete, 1 incomplete"
