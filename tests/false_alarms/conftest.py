# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes tests/support importable; prints the table of alarms at the end of the run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def pytest_terminal_summary(terminalreporter, config):
    """The table is the point of this suite, so it is shown whether or not the tests pass."""
    table = getattr(config, "alarm_table", None)
    if table:
        terminalreporter.section("connections with warnings and errors: how many, and of a thousand")
        for line in table:
            terminalreporter.write_line(line)
