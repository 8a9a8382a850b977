# SPDX-License-Identifier: GPL-2.0-or-later
"""test_html_page.py - the page as a document: valid, escaped, the same every time, within its budget."""

import json
import os
import re
import subprocess

import html5lib
import pytest

from cli_captures import Talk, complete, flood, pcap, refused, wrong_ack
from support import paths

# A folder and a file whose path ends a script, begins another, quits an attribute, and more.
HOSTILE = ("x</script>/<script>alert(1)<!--/\"onload='alert(2)' &lt;\u2028\u202e\x1b[31m\x01'`${7*7}".encode() +
           b"\xff\xed\xa0\x80.pcap")
MEBIBYTE = 1 << 20


def parsed(page):
    """The document; an error if it is not valid HTML."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page.read_text(encoding="utf-8"))


def data_of(document):
    return json.loads(document.find(".//script[@id='data']").text)


def ndjson(tmp_path, *arguments):
    done = subprocess.run([str(paths.ANALYZER), "--format", "ndjson", "--fail-on", "never", *arguments], cwd=tmp_path,
                          capture_output=True, timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("captures", [
    {"a.pcap": complete()},
    {"a.pcap": wrong_ack(), "b/c.pcap": refused(), "damaged.pcap": complete()[:-5], "none.pcap": b"nothing of ours"},
    {"empty.pcap": Talk().end().pcap()},
    {HOSTILE: wrong_ack()},
])
def test_the_page_is_valid(make, write, captures):
    document = parsed(make(*[write(name, octets) for name, octets in captures.items()]))
    assert document.find(".//title").text.startswith("TCP handshakes: ")
    assert "default-src 'none'" in document.find(".//meta[@http-equiv]").get("content")
    assert len(document.findall(".//script")) == 2
    assert not document.findall(".//img") and not document.findall(".//*[@style]")


def test_what_is_counted_is_what_the_other_reports_count(make, write, tmp_path):
    """Charts and data of the page against the lines of ndjson, for all captures of a real stack."""
    document = parsed(make(str(paths.RECORDED)))
    lines = [line for line in ndjson(tmp_path, str(paths.RECORDED)) if line["type"] == "connection"]
    reasons = {}
    for line in lines:
        reasons[line["reason"]] = reasons.get(line["reason"], 0) + 1
    chart = {row.get("data-reason"): int(row.findall("td")[1].text) for row in document.findall(".//tr[@data-reason]")}
    assert chart == reasons
    data = data_of(document)
    files = [os.path.relpath(line["file"], paths.RECORDED) for line in lines]
    told = {(os.path.relpath(data["files"][row[0]], paths.RECORDED), row[1], row[2], data["reasons"][row[3]][0])
            for row in data["rows"]}
    assert told == {(file, line["stream"], line["incarnation"], line["reason"]) for file, line in zip(files, lines)}
    assert len(data["rows"]) == len(lines)
    # The server with most handshakes, by nearest rank.
    times = sorted(float(line["rtt"]["total"]) for line in lines
                   if line["rtt"]["total"] is not None and line["server"] == {"addr": "192.0.2.9", "port": 80})
    server = document.find(".//tr[@data-server='192.0.2.9:80']")
    assert int(server.findall("td")[0].text) == len(times)
    value, unit = server.findall("td")[1].text.split()
    median = times[(len(times) + 1) // 2 - 1]
    assert float(value) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit] == pytest.approx(median, rel=0.01)


def test_the_numbers_of_each_segment_are_in_it(make, write):
    data = data_of(parsed(make(write("a.pcap", wrong_ack()))))
    (row,) = data["rows"]
    ladder = row[-1]
    assert [rung[3] for rung in ladder] == ["SYN", "SYN-ACK", "RST"]
    assert [rung[0] for rung in ladder] == [1, 0, 1]
    assert ladder[1][4] == "seq 7000 = ISN, ack 4321, expected 4322 = 4321 + 1 (SYN), off by -1"
    assert [data["rules"][rule][0] for rule, _, _ in row[-2]] == ["synack_bad_ack"]


def test_a_page_is_the_same_whatever_made_it(make, write):
    names = [write(f"{number:02}.pcap", Talk(sport=40000 + number).handshake().shutdown(1 + number).end(99).pcap())
             for number in range(20)]
    names += [write("flood.pcap", pcap(flood(500, refuse=True))), write(b"n\xc3\xa4me \xff.pcap", wrong_ack())]
    first = make("--jobs", "1", *names).read_bytes()
    for jobs, locale, zone in (("1", "C", "UTC"), ("4", "C.UTF-8", "Asia/Tokyo"), ("16", "C", "Asia/Tokyo")):
        assert make("--jobs", jobs, *names, LC_ALL=locale, TZ=zone).read_bytes() == first
    assert "näme \\xff.pcap".encode() in first


def test_hostile_names_are_text(make, write):
    """Nothing of the path is taken for markup, by whatever reads the file."""
    page = make(write(HOSTILE, wrong_ack()))
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e]", text)
    assert text.count("<script") == 2 and text.count("</script") == 2
    (path,) = data_of(parsed(page))["files"]
    assert path.startswith("x</script>/<script>alert(1)<!--/\"onload='alert(2)' &lt;\\u{2028}\\u{202e}\\x1b[31m\\x01")
    assert path.endswith("\\xff\\xed\\xa0\\x80.pcap")


def test_a_flood_does_not_push_out_what_is_rare(make, write):
    """A page has a budget. What most connections say is left out first, and the page says how many."""
    amount = 50000
    frames = flood(amount, refuse=True) + Talk(sport=7).handshake(50.0).shutdown(51.0).end(99.0).frames
    page = make(write("a.pcap", pcap(frames)), write("b.pcap", wrong_ack()))
    assert page.stat().st_size < 20 * MEBIBYTE
    document = parsed(page)
    data = data_of(document)
    listed = [data["reasons"][row[3]][0] for row in data["rows"]]
    assert listed.count("three_way") == 1 and listed.count("bad_arithmetic") == 1
    assert 20000 < listed.count("refused") < amount
    notice = " ".join(document.find(".//p[@class='notice']").itertext())
    assert f"{len(listed):,} are listed, {amount + 2 - len(listed):,}" in notice
    assert document.find(".//tr[@data-reason='refused']").findall("td")[1].text == f"{amount:,}"


def test_ladders_have_a_budget(make, write):
    """So many connections open at the same time that not all can be kept: the first are, and the page says so."""
    if paths.sanitized():
        pytest.skip("takes too long with sanitizers")
    amount = 240000
    page = make("--horizon", "0", write("a.pcap", pcap(flood(amount))))
    document = parsed(page)
    notices = ["".join(found.itertext()) for found in document.findall(".//p[@class='notice']")]
    lacking = next(int(found.split()[0].replace(",", "")) for found in notices if "could not be drawn" in found)
    assert 0 < lacking < amount / 2
    assert data_of(document)["rows"][0][-1]


def test_what_is_wrong_with_inputs_is_said(make, write):
    damaged = parsed(make(write("a.pcap", complete()[:-5])))
    assert "Not read to its end: " in "".join(damaged.find(".//p[@class='notice']").itertext())
    several = parsed(make("a.pcap", write("b.pcap", b"nothing of ours")))
    files = ["".join(row.itertext()) for row in several.findall(".//section[@id='files']//tbody/tr")]
    assert len(files) == 2 and all("Not read to its end: " in row for row in files)


def test_a_policy_is_part_of_the_page(make, write):
    """Expectations with the connections that broke them, what is ignored, and no finding that is switched off."""
    write("policy.ini", "[severity]\nsyn_again = off\n"
          "[expect \"<b>port</b> 80 & 'more'\"]\nfilter = dst port 80\nreason = refused\n"
          "[expect \"all is well\"]\nfilter = dst port 443\nverdict = complete\n"
          "[ignore \"scanner\"]\nfilter = src host 192.0.2.77\n".encode())
    frames = Talk(dport=443, sport=1).handshake().frames + Talk(sport=2).syn(1).syn(2).frames
    frames += Talk(client="192.0.2.77").syn(3).refusal(3.1).end(30).frames
    document = parsed(make("--policy", "policy.ini", write("a.pcap", pcap(frames))))
    rows = document.findall(".//table[@id='expectations']/tbody/tr")
    told = [["".join(cell.itertext()) for cell in row] for row in rows]
    assert [row[:2] for row in told] == [["not as expected", "<b>port</b> 80 & 'more'"], ["as expected", "all is well"]]
    assert "a.pcap, stream 1: 192.0.2.1:2 > 192.0.2.9:80 is incomplete (unanswered)" in told[0][2]
    assert "1 more are ignored" in "".join(document.find(".//p[@class='headline']").itertext())
    assert "syn_again" not in json.dumps(data_of(document))
