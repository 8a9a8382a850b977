# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_csv.py - the lines for spreadsheets, read by Python's csv and held against the lines of JSON."""

import csv
import io
import os

import pytest

from cli_captures import Talk, complete, refused, wrong_ack

ODD_NAMES = ["=1+1.pcap", "+1.pcap", "-1.pcap", "@sum.pcap", 'a "b", c.pcap', "tab\tand\nline.pcap", "größer.pcap",
             "back\\slash.pcap"]


def rows(text):
    """The lines as dictionaries; the text must be what a strict reader takes."""
    assert text.endswith("\r\n") and text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def flat(value, path=""):
    """A connection's line of JSON as columns: nested keys joined by dots."""
    if isinstance(value, dict):
        return {name: cell for key, inner in value.items()
                for name, cell in flat(inner, f"{path}.{key}" if path else key).items()}
    if path == "steps":
        return {f"steps.{step}": cell for step, inner in enumerate(value, 1) for cell in flat(inner, "-").values()}
    if path == "findings":
        return {"findings": ";".join(finding["id"] for finding in value)}
    if value is None:
        return {path: ""}
    return {path: str(value).lower() if isinstance(value, bool) else str(value)}


def test_cells_are_what_ndjson_says(tcphs, write):
    write("d/a.pcap", complete())
    write("d/b.pcap", refused())
    write("d/c.pcap", wrong_ack())
    write("d/d.pcap", Talk(client="2001:db8::1", server="2001:db8::9").handshake().end().pcap())
    got = rows(tcphs("--format", "csv", "d").out)
    lines = [line for line in tcphs("--format", "ndjson", "d").lines() if line["type"] == "connection"]
    assert len(got) == len(lines) == 4
    for row, line in zip(got, lines):
        del line["type"]
        told = flat(line)
        for column, cell in told.items():
            if column.startswith("rtt.") and cell:
                assert float(row[column]) == float(cell)
            elif column in row:
                assert row[column] == cell, column
            else:   # an object that is null
                assert cell == "" and all(value == "" for key, value in row.items() if key.startswith(column + "."))
        assert len(set(row) - set(told)) == (0 if line["agreed"] and line["offer"]["server"] else
                                             sum(key.startswith(("agreed.", "offer.server.")) for key in row))


def test_a_header_even_without_a_connection(tcphs, write):
    done = tcphs("--format", "csv", write("a.pcap", Talk().end().pcap()))
    assert done.out.startswith("file,stream,incarnation,client.addr,client.port,server.addr,")
    assert rows(done.out) == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_stay_one_cell_and_no_formula(tcphs, write, tmp_path, name):
    write(name, refused())
    (row,) = rows(tcphs("--format", "csv", "--", name).out)
    assert row["verdict"] == "incomplete" and row["findings"] == "rst_refused"
    assert row["file"][0] not in "=+-@"
    assert row["file"].isprintable()
    shown = row["file"].replace("\\x09", "\t").replace("\\x0a", "\n").replace("\\\\", "\\")
    assert shown.removeprefix("'") == name


def test_octets_that_are_no_utf8_are_shown(tcphs, tmp_path):
    (tmp_path / os.fsdecode(b"bad\xff.pcap")).write_bytes(refused())
    for locale in ("C.UTF-8", "C"):
        (row,) = rows(tcphs("--format", "csv", b"bad\xff.pcap", env={"LC_ALL": locale}).out)
        assert row["file"] == "bad\\xff.pcap"
