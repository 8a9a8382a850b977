# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin adds few instructions to what tshark takes for a frame."""

import pytest

from support import instructions, paths, shark

CONNECTIONS = 100


@pytest.fixture(scope="module")
def added():
    """{mode: per cent}."""
    reason = instructions.why_not()
    if reason or paths.sanitized() or paths.covered():
        pytest.skip(reason or "only what ships is measured, not a build with sanitizers or one that counts lines")
    if shark.Shark.version() != "4.0":
        pytest.skip("the figures are those of Wireshark 4.0")
    comparison = instructions.Comparison().instructions(instructions.MODES, CONNECTIONS)
    return {mode: 100 * more / alone for mode, (alone, more) in comparison.items()}


@pytest.mark.parametrize("mode", instructions.MODES)
def test_instructions_stay_within_the_budget(added, mode):
    """What it is made of is in docs/performance-plugin.md."""
    _, budget = instructions.MODES[mode]
    assert 0 < added[mode] <= budget, f"{mode}: +{added[mode]:.2f} %, at most +{budget} % are expected"
