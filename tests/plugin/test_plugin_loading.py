# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark knows of the plugin once it is loaded: fields, rules, preferences."""
import re

from support import paths

# The words people filter on, and their types; changing one breaks somebody's filter, column or script.
FIELDS = {
    "stream": "FT_UINT32", "incarnation": "FT_UINT32", "phase": "FT_STRING", "step": "FT_UINT8",
    "client.state": "FT_STRING", "server.state": "FT_STRING", "isn.client": "FT_UINT32", "isn.server": "FT_UINT32",
    "seq.expected": "FT_UINT32", "seq.delta": "FT_INT32", "ack.expected": "FT_UINT32", "ack.delta": "FT_INT32",
    "arithmetic": "FT_STRING", "late": "FT_NONE",
    "verdict": "FT_STRING", "reason": "FT_STRING", "blame": "FT_STRING", "closed": "FT_STRING",
    "syn_in": "FT_FRAMENUM", "synack_in": "FT_FRAMENUM", "ack_in": "FT_FRAMENUM",
    "syn_count": "FT_UINT32", "synack_count": "FT_UINT32", "backoff": "FT_STRING",
    "rtt.server": "FT_RELATIVE_TIME", "rtt.client": "FT_RELATIVE_TIME", "rtt.total": "FT_RELATIVE_TIME",
    "finding": "FT_STRING", "finding.severity": "FT_STRING", "finding.related": "FT_FRAMENUM",
    "offer.mss": "FT_UINT16", "offer.wscale": "FT_UINT8", "offer.sack": "FT_BOOLEAN",
    "offer.timestamps": "FT_BOOLEAN", "offer.fast_open": "FT_BOOLEAN", "offer.cookie_length": "FT_UINT8",
    "offer.mptcp": "FT_BOOLEAN", "offer.ecn": "FT_STRING", "offer.auth": "FT_STRING",
    "agreed.mss.to_client": "FT_UINT16", "agreed.mss.to_server": "FT_UINT16",
    "agreed.wscale.to_client": "FT_UINT8", "agreed.wscale.to_server": "FT_UINT8",
    "agreed.sack": "FT_BOOLEAN", "agreed.timestamps": "FT_BOOLEAN", "agreed.fast_open": "FT_BOOLEAN",
    "agreed.mptcp": "FT_BOOLEAN", "agreed.ecn": "FT_STRING", "agreed.auth": "FT_STRING",
}


def registered(wireshark):
    """Our fields as Wireshark lists them: filter word -> (name, type, description)."""
    fields = {}
    for line in wireshark.tshark("-G", "fields").splitlines():
        cells = line.split("\t")
        if cells[0] == "F" and cells[2].startswith("tcphs."):
            fields[cells[2].removeprefix("tcphs.")] = (cells[1], cells[3], cells[7])
    return fields


def rules():
    """Ids and titles of rules.def."""
    text = (paths.ROOT / "engine" / "rules.def").read_text()
    return dict(re.findall(r'^TCPHS_RULE\((\w+),[^"]*"([^"]*)"', text, re.MULTILINE))


def test_every_field_is_there_with_its_type_and_none_besides(wireshark):
    found = {name: kind for name, (_, kind, _) in registered(wireshark).items() if name not in rules()}
    assert found == FIELDS


def test_every_field_is_described(wireshark):
    fields = registered(wireshark)
    assert [name for name in FIELDS if not fields[name][2]] == []


def test_every_rule_is_a_field_and_is_named_by_its_title(wireshark):
    fields = registered(wireshark)
    assert rules(), "rules.def was not understood"
    assert {rule: fields.get(rule, ("missing",))[0] for rule in rules()} == rules()


def test_wireshark_has_no_complaint(wireshark, story):
    assert wireshark.run("-2", "-V", "-r", story).stderr == ""
