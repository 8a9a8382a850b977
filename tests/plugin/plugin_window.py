# SPDX-License-Identifier: GPL-2.0-or-later
"""plugin_window.py - what Wireshark's window shows of us, as sharkd tells it, and the same from tshark -2."""


def labels(node):
    """A sharkd node and everything below it, as lines."""
    return [node["l"]] + [line for child in node.get("n", []) for line in labels(child)]


def look(sharkd, frame):
    """The lines of our trees in a frame of the file that is loaded."""
    nodes = sharkd.ask("frame", frame=frame, proto=True)["tree"]
    return [labels(node) for node in nodes if node.get("f") == "tcphs"]


def window(sharkd, path, frames):
    """{frame: lines of our trees} as the window shows them, asked for in the given order."""
    sharkd.ask("load", file=str(path))
    return {frame: look(sharkd, frame) for frame in frames}


def shown(sharkd, path, frames):
    """window(), less the frames with nothing of ours."""
    return {frame: lines for frame, lines in window(sharkd, path, frames).items() if lines}


def printed(wireshark, path, options=("-2",)):
    """The same from tshark -2."""
    answer = {}
    for frame, lines in wireshark.trees(path, options):
        answer.setdefault(frame, []).append(lines)
    return answer
