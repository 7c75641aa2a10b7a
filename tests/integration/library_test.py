"""libsharebus as a service finds it: installed, through pkg-config, with its own symbols and no others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import REPO, bare_stack, stack  # noqa: E402, F401

BUILD = Path(os.environ.get("SHAREBUS_RELEASE_BIN", REPO / "build/release/bin")).parent


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, **more)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where it was installed to."""
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


@pytest.fixture(scope="module")
def library(installed):
    (found,) = installed.glob("**/libsharebus.so")
    return found


@pytest.fixture(scope="module")
def flags(library):
    pkg_config = {**os.environ, "PKG_CONFIG_PATH": str(library.parent / "pkgconfig")}
    return run("pkg-config", "--cflags", "--libs", "sharebus", env=pkg_config).stdout.split()


def test_exports_what_the_header_declares_and_nothing_else(library, installed):
    table = run("nm", "-D", "--defined-only", library).stdout.splitlines()
    exported = {line.split()[-1] for line in table}
    header = (installed / "include" / "sharebus.h").read_text()
    assert exported and all(name.startswith("sharebus_") for name in exported)
    assert all(f"{name}(" in header for name in exported)


def test_header_compiles_alone(installed, tmp_path):
    source = tmp_path / "alone.c"
    source.write_text("#include <sharebus.h>\n")
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", source,
        "-I", installed / "include", "-o", tmp_path / "alone.o")  # fmt: skip


def test_example_answers_from_the_index(stack, flags, library, tmp_path):  # noqa: F811
    may = tmp_path / "may"
    run("cc", "-o", may, REPO / "producer/examples/may.c", *flags, f"-Wl,-rpath,{library.parent}")
    stack.apply(
        {
            "organizations": [{"name": "acme"}],
            "users": [{"username": n, "organizations": ["acme"]} for n in ("erin", "alice")],
            "workspaces": [{"name": "dev", "owner": "erin", "organization": "acme"}],
        },
        tmp_path,
    )

    def ask(*words):
        done = subprocess.run([may, stack.redis, *words], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    assert ask("alice", "ssh", "erin/dev") == (1, "no: no_grant\n", "")
    stack.sharebus("sharing", "share", "dev", "--user", "alice", as_user="erin").done()
    assert ask("alice", "ssh", "erin/dev") == (0, "yes: direct\n", "")
    assert ask("alice", "rename", "erin/dev") == (1, "no: no_grant\n", "")
    assert ask("zoe", "ssh", "erin/dev") == (3, "", "there is no user zoe\n")
