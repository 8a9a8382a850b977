# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_policy.py - policies: what they change, what they expect, and what a mistake in one gets for an answer."""

import re
from pathlib import Path

import pytest

from cli_captures import Talk, complete, pcap, refused

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/policy.md"
SIX = "2001:db8::"


def network():
    """Ten connections: 6 complete to port 80, 1 unanswered there, 2 refused at port 9999, 1 over IPv6."""
    frames = []
    for number in range(6):
        frames += Talk(client=f"10.0.0.{number + 1}", sport=50000 + number).handshake(number).frames
    frames += Talk(client="10.0.0.7", sport=50007).syn(7).frames
    for number in range(2):
        frames += Talk(sport=50010 + number, dport=9999).syn(8 + number).refusal(8.1 + number).frames
    frames += Talk(client=SIX + "1", server=SIX + "9", sport=50020).handshake(11).frames
    return pcap(frames + Talk().end(60).frames)


@pytest.fixture
def judge(tcphs, write, tmp_path):
    """Runs the analyzer with a policy over network(); gives back the outcome."""
    name = write("a.pcap", network())

    def run(policy, *arguments):
        (tmp_path / "policy.ini").write_text(policy, encoding="utf-8")
        return tcphs("--policy", "policy.ini", *arguments, name)

    return run


def connections(done):
    return [line for line in done.lines() if line["type"] == "connection"]


def expectations(done):
    return {line["name"]: line for line in done.lines() if line["type"] == "expectation"}


@pytest.mark.parametrize("policy, status", [
    ("", 1), ("# nothing\n\n", 1), ("[policy]\n", 1),
    ("[policy]\nfail_on = never\n", 0),
    ("[policy]\nfail_on = malformed, half_open\n", 0),
    ("[policy]\r\nfail_on=unanswered\r\n", 1),
    ("[policy]\nfail_on = handshake_slow\n[thresholds]\nslow = 0.01\n", 1),
    ("[policy]\nfail_on = handshake_slow\n[thresholds]\nslow = 0.01\n[severity]\nhandshake_slow = off\n", 0),
])
def test_fail_on(judge, policy, status):
    done = judge(policy, "--format", "none")
    assert (done.status, done.err) == (status, "")


def test_the_command_line_wins(judge):
    policy = "[policy]\nfail_on = never\n[severity]\nsyn_unanswered = off\n[thresholds]\nhorizon = 100\nslow = 0.001\n"
    done = judge(policy, "--format", "ndjson", "--fail-on", "unanswered", "--horizon", "3", "--severity",
                 "syn_unanswered=error")
    assert done.status == 1
    lost, *_ = [line for line in connections(done) if line["client"]["addr"] == "10.0.0.7"]
    assert (lost["reason"], lost["findings"][0]["id"], lost["findings"][0]["severity"]) == (
        "unanswered", "syn_unanswered", "error")
    slow = [line for line in connections(done) if any(f["id"] == "handshake_slow" for f in line["findings"])]
    assert len(slow) == 7       # of the file, since the command line does not say


def test_severities(judge):
    done = judge("[severity]\nrst_refused = off\nsyn_unanswered = chat\n", "--format", "ndjson")
    found = {(finding["id"], finding["severity"]) for line in connections(done) for finding in line["findings"]}
    assert ("syn_unanswered", "chat") in found
    assert not any(rule == "rst_refused" for rule, _ in found)
    assert "rst_refused" not in judge("[severity]\nrst_refused = off\n", "--format", "summary").out
    listed = judge("[severity]\nrst_refused = off\n", "--list-rules", "--checksums").out
    assert re.search("^rst_refused +off ", listed, re.M)


def test_severity_off_on_the_command_line(tcphs, write):
    name = write("a.pcap", refused())
    assert "rst_refused" not in tcphs("--severity", "rst_refused=off", name).out
    assert tcphs("--severity", "rst_refused=off", "--fail-on", "rst_refused", name).status == 0


def test_what_must_be_refused_is(judge):
    """And does not fail for being refused."""
    policy = '[policy]\nfail_on = refused\n[expect "closed"]\nfilter = tcp dst port 9999\nverdict = refused\n'
    done = judge(policy, "--format", "ndjson")
    assert done.status == 0
    assert expectations(done)["closed"] == {
        "type": "expectation", "name": "closed", "held": True, "connections": 2, "fitting": 2,
        "text": "2 of 2 connections are refused; expected: all", "examples": []}


def test_what_must_be_refused_is_not(judge):
    policy = '[policy]\nfail_on = never\n[expect "closed"]\nfilter = dst port 80 and ip\nverdict = refused\n'
    done = judge(policy, "--format", "ndjson")
    assert done.status == 1
    told = expectations(done)["closed"]
    assert (told["held"], told["connections"], told["fitting"]) == (False, 7, 0)
    assert told["text"] == "0 of 7 connections are refused; expected: all"
    assert told["examples"][0] == {"file": "a.pcap", "stream": 0, "incarnation": 0,
                                   "text": "10.0.0.1:50000 > 192.0.2.9:80 is complete (three_way)"}
    assert len(told["examples"]) == 7


@pytest.mark.parametrize("bounds, held", [
    ("at_most = 1", True), ("at_most = 0", False), ("at_most = 15 %", True), ("at_most = 14.28%", False),
    ("at_most = 14.29%", True), ("at_least = 1", True), ("at_least = 2", False), ("at_least = 14.2 %", True),
    ("at_least = 14.3 %", False), ("at_least = 1\nat_most = 1", True), ("at_least = 0\nat_most = 0", False),
    ("", False),
])
def test_bounds(judge, bounds, held):
    """One of seven is unanswered."""
    policy = f'[policy]\nfail_on = never\n[expect "few"]\nfilter = src net 10.0.0.0/8\nreason = unanswered\n{bounds}\n'
    done = judge(policy, "--format", "ndjson")
    assert expectations(done)["few"]["held"] is held
    assert done.status == (0 if held else 1)


@pytest.mark.parametrize("bounds, status", [
    ("at_most = 1", 0),                    # the one unanswered may be so, others do not fail
    ("at_most = 1\nfilter = port 9999", 1),  # it does not speak of the unanswered
])
def test_what_an_expectation_allows_does_not_fail(judge, bounds, status):
    policy = f'[policy]\nfail_on = unanswered\n[expect "few"]\nreason = unanswered\n{bounds}\n'
    assert judge(policy, "--format", "none").status == status


def test_at_most_excuses_only_what_fits(judge):
    """Refused connections are none of its business, even if the filter chooses them."""
    policy = '[policy]\nfail_on = refused\n[expect "few"]\nreason = unanswered\nat_most = 50 %\n'
    assert judge(policy, "--format", "none").status == 1


def test_none_chosen(judge):
    for bounds, status in (("", 0), ("at_least = 90 %", 0), ("at_most = 0", 0), ("at_least = 1", 1)):
        policy = f'[policy]\nfail_on = never\n[expect "x"]\nfilter = port 7\nverdict = complete\n{bounds}\n'
        assert judge(policy, "--format", "none").status == status


@pytest.mark.parametrize("words, fitting", [
    ("filter = ip6", 1), ("filter = src host 2001:db8::1", 1), ("filter = dst net 2001:db8::/32 and dst port 80", 1),
    ("filter = src host 192.0.2.9", 0), ("filter = host 192.0.2.9", 9), ("filter = not port 80", 2),
    ("filter = portrange 50000-50003", 4), ("filter = src port 50007 or (ip6 and tcp)", 2),
    ("filter = tcp[tcpflags] == tcp-syn", 9), ("filter = udp", 0), ("filter = ip proto \\\\tcp", 9), ("", 10),
])
def test_filters_are_asked_of_the_syn(judge, words, fitting):
    done = judge(f'[expect "x"]\n{words}\nverdict = complete, incomplete\n', "--format", "ndjson")
    told = expectations(done)["x"]
    assert told["connections"] == told["fitting"] == fitting


def test_all_keys_of_a_condition_have_to_fit(judge):
    policy = ('[expect "x"]\nverdict = incomplete, complete\nreason = refused\nfinding = rst_refused, syn_again\n'
              'at_least = 1\n[expect "y"]\nverdict = complete\nfinding = rst_refused\nat_least = 1\n')
    told = expectations(judge(policy, "--format", "ndjson"))
    assert (told["x"]["fitting"], told["y"]["fitting"]) == (2, 0)
    assert told["x"]["text"] == ("2 of 10 connections are incomplete or complete and are refused and have rst_refused "
                                 "or syn_again; expected: at least 1")


def test_ignored_connections_are_nowhere(judge):
    policy = ('[ignore "a"]\nfilter = port 9999\n[ignore "b"]\nreason = unanswered\n'
              '[expect "x"]\nverdict = complete\n')
    done = judge(policy, "--format", "ndjson")
    assert done.status == 0
    assert len(connections(done)) == 7
    (line,) = [line for line in done.lines() if line["type"] == "file"]
    assert (line["connections"], line["ignored"], line["verdicts"]) == (7, 3, {"complete": 7})
    assert expectations(done)["x"]["connections"] == 7
    assert "7 complete; 3 more ignored" in judge(policy).out
    assert re.search("^  ignored +3$", judge(policy, "--format", "summary").out, re.M)


def test_expectations_in_the_reports_for_people(judge, tcphs, tmp_path):
    policy = ('[expect "größer\u202e"]\nreason = unanswered\nat_most = 0\n'
              '[expect "fine"]\nverdict = complete\nat_least=1\n')
    for form in ("table", "summary", "stats"):
        out = judge(policy, "--format", form).out
        assert "\u202e" not in out
        lines = out.splitlines()
        at = lines.index("not as expected")
        assert lines[at + 1] == "  größer\\u{202e}: 1 of 10 connections are unanswered; expected: at most 0"
        assert lines[at + 2] == "    a.pcap, stream 6: 10.0.0.7:50007 > 192.0.2.9:80 is incomplete (unanswered)"
        assert lines[at + 3:at + 5] == ["as expected", "  fine: 7 of 10 connections are complete; expected: at least 1"]


def test_counts_are_of_all_inputs_whatever_the_jobs(tcphs, write, tmp_path):
    names = [write(f"{number:02}.pcap", refused() if number % 2 else complete()) for number in range(60)]
    (tmp_path / "p").write_text('[expect "x"]\nverdict = complete\n')
    first = tcphs("--policy", "p", "--format", "ndjson", "-j1", *names)
    told = expectations(first)["x"]
    assert (told["connections"], told["fitting"]) == (60, 30)
    assert [example["file"] for example in told["examples"]] == [f"{2 * number + 1:02}.pcap" for number in range(20)]
    assert tcphs("--policy", "p", "--format", "ndjson", "-j4", *names).out == first.out
    assert tcphs("--policy", "p", *names).out.count("and 10 more") == 1


@pytest.mark.parametrize("policy, line, words", [
    ("nonsense\n", 1, ["no line of a policy", "key = value"]),
    ("fail_on = never\n", 1, ["before the first group", "[policy]"]),
    ("[policy]\n\n= x\n", 3, ["no line of a policy"]),
    ("[policy\n", 1, ["no line of a policy"]),
    ("[policy] # all of it\n", 1, ["no line of a policy"]),
    ("[policy]\nfail_on[de] = never\n", 2, ["no line of a policy"]),
    ("[policy]\nfail on = never\n", 2, ["no line of a policy"]),
    ("[polcy]\n", 1, ['"polcy"', '"policy"', "severity"]),
    ("[policy \"x\"]\n", 1, ["no name"]),
    ("[policy]\nfail-on = x\n", 2, ["fail-on", '"fail_on"']),
    ("[policy]\nfail_on = halfopen\n", 2, ["fail_on", '"half_open"']),
    ("[policy]\nfail_on = never, refused\n", 2, ["never", "alone"]),
    ("[policy]\nfail_on =\n", 2, ["never"]),
    ("[policy]\nfail_on = never\n# x\nfail_on = refused\n", 4, ["fail_on", "line 2"]),
    ("[policy]\n[severity]\n[policy]\n", 3, ["[policy]", "line 1"]),
    ("[severity]\nsyn_agian = warn\n", 2, ['"syn_again"']),
    ("[severity]\nsyn_again = fatal\n", 2, ["chat, note, warn, error or off", "syn_again=warn"]),
    ("[thresholds]\nhorizont = 3\n", 2, ['"horizon"', "isn_samples"]),
    ("[thresholds]\nhorizon = 3s\n", 2, ["horizon", '"3s"', "seconds"]),
    ("[thresholds]\nslow = -1\n", 2, ["slow", '"-1"']),
    ("[thresholds]\nisn_samples = 3\n", 2, ["isn_samples", "from 4 to 32"]),
    ("[thresholds]\nleast_mss = 65536\n", 2, ["octets", "65535"]),
    ("[expect]\nverdict = refused\n", 1, ["name", '[expect "']),
    ("[expect \"\"]\nverdict = refused\n", 1, ["name"]),
    ("[expect \"x\"]\nfilter = port 80\n\n[policy]\n", 1, ["what is expected", "verdict, reason or finding"]),
    ("[expect \"x\"]\n", 1, ["what is expected"]),
    ("[expect \"x\"]\nfliter = port 80\n", 2, ['"filter"']),
    ("[expect \"x\"]\nfilter = prot 80\n", 2, ["filter", "pcap-filter(7)"]),
    ("[expect \"x\"]\nfilter = ip and ip6\n", 2, ["filter", "libpcap"]),
    ("[expect \"x\"]\nverdict = refusd\n", 2, ["verdict or reason", '"refused"']),
    ("[expect \"x\"]\nreason = complete\n", 2, ["no reason"]),
    ("[expect \"x\"]\nfinding = refused\n", 2, ["no rule", '"rst_refused"']),
    ("[expect \"x\"]\nverdict =\n", 2, ["verdict"]),
    ("[expect \"x\"]\nverdict = refused\nat_most = few\n", 3, ["at_most", '"few"', "1 %"]),
    ("[expect \"x\"]\nverdict = refused\nat_least = 101 %\n", 3, ["at_least"]),
    ("[expect \"x\"]\nverdict = refused\nat_least = 1.5\n", 3, ["at_least"]),
    ("[expect \"x\"]\nverdict = refused\nat_least = 1e300\n", 3, ["at_least"]),
    ("[expect \"x\"]\nverdict = refused\nat_most = -1 %\n", 3, ["at_most"]),
    ("[expect \"x\"]\nverdict = refused\n[expect \"x\"]\nverdict = refused\n", 3, ["line 1"]),
    ("[ignore \"x\"]\n", 1, ["all connections"]),
    ("[ignore \"x\"]\nat_most = 1\n", 2, ["at_most", "key of [ignore]"]),
    ("[policy]\n\nfail_on = \\q\n", 3, ["fail_on"]),
    ("[policy]\n\x1b[31m\n", 2, ["no line"]),
    ("[expect \"\x1b\"]\n", 1, ["no line"]),
])
def test_a_mistake_is_told_with_its_line(judge, policy, line, words):
    done = judge(policy)
    assert (done.status, done.out) == (2, "")
    sentence = done.complaint()
    assert sentence.startswith(f"tcphs: policy.ini:{line}: "), sentence
    assert "\x1b" not in sentence
    for word in words:
        assert word in sentence


@pytest.mark.parametrize("octets, words", [
    (b"[policy]\n# \xff\n", ["policy.ini:2: ", "UTF-8"]), (b"[policy]\n\0\n", ["policy.ini:2: ", "UTF-8"]),
    (b"#" * (1 << 20) + b"#", ["no policy"]), (refused(), ["policy.ini:1: "]),
], ids=["latin 1", "zero", "long", "capture"])
def test_what_is_no_text_is_no_policy(tcphs, write, octets, words):
    done = tcphs("--policy", write("policy.ini", octets), write("a.pcap", refused()))
    assert (done.status, done.out) == (2, "")
    for word in words:
        assert word in done.complaint()


def test_a_policy_that_is_not_there(tcphs, write, tmp_path):
    for name in ("missing.ini", "."):
        done = tcphs("--policy", name, write("a.pcap", refused()))
        assert (done.status, done.out) == (2, "")
        assert "--policy" in done.complaint()


def documented():
    """The policies in the page about them, and the default thresholds it states."""
    text = DOCUMENT.read_text(encoding="utf-8")
    thresholds = re.search(r"## `\[thresholds\]`\n(.*?)\n## ", text, re.S).group(1)
    return re.findall(r"```ini\n(.*?)```", text, re.S), re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", thresholds, re.M)


@pytest.mark.parametrize("policy", documented()[0])
def test_the_examples_of_the_page_are_policies(judge, policy):
    done = judge(policy, "--format", "ndjson")
    assert done.status in (0, 1) and done.err == ""
    assert set(expectations(done)) == set(re.findall(r'^\[expect "(.*)"\]', policy, re.M))


def test_the_thresholds_of_the_page_are_the_defaults(judge):
    """All of them, and no verdict or finding changes when they are said."""
    _, rows = documented()
    policy = "[thresholds]\n" + "".join(f"{key} = {value}\n" for key, value in rows)
    assert judge(policy, "--format", "ndjson").out == judge("", "--format", "ndjson").out
    unknown = judge("[thresholds]\nx = 1\n").complaint()
    assert re.search(r"\((.*?)\)", unknown).group(1).split(", ") == [key for key, _ in rows]
