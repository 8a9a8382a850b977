#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fields.py - writes docs/fields.md from what tshark says of the plugin, or says that the page is out of date.

    fields.py             writes the page
    fields.py --check     compares it with what would be written
    fields.py --print     prints it

TCPHS_BUILD names the build folder (default: build/release). Exit status 0; 1 if --check found a difference; 2 with a
sentence on stderr.

Theory of operation. Nothing about a single field is written down here, so a new row of fields.def, a new rule or a new
preference takes no edit:

- Names, filter words, types and descriptions are those of `tshark -G fields` with the plugin loaded; defaults and
  meanings of preferences those of `tshark -G defaultprefs`. A preference's title is in no report of tshark, so it comes
  from the call that registers it.
- What a field can say in one pass is a fact: every capture below captures/ is read in one pass and in two, and the
  answers are compared. For speed they are read as one capture, see Parade.
- The words that a text field can take are those of the list in the engine to which all of its values belong.
- Which table a field stands in is decided by how its name begins; one that begins like no other stands where its
  predecessor stands.

The page is the same on Wireshark 4.0, 4.4 and 4.6: what they word differently (bytes or bits, TRUE or true) is brought
to one form. No time, version or path goes into it.
"""

import html
import re
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support import paths, shark  # noqa: E402  pylint: disable=wrong-import-position

PAGE = ROOT / "docs/fields.md"
COLUMNS = 118


class Trouble(Exception):
    """The page cannot be made; says why, and what to do."""


# ---- what tshark says ------------------------------------------------------------------------------------------------

class Field(NamedTuple):
    """A row of `tshark -G fields`."""
    name: str
    word: str
    type: str
    description: str


class Preference(NamedTuple):
    """A preference: "horizon", what its dialogue calls it, what its value is, what it means."""
    word: str
    title: str
    default: str
    kind: str
    description: str


def glossary(tshark):
    """Our fields, in the order in which the plugin registers them."""
    rows = [line.split("\t") for line in tshark.run("-G", "fields").stdout.splitlines()]
    found = [Field(row[1], row[2], row[3], row[7] if len(row) > 7 else "")
             for row in rows if row[0] == "F" and row[4] == "tcphs"]
    if not found:
        raise Trouble("tshark -G fields lists no field of ours")
    return found


def type_names(tshark):
    """Wireshark's names of its types: "Unsigned integer (32 bits)", which 4.0 counts in bytes."""
    rows = (line.split("\t") for line in tshark.run("-G", "ftypes").stdout.splitlines())
    return {row[0]: re.sub(r"\((\d+) bytes?\)", lambda size: f"({8 * int(size.group(1))} bits)", row[1])
            for row in rows}


def titles():
    """{preference: title}, from the calls in the plugin that register them."""
    found = {}
    for source in sorted((ROOT / "plugin").glob("*.c")):
        calls = re.findall(r'prefs_register_\w+\(\s*\w+,\s*"(\w+)",\s*((?:"[^"]*"\s*)+),', source.read_text())
        for word, title in calls:
            found[word] = "".join(re.findall(r'"([^"]*)"', title))
    return found


def preferences(tshark):
    """Our preferences, in Wireshark's order. -G defaultprefs has a comment over each: its meaning, then what "
    "it takes."""
    shown, found = titles(), []
    for paragraph in tshark.run("-G", "defaultprefs").stdout.split("\n\n"):
        value = re.search(r"^#?tcphs\.(\w+): *(.*)$", paragraph, re.M)
        if not value:
            continue
        comments = [line[1:].strip() for line in paragraph[:value.start()].splitlines() if line.startswith("#")]
        word, default = value.groups()
        if word not in shown:
            raise Trouble(f"no prefs_register_...(module, \"{word}\", \"TITLE\", ...) was found in plugin/*.c")
        found.append(Preference(word, shown[word], default, comments[-1], " ".join(comments[:-1])))
    return found


def dialogue(tshark):
    """What Edit > Preferences > Protocols calls us: the protocol's short name."""
    for line in tshark.run("-G", "protocols").stdout.splitlines():
        names = line.split("\t")
        if names[2] == "tcphs":
            return names[0], names[1]
    raise Trouble("tshark -G protocols does not list tcphs")


# ---- what the engine says --------------------------------------------------------------------------------------------

class Rule(NamedTuple):
    """A row of rules.def."""
    word: str
    severity: str
    scope: str
    group: str
    title: str


def tables():
    """(rules, {list: [words]}) of the engine."""
    program = paths.built(paths.BUILD / "docs/tcphs-docs")
    rows = subprocess.run([program, "--tables"], capture_output=True, text=True, check=True).stdout.splitlines()
    rules, words = [], {}
    for row in rows:
        kind, *cells = row.split("\t")
        if kind == "rule":
            rules.append(Rule(*cells))
        else:
            words.setdefault(cells[0], []).append(cells[1])
    return rules, words


def analyzer_options():
    """{"horizon": "--horizon=SECONDS", ...}: options of the analyzer that take a value."""
    text = subprocess.run([paths.built(paths.ANALYZER), "--help"], capture_output=True, text=True, check=True).stdout
    return {option[2:].split("=")[0]: option for option in re.findall(r"--[a-z]+=[A-Z]+", text)}


# ---- what captures show ----------------------------------------------------------------------------------------------

class Parade:
    """Every capture of the project as one, in the order of time, and what both passes show of it.

    All use a few addresses of the ranges for documentation, so each gets a range of its own instead: the captures go
    side by side and their connections never meet. Checksums are wrong then, which Wireshark does not look at unless
    asked to.
    """

    def __init__(self, tshark, more=()):
        self.file = tshark.folder / "parade.pcapng"
        self.known = ON_WS40 if tshark.stream_rule() == "ws44" else {}
        sources = [*paths.captures(paths.RECORDED, paths.SYNTHETIC), *more]
        copies = [self.copy(tshark.folder / f"parade-{number}", number, source)
                  for number, source in enumerate(sources, 1)]
        subprocess.run(["mergecap", "-w", self.file, *copies], check=True, capture_output=True)
        for copy in copies:
            copy.unlink()
        self.file.chmod(0o644)
        self.early = self.frames(tshark, False)
        self.late = self.frames(tshark, True)
        if not self.late:
            raise Trouble("no capture was found below captures/")

    @staticmethod
    def copy(target, number, source):
        """192.0.2.X becomes 10.N.N.X, 2001:db8::X becomes 2001:db8:N::X: as many octets as before."""
        own = number.to_bytes(2, "big")
        data = source.read_bytes().replace(b"\xc0\x00\x02", b"\x0a" + own)
        target.write_bytes(data.replace(bytes.fromhex("20010db80000"), bytes.fromhex("20010db8") + own))
        return target

    def frames(self, tshark, two_pass):
        """[{field: count of each value}] of every frame."""
        answer = []
        for layers in tshark.dissect(self.file, two_pass=two_pass).values():
            fields = {}
            for layer in layers:
                for field, values in layer.items():
                    if field.startswith("tcphs."):
                        fields.setdefault(field, Counter()).update(values)
            answer.append(fields)
        return answer

    def values(self, field):
        """All values that a field had, in either pass."""
        return {value for frame in (*self.early, *self.late) for value in frame.get(field, ())}

    def counts(self, field):
        """How often it was the same in both passes, absent in one pass only, and other in one pass than in two."""
        same = absent = other = 0
        for early, late in zip(self.early, self.late):
            before, after = early.get(field, Counter()), late.get(field, Counter())
            other += bool(before - after)
            absent += bool(after - before) and not before - after
            same += bool(before) and before == after
        return same, absent, other

    def one_pass(self, field):
        """One of the ONE_PASS, or "" if no capture shows the field."""
        if not self.values(field):
            return self.known.get(field, "")
        same, absent, other = self.counts(field)
        if other:
            return "may change"
        if absent:
            return "when certain" if same else "no"
        return "yes" if same else ""


# What Wireshark 4.0 shows and 4.4 does not: a reused pair of ports always gets a tcp.stream of its own there.
ON_WS40 = {"tcphs.incarnation": "yes"}

ONE_PASS = {
    "yes": "At once, and final: what a second pass shows is the same, on every frame.",
    "when certain": "Absent until nothing that follows can change it, then final. On earlier frames of the connection "
                    "only a second pass has it.",
    "no": "Absent. Only the end of the capture decides, so only a second pass has it.",
    "may change": "Shown at once, and a second pass may show something else.",
}


# ---- the page --------------------------------------------------------------------------------------------------------

class Group(NamedTuple):
    """A table: fields that begin so belong to it."""
    title: str
    begins: str
    about: str
    examples: tuple


GROUPS = (
    Group("The segment", r"stream$|incarnation$|phase|step|late$|client\.|server\.",
          "What this segment is to its connection, and in which states of "
          "[RFC 9293](https://www.rfc-editor.org/rfc/rfc9293#section-3.3.2) both endpoints are then. On every segment.",
          (("tcphs.step == 2", "the SYN-ACK of each handshake"),
           ('tcphs.phase in {"syn_again", "synack_again"}', "what was sent again while opening"),
           ('tcphs.client.state == "ESTABLISHED" && tcphs.server.state == "SYN-RECEIVED"',
            "the client is there, the server not yet"),
           ("tcphs.incarnation > 0", "connections on ports that another one had used before"))),
    Group("The arithmetic", r"seq\.|ack\.|arithmetic",
          "What the segment's sequence and acknowledgment numbers should be, with the real numbers, not relative ones, "
          "and modulo 2^32.",
          (("tcphs.ack.delta != 0", "acknowledgments of less or more than was sent"),
           ("tcphs.seq.delta < 0", "sequence numbers behind what was expected"),
           ('tcphs.arithmetic contains "SYN"', "numbers in which a SYN is counted"))),
    Group("The connection", r"verdict|reason|blame|closed|(syn|synack|ack)_in$|\w+_count$|backoff|isn\.|rtt\.",
          "What became of the handshake to which this segment belongs. Verdict, reason and blame stand on every "
          "segment "
          "of the connection, and so do the links to the steps; what was measured stands on the segments of the "
          "handshake.",
          (('tcphs.verdict in {"half_open", "incomplete", "malformed"}', "connections that failed to open"),
           ('tcphs.reason == "unanswered"', "SYNs that nobody answered"),
           ('tcphs.blame == "server" && tcphs.step == 1', "one line for each handshake that the server failed"),
           ("tcphs.rtt.total > 0.5 && tcphs.step == 3", "handshakes whose round trips took more than half a second"),
           ("tcphs.syn_count > 1 && tcphs.step == 1", "connections that took more than one SYN"))),
    Group("What a SYN or SYN-ACK offers", r"offer\.",
          "The options of this segment alone, on each SYN and SYN-ACK.",
          (("tcphs.offer.mss < 1220", "a small maximum segment size, as tunnels cause it"),
           ("tcphs.phase == \"syn\" && !tcphs.offer.wscale", "SYNs without a window scale option"),
           ("tcphs.offer.fast_open == 1 && tcphs.offer.cookie_length == 0", "requests for a Fast Open cookie"))),
    Group("What both endpoints agreed on", r"agreed\.",
          "What holds for the connection after SYN and SYN-ACK. On the segments of the handshake.",
          (("tcphs.agreed.sack == 0 && tcphs.step == 3", "connections without selective acknowledgments"),
           ("tcphs.agreed.wscale.to_client == 0", "window scaling that is agreed on and multiplies by one"))),
    Group("Findings", r"finding",
          "Remarks on this segment, each from a [rule](rules.md). They are expert infos, too.",
          (("tcphs.finding", "segments with something worth a remark"),
           ('tcphs.finding == "synack_bad_ack"', "the same as `tcphs.synack_bad_ack`"),
           ("tcphs && _ws.expert.severity == error", "our errors, and those of others on the same segments"))),
)

# How values of a type are used in a filter, for the types that need a word about it.
USES = {
    "FT_NONE": "present or not: the name alone is the filter",
    "FT_BOOLEAN": "`== 1` or `== 0`; the name alone says only that it is there",
    "FT_STRING": "`== \"...\"`, `in {\"...\", \"...\"}`, `contains`, `matches`",
    "FT_FRAMENUM": "a number; in the window, a link: a double click goes there",
    "FT_RELATIVE_TIME": "seconds: `> 0.5`",
}


def prose(text):
    """A paragraph."""
    return textwrap.fill(text, COLUMNS, break_long_words=False, break_on_hyphens=False) + "\n\n"


def cell(text):
    """Text of tshark in a table: nothing in it is Markdown."""
    return re.sub(r"([|\\`*])", r"\\\1", html.escape(text, quote=False))


def table(heads, rows):
    """A table with a head."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(row) + " |\n" for row in lines) + "\n"


def grouped(fields):
    """{group: fields}: by how the name begins, else with the predecessor."""
    found, group = {entry.title: [] for entry in GROUPS}, GROUPS[0].title
    for field in fields:
        suffix = field.word.removeprefix("tcphs.")
        group = next((entry.title for entry in GROUPS if re.match(entry.begins, suffix)), group)
        found[group].append(field)
    return found


def list_of(values, words):
    """Which list of words a field's values are from: the one that has them all, if they are enough to tell."""
    fitting = [name for name, known in words.items() if values <= set(known)]
    return fitting[0] if len(fitting) == 1 and len(values) > 1 else None


def meaning(field, values, words):
    """Name, description, and the words it can take unless the description has them all."""
    text = f"**{cell(field.name)}**: {cell(field.description)}"
    name = list_of(values, words) if field.type == "FT_STRING" else None
    if name in ("verdict", "reason", "blame"):
        text += ". [All words](rules.md#verdicts)"
    elif name and not all(re.search(rf"\b{re.escape(word)}\b", field.description) for word in words[name]):
        text += f". [All words](#words-of-{name})"
    return text


def put_fields(fields, parade, words, types):
    """The tables of fields, one for each group."""
    text = ""
    for group, members in zip(GROUPS, grouped(fields).values()):
        if not members:
            continue
        text += f"## {group.title}\n\n" + prose(group.about)
        text += table(["filter", "type", "one pass", ""],
                      [[f"`{field.word}`", types.get(field.type, field.type), parade.one_pass(field.word) or "?",
                        meaning(field, parade.values(field.word), words)] for field in members])
        if group.examples:
            text += table(["for example", "shows"],
                          [[f"`{example}`", shows] for example, shows in group.examples])
    return text


def put_rules(rules):
    """The rules' own fields, by the headings of rules.def."""
    rows, group = [], None
    for rule in rules:
        if rule.group != group:
            group = rule.group
            rows.append([f"**{group}**", "", "", ""])
        rows.append([f"`tcphs.{rule.word}`", rule.severity, "yes" if rule.scope == "segment" else "when certain",
                     f"[{cell(rule.title)}](rules.md#{rule.word})"])
    text = "## One field for each rule\n\n"
    text += prose("Present on the segment that raised the rule; the same words are the values of `tcphs.finding`. "
                  "Severities are those of Wireshark's expert infos and can be changed there (Edit > Preferences > "
                  "Expert). Follow a rule's title for what was seen, what it means and what to do next.")
    text += table(["filter", "severity", "one pass", ""], rows)
    return text + prose("`tcphs.checksum_bad` is there for the sake of completeness: in Wireshark the TCP dissector "
                        "checks checksums, if told to (`tcp.checksum.status`), and only the analyzer raises the rule.")


def put_words(fields, parade, words):
    """The lists of words to which put_fields() led."""
    text = ""
    for name, known in words.items():
        users = [field for field in fields if f"(#words-of-{name})" in meaning(field, parade.values(field.word), words)]
        if users:
            text += f"### Words of {name}\n\n" + prose(
                f"Of {', '.join(f'`{field.word}`' for field in users)}: {', '.join(f'`{word}`' for word in known)}.")
    return "## Words\n\n" + text if text else ""


def put_one_pass(fields, parade):
    """Which fields work in one pass."""
    text = "## In one pass\n\n"
    text += prose("Wireshark's window has read the whole capture before it shows a frame, and so has `tshark "
                  "-2`. Plain "
                  "`tshark` prints a frame before it reads the next one. It then shows less, and nothing that a later "
                  "frame takes back: **what is not certain yet is absent**, so a filter on it does not match. "
                  "This table "
                  "is measured on every capture of the project, read both ways.")
    kinds = {kind: [field for field in fields if parade.one_pass(field.word) == kind] for kind in ONE_PASS}
    text += table(["one pass", "what that means", "fields"],
                  [[kind, ONE_PASS[kind], " ".join(f"`{field.word}`" for field in members)]
                   for kind, members in kinds.items() if members])
    text += prose("A rule is final at once if nothing that follows can excuse the segment; else its field is "
                  "absent until "
                  "that is certain, as above. Three ways to have everything:")
    return text + textwrap.dedent("""\
        - `tshark -2 -r FILE -Y 'FILTER'`, not `-2 -R 'FILTER'`: a read filter decides in the first pass.
        - `tshark -q -z tcphs,verdicts -r FILE`: one pass, and the final verdict of each connection at the end. It works
          on a live capture, too.
        - The window, or `sharkd`.

        """)


def put_preferences(known, titles_of_us, options):
    """Preferences: what they are, what they mean, how to set them."""
    name, short = titles_of_us
    kinds = {"A decimal number": "whole number", "true or false (case-insensitive)": "true or false"}
    rows = []
    for entry in known:
        kind = entry.kind if "One of" in entry.kind else kinds.get(entry.kind.lower().capitalize(), None)
        kind = kind or kinds.get(entry.kind.lower(), entry.kind)
        default = entry.default.lower() if kind == "true or false" else entry.default
        rows.append([f"`tcphs.{entry.word}`", f"`{default}`", kind,
                     f"**{cell(entry.title)}**: {cell(entry.description)}",
                     f"`-o tcphs.{entry.word}:{another(default)}`",
                     f"`{options[entry.word]}`" if entry.word in options else ""])
    text = "## Preferences\n\n" + prose(
        f"In the window: *Edit > Preferences > Protocols > {short}*, or a right click on *{name}* in the packet "
        f"details "
        f"and *Protocol Preferences*; the capture is dissected anew at once. On the command line of tshark and of "
        f"Wireshark: `-o NAME:VALUE`, as often as needed. In a profile: a line `NAME: VALUE` in its file "
        "`preferences`. "
        "`tshark -G currentprefs` lists what holds. A change counts for the whole capture, never from the middle of "
        "one on. With other values than these, the plugin and the analyzer agree only if the analyzer is given the "
        "same, where it has an option for it.")
    return text + table(["preference", "default", "takes", "", "for example", "analyzer"], rows)


def another(default):
    """A value that is not the default."""
    if default in ("true", "false"):
        return "false" if default == "true" else "true"
    return str(2 * int(default)) if default.isdecimal() else "VALUE"


def put_types(fields, types):
    """What types there are, in Wireshark's own names."""
    used = sorted({field.type for field in fields} | {"FT_NONE"}, key=list(types).index)
    rows = [[types[kind], f"`{kind}`", USES.get(kind, "`==`, `!=`, `<`, `>`, `in {1..3}`")] for kind in used]
    return "## Types\n\n" + prose("In Wireshark's words, and how each is used in a filter.") + \
        table(["type", "in `tshark -G fields`", "in a filter"], rows)


INTRODUCTION = (
    "What the plugin adds to each TCP segment: for display filters, as columns (right click on it in the packet "
    "details, "
    "*Apply as Column*), with `tshark -T fields -e NAME`, and in `-T json`, `-T ek` and `-T pdml`.",
    "**A field that does not apply is absent, never zero**: `tcphs.rtt.total` by itself shows where there is "
    "such a time, "
    "and a comparison with something absent is false, also `!=`. Several TCP headers in one frame (a tunnel, an "
    "A-MSDU) "
    "each have their own; a header that an ICMP error quotes has none but its finding.",
    "*One pass* says what plain `tshark` knows when it prints the frame: **yes**, as much as later; **when certain**, "
    "absent until nothing can change it; **no**, only `tshark -2` and the window have it. See [below](#in-one-pass).",
)


def page(tshark):
    """The page."""
    fields, types, known = glossary(tshark), type_names(tshark), preferences(tshark)
    rules, words = tables()
    parade = Parade(tshark)
    own = {f"tcphs.{rule.word}" for rule in rules}
    missing = own - {field.word for field in fields}
    if missing:
        raise Trouble(f"the plugin has no field for {', '.join(sorted(missing))}; build it anew")
    plain = [field for field in fields if field.word not in own]
    text = "# Display filter fields and preferences\n\n"
    text += "<!-- Written by docs/generate/fields.py from what tshark says of the plugin; do not edit. -->\n\n"
    text += "".join(prose(paragraph) for paragraph in INTRODUCTION)
    text += put_fields(plain, parade, words, types)
    text += put_rules(rules)
    text += put_one_pass(plain, parade)
    text += put_preferences(known, dialogue(tshark), analyzer_options())
    text += put_words(plain, parade, words)
    text += put_types(plain, types)
    for field in plain:
        if not parade.one_pass(field.word):
            print(f"fields.py: no capture below captures/ shows {field.word}; add one, so that it is tested and its "
                  "one-pass column is known", file=sys.stderr)
    return text.rstrip("\n") + "\n"


def main():
    """As the first lines say."""
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and sys.argv[1] not in ("--check", "--print")):
        raise Trouble("usage: fields.py [--check | --print]")
    if paths.sanitized():
        raise Trouble(f"tshark cannot load a plugin with sanitizers, as the one in {paths.BUILD}; "
                      "TCPHS_BUILD names another")
    text = page(shark.Shark())
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(text)
    elif sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print(f"fields.py: {PAGE} is not what tshark says of the plugin; "
                  "write it anew: cmake --build build/release --target docs", file=sys.stderr)
            return 1
    else:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, FileNotFoundError, shark.SharkError, subprocess.CalledProcessError) as error:
        print(f"fields.py: {error}", file=sys.stderr)
        sys.exit(2)
