# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes tests/support importable; a tshark with the plugin, for both suites."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import paths, shark  # noqa: E402  pylint: disable=wrong-import-position


@pytest.fixture(scope="session", name="tshark")
def fixture_tshark():
    """A tshark that has loaded the plugin of the build under test."""
    if paths.sanitized():
        pytest.skip("tshark cannot load a plugin that was built with sanitizers")
    return shark.Shark()
