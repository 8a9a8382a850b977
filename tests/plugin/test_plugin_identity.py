# SPDX-License-Identifier: GPL-2.0-or-later
"""With our protocol switched off, tshark prints what it prints without the plugin, byte for byte."""
import pytest

FORMATS = {
    "text": [], "verbose": ["-V"], "hex": ["-x"], "pdml": ["-T", "pdml"], "psml": ["-T", "psml"],
    "json": ["-T", "json"], "ek": ["-T", "ek"],
    "fields": ["-T", "fields", "-e", "frame.number", "-e", "frame.protocols", "-e", "tcp.stream"],
}
PASSES = pytest.mark.parametrize("passes", [[], ["-2"]], ids=["one-pass", "two-pass"])


def said(text):
    """What was printed, less the time at which PDML was written."""
    return [line for line in text.splitlines() if not line.startswith("<pdml ")]


def flat(document):
    """Elements in their order, without the white space between them."""
    return [(element.tag, element.attrib) for element in document.iter()]


@pytest.mark.parametrize("kind", FORMATS)
@PASSES
def test_disabled_is_as_if_not_there(wireshark, plain, everything, kind, passes):
    command = [*passes, "-r", everything, *FORMATS[kind]]
    assert said(wireshark.tshark("--disable-protocol", "tcphs", *command)) == said(plain.tshark(*command))


@PASSES
def test_enabled_adds_our_tree_and_changes_nothing_else(wireshark, plain, layers, passes):
    """Tunnels and quoted headers: what our handles could disturb by standing before TCP and ICMP."""
    with_ours = wireshark.pdml(layers, passes)
    trees = 0
    for packet in with_ours.iter("packet"):
        for ours in packet.findall("proto[@name='tcphs']"):
            packet.remove(ours)
            trees += 1
    assert trees > 0
    assert flat(with_ours) == flat(plain.pdml(layers, passes))


@pytest.mark.parametrize("statistic", ["conv,tcp", "io,phs", "expert", "flow,tcp,network"])
def test_statistics_of_wireshark_are_the_same(wireshark, plain, layers, statistic):
    command = ["-q", "-z", statistic, "-r", layers]
    assert wireshark.tshark("--disable-protocol", "tcphs", *command) == plain.tshark(*command)
