# SPDX-License-Identifier: GPL-2.0-or-later
"""desktop.py - Wireshark's window on a display that nobody looks at, and what a test can see of it.

Wireshark runs as an ordinary user under Xvfb, without a window manager, so that nothing but itself draws and every
dialog is a window more. What it shows is taken as pixels; what it says about itself is in window titles and on stderr.
Nothing waits for a fixed time: until() asks again and again until what is expected has come.
"""
import os
import re
import signal
import subprocess
import time

SIZE = WIDTH, HEIGHT = 1400, 900
# Far more than is needed, also on a machine that is busy with something else.
PATIENCE = 60


def until(condition, what):
    """What condition() returns, as soon as it is true."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} s in vain for {what}")
        time.sleep(0.1)


class Picture:
    """A screenshot: 24 bits a pixel, row by row."""

    def __init__(self, pixels):
        assert len(pixels) == 3 * WIDTH * HEIGHT, "a screenshot of another size"
        self.pixels = pixels

    def row(self, y, left=0, right=WIDTH):
        """The colours of a row, as six hexadecimal digits each."""
        line = self.pixels[3 * (y * WIDTH + left):3 * (y * WIDTH + right)].hex()
        return [line[i:i + 6] for i in range(0, len(line), 6)]

    def colours(self, left, top, right, bottom):
        """{colour: how many pixels} of a part."""
        found = {}
        for y in range(top, bottom):
            for colour in self.row(y, left, right):
                found[colour] = found.get(colour, 0) + 1
        return found

    def rows_with(self, colour, least):
        """The rows in which at least so many pixels have a colour."""
        return [y for y in range(HEIGHT) if self.row(y).count(colour) >= least]


class Desktop:
    """A display of its own, and programs on it; |shark| is the home with plugin and preferences."""

    def __init__(self, shark):
        self.shark = shark
        self.programs = []
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
        """Ends everything that was started."""
        for program in self.programs:
            program.close()
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(timeout=PATIENCE)

    def ask(self, *command, text=True):
        """What another program, such as xdotool, says of the display."""
        result = subprocess.run(self.shark.command(*command), env=self.environment, cwd=self.shark.home,
                                capture_output=True, stdin=subprocess.DEVNULL, text=text, timeout=PATIENCE, check=False)
        return result.stdout

    def picture(self):
        """What is on the screen now."""
        return Picture(self.ask("import", "-silent", "-window", "root", "-depth", "8", "rgb:-", text=False))

    def save(self, path):
        """The same as a PNG file, small."""
        path.write_bytes(self.ask("import", "-silent", "-window", "root", "-depth", "8", "-define",
                                  "png:compression-level=9", "png8:-", text=False))

    def titles(self):
        """Titles of all windows that a person sees."""
        found = []
        for window in self.ask("xdotool", "search", "--onlyvisible", "--name", ".").split():
            name = self.ask("xdotool", "getwindowname", window).strip()
            if name:
                found.append(name)
        return found

    def window(self, title):
        """The id of the window whose title matches, or None."""
        found = self.ask("xdotool", "search", "--onlyvisible", "--name", title).split()
        return found[0] if found else None

    def click(self, x, y):
        """A click on a place of the screen."""
        self.ask("xdotool", "mousemove", x, y, "click", "1")

    def press(self, window, *keys):
        """Keys, pressed in a window."""
        self.ask("xdotool", "windowfocus", "--sync", window)
        self.ask("xdotool", "key", *keys)

    def open(self, *arguments):
        """Starts Wireshark."""
        program = Wireshark(self, arguments)
        self.programs.append(program)
        return program


class Wireshark:
    """A Wireshark that is running."""

    def __init__(self, desktop, arguments):
        self.desktop = desktop
        self.log = desktop.shark.folder / f"wireshark-{len(desktop.programs)}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(desktop.shark.command("wireshark", *arguments), env=desktop.environment,
                                            cwd=desktop.shark.home, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=log)

    def complaints(self):
        """What it said on stderr, less what it says on every machine without wireless hardware."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if line.strip() and not re.search(r"nl80211 not found|^\s*$", line)]

    def close(self):
        """Ends it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=PATIENCE)
