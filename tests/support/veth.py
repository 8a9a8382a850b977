# SPDX-License-Identifier: GPL-2.0-or-later
"""Two network namespaces with nothing in them but a virtual cable from one to the other.

Each is kept alive by a process that waits for the end of its input, so that they go away with the process that made
them, however it ends.
"""

import shutil
import subprocess

CLIENT, SERVER = "192.0.2.1", "192.0.2.9"
# Root's right to capture, for a program that runs as nobody.
CAPTURE = ["--inh-caps=+net_raw,+net_admin", "--ambient-caps=+net_raw,+net_admin"]


class CannotError(Exception):
    """This machine makes no namespaces for us; says why."""


class Veth:
    """The client's end is called v0, the server's v1."""

    def __init__(self):
        self.holders = []
        missing = [program for program in ("unshare", "nsenter", "ip") if not shutil.which(program)]
        if missing:
            raise CannotError(f"{', '.join(missing)} not found: script/bootstrap test")
        try:
            self.client, self.server = self.hold(), self.hold()
            self.at(self.client, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1",
                    "netns", str(self.holders[1].pid))
            for end, name, address in ((self.client, "v0", CLIENT), (self.server, "v1", SERVER)):
                # No IPv6 address, so nobody asks for routers.
                self.at(end, "ip", "link", "set", name, "addrgenmode", "none")
                self.at(end, "ip", "link", "set", name, "up")
                self.at(end, "ip", "address", "add", f"{address}/24", "dev", name)
        except CannotError:
            self.close()
            raise

    def hold(self):
        """Makes a namespace; the beginning of a command that enters it."""
        holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.holders.append(holder)
        if not holder.stdout.readline():
            raise CannotError(holder.stderr.read().strip())
        return ["nsenter", f"--net=/proc/{holder.pid}/ns/net", "--"]

    @staticmethod
    def at(end, *command):
        """Runs a command at one end."""
        result = subprocess.run([*end, *command], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise CannotError(f"{' '.join(command)}: {result.stderr.strip()}")

    def close(self):
        """Both namespaces go away."""
        for holder in self.holders:
            holder.communicate()
