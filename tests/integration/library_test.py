"""libsharebus as services use it: installed, found by pkg-config, with its own symbols and no others."""

import ctypes
import json
import os
import platform
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "property"))

import library as public  # noqa: E402
from stack import REPO, bare_stack, stack  # noqa: E402, F401

BUILD = Path(os.environ.get("SHAREBUS_RELEASE_BIN", REPO / "build/release/bin")).parent


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, **more)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that it was installed to."""
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


def test_the_tests_know_the_structs_of_the_header():
    """A field that they lack would be read from beyond their memory."""
    header = re.sub(r"/\*.*?\*/", "", (REPO / "producer" / "sharebus.h").read_text(), flags=re.DOTALL)
    seen = 0
    for name, body in re.findall(r"struct sharebus_(\w+) \{(.*?)\n\};", header, re.DOTALL):
        known = getattr(public, name.title().replace("_", ""), None)
        if not known:
            continue
        fields = re.findall(r"(\w+)(?:\[[^]]*\])?;", body)
        assert [f[0].rstrip("_") for f in known._fields_] == fields, name  # `as` is a word of Python
        seen += 1
    assert seen > 8


@pytest.fixture(scope="module")
def library(installed):
    (found,) = installed.glob("**/libsharebus.so")
    return found


@pytest.fixture(scope="module")
def flags(library):
    pkg_config = {**os.environ, "PKG_CONFIG_PATH": str(library.parent / "pkgconfig")}
    return run("pkg-config", "--cflags", "--libs", "sharebus", env=pkg_config).stdout.split()


def test_it_exports_what_the_header_declares_and_nothing_else(library, installed):
    table = run("nm", "-D", "--defined-only", library).stdout.splitlines()
    exported = {line.split()[-1] for line in table}
    header = (installed / "include" / "sharebus.h").read_text()
    assert exported and all(name.startswith("sharebus_") for name in exported)
    assert all(f"{name}(" in header for name in exported)


# ---- what we ship ----


@pytest.fixture(scope="module", params=["bin/sharebus", "bin/sharebus-consumer", "libsharebus.so"])
def shipped(request, installed):
    (found,) = installed.glob(f"**/{request.param}")
    return found


def test_what_we_ship_has_no_crash_points(shipped):
    assert b"SHAREBUS_CRASH" not in shipped.read_bytes()


def test_what_we_ship_tells_nothing_of_where_it_was_built(shipped):
    assert bytes(REPO) not in shipped.read_bytes()


def test_what_we_ship_is_hardened(shipped):
    shown = run("readelf", "--wide", "--file-header", "--segments", "--dynamic", shipped).stdout
    assert "Type:                              DYN" in shown, "it is position independent"
    assert "GNU_RELRO" in shown and re.search(r"FLAGS.*NOW", shown), "its tables are read-only"
    assert re.search(r"GNU_STACK .* RW ", shown), "its stack is not executable"
    wanted = run("nm", "-D", "--undefined-only", shipped).stdout
    assert "__stack_chk_fail" in wanted and "_chk@" in wanted, "stack protector, _FORTIFY_SOURCE"
    if platform.machine() == "x86_64":
        assert "endbr64" in run("objdump", "-d", shipped).stdout, "control-flow protection"


def test_the_bill_of_materials_lists_all_that_is_linked(shipped, installed):
    bill = json.loads((installed / "share/doc/sharebus/sharebus.cdx.json").read_text())
    modules = [p["value"] for c in bill["components"] for p in c.get("properties", [])]
    listed = set(run("pkg-config", "--libs-only-l", *modules).stdout.split())
    dynamic = run("readelf", "--wide", "--dynamic", shipped).stdout
    linked = set(re.findall(r"NEEDED.*\[lib(\w+)\.so", dynamic)) - {"c", "pthread"}
    assert linked and {f"-l{name}" for name in linked} <= listed
    assert all(c["version"] and c["licenses"] for c in bill["components"])


def test_the_licence_is_installed(installed):
    folder = installed / "share/doc/sharebus"
    assert (folder / "LICENSE").read_text() == (REPO / "LICENSE").read_text()
    assert "License: Apache-2.0" in (folder / "copyright").read_text()


def test_the_header_compiles_alone(installed, tmp_path):
    source = tmp_path / "alone.c"
    source.write_text("#include <sharebus.h>\n")
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", source,
        "-I", installed / "include", "-o", tmp_path / "alone.o")  # fmt: skip


def test_the_example_answers_from_the_index(stack, flags, library, tmp_path):  # noqa: F811
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

    redis, env = stack.redis_alone("reader")

    def ask(*words):
        done = subprocess.run([may, redis, *words], env=env, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    assert ask("alice", "ssh", "erin/dev") == (1, "no: no_grant\n", "")
    stack.sharebus("sharing", "share", "dev", "--user", "alice", as_user="erin").done()
    assert ask("alice", "ssh", "erin/dev") == (0, "yes: direct\n", "")
    assert ask("alice", "rename", "erin/dev") == (1, "no: no_grant\n", "")
    assert ask("zoe", "ssh", "erin/dev") == (3, "", "there is no user zoe\n")
    assert ask("alice", "fly", "erin/dev") == (3, "", "there is no action fly\n")


# ---- arguments that make no sense ----

USAGE = -6
INT64_MAX = 2**63 - 1


@pytest.fixture(scope="module")
def place(stack, tmp_path_factory):  # noqa: F811
    """A client, and the ids of erin, of alice, and of a workspace of erin's."""
    content = {
        "organizations": [{"name": "acme"}],
        "users": [{"username": n, "organizations": ["acme"]} for n in ("erin", "alice")],
        "workspaces": [{"name": "lab", "owner": "erin", "organization": "acme"}],
    }
    stack.apply(content, tmp_path_factory.mktemp("place"))
    client = public.Client(**stack.library())
    shown = stack.sharebus("sharing", "show", "erin/lab", "-o", "json").done().json["workspace"]
    directory = stack.sharebus("directory", "show", "-o", "json").done().json
    alice = next(u["id"] for u in directory["users"] if u["username"] == "alice")
    yield client, shown["owner_id"], alice, shown["id"]
    client.close()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"message": b"x" * 2001}, "2001 bytes; at most 2000"),
        ({"message": b"x" * 3_000_000}, "3000000 bytes"),
        ({"message": b"\xff"}, "UTF-8"),
        ({"wait_ms": -1}, "wait_ms must not be negative (got -1)"),
        ({"role": 0}, "none cannot be granted"),
        ({"role": 3}, "owner cannot be granted"),
        ({"role": 99}, "? cannot be granted"),
        ({"expires_at": -1}, "expires_at must not be negative (got -1)"),
        ({"expires_at": -(2**63)}, "expires_at must not be negative"),
        ({"version": -5}, "expected_version must not be negative (got -5)"),
        ({"kind": 0}, "must be user or group (got 0)"),
        ({"kind": 3}, "must be user or group (got 3)"),
        ({"command_id": "12345678-9abc-4def-8123-456789abcdef"}, "is no UUID of version 7"),
    ],
)
def test_a_request_that_makes_no_sense_is_not_sent(place, wrong, words):
    client, erin, alice, lab = place
    wrong = dict(wrong)
    subject = public.Subject(wrong.pop("kind", public.USER), public.to_id(alice), None,
                             wrong.pop("role", 1), wrong.pop("expires_at", 0))  # fmt: skip
    with pytest.raises(public.Failed) as failed:
        client.request("sharebus_share", erin, lab, [subject], **wrong)
    assert failed.value.code == USAGE and words in str(failed.value)
    assert client.show(lab) == {}


def test_impossible_positions_are_not_waited_for(place):
    client, *_ = place
    for at in [(0, INT64_MAX), (0, -1), (-1, 0), (12, 0)]:
        with pytest.raises(public.Failed) as failed:
            client.wait(*at)
        assert failed.value.code == public.NOT_FOUND
    with pytest.raises(public.Failed) as failed:
        client.wait(0, 0, -1)
    assert failed.value.code == USAGE


def test_the_nil_id_is_not_a_user(place):
    client, *_ = place
    nil = "00000000-0000-0000-0000-000000000000"
    for find in ("user", "group", "workspace"):
        with pytest.raises(public.Failed) as failed:
            client.find(find, nil)
        assert failed.value.code == public.NOT_FOUND
    with pytest.raises(public.Failed) as failed:
        client.list(as_="00000000-0000-0000-0000-000000000007")
    assert failed.value.code == public.NOT_FOUND


def test_a_new_id_is_a_new_uuid_of_version_7(place):
    client, *_ = place
    ids = {client.new_id() for _ in range(100)}
    assert len(ids) == 100 and all(uuid.UUID(i).version == 7 for i in ids)


NAMED = ["verdict", "action", "reason", "role", "handoff_kind", "handoff_state", "handoff_answer", "task_system"]


@pytest.mark.parametrize("of", NAMED)
def test_a_value_without_a_name_is_a_question_mark(of):
    name = getattr(public.load(), f"sharebus_{of}_name")
    name.restype = ctypes.c_char_p
    assert {name(n) for n in (-1, 99, -(2**31), 2**31 - 1)} == {b"?"}
    assert name(1) not in (b"?", b"")


def test_a_missing_name_is_not_an_action():
    assert public.load().sharebus_action_parse(None) == len(public.ACTIONS)
