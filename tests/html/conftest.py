# SPDX-License-Identifier: GPL-2.0-or-later
"""conftest.py - makes pages with the analyzer and opens them in headless Chromium.

One browser serves the whole suite; its profile is new and lies in a folder of its own. What it logs and what it asks
the network for is read after each page.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "cli")]

from support import paths   # noqa: E402  (tests/ is on the path only now)

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--disable-extensions", "--window-size=1280,1000")


class Browser:
    """A browser with one page at a time."""

    def __init__(self, profile, script):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        if not script:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(300)

    def open(self, path, fragment=""):
        """Opens a file as if for the first time: what was set for the page before is forgotten."""
        self.media()
        self.resize(1280, 1000)
        self.driver.get("about:blank")
        self.logged()
        self.asked()
        self.driver.get(path.as_uri() + fragment)
        return self

    def logged(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked(self):
        """The addresses of all requests since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        return [found.text for found in self.all(selector)]

    def focused(self):
        return self.driver.switch_to.active_element

    def media(self, kind="", scheme="light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": features})

    def resize(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def pdf(self):
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", {})["data"])


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    if paths.sanitized():
        pytest.skip("the page is the same from a build without sanitizers, where the browser looks at it")
    opened = Browser(tmp_path_factory.mktemp("profile"), script=True)
    yield opened
    opened.driver.quit()


@pytest.fixture
def plain_browser(browser, tmp_path):
    """One that runs no script of pages."""
    opened = Browser(tmp_path / "profile", script=False)
    yield opened
    opened.driver.quit()


@pytest.fixture
def make(tmp_path):
    """Runs the analyzer in the test's folder; gives the page's path back."""

    def run(*arguments, name="page.html", **environment):
        page = tmp_path / name
        done = subprocess.run([str(paths.built(paths.ANALYZER)), "--report", f"html={name}", "--format", "none",
                               "--fail-on", "half_open,incomplete,malformed", *arguments], cwd=tmp_path,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **environment}, capture_output=True,
                              timeout=300, check=False)
        assert done.returncode in (0, 1, 3), done.stderr
        return page

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a capture, whose name may be octets, into the test's folder; gives the name back."""

    def put(name, octets):
        path = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(octets)
        return name

    return put
