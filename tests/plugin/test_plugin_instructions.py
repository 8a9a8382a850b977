# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin adds few instructions to what tshark takes for a frame, and no more than it used to."""

import pytest

from support import instructions, paths, shark

# Per cent that this traffic has reached, where that is more than the budget (see docs/performance-plugin.md), and how
# much more than that is let pass.
REACHED = {"one-pass": 5.8}
SLACK = 1.05

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
    """Fewer are welcome: then what was reached is to be written down anew."""
    _, budget = instructions.MODES[mode]
    limit = max(budget, REACHED.get(mode, 0) * SLACK)
    assert 0 < added[mode] <= limit, f"{mode}: +{added[mode]:.2f} %, at most +{limit:.2f} % are expected"
