# SPDX-License-Identifier: GPL-2.0-or-later
"""What several suites of tests need: where things are, and how to ask each front end the same question."""
