"""The command line as users see it: what it prints, and how it answers bad input.

On an error: the exit code, nothing on stdout but the error where JSON is asked for, one sentence on stderr, and
nothing is changed.
"""

import contextlib
import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import bus
import foreign
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import PROGRAM_SECONDS, bare_stack, run, stack, until  # noqa: E402, F401

PEOPLE = ["erin", "alice", "bob", "carol", "dave", "frank"]
CROWD = 2000
WORKSPACES = 300
DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)
GRACE_SECONDS = 5  # beyond --wait
TOPICS = {
    "sharing.commands": 12,
    "sharing.directory": 1,
    "sharing.events": 12,
    "sharing.notifications": 12,
    "sharing.handoffs": 12,
    "sharing.deliveries": 12,
    "sharing.grants": 12,
    "sharing.deadletter": 12,
}


class World:
    """A directory with people, a group, two organizations, and workspaces that are not shared yet."""

    def __init__(self, stack, directory):
        self.stack = stack
        self.tag = uuid.uuid4().hex[:6]
        self.unused = iter(range(WORKSPACES))
        content = {
            "organizations": [{"name": "acme"}, {"name": "other"}],
            "users": [
                {"username": n, "name": n.title(), "organizations": ["acme"]} for n in PEOPLE
            ]
            + [
                {"username": "olga", "organizations": ["other"]},
                {"username": "root-admin", "site_role": "owner"},
                {"username": "gone", "status": "deleted", "organizations": ["acme"]},
            ]
            + [{"username": f"c{n}", "organizations": ["acme"]} for n in range(CROWD)],
            "groups": [
                {"name": "contractor", "organization": "acme", "members": ["carol", "dave"]},
                {"name": "elsewhere", "organization": "other", "members": ["olga"]},
            ],
            "workspaces": [
                {"name": f"ws-{self.tag}-{n}", "owner": "erin", "organization": "acme"}
                for n in range(WORKSPACES)
            ],
        }
        stack.apply(content, directory)

    def workspace(self) -> str:
        """A workspace of erin's that no other test uses."""
        return f"ws-{self.tag}-{next(self.unused)}"

    def erin(self, *args, **more):
        return self.stack.sharebus(*args, as_user="erin", **more)

    def shown(self, workspace) -> dict:
        return self.erin("sharing", "show", f"erin/{workspace}", "-o", "json").done().json


@pytest.fixture(scope="module")
def world(stack, tmp_path_factory):
    return World(stack, tmp_path_factory.mktemp("directory"))


@pytest.fixture
def ws(world) -> str:
    return world.workspace()


@pytest.fixture
def unchanged(world, ws):
    """The workspace `ws`; its sharing must be the same after the test as before."""
    world.erin("sharing", "share", ws, "--user", "alice:admin,bob").done()
    before = world.shown(ws)
    yield ws
    assert world.shown(ws) == before


@functools.cache
def closed_port() -> str:
    """An address without a listener; the port stays bound, so that no other process takes it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    closed_port.keep = taken
    return f"127.0.0.1:{taken.getsockname()[1]}"


def user_id(world, name) -> str:
    """The flags take no names that are not ASCII."""
    users = world.erin("directory", "show", "-o", "json").done().json["users"]
    return next(u["id"] for u in users if u["username"] == name)


def table(*rows):
    return "".join(row + "\n" for row in rows)


# ---- what it prints ----


def test_share_prints_the_resulting_list_in_coders_columns(world, ws):
    one = world.erin("sharing", "share", ws, "--user", "alice").done()
    assert one.out == table("USER   GROUP  ROLE", "alice  -      use")
    two = world.erin("sharing", "share", ws, "--user", "bob,alice:admin").done()
    assert two.out == table(
        "USER   GROUP  ROLE",
        "alice  -      admin",
        "bob    -      use",
    )
    three = world.erin("sharing", "share", ws, "--group", "contractor").done()
    whole = table(
        "USER   GROUP       ROLE",
        "alice  -           admin",
        "bob    -           use",
        "-      contractor  use",
    )
    assert three.out == whole
    assert world.erin("sharing", "show", ws).done().out == whole
    left = world.erin("sharing", "remove", ws, "--user", "alice", "--group", "contractor").done()
    assert left.out == table("USER  GROUP  ROLE", "bob   -      use")


def test_columns_are_as_wide_as_a_terminal_shows_them(world, ws):
    wide, combined = f"\u4e2d\u6587{world.tag}", f"e\u0301{world.tag}"
    users = [{"username": n, "organizations": ["acme"]} for n in (wide, combined)]
    foreign.announce(world.stack, users=users)
    ids = [f"--user={user_id(world, n)}" for n in (wide, combined)]
    ran = world.erin("sharing", "share", ws, *ids).done()
    assert ran.out == table(
        f"USER{' ' * len(world.tag)}  GROUP  ROLE",
        f"{combined}{' ' * 3}  -      use",
        f"{wide}  -      use",
    )


def test_users_come_before_groups_and_each_kind_is_sorted(world, ws):
    world.erin("sharing", "share", ws, "--group", "contractor,Everyone:admin").done()
    ran = world.erin("sharing", "share", ws, "--user", "frank", "--user", "bob,alice").done()
    assert ran.out == table(
        "USER   GROUP       ROLE",
        "alice  -           use",
        "bob    -           use",
        "frank  -           use",
        "-      Everyone    admin",
        "-      contractor  use",
    )


@pytest.mark.parametrize("verb", ["show", "status"])
def test_an_unshared_workspace_says_so_on_stderr(world, ws, verb):
    ran = world.erin("sharing", verb, ws)
    assert (ran.code, ran.out) == (DONE, "")
    assert ran.err == f"Workspace {ws} is not shared with anybody.\n"


@pytest.mark.parametrize("alias, verb", [("add", "share"), ("unshare", "remove")])
def test_the_other_names_that_coder_uses_work_too(world, ws, alias, verb):
    world.erin("sharing", "share", ws, "--user", "bob").done()
    ran = world.erin("sharing", alias, ws, "--user", "alice" if verb == "share" else "bob")
    assert ran.code == DONE
    users = [u["username"] for u in world.shown(ws)["users"]]
    assert users == (["alice", "bob"] if verb == "share" else [])


def test_wide_shows_when_and_by_whom_access_was_granted(world, ws):
    ran = world.erin("sharing", "share", ws, "--user", "bob", "--wide").done()
    head, row = ran.out.splitlines()
    assert head.split() == ["USER", "GROUP", "ROLE", "EXPIRES", "BY", "SINCE"]
    assert re.fullmatch(r"bob +- +use +- +erin +20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row)


def test_json_of_show_has_one_documented_shape(world, ws):
    world.erin("sharing", "share", ws, "--user", "alice:admin", "--group", "contractor").done()
    shown = world.shown(ws)
    assert list(shown) == ["workspace", "version", "users", "group"]
    workspace = shown["workspace"]
    assert {k: workspace[k] for k in ("name", "owner_name", "organization_name", "status")} == {
        "name": ws,
        "owner_name": "erin",
        "organization_name": "acme",
        "status": "active",
    }
    for key in ("id", "owner_id", "organization_id"):
        uuid.UUID(workspace[key])
    (alice,), (contractor,) = shown["users"], shown["group"]
    assert (alice["username"], alice["name"], alice["role"]) == ("alice", "Alice", "admin")
    assert (contractor["name"], contractor["role"]) == ("contractor", "use")
    for grant in (alice, contractor):
        uuid.UUID(grant["id"])
        assert grant["granted_by"] == "erin" and grant["expires_at"] is None
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", grant["granted_at"])


def test_json_of_share_is_that_of_show_with_the_outcome(world, ws):
    ran = world.erin("sharing", "share", ws, "--user", "bob", "-o", "json").done()
    printed, shown = ran.json, world.shown(ws)
    assert {k: printed[k] for k in shown} == shown
    assert printed["outcome"] == "applied"
    assert re.fullmatch(r"\d+:\d+", printed["position"])
    uuid.UUID(printed["command_id"])
    again = world.erin("sharing", "share", ws, "--user", "bob", "-o", "json").done().json
    assert (again["outcome"], again["version"]) == ("unchanged", printed["version"])


def test_json_of_a_rejection_is_on_stdout_and_the_sentence_on_stderr(world, unchanged):
    ran = world.erin("sharing", "share", unchanged, "--user", "erin", "-o", "json")
    assert ran.code == NO and re.fullmatch(r"sharebus: [^\n]+\n", ran.err)
    assert (ran.json["outcome"], ran.json["code"]) == ("rejected", "own_role")
    assert ran.json["message"] in ran.err


def test_a_workspace_is_named_by_name_by_owner_and_name_or_by_id(world, ws):
    world.erin("sharing", "share", ws, "--user", "bob").done()
    shown = world.erin("sharing", "show", ws).done().out
    number = world.shown(ws)["workspace"]["id"]
    for name in (f"erin/{ws}", number, number.upper()):
        assert world.stack.sharebus("sharing", "show", name, as_user="bob").done().out == shown
    world.stack.sharebus("sharing", "show", ws, as_user="bob").failed(UNKNOWN, ws)  # bob does not own one


def test_an_id_may_stand_for_a_name(world, ws):
    world.erin("sharing", "share", ws, "--user", "bob").done()
    bob = world.shown(ws)["users"][0]["id"]
    ran = world.erin("sharing", "share", ws, "--user", f"{bob}:admin").done()
    assert ran.out == table("USER  GROUP  ROLE", "bob   -      admin")


def test_everyone_is_a_group_of_each_organization(world, ws):
    ran = world.erin("sharing", "share", ws, "--group", "Everyone").done()
    assert ran.out == table("USER  GROUP     ROLE", "-     Everyone  use")
    shown = world.shown(ws)
    assert shown["group"][0]["id"] == shown["workspace"]["organization_id"]


def test_list_shows_shared_workspaces_to_those_who_may_see_them(world):
    tag, ours = world.tag, [world.workspace() for _ in range(3)]
    world.erin("sharing", "share", ours[0], "--user", "frank:admin").done()
    world.erin("sharing", "share", ours[1], "--group", "contractor").done()

    def names(as_user, *args):
        out = world.stack.sharebus("list", *args, "-o", "json", as_user=as_user).done().json
        return [w["name"] for w in out if w["name"] in ours]

    assert names("erin", "--shared") == sorted(ours[:2])
    assert names("alice", "--shared") == []
    assert names("erin", "--search", "shared_with_user:frank") == [ours[0]]
    assert names("frank", "--search", "shared_with_user:frank") == [ours[0]]
    assert names("erin", "--search", "shared_with_group:contractor") == [ours[1]]
    assert names("carol", "--search", "shared_with_group:contractor") == [ours[1]]
    assert names("carol", "--search", "shared_with_group:acme/contractor") == [ours[1]]
    assert world.erin("sharing", "remove", ours[1], "--group", "acme/contractor").code == DONE
    assert names("erin", "--search", "shared_with_group:contractor") == []
    world.erin("sharing", "share", ours[1], "--group", "acme/contractor:admin").done()
    world.erin("sharing", "share", ours[1], "--group", "acme/no").failed(UNKNOWN, "acme/no")
    world.erin("sharing", "share", ours[1], "--group", "no/contractor").failed(UNKNOWN, "organization no")
    world.erin("sharing", "share", ours[1], "--user", "acme/bob").failed(USAGE, "acme/bob")
    assert names("olga", "--search", "shared_with_group:acme/contractor") == []  # she may not see it
    (row,) = [
        line
        for line in world.erin("list", "--shared").done().out.splitlines()
        if f"erin/{ours[0]} " in line
    ]
    assert re.fullmatch(rf"erin/ws-{tag}-\d+ +acme +active +frank", row)


def test_json_of_list_is_shaped_like_coders(world, ws):
    world.erin("sharing", "share", ws, "--user", "frank:admin").done()
    listed = world.erin("list", "--shared", "-o", "json").done().json
    (entry,) = [w for w in listed if w["name"] == ws]
    (grant,) = entry["shared_with"]
    uuid.UUID(grant.pop("id"))
    assert grant == {"actor_type": "user", "name": "frank", "roles": ["admin"]}
    assert entry["owner_name"] == "erin" and entry["organization_name"] == "acme"


def test_a_search_without_results_is_an_empty_list(world):
    ran = world.stack.sharebus("list", "--shared", as_user="olga")
    assert (ran.code, ran.out, ran.err) == (DONE, "", "No workspaces found.\n")
    assert world.stack.sharebus("list", "--shared", "-o", "json", as_user="olga").done().json == []


def test_no_wait_prints_the_position_and_the_command_is_still_decided(world, ws):
    ran = world.erin("sharing", "share", ws, "--user", "bob", "--no-wait").done()
    assert re.fullmatch(r"\d+:\d+\n", ran.out)
    until("bob has it", lambda: world.shown(ws)["users"])
    assert [u["username"] for u in world.shown(ws)["users"]] == ["bob"]


def test_the_same_command_id_twice_is_one_change(world, ws):
    args = ("sharing", "share", ws, "--user", "bob", "-o", "json")
    args += ("--command-id", bus.new_id())
    first, second = world.erin(*args).done().json, world.erin(*args).done().json
    assert (first["outcome"], second["outcome"]) == ("applied", "duplicate")
    assert first["version"] == second["version"] and first["command_id"] == second["command_id"]


def test_a_rejected_command_twice_is_rejected_twice(world, ws):
    args = ("sharing", "share", ws, "--user", "bob:admin", "-o", "json")
    args += ("--command-id", bus.new_id())
    for _ in range(2):
        ran = world.stack.sharebus(*args[:2], f"erin/{ws}", *args[3:], as_user="alice")
        assert (ran.code, ran.json["outcome"], ran.json["code"]) == (NO, "rejected", "forbidden")
    assert world.erin(*args).done().json["outcome"] == "applied"  # it was not done the first time either
    assert world.erin(*args).done().json["outcome"] == "duplicate"


def test_a_user_with_access_may_give_it_up(world, ws):
    world.erin("sharing", "share", ws, "--user", "bob").done()
    ran = world.stack.sharebus("sharing", "remove", f"erin/{ws}", "--user", "bob", as_user="bob")
    assert ran.code == DONE and world.shown(ws)["users"] == []


def test_help_is_on_every_level(world):
    for words in ([], ["sharing"], ["directory"], ["topics"]):
        ran = world.erin(*words, "--help").done()
        assert ran.out.startswith("Share Coder workspaces")
    overview = world.erin("--help").done().out
    commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?= |$)", overview, re.M)
    assert {"sharing share", "list", "check", "directory apply", "watch", "status"} <= set(commands)
    for words in map(str.split, commands):
        out = world.erin(*words, "--help").done().out
        flags = re.findall(r"^  (--[a-z-]+)", out, re.M)
        assert f"Usage:   sharebus {' '.join(words)}" in out
        assert f"Example: sharebus {' '.join(words)} " in out + " "
        assert len(flags) == len(set(flags)), f"a flag is explained twice: {sorted(flags)}"


# ---- settings ----


def test_flag_before_environment_before_file_before_default(world, ws, tmp_path):
    world.erin("sharing", "share", ws, "--user", "bob").done()
    good = tmp_path / "good.conf"
    good.write_text(f"brokers = {world.stack.brokers}\nredis = {world.stack.redis}\nas = erin\n")
    bad = tmp_path / "bad.conf"
    bad.write_text(f"redis = {closed_port()}\n")
    nothing = {"SHAREBUS_REDIS": None, "SHAREBUS_BROKERS": None}
    show = ("sharing", "show", f"erin/{ws}")

    def shown(*args, **env):
        return world.stack.sharebus(*show, *args, **env)

    shown("--config", good, **nothing).done()
    shown(SHAREBUS_CONFIG=str(good), **nothing).done()
    shown("--config", bad, SHAREBUS_REDIS=world.stack.redis).done()
    shown("--redis", world.stack.redis, SHAREBUS_REDIS=closed_port()).done()
    shown("--redis", world.stack.redis, "--config", bad, **nothing).done()
    shown("--config", good, SHAREBUS_REDIS=closed_port()).failed(UNAVAILABLE, closed_port())
    shown("--redis", closed_port(), "--config", good).failed(UNAVAILABLE, closed_port())
    shown("--config", bad, SHAREBUS_CONFIG=str(good), SHAREBUS_REDIS=None).failed(UNAVAILABLE)


def test_the_acting_user_is_the_flag_then_the_environment_then_the_file(world, ws, tmp_path):
    config = tmp_path / "me.conf"
    config.write_text("as = erin\n")
    show = ("sharing", "show", ws)
    assert world.stack.sharebus(*show, "--config", config).code == DONE
    assert world.stack.sharebus(*show, "--as", "erin", as_user="bob").code == DONE
    world.stack.sharebus(*show, "--config", config, as_user="bob").failed(UNKNOWN, ws)
    world.stack.sharebus(*show, "--as", "bob", "--config", config, as_user="erin").failed(UNKNOWN, ws)
    world.stack.sharebus(*show, as_user="nobody-x").failed(UNKNOWN, "nobody-x", "--as")


@pytest.mark.parametrize(
    "content, words",
    [
        ("brokrs = x\n", ["line 1: ", "brokrs", "did you mean brokers?"]),
        ("\nredsi = x\n", ["line 2: ", 'there is no setting "redsi"; did you mean redis?']),
        ("\n[sharing]\nredis = x\n", ["line 2 begins a section", "[kafka]"]),
        ("what is this\n", ["line 1"]),
        ("as = erin\nas = bob\n", ["line 2: as is set a second time, after line 1"]),
        ("as = erin\0bob\n", ["line 1 has a control character"]),
        ("max-age = long\n", ["line 1: max-age", "long"]),
        ("[kafka]\n\nno.such.setting = 1\n", ["line 3: ", "no.such.setting"]),
        ("[kafka]\ndebug = all\nsocket.timeout.ms = x\n", ["line 3: ", "socket.timeout.ms"]),
        ("[kafka]\nacks = 0\n", ["line 2: Kafka setting acks must not be set: "]),
        ("redis = nowhere\n", ["address of Redis", "host:port"]),
    ],
)
def test_a_wrong_configuration_file_is_wrong_usage(world, unchanged, tmp_path, content, words):
    config = tmp_path / "wrong.conf"
    config.write_text(content)
    args = ("sharing", "share", unchanged, "--user", "frank", "--config", config)
    world.erin(*args, SHAREBUS_REDIS=None if "redis" in content else world.stack.redis).failed(
        USAGE, *words
    )


def test_a_missing_configuration_file_is_named(world, tmp_path):
    missing = tmp_path / "none.conf"
    world.erin("list", "--shared", "--config", missing).failed(USAGE, str(missing))
    world.erin("list", "--shared", SHAREBUS_CONFIG=str(missing)).failed(USAGE, str(missing))


def test_the_file_in_the_users_folder_is_found(world, ws, tmp_path):
    """Under XDG_CONFIG_HOME, or under .config in HOME; a file that is named is read in its place."""
    world.erin("sharing", "share", ws, "--user", "bob").done()
    nothing = {"SHAREBUS_REDIS": None, "SHAREBUS_BROKERS": None, "HOME": str(tmp_path)}
    nothing["SHAREBUS_CONFIG"] = None
    folder = tmp_path / ".config" / "sharebus"
    folder.mkdir(parents=True)
    (folder / "sharebus.conf").write_text(f"redis = {world.stack.redis}\nas = erin\n")
    named = tmp_path / "named.conf"
    named.write_text(f"redis = {closed_port()}\n")

    def shown(*args, **env):
        return world.stack.sharebus("sharing", "show", f"erin/{ws}", *args, **nothing | env)

    shown(XDG_CONFIG_HOME=str(tmp_path / ".config")).done()
    shown(XDG_CONFIG_HOME=None).done()
    shown(XDG_CONFIG_HOME=None, SHAREBUS_CONFIG=str(named)).failed(UNAVAILABLE, closed_port())
    shown("--config", named, XDG_CONFIG_HOME=None).failed(UNAVAILABLE, closed_port())


def test_one_file_serves_all_programs(world, ws, tmp_path):
    """A setting of another program is no error. Both take the sample that is shipped: as it is, and with all of
    its lines in force."""
    config = tmp_path / "all.conf"
    config.write_text("instance = one\nmax-grants = 7\nas = erin\nmax-age = 1h\n")
    assert world.stack.sharebus("sharing", "show", ws, "--config", config).code == DONE
    sample = (Path(__file__).resolve().parents[2] / "ops/packaging/sharebus.conf").read_text()
    for text in (sample, re.sub(r"^#(?=[a-z.-]+ =|\[)", "", sample, flags=re.M)):
        config.write_text(text)
        config.chmod(0o600)
        # What is wrong with a flag is said after the file was taken.
        list_shared = ("list", "--shared", "--config", config, "--max-age", "long")
        world.erin(*list_shared).failed(USAGE, "sharebus: max-age is ")
        ran = consumer(world.stack, "--config", config, "--log-level", "loud")
        assert ran.code == USAGE and 'log-level is "loud"' in ran.err, ran


def test_a_line_of_the_file_is_taken_as_it_is_written(world, ws, tmp_path):
    """An indented line is no part of the one before it, and ` ;` does not end a value."""
    config = tmp_path / "indented.conf"
    config.write_text(f"brokers = {world.stack.brokers}\n  redis = {world.stack.redis}\n\tas = erin\n")
    nothing = {"SHAREBUS_REDIS": None, "SHAREBUS_BROKERS": None}
    show = ("sharing", "show", ws, "--config", config)
    assert world.stack.sharebus(*show, **nothing).code == DONE
    config.write_text("as = erin ; x\n")
    world.stack.sharebus(*show).failed(UNKNOWN, "erin ; x")
    config.write_text(f"as = {'x' * 3000}\n")
    assert world.stack.sharebus(*show).code == UNKNOWN


@pytest.mark.parametrize(
    "line",
    ["isolation.level = read_uncommitted", "acks = 0", "partitioner = random", "group.id = x",
     "enable.auto.commit = true", "transactional.id = x", "partition.assignment.strategy = roundrobin"],
)  # fmt: skip
def test_a_setting_of_kafka_that_takes_a_guarantee_away_is_refused(world, unchanged, tmp_path, line):
    """At the start of every program, with the line and the reason, also of a command that needs no Kafka."""
    config = tmp_path / "kafka.conf"
    config.write_text(f"[kafka]\n{line}\n")
    said = f"{config}: line 2: Kafka setting {line.split()[0]} must not be set: "
    for words in (["check", "bob", "read", f"erin/{unchanged}"], ["topics", "create"]):
        world.erin(*words, "--config", config).failed(USAGE, said)
    ran = consumer(world.stack, "--config", config)
    assert ran.code == USAGE and said in ran.err, ran


def test_a_secret_that_everybody_may_read_is_refused(world, ws, tmp_path):
    config = tmp_path / "secret.conf"
    config.write_text("[kafka]\nsasl.password = s3cret\n")
    config.chmod(0o644)
    show = ("sharing", "show", ws, "--config", config)
    ran = world.erin(*show).failed(USAGE, f"run `chmod o-rw {config}`")
    assert "s3cret" not in ran.err
    config.chmod(0o640)
    assert world.erin(*show).code == DONE


# ---- wrong usage ----

WRONG_USAGE = {
    "no command": (["frobnicate"], ["frobnicate", "--help"]),
    "no verb": (["sharing", "frobnicate"], ["frobnicate", "--help"]),
    "no workspace": (["sharing", "share", "--user", "bob"], ["--help"]),
    "two workspaces": (["sharing", "share", "WS", "WS", "--user", "bob"], ["--help"]),
    "nobody": (["sharing", "share", "WS"], ["at least one user or group"]),
    "nobody to remove": (["sharing", "remove", "WS"], ["at least one user or group"]),
    "unknown flag": (["sharing", "share", "WS", "--usr", "bob"], ["--usr", "--help"]),
    "flag without value": (["sharing", "share", "WS", "--user"], ["--user", "--help"]),
    "value for a switch": (["sharing", "share", "WS", "--user", "bob", "--wide=3"], ["wide"]),
    "underscore": (["sharing", "share", "WS", "--user", "alice_x:admin"], ["alice_x:admin"]),
    "dot": (["sharing", "share", "WS", "--user", "alice.b:admin"], ["alice.b:admin"]),
    "role missing": (["sharing", "share", "WS", "--user", "frank:"], ['"frank:"']),
    "name missing": (["sharing", "share", "WS", "--user", ":admin"], ['":admin"']),
    "two colons": (["sharing", "share", "WS", "--user", "frank:admin:x"], ["frank", "admin:x"]),
    "unknown role": (["sharing", "share", "WS", "--user", "frank:owner"], ["owner", "admin"]),
    "role in capitals": (["sharing", "share", "WS", "--user", "frank:ADMIN"], ["ADMIN"]),
    "group's role": (["sharing", "share", "WS", "--group", "contractor:rw"], ["rw", "contractor"]),
    "empty user": (["sharing", "share", "WS", "--user", ""], ["--user"]),
    "empty user with =": (["sharing", "share", "WS", "--user="], ["--user"]),
    "empty group": (["sharing", "share", "WS", "--group", ""], ["--group"]),
    "empty item": (["sharing", "share", "WS", "--user", "frank,,bob"], ["user"]),
    "comma at the end": (["sharing", "share", "WS", "--user", "frank,"], ["user"]),
    "comma alone": (["sharing", "share", "WS", "--user", ","], ["user"]),
    "space": (["sharing", "share", "WS", "--user", "frank, bob"], ['" bob"']),
    "newline": (["sharing", "share", "WS", "--user", "frank\nbob"], ["user"]),
    "escape": (["sharing", "share", "WS", "--user", "\x1b[31mfrank"], ["user"]),
    "good and bad": (["sharing", "share", "WS", "--user", "frank,b_d"], ["b_d"]),
    "two roles": (["sharing", "share", "WS", "--user", "frank:admin,frank"], ["frank", "twice"]),
    "two flags, two roles": (
        ["sharing", "share", "WS", "--user", "frank", "--user", "frank:admin"],
        ["frank", "twice"],
    ),
    "role on removal": (["sharing", "remove", "WS", "--user", "alice:admin"], ["alice:admin"]),
    "empty item on removal": (["sharing", "remove", "WS", "--user", "alice,"], ["user"]),
    "command id": (
        ["sharing", "share", "WS", "--user", "frank", "--command-id", "7"],
        ["--command-id", "7"],
    ),
    "nil command id": (
        ["sharing", "share", "WS", "--user", "frank", "--command-id", str(uuid.UUID(int=0))],
        ["--command-id"],
    ),
    "command id of another version": (
        ["sharing", "share", "WS", "--user", "frank", "--command-id", str(uuid.UUID(int=4 << 76 | 2 << 62))],
        ["--command-id", "version 7"],
    ),
    "wait of nothing": (["sharing", "share", "WS", "--user", "frank", "--wait", "0s"], ["--wait"]),
    "wait without unit": (["sharing", "share", "WS", "--user", "frank", "--wait", "5"], ["--wait"]),
    "wait of -1s": (["sharing", "share", "WS", "--user", "frank", "--wait", "-1s"], ["--wait"]),
    "wait for ever": (["sharing", "show", "WS", "--wait", "99999999h"], ["--wait"]),
    "output": (["sharing", "show", "WS", "-o", "yaml"], ["yaml", "json"]),
    "redis": (["sharing", "show", "WS", "--redis", "nowhere"], ["address of Redis", "host:port"]),
    "redis' port": (["sharing", "show", "WS", "--redis", "host:99999"], ["address of Redis", "host:port"]),
    "list of nothing": (["list"], ["--shared", "--search"]),
    "shared of mine and of others": (
        ["list", "--shared", "--search", "owner:bob"],
        ["--shared", "owner:"],
    ),
    "shared and not": (
        ["list", "--shared", "--search", "shared:false"],
        ["--shared", "shared:"],
    ),
    "shared by me and with me": (
        ["list", "--shared", "--shared-with-me"],
        ["--shared", "--shared-with-me"],
    ),
    "limit of nothing": (["list", "--shared", "--limit", "0"], ["--limit", '"0"']),
    "limit in words": (["list", "--shared", "--limit", "ten"], ["--limit", "ten"]),
    "after what": (["list", "--shared", "--after", "dev"], ["--after", "owner/name"]),
    "search without a value": (["list", "--search", "owner:"], ["--search", "owner:"]),
    "search with an open quote": (["list", "--search", 'owner:"erin'], ["--search", '"erin']),
    "search for a key twice": (["list", "--search", "owner:me owner:bob"], ["owner", "twice"]),
    "shared perhaps": (["list", "--search", "shared:maybe"], ["shared:maybe", "shared:true"]),
    "check of too little": (["check", "alice", "WS"], ["3 operands", "--help"]),
    "check of no action": (["check", "alice", "fly", "WS"], ['"fly"', "--help"]),
    "check of an action in capitals": (["check", "alice", "READ", "WS"], ['"READ"']),
    "check of no position": (
        ["check", "alice", "read", "WS", "--at-least", "7"],
        ["--at-least", '"7"', "partition:offset"],
    ),
    "explain of too much": (["explain", "alice", "read", "WS"], ["2 operands", "--help"]),
    "expires without unit": (
        ["sharing", "share", "WS", "--user", "frank", "--expires", "8"],
        ["--expires", '"8"', "8h"],
    ),
    "expires on no day": (
        ["sharing", "share", "WS", "--user", "frank", "--expires", "2026-02-30T12:00Z"],
        ["--expires", "2026-02-30T12:00Z"],
    ),
    "version 0": (
        ["sharing", "share", "WS", "--user", "frank", "--expected-version", "0"],
        ["--expected-version", '"0"'],
    ),
    "search": (["list", "--search", "color:red"], ['"color"', "shared_with_user"]),
    "message that is too long": (
        ["sharing", "share", "WS", "--user", "frank", "--message", "x" * 2001],
        ["message", "2001 bytes", "2000"],
    ),
    "message that is no text": (
        ["sharing", "share", "WS", "--user", "frank", "--message", "\udcff"],
        ["message", "UTF-8"],
    ),
    "check of a position that there is not": (
        ["check", "alice", "read", "WS", "--at-least", "99:0"],
        ["99:0"],
    ),
    "search of nothing": (["list", "--search", ""], ["--search"]),
    "partitions": (["topics", "create", "--partitions", "0"], ["--partitions"]),
    "partitions in words": (["topics", "create", "--partitions", "twelve"], ["twelve"]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_USAGE)
def test_wrong_usage(world, unchanged, what):
    args, words = WRONG_USAGE[what]
    ran = world.erin(*[unchanged if a == "WS" else a for a in args])
    ran.failed(USAGE, *words)
    assert "\x1b" not in ran.err


def test_no_arguments_at_all_are_wrong_usage(world):
    assert world.erin().code == USAGE


@pytest.mark.parametrize("group", ["sharing", "directory", "topics", "keys", "deadletter"])
def test_a_group_without_a_command_is_wrong_usage(world, group):
    ran = world.erin(group)
    assert (ran.code, ran.out) == (USAGE, world.erin(group, "--help").done().out)


# ---- words and flags in any order ----


def test_the_version_is_told_with_and_without_a_command(world):
    for args in (["--version"], ["list", "--version"], ["--as", "erin", "--version"]):
        assert re.fullmatch(r"sharebus \d+\.\d+\.\d+\n", world.erin(*args).done().out)
    ran = consumer(world.stack, "--version")
    assert ran.code == DONE and ran.err == ""
    assert ran.out == "sharebus-consumer " + world.erin("--version").out.split()[1] + "\n"


def test_help_with_a_name_is_its_help(world):
    for name in ([], ["sharing"], ["sharing", "share"], ["list"], ["topics", "create"]):
        assert world.erin("help", *name).done().out == world.erin(*name, "--help").done().out
        assert world.erin("--help", *name).done().out == world.erin("help", *name).out
    world.erin("help", "frobnicate").failed(USAGE, "frobnicate")


def test_flags_stand_before_between_and_after_the_words_of_a_command(world, ws):
    world.erin("sharing", "share", ws, "--user", "bob").done()
    shown = world.erin("sharing", "show", ws, "-o", "json").done().out
    name = f"erin/{ws}"
    for args in (
        ["-o", "json", "sharing", "show", name],
        ["sharing", "-o=json", "show", name],
        ["sharing", "show", "--output=json", name],
        ["sharing", "show", name, "-ojson"],
        ["--as=bob", "sharing", "--output", "json", "--wide", "show", "--", name],
        ["--redis", world.stack.redis, "-o", "json", "sharing", "show", name, f"--brokers={closed_port()}"],
    ):
        assert world.erin(*args).done().out == shown, args
    again = world.erin("--user", "bob", "--wait=20s", "sharing", "share", ws).done()
    assert again.out == world.erin("sharing", "show", ws).out


@pytest.mark.parametrize("args", [["-o", "json"], ["--wide"], ["--", "list"], ["--frobnicate"]], ids=str)
def test_flags_alone_are_no_command(world, args):
    ran = world.erin(*args)
    assert ran.code == USAGE and "no command is given" in ran.err, ran


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("lst", "list"),
        ("statsu", "status"),
        ("shraing", "sharing"),
        ("sharing shar", "sharing share"),
        ("sharing ad", "sharing share"),  # its other name is add
        ("remove", "sharing remove"),
        ("frobnicate", None),
        ("sharing frobnicate", None),
    ],
)
def test_a_command_that_is_not_quite_one_is_told_which_may_be_meant(world, words, meant):
    ran = world.erin(*words.split())
    hint = f'did you mean "{meant}"?' if meant else "see `sharebus --help`"
    assert ran.code == USAGE and f'there is no command "{words}"; {hint}' in ran.err, ran


# ---- errors as JSON ----

FAILING = {
    "an unknown flag": (["list", "--frobnicate", "-o", "json"], USAGE, "usage"),
    "an unknown command": (["-o", "json", "frobnicate"], USAGE, "usage"),
    "a wrong operand": (["check", "alice", "fly", "WS", "-o=json"], USAGE, "usage"),
    "no users": (["sharing", "share", "WS", "-o", "json"], USAGE, "usage"),
    "no number": (["topics", "create", "--partitions", "x", "-o", "json"], USAGE, "usage"),
    "a file": (["directory", "apply", "/nowhere", "-o", "json"], USAGE, "usage"),
    "a user": (["check", "zoe", "read", "WS", "-o", "json"], UNKNOWN, "not_found"),
    "a workspace": (["sharing", "show", "nope", "-o", "json"], UNKNOWN, "not_found"),
    "a user to share with": (["sharing", "share", "WS", "--user", "zoe", "-o", "json"], UNKNOWN, "not_found"),
    "a group": (["list", "--search", "shared_with_group:no", "-o", "json"], UNKNOWN, "not_found"),
    "a dead letter": (["deadletter", "show", "0:99999999", "-o", "json"], UNKNOWN, "not_found"),
    "Redis": (["explain", "bob", "WS", "-o", "json", "--redis", "CLOSED"], UNAVAILABLE, "unavailable"),
    "Redis of a list": (["list", "--shared", "-o", "json", "--redis", "CLOSED"], UNAVAILABLE, "unavailable"),
    "Redis of a share": (
        ["sharing", "share", "WS", "--user", "bob", "-o", "json", "--redis", "CLOSED"],
        UNAVAILABLE,
        "unavailable",
    ),
    "a rule": (["sharing", "share", "WS", "--user", "erin", "-o", "json"], NO, "own_role"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILING)
def test_an_error_is_json_where_json_is_asked_for(world, unchanged, what):
    args, exit_code, code = FAILING[what]
    ran = world.erin(*[{"WS": f"erin/{unchanged}", "CLOSED": closed_port()}.get(a, a) for a in args])
    assert ran.code == exit_code and re.fullmatch(r"sharebus: [^\n]+\n", ran.err), ran
    error = ran.json["error"]
    assert list(error) == ["code", "message"] and error["code"] == code
    assert error["message"] in ran.err


# ---- things that do not exist ----

UNKNOWN_THINGS = {
    "workspace": (["sharing", "share", "nope", "--user", "bob"], ["nope"]),
    "workspace to show": (["sharing", "show", "nope"], ["nope"]),
    "workspace of another": (["sharing", "show", "bob/nope"], ["nope", "bob"]),
    "workspace of nobody": (["sharing", "show", "zoe/nope"], ["zoe"]),
    "workspace by id": (["sharing", "show", str(uuid.UUID(int=5))], [str(uuid.UUID(int=5))]),
    "nil workspace": (["sharing", "show", str(uuid.UUID(int=0))], [str(uuid.UUID(int=0))]),
    "workspace without name": (["sharing", "show", ""], ["workspace"]),
    "workspace of owner without name": (["sharing", "show", "erin/"], ["workspace"]),
    "workspace without owner": (["sharing", "show", "/WS"], ["user"]),
    "user": (["sharing", "share", "WS", "--user", "zoe"], ["zoe"]),
    "user and group": (["sharing", "share", "WS", "--user", "zoe", "--group", "no"], ["zoe", "no"]),
    "one of two users": (["sharing", "share", "WS", "--user", "frank,zoe"], ["zoe"]),
    "user in capitals": (["sharing", "share", "WS", "--user", "Frank"], ["Frank"]),
    "group": (["sharing", "share", "WS", "--group", "no"], ["no"]),
    "group of others": (["sharing", "share", "WS", "--group", "elsewhere"], ["elsewhere"]),
    "user to remove": (["sharing", "remove", "WS", "--user", "zoe"], ["zoe"]),
    "user to search": (["list", "--search", "shared_with_user:zoe"], ["zoe"]),
    "group to search": (["list", "--search", "shared_with_group:zoe"], ["zoe"]),
    "organization to search": (["list", "--search", "shared_with_group:zoe/x"], ["zoe"]),
    "user to check": (["check", "zoe", "read", "WS"], ["zoe"]),
    "workspace to check": (["check", "alice", "read", "nope"], ["nope"]),
    "user to explain": (["explain", "zoe", "WS"], ["zoe"]),
    "who asks": (["list", "--shared", "--as", "zoe"], ["zoe", "--as"]),
}  # fmt: skip


@pytest.mark.parametrize("what", UNKNOWN_THINGS)
def test_unknown_things_are_refused_by_name(world, unchanged, what):
    args, words = UNKNOWN_THINGS[what]
    world.erin(*[a.replace("WS", unchanged) for a in args]).failed(UNKNOWN, *words)


# ---- what the rules refuse ----


def test_an_unknown_id_is_refused_by_the_rules(world, unchanged):
    """Only a name is looked up before a command is sent."""
    unknown = str(uuid.UUID(int=6))
    ran = world.erin("sharing", "share", unchanged, "--user", unknown)
    ran.failed(NO, unknown, "(unknown_subject)")



REFUSED = {
    "the owner": ("erin", ["share", "--user", "erin"], "own_role"),
    "the owner, by an admin": ("alice", ["share", "--user", "erin"], "own_role"),
    "oneself": ("alice", ["share", "--user", "alice"], "own_role"),
    "by one who may use it": ("bob", ["share", "--user", "frank"], "forbidden"),
    "by one who has no access": ("frank", ["share", "--user", "frank"], "forbidden"),
    "removal by one who may use it": ("bob", ["remove", "--user", "alice"], "forbidden"),
    "admin by an admin": ("alice", ["share", "--user", "frank:admin"], "role_ceiling"),
    "not a member": ("erin", ["share", "--user", "olga"], "not_a_member"),
    "good and bad": ("erin", ["share", "--user", "frank,olga"], "not_a_member"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_rules_forbid_is_refused(world, unchanged, what):
    actor, (verb, *flags), code = REFUSED[what]
    ran = world.stack.sharebus("sharing", verb, f"erin/{unchanged}", *flags, as_user=actor)
    ran.failed(NO, f"({code})")


def test_an_admin_may_not_change_another_admin(world, ws):
    world.erin("sharing", "share", ws, "--user", "alice:admin,bob:admin").done()
    before = world.shown(ws)
    for verb in ("share", "remove"):
        args = ("sharing", verb, f"erin/{ws}", "--user", "bob")
        world.stack.sharebus(*args, as_user="alice").failed(NO, "(role_ceiling)", "bob")
    assert world.shown(ws) == before


def test_all_problems_are_reported_in_one_sentence(world, unchanged):
    ran = world.erin("sharing", "share", unchanged, "--user", "erin,olga,frank")
    ran.failed(NO, "erin", "olga")


def test_a_deleted_user_does_not_exist(world, unchanged):
    world.erin("sharing", "share", unchanged, "--user", "gone").failed(UNKNOWN, "gone")


def test_two_thousand_unknown_users_are_one_short_sentence(world, unchanged):
    names = ",".join(f"nobody{n}" for n in range(2000))
    ran = world.erin("sharing", "share", unchanged, "--user", names)
    ran.failed(UNKNOWN, "nobody0", "more")
    assert len(ran.err) < 1000


@pytest.mark.parametrize("count", [1001, 1500, 2000])
def test_too_many_grants_are_refused_as_a_whole(world, unchanged, count):
    names = ",".join(f"c{n}" for n in range(count))
    ran = world.erin("sharing", "share", unchanged, "--user", names)
    ran.failed(NO, "(too_many_grants)", "1000")


def test_a_thousand_grants_are_not_too_many(world, ws):
    for flags in (
        ["--user", ",".join(f"c{n}" for n in range(500))],
        [x for n in range(500, 1000) for x in ("--user", f"c{n}")],
    ):
        world.erin("sharing", "share", ws, *flags).done()
    before = world.shown(ws)
    assert len(before["users"]) == 1000
    world.erin("sharing", "share", ws, "--user", "frank").failed(NO, "(too_many_grants)", "1001")
    assert world.shown(ws) == before
    left = world.erin("sharing", "remove", ws, "--user", ",".join(f"c{n}" for n in range(999)))
    assert left.done().out == table("USER  GROUP  ROLE", "c999  -      use")


def test_a_user_given_twice_with_one_role_is_one_grant(world, ws):
    ran = world.erin("sharing", "share", ws, "--user", "bob:use,bob", "--user", "bob").done()
    assert ran.out == table("USER  GROUP  ROLE", "bob   -      use")


def test_removing_what_was_never_shared_succeeds(world, unchanged):
    world.erin("sharing", "remove", unchanged, "--user", "frank", "--group", "contractor").done()


# ---- the directory file ----


def nested(depth):
    return '{"users": ' + "[" * depth + "]" * depth + "}"


LONG = "x" * 256
USER = {"username": "new-one", "organizations": ["acme"]}
NIL = str(uuid.UUID(int=0))
SHAREBUS = uuid.UUID("04c3f9db-b8ff-43a1-940a-dc1450423e78")  # the namespace of derived ids
BOB = str(uuid.uuid5(SHAREBUS, "users/bob"))
BROKEN_FILES = {
    "empty": ("", []),
    "no JSON": ("users:\n- erin\n", ["line 1"]),
    "cut": ('{"users": [', ["line 1"]),
    "two values": ("{} {}", ["line 1"]),
    "no UTF-8": (b'{"users": [{"username": "\xff\xfe"}]}', []),
    "a NUL": ('{"users": [{"username": "a\\u0000b"}]}', []),
    "binary": (bytes(range(256)), []),
    "a list": ("[]", ["object"]),
    "a number": ("7", []),
    "a key twice": ('{"users": [], "users": []}', ["users"]),
    "deep": (nested(100_000), []),
    "deep in an entry": (json.dumps({"users": [{"username": [[[[["x"]]]]]}]}), ["users[0]"]),
    "unknown key": ({"usres": []}, ["usres"]),
    "unknown key in a user": ({"users": [USER | {"mail": "x"}]}, ["users[0]", "mail"]),
    "unknown key in a workspace": (
        {"workspaces": [{"name": "w", "owner": "erin", "organization": "acme", "template": "x"}]},
        ["workspaces[0]", "template"],
    ),
    "unknown key in a membership": (
        {"users": [USER | {"organizations": [{"name": "acme", "rôle": "admin"}]}]},
        ["users[0]", "rôle"],
    ),
    "users no list": ({"users": {"username": "x"}}, ["users"]),
    "user no object": ({"users": ["erin"]}, ["users[0]"]),
    "name no text": ({"users": [{"username": 7}]}, ["users[0]", "username"]),
    "name null": ({"users": [{"username": None}]}, ["users[0]", "username"]),
    "name missing": ({"users": [{"email": "x@y"}]}, ["users[0]", "username"]),
    "name empty": ({"users": [{"username": ""}]}, ["users[0]", "username"]),
    "status": ({"users": [USER | {"status": "asleep"}]}, ["new-one", "asleep"]),
    "kind": ({"users": [USER | {"kind": "robot"}]}, ["new-one", "robot"]),
    "site role": ({"users": [USER | {"site_role": "king"}]}, ["new-one", "king"]),
    "sharing": ({"organizations": [{"name": "new", "sharing": "some"}]}, ["new", "some"]),
    "sharing_enabled": ({"sharing_enabled": "yes"}, ["sharing_enabled"]),
    "role in an organization": (
        {"users": [USER | {"organizations": [{"name": "acme", "role": "boss"}]}]},
        ["new-one", "boss"],
    ),
    "organizations no list": ({"users": [USER | {"organizations": "acme"}]}, ["new-one"]),
    "organization a number": ({"users": [USER | {"organizations": [7]}]}, ["new-one"]),
    "unknown organization": ({"users": [USER | {"organizations": ["nada"]}]}, ["new-one", "nada"]),
    "unknown member": (
        {"groups": [{"name": "g", "organization": "acme", "members": ["zoe"]}]},
        ["groups[0]", "zoe"],
    ),
    "member a number": (
        {"groups": [{"name": "g", "organization": "acme", "members": [7]}]},
        ["groups[0]"],
    ),
    "group without organization": ({"groups": [{"name": "g"}]}, ["groups[0]", "organization"]),
    "unknown owner": (
        {"workspaces": [{"name": "w", "owner": "zoe", "organization": "acme"}]},
        ["workspaces[0]", "zoe"],
    ),
    "workspace without owner": (
        {"workspaces": [{"name": "w", "organization": "acme"}]},
        ["workspaces[0]", "owner"],
    ),
    "an owner that is nobody": (
        {"workspaces": [{"name": "w", "owner": NIL, "organization": "acme"}]},
        ["workspaces[0]", "the id of all zeros"],
    ),
    "a member twice": (
        {"groups": [{"name": "g", "organization": "acme", "members": ["bob", "erin", "bob"]}]},
        ["groups[0]", "bob", "twice"],
    ),
    "an organization twice": (
        {"users": [USER | {"organizations": ["acme", {"name": "acme", "role": "admin"}]}]},
        ["new-one", "acme", "twice"],
    ),
    "a name that the file takes away": (
        {
            "users": [{"username": "bobby", "id": BOB}],
            "groups": [{"name": "g", "organization": "acme", "members": ["bob"]}],
        },
        ["groups[0]", "bob", "another name"],
    ),
    "name twice": ({"users": [USER, USER]}, ["users[1]", "new-one", "twice"]),
    "group twice": (
        {"groups": [{"name": "g", "organization": "acme"}] * 2},
        ["groups[1]", "twice"],
    ),
    "id no UUID": ({"users": [USER | {"id": "7"}]}, ["new-one", "7"]),
    "id nil": ({"users": [USER | {"id": str(uuid.UUID(int=0))}]}, ["new-one"]),
    "id a number": ({"users": [USER | {"id": 7}]}, ["new-one", "id"]),
    "one id for two": (
        {"users": [{"username": n, "id": str(uuid.UUID(int=77))} for n in ("n1", "n2")]},
        ["users[1]"],
    ),
    "long username": ({"users": [{"username": LONG}]}, ["users[0]", "255"]),
    "long display name": ({"users": [USER | {"name": "ü" * 513}]}, ["new-one", "1024"]),
    "long workspace": (
        {"workspaces": [{"name": LONG, "owner": "erin", "organization": "acme"}]},
        ["workspaces[0]", "255"],
    ),
    "long organization of a user": ({"users": [USER | {"organizations": [LONG]}]}, ["new-one"]),
    "long member": (
        {"groups": [{"name": "g", "organization": "acme", "members": ["y" * 100_000]}]},
        ["groups[0]"],
    ),
    "a username with a slash": ({"users": [{"username": "a/b"}]}, ["users[0]"]),
    "a workspace with a slash": (
        {"workspaces": [{"name": "a/b", "owner": "erin", "organization": "acme"}]},
        ["workspaces[0]"],
    ),
    "good ones before a bad one": (
        {"users": [USER, {"username": "new-two", "status": "asleep"}]},
        ["users[1]", "new-two"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN_FILES)
def test_a_broken_directory_file_changes_nothing(world, tmp_path, what):
    content, words = BROKEN_FILES[what]
    path = tmp_path / "broken.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    end = topic_end(world.stack, "sharing.directory")
    ran = world.erin("directory", "apply", path)
    ran.failed(USAGE, "broken.json", *words)
    assert len(ran.err) < 1000 and "\x1b" not in ran.err
    assert topic_end(world.stack, "sharing.directory") == end


def topic_end(stack, topic: str) -> int:
    """How many offsets the topic has assigned."""
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    places = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(TOPICS[topic])}
    return sum(end.result(60).offset for end in admin.list_offsets(places).values())


@pytest.mark.parametrize("what", ["missing", "directory", "unreadable"])
def test_a_directory_file_that_cannot_be_read_is_named(world, tmp_path, what):
    path = tmp_path / "there.json"
    if what == "directory":
        path.mkdir()
    elif what == "unreadable":
        path = Path("/proc/self/mem")
    world.erin("directory", "apply", path).failed(USAGE, str(path))


def test_an_empty_directory_file_does_nothing(world, tmp_path):
    ran = world.stack.apply({}, tmp_path)
    kinds = ("organizations", "users", "groups", "workspaces")
    assert ran.out == "".join(f"{k}: 0 created, 0 changed, 0 unchanged\n" for k in kinds)


def test_applying_a_file_again_keeps_the_ids_and_applies_the_differences(world, tmp_path):
    group, name = f"team-{world.tag}", world.workspace()
    entry = {"name": group, "organization": "acme", "members": ["alice", "bob"]}
    world.stack.apply({"groups": [entry]}, tmp_path)
    world.erin("sharing", "share", name, "--group", group).done()
    before = world.shown(name)
    world.stack.apply({"groups": [entry]}, tmp_path)
    assert world.shown(name) == before
    world.stack.apply({"groups": [entry | {"members": ["dave"]}]}, tmp_path)
    assert world.shown(name) == before

    def finds(user):
        args = ("list", "--search", f"shared_with_group:{group}", "-o", "json")
        return [w["name"] for w in world.stack.sharebus(*args, as_user=user).done().json]

    assert finds("dave") == [name]  # a member by now
    assert finds("alice") == []  # and she is one no longer


def test_an_explicit_id_renames(world, tmp_path):
    number = str(uuid.uuid4())
    user = {"username": f"old-{world.tag}", "id": number, "organizations": ["acme"]}
    world.stack.apply({"users": [user]}, tmp_path)
    name = world.workspace()
    world.erin("sharing", "share", name, "--user", user["username"]).done()
    assert world.shown(name)["users"][0]["id"] == number
    world.stack.apply({"users": [user | {"username": f"new-{world.tag}"}]}, tmp_path)
    grant = world.shown(name)["users"][0]
    assert (grant["id"], grant["username"]) == (number, f"new-{world.tag}")
    world.erin("sharing", "share", name, "--user", user["username"]).failed(UNKNOWN, user["username"])
    world.erin("sharing", "share", name, "--user", f"new-{world.tag}:admin").done()


def test_a_new_user_can_be_shared_with_at_once(world, tmp_path):
    name = world.workspace()
    for n in range(10):
        user = f"fresh-{world.tag}-{n}"
        world.stack.apply({"users": [{"username": user, "organizations": ["acme"]}]}, tmp_path)
        world.erin("sharing", "share", name, "--user", user).done()
    assert len(world.shown(name)["users"]) == 10


def test_with_sharing_disabled_grants_are_refused_and_removals_work(world, tmp_path):
    names = {"username": f"boss-{world.tag}", "organizations": [f"quiet-{world.tag}"]}
    guest = {"username": f"guest-{world.tag}", "organizations": [f"quiet-{world.tag}"]}
    organization = {"name": f"quiet-{world.tag}", "sharing": "everyone"}
    workspace = {
        "name": "den",
        "owner": names["username"],
        "organization": organization["name"],
    }
    content = {"organizations": [organization], "users": [names, guest], "workspaces": [workspace]}
    world.stack.apply(content, tmp_path)
    share = ("sharing", "share", "den", "--user", guest["username"])
    world.stack.sharebus(*share, as_user=names["username"]).done()
    world.stack.apply({"organizations": [organization | {"sharing": "none"}]}, tmp_path)
    admin = (*share[:-1], guest["username"] + ":admin")
    world.stack.sharebus(*admin, as_user=names["username"]).failed(NO, "(sharing_disabled)")
    remove = ("sharing", "remove", "den", "--user", guest["username"])
    assert world.stack.sharebus(*remove, as_user=names["username"]).code == DONE


# ---- servers that do not answer ----

EVERY_COMMAND = [
    ["sharing", "share", "WS", "--user", "frank"],
    ["sharing", "remove", "WS", "--user", "alice"],
    ["sharing", "show", "WS"],
    ["list", "--shared"],
    ["list", "--search", "shared_with_user:alice"],
    ["list", "--shared-with-me"],
    ["check", "alice", "read", "WS"],
    ["explain", "alice", "WS"],
    ["directory", "apply", "FILE"],
]
WRITING = [c for c in EVERY_COMMAND if c[1] in ("share", "remove", "apply")]


def named(command, workspace, tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"users": [{"username": "alice", "organizations": ["acme"]}]}))
    return [{"WS": f"erin/{workspace}", "FILE": path}.get(a, a) for a in command]


def words(command):
    return " ".join(command[:3])


def assert_unavailable(ran, *words, told_id=False):
    """Exit 3 and one sentence, with the id of a command that was sent, so that it can be repeated."""
    ran.failed(UNAVAILABLE, *words)
    if told_id:
        assert re.search(r"--command-id [0-9a-f-]{36}", ran.err), ran


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=words)
def test_without_redis_commands_are_unavailable(world, unchanged, tmp_path, command):
    ran = world.erin(
        *named(command, unchanged, tmp_path), "--wait", "2s", "--redis", closed_port(),
        seconds=2 + GRACE_SECONDS,
    )  # fmt: skip
    assert_unavailable(ran, closed_port(), "Redis", told_id=command[1] in ("share", "remove"))


@pytest.mark.parametrize("command", WRITING, ids=words)
def test_without_brokers_commands_are_unavailable(world, unchanged, tmp_path, command):
    ran = world.erin(
        *named(command, unchanged, tmp_path), "--wait", "2s", "--brokers", closed_port(),
        seconds=2 + GRACE_SECONDS,
    )  # fmt: skip
    assert_unavailable(ran, closed_port(), told_id=command[0] == "sharing")


def test_without_brokers_topics_cannot_be_created(world):
    args = ("topics", "create", "--wait", "2s", "--brokers", closed_port())
    assert_unavailable(world.erin(*args, seconds=2 + GRACE_SECONDS), closed_port())


def test_reading_needs_no_broker(world, unchanged):
    world.erin("sharing", "show", unchanged, "--brokers", closed_port()).done()
    assert world.erin("list", "--shared", "--brokers", closed_port()).code == DONE


def test_a_silent_redis_is_unavailable(world, unchanged):
    """It accepts the connection and then stays silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        args = ("sharing", "show", unchanged, "--redis", address, "--wait", "1s")
        ran = world.erin(*args, seconds=1 + GRACE_SECONDS)
        assert_unavailable(ran, address)


def test_a_redis_that_talks_nonsense_is_unavailable(world, unchanged):
    with socket.create_server(("127.0.0.1", 0)) as odd:
        def talk():
            peer, _ = odd.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        address = f"127.0.0.1:{odd.getsockname()[1]}"
        ran = world.erin("sharing", "show", unchanged, "--redis", address, "--wait", "1s")
        assert_unavailable(ran, address)
        thread.join(10)


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=words)
def test_an_empty_redis_is_unavailable_and_does_not_deny(world, bare_stack, unchanged, tmp_path, command):
    """An empty Redis grants nothing and denies nothing."""
    ran = world.erin(*named(command, unchanged, tmp_path), "--redis", bare_stack.redis)
    assert_unavailable(ran, bare_stack.redis)


# ---- servers that are only just coming up ----

COMING_UP_SECONDS = 1


@contextlib.contextmanager
def coming_up(address):
    """The address of a server that refuses connections at first, and leads to `address` from then on."""
    who, at, address = address.rpartition("@")
    host, port = address.split(":")
    door = socket.socket()
    door.bind(("127.0.0.1", 0))

    def pass_on(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                near, far = door.accept()[0], socket.create_connection((host, int(port)))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    def open_door():
        door.listen()
        threading.Thread(target=serve, daemon=True).start()

    later = threading.Timer(COMING_UP_SECONDS, open_door)
    later.start()
    try:
        yield f"{who}{at}127.0.0.1:{door.getsockname()[1]}"
    finally:
        later.join()
        door.close()


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=words)
def test_wait_covers_a_redis_that_is_coming_up(world, ws, tmp_path, command):
    world.erin("sharing", "share", ws, "--user", "alice,bob").done()
    args = named(command, ws, tmp_path)
    with coming_up(world.stack.redis) as redis_address:
        ran = world.erin(*args, "--wait", "30s", "--redis", redis_address)
    assert ran.code == DONE, ran
    assert not re.search("sharebus:|waiting", ran.err), ran


def test_no_wait_and_no_flag_tell_at_once_that_redis_is_not_there(world, ws):
    for flags in (["--no-wait"], [], ["--wait", "9s", "--no-wait"]):
        args = ("sharing", "show", ws, *flags, "--redis", closed_port())
        assert_unavailable(world.erin(*args, seconds=5), closed_port(), "Redis")


def test_status_tells_what_is_so_now(world):
    ran = world.erin("status", "--wait", "60s", "--redis", closed_port(), seconds=30)
    assert ran.code == UNAVAILABLE


def test_wait_covers_an_index_that_no_consumer_has_made_yet(world, tmp_path):
    own = ("--prefix", "later", "--consumer-group", f"later-{world.tag}")
    path = tmp_path / "later.json"
    path.write_text(json.dumps({"organizations": [{"name": f"later-{world.tag}"}]}))
    apply = ("directory", "apply", path, *own, "--wait", "60s")
    with subprocess.Popen(
        [world.stack.bin / "sharebus", *apply], env=world.stack.env(args=apply), stderr=subprocess.PIPE
    ) as waits:
        with pytest.raises(subprocess.TimeoutExpired):
            waits.wait(COMING_UP_SECONDS)
        with subprocess.Popen(
            [world.stack.bin / "sharebus-consumer", *own, "--instance", "later"],
            env=world.stack.env(args=own),
            stderr=subprocess.DEVNULL,
        ) as late:
            try:
                assert waits.wait(60) == DONE and waits.stderr.read() == b""
            finally:
                late.terminate()


def test_wait_covers_topics_that_are_made_meanwhile(world, bare_stack, ws):
    """The topics are those of another cluster: once they are there, that is what is wrong."""
    make_topics(bare_stack, {})
    share = ("sharing", "share", ws, "--user", "bob", "--brokers", bare_stack.brokers)
    world.erin(*share, "--wait", "1s").failed(UNAVAILABLE, "topics create")
    later = threading.Timer(COMING_UP_SECONDS, make_topics, (bare_stack, TOPICS))
    later.start()
    ran = world.erin(*share, "--wait", "60s", seconds=50)
    later.join()
    ran.failed(UNAVAILABLE, "another deployment")


def all_that_is_shown(terminal):
    """What was written to a terminal, up to when nobody has it open: it comes in pieces, and then reading fails."""
    shown = b""
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    return shown.decode()


def on_a_terminal(world, *args):
    """Runs it with a terminal as its stderr; gives back the exit code and what was written there."""
    ours, theirs = os.openpty()
    command = [world.stack.bin / "sharebus", *args]
    env = world.stack.env(SHAREBUS_USER="erin")
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = all_that_is_shown(ours)
        return process.wait(PROGRAM_SECONDS), shown


def test_a_terminal_shows_what_is_waited_for(world, ws):
    args = ("sharing", "show", ws, "--wait", "2s", "--redis", closed_port())
    code, shown = on_a_terminal(world, *args)
    assert code == UNAVAILABLE and "waiting for the index in Redis" in shown
    assert shown.rsplit("\r\x1b[K", 1)[1].startswith("sharebus: Redis at")


def redis_of(stack):
    return stack.redis_client()


@pytest.fixture
def foreign_index(world, bare_stack):
    """A copy of the whole index in the other Redis, marked as another Kafka cluster's."""
    there, here = redis_of(bare_stack), redis_of(world.stack)
    there.flushall()
    for key in here.scan_iter(count=1000):
        value = here.dump(key)
        if value is None:  # the consumer has removed it meanwhile: what is published is no longer unsent
            continue
        there.restore(key, 0, value, replace=True)
        if key.endswith(b":mark"):
            there.hset(key, "cluster", "another-cluster")
    yield bare_stack.redis
    there.flushall()


@pytest.mark.parametrize("command", WRITING, ids=words)
def test_the_index_of_another_deployment_is_refused(
    world, unchanged, foreign_index, tmp_path, command
):
    ran = world.erin(*named(command, unchanged, tmp_path), "--redis", foreign_index)
    assert_unavailable(ran, foreign_index, "another", world.stack.bootstrap)


@pytest.mark.parametrize(
    "doctored",
    [
        {"cluster": "another-cluster"},
        {"partitions": "6"},
        {"layout": "99"},
        {"layout": "1"},
        {"state": "rebuilding"},
        None,
    ],
    ids=str,
)
def test_a_mark_that_is_not_good_is_unavailable(world, unchanged, doctored):
    """The mark of the workspace's partition alone, in a copy of the index under another prefix."""
    index = redis_of(world.stack)
    number = uuid.UUID(world.shown(unchanged)["workspace"]["id"]).bytes
    (key,) = [k for k in index.scan_iter(match=b"sb:*:ws:*", count=5000) if k.endswith(number)]
    mark = key.split(b":ws:")[0] + b":mark"
    try:
        for one in index.scan_iter(match=b"sb:*", count=5000):
            index.copy(one, b"cp" + one[2:], replace=True)
        theirs = b"cp" + mark[2:]
        show = ("sharing", "show", f"erin/{unchanged}", "--prefix", "cp")
        world.erin(*show).done()
        if doctored is None:
            index.delete(theirs)
        else:
            index.hset(theirs, mapping=doctored)
        world.erin(*show).failed(UNAVAILABLE, world.stack.redis_named)
    finally:
        for one in index.scan_iter(match=b"cp:*", count=5000):
            index.delete(one)


# ---- the consumer is not there ----


def consumer(stack, *args, seconds=30, **env):
    """Runs a consumer that must end by itself."""
    return run([stack.bin / "sharebus-consumer", *args], stack.env("consumer", args, **env), seconds)


def refused(ran, *words):
    """It ended with exit code 3, and its last line is a sentence with these words."""
    assert ran.code == UNAVAILABLE and ran.out == "", ran
    last = ran.err.splitlines()[-1]
    assert re.match(r"20\S+Z error ", last), ran
    for word in words:
        assert word in last, ran


def test_a_stopped_consumer_times_out_and_the_command_can_be_repeated(world, ws):
    command = bus.new_id()
    share = ("sharing", "share", ws, "--user", "bob")
    world.stack.down("consumer")
    try:
        ran = world.erin(*share, "--wait", "2s", "--command-id", command, seconds=2 + GRACE_SECONDS)
        fresh = world.erin(*share, "--wait", "1s", "-o", "json", seconds=1 + GRACE_SECONDS)
        quick = world.erin(*share, "--no-wait").done()
        looked = world.erin("sharing", "show", ws)
    finally:
        world.stack.up()
    assert ran.code == UNAVAILABLE and ran.out == ""
    assert command in ran.err and re.search(r"\b\d+:\d+\b", ran.err)
    assert looked.code == DONE and looked.out == ""  # the index still answers
    assert re.fullmatch(r"\d+:\d+\n", quick.out)
    assert fresh.code == UNAVAILABLE and fresh.json["position"]
    assert fresh.json["command_id"] in fresh.err
    again = world.erin(*share, "--command-id", command, "-o", "json").done().json
    assert (again["outcome"], again["command_id"]) == ("duplicate", command)
    assert [u["username"] for u in again["users"]] == ["bob"]
    assert re.fullmatch(r"sharebus: [^\n]+\n", ran.err), "more than one sentence: " + ran.err


def ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def waiting(world, ws, command, wait, **more):
    """A share that waits for its outcome: it is on the log, but no consumer runs to decide it."""
    args = ["sharing", "share", ws, "--user", "bob", "--wait", wait, "--command-id", command]
    world.stack.down("consumer")
    before = topic_end(world.stack, "sharing.commands")
    try:
        process = subprocess.Popen(
            [world.stack.bin / "sharebus", *args],
            env=world.stack.env(SHAREBUS_USER="erin"), stderr=subprocess.PIPE, text=True, **more,
        )  # fmt: skip
        try:
            until("it is sent", lambda: topic_end(world.stack, "sharing.commands") > before)
            yield process
        finally:
            process.kill()
            process.wait()
    finally:
        world.stack.up()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_how_to_repeat_it(world, ws, number):
    command = bus.new_id()
    with waiting(world, ws, command, "60s") as process:
        process.send_signal(number)
        said = process.communicate(timeout=GRACE_SECONDS)[1]
    assert process.returncode == -number
    assert re.fullmatch(rf"sharebus: interrupted; [^\n]+ --command-id {command}\n", said), said
    again = world.erin("sharing", "share", ws, "--user", "bob", "--command-id", command, "-o", "json")
    assert again.done().json["outcome"] == "duplicate"


def test_an_ignored_interrupt_does_not_end_the_command(world, ws):
    """As under nohup, or in the background of a script."""
    command = bus.new_id()
    with waiting(world, ws, command, "3s", preexec_fn=ignore_interrupts) as process:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == UNAVAILABLE and "in time" in said


def test_a_redis_that_hangs_while_waiting_is_named(world, ws):
    command = bus.new_id()
    server = int((world.stack.dir / "run" / "redis.pid").read_text().split()[0])
    with waiting(world, ws, command, "15s") as process:
        os.kill(server, signal.SIGSTOP)
        try:
            said = process.communicate(timeout=60)[1]
        finally:
            os.kill(server, signal.SIGCONT)
    assert process.returncode == UNAVAILABLE
    assert re.search(rf"Redis at .* on the log at \d+:\d+, .*--command-id {command}\n", said), said


# ---- output that cannot be written ----

SPEAKING = [
    ["--help"],
    ["sharing", "show", "WS"],
    ["sharing", "share", "WS", "--user", "alice", "-o", "json"],
    ["list", "--search", "owner:me"],
    ["check", "alice", "read", "WS"],
    ["explain", "alice", "WS"],
    ["directory", "show"],
    ["status"],
]


def unheard(world, command, redirection):
    """Runs the program with an output that takes nothing: full, or closed."""
    argv = ["sh", "-c", f'exec "$@" {redirection}', "-", world.stack.bin / "sharebus", *command]
    return run(argv, world.stack.env(SHAREBUS_USER="erin"))


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", "<&- >&-"])
@pytest.mark.parametrize("command", SPEAKING, ids=words)
def test_output_that_cannot_be_written_is_not_a_success(world, ws, command, redirection):
    world.erin("sharing", "share", ws, "--user", "alice").done()
    server = redis_of(world.stack)
    errors = server.info("errorstats").get("errorstat_ERR")
    ran = unheard(world, [{"WS": f"erin/{ws}"}.get(a, a) for a in command], redirection)
    ran.failed(UNAVAILABLE, "standard output cannot be written")
    assert server.info("errorstats").get("errorstat_ERR") == errors  # and Redis did not get the text either
    if "share" in command:
        assert re.search(r"the command [0-9a-f-]{36} at \d+:\d+ was decided: unchanged", ran.err)


def test_a_position_that_cannot_be_written_is_reported(world, ws):
    share = ["sharing", "share", f"erin/{ws}", "--user", "alice", "--no-wait"]
    ran = unheard(world, share, ">/dev/full")
    assert_unavailable(ran, "standard output cannot be written", told_id=True)


# ---- watching ----


def watch(world, state, *args, **more):
    return world.stack.sharebus("watch", "--state", state, "--settled", "--wait", "30s", *args, **more)


def test_watch_shows_each_event_and_notification_once(world, ws, tmp_path):
    state = tmp_path / "state"
    assert watch(world, state).done().out == ""
    world.erin("sharing", "share", ws, "--user", "bob", "--group", "contractor").done()
    world.stack.sharebus("sharing", "share", f"erin/{ws}", "--user", "dave", as_user="bob")
    lines = sorted(watch(world, state).done().out.splitlines())
    assert [line.split()[0] for line in lines] == ["event"] + ["notification"] * 3 + ["rejected"]
    assert "user bob none -> use, group contractor none -> use" in lines[0]
    told = [re.match(r"notification +to (\w+): Erin shared workspace", line)[1] for line in lines[1:4]]
    assert told == ["bob", "carol", "dave"]
    assert "forbidden" in lines[4] and "bob" in lines[4]
    assert watch(world, state).done().out == ""


def test_watch_shows_what_was(world, ws):
    """An old event is among those since a time before it and from the beginning, not among those since later."""
    settled = ("watch", "--settled", "--wait", "30s")
    world.erin("sharing", "share", ws, "--user", "bob").done()
    shown = f"event         erin/{ws} version"
    for since in (["--from-beginning"], ["--since", "1h"], ["--since", "2020-01-01T00:00Z"]):
        assert shown in world.stack.sharebus(*settled, *since).done().out, since
    later = world.stack.sharebus(*settled, "--since", "9000-01-01T00:00Z").done()
    assert later.out == "" and world.stack.sharebus(*settled).done().out == ""


@pytest.mark.parametrize(
    "flags", [["--since", "yesterday"], ["--since", "1h", "--from-beginning"], ["--since", "1h", "--state", "x"]], ids=str
)
def test_watch_begins_in_one_place(world, flags):
    world.erin("watch", *flags).failed(USAGE, "--since")


def test_watch_tells_a_terminal_that_it_waits(world):
    ours, theirs = os.openpty()
    command = [world.stack.bin / "sharebus", "watch"]
    with subprocess.Popen(command, env=world.stack.env(), stderr=theirs) as process:
        os.close(theirs)
        told = os.read(ours, 1)
        process.terminate()
        told = told.decode() + all_that_is_shown(ours)
        assert process.wait(PROGRAM_SECONDS) == DONE
    assert told.startswith("waiting for events")


def test_nobody_is_told_of_a_loss_while_access_stays_by_another_path(world, ws, tmp_path):
    """Carol is in the group and has a grant of her own; dave is in the group."""
    state = tmp_path / "state"
    world.erin("sharing", "share", ws, "--user", "carol", "--group", "contractor").done()
    watch(world, state).done()
    world.erin("sharing", "remove", ws, "--group", "contractor").done()
    (removed,) = [n for n in watch(world, state).done().out.splitlines() if n.startswith("notification")]
    assert re.match(r"notification +to dave: Erin no longer shares workspace", removed)
    world.erin("sharing", "share", ws, "--user", "carol:admin").done()
    (raised,) = [n for n in watch(world, state).done().out.splitlines() if n.startswith("notification")]
    assert re.match(r"notification +to carol: Erin changed your role on workspace \S+ to admin", raised)


def test_watch_in_json_prints_the_records(world, ws, tmp_path):
    watch(world, tmp_path / "state").done()
    shared = world.erin("sharing", "share", ws, "--user", "bob", "-o", "json").done().json
    lines = watch(world, tmp_path / "state", "-o", "json").done().out.splitlines()
    events = {e["type"]: e["record"] for e in map(json.loads, lines)}
    assert set(events) == {"SharingChanged", "Notification"}
    assert events["SharingChanged"]["command_id"] == shared["command_id"]
    assert events["SharingChanged"]["version"] == shared["version"]


def test_watch_does_not_skip_what_could_not_be_shown(world, ws, tmp_path):
    """The output was full: the next watch shows what could not be written."""
    state = tmp_path / "state"
    watch(world, state).done()
    world.erin("sharing", "share", ws, "--user", "bob").done()
    for redirection in (">/dev/full", ">&-"):
        ran = unheard(world, ["watch", "--state", state, "--settled"], redirection)
        ran.failed(UNAVAILABLE, "standard output cannot be written")
    seen = watch(world, state).done().out.splitlines()
    assert sorted(line.split()[0] for line in seen) == ["event", "notification"]


def test_watch_ends_when_its_reader_is_gone(world, ws):
    """As in `watch | head -1`."""
    watching = subprocess.Popen(
        [world.stack.bin / "sharebus", "watch"], env=world.stack.env(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        watching.stdout.close()

        def has_ended():
            world.erin("sharing", "share", ws, "--user", "bob").done()
            world.erin("sharing", "remove", ws, "--user", "bob")
            return watching.poll() is not None

        until("watch has ended", has_ended)
    finally:
        watching.kill()
        watching.wait()
    assert watching.returncode == UNAVAILABLE


@pytest.mark.parametrize("output", ["table", "json"])
def test_the_outcome_is_reported_even_if_the_list_cannot_be_shown(world, ws, output):
    """Redis refuses to read hashes; the consumer still has the workspace in memory and needs none."""
    world.erin("sharing", "share", ws, "--user", "alice").done()
    index, who = redis_of(world.stack), "sharebus-all" if world.stack.secured else "default"
    assert world.stack.ops("freeze", "consumer").returncode == 0
    try:
        end = topic_end(world.stack, "sharing.commands")
        share = [world.stack.bin / "sharebus", "sharing", "share", ws, "--user", "bob", "-o", output]
        asking = subprocess.Popen(
            share, env=world.stack.env(SHAREBUS_USER="erin"), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        until("the command on the log", lambda: topic_end(world.stack, "sharing.commands") > end)
        index.acl_setuser(who, enabled=True, commands=["-hgetall"])
        assert world.stack.ops("thaw", "consumer").returncode == 0
        out, err = asking.communicate(timeout=60)
    finally:
        index.acl_setuser(who, enabled=True, commands=["+hgetall"])
        world.stack.ops("thaw", "consumer")
    said = re.fullmatch(r"sharebus: the command ([0-9a-f-]{36}) at (\d+:\d+) was decided: applied; .+\n", err)
    assert asking.returncode == UNAVAILABLE and said, err
    if output == "json":
        told = json.loads(out)
        assert (told["command_id"], told["position"], told["outcome"]) == (*said.groups(), "applied")
    assert [u["username"] for u in world.shown(ws)["users"]] == ["alice", "bob"]


def test_a_directory_timeout_says_what_it_waited_for(world, tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"users": [{"username": f"late-{world.tag}", "organizations": ["acme"]}]}))
    world.stack.down("consumer")
    try:
        args = ("directory", "apply", path, "--wait", "1s")
        ran = world.erin(*args, seconds=1 + GRACE_SECONDS)
    finally:
        world.stack.up()
    ran.failed(UNAVAILABLE, "the directory")
    assert "-1" not in ran.err


def test_the_consumer_refuses_a_redis_that_evicts(bare_stack, world):
    server = redis_of(bare_stack)
    server.config_set("maxmemory-policy", "allkeys-lru")
    try:
        ran = consumer(world.stack, "--redis", bare_stack.redis, "--consumer-group", "unused")
    finally:
        server.config_set("maxmemory-policy", "noeviction")
    refused(ran, "may evict keys", "noeviction", bare_stack.redis)
    assert server.dbsize() == 0


def test_the_consumer_refuses_the_index_of_another_deployment(world, foreign_index):
    ran = consumer(world.stack, "--redis", foreign_index, "--consumer-group", "unused")
    refused(ran, foreign_index, "another-cluster")


@pytest.mark.parametrize(
    "args, words",
    [
        (["--max-grants", "many"], ["max-grants", "many"]),
        (["--max-grants", "0"], ["max-grants"]),
        (["--log-level", "loud"], ["loud"]),
        (["--config", "/nowhere/x.conf"], ["/nowhere/x.conf"]),
        (["--redis", "nowhere"], ["address of Redis"]),
        (["--frobnicate"], ["frobnicate"]),
        (["operand"], ["operand"]),
    ],
    ids=" ".join,
)
def test_wrong_usage_of_the_consumer_is_named(world, args, words):
    ran = consumer(world.stack, *args)
    assert ran.code == USAGE and ran.out == "", ran
    (line,) = ran.err.splitlines()
    assert [w for w in words if w not in line] == [], ran


@pytest.mark.parametrize("missing", ["brokers", "redis"])
def test_the_consumer_waits_visibly_for_missing_servers(world, missing, tmp_path):
    """It stops when it is told to."""
    log = tmp_path / "log"
    program = world.stack.bin / "sharebus-consumer"
    args = [program, f"--{missing}", closed_port(), "--consumer-group", "unused"]
    with log.open("w") as out:
        p = subprocess.Popen(args, env=world.stack.env(), stdout=out, stderr=out)
    try:
        until("it says what it waits for", lambda: closed_port() in log.read_text())
        assert p.poll() is None
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0, log.read_text()
    finally:
        p.kill()
        p.wait()


@pytest.mark.parametrize(
    ("brokers", "why"),
    [("127.0.0.1:1", "Connection refused"), ("no-such-host.invalid:9092", "Failed to resolve")],
)
@pytest.mark.parametrize("command", [["topics", "create"], ["deadletter", "list"]])
def test_why_no_broker_answers_is_said(world, command, brokers, why):
    ran = world.stack.sharebus(*command, "--wait", "3s", SHAREBUS_BROKERS=brokers)
    ran.failed(UNAVAILABLE, f"no Kafka broker answers at {brokers}: ", why)


def ends_of(world, ws):
    shown = world.erin("sharing", "show", ws, "-o", "json").json
    return [u["expires_at"] for u in shown["users"]]


def test_sharing_again_keeps_the_end(world, ws):
    share = lambda *words: world.erin("sharing", "share", ws, "--wait", "60s", *words)  # noqa: E731
    told = share("--user", "alice", "--expires", "8h").done()
    assert told.out.split("\n")[0].split() == ["USER", "GROUP", "ROLE", "EXPIRES"]
    (end,) = ends_of(world, ws)
    assert end
    share("--user", "alice:admin").done()
    assert ends_of(world, ws) == [end]
    share("--user", "alice:use", "--expires", "9h").done()
    assert ends_of(world, ws) not in ([end], [None])
    share("--user", "alice:use", "--expires", "1h", "--no-expires").failed(USAGE, "--no-expires")
    told = share("--user", "alice", "--no-expires").done()
    assert told.out.split("\n")[0].split() == ["USER", "GROUP", "ROLE"]
    assert ends_of(world, ws) == [None]


def owners(world):
    rows = world.stack.sharebus("status", "-o", "json").json["partitions"]
    return {row["owner"] for row in rows}


def test_two_consumers_without_a_name_share_the_work(world, ws, tmp_path):
    log = tmp_path / "log"
    with log.open("w") as out:
        env = world.stack.env("consumer")
        p = subprocess.Popen([world.stack.bin / "sharebus-consumer"], env=env, stdout=out, stderr=out)
    try:
        until("both own partitions", lambda: len(owners(world) - {None}) == 2)
        for role in ("use", "admin") * 3:
            world.erin("sharing", "share", ws, "--user", f"bob:{role}", "--wait", "60s").done()
        assert p.poll() is None, log.read_text()
    finally:
        p.terminate()
        assert p.wait(60) == 0, log.read_text()
    until("one owns all", lambda: len(owners(world)) == 1 and None not in owners(world))


# ---- topics with wrong settings ----


def make_topics(stack, topics):
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    there = [t for t in admin.list_topics(timeout=60).topics if t.startswith("sharing.")]
    if there:
        for f in admin.delete_topics(there, operation_timeout=60).values():
            f.result(60)

        def gone():
            return not set(there) & set(admin.list_topics(timeout=60).topics)

        until("the topics are gone", gone)
    if topics:
        for f in admin.create_topics([NewTopic(t, n, 1) for t, n in topics.items()]).values():
            f.result(60)

    def known():
        found = admin.list_topics(timeout=60).topics.items()
        return {t: len(m.partitions) for t, m in found if t.startswith("sharing.")} == topics

    until("the topics are there", known)


def all_but(topic):
    return {t: n for t, n in TOPICS.items() if t != topic}


WRONG_LAYOUTS = {
    "no topic": ({}, ["sharing.", "topics create"]),
    "no grants": (all_but("sharing.grants"), ["sharing.grants", "topics create"]),
    "no directory": (all_but("sharing.directory"), ["sharing.directory", "topics create"]),
    "grants with 6": (TOPICS | {"sharing.grants": 6}, ["sharing.grants", "6", "12"]),
    "directory with 2": (TOPICS | {"sharing.directory": 2}, ["sharing.directory", "2", "1"]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_LAYOUTS)
def test_wrong_topics_are_named_with_the_remedy(world, bare_stack, unchanged, tmp_path, what):
    topics, words_ = WRONG_LAYOUTS[what]
    make_topics(bare_stack, topics)
    for command in WRITING:
        args = named(command, unchanged, tmp_path)
        world.erin(*args, "--brokers", bare_stack.brokers).failed(UNAVAILABLE, *words_)
    refused(consumer(bare_stack), *words_)


def test_topics_are_created_once_and_their_number_stays(world, bare_stack):
    make_topics(bare_stack, {})
    made = bare_stack.sharebus("topics", "create", "--partitions", "6").done()
    assert sorted(made.out.splitlines()) == sorted(f"{t} created" for t in TOPICS)
    again = bare_stack.sharebus("topics", "create", "--partitions", "6").done()
    assert sorted(again.out.splitlines()) == sorted(f"{t} exists" for t in TOPICS)
    ran = bare_stack.sharebus("topics", "create", "--partitions", "12")
    assert ran.code == UNAVAILABLE and "6" in ran.err and "12" in ran.err
    args = ("sharing", "share", "dev", "--user", "bob", "--brokers", bare_stack.brokers)
    ran = world.erin(*args[:2], world.workspace(), *args[3:])
    ran.failed(UNAVAILABLE, bare_stack.brokers)  # another cluster


def test_topics_have_the_settings_of_the_design(world):
    admin = AdminClient({"bootstrap.servers": world.stack.brokers})
    day = 24 * 3600 * 1000
    wanted = {
        "sharing.commands": {
            "cleanup.policy": "delete",
            "retention.ms": str(7 * day),
            "message.timestamp.type": "LogAppendTime",
        },
        "sharing.directory": {"cleanup.policy": "compact", "max.message.bytes": str(16 * 2**20)},
        "sharing.events": {"cleanup.policy": "delete", "retention.ms": str(30 * day)},
        "sharing.notifications": {"cleanup.policy": "delete", "retention.ms": str(7 * day)},
        "sharing.handoffs": {"cleanup.policy": "delete", "retention.ms": str(30 * day)},
        "sharing.grants": {"cleanup.policy": "compact"},
        "sharing.deadletter": {"cleanup.policy": "delete", "retention.ms": str(30 * day)},
    }
    resources = [ConfigResource(ConfigResource.Type.TOPIC, t) for t in wanted]
    for resource, future in admin.describe_configs(resources).items():
        found = future.result(60)
        must = wanted[resource.name]
        assert {k: found[k].value for k in must} == must, resource.name
    topics = admin.list_topics(timeout=60).topics
    assert {t: len(topics[t].partitions) for t in TOPICS} == TOPICS


def test_a_consumer_that_has_seen_no_command_can_be_stopped_and_started(bare_stack):
    """No partition has a committed offset yet."""
    redis_of(bare_stack).flushall()
    make_topics(bare_stack, {})
    bare_stack.sharebus("topics", "create").done()
    try:
        bare_stack.up("kafka,redis,consumer")
        bare_stack.down("consumer")
        bare_stack.up("kafka,redis,consumer")
    finally:
        bare_stack.down("consumer")
        redis_of(bare_stack).flushall()
