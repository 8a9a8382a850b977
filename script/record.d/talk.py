#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""talk.py - one end of a TCP story, told to the kernel's own stack.

Theory of operation: the arguments are actions, each a word followed by as many values as its function
below has parameters; they run in order. There is one current socket (and, on a server, the listener it
came from). An action written with a leading '%' may fail; then the next one runs.
Addresses come from the environment (ME4, PEER4, ME6, PEER6); files in $RUN let two ends and the story
itself wait for one another. An alarm ends every run, so that nothing can hang.
"""
import errno
import inspect
import os
import select
import signal
import socket
import struct
import sys
import time

TIME_LIMIT = 100            # seconds; the longest story is far below
IPPROTO_MPTCP = 262
TCP_MD5SIG, TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 14, 19, 20, 21
TCP_SEND_QUEUE, TCP_REPAIR_OFF_NO_WP = 2, -1
RUN = os.environ.get("RUN", "/tmp")


class Talk:
    """The actions. Values arrive as strings."""

    def __init__(self):
        self.sock = self.listener = None
        self.kept = {}
        self.v6 = False

    def _me(self, port):
        return (os.environ["ME6" if self.v6 else "ME4"], int(port))

    def _peer(self, port):
        return (os.environ["PEER6" if self.v6 else "PEER4"], int(port))

    def _new(self, family, protocol):
        self.v6 = family == socket.AF_INET6
        self.sock = socket.socket(family, socket.SOCK_STREAM, protocol)
        # A story decides about ports itself, TIME-WAIT or not.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    # -- sockets
    def tcp(self):
        self._new(socket.AF_INET, 0)

    def tcp6(self):
        self._new(socket.AF_INET6, 0)

    def mptcp(self):
        self._new(socket.AF_INET, IPPROTO_MPTCP)

    def opt(self, name, value):
        level = socket.IPPROTO_IP if name.startswith("IP_") else \
            socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
        self.sock.setsockopt(level, getattr(socket, name), int(value))

    def md5(self, secret):
        """RFC 2385 key for everything to and from the peer: struct tcp_md5sig."""
        address = struct.pack("=HH4s120x", socket.AF_INET, 0, socket.inet_aton(os.environ["PEER4"]))
        data = secret.encode()
        key = struct.pack("=BBHi80s", 0, 0, len(data), 0, data)
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, address + key)

    def isn(self, number):
        """Chooses the initial sequence number of the next connect: the kernel keeps one set by TCP_REPAIR."""
        number = int(number)
        for name, value in ((TCP_REPAIR, 1), (TCP_REPAIR_QUEUE, TCP_SEND_QUEUE)):
            self.sock.setsockopt(socket.IPPROTO_TCP, name, value)
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack("=I", number))
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP)

    def keep(self, name):
        """Sets the current socket aside under a name, for use()."""
        self.kept[name] = self.sock

    def use(self, name):
        self.sock = self.kept[name]

    # -- opening
    def bind(self, port):
        self.sock.bind(self._me(port))

    def listen(self, port, backlog):
        self.sock.bind(self._me(port))
        self.sock.listen(int(backlog))
        self.listener = self.sock
        self.mark("listening")

    def accept(self):
        self.sock, _ = self.listener.accept()

    def close_listener(self):
        self.listener.close()

    def connect(self, port):
        self.sock.connect(self._peer(port))

    def connect_to(self, address, port):
        self.sock.connect((address, int(port)))

    def start(self, port):
        """connect() that does not wait."""
        self.sock.setblocking(False)
        if self.sock.connect_ex(self._peer(port)) != errno.EINPROGRESS:
            raise OSError("connect did not start")

    def started(self, seconds):
        """Waits until a started connect is over."""
        if not select.select([], [self.sock], [], float(seconds))[1]:
            raise OSError("connect still under way")
        error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        self.sock.setblocking(True)

    def fast_open(self, port, count):
        """connect with |count| octets in the SYN, or a cookie request where there is no cookie yet."""
        self.sock.sendto(b"x" * int(count), socket.MSG_FASTOPEN, self._peer(port))

    def raw_syn(self, source, sport, dport, isn):
        """A SYN without a socket, as scanners send: the kernel knows nothing of it."""
        header = struct.pack("!HHIIBBHHH", int(sport), int(dport), int(isn), 0, 6 << 4, 2, 1024, 0, 0)
        header += bytes((2, 4, 5, 180))  # MSS 1460
        source, peer = (socket.inet_aton(a) for a in (source, os.environ["PEER4"]))
        covered = source + peer + struct.pack("!HH", 6, len(header)) + header
        total = sum(struct.unpack("!%dH" % (len(covered) // 2), covered))
        for _ in range(2):
            total = (total & 0xffff) + (total >> 16)
        header = header[:16] + struct.pack("!H", ~total & 0xffff) + header[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(header), 54321, 0, 64, 6, 0, source, peer)
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            raw.sendto(ip + header, (os.environ["PEER4"], 0))

    # -- talking
    def send(self, count):
        self.sock.sendall(b"x" * int(count))

    def recv(self, count):
        left = int(count)
        while left:
            data = self.sock.recv(left)
            if not data:
                raise OSError("the connection ended %d octets early" % left)
            left -= len(data)

    def eof(self):
        while self.sock.recv(65536):
            pass

    # -- closing
    def shutdown(self):
        self.sock.shutdown(socket.SHUT_WR)

    def linger0(self):
        """close() will send RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self):
        self.sock.close()

    # -- timing
    def sleep(self, seconds):
        time.sleep(float(seconds))

    def mark(self, name):
        with open(os.path.join(RUN, "mark." + name), "w", encoding="ascii"):
            pass

    def await_mark(self, name):
        while not os.path.exists(os.path.join(RUN, "mark." + name)):
            time.sleep(0.005)

    def hold(self):
        """Keeps everything open until the story ends."""
        signal.pause()

    # -- not TCP
    def datagram(self):
        """A UDP datagram to the discard port: the capture goes on."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(b"the capture goes on", (os.environ["PEER4"], 9))


def main(arguments):
    signal.alarm(TIME_LIMIT)
    talk = Talk()
    words = list(arguments)
    while words:
        word = words.pop(0)
        may_fail = word.startswith("%")
        action = getattr(talk, word.lstrip("%").replace("-", "_"), None)
        if action is None or word.startswith("_"):
            sys.exit("talk.py: no action is called '%s'; see the functions of class Talk" % word)
        count = len(inspect.signature(action).parameters)
        values, words = words[:count], words[count:]
        try:
            action(*values)
        except OSError as error:
            if not may_fail:
                print("talk.py: %s %s: %s" % (word, " ".join(values), error), file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
