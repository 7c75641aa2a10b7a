"""Signed records: what is not signed, or beyond its key's rights, changes nothing; events name the key; whoever
writes to Redis cannot speak on the bus.

One deployment, whose consumer requires signatures. Producers sign by the README's program, not by our code.
"""

import base64
import itertools
import json
import re
import subprocess
import time
import sys
import types
import uuid
from pathlib import Path

import bus
import load
import pytest
import telling
import world as worlds
from environment import environment
from mail_server import MailServer
from stack import fail_or_skip, role_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

from reader import partition_of  # noqa: E402

IDS = {name: str(uuid.uuid4()) for name in ("acme", "erin", "alice", "bob", "carol")}
PEOPLE = ("erin", "alice", "bob", "carol")
KEYS = {
    "consumer": "system",
    "operator": "facts",
    "gateway": "share,act-as:*",
    "erins": f"share,act-as:{IDS['erin']}",
}
USER = {"name": "", "email": "", "status": "active", "kind": "user", "site_role": "member", "organizations": []}
PARTITIONS = 12
DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)
PATIENCE_S = 60


def readme_program(name):
    """A program that stands in the README, as a module."""
    text = (bus.REPO / "README.md").read_text()
    found = types.ModuleType(name)
    exec(re.search(rf"```python\n(# {name}\.py.*?)```", text, re.DOTALL)[1], found.__dict__)
    return found


SIGN = readme_program("sign")


class Scene:
    def __init__(self, world):
        self.world = world
        self.brokers = world.brokers
        self.home = world.folder
        self.all_keys = self.home / "all.keys"
        self.lines = {}
        bus.create_topics(self.brokers, load.sharebus_program())
        for key, rights in KEYS.items():
            ran = self.sharebus("keys", "create", key, "--may", rights, "--file", self.all_keys)
            assert ran.returncode == DONE, ran
        for line in self.all_keys.read_text().splitlines():
            self.lines[line.split()[0]] = line
            self.key_file(line.split()[0]).write_text(line + "\n")
            self.key_file(line.split()[0]).chmod(0o600)
        self.consumer = self.start()
        self.workspaces = {}
        self.apply({f"dev-{n}": str(uuid.uuid4()) for n in range(40)})
        self.unused = iter(self.workspaces.items())

    def key_file(self, key):
        return self.home / f"{key}.key"

    def start(self, **settings):
        signed = {
            "SHAREBUS_KEYS_FILE": str(self.all_keys),
            "SHAREBUS_SIGNING_KEY": "consumer",
            "SHAREBUS_REQUIRE_SIGNATURES": "yes",
        }
        return self.world.start_consumer(settings={**signed, **settings})

    def sharebus(self, *args, key=None, user="erin", **settings):
        told = {"SHAREBUS_USER": user}
        if key:
            told["SHAREBUS_KEYS_FILE"] = str(self.key_file(key))
        env = self.world.env(role_of(args), **told | settings)
        command = [load.sharebus_program(), *map(str, args)]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    def content(self):
        return {
            "organizations": [{"name": "acme", "id": IDS["acme"]}],
            "users": [
                {"username": n, "id": IDS[n], "email": f"{n}@example.com", "organizations": ["acme"]} for n in PEOPLE
            ],
            "workspaces": [
                {"name": n, "id": i, "owner": "erin", "organization": "acme"} for n, i in self.workspaces.items()
            ],
        }

    def apply(self, workspaces, *flags, key="operator"):
        self.workspaces |= workspaces
        path = self.home / "directory.json"
        path.write_text(json.dumps(self.content()))
        ran = self.sharebus("directory", "apply", *flags, path, "-o", "json", "--wait", "30s", key=key)
        assert ran.returncode == DONE, ran
        return json.loads(ran.stdout)

    def workspace(self):
        """(name, id) of a workspace of erin's that no other test uses."""
        return next(self.unused)

    def share(self, name, who="alice", key=None, user="erin", *flags):
        return self.sharebus("sharing", "share", name, "--user", who, *flags, "-o", "json", key=key, user=user)

    def is_unshared(self, name):
        ran = self.sharebus("sharing", "show", name, "-o", "json")
        assert ran.returncode == DONE, ran
        shown = json.loads(ran.stdout)
        return not shown["users"] and not shown["group"]

    def may(self, user, name):
        ran = self.sharebus("check", user, "ssh", f"erin/{name}")
        assert ran.returncode in (DONE, NO), ran
        return ran.returncode == DONE

    def letters(self):
        listed = json.loads(self.sharebus("deadletter", "list", "-o", "json").stdout)
        return {letter["position"]: letter for letter in listed}

    def new_letters(self, before, count):
        """Those that were not there before, the oldest first."""

        def new():
            found = [letter for position, letter in self.letters().items() if position not in before]
            return found if len(found) == count else None

        return self.wait(f"{count} dead letters", new)

    def wait_directory(self):
        end = bus.log_ends(self.brokers, bus.DIRECTORY)[0]
        redis = self.world.redis()
        self.wait("the directory", lambda: int(redis.hget("sb:{dir}:mark", "applied")) >= end)
        redis.close()

    def stop(self):
        self.consumer.terminate()

    def command(self, workspace_id, actor="erin", user="alice", kind="user"):
        """(command id, value) of a ShareWorkspace"""
        command_id = bus.new_id()
        record = {
            "command_id": command_id,
            "issued_at": int(time.time() * 1000),
            "actor": {"id": IDS.get(actor, bus.NIL_ID), "kind": kind},
            "workspace_id": workspace_id,
            "grants": [{"subject": {"kind": "user", "id": IDS[user]}, "role": "use", "expires_at": None}],
        }
        return command_id, bus.encode("ShareWorkspace", record)

    def signed(self, key, topic, record_key, value):
        return SIGN.headers(self.lines[key], topic.encode(), record_key, value)

    def write(self, topic, key, value, headers):
        bus.send_all(self.brokers, topic, [(key, value, headers)])

    def events(self):
        """{command id: (name, record)}"""
        out = {}
        for messages in bus.read_topic(self.brokers, bus.EVENTS).values():
            for m in messages:
                if m.value():
                    name, record = bus.decode(m.value())
                    out[record["command_id"]] = (name, record)
        return out

    def event(self, command_id):
        return self.wait("the event", lambda: self.events().get(command_id))

    def wait(self, what, condition):
        return self.world.wait(what, condition, PATIENCE_S, alive=[self.consumer], every_s=0.1)

    def log(self):
        return self.consumer.log.read_text(errors="replace")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    try:
        world = worlds.World(tmp_path_factory.mktemp("signed"))
    except worlds.NoStack as error:
        fail_or_skip(f"there is no Kafka to test with: {error}")
    try:
        yield Scene(world)
    finally:
        world.close()


# ---- the command line ----


def test_a_signed_command_is_applied_and_its_event_names_the_key(scene):
    name, workspace = scene.workspace()
    ran = scene.share(name, key="gateway")
    assert ran.returncode == DONE, ran
    (event,) = (r for n, r in scene.events().values() if n == "SharingChanged" and r["workspace"]["id"] == workspace)
    assert event["signed_by"] == "gateway"
    assert event["actor"]["id"] == IDS["erin"]
    watched = scene.sharebus("watch", "--from-beginning", "--settled").stdout
    assert f"{name} version 2, by erin (key gateway): user alice" in watched


def test_an_unsigned_command_is_rejected(scene):
    name, _ = scene.workspace()
    ran = scene.share(name)
    assert ran.returncode == NO, ran
    answer = json.loads(ran.stdout)
    assert answer["code"] == "unsigned" and "the command is not signed" in answer["message"], ran
    name_of_event, event = scene.events()[answer["command_id"]]
    assert (name_of_event, event["code"], event["signed_by"]) == ("CommandRejected", "unsigned", None)
    assert scene.is_unshared(name)


def test_a_key_acts_only_as_whom_it_may(scene):
    name, workspace = scene.workspace()
    ran = scene.share(workspace, key="erins", user="bob")
    assert ran.returncode == NO, ran
    answer = json.loads(ran.stdout)
    assert answer["code"] == "key_may_not", ran
    assert f"the key erins lacks the right act-as:{IDS['bob']}" in answer["message"]
    assert scene.events()[answer["command_id"]][1]["signed_by"] == "erins"
    assert scene.is_unshared(name)
    assert scene.share(name, key="erins").returncode == DONE


def test_a_rejected_command_is_not_remembered(scene):
    name, _ = scene.workspace()
    command_id = bus.new_id()
    assert scene.share(name, "alice", None, "erin", "--command-id", command_id).returncode == NO
    ran = scene.share(name, "alice", "gateway", "erin", "--command-id", command_id)
    assert ran.returncode == DONE and json.loads(ran.stdout)["outcome"] == "applied", ran


def test_keys_are_made_and_listed(scene, tmp_path):
    path = tmp_path / "new.keys"
    may = "share,act-as:erin,act-as:" + IDS["bob"]
    ran = scene.sharebus("keys", "create", "ci", "--may", may, "--file", path)
    assert (ran.returncode, ran.stderr) == (DONE, ""), ran
    assert path.stat().st_mode & 0o777 == 0o600
    (line,) = path.read_text().splitlines()
    key, secret, rights = line.split()
    assert key == "ci" and len(base64.b64decode(secret, validate=True)) == 32 and secret not in ran.stdout
    assert set(rights.split(",")) == {"share", f"act-as:{IDS['erin']}", f"act-as:{IDS['bob']}"}
    for args, code, word in (
        (("ci", "--may", "share"), USAGE, "has a key ci already"),
        (("x", "--may", "share,all"), USAGE, '"all" is no right'),
        (("x", "--may", "share,act-as:nobody"), UNKNOWN, "nobody"),
        (("x",), USAGE, "--may"),
        (("x/y", "--may", "share"), USAGE, "a key's id has"),
    ):
        ran = scene.sharebus("keys", "create", *args, "--file", path)
        assert ran.returncode == code and word in ran.stderr, ran
    assert path.read_text() == line + "\n"
    printed = scene.sharebus("keys", "create", "more", "--may", "facts").stdout
    assert re.fullmatch(r"more [A-Za-z0-9+/]{43}= facts\n", printed)
    path.write_text(line + "\n" + printed)
    listed = scene.sharebus("keys", "list", SHAREBUS_KEYS_FILE=str(path)).stdout
    assert "more" in listed and "act-as" in listed and secret not in listed and printed.split()[1] not in listed
    as_json = json.loads(scene.sharebus("keys", "list", "--file", path, "-o", "json").stdout)
    assert as_json[1] == {"id": "more", "may": ["facts"]}
    path.chmod(0o644)
    for command in (("keys", "list"), ("sharing", "share", "dev-0", "--user", "bob")):
        ran = scene.sharebus(*command, SHAREBUS_KEYS_FILE=str(path))
        assert ran.returncode == USAGE and "everybody may read it" in ran.stderr, ran


def test_a_consumer_with_the_wrong_keys_does_not_start(scene, tmp_path):
    public = tmp_path / "public.keys"
    public.write_text(scene.lines["consumer"] + "\n")
    public.chmod(0o644)
    for settings, word in (
        ({"SHAREBUS_REQUIRE_SIGNATURES": "yes"}, "there are no keys; see keys-file"),
        ({"SHAREBUS_REQUIRE_SIGNATURES": "perhaps"}, "must be yes or no"),
        ({"SHAREBUS_KEYS_FILE": str(scene.key_file("gateway"))}, "key gateway, which lacks the right system"),
        ({"SHAREBUS_KEYS_FILE": str(scene.all_keys)}, "say with signing-key which one signs"),
        ({"SHAREBUS_KEYS_FILE": str(public)}, "everybody may read it"),
    ):
        ran = subprocess.run(
            [load.sharebus_program("sharebus-consumer"), "--brokers", scene.brokers, "--instance", "wrong"],
            env=environment(**settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == USAGE and word in ran.stderr, ran
        assert scene.lines["consumer"].split()[1] not in ran.stderr


# ---- a producer in another language ----


def test_what_the_readme_signs_is_applied(scene):
    _, workspace = scene.workspace()
    command_id, value = scene.command(workspace)
    headers = scene.signed("gateway", bus.COMMANDS, workspace.encode(), value)
    scene.write(bus.COMMANDS, workspace, value, headers)
    name, event = scene.event(command_id)
    assert (name, event["signed_by"]) == ("SharingChanged", "gateway")


def flipped(value, at):
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


FORGERIES = {
    "value": ("unsigned", "does not have the signature of the key gateway"),
    "key": ("unsigned", "does not have the signature of the key gateway"),
    "topic": ("unsigned", "does not have the signature of the key gateway"),
    "signature": ("unsigned", "does not have the signature of the key gateway"),
    "short signature": ("unsigned", "does not have the signature of the key gateway"),
    "no signature": ("unsigned", "the command is not signed"),
    "no key": ("unsigned", "the command is not signed"),
    "unknown key": ("unsigned", 'signed with the key "someone", which the consumer\'s keys file does not have'),
    "a key that is no id": ("unsigned", 'signed with the key "", which'),
    "another key": ("unsigned", "does not have the signature of the key erins"),
    "facts key": ("key_may_not", "the key operator lacks the right share"),
    "the system": ("key_may_not", "the key gateway lacks the right system"),
}


def forge(scene, what, workspace):
    """(command id, key, value, headers)"""
    command_id, value = scene.command(workspace, kind="system" if what == "the system" else "user")
    key = workspace.encode()
    place, signed_key, signed_value, signer = bus.COMMANDS, key, value, "gateway"
    if what == "value":  # the last digit of the subject's id, which stays an id
        last = value.index(IDS["alice"].encode()) + 35
        value = value[:last] + (b"1" if value[last : last + 1] == b"0" else b"0") + value[last + 1 :]
    elif what == "key":
        signed_key = flipped(key, 35)
    elif what == "topic":
        place = bus.DIRECTORY
    elif what == "facts key":
        signer = "operator"
    headers = dict(scene.signed(signer, place, signed_key, signed_value))
    if what == "signature":
        headers["sharebus-signature"] = flipped(headers["sharebus-signature"], 31)
    elif what == "short signature":
        headers["sharebus-signature"] = headers["sharebus-signature"][:31]
    elif what == "no signature":
        del headers["sharebus-signature"]
    elif what == "no key":
        del headers["sharebus-key"]
    elif what == "unknown key":
        headers["sharebus-key"] = b"someone"
    elif what == "a key that is no id":
        headers["sharebus-key"] = b"\x1b[2J"
    elif what == "another key":
        headers["sharebus-key"] = b"erins"
    return command_id, key, value, list(headers.items())


def test_what_is_not_signed_as_it_must_be_changes_nothing(scene):
    name, workspace = scene.workspace()
    forged = {}
    for what in FORGERIES:
        command_id, key, value, headers = forge(scene, what, workspace)
        scene.write(bus.COMMANDS, key, value, headers)
        forged[what] = command_id
    scene.event(command_id)
    events = scene.events()
    for what, command_id in forged.items():
        event_name, event = events[command_id]
        code, words = FORGERIES[what]
        assert (event_name, event["code"]) == ("CommandRejected", code), (what, event)
        assert words in event["message"], (what, event)
        assert event["signed_by"] == {"facts key": "operator", "the system": "gateway"}.get(what), what
    assert scene.is_unshared(name)


# ---- facts ----


@pytest.mark.parametrize("key", [None, "gateway"])
def test_a_directory_that_is_not_signed_as_it_must_be_is_not_said_to_be_applied(scene, tmp_path, key):
    path = tmp_path / "directory.json"
    path.write_text(json.dumps({"organizations": [{"name": "stray"}]}))
    ran = scene.sharebus("directory", "apply", path, key=key)
    assert ran.returncode == UNAVAILABLE and "organization stray was announced, but the index does not" in ran.stderr, ran
    path.write_text(json.dumps({"workspaces": [{"name": "stray", "owner": "erin", "organization": "acme"}]}))
    ran = scene.sharebus("directory", "apply", path, key=key)
    assert ran.returncode == UNAVAILABLE and "workspace stray was announced, but the index does not" in ran.stderr, ran
    path.write_text(json.dumps({"organizations": [{"name": "acme", "id": IDS["acme"]}]}))
    ran = scene.sharebus("directory", "apply", "--all", path, key=key)
    assert ran.returncode == UNAVAILABLE and "organization acme was announced, but the index does not" in ran.stderr, ran
    scene.apply({})


def test_an_unsigned_fact_is_a_dead_letter_and_replay_signs_nothing(scene):
    name, workspace = scene.workspace()
    fact = bus.encode("WorkspaceDeleted", {"workspace_id": workspace, "deleted_at": 1})
    before = scene.letters()
    scene.write(bus.COMMANDS, workspace, fact, [("ce_id", bus.new_id().encode())])
    headers = scene.signed("gateway", bus.COMMANDS, workspace.encode(), fact)
    scene.write(bus.COMMANDS, workspace, fact, [("ce_id", bus.new_id().encode()), *headers])
    unsigned, gateways = scene.new_letters(before, 2)
    assert "the record is not signed" in unsigned["reason"]
    assert "the key gateway lacks the right facts" in gateways["reason"]
    # The operator's own key may, but the record is not the operator's.
    ran = scene.sharebus("deadletter", "replay", unsigned["position"], "-o", "json", key="operator")
    assert (ran.returncode, json.loads(ran.stdout)[0]["outcome"]) == (NO, "unreadable"), ran
    sent = [m for p in bus.read_topic(scene.brokers, bus.COMMANDS).values() for m in p if m.value() == fact]
    assert len(sent) == 3
    assert not any(name.startswith("sharebus") for name, _ in sent[-1].headers())
    assert scene.is_unshared(name), "the workspace is still there"


def test_a_signature_holds_when_its_record_is_replayed(scene):
    _, workspace = scene.workspace()
    command_id, value = scene.command(workspace)
    wrong = (partition_of(workspace.encode(), PARTITIONS) + 1) % PARTITIONS
    before = scene.letters()
    target = bus.producer(scene.brokers)
    headers = scene.signed("erins", bus.COMMANDS, workspace.encode(), value)
    target.produce(bus.COMMANDS, value, workspace, partition=wrong, headers=headers)
    assert target.flush(60) == 0
    (letter,) = scene.new_letters(before, 1)
    ran = scene.sharebus("deadletter", "replay", letter["position"], "-o", "json")
    assert json.loads(ran.stdout)[0]["outcome"] == "applied", ran
    assert scene.event(command_id)[1]["signed_by"] == "erins"


def test_an_unsigned_record_of_the_directory_is_passed_over(scene):
    name, _ = scene.workspace()
    assert scene.share(name, key="gateway").returncode == DONE
    suspended = {
        "id": IDS["alice"],
        "username": "alice",
        "status": "suspended",
        "organizations": [{"id": IDS["acme"], "role": "member"}],
    }
    value = bus.encode("UserChanged", {**USER, **suspended})
    alice = IDS["alice"].encode()
    scene.write(bus.DIRECTORY, alice, value, [])
    scene.write(bus.DIRECTORY, alice, None, [])
    scene.write(bus.DIRECTORY, alice, value, scene.signed("gateway", bus.DIRECTORY, alice, value))
    scene.write(bus.DIRECTORY, alice, value, scene.signed("operator", bus.COMMANDS, alice, value))
    scene.write(bus.DIRECTORY, alice, None, scene.signed("operator", bus.DIRECTORY, alice, b""))
    scene.wait_directory()
    assert scene.may("alice", name)
    log = "\n".join(line for line in scene.log().splitlines() if IDS["alice"] in line)
    assert log.count("is passed over: the record is not signed, and this deployment takes only what is") == 2
    assert log.count("is passed over: the key gateway lacks the right facts, which the record needs") == 1
    assert log.count("is passed over: the record does not have the signature of the key operator") == 2
    # It is announced again although nothing differs, because compaction would lose it.
    assert scene.apply({})["users"]["changed"] == 1
    assert scene.apply({})["users"]["changed"] == 0
    assert scene.apply({}, "--all")["users"]["changed"] == len(PEOPLE)
    scene.write(bus.DIRECTORY, alice, value, scene.signed("operator", bus.DIRECTORY, alice, value))
    scene.wait_directory()
    assert not scene.may("alice", name)
    scene.write(bus.DIRECTORY, alice, None, scene.signed("operator", bus.DIRECTORY, alice, None))
    scene.wait_directory()
    assert scene.sharebus("check", "alice", "ssh", f"erin/{name}").returncode == UNKNOWN
    scene.apply({})


def test_a_start_tells_only_of_keys_whose_last_record_is_passed_over(scene):
    """However many unsigned records came before those that count, as where signatures are switched on later."""
    value = bus.encode("UserChanged", {**USER, "id": IDS["alice"], "username": "alice"})
    strangers = [str(uuid.uuid4()).encode() for _ in range(12)]
    records = [(IDS["alice"].encode(), value, [])] * 30
    bus.send_all(scene.brokers, bus.DIRECTORY, records + [(key, value, []) for key in strangers])
    scene.apply({}, "--all")
    scene.write(bus.DIRECTORY, IDS["bob"].encode(), value, [])
    scene.wait_directory()
    scene.stop()
    scene.consumer = scene.start()
    told = r"(\d+) records were passed over while it was read from its beginning; (\d+) of its keys have no later"
    ((records, keys),) = scene.wait("the directory", lambda: re.findall(told, scene.log()))
    lines = [line for line in scene.log().splitlines() if "passed over" in line]
    assert int(records) >= 30 + int(keys) and int(keys) >= len(strangers) + 1, lines  # other tests left some
    assert len(lines) == 12 and f"and {int(keys) - 10} more keys whose last record is passed over" in lines[-2], lines
    assert all("the last of its key, is passed over: " in line for line in lines[:10]), lines
    assert sum("is passed over: the record is not signed" in line for line in lines) > 5, lines
    assert not any(IDS["alice"] in line for line in lines), lines
    scene.apply({})


# ---- the consumer's own ----


def test_expired_access_is_removed_by_a_signed_command(scene):
    name, workspace = scene.workspace()
    assert scene.share(name, "bob", "gateway", "erin", "--expires", "2s").returncode == DONE

    def removal():
        for event_name, record in scene.events().values():
            if event_name == "SharingChanged" and record["workspace"]["id"] == workspace:
                if record["reason"] == "expired":
                    return record
        return None

    assert scene.wait("the removal", removal)["signed_by"] == "consumer"
    assert scene.is_unshared(name)


def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def wide(n):
    """As consumer/output.c writes a number that may be changed in place."""
    return bytes(n >> 7 * i & 0x7F | 0x80 for i in range(9)) + bytes([n >> 63 & 0x7F])


def output(topic, record_type, offset, n, key, value):
    """As consumer/output.h packs a record that is to be sent."""
    sized = varint(len(key) + 1) + key + b"\0\0" + varint(len(value) + 1) + value
    numbers = varint(offset) + varint(n) + varint(int(time.time() * 1000))
    return bytes([topic, record_type]) + numbers + sized


def tip_of(message):
    """As schemas/tip.c knows a record again."""
    hashed = 0xCBF29CE484222325
    for byte in b"\1" + message.key() + b"\1" + message.value():
        hashed = (hashed ^ byte) * 0x100000001B3 & (1 << 64) - 1
    time_ms = message.timestamp()[1]
    return {"last_offset": message.offset(), "last_time": time_ms, "last_hash": hashed & (1 << 63) - 1}


EVENTS_TOPIC, GRANTS_TOPIC, SHARING_CHANGED, PROGRESS = 2, 6, 10, 16  # in topics.h and records.h


def forge_unsent(scene, workspace):
    """Puts an event of our own among the unsent outputs of a stopped consumer, in the place of a command that is
    on the log; returns (the event's command id, that of the command)."""
    command_id, value = scene.command(workspace)
    scene.write(bus.COMMANDS, workspace, value, scene.signed("gateway", bus.COMMANDS, workspace.encode(), value))
    log = bus.read_topic(scene.brokers, bus.COMMANDS)
    (message,) = (m for messages in log.values() for m in messages if m.value() == value)
    partition, offset = message.partition(), message.offset()
    redis = scene.world.redis()
    mark = f"sb:{{{partition}}}:mark"
    assert int(redis.hget(mark, "applied")) <= offset, "the consumer has applied all before the command"
    begin = int(redis.hget(mark, "applied"))
    forged = bus.new_id()
    event = {
        "workspace": {"id": workspace, "name": "x", "owner_id": IDS["erin"], "organization_id": IDS["acme"]},
        "version": 9,
        "actor": {"id": IDS["erin"], "kind": "user"},
        "command_id": forged,
        "reason": "command",
        "changes": [{"subject": {"kind": "user", "id": IDS["carol"]}, "before": None, "after": "admin"}],
        "at": 1,
    }
    tip = tip_of(message)
    progress = {"applied": offset + 1, "log": 0, **tip}
    packed = bytes([4]) + wide(begin) + wide(offset + 1) + wide(0)
    packed += output(EVENTS_TOPIC, SHARING_CHANGED, offset, 0, workspace.encode(), bus.encode("SharingChanged", event))
    packed += output(GRANTS_TOPIC, PROGRESS, offset, 1, b"progress", bus.encode("Progress", progress))
    redis.hset(f"sb:{{{partition}}}:unsent", str(offset), packed)
    redis.hset(mark, mapping={"applied": offset + 1, **tip})
    redis.close()
    return forged, command_id


NO_KEYS = {"SHAREBUS_KEYS_FILE": "", "SHAREBUS_SIGNING_KEY": "", "SHAREBUS_REQUIRE_SIGNATURES": ""}


def test_forged_outputs_in_redis_are_never_published_and_sealed_ones_are(scene):
    # Without keys they are: so the forgery is good.
    _, workspace = scene.workspace()
    scene.stop()
    forged, command_id = forge_unsent(scene, workspace)
    scene.consumer = scene.start(**NO_KEYS)
    assert scene.event(forged)[1]["changes"][0]["after"] == "admin"
    assert command_id not in scene.events()
    # With keys the partition is rebuilt, and the command decided from the log.
    name, workspace = scene.workspace()
    scene.stop()
    forged, command_id = forge_unsent(scene, workspace)
    scene.consumer = scene.start(SHAREBUS_CRASH_AT="after-apply:2")  # at the last command below
    event_name, event = scene.event(command_id)
    assert (event_name, event["signed_by"]) == ("SharingChanged", "gateway")
    scene.world.forget_ends()
    scene.wait("the index", lambda: set(scene.world.states()) == {b"ready"})
    assert forged not in scene.events()
    assert re.search(r"unsent outputs up to offset \d+ in Redis are not published: they have no seal", scene.log())
    assert not scene.is_unshared(name)
    # What it has sealed itself is published after it was killed.
    _, workspace = scene.workspace()
    command_id, value = scene.command(workspace)
    scene.write(bus.COMMANDS, workspace, value, scene.signed("gateway", bus.COMMANDS, workspace.encode(), value))
    scene.consumer.process.wait(60)
    redis = scene.world.redis()
    entries = [v for key in redis.scan_iter("sb:*:unsent") for v in redis.hgetall(key).values()]
    redis.close()
    assert any(v.startswith(b"\xa1\x08consumer") for v in entries)
    scene.consumer = scene.start()
    assert scene.event(command_id)[0] == "SharingChanged"
    assert "not published" not in scene.log()


# ---- the notifier ----


def carol_at(address):
    """(key, value) of a record that gives carol this address."""
    organizations = [{"id": IDS["acme"], "role": "member"}]
    carol = {"id": IDS["carol"], "username": "carol", "email": address, "organizations": organizations}
    return IDS["carol"].encode(), bus.encode("UserChanged", {**USER, **carol})


def test_the_notifier_believes_only_signed_records_of_the_directory(scene):
    """Whoever writes to the directory without a key for facts cannot have carol's mail sent elsewhere."""
    name, _ = scene.workspace()
    key, forged = carol_at("thief@example.com")
    forgeries = [
        (forged, []),
        (None, []),
        (forged, scene.signed("gateway", bus.DIRECTORY, key, forged)),
        (forged, scene.signed("operator", bus.COMMANDS, key, forged)),
    ]
    roles = itertools.cycle(("use", "admin"))
    share = lambda: scene.share(name, f"carol:{next(roles)}", "gateway").returncode == DONE  # noqa: E731
    for value, headers in forgeries:  # some are there when the notifier starts, some come while it runs
        scene.write(bus.DIRECTORY, key, value, headers)
    with MailServer() as server:
        section = f"[endpoint mail]\ntype = smtp\nurl = smtp://127.0.0.1:{server.port}\nstarttls = no\n"
        section += "from = sharing@example.com\nrecipients = user:carol\n"
        settings = f"keys-file = {scene.all_keys}\nsigning-key = consumer\nrequire-signatures = yes\n"
        notifier = telling.Notifier(scene.world, "signed", section, settings=settings)
        addresses = lambda: [address for mail in server.mails for address in mail.rcpt_tos]  # noqa: E731
        try:
            assert share()
            scene.wait("a mail", addresses)
            before = notifier.text().count("is passed over")
            for value, headers in forgeries:
                scene.write(bus.DIRECTORY, key, value, headers)
            scene.wait("all passed over", lambda: notifier.text().count("is passed over") == before + len(forgeries))
            told = len(addresses())
            assert share()
            scene.wait("another mail", lambda: len(addresses()) > told)
            assert set(addresses()) == {"carol@example.com"}
            key, moved = carol_at("moved@example.com")
            scene.write(bus.DIRECTORY, key, moved, scene.signed("operator", bus.DIRECTORY, key, moved))
            scene.wait("mail to the new address", lambda: share() and "moved@example.com" in addresses())
        finally:
            notifier.stop()
    assert set(addresses()) == {"carol@example.com", "moved@example.com"}
    scene.apply({})


@pytest.mark.parametrize(
    "settings, words",
    [
        ("require-signatures = yes", "require-signatures is yes, but there are no keys; see keys-file"),
        ("require-signatures = perhaps", "it must be yes or no"),
        ("require-signatures = yes\nkeys-file = /nowhere", "/nowhere"),
    ],
    ids=["no keys", "perhaps", "no file"],
)
def test_a_notifier_that_cannot_check_signatures_does_not_start(scene, settings, words):
    notifier = telling.Notifier(scene.world, "unsigned", "[endpoint inbox]\ntype = inbox\n", settings=settings)
    assert notifier.process.wait(60) == USAGE and words in notifier.text(), notifier.text()
