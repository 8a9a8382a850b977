# SPDX-License-Identifier: GPL-2.0-or-later
"""desktop.py - Wireshark's window on a display that nobody looks at, and what a test can see of it.

Wireshark runs as an ordinary user under Xvfb, without a window manager, so that nothing but itself draws. What it shows
is known in two ways: as a screen reader knows it (robot.py), in words; and as pixels, for what is said by colour.
Nothing waits for a fixed time: until() asks again and again until what is expected has come.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

SIZE = WIDTH, HEIGHT = 1400, 900
# Far more than is needed, also on a machine that is busy with something else.
PATIENCE = 200
# After so long what a click should have brought about is there, or the click has gone astray.
PAUSE = 10


def until(condition, what, seen=lambda: ""):
    """What condition() returns, as soon as it is true; seen() is there instead if it never is."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} s in vain for {what}; there is {seen()}")
        time.sleep(0.1)


class Picture:
    """A screenshot: 24 bits a pixel, row by row."""

    def __init__(self, pixels):
        assert len(pixels) == 3 * WIDTH * HEIGHT, "a screenshot of another size"
        self.pixels = pixels

    def banner(self, colour):
        """The rows of the screen that are mostly of one colour, given as six hexadecimal digits."""
        wanted = bytes.fromhex(colour)
        lines = (self.pixels[3 * WIDTH * y:3 * WIDTH * (y + 1)] for y in range(HEIGHT))
        return [y for y, line in enumerate(lines) if line.count(wanted) >= WIDTH // 3]


class Desktop:
    """A display of its own; |shark| is the home with plugin and preferences."""

    def __init__(self, shark):
        self.shark = shark
        read, write = os.pipe()
        self.server = subprocess.Popen(
            shark.command("Xvfb", "-displayfd", write, "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp",
                          "-ac", "-noreset"), env=shark.environment(), cwd=shark.home, pass_fds=[write],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        assert number, "Xvfb did not start"
        self.environment = {**shark.environment(), "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb",
                            "XDG_RUNTIME_DIR": str(shark.home), "LIBGL_ALWAYS_SOFTWARE": "1"}

    def close(self):
        """Ends it."""
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(timeout=PATIENCE)

    def shoot(self, form):
        """What is on the screen now, in a form that ImageMagick knows."""
        return subprocess.run(self.shark.command("import", "-silent", "-window", "root", "-depth", "8", f"{form}:-"),
                              env=self.environment, cwd=self.shark.home, capture_output=True, check=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE).stdout

    def picture(self):
        """What is on the screen now."""
        return Picture(self.shoot("rgb"))

    def save(self, path):
        """The same as a file to look at."""
        path.write_bytes(self.shoot("png24"))


class Wireshark:
    """A Wireshark that is running on a desktop."""

    def __init__(self, desktop, *arguments):
        robot = desktop.shark.copies / "robot.py"
        shutil.copy(Path(__file__).with_name("robot.py"), robot)
        robot.chmod(0o755)
        self.log = desktop.shark.home / "wireshark.log"
        self.process = subprocess.Popen(
            desktop.shark.command("dbus-run-session", "--", "/usr/bin/python3", robot, self.log, *arguments),
            env=desktop.environment, cwd=desktop.shark.home, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def ask(self, what, *arguments):
        """A question to robot.py, and its answer."""
        self.process.stdin.write(json.dumps([what, *arguments]) + "\n")
        self.process.stdin.flush()
        # The services of the session bus write to the same place.
        line = next((line for line in self.process.stdout if line.startswith("{")), None)
        assert line, "the robot ended"
        answer = json.loads(line)
        assert answer["running"], f"Wireshark ended: {self.log.read_text()[-2000:]}"
        return answer["answer"]

    def wait(self, *question):
        """The answer, as soon as there is one."""
        return until(lambda: self.ask(*question), f"an answer to {question}")

    def bring_about(self, condition, what, action, later=False):
        """What condition() returns once it is true; action() is to do that, and is done again if it does not.

        With |later| it may come by itself.
        """
        again = time.monotonic() + (PAUSE if later else 0)

        def tried():
            nonlocal again
            answer = condition()
            if not answer and time.monotonic() >= again and action():
                again = time.monotonic() + PAUSE
            return answer

        return until(tried, what, lambda: self.ask("titles"))

    def close_window(self, title):
        """Presses the button for that, until the window is gone."""
        self.bring_about(lambda: title not in self.ask("titles"), f"the end of {title}",
                         lambda: self.ask("press", title, "Close"))

    def wait_for_title(self, pattern):
        """The title of a window, once there is one that matches."""
        return until(lambda: next((title for title in self.ask("titles") if re.search(pattern, title)), None),
                     f"a window titled {pattern}", lambda: self.ask("titles"))

    def complaints(self):
        """What it said on stderr, less what it says where there is no wireless hardware and of the robot's questions.

        These are sometimes about what has just been closed.
        """
        return [line for line in self.log.read_text().splitlines()
                if line and line != "nl80211 not found." and "Qt AtSpiAdaptor: " not in line]

    def close(self):
        """Ends it; the robot ends at the end of its questions."""
        self.process.stdin.close()
        self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
