# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages under docs/: the generated ones are what the tables say, links lead somewhere, words are words we have."""

import re
import subprocess
from xml.etree import ElementTree

import pytest
from support import paths

DOCS = paths.ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.is_file())
SVG = "{http://www.w3.org/2000/svg}"


def text_of(path):
    """A page as text."""
    return path.read_text(encoding="utf-8")


def headings(path):
    """The anchors that a page offers, as GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.*)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def known_words():
    """Every word that `tcphs --explain` explains: rules, verdicts, reasons."""
    text = text_of(paths.ROOT / "engine/rules.def") + text_of(paths.ROOT / "engine/verdicts.def")
    return set(re.findall(r"^TCPHS_\w+\((\w+), [A-Z_]+,", text, re.MULTILINE))


def test_generated_pages_are_what_the_tables_say():
    """rules.md, decoding.md and states.svg, octet for octet."""
    program = paths.built(paths.BUILD / "docs/tcphs-docs")
    result = subprocess.run([str(program), "--check", str(paths.ROOT)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(paths.sanitized(), reason="tshark cannot load a plugin with sanitizers")
def test_the_page_of_fields_is_what_tshark_says():
    """fields.md, octet for octet."""
    result = subprocess.run([str(DOCS / "generate/fields.py"), "--check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_drawing_keeps_within_its_borders():
    """Every box and every line of text of states.svg begins inside the canvas."""
    root = ElementTree.parse(DOCS / "states.svg").getroot()
    width, height = float(root.get("width")), float(root.get("height"))
    outside = [element.text or element.get("class") for element in root.iter()
               if element.tag in (SVG + "text", SVG + "rect")
               and not (0 <= float(element.get("x", 0)) + float(element.get("width", 0)) <= width
                        and 0 <= float(element.get("y", 0)) + float(element.get("height", 0)) <= height)]
    assert not outside


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    """Links between pages: the file is there, and so is the heading."""
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        other = page.parent / name if name else page
        if not other.exists() or (anchor and anchor not in headings(other)):
            dead.append(target)
    assert not dead


def test_the_images_of_the_readme_are_there_and_small():
    """A checkout is no place for photographs."""
    images = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text_of(paths.ROOT / "README.md"))
    assert sorted(images) == sorted(str(path.relative_to(paths.ROOT)) for path in (DOCS / "images").iterdir())
    assert all((paths.ROOT / image).stat().st_size < 200_000 for image in images)


def test_the_words_of_rules_exist():
    """What false-alarms.md has in the first column of a table is a rule of today."""
    told = re.findall(r"^\| \[?`(\w+)`", text_of(DOCS / "false-alarms.md"), re.MULTILINE)
    assert told
    assert set(told) <= known_words()


def constant(name, path):
    """What a #define of a whole number or of a product, shift or sum of such says."""
    value = re.search(rf"^#define {name} (.+?)(?: */\*.*)?$", text_of(paths.ROOT / path), re.MULTILINE).group(1)
    value = re.sub(r"\(\w+\)(?=\w)|U?INT\d+_C|(?<=\d)u\b", "", value)
    assert re.fullmatch(r"[\d\s()*<+]+", value), value
    return eval(value)  # noqa: S307, only digits and operators


LIMITS = [
    ("FINDINGS_PER_RULE", "engine/tracker.c", 1, r"(\d+) of each rule a connection"),
    ("TCPHS_TRIES", "engine/tcphs.h", 1, r"times of (\d+) SYNs"),
    ("TCPHS_ISN_HOSTS", "engine/tcphs.h", 1, r"looked at of (\d+) hosts"),
    ("SERVERS_MAX", "analyzer/report/servers.h", 1, r"statistics have (\d+) servers"),
    ("DEPTH_MAX", "analyzer/decode/layers.h", 1, r"(\d+) below a TCP header"),
    ("TCPHS_DECODE_ITEMS", "analyzer/decode/decode.h", 1, r"(\d+) segments a frame"),
    ("FRAGMENTS_DATAGRAMS_MAX", "analyzer/decode/fragments.h", 1, r"(\d+) datagrams and"),
    ("FRAGMENTS_OCTETS_MAX", "analyzer/decode/fragments.h", 1 << 20, r"datagrams and (\d+) MiB"),
    ("FRAGMENTS_PIECES_MAX", "analyzer/decode/fragments.h", 1, r"(\d+) fragments a datagram"),
    ("TCPHS_FRAME_MAX", "analyzer/input/input.h", 1, r"(\d+) octets; a longer one is damage"),
    ("FRAME_MAX_LARGE", "analyzer/input/pcapng.c", 1 << 20, r"a frame of (\d+) MiB"),
    ("INTERFACES_MAX", "analyzer/input/pcapng.c", 1, r"(\d+) interfaces a section"),
    ("INTERFACE_NAME_MAX", "analyzer/input/pcapng.c", 1, r"names of (\d+) octets"),
    ("LAYERS_MAX", "analyzer/input/captures.c", 1, r"(\d+) layers, one in another"),
    ("TCPHS_EXPANSION_RATIO", "analyzer/input/input.h", 1, r"(\d+) times what went in"),
    ("TCPHS_EXPANSION_FREE", "analyzer/input/input.h", 1 << 20, r"the first (\d+) MiB"),
    ("TCPHS_EXPANSION_OCTETS", "analyzer/input/input.h", 1 << 40, r"; (\d+) TiB"),
    ("SIZE_MAX_POLICY", "analyzer/policy_file.c", 1 << 20, r"Policies\n(\d+) MiB"),
    ("HTML_BUDGET", "analyzer/report/html/html.h", 1 << 20, r"page has (\d+) MiB"),
    ("LADDER_LINES", "analyzer/ladder.h", 1, r"(\d+) lines are kept"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit[0])
def test_the_manual_states_each_limit(limit):
    """What LIMITS says is what the sources say."""
    name, path, unit, words = limit
    section = text_of(paths.ROOT / "packaging/tcphs.1").split(".SH LIMITS")[1].split(".SH SECURITY")[0]
    said = re.search(words, section)
    assert said, words
    assert int(said.group(1)) * unit == constant(name, path)
