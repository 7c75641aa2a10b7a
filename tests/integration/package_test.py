"""The Debian packages that ops/deb builds: installed, used and purged in a throw-away copy of this machine (an
overlay over /, which needs root), where nothing that was there is changed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
EXPOSURE_MAX = 15  # tenths: 1.5 of 10
SKIPPED = "this needs root, dpkg, and a kernel that mounts an overlay"

# There is no network and no daemon: only what is in the packages counts.
IN_OVERLAY = r"""
set -eu
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay none -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc none "$1/root/proc"
mount --bind /dev "$1/root/dev"
mkdir "$1/root/packages" && cp "$2"/*.deb "$1/root/packages"
printf '#!/bin/sh\nexit 101\n' >"$1/root/usr/sbin/policy-rc.d"
chmod +x "$1/root/usr/sbin/policy-rc.d"
unset SHAREBUS_CONFIG # the other tests', which would hide that of the package
exec chroot "$1/root" sh -euc "$3"
"""
CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(asks LANGUAGES C)
find_package(sharebus 0.1 REQUIRED)
add_executable(asks may.c)
target_link_libraries(asks PRIVATE sharebus::sharebus)
"""


def run(*command, **options):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500, check=False, **options
    )
    return done


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    if not shutil.which("dpkg-buildpackage"):
        pytest.skip("there is no dpkg-buildpackage: ops/install deb")
    folder = tmp_path_factory.mktemp("packages")
    done = run(REPO / "ops/deb", folder)
    assert done.returncode == 0, done.stderr  # lintian has nothing to say either
    names = {Path(line).name.split("_")[0] for line in done.stdout.splitlines()}
    assert names >= {"sharebus", "libsharebus0", "libsharebus-dev"}
    return folder


@pytest.fixture
def overlay(packages, tmp_path):
    """Runs a script where the packages are in /packages; returns its output."""
    if os.geteuid() or run("unshare", "--mount", "true").returncode:
        pytest.skip(SKIPPED)

    def execute(script):
        done = run("unshare", "--mount", "sh", "-c", IN_OVERLAY, "sh", tmp_path, packages, script)
        if "overlay" in done.stderr and "mount" in done.stderr:
            pytest.skip(SKIPPED)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return execute


@pytest.fixture
def unpacked(packages, tmp_path):
    for package in packages.glob("sharebus_*.deb"):
        assert run("dpkg-deb", "-x", package, tmp_path / "root").returncode == 0
    return tmp_path / "root"


def test_they_install_run_and_leave_nothing(overlay):
    said = overlay(
        r"""
        dpkg -i /packages/*.deb >/dev/null 2>&1 || { dpkg -i /packages/*.deb; exit 1; }
        stat -c 'conf %a %U:%G' /etc/sharebus/sharebus.conf
        getent passwd sharebus
        sharebus --version
        runuser -u sharebus -- sharebus-consumer --version
        runuser -u sharebus -- sharebus-notifier --version
        runuser -u nobody -- sharebus list 2>&1 || echo "nobody $?"
        man -w sharebus sharebus-consumer sharebus-notifier sharebus.conf
        bash -c '. /usr/share/bash-completion/completions/sharebus; complete -p sharebus'
        ls /usr/share/sharebus/schemas

        cd /tmp && cp /usr/share/doc/libsharebus-dev/examples/may.c . && echo "$CMAKE" >CMakeLists.txt
        cc -o may may.c $(pkg-config --cflags --libs sharebus)
        ./may 127.0.0.1:1 alice ssh erin/dev 2>&1 || echo "may $?"
        cmake -S . -B build >cmake.log 2>&1 && cmake --build build >>cmake.log 2>&1 || { cat cmake.log; exit 1; }
        build/asks 127.0.0.1:1 alice ssh erin/dev 2>&1 || echo "asks $?"

        systemd-analyze verify --man=yes sharebus-consumer.service sharebus-consumer@two.service \
            sharebus-notifier.service 2>&1 |
            grep sharebus && exit 1

        systemctl --root=/ enable sharebus-consumer.service sharebus-consumer@two.service 2>/dev/null
        dpkg -i /packages/sharebus_*.deb >/dev/null 2>&1
        echo "wanted: $(ls /etc/systemd/system/multi-user.target.wants | grep sharebus | tr '\n' ' ')"
        stat -c 'conf again %a %U:%G' /etc/sharebus/sharebus.conf

        dpkg -P sharebus libsharebus-dev libsharebus0 sharebus-dbgsym libsharebus0-dbgsym >/dev/null
        echo "left: $(find /etc /usr /var/lib /lib -xdev -name '*sharebus*' ! -path '/usr/src/*' | sort | tr '\n' ' ')"
        """.replace("$CMAKE", CMAKE)
    )
    assert "conf 640 root:sharebus" in said and "conf again 640 root:sharebus" in said
    assert re.search(r"^sharebus:x:\d+:\d+:sharebus:/nonexistent:/usr/sbin/nologin$", said, re.M), said
    versions = r"^sharebus 0\.\d+\.\d+\nsharebus-consumer 0\.\d+\.\d+\nsharebus-notifier 0\.\d+\.\d+$"
    assert re.search(versions, said, re.M), said
    assert "sharebus.conf: Permission denied" in said and "nobody 2" in said, said
    assert "man8/sharebus-consumer.8.gz" in said and "man5/sharebus.conf.5.gz" in said
    assert "complete -F _sharebus sharebus" in said and "ShareWorkspace.avsc" in said
    assert "wanted: sharebus-consumer.service sharebus-consumer@two.service \n" in said, said
    assert said.count("Redis at 127.0.0.1:1 does not answer") == 2, said
    (left,) = re.findall(r"^left: (.*)$", said, re.M)
    assert left.split() == [], "purging leaves nothing but the user"


def test_removal_stops_the_service_and_an_upgrade_does_not(packages, tmp_path):
    (package,) = packages.glob("sharebus_*.deb")
    assert run("dpkg-deb", "--control", package, tmp_path).returncode == 0
    scripts = {name: (tmp_path / name).read_text() for name in ("postinst", "prerm", "postrm")}
    assert re.search(r'"\$1" = remove .*\n\tsystemctl stop sharebus-consumer\.service', scripts["prerm"])
    assert scripts["prerm"].count("stop") == 1 and not (tmp_path / "preinst").exists()
    assert "deb-systemd-helper purge 'sharebus-consumer.service'" in scripts["postrm"]
    assert "daemon-reload" in scripts["postrm"] and "try-restart" in scripts["postinst"]


def test_systemd_finds_the_units_safe(unpacked):
    units = sorted(unpacked.glob("**/systemd/system/*"))
    names = ["sharebus-consumer.service", "sharebus-consumer@.service", "sharebus-notifier.service"]
    assert [u.name for u in units] == names
    for unit in units:
        done = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    text = units[0].read_text()
    assert "Type=notify" in text and "WatchdogSec=" in text and "User=sharebus" in text
    assert "SHAREBUS_INSTANCE=%H-%i" in units[1].read_text()
