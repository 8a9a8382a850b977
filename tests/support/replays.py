# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture scripts in all their variants, and what each of the three paths makes of them.

An answer is one shape for all paths:

    connections   [{stream, incarnation, first_frame, verdict, reason, blame, closed, steps}], by stream, incarnation
    findings      {frame: [rule, ...]}
    texts         {(frame, rule): sentence}, where the path has them
    lines         {"arithmetic": [sentence of a segment, ...], "attempts": [which SYN or SYN-ACK each segment is],
                  "rtt": [times of a connection, ...], "late": [how many of its segments were late, ...],
                  "completeness": [its bits, ...], "certain": [its verdict, client or nothing yet, ...]}, where the
                  path has them
    segments      {frame: {phase, step, client_state, server_state}}, where the path has them
    complaints    [sentence], what the path itself contradicts
"""

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from support import analyzer, paths

JUDGEMENT = ("verdict", "reason", "blame", "closed")
LINKS = ("tcphs.syn_in", "tcphs.synack_in", "tcphs.ack_in")
FIELDS = ("tcphs.stream", "tcphs.incarnation", "tcphs.phase", "tcphs.step", "tcphs.client.state",
          "tcphs.server.state", *(f"tcphs.{word}" for word in JUDGEMENT), *LINKS, "tcphs.finding")


@dataclass
class Answer:
    """What one path says of one capture."""

    connections: list = field(default_factory=list)
    findings: dict = field(default_factory=dict)
    texts: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)
    segments: dict = None
    complaints: list = field(default_factory=list)

    def add_finding(self, frame, rule, text=None):
        """A finding about a frame."""
        self.findings.setdefault(frame, []).append(rule)
        if text:
            self.texts[frame, rule] = text

    def add_line(self, name, text):
        """What a script can say beside findings; '-' where there is nothing."""
        self.lines.setdefault(name, []).append(text or "-")

    def add_numbers(self, late, completeness, *times):
        """Of a connection how many segments came late, which there were, and round-trip times in seconds or None."""
        words = ("-" if time is None else f"{time:.9f}".rstrip("0").rstrip(".") for time in times)
        self.add_line("rtt", " ".join(words))
        self.add_line("late", str(late))
        self.add_line("completeness", str(completeness))


@functools.cache
def generate():
    """Makes the captures of all scripts in all variants; a list of expectations, with "pcap" added to each."""
    folder = Path(tempfile.mkdtemp(prefix="tcphs-replays-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    command = [str(paths.built(paths.GENERATE)), "--variants", str(paths.SCRIPTS), str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"the captures of the scripts cannot be made:\n{result.stderr}")
    expectations = [json.loads(line) for line in result.stdout.splitlines()]
    for expectation in expectations:
        expectation["pcap"] = str(folder / expectation["variant"] / f"{expectation['script']}.pcap")
    return expectations


# ---- the engine --------------------------------------------------------------------------------------


def engine():
    """{(script, variant): {"keep": Answer, "drain": Answer, "frames": {frame: (stream, incarnation)}}}."""
    command = [str(paths.built(paths.JUDGE_ENGINE)), str(paths.SCRIPTS)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"judge_engine ended with {result.returncode}: {result.stderr}")
    return parse_engine(result.stdout)


def parse_engine(text):
    """The same of what judge_engine printed."""
    answers = {}
    for line in text.splitlines():
        entry = json.loads(line)
        kind = entry.pop("type")
        if kind == "run":
            run = {"keep": Answer(segments={}), "drain": Answer(), "frames": {}}
            answers[entry["script"], entry["variant"]] = run
        elif kind == "segment":
            run["keep"].segments[entry["frame"]] = entry
            run["keep"].add_line("arithmetic", entry.get("arithmetic"))
            if "connection" in entry:
                run["frames"][entry["frame"]] = tuple(entry["connection"])
        else:
            answer = run[entry.pop("mode")]
            for finding in entry.pop("findings"):
                answer.add_finding(finding["frame"], finding["id"], finding["text"])
            if "certain" in entry:
                answer.add_line("certain", entry.pop("certain"))
            answer.add_numbers(entry.pop("late"), entry.pop("completeness"), *entry.pop("rtt"))
            answer.connections.append(entry)
    for run in answers.values():
        for mode in ("keep", "drain"):
            run[mode].connections.sort(key=by_stream)
        attempts = (segment.get("attempt") or "-" for _, segment in sorted(run["keep"].segments.items()))
        run["keep"].add_line("attempts", " ".join(map(str, attempts)))
    return answers


def by_stream(connection):
    """The order in which a script lists its connections."""
    return connection["stream"], connection["incarnation"]


# ---- the analyzer ------------------------------------------------------------------------------------


def analyzer_options(config):
    """The command line options that mean what a script's config lines say."""
    options = []
    for key, value in sorted(config.items()):
        if key == "checksums":
            options += ["--checksums"] if value == "yes" else []
        else:
            options += [f"--{key.replace('_', '-')}", value]
    return tuple(options)


def of_analyzer(lines):
    """The answer in the analyzer's lines about one capture."""
    answer = Answer()
    for line in lines:
        keys = ("stream", "incarnation", "first_frame", "steps", *JUDGEMENT)
        answer.connections.append({key: line[key] for key in keys})
        times = (line["rtt"][way] for way in ("server", "client", "total"))
        answer.add_numbers(line["late"], line["completeness"], *times)
        for finding in line["findings"]:
            answer.add_finding(finding["frame"], finding["id"], finding["text"])
    answer.connections.sort(key=by_stream)
    return answer


def analyzed(expectations):
    """{pcap: Answer}: one run of the analyzer for each configuration."""
    groups = {}
    for expectation in expectations:
        groups.setdefault(analyzer_options(expectation["config"]), []).append(expectation["pcap"])
    answers = {}
    for options, captures in groups.items():
        for capture, lines in analyzer.connections(captures, options).items():
            answers[capture] = of_analyzer(lines)
    return answers


# ---- the plugin --------------------------------------------------------------------------------------


def one(layer, name, number=False):
    """The only value of a field in a layer, or None."""
    values = layer.get(name, [])
    assert len(values) <= 1, f"{name} is there {len(values)} times"
    if not values:
        return None
    return int(values[0]) if number else values[0]


def of_plugin(frames, belongs):
    """The answer in the plugin's fields; |belongs| tells which frames are of one connection, as the engine said."""
    answer = Answer(segments={})
    members = {}
    for frame, layers in sorted(frames.items()):
        for layer in layers:
            for rule in layer.get("tcphs.finding", []):
                answer.add_finding(frame, rule)
            if frame in belongs:
                members.setdefault(belongs[frame], {})[frame] = layer
                answer.segments[frame] = {
                    "phase": one(layer, "tcphs.phase") or "", "step": one(layer, "tcphs.step", number=True) or 0,
                    "client_state": one(layer, "tcphs.client.state") or "",
                    "server_state": one(layer, "tcphs.server.state") or ""}
    for layers in members.values():
        answer.connections.append(connection_of(layers, answer.complaints))
    answer.connections.sort(key=by_stream)
    return answer


def connection_of(layers, complaints):
    """One connection, put together from all its frames; they have to agree."""
    first = min(layers)
    connection = {"first_frame": first, "stream": one(layers[first], "tcphs.stream", number=True),
                  "incarnation": one(layers[first], "tcphs.incarnation", number=True) or 0, "steps": [None] * 3}
    for word in JUDGEMENT:
        said = {frame: one(layer, f"tcphs.{word}") for frame, layer in layers.items()}
        connection[word] = said[first]
        if len(set(said.values())) > 1:
            complaints.append(f"the frames of one connection do not agree on its {word}: {said}")
    for frame, layer in layers.items():
        step = one(layer, "tcphs.step", number=True)
        if step and connection["steps"][step - 1]:
            complaints.append(f"step {step} is frame {connection['steps'][step - 1]} and frame {frame}")
        if step:
            connection["steps"][step - 1] = frame
    for frame, layer in layers.items():
        check_links(connection["steps"], frame, layer, complaints)
    return connection


def check_links(steps, frame, layer, complaints):
    """Links point to the steps, from every frame but the step itself."""
    for step, name in enumerate(LINKS):
        expected = steps[step] if steps[step] != frame else None
        got = one(layer, name, number=True)
        if got != expected:
            complaints.append(f"frame {frame}: {name} is {got}, step {step + 1} is frame {steps[step]}")
