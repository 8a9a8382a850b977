# SPDX-License-Identifier: GPL-2.0-or-later
"""Every capture script, in each of its variants, judged on three paths by the expectations written in it.

engine    the engine directly (judge_engine), keeping all connections and draining them
analyzer  the analyzer on the capture
plugin    the plugin: tshark -2 on the script as written, sharkd (Wireshark's window, without the window) on variants

A failure names script, variant and path, then for each expectation that was missed the line of the script, what was
expected and what came.
"""

import subprocess

import pytest
from support import paths, replays, shark

PATHS = ("engine", "analyzer", "plugin")


def pytest_generate_tests(metafunc):
    """One test for each script, variant and path."""
    if "expectation" not in metafunc.fixturenames:
        return
    cases = [(expectation, path) for expectation in replays.generate() for path in PATHS]
    ids = [f"{expectation['script']}-{expectation['variant']}-{path}" for expectation, path in cases]
    metafunc.parametrize("expectation,path", cases, ids=ids)


@pytest.fixture(scope="session", name="engine_answers")
def fixture_engine_answers():
    """The engine's answers about all scripts."""
    return replays.engine()


@pytest.fixture(scope="session", name="analyzer_answers")
def fixture_analyzer_answers():
    """The analyzer's answers about all scripts."""
    return replays.analyzed(replays.generate())


class Plugin:
    """The plugin's answers: tshark for scripts as written, one sharkd for all variants."""

    def __init__(self, tshark, wanted):
        self.tshark = tshark
        self.preferences = tshark.preferences()
        self.stream_rule = tshark.stream_rule()
        self.sharkd = {}
        for expectation in wanted:
            if expectation["variant"] == "base" and self.knows(expectation):
                tshark.prepare(expectation["pcap"], options=self.options(expectation))

    def knows(self, expectation):
        """Whether it does what each setting of the script says.

        That is, has a preference for it, whose numbers are whole; streams are counted as this Wireshark counts them.
        """
        return all(value == self.stream_rule if key == "stream_rule" else key in self.preferences and "." not in value
                   for key, value in expectation["config"].items())

    @staticmethod
    def options(expectation):
        """The script's settings as preferences."""
        values = {"yes": "TRUE", "no": "FALSE"}
        return tuple(argument for key, value in sorted(expectation["config"].items()) if key != "stream_rule"
                     for argument in ("-o", f"tcphs.{key}:{values.get(value, value)}"))

    def frames(self, expectation):
        """{frame: [layer]} of one capture."""
        options = self.options(expectation)
        if expectation["variant"] == "base" or options:
            return self.tshark.dissect(expectation["pcap"], options=options)
        if options not in self.sharkd:
            self.sharkd[options] = shark.Sharkd(self.tshark)
        return self.sharkd[options].dissect(expectation["pcap"], replays.FIELDS)


@pytest.fixture(scope="session", name="plugin")
def fixture_plugin(request, tshark):
    """The plugin, with tshark already at work on what the selected tests will ask."""
    selected = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = [params["expectation"] for params in selected if params.get("path") == "plugin"]
    return Plugin(tshark, wanted)


# ---- comparing -----------------------------------------------------------------------------------------


def shown(words):
    """A list of words for people."""
    return " ".join(words) if words else "nothing"


def compare_frame(frame, answer):
    """(what, expected, got) for each expectation about one frame that was missed."""
    number = frame["frame"]
    expected, got = sorted(frame["findings"]), sorted(answer.findings.get(number, []))
    if expected != got:
        surplus = [answer.texts.get((number, rule), "") for rule in got if rule not in expected]
        yield "findings", shown(expected), " | ".join(filter(None, [shown(got), *surplus]))
    if answer.segments is None:
        return
    segment = answer.segments.get(number, {})
    for what in ("client_state", "server_state", "phase", "step"):
        wanted = frame.get(what)
        if wanted is None:
            continue
        wanted = "" if wanted == "-" else wanted
        if wanted != segment.get(what, ""):
            yield what.replace("_", " "), wanted, segment.get(what, "")


def compare_connection(expected, got):
    """(what, expected, got) for each expectation about one connection that was missed."""
    for what in (*replays.JUDGEMENT, "steps"):
        if expected.get(what) is not None and expected[what] != got[what]:
            yield what, expected[what], got[what]


def compare_extra(expectation, answer):
    """The connection put in by the interleaved variant: it has to stay clean. Returns the script's own."""
    extra = set(expectation["extra"])
    own = [connection for connection in answer.connections if connection["first_frame"] not in extra]
    clean = [connection for connection in answer.connections if connection["first_frame"] in extra]
    misses = []
    if extra:
        want = {"verdict": "complete", "reason": "three_way", "blame": "none", "closed": "fin",
                "steps": sorted(extra)[:3]}
        misses += [(1, "number of clean connections", 1, len(clean))] if len(clean) != 1 else []
        misses += [(1, f"clean connection's {what}", wanted, got)
                   for connection in clean for what, wanted, got in compare_connection(want, connection)]
        misses += [(1, f"findings of the clean connection, frame {frame}", "nothing", shown(answer.findings[frame]))
                   for frame in sorted(extra & set(answer.findings))]
    return own, misses


def compare_sentences(expectation, answer):
    """What findings say, where the path tells; numbers and addresses are those of the script as it is written.

    So with what the whole arithmetic of a segment is, and the numbers of a connection.
    """
    for said in expectation["says"] if expectation["variant"] == "base" else ():
        name, wanted = said["rule"], said["text"]
        whole = name in ("arithmetic", "attempts", "rtt", "late", "completeness", "certain")
        if whole:
            texts = answer.lines.get(name)
        else:
            texts = [text for (_, rule), text in answer.texts.items() if rule == name] if answer.texts else None
        if texts is not None and not any(wanted == text if whole else wanted in text for text in texts):
            yield said["line"], f"what {name} says", wanted, " | ".join(texts) or "nothing"


def compare(expectation, answer):
    """(line, what, expected, got) for everything that was missed."""
    own, misses = compare_extra(expectation, answer)
    for frame in expectation["frames"]:
        misses += [(frame["line"], f"frame {frame['frame']}, {what}", wanted, got)
                   for what, wanted, got in compare_frame(frame, answer)]
    known = {frame["frame"] for frame in expectation["frames"]} | set(expectation["extra"])
    misses += [(1, f"findings about frame {number}", "nothing", shown(rules))
               for number, rules in sorted(answer.findings.items()) if number not in known]
    connections = expectation["connections"]
    if len(own) != len(connections):
        says = "; ".join(f"stream {got['stream']} {got['verdict']} {got['reason']} from frame {got['first_frame']}"
                         for got in own)
        misses.append((connections[-1]["line"] if connections else 1, "number of connections", len(connections),
                       f"{len(own)}: {says}"))
    for wanted, got in zip(connections, own):
        misses += [(wanted["line"], f"connection {got['stream']}.{got['incarnation']}, {what}", value, other)
                   for what, value, other in compare_connection(wanted, got)]
    misses += compare_sentences(expectation, answer)
    return misses + [(1, "the path agrees with itself", "yes", complaint) for complaint in answer.complaints]


def report(expectation, path, misses):
    """Fails with all misses, a line each."""
    if not misses:
        return
    script = paths.SCRIPTS / f"{expectation['script']}.tcphs"
    name = script.relative_to(paths.ROOT)
    lines = [f"{expectation['script']}, variant {expectation['variant']}, path {path}:"]
    none = {"": "none"}
    lines += [f"  {name}:{line}: {what}: expected {none.get(str(wanted), wanted)}, got {none.get(str(got), got)}"
              for line, what, wanted, got in misses]
    pytest.fail("\n".join(lines), pytrace=False)


def test_script(request, expectation, path):
    """One script in one variant on one path."""
    if path == "analyzer":
        answer = request.getfixturevalue("analyzer_answers")[expectation["pcap"]]
        report(expectation, path, compare(expectation, answer))
        return
    engine = request.getfixturevalue("engine_answers")[expectation["script"], expectation["variant"]]
    if path == "engine":
        report(expectation, "engine", compare(expectation, engine["keep"]))
        report(expectation, "engine, draining", compare(expectation, engine["drain"]))
        return
    plugin = request.getfixturevalue("plugin")
    if not plugin.knows(expectation):
        settings = " ".join(f"{key} {value}" for key, value in expectation["config"].items())
        pytest.skip(f"the plugin has no preference for {settings}")
    answer = replays.of_plugin(plugin.frames(expectation), engine["frames"])
    report(expectation, path, compare(expectation, answer))


# ---- the captures committed ----------------------------------------------------------------------------


def test_synthetic_captures_are_what_the_scripts_give():
    """captures/synthetic is what the generator makes of captures/scripts, octet for octet, and nothing more."""
    command = [str(paths.built(paths.GENERATE)), "--check", str(paths.SCRIPTS), str(paths.SYNTHETIC)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_script_expects_a_connection():
    """A script that lists no connection would pass whatever the verdict."""
    silent = [expectation["script"] for expectation in replays.generate() if not expectation["connections"]]
    assert not silent, f"write '= VERDICT REASON' in {silent}"
