# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions, and how much memory, the plugin adds to what tshark takes for a frame.

Traffic is the mix of tests/bench/traffic.c: whole connections of some 16 segments, so of captures with fewer and longer
connections the plugin's part is smaller. valgrind's callgrind counts from the opening of the file on (see
tests/plugin/count_reading.c); what opening and closing take is taken off by counting for one frame, too. The figures
do not depend on what else the machine does.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from support import callgrind, paths, shark

# What tshark is told, and per cent that the plugin may add.
MODES = {"one-pass": ([], 5), "two-pass": (["-2"], 8), "verbose": (["-V"], 20)}
PRELOADED = paths.BUILD / "plugin/count_reading.so"


def why_not():
    """Why nothing can be counted here; None if it can."""
    reason = callgrind.why_not()
    if not reason and not PRELOADED.exists():
        reason = f"{PRELOADED} is missing: valgrind's headers were not there when this was configured and built"
    return reason


def traffic(folder, connections, frames=None):
    """(capture of so many connections, its number of frames, which is cut to |frames|)."""
    path = folder / f"mix-{connections}-{frames or 'all'}.pcap"
    with open(path, "wb") as file:
        subprocess.run([paths.built(paths.BUILD / "tests/bench/traffic"), "mix", str(connections)], stdout=file,
                       check=True)
    if frames:
        whole = path.rename(path.with_suffix(".whole"))
        subprocess.run(["editcap", "-r", "-F", "pcap", whole, path, f"1-{frames}"], check=True, capture_output=True)
    path.chmod(0o644)
    count = subprocess.run(["capinfos", "-Mc", path], capture_output=True, text=True, check=True).stdout
    return path, int(re.search(r"packets: +(\d+)", count).group(1))


def counted(tshark, options, capture):
    """How many instructions tshark takes from opening the capture to closing it."""
    command = tshark.command(*callgrind.COMMAND, "--instr-atstart=no", "tshark", "-n", *options, "-r", capture)
    return callgrind.collected(command, cwd=tshark.home,
                               env={**tshark.environment(), "LD_PRELOAD": str(tshark.readable(PRELOADED))})


class Comparison:
    """tshark with the plugin and without, two runs at a time."""

    def __init__(self):
        self.ours, self.plain = shark.Shark(), shark.Shark(plugin=None)
        self.pool = ThreadPoolExecutor(max_workers=2)
        for tshark in (self.plain, self.ours):
            tshark.readable(PRELOADED)   # a copy is made now, not while another run loads it

    def instructions(self, modes, connections):
        """{mode: (instructions a frame without the plugin, what it adds)}, of so many connections."""
        (short, few), (long, many) = (traffic(self.ours.folder, connections, frames) for frames in (1, None))
        asked = {mode: [self.pool.submit(counted, tshark, MODES[mode][0], capture)
                        for tshark in (self.plain, self.ours) for capture in (short, long)] for mode in modes}
        answer = {}
        for mode, runs in asked.items():
            plain_short, plain_long, ours_short, ours_long = (run.result() for run in runs)
            alone = plain_long - plain_short
            answer[mode] = alone / (many - few), (ours_long - ours_short - alone) / (many - few)
        return answer

    def resident(self, connections):
        """Octets of resident memory that the plugin adds for each segment, measured when the traffic doubles."""
        captures = [traffic(self.ours.folder, count) for count in (connections, 2 * connections)]
        peaks = [[peak(tshark, capture) for capture, _ in captures] for tshark in (self.plain, self.ours)]
        (plain_short, plain_long), (ours_short, ours_long) = peaks
        return (ours_long - ours_short - plain_long + plain_short) / (captures[1][1] - captures[0][1])


def peak(tshark, capture):
    """Most octets of memory that tshark had resident in one pass."""
    process = subprocess.Popen(tshark.command("tshark", "-n", "-r", capture), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=tshark.environment(),
                               cwd=tshark.home)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise shark.SharkError(f"tshark ended with {process.returncode} on {capture}")
    return usage.ru_maxrss * 1024
