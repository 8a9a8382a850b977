#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""wire.py - a cable between two interfaces that delays, duplicates, and has a mirror port.

Theory of operation: every frame that arrives at one interface leaves the other, after its direction's
delay, once or twice. With --mirror each frame also leaves the mirror interface, as on a switch's
monitor port: with its own delay per direction (two taps that are merged late), once or twice (a port
mirrored on entry and on exit), and with an 802.1Q tag if asked for. Standing in for tc netem and VLAN
devices, it needs neither kernel module. Runs until it is ended.
"""
import argparse
import heapq
import itertools
import select
import socket
import struct
import time

ETH_P_ALL, PACKET_OUTGOING = 3, 4


def port(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((name, ETH_P_ALL))
    return sock


def tagged(frame, vlan):
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:] if vlan else frame


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("client_port")
    parser.add_argument("server_port")
    parser.add_argument("--delay", type=float, default=0, help="seconds, each way")
    parser.add_argument("--twice", action="store_true", help="deliver every frame two times")
    parser.add_argument("--mirror", help="interface to copy every frame to")
    parser.add_argument("--mirror-twice", action="store_true")
    parser.add_argument("--mirror-delay", type=float, default=0,
                        help="seconds that the server's frames reach the mirror late")
    parser.add_argument("--vlan", type=int, default=0, help="tag of mirrored frames")
    options = parser.parse_args()

    ports = [port(options.client_port), port(options.server_port)]
    mirror = port(options.mirror) if options.mirror else None
    queue, order = [], itertools.count()
    while True:
        timeout = max(0, queue[0][0] - time.monotonic()) if queue else None
        for sock in select.select(ports, [], [], timeout)[0]:
            frame, address = sock.recvfrom(65536)
            if address[2] == PACKET_OUTGOING:
                continue
            now, side = time.monotonic(), ports.index(sock)
            for _ in range(2 if options.twice else 1):
                heapq.heappush(queue, (now + options.delay, next(order), ports[1 - side], frame))
            for _ in range((2 if options.mirror_twice else 1) if mirror else 0):
                late = options.mirror_delay if side == 1 else 0
                heapq.heappush(queue, (now + late, next(order), mirror, tagged(frame, options.vlan)))
        while queue and queue[0][0] <= time.monotonic():
            _, _, sock, frame = heapq.heappop(queue)
            sock.send(frame)


if __name__ == "__main__":
    main()
