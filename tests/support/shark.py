# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark and sharkd with the plugin loaded.

Wireshark ignores personal plugin folders and WIRESHARK_PLUGIN_DIR for root, so everything here runs as an ordinary
user: as nobody where the tests are run by root. The plugin is copied into a folder of the shape that Wireshark wants
(X.Y/epan/), HOME is an empty folder, so that nobody's preferences decide a result, and captures that nobody may read
are copied, too.
"""

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import paths

READ_MANY = paths.BUILD / "plugin/read_many.so"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
TIMEOUT = 300


class SharkError(Exception):
    """tshark or sharkd did not do what it was asked to."""


class Shark:
    """One temporary home for runs of tshark and sharkd; |plugin| is the module to load, None for none."""

    def __init__(self, plugin=paths.PLUGIN):
        self.folder = Path(tempfile.mkdtemp(prefix="tcphs-shark-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"
        self.home.mkdir()
        self.copies = self.folder / "captures"
        self.copies.mkdir()
        self.plugins = self.folder / "plugins"
        (self.plugins / self.version() / "epan").mkdir(parents=True)
        if plugin:
            shutil.copy(paths.built(plugin), self.plugins / self.version() / "epan")
        for folder, _, names in os.walk(self.folder):
            os.chmod(folder, 0o755)
            for name in names:
                os.chmod(Path(folder, name), 0o755)
        if os.getuid() == 0:
            shutil.chown(self.home, 65534, 65534)
        self.pool = ThreadPoolExecutor(max_workers=2)
        self.readers, self.lock = [], threading.Lock()
        self.answers = {}
        if plugin:
            self.assert_loaded()

    @staticmethod
    def version():
        """"4.0" of "TShark (Wireshark) 4.0.17"."""
        text = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout
        return re.search(r"\) (\d+\.\d+)\.", text).group(1)

    @classmethod
    def stream_rule(cls):
        """How this tshark counts tcp.stream, as the analyzer's --stream-rule names it: it changed with 4.4."""
        return "ws44" if tuple(map(int, cls.version().split("."))) >= (4, 4) else "ws40"

    def environment(self):
        """Nothing of the caller's but the path, and where a build that counts lines is to leave its counts."""
        counts = {name: value for name, value in os.environ.items() if name == "GCOV_PREFIX"}
        return {**counts, "PATH": os.environ["PATH"], "HOME": str(self.home),
                "XDG_CONFIG_HOME": str(self.home / ".config"), "WIRESHARK_PLUGIN_DIR": str(self.plugins),
                "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    @staticmethod
    def command(program, *arguments):
        """The command line that runs the program as an ordinary user."""
        return [*(NOBODY if os.getuid() == 0 else []), program, *map(str, arguments)]

    def run(self, *arguments, program="tshark", check=True, text=True):
        """Runs tshark (or another program) to its end; captured, never with standard input."""
        result = subprocess.run(self.command(program, *arguments), capture_output=True, stdin=subprocess.DEVNULL,
                                text=text, env=self.environment(), cwd=self.home, timeout=TIMEOUT, check=False)
        if check and result.returncode != 0:
            raise SharkError(f"{program} {' '.join(map(str, arguments))}: exit {result.returncode}: {result.stderr}")
        return result

    def assert_loaded(self):
        """Without this a test of the plugin could pass with no plugin there."""
        listed = self.run("-G", "plugins").stdout
        assert re.search(r"^tcphs\.so\s", listed, re.M), f"tshark did not load the plugin; it lists:\n{listed}"

    def preferences(self):
        """The names of the plugin's preferences: "horizon" for tcphs.horizon."""
        return set(re.findall(r"^#?tcphs\.(\w+):", self.run("-G", "defaultprefs").stdout, re.M))

    def readable(self, capture):
        """The capture, or a copy of it if its folders are closed to others."""
        capture = Path(capture).resolve()
        if capture.stat().st_mode & 0o004 and all(folder.stat().st_mode & 0o001 for folder in capture.parents):
            return capture
        copy = self.copies / (hashlib.sha256(str(capture).encode()).hexdigest()[:16] + capture.suffix)
        if not copy.exists():
            # Another thread may look for the same: it is there when it is whole.
            part = Path(f"{copy}.{threading.get_ident()}")
            shutil.copy(capture, part)
            os.chmod(part, 0o644)
            os.replace(part, copy)
        return copy

    def dissect(self, capture, two_pass=True, options=()):
        """{frame: [layer, ...]}: what the plugin says of each TCP layer, a layer being {field: [value, ...]}."""
        key = (hashlib.sha256(Path(capture).read_bytes()).hexdigest(), two_pass, tuple(options))
        if key not in self.answers:
            self.answers[key] = self.pool.submit(self.dissect_now, capture, two_pass, options)
        return self.answers[key].result()

    def prepare(self, capture, two_pass=True, options=()):
        """Begins in the background what dissect() will be asked."""
        key = (hashlib.sha256(Path(capture).read_bytes()).hexdigest(), two_pass, tuple(options))
        if key not in self.answers:
            self.answers[key] = self.pool.submit(self.dissect_now, capture, two_pass, options)

    def read(self, capture, options):
        """(exit status, standard output, standard error) of tshark on a capture; it need not be started for each."""
        with self.lock:
            reader = next((reader for reader in self.readers if reader.options == options), None)
            if reader:
                self.readers.remove(reader)
        reader = reader or Reader(self, options)
        answer = reader.read(self.readable(capture))
        with self.lock:
            self.readers.append(reader)
            spare = self.readers[:-Reader.MOST]
            del self.readers[:-Reader.MOST]
        for reader in spare:
            reader.close()
        return answer

    def dissect_now(self, capture, two_pass, options):
        """dissect() itself."""
        passes = ["-2"] if two_pass else []
        status, out, errors = self.read(capture, [*passes, "-n", *options, "-T", "json", "--no-duplicate-keys",
                                                  "-J", "frame tcphs"])
        try:
            frames = json.loads(out or "[]")
        except ValueError as error:
            raise SharkError(f"{capture}: {error}; {errors}") from error
        # Status 2 is a damaged capture, of which what could be read is there; 1 is wrong usage.
        if status == 1 or (status and not frames):
            raise SharkError(f"tshark ended with {status} on {capture}: {errors}")
        answer = {}
        for frame in frames:
            layers = frame["_source"]["layers"]
            found = layers.get("tcphs", [])
            shown = [flatten(layer) for layer in (found if isinstance(found, list) else [found])]
            for layer in shown:
                layer["frame.protocols"] = [layers["frame"]["frame.protocols"]]
            answer[int(layers["frame"]["frame.number"])] = shown
        return answer


def flatten(layer):
    """{field: [value, ...]} of a layer, subtrees included."""
    flat = {}

    def walk(value, key):
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, key)
        else:
            flat.setdefault(key, []).append(value)

    walk(layer, None)
    return flat


class Reader:
    """A tshark that reads one capture after the other, each in a process of its own: see tests/plugin/read_many.c."""

    MOST = 4  # that wait for another one, each with some 100 MB

    def __init__(self, shark, options):
        self.options = options
        preloaded = shark.readable(paths.built(READ_MANY))
        self.room = Path(tempfile.mkdtemp(prefix="reader-", dir=shark.home))
        self.room.chmod(0o777)
        with open(self.room / "start", "wb") as errors:
            self.process = subprocess.Popen(shark.command("tshark", *options, "-r", "what it is told"), env={
                **shark.environment(), "LD_PRELOAD": str(preloaded)}, cwd=shark.home, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors)
        atexit.register(self.close)

    def read(self, capture):
        """(exit status, standard output, standard error)."""
        files = [self.room / "out", self.room / "err"]
        self.process.stdin.write("\t".join(map(str, [capture, *files])).encode() + b"\n")
        self.process.stdin.flush()
        status = self.process.stdout.readline()
        if not status:
            raise SharkError(f"tshark ended with {self.process.wait()} before it read {capture}: "
                             f"{(self.room / 'start').read_text(encoding='utf-8')}")
        out, errors = (file.read_text(encoding="utf-8") for file in files)
        for file in files:
            file.unlink()
        return int(status), out, errors

    def close(self):
        """Ends it, at the end of its input."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=TIMEOUT)
            self.process.stdout.close()


class Sharkd:
    """One sharkd process: the plugin as Wireshark's window sees it, for many captures one after the other."""

    # sharkd 4.0 keeps some 11 MB of each capture that it loads, with the plugin or without: begin anew in time.
    LOADS = 100

    def __init__(self, shark):
        self.shark = shark
        self.number = 0
        self.loads = 0
        self.start()
        atexit.register(self.close)

    def start(self):
        """Begins a process."""
        self.process = subprocess.Popen(self.shark.command("sharkd", "-"), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env=self.shark.environment(), cwd=self.shark.home)

    def close(self):
        """Ends the process, which ends at the end of its input."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=TIMEOUT)
            self.process.stdout.close()

    def ask(self, method, **parameters):
        """One request, one answer."""
        if method == "load":
            self.loads += 1
            if self.loads % self.LOADS == 0:
                self.close()
                self.start()
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SharkError(f"sharkd ended with {self.process.wait()} at {request}")
        answer = json.loads(line)
        if "error" in answer:
            raise SharkError(f"sharkd: {answer['error']} at {request}")
        return answer["result"]

    def dissect(self, capture, fields):
        """{frame: [layer]} as Shark.dissect(), of the fields named; only right with one TCP layer in a frame."""
        self.ask("load", file=str(self.shark.readable(capture)))
        columns = {f"column{i}": f"{field}:0" for i, field in enumerate(fields)}
        answer = {}
        for frame in self.ask("frames", **columns):
            layer = {field: value.split(",") for field, value in zip(fields, frame["c"]) if value}
            answer[frame["num"]] = [layer] if layer else []
        return answer
