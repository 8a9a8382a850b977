# SPDX-License-Identifier: GPL-2.0-or-later
"""conftest.py - a tshark without our plugin, and captures written for one test."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from support import shark  # noqa: E402  pylint: disable=wrong-import-position


@pytest.fixture(scope="session", name="tshark")
def fixture_tshark():
    """tshark as it comes."""
    return shark.Shark(plugin=None)


@pytest.fixture(name="written")
def fixture_written(tmp_path):
    """written(octets): a file with these octets."""

    def write(octets):
        path = tmp_path / "capture"
        path.write_bytes(octets)
        return path

    return write
