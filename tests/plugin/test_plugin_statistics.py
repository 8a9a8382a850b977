# SPDX-License-Identifier: GPL-2.0-or-later
"""Statistics: a connection counts once and by its final verdict, in one pass, in two, and as the window counts."""
import re
import subprocess
import time
from collections import Counter

import pytest
from plugin_captures import CLIENT, SERVER, handshake, icmp, other, segment, wrapped
from scapy.layers.inet import IP
from scapy.layers.l2 import GRE
from support import analyzer, paths, shark

ALL = ("tcphs,tree", "tcphs,connections", "tcphs,srt", "tcphs,verdicts", "flow,tcphs,network")
PASSES = pytest.mark.parametrize("passes", [(), ("-2",)], ids=["one-pass", "two-pass"])
RULE = re.compile(r"^TCPHS_RULE\((\w+), \w+, \w+, (\w+),", re.M)


@pytest.fixture(scope="module")
def merged(folder):
    """All captures of the project that both programs can decode, as one."""
    path = folder / "merged.pcapng"
    subprocess.run(["mergecap", "-a", "-w", path, *paths.captures(paths.RECORDED, paths.SYNTHETIC)], check=True)
    path.chmod(0o644)
    return path


@pytest.fixture(scope="module")
def connections(wireshark, merged):
    """What the analyzer says of them, counting streams as this Wireshark does."""
    return analyzer.connections([merged], ("--stream-rule", wireshark.stream_rule()))[str(merged)]


@pytest.fixture(scope="module")
def sharkd(wireshark):
    """A sharkd, which counts as Wireshark's window does."""
    process = shark.Sharkd(wireshark)
    yield process
    process.close()


def statistics(wireshark, path, *names, passes=()):
    """What tshark prints of the statistics named."""
    return wireshark.tshark(*passes, "-q", *[part for name in names for part in ("-z", name)], "-r", path)


def tree_of(text):
    """{top: {path below it: count}} of what -z tcphs,tree prints."""
    lines = text[text.index("Topic / Item"):].splitlines()[2:]
    tree, path = {}, []
    for line in lines[:lines.index("")]:
        name, count = re.match(r" *(\S+(?: \S+)*) +(\d+) ", line).groups()
        path[len(line) - len(line.lstrip()):] = [name]
        tree.setdefault(path[0], {})[tuple(path[1:])] = int(count)
    return tree


def tree_of_json(nodes, path=()):
    """The same of sharkd's tree."""
    below = {path + (node["name"],): node["count"] for node in nodes}
    for node in nodes:
        below.update(tree_of_json(node.get("sub", []), path + (node["name"],)))
    if path:
        return below
    return {top: {rest[1:]: count for rest, count in below.items() if rest[0] == top}
            for top in (node["name"] for node in nodes)}


def endpoint(end):
    """As statistics write it."""
    return f"[{end['addr']}]:{end['port']}" if ":" in end["addr"] else f"{end['addr']}:{end['port']}"


def expected_tree(connections):
    """The tree that the analyzer's answer amounts to."""
    tree = {"Connections by verdict": Counter(), "Connections by server": Counter(), "Findings by rule": Counter(),
            "Findings by server": Counter()}
    for connection in connections:
        verdict, reason = connection["verdict"], connection["reason"]
        server = endpoint(connection["server"])
        tree["Connections by verdict"].update([(), (verdict,), (verdict, reason)])
        tree["Connections by server"].update([(), (server,), (server, verdict), (server, verdict, reason)])
        for finding in connection["findings"]:
            tree["Findings by rule"].update([(), (finding["id"],)])
            tree["Findings by server"].update([(), (server,), (server, finding["id"])])
    return tree


def table_of(text):
    """The rows of -z tcphs,connections, without blanks."""
    return [[cell.strip() for cell in line.split("|")[:-1]] for line in text.splitlines()
            if re.match(r" *\d+ \| *\d+ \|", line)]


def expected_table(connections):
    """The table that the analyzer's answer amounts to."""
    rows = []
    for connection in sorted(connections, key=lambda line: (line["first_frame"], line["stream"])):
        total = connection["rtt"]["total"]
        rows.append([str(connection["stream"]), str(connection["incarnation"]), endpoint(connection["client"]),
                     endpoint(connection["server"]), connection["verdict"], connection["reason"], connection["blame"],
                     " ".join(str(step or "-") for step in connection["steps"]),
                     "" if total is None else f"{total:.6f}", str(connection["first_frame"])])
    return rows


def times_of(text):
    """{leg: (calls, min, max, avg)} of -z tcphs,srt."""
    found = re.findall(r"^ +\d  (\w.*\w) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+) ", text, re.M)
    return {leg: (int(calls), *map(float, numbers)) for leg, calls, *numbers in found}


def expected_times(connections):
    """Handshakes captured out of order say nothing of a leg."""
    legs = {"server": "SYN to SYN-ACK, server", "client": "SYN-ACK to ACK, client", "total": "both legs, SYN to ACK"}
    times = {}
    for key, leg in legs.items():
        found = [line["rtt"][key] for line in connections if line["rtt"][key] is not None and line["rtt"][key] >= 0]
        if found:
            times[leg] = (len(found), *(pytest.approx(number, abs=2e-6)
                                        for number in (min(found), max(found), sum(found) / len(found))))
    return times


# ---- what is counted ---------------------------------------------------------------------------------


@PASSES
def test_everything_counts_as_the_analyzer_says(wireshark, merged, connections, passes):
    """All statistics at once, over all captures of the project."""
    text = statistics(wireshark, merged, *ALL, passes=passes)
    tree = tree_of(text)
    assert (tree.pop("Connections pending", None) is None) == bool(passes)
    assert tree == expected_tree(connections)
    assert table_of(text) == expected_table(connections)
    assert times_of(text) == expected_times(connections)
    verdicts = Counter(line["verdict"] for line in connections)
    last = re.search(r"^(\d+) connections, (.*)$", text, re.M)
    assert int(last[1]) == len(connections)
    assert {word: int(count) for count, word in (part.split() for part in last[2].split(", "))} == verdicts


def test_one_pass_prints_what_two_print(wireshark, merged):
    """But for what is pending, which two passes never say."""
    one = re.sub(r"^Connections pending .*\n( .*\n)*", "", statistics(wireshark, merged, *ALL), flags=re.M)
    assert one == statistics(wireshark, merged, *ALL, passes=("-2",))


def test_a_single_pass_says_what_is_pending(wireshark, capture):
    """Of three connections one is closed, so no later frame could change its verdict."""
    lost = (("192.0.2.1", 40001), SERVER)
    path = capture([*handshake(), segment(1, "client", "FA", 4322, 7001), segment(1.1, "server", "FA", 7001, 4323),
                    segment(1.2, "client", "A", 4323, 7002), *handshake(2, (("192.0.2.1", 40002), SERVER)),
                    segment(3, lost, "S", 1000), other(80)])
    shown = wireshark.tshark("-r", path, "-Y", "tcphs.verdict", "-T", "fields", "-e", "tcphs.stream")
    tree = tree_of(statistics(wireshark, path, "tcphs,tree"))
    assert set(shown.split()) == {"0"}
    assert tree["Connections by verdict"][()] == 3
    assert tree["Connections pending"] == {(): 2, ("complete",): 1, ("complete", "three_way"): 1, ("incomplete",): 1,
                                           ("incomplete", "unanswered"): 1}
    assert "Connections pending" not in tree_of(statistics(wireshark, path, "tcphs,tree", passes=("-2",)))


def test_the_window_counts_the_same(sharkd, wireshark, merged, connections, story):
    """Through sharkd: all at once, twice, and another file after it."""
    taps = {"tap0": "stat:tcphs", "tap1": "nstat:tcphs,connections", "tap2": "srt:tcphs", "tap3": "seqa:tcphs"}
    told = analyzer.connections([story])[str(story)]
    for path, expected in ((merged, connections), (story, told), (merged, connections)):
        sharkd.ask("load", file=str(wireshark.readable(path)))
        for _ in range(2):
            answers = {answer["tap"]: answer for answer in sharkd.ask("tap", **taps)["taps"]}
            assert tree_of_json(answers["stats:tcphs"]["stats"]) == expected_tree(expected)
            rows = answers["nstat:tcphs,connections"]["tables"][0]["i"]
            assert [[str(cell).strip() for cell in row] for row in rows] == expected_table(expected)
            legs = {row["n"]: (row["num"], row["min"], row["max"], row["tot"] / row["num"])
                    for row in answers["srt:tcphs"]["tables"][0]["r"]}
            assert legs == expected_times(expected)
            assert answers["seqa:tcphs"]["flows"]


def test_a_filter_chooses_connections_by_their_segments(wireshark, story):
    """One segment is enough, and the connection counts as a whole."""
    for passes in ((), ("-2",)):
        names = [f"{name},tcp.port == 40002 && frame.number == 11" for name in ALL[:4]]
        text = statistics(wireshark, story, *names, passes=passes)
        assert tree_of(text)["Connections by verdict"] == {
            (): 1, ("incomplete",): 1, ("incomplete", "unanswered"): 1}
        assert tree_of(text)["Findings by rule"] == {(): 3, ("syn_unanswered",): 1, ("syn_again",): 2}
        assert [row[4:] for row in table_of(text)] == [["incomplete", "unanswered", "path", "7 - -", "", "7"]]
        assert times_of(text) == {}
        assert "\n1 connection, 1 incomplete\n" in text
    text = statistics(wireshark, story, 'tcphs,srt,tcphs.verdict == "complete"', passes=("-2",))
    assert times_of(text)["both legs, SYN to ACK"][0] == 1


def test_a_filter_on_verdicts_needs_two_passes(wireshark, story, capture):
    """A filter looks at segments while they pass; in one pass they have a verdict only when it is certain."""
    failed = 'tcphs,tree,tcphs.verdict in {"incomplete", "malformed"}'
    assert tree_of(statistics(wireshark, story, failed, passes=("-2",)))["Connections by verdict"] == {
        (): 3, ("incomplete",): 2, ("incomplete", "unanswered"): 1, ("incomplete", "refused"): 1, ("malformed",): 1,
        ("malformed", "bad_arithmetic"): 1}
    assert tree_of(statistics(wireshark, story, failed))["Connections by verdict"] == {(): 0}
    closed = [*handshake(), segment(1, "client", "FA", 4322, 7001), segment(1.1, "server", "FA", 7001, 4323),
              segment(1.2, "client", "A", 4323, 7002), segment(70, "client", "A", 4323, 7002), other(80)]
    assert tree_of(statistics(wireshark, capture(closed), "tcphs,tree,tcphs.verdict"))["Connections by verdict"] == {
        (): 1, ("complete",): 1, ("complete", "three_way"): 1}


def test_two_listeners_with_different_filters(wireshark, story):
    text = statistics(wireshark, story, "tcphs,tree,tcp.port == 40001", "tcphs,tree,tcp.port == 40002",
                      "tcphs,srt,tcp.port == 40001", "tcphs,srt")
    first, second = text.index("Topic / Item"), text.rindex("Topic / Item")
    reasons = {path[-1] for part in (text[first:second], text[second:])
               for path in tree_of(part)["Connections by verdict"] if len(path) == 2}
    assert reasons == {"refused", "unanswered"}
    assert text.count("both legs, SYN to ACK") == 1


def test_a_bad_filter_is_said(wireshark, story):
    for name in ALL[:4]:
        result = wireshark.run("-q", "-z", f"{name},tcphs.nonsense", "-r", story, check=False)
        assert re.search(r"invalid - \S*tcphs\.nonsense", result.stderr), name
        assert result.returncode or name == "tcphs,tree", "tshark goes on without any stats tree, whoever made it"


def test_a_capture_without_tcp(wireshark, capture):
    text = statistics(wireshark, capture([other(0)]), *ALL)
    assert tree_of(text)["Connections by verdict"] == {(): 0}
    assert table_of(text) == [] and times_of(text) == {}
    assert "\n0 connections\n" in text


def test_ring_buffer_and_sessions(wireshark, story, folder):
    """tshark begins anew with the next file, or after so many frames, and numbers connections anew: sums go on."""
    ring = folder / "ring"
    ring.mkdir()
    ring.chmod(0o777)
    names = [part for name in ALL[:4] for part in ("-z", name)]
    command = wireshark.command("tshark", "-i", "-", "-w", ring / "part.pcapng", "-b", "packets:6", "-q", *names)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=wireshark.environment(), cwd=wireshark.home) as process:
        process.stdin.write(story.read_bytes())
        process.stdin.flush()
        deadline = time.monotonic() + 300
        while len(list(ring.iterdir())) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.stdin.close()
        text = process.stdout.read().decode()
    assert len(list(ring.iterdir())) == 3
    for printed in (text, statistics(wireshark, story, *ALL[:4], passes=("-M", "6"))):
        assert tree_of(printed)["Connections by verdict"][()] == 4
        assert [row[5] for row in table_of(printed)] == ["three_way", "refused", "unanswered", "bad_arithmetic"]
        assert times_of(printed)["both legs, SYN to ACK"] == (1, 0.03062, 0.03062, 0.03062)
        assert "\n4 connections, 1 complete, 2 incomplete, 1 malformed\n" in printed


def test_many_servers_share_a_node(wireshark, capture):
    """A scan has as many servers as packets; the tree stays one that can be looked at, and the sums are right."""
    path = capture([segment(0, (CLIENT, ("192.0.2.9", 0)), "S", 1), other(99)])
    header, probe, last = path.read_bytes()[:24], path.read_bytes()[24:-59], path.read_bytes()[-59:]
    port = len(probe) - 22
    scan = b"".join(probe[:port] + i.to_bytes(2, "big") + probe[port + 2:] for i in range(1, 10501))
    path.write_bytes(header + scan + last)
    tree = tree_of(statistics(wireshark, path, "tcphs,tree"))["Connections by server"]
    assert tree[()] == 10500 and tree[("(other servers)", "incomplete", "unanswered")] == 500
    assert len([path for path in tree if len(path) == 1]) == 10001


def test_columns_are_as_wide_as_they_need_to_be(wireshark, merged, story):
    for path in (merged, story):
        text = statistics(wireshark, path, "tcphs,connections")
        lines = [line for line in text.splitlines() if line.endswith("|")]
        assert len({tuple(at.start() for at in re.finditer(r"\|", line)) for line in lines}) == 1, lines[:3]


# ---- graph, filter, expert infos, links --------------------------------------------------------------


def test_the_graph_has_handshakes_with_their_arithmetic(sharkd, wireshark, capture):
    syn = segment(5, (("192.0.2.50", 5), SERVER), "S", 77)
    inner = wrapped(handshake(1, ends=(("192.0.2.60", 6), SERVER)), IP(src="198.51.100.1", dst="198.51.100.2"), GRE())
    path = capture([*handshake(), segment(0.1, "client", "PA", 4322, 7001, b"x" * 100), *inner, syn, icmp(5.1, syn),
                    segment(6, "client", "RA", 4422, 7001), other(30)])
    sharkd.ask("load", file=str(path))
    told = sharkd.ask("tap", tap0="seqa:tcphs")["taps"][0]
    nodes = told["nodes"]
    arrows = [(nodes[arrow["n"][0]], nodes[arrow["n"][1]], arrow["pn"], arrow["c"]) for arrow in told["flows"]]
    assert arrows[:3] == [
        ("192.0.2.1", "192.0.2.9", [49152, 80], "seq 4321 = ISN"),
        ("192.0.2.9", "192.0.2.1", [80, 49152], "ack 4322 = 4321 + 1 (SYN), seq 7000 = ISN"),
        ("192.0.2.1", "192.0.2.9", [49152, 80], "ack 7001 = 7000 + 1 (SYN), seq 4322 = 4321 + 1 (SYN)")]
    assert [arrow[0] for arrow in arrows[3:6]] == ["192.0.2.60", "192.0.2.9", "192.0.2.60"]
    assert arrows[6:] == [("192.0.2.50", "192.0.2.9", [5, 80], "seq 77 = ISN"),
                          ("203.0.113.1", "192.0.2.50", [0, 5], "ICMP: administratively prohibited")]
    printed = statistics(wireshark, path, "flow,tcphs,standard")
    assert [arrow[3] for arrow in arrows] == re.findall(r"\|((?:seq|ack|ICMP:) .*)$", printed, re.M)
    assert "SYN, ACK" in printed


def test_conversation_filter_selects_whole_connections(sharkd, wireshark, merged):
    """Asked of every frame as the window asks of the selected one. tshark has no such menu: see filter_probe.c."""
    probe = wireshark.folder / "filter_probe.so"
    probe.write_bytes((paths.BUILD / "plugin/filter_probe.so").read_bytes())
    probe.chmod(0o755)
    command = wireshark.command("tshark", "-2", "-r", wireshark.readable(merged))
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=wireshark.home,
                            env={**wireshark.environment(), "LD_PRELOAD": str(probe)})
    assert "name TCP Handshake\n" in result.stderr
    filters = {int(frame): text for frame, text in re.findall(r"^filter (\d+) (.*)$", result.stderr, re.M)}
    segments = [row["frame"] for row in wireshark.fields(merged, "tcphs.phase") if row["tcphs.phase"]]
    assert set(segments) <= set(filters)
    chosen = {}
    for frame in segments:
        chosen.setdefault(filters[frame], []).append(frame)
    kinds = {"incarnation": [], "!tcphs": [], "frame.number": []}
    for text in chosen:
        kinds["frame.number" if text.startswith("frame") else "!tcphs" if "!tcphs" in text else "incarnation"] += [text]
    sharkd.ask("load", file=str(merged))
    # Of each kind some; those that need a frame's number belong to connections that TCP counts as several streams.
    for kind, texts in kinds.items():
        assert texts or (kind, wireshark.stream_rule()) == ("incarnation", "ws44"), "4.4 and 4.6 split every stream"
        for text in texts[::max(1, len(texts) // 12)]:
            assert [frame["num"] for frame in sharkd.ask("frames", filter=f"tcphs && ({text})")] == chosen[text], text


def test_expert_infos_are_the_analyzers_findings(sharkd, wireshark, merged, connections):
    sharkd.ask("load", file=str(merged))
    details = sharkd.ask("tap", tap0="expert")["taps"][0]["details"]
    words = {"Chat": "chat", "Note": "note", "Warning": "warn", "Error": "error"}
    told = Counter((item["f"], words[item["s"]], item["m"]) for item in details if item["p"] == "TCPHS")
    assert told == Counter((finding["frame"], finding["severity"], finding["text"])
                           for line in connections for finding in line["findings"])
    groups = {item["g"] for item in details if item["p"] == "TCPHS"}
    assert groups == {"Sequence", "Protocol"}
    report = statistics(wireshark, merged, "expert", passes=("-2",))
    assert counted(report) == Counter(severity for _, severity, _ in told.elements())


def counted(report):
    """{severity: how many} of our expert infos in what -z expert prints."""
    counts, severity = Counter(), None
    for line in report.splitlines():
        heading = re.match(r"(Error|Warn|Note|Chat)s \(\d+\)", line)
        severity = heading[1].lower() if heading else severity
        row = re.match(r" +(\d+) +\S+ +TCPHS  ", line)
        if row:
            counts[severity] += int(row[1])
    return counts


def test_expert_infos_of_one_pass_are_what_is_certain(wireshark, merged, connections):
    """No tree is made for the report; what it counts is what the field has, and all that no later frame can change."""
    scope = dict(RULE.findall((paths.ROOT / "engine/rules.def").read_text()))
    shown = Counter((row["frame"], rule) for row in wireshark.fields(merged, "tcphs.finding", options=())
                    for rule in row["tcphs.finding"])
    findings = Counter((finding["frame"], finding["id"]) for line in connections for finding in line["findings"])
    assert not shown - findings, "never contradicts two passes"
    at_once = Counter({key: count for key, count in findings.items() if scope[key[1]] == "SEGMENT"})
    assert Counter({key: count for key, count in shown.items() if scope[key[1]] == "SEGMENT"}) == at_once
    assert sum(counted(statistics(wireshark, merged, "expert")).values()) == sum(shown.values())


def test_every_segment_links_to_the_steps_both_ways(wireshark, story):
    rows = wireshark.fields(story, "tcphs.syn_in", "tcphs.synack_in", "tcphs.ack_in")
    links = [[list(row.values())[i + 1] for i in range(3)] for row in rows]
    assert links[:4] == [[[], ["2"], ["3"]], [["1"], [], ["3"]], [["1"], ["2"], []], [["1"], ["2"], ["3"]]]
    assert links[5] == [["5"], [], []] and links[10] == [["7"], [], []]


def test_links_are_of_the_kinds_that_the_packet_list_draws():
    """Arrows between SYN and SYN-ACK, a check mark at the ACK; the list is drawn in the window only."""
    rows = dict(re.findall(r"^TCPHS_FIELD\((\w+_IN), .*FRAMENUM_TYPE\(FT_FRAMENUM_(\w+)\)",
                           (paths.ROOT / "plugin/fields.def").read_text(), re.M))
    assert rows == {"SYN_IN": "REQUEST", "SYNACK_IN": "RESPONSE", "ACK_IN": "ACK"}


def test_the_options_are_listed(wireshark):
    """-z help, and what the documentation calls them."""
    listed = wireshark.run("-z", "help", check=False)
    words = set(re.findall(r"^ +(\S*tcphs\S*)$", listed.stderr + listed.stdout, re.M))
    assert words == {"flow,tcphs", "tcphs,connections", "tcphs,srt", "tcphs,tree", "tcphs,verdicts"}
    told = (paths.ROOT / "docs/statistics.md").read_text() + (paths.ROOT / "README.md").read_text()
    assert all(f"-z {word}" in told for word in words)
