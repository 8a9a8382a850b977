# SPDX-License-Identifier: GPL-2.0-or-later
"""test_html_browser.py - the page in a browser: filtered, sorted, drawn, by keyboard, in the dark, on paper."""

import time

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from cli_captures import Talk, complete, flood, pcap, refused, wrong_ack
from support import paths
from test_html_page import HOSTILE

VERDICTS = ("complete", "unknown", "incomplete", "half_open", "malformed")
LADDER = ".ladder text"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory, browser):
    """A page with every verdict, and its path."""
    import subprocess
    page = tmp_path_factory.mktemp("recorded") / "page.html"
    subprocess.run([str(paths.ANALYZER), "--format", "html", "-o", str(page), str(paths.RECORDED),
                    str(paths.SYNTHETIC / "textbook")], check=False, timeout=300)
    return page


def rows(browser, column):
    """The texts of a column, from 1, of the rows that are shown."""
    return browser.run("return [...document.querySelectorAll('#table tr.row')].map(row => row.cells[arguments[0] - 1]"
                       ".textContent)", column)


def type_into(browser, words):
    field = browser.one("#text")
    field.clear()
    field.send_keys(words)


def test_the_page_asks_nobody_and_complains_of_nothing(browser, recorded):
    browser.open(recorded)
    browser.all(".toggle")[0].click()
    assert browser.all(".ladder")
    assert browser.logged() == []
    assert [address for address in browser.asked() if not address.startswith("data:")] == [recorded.as_uri()]


def test_the_policy_of_the_page_stops_what_is_not_its_own(browser, recorded):
    browser.open(recorded)
    browser.run("const script = document.createElement('script'); script.textContent = 'window.foreign = 1';"
                "document.body.append(script);"
                "const image = new Image(); image.src = 'http://127.0.0.1:9/'; document.body.append(image);")
    assert browser.run("return window.foreign") is None
    refused_by_policy = [message for message in browser.logged() if "Content Security Policy" in message]
    assert len(refused_by_policy) == 2


def test_a_click_on_a_heading_sorts(browser, recorded):
    browser.open(recorded)
    assert rows(browser, 1)[0] == "malformed"
    heading = browser.all("#table thead th")[6]
    heading.find_element("tag name", "button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    units = {"us": 1, "ms": 1000, "s": 1000000}
    times = [float(text.split()[0]) * units[text.split()[1]] for text in rows(browser, 7) if text]
    assert len(times) > 20 and times == sorted(times)
    heading.find_element("tag name", "button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert [other.get_attribute("aria-sort") for other in browser.all("#table thead th")].count("none") == 8
    browser.all("#table thead th button")[4].click()
    ports = [text for text in rows(browser, 5) if text.startswith("192.0.2.9:")]
    assert ports == sorted(ports, key=lambda text: int(text.split(":")[1]))


def test_filters_go_together(browser, recorded):
    browser.open(recorded)
    whole = browser.one("#count").text
    browser.one("#verdicts input[value=half_open]").click()
    some = rows(browser, 1)
    assert some and set(some) == {"half_open"}
    assert browser.one("#count").text == f"{len(some)} of {whole}"
    Select(browser.one("#reason")).select_by_value("peer_lost_state")
    assert set(rows(browser, 2)) == {"peer_lost_state"} and len(rows(browser, 2)) < len(some)
    browser.one("#verdicts input[value=half_open]").click()
    browser.one("#clear").click()
    WebDriverWait(browser.driver, 60).until(lambda _: browser.one("#count").text == whole)
    type_into(browser, "SYN-ACK  acknowledges 4321")
    assert rows(browser, 2) == ["bad_arithmetic"]
    type_into(browser, "no such words")
    assert rows(browser, 1) == []
    assert browser.one("#count").text == f"0 of {whole}"


def test_a_filter_is_in_the_address(browser, recorded):
    browser.open(recorded)
    browser.one("#verdicts input[value=malformed]").click()
    address = browser.driver.current_url
    assert address.endswith("#verdict=malformed")
    browser.open(recorded, "#verdict=incomplete&reason=refused")
    assert set(rows(browser, 2)) == {"refused"}
    assert browser.one("#verdicts input[value=incomplete]").is_selected()


def test_a_word_in_a_chart_shows_its_connections(browser, recorded):
    browser.open(recorded)
    browser.one("tr[data-reason=unanswered] .pick").click()
    WebDriverWait(browser.driver, 60).until(lambda _: set(rows(browser, 2)) == {"unanswered"})
    assert len(rows(browser, 2)) == int(browser.texts("tr[data-reason=unanswered] .number")[0])


def test_a_ladder_opens_by_keyboard(browser, make, write):
    """From the top of the page by Tab, to the next one by an arrow key, closed again by Enter."""
    browser.open(make(write("a.pcap", wrong_ack()), write("b.pcap", complete())))
    keys = browser.one("body")
    for _ in range(60):
        keys.send_keys(Keys.TAB)
        keys = browser.focused()
        if keys.get_attribute("class") == "toggle":
            break
    assert keys.get_attribute("aria-expanded") == "false"
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    keys.send_keys(Keys.ENTER)
    assert keys.get_attribute("aria-expanded") == "true"
    drawn = browser.texts(LADDER)
    assert "seq 7000 = ISN, ack 4321, expected 4322 = 4321 + 1 (SYN), off by -1" in ", ".join(drawn)
    place = drawn.index("SYN-ACK")
    finding = next(number for number, text in enumerate(drawn) if "synack_bad_ack" in text)
    assert place < finding < drawn.index("RST")
    assert "192.0.2.1:49152" in drawn and "0.030500" in drawn and "SYN-RECEIVED" in drawn
    keys.send_keys(Keys.ARROW_DOWN)
    after = browser.focused()
    assert after.get_attribute("aria-label").startswith("complete, ")
    after.send_keys(Keys.SPACE)
    assert len(browser.all(".ladder")) == 2
    assert any("ack 7001 = 7000 + 1 (SYN)" in text for text in browser.texts(LADDER))
    after.send_keys(Keys.ARROW_UP)
    browser.focused().send_keys(Keys.ENTER)
    assert len(browser.all(".ladder")) == 1


def test_what_is_missing_is_drawn(browser, recorded):
    browser.open(recorded, "#text=final-ack-lost-server")
    browser.all(".toggle")[0].click()
    assert browser.all(".ladder .absent") and browser.all(".ladder .cross")
    assert "ACK: never came" in browser.texts(LADDER)


def luminance(colour):
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1:-1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    brighter, darker = sorted((luminance(one), luminance(two)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme, dark", [("light", False), ("dark", True)])
def test_everything_can_be_read_in_light_and_in_the_dark(browser, recorded, scheme, dark):
    """All colours of words have the contrast that WCAG asks of small text, on the page and on a panel."""
    browser.open(recorded)
    browser.media(scheme=scheme)
    browser.all(".toggle")[0].click()
    paper, panel = browser.run(
        "return [document.documentElement, document.querySelector('.detail > td')]"
        ".map(element => getComputedStyle(element).backgroundColor)")
    assert (luminance(paper) < 0.2) == dark
    selectors = [*(f"#verdict-chart .verdict.{word}" for word in VERDICTS), "#findings .severity.error", ".source",
                 "#findings .severity.warn", "#findings .severity.note", "#findings .severity.chat", ".pick", "h1"]
    for selector in selectors:
        colour = browser.run("return getComputedStyle(document.querySelector(arguments[0])).color", selector)
        assert contrast(colour, paper) >= 4.5 and contrast(colour, panel) >= 4.5, selector
    for selector in (LADDER, ".ladder .dim", ".ladder text.error"):
        fill = browser.run("return getComputedStyle(document.querySelector(arguments[0])).fill", selector)
        assert contrast(fill, panel) >= 4.5, selector


def test_paper_is_white_and_has_no_controls(browser, recorded):
    browser.open(recorded)
    browser.media("print", "dark")
    assert browser.run("return getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert not browser.one("#filter").is_displayed() and not browser.one("#more").is_displayed()
    assert browser.one("#verdict-chart").is_displayed()
    browser.media()
    before = len(rows(browser, 1))
    assert browser.pdf().startswith(b"%PDF")
    # What the filter shows is printed, not only what was scrolled to.
    assert len(rows(browser, 1)) > before


@pytest.mark.parametrize("width", [320, 400, 760])
def test_a_narrow_window_needs_no_scrolling_to_the_side(browser, recorded, width):
    browser.open(recorded)
    browser.resize(width, 900)
    browser.all(".toggle")[0].click()
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.run("return document.querySelector('.ladder').getBoundingClientRect().right") <= width


def test_a_hostile_name_stays_a_name(browser, make, write):
    page = make(write(HOSTILE, wrong_ack()), write("b.pcap", refused()))
    browser.open(page)
    browser.all(".toggle")[0].click()
    assert browser.logged() == []
    assert browser.run("return document.querySelectorAll('script').length") == 2
    assert "<script>alert(1)<!--" in browser.one(".facts").text
    assert any("<script>alert(1)<!--" in option.text for option in browser.all("#file option"))
    type_into(browser, "</script>")
    assert rows(browser, 1) == ["malformed"]


def test_ten_thousand_connections(browser, make, write):
    """The bounds are generous, for the machine may be busy: without load each filter takes some 20 ms."""
    talks = [Talk(client=f"10.1.{number >> 8}.{number & 255}", isn=number).handshake(number / 100)
             for number in range(200)]
    frames = flood(9800, refuse=True) + [frame for talk in talks for frame in talk.frames]
    page = make(write("a.pcap", pcap(sorted(frames))))
    begun = time.monotonic()
    browser.open(page)
    assert time.monotonic() - begun < 60
    assert browser.one("#count").text == "10,000 connections"
    times = browser.run("""
        const texts = ["1", "10.1.0.7", "rst_refused", "zzz", ""];
        return [...texts, ...texts, ...texts].map(text => {
            const begun = performance.now();
            document.getElementById("text").value = text;
            document.getElementById("text").dispatchEvent(new Event("input"));
            document.body.offsetHeight;
            return performance.now() - begun;
        })""")
    # The best of three: a machine may stand still for a while.
    assert max(map(min, zip(times[:5], times[5:10], times[10:]))) < 2000, times
    type_into(browser, "10.1.0.7:")
    assert rows(browser, 4) == ["10.1.0.7:49152"]
    browser.one("#clear").click()
    WebDriverWait(browser.driver, 60).until(lambda _: browser.one("#count").text == "10,000 connections")
    before = len(rows(browser, 1))
    assert before < 200
    browser.one("#more").click()
    assert len(rows(browser, 1)) == before + 500
    assert browser.focused().get_attribute("class") == "toggle"


def test_without_javascript_it_is_a_document(plain_browser, make, write):
    plain_browser.open(make(write("a.pcap", wrong_ack()), write("b.pcap", complete())))
    assert not plain_browser.one("#filter").is_displayed()
    assert plain_browser.texts("#verdict-chart .word") == ["bad_arithmetic", "three_way"]
    worst = plain_browser.all("noscript details")[0]
    assert worst.text.startswith("malformed bad_arithmetic: 192.0.2.1:49152 to 192.0.2.9:80, in a.pcap: SYN-ACK")
    worst.find_element("tag name", "summary").click()
    assert "ack 4321, expected 4322 = 4321 + 1 (SYN), off by -1" in worst.find_element("tag name", "pre").text
