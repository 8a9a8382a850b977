# SPDX-License-Identifier: GPL-2.0-or-later
"""test_deb.py - the Debian package holds what it should, and lintian has nothing to say about it.

That a bare Debian installs it is tried by script/verify deb.
"""

import re
import subprocess

import pytest
from support import paths

pytestmark = pytest.mark.skipif(paths.sanitized(), reason="a build with sanitizers is not shipped")


@pytest.fixture(scope="module", name="deb")
def fixture_deb(tmp_path_factory):
    """The package, made of the build under test."""
    folder = tmp_path_factory.mktemp("deb")
    done = subprocess.run(["cpack", "-G", "DEB", "--config", paths.BUILD / "CPackConfig.cmake", "-B", folder],
                          capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    packages = list(folder.glob("*.deb"))
    assert len(packages) == 1
    return packages[0]


def test_the_package_is_complete(deb):
    listing = subprocess.run(["dpkg-deb", "-c", deb], capture_output=True, text=True, check=True).stdout
    files = [line.split(None, 5)[5] for line in listing.splitlines() if not line.startswith("d")]
    for pattern in (r"\./usr/bin/tcphs", r"\./usr/lib/\S*wireshark/plugins/\d+\.\d+/epan/tcphs\.so",
                    r"\./usr/share/man/man1/tcphs\.1\.gz", r"\./usr/share/bash-completion/completions/tcphs",
                    r"\./usr/share/zsh/vendor-completions/_tcphs",
                    r"\./usr/share/fish/vendor_completions\.d/tcphs\.fish",
                    r"\./usr/share/doc/tcphs/copyright"):
        assert any(re.fullmatch(pattern, file) for file in files), f"{pattern} is not in\n{listing}"
    assert all("root/root" in line for line in listing.splitlines())


def test_the_package_depends_on_the_wireshark_it_was_built_for(deb):
    depends = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"\blibwireshark\d+", depends) and "libpcap" in depends and "libseccomp" in depends


def test_lintian_accepts_the_package(deb):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", "--pedantic", deb],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout == "", done.stdout + done.stderr
