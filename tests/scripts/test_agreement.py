# SPDX-License-Identifier: GPL-2.0-or-later
"""The same capture gives the same answer in both front ends, and one pass never contradicts two.

Asked of every capture in captures/, and of every capture below TCPHS_CORPUS if that is set: for each connection the
analyzer and tshark -2 tell the same stream, incarnation, verdict, reason, blame, closed, steps and findings. What
tshark tells of a frame in a single pass it still tells of that frame in the second of two.

Differences that are known are in KNOWN, each with its reason.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from support import analyzer, paths
from support.replays import JUDGEMENT, LINKS, one

CORPUS = os.environ.get("TCPHS_CORPUS")

# What must stay: a field's value in one pass, once said of a frame.
NEVER_TAKEN_BACK = tuple(f"tcphs.{word}" for word in (*JUDGEMENT, "finding"))

# capture's name -> why the two may differ
KNOWN = {}


def pytest_generate_tests(metafunc):
    """One test for each capture."""
    if "capture" in metafunc.fixturenames:
        found = paths.captures(paths.SYNTHETIC, paths.RECORDED, *([CORPUS] if CORPUS else []))
        metafunc.parametrize("capture", found, ids=[name_of(path) for path in found])


def name_of(capture):
    """The capture's path in the project or in the corpus."""
    for folder in (paths.ROOT / "captures", Path(CORPUS or paths.ROOT).resolve()):
        if folder in capture.resolve().parents:
            return str(capture.resolve().relative_to(folder))
    return str(capture)


@pytest.fixture(scope="session", name="told")
def fixture_told(request, tshark):
    """The analyzer's lines about all captures selected; tshark is sent ahead meanwhile."""
    captures = list(dict.fromkeys(item.callspec.params["capture"] for item in request.session.items
                                  if "told" in getattr(item, "fixturenames", ())
                                  and "capture" in getattr(item, "callspec", EMPTY).params))
    for capture in captures:
        tshark.prepare(capture, two_pass=True)
        tshark.prepare(capture, two_pass=False)
    return analyzer.lines(captures, ("--stream-rule", tshark.stream_rule()))


class EMPTY:  # pylint: disable=too-few-public-methods
    """An item without parameters."""

    params = {}


# ---- analyzer and plugin ---------------------------------------------------------------------------------


def judgement_of_layer(layer):
    """What the plugin says of a layer's connection."""
    return tuple(one(layer, f"tcphs.{word}") for word in JUDGEMENT)


def judgement_of_line(line):
    """What the analyzer says of a connection."""
    return tuple(line[word] for word in JUDGEMENT)


def identity_of_layer(layer):
    """Stream and incarnation as the plugin shows them."""
    return one(layer, "tcphs.stream", number=True), one(layer, "tcphs.incarnation", number=True) or 0


def ends(line):
    """A connection's two endpoints, in no order."""
    return frozenset((line[role]["addr"], line[role]["port"]) for role in ("client", "server"))


def lines_for(layer, lines):
    """The analyzer's connections that a layer may be of: its stream's, or an older one between the same endpoints.

    A segment of an older connection carries the number of the stream that was opened last on its ports.
    """
    stream, incarnation = identity_of_layer(layer)
    own = [line for line in lines if line["stream"] == stream]
    exact = [line for line in own if line["incarnation"] == incarnation]
    # A stream that none of our connections began (a split handshake's second SYN) tells no endpoints.
    older = [line for line in lines if line["stream"] < stream and (not own or ends(line) == ends(own[0]))]
    return [line for line in exact + older if judgement_of_line(line) == judgement_of_layer(layer)]


def compare_layers(layers, lines):
    """Sentences about layers whose connection the analyzer does not have, or judges otherwise."""
    for frame, layer in layers:
        if not lines_for(layer, lines):
            stream, incarnation = identity_of_layer(layer)
            same = [judgement_of_line(line) for line in lines
                    if (line["stream"], line["incarnation"]) == (stream, incarnation)]
            yield (f"frame {frame}, stream {stream}.{incarnation}: plugin {judgement_of_layer(layer)}, "
                   f"analyzer {same or 'has no such connection'}")


def compare_lines(layers, lines):
    """Sentences about the analyzer's connections that the plugin does not show so."""
    by_frame = {}
    for frame, layer in layers:
        by_frame.setdefault(frame, []).append(layer)
    for line in lines:
        name = f"stream {line['stream']}.{line['incarnation']}"
        first = [layer for layer in by_frame.get(line["first_frame"], [])
                 if identity_of_layer(layer) == (line["stream"], line["incarnation"])]
        if not first:
            shown = [identity_of_layer(layer) for layer in by_frame.get(line["first_frame"], [])]
            yield f"{name}: analyzer first frame {line['first_frame']}, plugin shows there {shown}"
            continue
        for step, (field, frame) in enumerate(zip(LINKS, line["steps"]), 1):
            here = frame == line["first_frame"]
            got = one(first[0], field, number=True)
            if got != (None if here else frame) or (here and one(first[0], "tcphs.step") != str(step)):
                yield f"{name}: analyzer step {step} is frame {frame}, plugin's {field} is {got}"


def compare_steps(layers, lines):
    """Sentences about frames that are a step for one front end only."""
    analyzer_steps = Counter((frame, step) for line in lines for step, frame in enumerate(line["steps"], 1) if frame)
    plugin_steps = Counter((frame, int(step)) for frame, layer in layers for step in layer.get("tcphs.step", []))
    for (frame, step), _ in sorted((analyzer_steps - plugin_steps).items()):
        yield f"frame {frame}: step {step} for the analyzer only"
    for (frame, step), _ in sorted((plugin_steps - analyzer_steps).items()):
        yield f"frame {frame}: step {step} for the plugin only"


def compare_findings(layers, lines):
    """Sentences about findings of one front end only."""
    analyzer_findings = Counter((finding["frame"], finding["id"]) for line in lines for finding in line["findings"])
    plugin_findings = Counter((frame, rule) for frame, layer in layers for rule in layer.get("tcphs.finding", []))
    for (frame, rule), _ in sorted((analyzer_findings - plugin_findings).items()):
        yield f"frame {frame}: {rule} by the analyzer only"
    for (frame, rule), _ in sorted((plugin_findings - analyzer_findings).items()):
        yield f"frame {frame}: {rule} by the plugin only"


def test_front_ends_agree(capture, told, tshark):
    """Analyzer and plugin, connection by connection."""
    lines = [line for line in told[str(capture)] if line["type"] == "connection"]
    frames = tshark.dissect(capture, two_pass=True)
    everything = [(frame, layer) for frame, layers in sorted(frames.items()) for layer in layers]
    # A layer without a stream tells of a segment quoted by ICMP.
    layers = [(frame, layer) for frame, layer in everything if "tcphs.stream" in layer]
    misses = [*compare_layers(layers, lines), *compare_lines(layers, lines), *compare_steps(layers, lines),
              *compare_findings(everything, lines)]
    if not misses:
        return
    if name_of(capture) in KNOWN:
        pytest.xfail(KNOWN[name_of(capture)])
    more = [f"... and {len(misses) - 20} more"] if len(misses) > 20 else []
    pytest.fail("\n".join([f"{name_of(capture)}: {len(misses)} differences", *misses[:20], *more]), pytrace=False)


# ---- one pass and two --------------------------------------------------------------------------------------


def test_one_pass_never_contradicts_two(capture, told, tshark):
    """Every value of the first pass is still there in the second."""
    del told  # it sent tshark ahead
    once, twice = tshark.dissect(capture, two_pass=False), tshark.dissect(capture, two_pass=True)
    misses = []
    assert once.keys() == twice.keys()
    for frame in sorted(once):
        if len(once[frame]) != len(twice[frame]):
            misses.append(f"frame {frame}: {len(once[frame])} layers in one pass, {len(twice[frame])} in two")
            continue
        for before, after in zip(once[frame], twice[frame]):
            for field in NEVER_TAKEN_BACK:
                gone = Counter(before.get(field, [])) - Counter(after.get(field, []))
                if gone:
                    misses.append(f"frame {frame}: {field} {', '.join(gone)} in one pass, "
                                  f"{', '.join(after.get(field, [])) or 'nothing'} in two")
    if misses:
        pytest.fail("\n".join([f"{name_of(capture)}:", *misses[:20]]), pytrace=False)
